//! Applications: what they prove themselves with, and what they are registered for.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use ureq::http::Method as Verb;

use super::super::wanted::{Application, Client, Key, Wanted};
use super::*;

impl Run<'_> {
    pub(super) fn applications(&mut self, wanted: &Wanted) -> Result<(), Refused> {
        let mut known: BTreeMap<(String, String), String> = BTreeMap::new();
        if let Some(portal) = &self.portal {
            for application in self.list(&format!("/v3/portals/{portal}/applications"))? {
                let strategy = application.pointer("/auth_strategy/id").and_then(Value::as_str);
                let found = (text(&application, "name"), strategy, id_of(&application));
                if let (Some(name), Some(strategy), Some(id)) = found {
                    known.insert((strategy.to_owned(), name), id);
                }
            }
        }
        for application in &wanted.applications {
            let strategy = self.strategies.get(application.strategy).cloned().flatten();
            let found = strategy.as_ref().and_then(|strategy| {
                known.get(&(strategy.clone(), application.name.clone())).cloned()
            });
            let id = match found {
                Some(id) => Some(id),
                None => self.make_application(application, strategy.as_deref())?,
            };
            self.keys(application, id.as_deref())?;
            self.registrations(application, id.as_deref())?;
            self.map_consumer(application, id.as_deref())?;
        }
        Ok(())
    }

    fn make_application(
        &mut self,
        wanted: &Application,
        strategy: Option<&str>,
    ) -> Result<Id, Refused> {
        if let Some(client) = &wanted.client {
            self.client(wanted, client)?;
        }
        let owner = self.developers.get(&wanted.owner.to_lowercase()).cloned().flatten();
        let mut body = json!({
            "name": wanted.name,
            "owner": { "type": "developer", "id": owner },
            "auth_strategy_id": strategy,
        });
        if let Some(members) = body.as_object_mut() {
            for (member, value) in
                [("description", &wanted.description), ("client_id", &wanted.client_id)]
            {
                if let Some(value) = value {
                    members.insert(member.into(), value.clone().into());
                }
            }
        }
        let call = self
            .portal
            .as_ref()
            .filter(|_| owner.is_some() && strategy.is_some())
            .map(|portal| (Verb::POST, format!("/v3/portals/{portal}/applications")));
        let name = [wanted.name.as_str()];
        let made = self.step(Action::Create, "application", &name, call, &body)?;
        Ok(made.as_ref().and_then(id_of))
    }

    /// The client of an application, with the id and the secret that it had.
    fn client(&mut self, application: &Application, client: &Client) -> Result<(), Refused> {
        let server = self.servers.get(&application.strategy).cloned().flatten();
        let path = server
            .map(|server| format!("/v1/auth-servers/{server}/clients/{}", encoded(&client.id)));
        if let Some(path) = &path
            && self.get(path)?.is_some()
        {
            return Ok(());
        }
        let body = json!({
            "name": application.name,
            "client_secret": client.secret.expose(),
            "grant_types": ["client_credentials"],
            "response_types": ["token"],
            "allow_all_scopes": true,
        });
        let call = path.map(|path| (Verb::PUT, path));
        self.step(Action::Create, "client", &[&application.name], call, &body)?;
        Ok(())
    }

    fn digest(&self, key: &Key) -> Value {
        let value = key.value.expose().as_bytes();
        match self.place.pepper {
            Some(pepper) => json!({
                "algorithm": "hmac-sha256",
                "value": pepper.digest(value).to_string(),
                "pepper_id": pepper.id().to_string(),
            }),
            None => json!({
                "algorithm": "sha256",
                "value": Digest::sha256(value).to_string(),
            }),
        }
    }

    fn keys(&mut self, application: &Application, id: Option<&str>) -> Result<(), Refused> {
        if application.keys.is_empty() {
            return Ok(());
        }
        let path = id
            .zip(self.portal.as_deref())
            .map(|(id, portal)| format!("/v3/portals/{portal}/applications/{id}/credentials"));
        let there = path.as_ref().map_or_else(|| Ok(Vec::new()), |path| self.list(path))?;
        let there: BTreeSet<_> = there.iter().filter_map(|key| text(key, "display_name")).collect();
        for key in application.keys.iter().filter(|key| !there.contains(&key.name)) {
            let end = key
                .seconds
                .map(|seconds| clock::format(now().saturating_add(seconds.saturating_mul(1_000))));
            let body = json!({
                "display_name": key.name,
                "expires_at": end,
                "digest": self.digest(key),
            });
            let call = path.clone().map(|path| (Verb::POST, path));
            self.step(Action::Create, "key", &[&application.name, &key.name], call, &body)?;
        }
        Ok(())
    }

    fn registrations(&mut self, wanted: &Application, id: Option<&str>) -> Result<(), Refused> {
        if wanted.registrations.is_empty() {
            return Ok(());
        }
        let path = id
            .zip(self.portal.as_deref())
            .map(|(id, portal)| format!("/v3/portals/{portal}/applications/{id}/registrations"));
        let there = path.as_ref().map_or_else(|| Ok(Vec::new()), |path| self.list(path))?;
        let there: BTreeSet<_> = there
            .iter()
            .filter_map(|registration| registration.pointer("/api/id")?.as_str())
            .map(str::to_owned)
            .collect();
        for (service, status) in &wanted.registrations {
            let api = self.apis.get(service).cloned().flatten();
            if api.as_ref().is_some_and(|api| there.contains(api)) {
                continue;
            }
            let name = [wanted.name.as_str(), service];
            let call = path.clone().filter(|_| api.is_some()).map(|path| (Verb::POST, path));
            if call.is_some() && !self.place.dry_run {
                self.open(service)?;
            }
            // Access that was taken back had been given; a refusal was never more than a request.
            let first =
                if matches!(*status, "approved" | "revoked") { "approved" } else { "pending" };
            let body = json!({ "api_id": api, "status": first });
            let made = self.step(Action::Create, "registration", &name, call, &body)?;
            if first == *status {
                continue;
            }
            let of_one = made
                .as_ref()
                .and_then(id_of)
                .zip(path.as_ref())
                .map(|(id, path)| (Verb::PATCH, format!("{path}/{id}")));
            let body = json!({ "status": status });
            self.step(Action::Update, "registration", &name, of_one, &body)?;
        }
        Ok(())
    }

    /// Lets an API take registrations for as long as ours are made.
    fn open(&mut self, service: &str) -> Result<(), Refused> {
        let Some(path) = self.settings_path(service) else { return Ok(()) };
        let there = self.get(&path)?;
        let open = there.and_then(|there| there.get("application_registration_enabled")?.as_bool());
        if open == Some(false) {
            let body = json!({ "application_registration_enabled": true });
            self.remote.call(Verb::PATCH, &path, Some(&body))?;
        }
        Ok(())
    }

    /// Says whose credentials an application carries, and who it is at the gateway.
    fn map_consumer(&mut self, wanted: &Application, id: Option<&str>) -> Result<(), Refused> {
        let Some(name) = &wanted.consumer else { return Ok(()) };
        let consumer = self.consumers.get(name).cloned().flatten();
        let application = id
            .zip(self.portal.as_deref())
            .map(|(id, portal)| format!("/v3/portals/{portal}/applications/{id}"));
        let path = application.as_ref().map(|application| format!("{application}/consumer"));
        let there = path.as_ref().map_or(Ok(None), |path| self.get(path))?;
        let body = json!({ "id": consumer });
        let reachable = consumer.is_some();
        if there.as_ref().and_then(id_of) != consumer || there.is_none() {
            let call = path.filter(|_| reachable).map(|path| (Verb::PUT, path));
            let called = [wanted.name.as_str(), name];
            self.step(Action::Update, "application consumer", &called, call, &body)?;
        }
        let Some(application) = application.filter(|_| reachable && !self.place.dry_run) else {
            return Ok(());
        };
        // The first registration at a gateway says it for all there.
        let path = format!("{application}/registrations");
        let registrations = self.list(&path)?;
        if registrations.iter().any(|one| one.get("consumer").is_some_and(Value::is_object)) {
            return Ok(());
        }
        let Some(first) = registrations.first().and_then(id_of) else { return Ok(()) };
        let call = Some((Verb::PUT, format!("{path}/{first}/consumer")));
        let called = [wanted.name.as_str(), name];
        self.step(Action::Update, "registration consumer", &called, call, &body)?;
        Ok(())
    }
}

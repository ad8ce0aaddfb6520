//! Who may call what: consumers, applications, what they prove themselves with, registrations.

use std::collections::BTreeSet;

use gatekey_core::digest::Digest;
use gatekey_core::secret::Secret;
use serde_json::Value;

use super::mapping::{Guard, name_of};
use super::source::{Entity, Source};
use super::wanted::{Application, Client, Consumer, Developer, Key, Method, Wanted};
use crate::entropy::digest_of;

/// Keys that are shorter may be guessed, and a plain digest of one tells it.
const SHORTEST_KEY: usize = 16;
const LONGEST_KEY: usize = 512;

/// Maps who may call what. `owner` is the address that applications of consumers go to who are no
/// developer's; `weak_keys` is whether digests are made with a pepper.
pub(super) fn map(
    source: &Source,
    guards: &[Guard<'_>],
    owner: &str,
    weak_keys: bool,
    wanted: &mut Wanted,
) {
    let mut taken = BTreeSet::new();
    applications(source, &mut taken, weak_keys, wanted);
    consumers(source, guards, owner, &taken, weak_keys, wanted);
    unmapped(source, wanted);
    unique_names(wanted);
}

/// The status of developers and of application instances.
fn status(code: Option<&Value>) -> Result<&'static str, String> {
    match code.and_then(Value::as_i64) {
        Some(0) => Ok("approved"),
        None | Some(1 | 5) => Ok("pending"),
        Some(2) => Ok("rejected"),
        Some(3) => Ok("revoked"),
        Some(other) => Err(format!("its status {other} is not known")),
    }
}

fn developer(entity: &Entity) -> Option<Developer> {
    let email = entity.text("email")?.to_owned();
    let meta = match entity.get("meta") {
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_default(),
        Some(other) => other.clone(),
        None => Value::Null,
    };
    let full_name = meta.get("full_name").and_then(Value::as_str).filter(|name| !name.is_empty());
    let full_name = full_name.unwrap_or(&email).to_owned();
    let status = status(entity.get("status")).unwrap_or("pending");
    Some(Developer { email, full_name, status })
}

/// Applications of the older portal: each has a consumer of its own, whose client id is its key where
/// the service asks for keys.
fn applications(
    source: &Source,
    taken: &mut BTreeSet<String>,
    weak_keys: bool,
    wanted: &mut Wanted,
) {
    for entity in source.list("developers") {
        if let Err(reason) = status(entity.get("status")) {
            wanted.leave("developers", entity.title(), reason);
        }
        match developer(entity) {
            Some(developer) => wanted.developers.push(developer),
            None => wanted.leave("developers", entity.title(), "has no e-mail address"),
        }
        // Its own consumer is not an application.
        taken.extend(entity.reference("consumer").map(str::to_owned));
    }
    for entity in source.list("applications") {
        let consumer = entity.reference("consumer").map(str::to_owned);
        taken.extend(consumer.clone());
        let owner = entity.reference("developer").and_then(|at| source.find("developers", at));
        let Some(owner) = owner.and_then(developer) else {
            wanted.leave("applications", entity.title(), "its developer is not in the dump");
            continue;
        };
        let registrations = instances(source, entity, wanted);
        let strategies: BTreeSet<_> = registrations
            .iter()
            .filter_map(|(service, _)| strategy_of(wanted, service))
            .chain(only_strategy(wanted))
            .collect();
        if strategies.is_empty() {
            let reason = "is registered for nothing that becomes an API, and nothing says which \
                          strategy it is to have";
            wanted.leave("applications", entity.title(), reason);
        }
        let name = entity.title();
        let many = strategies.len() > 1;
        for strategy in strategies {
            let of_strategy = registrations
                .iter()
                .filter(|(service, _)| strategy_of(wanted, service) == Some(strategy))
                .cloned()
                .collect();
            let mut application = Application {
                name: named(wanted, &name, strategy, many),
                description: entity.text("description").map(str::to_owned),
                owner: owner.email.clone(),
                strategy,
                client_id: None,
                client: None,
                consumer: None,
                keys: Vec::new(),
                registrations: of_strategy,
            };
            identify(source, entity, consumer.as_deref(), weak_keys, &mut application, wanted);
            wanted.applications.push(application);
        }
    }
}

fn named(wanted: &Wanted, name: &str, strategy: usize, many: bool) -> String {
    match wanted.strategies.get(strategy) {
        Some(strategy) if many => format!("{name} ({})", strategy.display_name),
        _ => name.to_owned(),
    }
}

fn strategy_of(wanted: &Wanted, service: &str) -> Option<usize> {
    wanted.apis.iter().find(|api| api.service == service).map(|api| api.strategy)
}

fn only_strategy(wanted: &Wanted) -> Option<usize> {
    (wanted.strategies.len() == 1).then_some(0)
}

/// The registrations of an application, by service.
fn instances(
    source: &Source,
    application: &Entity,
    wanted: &mut Wanted,
) -> Vec<(String, &'static str)> {
    let mut registrations = Vec::new();
    for instance in source.list("application_instances") {
        let of = instance.reference("application");
        if !of.is_some_and(|reference| application.answers_to(reference)) {
            continue;
        }
        let title = format!("{} of {}", instance.title(), application.title());
        let service = instance.reference("service").and_then(|at| source.find("services", at));
        let Some(service) = service.and_then(name_of) else {
            wanted.leave("application_instances", title, "its service is not in the dump");
            continue;
        };
        if strategy_of(wanted, &service).is_none() {
            let reason = format!("the service {service} becomes no API");
            wanted.leave("application_instances", title, reason);
            continue;
        }
        match status(instance.get("status")) {
            Ok("approved") if instance.flag("suspended") == Some(true) => {
                registrations.push((service, "revoked"));
            }
            Ok(status) => registrations.push((service, status)),
            Err(reason) => wanted.leave("application_instances", title, reason),
        }
    }
    registrations
}

/// Gives an application what it proves itself with.
fn identify(
    source: &Source,
    entity: &Entity,
    consumer: Option<&str>,
    weak_keys: bool,
    application: &mut Application,
    wanted: &mut Wanted,
) {
    // The consumer may be in the dump or not; what it holds refers to it either way.
    let consumer =
        consumer.map(|reference| (reference.to_owned(), source.find("consumers", reference)));
    let of_consumer = |credential: &&Entity| {
        let reference = credential.reference("consumer");
        consumer.as_ref().is_some_and(|(text, known)| {
            reference.is_some_and(|reference| {
                reference == text || known.is_some_and(|known| known.answers_to(reference))
            })
        })
    };
    let is_application = source
        .list("applications")
        .iter()
        .any(|other| other.get("id").is_some() && other.get("id") == entity.get("id"));
    match wanted.strategies.get(application.strategy).map(|strategy| &strategy.method) {
        Some(Method::Keys(_)) => {
            let keys = source.list("keyauth_credentials").iter().filter(of_consumer);
            for credential in keys {
                key(credential, "key", weak_keys, application, wanted);
            }
            // In the older portal the client id of an application is its key.
            let clients = source.list("oauth2_credentials").iter().filter(of_consumer);
            for credential in clients.filter(|_| is_application) {
                key(credential, "client_id", weak_keys, application, wanted);
            }
        }
        Some(Method::OwnTokens { .. }) => {
            let credentials: Vec<_> =
                source.list("oauth2_credentials").iter().filter(of_consumer).collect();
            client(&credentials, application, wanted);
        }
        Some(Method::Tokens(_)) => {
            let known = consumer.as_ref().and_then(|(_, known)| known.as_ref());
            let id = entity.text("custom_id").or_else(|| known.and_then(|k| k.text("custom_id")));
            application.client_id = id.map(str::to_owned);
        }
        None => {}
    }
}

fn key(
    credential: &Entity,
    member: &str,
    weak_keys: bool,
    application: &mut Application,
    wanted: &mut Wanted,
) {
    let title = format!("a key of {}", application.name);
    let Some(value) = credential.text(member) else {
        let reason = "it is not in the file: a dump without secrets holds no keys";
        wanted.leave("keyauth_credentials", title, reason);
        return;
    };
    if value.len() < SHORTEST_KEY && !weak_keys {
        let reason = format!(
            "it has less than {SHORTEST_KEY} characters, so a digest without a pepper may tell it: \
             give --pepper-file"
        );
        wanted.leave("keyauth_credentials", title, reason);
        return;
    }
    if value.len() > LONGEST_KEY {
        let reason = format!("it has more than {LONGEST_KEY} bytes");
        wanted.leave("keyauth_credentials", title, reason);
        return;
    }
    application.keys.push(Key {
        name: credential
            .text("id")
            .map_or_else(|| fingerprint(value), |id| format!("imported {id}")),
        value: Secret::new(value.to_owned()),
        seconds: credential.get("ttl").and_then(Value::as_i64).filter(|ttl| *ttl > 0),
    });
}

/// A name for a key that has none: enough to tell it from the others of its application.
fn fingerprint(value: &str) -> String {
    let digest: Digest = digest_of(&format!("name of an imported key:{value}"));
    let digest = digest.to_string();
    format!("imported {}", digest.get(..8).unwrap_or_default())
}

fn client(credentials: &[&Entity], application: &mut Application, wanted: &mut Wanted) {
    let Some(credential) = credentials.first() else { return };
    let title = format!("{} of {}", credential.title(), application.name);
    if credentials.len() > 1 {
        let reason = "an application has one client: the first is brought over";
        wanted.leave("oauth2_credentials", format!("the others of {}", application.name), reason);
    }
    let secret = credential.text("client_secret");
    let hashed = credential.flag("hash_secret") == Some(true)
        || secret.is_some_and(|secret| secret.starts_with('$'));
    match (credential.text("client_id"), secret) {
        (Some(_), Some(_)) if hashed => {
            let reason = "its secret is hashed, and the hash is of no use here: it needs a new one";
            wanted.leave("oauth2_credentials", title, reason);
        }
        (Some(id), Some(secret)) => {
            application.client_id = Some(id.to_owned());
            application.client =
                Some(Client { id: id.to_owned(), secret: Secret::new(secret.to_owned()) });
        }
        _ => wanted.leave("oauth2_credentials", title, "its id or its secret is not in the file"),
    }
}

/// Consumers who are no application of the older portal. Each becomes an application that carries its
/// credentials, and is registered for what its groups let it call.
fn consumers(
    source: &Source,
    guards: &[Guard<'_>],
    owner: &str,
    taken: &BTreeSet<String>,
    weak_keys: bool,
    wanted: &mut Wanted,
) {
    let mut needs_owner = false;
    for entity in source.list("consumers") {
        let Some(name) = entity.text("username").or_else(|| entity.text("custom_id")) else {
            wanted.leave("consumers", entity.title(), "has neither a username nor a custom_id");
            continue;
        };
        if taken.iter().any(|reference| entity.answers_to(reference)) {
            continue;
        }
        let body = entity.pick(&["username", "custom_id", "tags"]);
        wanted.consumers.push(Consumer { name: name.to_owned(), body });
        let reference = entity.text("id").unwrap_or(name).to_owned();
        let open = open_to(source, guards, entity, wanted);
        let strategies: BTreeSet<_> =
            open.iter().filter_map(|service| strategy_of(wanted, service)).collect();
        let mut made = Vec::new();
        for strategy in strategies {
            let registrations = open
                .iter()
                .filter(|service| strategy_of(wanted, service) == Some(strategy))
                .map(|service| (service.clone(), "approved"))
                .collect();
            let mut application = Application {
                name: name.to_owned(),
                description: None,
                owner: owner.to_owned(),
                strategy,
                client_id: None,
                client: None,
                consumer: None,
                keys: Vec::new(),
                registrations,
            };
            identify(source, entity, Some(&reference), weak_keys, &mut application, wanted);
            if !application.keys.is_empty() || application.client_id.is_some() {
                made.push(application);
            }
        }
        let many = made.len() > 1;
        // A consumer is one application: the one with its keys, if there is one.
        made.sort_by_key(|application| application.keys.is_empty());
        if let Some(first) = made.first_mut() {
            first.consumer = Some(name.to_owned());
        }
        for application in &mut made {
            application.name = named(wanted, name, application.strategy, many);
        }
        let nothing = made.is_empty();
        wanted.applications.append(&mut made);
        if nothing {
            let reason =
                "holds nothing that opens an API: it becomes a consumer and no application";
            wanted.leave("consumers", name, reason);
        } else {
            needs_owner = true;
        }
    }
    if needs_owner && !wanted.developers.iter().any(|developer| developer.email == owner) {
        wanted.developers.push(Developer {
            email: owner.to_owned(),
            full_name: "Imported consumers".into(),
            status: "approved",
        });
    }
}

/// The services that a consumer may call.
fn open_to(
    source: &Source,
    guards: &[Guard<'_>],
    consumer: &Entity,
    wanted: &Wanted,
) -> Vec<String> {
    let groups: BTreeSet<_> = source
        .list("acls")
        .iter()
        .filter(|acl| acl.reference("consumer").is_some_and(|at| consumer.answers_to(at)))
        .filter_map(|acl| acl.text("group"))
        .collect();
    let services = wanted.apis.iter().zip(guards).filter(|(api, guard)| {
        let of_consumers = api
            .settings
            .get("enable_proxy_with_consumer_credential")
            .and_then(Value::as_bool)
            .unwrap_or(false);
        match guard.groups {
            Some(acl) => {
                let list = |new: &str, old: &str| {
                    let list = acl.config_list(new);
                    if list.is_empty() { acl.config_list(old) } else { list }
                };
                let within =
                    |list: &[String]| list.iter().any(|group| groups.contains(group.as_str()));
                let (allow, deny) = (list("allow", "whitelist"), list("deny", "blacklist"));
                // Where applications register, consumers pass only if the plugin says so.
                let passes = guard.registration.is_none_or(|plugin| {
                    plugin.config_flag("enable_proxy_with_consumer_credential")
                });
                passes && if allow.is_empty() { !within(&deny) } else { within(&allow) }
            }
            None => guard.registration.is_none() || of_consumers,
        }
    });
    services.map(|(api, _)| api.service.clone()).collect()
}

/// Credentials whose consumer is not in the file.
fn unmapped(source: &Source, wanted: &mut Wanted) {
    for kind in ["keyauth_credentials", "oauth2_credentials", "acls"] {
        let known = |entity: &&Entity| {
            entity.reference("consumer").is_some_and(|reference| {
                source.find("consumers", reference).is_some()
                    || source
                        .list("applications")
                        .iter()
                        .any(|application| application.reference("consumer") == Some(reference))
            })
        };
        let lost = source.list(kind).iter().filter(|entity| !known(entity)).count();
        if lost > 0 {
            wanted.leave(kind, format!("{lost} of them"), "the consumer is not in the file");
        }
    }
}

/// Applications of one strategy are told apart by their names.
fn unique_names(wanted: &mut Wanted) {
    let mut seen = BTreeSet::new();
    for application in &mut wanted.applications {
        let name = application.name.clone();
        let mut count = 1;
        while !seen.insert((application.strategy, application.name.clone())) {
            count += 1;
            application.name = format!("{name} ({count})");
        }
    }
}

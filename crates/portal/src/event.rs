//! Events: what webhooks are told of, in the transaction that causes it.
//!
//! [`tell`] writes one delivery for each webhook that wants the event; whoever commits may wake the
//! delivery with [`wake`], which looks by itself from time to time as well.

use sea_orm::ConnectionTrait;
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::call;
use crate::clock;
use crate::problem::Problem;
use crate::store::entity::{api, application, credential, developer, portal, registration};
use crate::usecase;
use crate::webhook::delivery;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Somebody signed up.
    DeveloperSignedUp,
    /// An administrator invited somebody.
    DeveloperInvited,
    /// An account was approved.
    DeveloperApproved,
    /// An account was rejected.
    DeveloperRejected,
    /// An account was revoked.
    DeveloperRevoked,
    /// An application was made.
    ApplicationCreated,
    /// An application was deleted.
    ApplicationDeleted,
    /// An application asked for access to an API.
    RegistrationRequested,
    /// It was given.
    RegistrationApproved,
    /// It was refused.
    RegistrationRejected,
    /// It was taken back.
    RegistrationRevoked,
    /// A key was made.
    CredentialCreated,
    /// A key was deleted, or retired.
    CredentialRevoked,
    /// A key ends soon.
    CredentialExpiringSoon,
    /// A key has ended.
    CredentialExpired,
    /// An administrator tries a webhook out.
    Test,
}

impl Kind {
    /// Every event that a webhook can want.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 15] = [
        Self::DeveloperSignedUp,
        Self::DeveloperInvited,
        Self::DeveloperApproved,
        Self::DeveloperRejected,
        Self::DeveloperRevoked,
        Self::ApplicationCreated,
        Self::ApplicationDeleted,
        Self::RegistrationRequested,
        Self::RegistrationApproved,
        Self::RegistrationRejected,
        Self::RegistrationRevoked,
        Self::CredentialCreated,
        Self::CredentialRevoked,
        Self::CredentialExpiringSoon,
        Self::CredentialExpired,
    ];

    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::DeveloperSignedUp => "developer.signed_up",
            Self::DeveloperInvited => "developer.invited",
            Self::DeveloperApproved => "developer.approved",
            Self::DeveloperRejected => "developer.rejected",
            Self::DeveloperRevoked => "developer.revoked",
            Self::ApplicationCreated => "application.created",
            Self::ApplicationDeleted => "application.deleted",
            Self::RegistrationRequested => "registration.requested",
            Self::RegistrationApproved => "registration.approved",
            Self::RegistrationRejected => "registration.rejected",
            Self::RegistrationRevoked => "registration.revoked",
            Self::CredentialCreated => "credential.created",
            Self::CredentialRevoked => "credential.revoked",
            Self::CredentialExpiringSoon => "credential.expiring_soon",
            Self::CredentialExpired => "credential.expired",
            Self::Test => "webhook.test",
        }
    }
}

/// Something that happened, and whom and what it is about.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    kind: Kind,
    about: Map<String, Value>,
    /// Name and address of a person, for portals that let notifications show them.
    person: Option<(String, String)>,
}

impl Event {
    fn new(kind: Kind, about: Value) -> Self {
        let about = match about {
            Value::Object(about) => about,
            _ => Map::new(),
        };
        Self { kind, about, person: None }
    }

    /// Something about an account.
    pub(crate) fn developer(kind: Kind, developer: &developer::Model) -> Self {
        let about = json!({"developer": {"id": developer.id, "status": developer.status}});
        let person = Some((developer.full_name.clone(), developer.email.clone()));
        Self { person, ..Self::new(kind, about) }
    }

    /// Something about an application.
    pub(crate) fn application(kind: Kind, application: &application::Model) -> Self {
        Self::new(kind, json!({"application": of_application(application)}))
    }

    /// Something about the access of an application to an API.
    pub(crate) fn registration(
        kind: Kind,
        registration: &registration::Model,
        application: &application::Model,
        api: &api::Model,
    ) -> Self {
        let about = json!({
            "registration": {"id": registration.id, "status": registration.status},
            "application": of_application(application),
            "api": {"id": api.id, "name": api.name, "version": api.version},
        });
        Self::new(kind, about)
    }

    /// Something about a key, never the key itself.
    pub(crate) fn credential(
        kind: Kind,
        credential: &credential::Model,
        application: &application::Model,
    ) -> Self {
        let about = json!({
            "credential": {
                "id": credential.id,
                "display_name": credential.display_name,
                "expires_at": credential.expires_at.map(clock::format),
            },
            "application": of_application(application),
        });
        Self::new(kind, about)
    }

    /// A trial.
    pub(crate) fn test() -> Self {
        Self::new(Kind::Test, json!({}))
    }

    /// What happened.
    pub(crate) const fn kind(&self) -> Kind {
        self.kind
    }

    /// The payload. Whether it may name a person is the portal's decision.
    pub(crate) fn payload(&self, portal: Option<&portal::Model>, now: i64) -> Value {
        let mut data = self.about.clone();
        let shows_people = portal.is_some_and(|portal| portal.developer_pii_visible);
        let developer = data.get_mut("developer").and_then(Value::as_object_mut);
        if let (Some(developer), Some((name, address))) = (developer, &self.person) {
            let shown = |text: &str| if shows_people { text.into() } else { Value::Null };
            developer.insert("full_name".into(), shown(name));
            developer.insert("email".into(), shown(address));
        }
        let portal = portal.map(|portal| json!({"id": portal.id, "name": portal.name}));
        data.insert("portal".into(), portal.unwrap_or_default());
        json!({"type": self.kind.name(), "timestamp": clock::format(now), "data": data})
    }
}

fn of_application(application: &application::Model) -> Value {
    json!({
        "id": application.id,
        "name": application.name,
        "developer_id": application.developer_id,
        "team_id": application.team_id,
    })
}

/// Tells webhooks of an event, once the transaction commits.
pub(crate) async fn tell(
    app: &App,
    db: &impl ConnectionTrait,
    portal: &portal::Model,
    event: Event,
) -> Result<(), Problem> {
    // The audit log's entry of this transaction says what it was about.
    call::detail("event", event.kind.name());
    for (name, value) in &event.about {
        if let Some(id) = value.get("id").and_then(Value::as_str) {
            match name.as_str() {
                "developer" => call::detail("developer_id", id),
                "application" => call::detail("application_id", id),
                "registration" => call::detail("registration_id", id),
                "credential" => call::detail("credential_id", id),
                "api" => call::detail("api_id", id),
                _ => {}
            }
        }
    }
    delivery::promise(app, db, portal, &event).await
}

/// Tells of something about an account.
pub(crate) async fn developer(
    app: &App,
    db: &impl ConnectionTrait,
    portal: &portal::Model,
    kind: Kind,
    developer: &developer::Model,
) -> Result<(), Problem> {
    tell(app, db, portal, Event::developer(kind, developer)).await
}

/// Tells of something about an application.
pub(crate) async fn application(
    app: &App,
    db: &impl ConnectionTrait,
    kind: Kind,
    application: &application::Model,
) -> Result<(), Problem> {
    let portal = usecase::portal::find(db, application.portal_id).await?;
    tell(app, db, &portal, Event::application(kind, application)).await
}

/// Tells of something about the access of an application to an API.
pub(crate) async fn registration(
    app: &App,
    db: &impl ConnectionTrait,
    kind: Kind,
    registration: &registration::Model,
    application: &application::Model,
) -> Result<(), Problem> {
    let portal = usecase::portal::find(db, application.portal_id).await?;
    let api = usecase::api::find(db, registration.api_id).await?;
    tell(app, db, &portal, Event::registration(kind, registration, application, &api)).await
}

/// Tells of something about a key.
pub(crate) async fn credential(
    app: &App,
    db: &impl ConnectionTrait,
    kind: Kind,
    credential: &credential::Model,
    application: &application::Model,
) -> Result<(), Problem> {
    let portal = usecase::portal::find(db, application.portal_id).await?;
    tell(app, db, &portal, Event::credential(kind, credential, application)).await
}

/// Tells the delivery that something is to be told.
pub(crate) fn wake(app: &App) {
    app.webhooks_waiting.notify_one();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_distinct() {
        let mut names: Vec<_> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        names.push(Kind::Test.name());
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}

//! Registrations: an application's access to an API.

use gatekey_core::lifecycle::registration::{
    Event, Refusal, RegistrationStatus, Terms, request, set,
};
use schemars::JsonSchema;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, ModelTrait,
    QueryFilter,
};
use serde::Deserialize;
use uuid::Uuid;

use super::application::{self, Owner, OwnerType};
use super::developer::Status;
use super::{catalogue, consumer, portal, registration_history};
use crate::app::App;
use crate::dcr::notice;
use crate::event;
use crate::input::Given;
use crate::mail::{self, Template};
use crate::problem::{Invalid, Problem};
use crate::revision::{ChangeSet, record};
use crate::store::entity::{self, publication, registration};

/// The statuses that an administrator may give a new registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum FirstStatus {
    /// It counts at once.
    Approved,
    /// It waits for a decision.
    Pending,
}

/// A registration to make, as a developer asks.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegistrationRequest {
    pub(crate) api_id: Uuid,
}

/// A registration to make, as an administrator asks.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRegistration {
    pub(crate) api_id: Uuid,
    /// As the publication and the portal say, if absent.
    #[serde(default)]
    pub(crate) status: Given<FirstStatus>,
}

/// What to change of a registration.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegistrationEdit {
    #[serde(default)]
    status: Given<Status>,
}

impl From<Status> for RegistrationStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Approved => Self::Approved,
            Status::Pending => Self::Pending,
            Status::Revoked => Self::Revoked,
            Status::Rejected => Self::Rejected,
        }
    }
}

/// The registration of an application.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    application: Uuid,
    id: Uuid,
) -> Result<registration::Model, Problem> {
    let found = registration::Entity::find_by_id(id).one(db).await?;
    found.filter(|found| found.application_id == application).ok_or_else(Problem::not_found)
}

/// A developer asks for access of an application of theirs, or of one of their teams, to an API that
/// they see. Where roles decide, the owner of the application needs one that lets it be registered.
pub(crate) async fn ask(
    app: &App,
    portal: &entity::portal::Model,
    owner: &entity::developer::Model,
    application: Uuid,
    api: Uuid,
) -> Result<registration::Model, Problem> {
    let tx = app.store.change().await?;
    let application = application::find_own(&*tx, owner, application).await?;
    if !catalogue::sees(&*tx, portal, Some(owner), api).await? {
        return Err(no_such_api());
    }
    let publication = publication::Entity::find_by_id((api, portal.id)).one(&*tx).await?;
    let publication = publication.ok_or_else(no_such_api)?;
    let owner = Owner::of(&application);
    if !catalogue::may_register(&*tx, portal, &publication, owner).await? {
        let who = match owner.kind {
            OwnerType::Developer => "Your teams are",
            OwnerType::Team => "The team that owns the application is",
        };
        return Err(Problem::forbidden(format!("{who} not an API Consumer of this API")));
    }
    register(app, tx, application, api, None).await
}

/// An administrator registers an application for an API of its portal.
pub(crate) async fn create(
    app: &App,
    portal: Uuid,
    application: Uuid,
    new: NewRegistration,
) -> Result<registration::Model, Problem> {
    let tx = app.store.change().await?;
    let application = application::find(&*tx, portal, application).await?;
    let status = new.status.value().map(|status| match status {
        FirstStatus::Approved => RegistrationStatus::Approved,
        FirstStatus::Pending => RegistrationStatus::Pending,
    });
    register(app, tx, application, new.api_id, status).await
}

async fn register(
    app: &App,
    mut tx: ChangeSet,
    application: entity::application::Model,
    api: Uuid,
    status: Option<RegistrationStatus>,
) -> Result<registration::Model, Problem> {
    let now = app.clock.now();
    let portal = portal::find(&*tx, application.portal_id).await?;
    let publication = publication::Entity::find_by_id((api, portal.id)).one(&*tx).await?;
    let publication = publication.filter(publication::Model::is_live).ok_or_else(no_such_api)?;
    let existing = registration::Entity::find()
        .filter(registration::Column::ApplicationId.eq(application.id))
        .filter(registration::Column::ApiId.eq(api))
        .one(&*tx)
        .await?;
    let existing = existing.map(|existing| status_of(&existing));
    let terms = Terms {
        strategy: publication.strategy_id.map(Into::into),
        registration_enabled: publication.registration_enabled,
        auto_approve_registrations: publication.auto_approve,
        auto_approve_applications: portal.auto_approve_applications,
    };
    let by_the_rules =
        request(&terms, application.strategy_id.into(), existing).map_err(refusal)?;
    let made = registration::Model {
        id: Uuid::now_v7(),
        application_id: application.id,
        api_id: api,
        portal_id: portal.id,
        status: status.unwrap_or(by_the_rules).as_str().into(),
        consumer_id: consumer::shared(&*tx, application.id, api).await?,
        created_at: now,
        updated_at: now,
    };
    let made = made.into_active_model().insert(&*tx).await?;
    registration_history::begin(&*tx, &made, status.is_some()).await?;
    tx.put_registration(&made).await?;
    event::registration(app, &*tx, event::Kind::RegistrationRequested, &made, &application).await?;
    if status_of(&made) == RegistrationStatus::Approved {
        let kind = event::Kind::RegistrationApproved;
        event::registration(app, &*tx, kind, &made, &application).await?;
        notice::promise(app, &*tx, &application, notice::registered(api)).await?;
    }
    tx.commit().await?;
    app.dcr.wake();
    event::wake(app);
    Ok(made)
}

/// An administrator decides on a registration.
pub(crate) async fn update(
    app: &App,
    portal: Uuid,
    application: Uuid,
    id: Uuid,
    edit: RegistrationEdit,
) -> Result<registration::Model, Problem> {
    let mut tx = app.store.change().await?;
    let application = application::find(&*tx, portal, application).await?;
    let before = find(&*tx, application.id, id).await?;
    let Given::Yes(wanted) = edit.status else { return Ok(before) };
    let wanted = RegistrationStatus::from(wanted);
    let event = set(status_of(&before), wanted);
    let was = status_of(&before);
    let mut after = before;
    after.status = wanted.as_str().into();
    after.updated_at = app.clock.now().max(after.updated_at + 1);
    let after = after.into_active_model().reset_all().update(&*tx).await?;
    tx.put_registration(&after).await?;
    if was != wanted {
        registration_history::go_on(&*tx, &after).await?;
    }
    if let Some(event) = event {
        let kind = match event {
            Event::Approved => event::Kind::RegistrationApproved,
            Event::Rejected => event::Kind::RegistrationRejected,
            Event::Revoked => event::Kind::RegistrationRevoked,
        };
        event::registration(app, &*tx, kind, &after, &application).await?;
        tell_owners(app, &tx, &application, &after, event).await?;
    }
    let approved = RegistrationStatus::Approved;
    if (was == approved) != (wanted == approved) {
        let event = if wanted == approved { notice::registered } else { notice::unregistered };
        notice::promise(app, &*tx, &application, event(after.api_id)).await?;
    }
    tx.commit().await?;
    app.dcr.wake();
    mail::wake(app);
    event::wake(app);
    Ok(after)
}

/// Deletes a registration: access ends, and may be asked for again.
pub(crate) async fn delete(app: &App, application: Uuid, id: Uuid) -> Result<(), Problem> {
    let mut tx = app.store.change().await?;
    let registration = find(&*tx, application, id).await?;
    tx.delete(record::registration_key(&registration));
    if status_of(&registration) == RegistrationStatus::Approved {
        let found = entity::application::Entity::find_by_id(application).one(&*tx).await?;
        let found = found.ok_or_else(Problem::not_found)?;
        let event = notice::unregistered(registration.api_id);
        notice::promise(app, &*tx, &found, event).await?;
    }
    registration.delete(&*tx).await?;
    tx.commit().await?;
    app.dcr.wake();
    Ok(())
}

async fn tell_owners(
    app: &App,
    tx: &ChangeSet,
    application: &entity::application::Model,
    registration: &registration::Model,
    event: Event,
) -> Result<(), Problem> {
    let portal = portal::find(&**tx, application.portal_id).await?;
    let api = super::api::find(&**tx, registration.api_id).await?;
    let template = match event {
        Event::Approved => Template::RegistrationApproved,
        Event::Rejected => Template::RegistrationRejected,
        Event::Revoked => Template::RegistrationRevoked,
    };
    let more = [
        ("api_name", api.name.as_str()),
        ("api_version", api.version.as_str()),
        ("application_name", application.name.as_str()),
    ];
    for developer in application::developers(&**tx, application).await? {
        mail::promise(app, &**tx, &portal, &developer, template, &more).await?;
    }
    Ok(())
}

/// The status of a row. One that is none of ours lets nothing through.
fn status_of(row: &registration::Model) -> RegistrationStatus {
    RegistrationStatus::parse(&row.status).unwrap_or(RegistrationStatus::Revoked)
}

fn refusal(refusal: Refusal) -> Problem {
    let invalid = |reason: &str| Problem::one_invalid(Invalid::body("api_id", "invalid", reason));
    match refusal {
        Refusal::RegistrationDisabled => {
            invalid("application registration is not enabled for this API")
        }
        Refusal::StrategyMismatch => {
            invalid("the API has another auth strategy than the application")
        }
        Refusal::AlreadyRegistered => {
            Problem::conflict("The application has a registration for the API already")
        }
    }
}

fn no_such_api() -> Problem {
    Problem::one_invalid(Invalid::body("api_id", "missing_reference", "API not found"))
}

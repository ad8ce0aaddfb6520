//! Developers, as administrators manage them.

use gatekey_core::lifecycle::developer::{DeveloperStatus, Event, Unapproved, initial, set};
use schemars::JsonSchema;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel,
    ModelTrait, QueryFilter,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::mail_token::{self, Purpose};
use super::{application, portal};
use crate::app::App;
use crate::event;
use crate::input::Given;
use crate::mail::{self, Template};
use crate::problem::Problem;
use crate::revision::ChangeSet;
use crate::session;
use crate::store::entity::{self, developer};

/// Where an account, or a request for access, stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum Status {
    /// It is let in.
    Approved,
    /// It waits.
    Pending,
    /// It was let in once.
    Revoked,
    /// It was turned away.
    Rejected,
}

impl From<Status> for DeveloperStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Approved => Self::Approved,
            Status::Pending => Self::Pending,
            Status::Revoked => Self::Revoked,
            Status::Rejected => Self::Rejected,
        }
    }
}

/// A developer to add.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewDeveloper {
    #[schemars(length(max = 250), extend("format" = "email"))]
    email: String,
    #[schemars(length(min = 1, max = 250))]
    full_name: String,
    /// As for those who sign up, if absent.
    #[serde(default)]
    status: Given<Status>,
    #[serde(default)]
    send_invitation_email: Given<bool>,
}

/// What to change of a developer.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeveloperEdit {
    #[serde(default)]
    status: Given<Status>,
}

/// What becomes of the credentials of developers who are not approved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum RevokedDevelopers {
    /// They stop working.
    Stop,
    /// They go on working.
    Keep,
}

impl From<RevokedDevelopers> for Unapproved {
    fn from(rule: RevokedDevelopers) -> Self {
        match rule {
            RevokedDevelopers::Stop => Self::Stop,
            RevokedDevelopers::Keep => Self::Keep,
        }
    }
}

/// What to change of how a portal treats its developers.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeveloperSettingsEdit {
    #[serde(default)]
    revoked_developers: Given<RevokedDevelopers>,
}

/// The developer of a portal.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    portal: Uuid,
    id: Uuid,
) -> Result<developer::Model, Problem> {
    let found = developer::Entity::find_by_id(id).one(db).await?;
    found.filter(|found| found.portal_id == portal).ok_or_else(Problem::not_found)
}

/// The developer of an address, however its letters are cased.
pub(crate) async fn find_by_address(
    db: &impl ConnectionTrait,
    portal: Uuid,
    address: &str,
) -> Result<Option<developer::Model>, DbErr> {
    developer::Entity::find()
        .filter(developer::Column::PortalId.eq(portal))
        .filter(developer::Column::AddressKey.eq(address_key(address)))
        .one(db)
        .await
}

/// What two spellings of one address have in common.
pub(crate) fn address_key(address: &str) -> String {
    address.to_lowercase()
}

/// A row for a new developer.
pub(crate) fn fresh(
    portal: &entity::portal::Model,
    email: String,
    full_name: String,
    status: Option<DeveloperStatus>,
    now: i64,
) -> developer::Model {
    let status = status.unwrap_or_else(|| initial(portal.auto_approve_developers));
    developer::Model {
        id: Uuid::now_v7(),
        portal_id: portal.id,
        address_key: address_key(&email),
        email,
        full_name,
        status: status.as_str().into(),
        verified_at: None,
        password_hash: None,
        created_at: now,
        updated_at: now,
    }
}

/// Adds a developer. The first password comes by way of an e-mail.
pub(crate) async fn create(
    app: &App,
    portal: Uuid,
    new: NewDeveloper,
) -> Result<developer::Model, Problem> {
    let tx = app.store.begin().await?;
    let portal = portal::find(&tx, portal).await?;
    if find_by_address(&tx, portal.id, &new.email).await?.is_some() {
        return Err(known_address());
    }
    let status = new.status.value().map(DeveloperStatus::from);
    let made = fresh(&portal, new.email, new.full_name, status, app.clock.now());
    let made =
        made.into_active_model().insert(&tx).await.map_err(|error| match error.sql_err() {
            Some(sea_orm::SqlErr::UniqueConstraintViolation(_)) => known_address(),
            _ => error.into(),
        })?;
    if new.send_invitation_email.or(false) {
        let token = mail_token::issue(app, &tx, made.id, Purpose::ResetPassword).await?;
        let token = token.to_string();
        let more = [("token", token.as_str())];
        mail::promise(app, &tx, &portal, &made, Template::Invitation, &more).await?;
        event::developer(app, &tx, &portal, event::Kind::DeveloperInvited, &made).await?;
    }
    tx.commit().await?;
    mail::wake(app);
    event::wake(app);
    Ok(made)
}

/// Sets a developer's status. Who is no longer approved is signed out, and their applications are
/// suspended if the portal says so; those of teams are not.
pub(crate) async fn update(
    app: &App,
    portal: Uuid,
    id: Uuid,
    edit: DeveloperEdit,
) -> Result<developer::Model, Problem> {
    let mut tx = app.store.change().await?;
    let before = find(&*tx, portal, id).await?;
    let Given::Yes(wanted) = edit.status else { return Ok(before) };
    let after = set_status(app, &mut tx, before, wanted.into()).await?;
    tx.commit().await?;
    mail::wake(app);
    event::wake(app);
    Ok(after)
}

/// Sets a developer's status, with all that it causes.
pub(crate) async fn set_status(
    app: &App,
    tx: &mut ChangeSet,
    before: developer::Model,
    wanted: DeveloperStatus,
) -> Result<developer::Model, Problem> {
    let current = DeveloperStatus::parse(&before.status).unwrap_or(DeveloperStatus::Revoked);
    let mut after = before;
    after.status = wanted.as_str().into();
    after.updated_at = app.clock.now().max(after.updated_at + 1);
    let after = after.into_active_model().reset_all().update(&**tx).await?;
    if wanted != DeveloperStatus::Approved {
        session::end_all(&**tx, after.id).await?;
    }
    let portal = portal::find(&**tx, after.portal_id).await?;
    application::suspend(tx, &portal, core::slice::from_ref(&after)).await?;
    if let Some(event) = set(current, wanted) {
        mail::promise(app, &**tx, &portal, &after, template(event), &[]).await?;
        event::developer(app, &**tx, &portal, kind(event), &after).await?;
    }
    Ok(after)
}

/// Says what becomes of the credentials of developers who are not approved, those who are not by now
/// included.
pub(crate) async fn update_settings(
    app: &App,
    portal: Uuid,
    edit: DeveloperSettingsEdit,
) -> Result<entity::portal::Model, Problem> {
    let mut tx = app.store.change().await?;
    let mut after = portal::find(&*tx, portal).await?;
    let Given::Yes(rule) = edit.revoked_developers else { return Ok(after) };
    after.revoked_developers = Unapproved::from(rule).as_str().into();
    after.updated_at = app.clock.now().max(after.updated_at + 1);
    let after = after.into_active_model().reset_all().update(&*tx).await?;
    let unapproved = developer::Entity::find()
        .filter(developer::Column::PortalId.eq(portal))
        .filter(developer::Column::Status.ne(DeveloperStatus::Approved.as_str()))
        .all(&*tx)
        .await?;
    application::suspend(&mut tx, &after, &unapproved).await?;
    tx.commit().await?;
    Ok(after)
}

/// Deletes a developer with all their applications.
pub(crate) async fn delete(app: &App, portal: Uuid, id: Uuid) -> Result<(), Problem> {
    let mut tx = app.store.change().await?;
    let developer = find(&*tx, portal, id).await?;
    let applications = entity::application::Entity::find()
        .filter(entity::application::Column::DeveloperId.eq(id))
        .all(&*tx)
        .await?;
    for application in &applications {
        application::forget(app, &mut tx, application).await?;
    }
    developer.delete(&*tx).await?;
    tx.commit().await?;
    app.dcr.wake();
    Ok(())
}

/// The e-mail that tells of an event.
pub(crate) const fn template(event: Event) -> Template {
    match event {
        Event::AccessApproved => Template::AccessApproved,
        Event::AccessRejected => Template::AccessRejected,
        Event::AccessRevoked => Template::AccessRevoked,
    }
}

/// What webhooks are told of an event.
const fn kind(event: Event) -> event::Kind {
    match event {
        Event::AccessApproved => event::Kind::DeveloperApproved,
        Event::AccessRejected => event::Kind::DeveloperRejected,
        Event::AccessRevoked => event::Kind::DeveloperRevoked,
    }
}

fn known_address() -> Problem {
    Problem::conflict("Developer with the given email already exists")
}

//! Applications: owners of credentials and registrations, under one strategy for life.

use gatekey_core::id::ApplicationId;
use gatekey_core::lifecycle::APPLICATIONS_PER_DEVELOPER;
use gatekey_core::lifecycle::application as lifecycle;
use gatekey_core::snapshot::RecordKey;
use schemars::JsonSchema;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel,
    ModelTrait, PaginatorTrait, QueryFilter,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::label::LabelEdit;
use super::strategy;
use crate::app::App;
use crate::input::Given;
use crate::problem::{Invalid, Problem};
use crate::revision::{ChangeSet, record};
use crate::store::entity::{application, credential, developer, portal, registration};

/// Who can own an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum OwnerType {
    /// A developer.
    Developer,
    /// A team. There are none yet: refused.
    Team,
}

/// The owner of an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ApplicationOwner")]
pub(crate) struct Owner {
    /// Whether it is a person or a team.
    #[serde(rename = "type")]
    pub(crate) kind: OwnerType,
    /// Which.
    pub(crate) id: Uuid,
}

/// An application to make, whoever asks.
#[derive(Debug)]
pub(crate) struct NewApplication {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) auth_strategy_id: Option<Uuid>,
    pub(crate) client_id: Option<String>,
    pub(crate) labels: LabelEdit,
}

/// What a developer may change of an application.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApplicationEdit {
    #[serde(default)]
    #[schemars(length(min = 1, max = 255))]
    name: Given<String>,
    #[serde(default)]
    #[schemars(length(max = 255))]
    description: Given<String>,
    /// Only for `openid_connect`.
    #[serde(default)]
    #[schemars(length(max = 255))]
    client_id: Given<Option<String>>,
    /// Only for `openid_connect`.
    #[serde(default)]
    #[schemars(length(max = 2048))]
    redirect_uri: Given<Option<String>>,
    /// Only for `openid_connect`.
    #[serde(default)]
    #[schemars(length(max = 50))]
    scopes: Given<Option<Vec<String>>>,
    /// There are no teams yet.
    #[serde(default)]
    team_id: Given<Option<Uuid>>,
}

/// The application of that id in a portal.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    portal: Uuid,
    id: Uuid,
) -> Result<application::Model, Problem> {
    let found = application::Entity::find_by_id(id).one(db).await?;
    found.filter(|found| found.portal_id == portal).ok_or_else(Problem::not_found)
}

/// The application of that id, if it is the developer's own. Others do not exist for them.
pub(crate) async fn find_own(
    db: &impl ConnectionTrait,
    developer: &developer::Model,
    id: Uuid,
) -> Result<application::Model, Problem> {
    let found = find(db, developer.portal_id, id).await?;
    Some(found).filter(|found| found.developer_id == developer.id).ok_or_else(Problem::not_found)
}

/// Makes an application for a developer of the portal.
pub(crate) async fn create(
    app: &App,
    portal: &portal::Model,
    owner: &developer::Model,
    new: NewApplication,
) -> Result<application::Model, Problem> {
    let now = app.clock.now();
    let mut tx = app.store.change().await?;
    let Some(strategy_id) = new.auth_strategy_id.or(portal.default_strategy_id) else {
        let reason = "is required, because the portal has no default auth strategy";
        return Err(Problem::one_invalid(Invalid::body("auth_strategy_id", "required", reason)));
    };
    let strategy = strategy::exists(&*tx, strategy_id, "auth_strategy_id").await?;
    if new.client_id.is_some() && strategy.kind == strategy::KEY_AUTH {
        return Err(openid_connect_only("client_id"));
    }
    let status = lifecycle::create(owned(&*tx, owner.id).await?).map_err(refusal)?;
    let made = application::Model {
        id: Uuid::now_v7(),
        portal_id: portal.id,
        developer_id: owner.id,
        strategy_id,
        name: new.name,
        description: new.description,
        status: status.as_str().into(),
        client_id: None,
        redirect_uri: None,
        scopes: None,
        labels: new.labels.fresh()?,
        created_at: now,
        updated_at: now,
    };
    let made = made.into_active_model().insert(&*tx).await?;
    tx.put(record::application(&made));
    tx.commit().await?;
    Ok(made)
}

/// Changes an application as its owner may.
pub(crate) async fn update(
    app: &App,
    owner: &developer::Model,
    id: Uuid,
    edit: ApplicationEdit,
) -> Result<application::Model, Problem> {
    let tx = app.store.change().await?;
    let mut after = find_own(&*tx, owner, id).await?;
    for (field, given) in [
        ("client_id", matches!(edit.client_id, Given::Yes(Some(_)))),
        ("redirect_uri", matches!(edit.redirect_uri, Given::Yes(Some(_)))),
        ("scopes", matches!(&edit.scopes, Given::Yes(Some(scopes)) if !scopes.is_empty())),
    ] {
        if given {
            return Err(openid_connect_only(field));
        }
    }
    if let Given::Yes(Some(_)) = edit.team_id {
        return Err(no_such_team("team_id"));
    }
    edit.name.put(&mut after.name);
    if let Given::Yes(description) = edit.description {
        after.description = Some(description);
    }
    store(app, tx, after).await
}

/// Gives an application to another developer of its portal, as an administrator may.
pub(crate) async fn set_owner(
    app: &App,
    portal: Uuid,
    id: Uuid,
    owner: Option<Owner>,
) -> Result<application::Model, Problem> {
    let tx = app.store.change().await?;
    let mut after = find(&*tx, portal, id).await?;
    let Some(owner) = owner else { return Ok(after) };
    let developer = owner_of(&*tx, portal, owner).await?;
    if developer.id != after.developer_id {
        lifecycle::create(owned(&*tx, developer.id).await?).map_err(refusal)?;
        after.developer_id = developer.id;
    }
    store(app, tx, after).await
}

/// The developer whom a body names as owner.
pub(crate) async fn owner_of(
    db: &impl ConnectionTrait,
    portal: Uuid,
    owner: Owner,
) -> Result<developer::Model, Problem> {
    if owner.kind == OwnerType::Team {
        return Err(no_such_team("owner.id"));
    }
    let found = developer::Entity::find_by_id(owner.id).one(db).await?;
    found.filter(|found| found.portal_id == portal).ok_or_else(|| {
        Problem::one_invalid(Invalid::body("owner.id", "missing_reference", "Developer not found"))
    })
}

/// Deletes an application with its credentials and registrations.
pub(crate) async fn delete(app: &App, application: application::Model) -> Result<(), Problem> {
    let mut tx = app.store.change().await?;
    // It may have gone since the caller looked.
    let application = find(&*tx, application.portal_id, application.id).await?;
    forget(&mut tx, &application).await?;
    application.delete(&*tx).await?;
    tx.commit().await?;
    Ok(())
}

/// Tells gateways that an application is gone, with all it held.
pub(crate) async fn forget(
    tx: &mut ChangeSet,
    application: &application::Model,
) -> Result<(), DbErr> {
    for credential in application.find_credentials(&**tx).await? {
        if let Some(key) = record::credential_key(&credential) {
            tx.delete(key);
        }
    }
    let registrations = registration::Entity::find()
        .filter(registration::Column::ApplicationId.eq(application.id))
        .all(&**tx)
        .await?;
    for registration in &registrations {
        tx.delete(record::registration_key(registration));
    }
    tx.delete(RecordKey::Application { id: ApplicationId::from(application.id) });
    Ok(())
}

impl application::Model {
    /// Its keys, oldest first.
    pub(crate) async fn find_credentials(
        &self,
        db: &impl ConnectionTrait,
    ) -> Result<Vec<credential::Model>, DbErr> {
        credential::Entity::find()
            .filter(credential::Column::ApplicationId.eq(self.id))
            .all(db)
            .await
    }
}

async fn store(
    app: &App,
    mut tx: ChangeSet,
    mut after: application::Model,
) -> Result<application::Model, Problem> {
    after.updated_at = app.clock.now().max(after.updated_at + 1);
    let after = after.into_active_model().reset_all().update(&*tx).await?;
    tx.put(record::application(&after));
    tx.commit().await?;
    Ok(after)
}

async fn owned(db: &impl ConnectionTrait, developer: Uuid) -> Result<usize, DbErr> {
    let count = application::Entity::find()
        .filter(application::Column::DeveloperId.eq(developer))
        .count(db)
        .await?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

fn refusal(refusal: lifecycle::Refusal) -> Problem {
    match refusal {
        lifecycle::Refusal::TooManyApplications => Problem::forbidden(format!(
            "A developer can have at most {APPLICATIONS_PER_DEVELOPER} applications"
        )),
        lifecycle::Refusal::StrategyIsFixed => {
            Problem::conflict("The auth strategy of an application cannot be changed")
        }
    }
}

fn openid_connect_only(field: &str) -> Problem {
    let reason = "is only for applications of an OpenID Connect strategy";
    Problem::one_invalid(Invalid::body(field, "invalid", reason))
}

/// There are no teams, so whatever names one names nothing.
pub(crate) fn no_such_team(field: &str) -> Problem {
    Problem::one_invalid(Invalid::body(field, "missing_reference", "Team not found"))
}

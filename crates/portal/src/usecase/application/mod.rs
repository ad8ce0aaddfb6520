//! Applications: owners of credentials and registrations, under one strategy for life.

use gatekey_core::id::ApplicationId;
use gatekey_core::secret::Secret;
use gatekey_core::snapshot::RecordKey;
use gatekey_dcr::{Event, Job, Kind};
use schemars::JsonSchema;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel,
    ModelTrait, QueryFilter,
};
use serde::Deserialize;
use uuid::Uuid;

use super::client::{self, Identity};
use super::label::LabelEdit;
use super::{strategy, team};
use crate::app::App;
use crate::dcr::{self, metadata, notice, register};
use crate::event;
use crate::input::Given;
use crate::problem::{Invalid, Problem};
use crate::revision::{ChangeSet, record};
use crate::store::entity::{self, application, credential, developer, portal, registration};

mod owner;

use self::owner::{Heir, Mover, check_move, own_team};
pub(crate) use self::owner::{Owner, OwnerType, developers, own, suspend};

/// An application to make, whoever asks.
#[derive(Debug)]
pub(crate) struct NewApplication {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) auth_strategy_id: Option<Uuid>,
    /// The client that the developer has made at the identity provider.
    pub(crate) client_id: Option<String>,
    /// A client that is at the strategy's provider already, and is to be the application's.
    pub(crate) dcr_client_id: Option<String>,
    pub(crate) redirect_uri: Option<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) labels: LabelEdit,
}

/// An application that was made, and the secret of its client, for the one answer that shows it.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) application: application::Model,
    pub(crate) secret: Option<Secret<String>>,
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
    /// One of the developer's teams, which is to own it; null makes it the developer's own.
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

/// The application of that id, if it is the developer's own or that of one of their teams. Others do
/// not exist for them.
pub(crate) async fn find_own(
    db: &impl ConnectionTrait,
    developer: &developer::Model,
    id: Uuid,
) -> Result<application::Model, Problem> {
    let found = find(db, developer.portal_id, id).await?;
    let theirs = match found.team_id {
        Some(team) => team::is_member(db, team, developer.id).await?,
        None => found.developer_id == Some(developer.id),
    };
    if theirs { Ok(found) } else { Err(Problem::not_found()) }
}

/// Makes an application for a developer, as they ask: their own, or that of one of their teams.
pub(crate) async fn create_own(
    app: &App,
    portal: &portal::Model,
    developer: &developer::Model,
    team: Option<Uuid>,
    new: NewApplication,
) -> Result<Made, Problem> {
    let owner = own_team(app.store.db(), developer, team).await?;
    create(app, portal, owner, "team_id", new).await
}

/// Makes an application for a developer or a team of the portal, and its client where the strategy
/// has a provider: both, or none. `field` names the owner in the body.
pub(crate) async fn create(
    app: &App,
    portal: &portal::Model,
    owner: Owner,
    field: &str,
    new: NewApplication,
) -> Result<Made, Problem> {
    let db = app.store.db();
    let heir = Heir::find(db, portal, owner, field).await?;
    let Some(strategy_id) = new.auth_strategy_id.or(portal.default_strategy_id) else {
        let reason = "is required, because the portal has no default auth strategy";
        return Err(Problem::one_invalid(Invalid::body("auth_strategy_id", "required", reason)));
    };
    let strategy = strategy::exists(db, strategy_id, "auth_strategy_id").await?;
    let identity = Identity::of(db, &strategy).await?;
    check(&strategy, &identity, &new)?;
    let now = app.clock.now();
    let status = heir.may_create(db, field).await?;
    let mut wanted = application::Model {
        id: Uuid::now_v7(),
        portal_id: portal.id,
        developer_id: None,
        team_id: None,
        strategy_id,
        name: new.name,
        description: new.description,
        status: status.as_str().into(),
        suspended: false,
        client_id: new.client_id,
        redirect_uri: new.redirect_uri,
        scopes: Some(new.scopes).filter(|scopes| !scopes.is_empty()).map(Into::into),
        limits: None,
        networks: None,
        consumer_id: None,
        labels: new.labels.fresh()?,
        created_at: now,
        updated_at: now,
    };
    heir.take(&mut wanted);
    let Identity::Registered(provider) = identity else {
        let mut tx = app.store.change().await?;
        let application = insert(app, &mut tx, &strategy, wanted, field).await?;
        tx.commit().await?;
        return Ok(Made { application, secret: None });
    };
    if let Some(id) = new.dcr_client_id {
        let mut tx = app.store.change().await?;
        client::link::check(app, &*tx, &provider, &id).await?;
        wanted.client_id = Some(id);
        let application = insert(app, &mut tx, &strategy, wanted, field).await?;
        client::link::link(app, &*tx, &provider, &application).await?;
        tx.commit().await?;
        return Ok(Made { application, secret: None });
    }
    let client = Uuid::now_v7();
    let Some(adapter) = dcr::adapter(app, &provider)? else {
        let mut tx = app.store.change().await?;
        let (id, secret) =
            client::embedded::create(app, &*tx, &provider, &strategy, &wanted).await?;
        wanted.client_id = Some(id);
        let application = insert(app, &mut tx, &strategy, wanted, field).await?;
        dcr::ledger::embedded(app, &*tx, client, &provider, &application).await?;
        tx.commit().await?;
        return Ok(Made { application, secret: Some(secret) });
    };
    let adapter = adapter.as_ref();
    let metadata = metadata::of(app, &wanted, &strategy, client);
    let registered = register::register(app, &provider, adapter, client, metadata).await?;
    wanted.client_id = Some(registered.client_id.clone());
    let inserted = async {
        let mut tx = app.store.change().await?;
        let application = insert(app, &mut tx, &strategy, wanted, field).await?;
        Ok::<_, Problem>((tx, application))
    };
    let (tx, application) = match inserted.await {
        Ok(inserted) => inserted,
        Err(problem) => {
            register::undo(app, adapter, registered.entry).await;
            return Err(problem);
        }
    };
    let entry = registered.entry.live(&*tx, application.id).await?;
    tx.commit().await?;
    entry.done();
    Ok(Made { application, secret: registered.issued.map(|issued| issued.secret) })
}

/// Puts an application into the database and before the gateways. Much may have happened since it
/// was asked for.
async fn insert(
    app: &App,
    tx: &mut ChangeSet,
    strategy: &entity::strategy::Model,
    mut wanted: application::Model,
    field: &str,
) -> Result<application::Model, Problem> {
    let portal = super::portal::find(&**tx, wanted.portal_id).await?;
    let heir = Heir::find(&**tx, &portal, Owner::of(&wanted), field).await?;
    heir.may_create(&**tx, field).await?;
    heir.take(&mut wanted);
    let made = wanted.into_active_model().insert(&**tx).await?;
    tx.put_application(&made).await?;
    event::application(app, &**tx, event::Kind::ApplicationCreated, &made).await?;
    if let Some(client_id) = &made.client_id {
        client::bind(app, tx, strategy, made.id, client_id).await?;
    }
    Ok(made)
}

/// Holds what was given against what the strategy's applications can have.
fn check(
    strategy: &entity::strategy::Model,
    identity: &Identity,
    new: &NewApplication,
) -> Result<(), Problem> {
    match identity {
        Identity::Keys => {
            for (field, given) in [
                ("client_id", new.client_id.is_some()),
                ("dcr_client_id", new.dcr_client_id.is_some()),
                ("redirect_uri", new.redirect_uri.is_some()),
                ("scopes", !new.scopes.is_empty()),
            ] {
                if given {
                    return Err(openid_connect_only(field));
                }
            }
        }
        Identity::SelfManaged => {
            if new.client_id.as_deref().is_none_or(str::is_empty) {
                let reason = "is required: the client is made at the identity provider";
                return Err(Problem::one_invalid(Invalid::body("client_id", "required", reason)));
            }
            for (field, given) in
                [("dcr_client_id", new.dcr_client_id.is_some()), ("scopes", !new.scopes.is_empty())]
            {
                if given {
                    return Err(registered_only(field));
                }
            }
        }
        Identity::Registered(_) => {
            if new.client_id.is_some() {
                return Err(own_client_id());
            }
            client::check_scopes(strategy, &new.scopes)?;
        }
    }
    new.redirect_uri
        .as_deref()
        .map_or(Ok(()), |uri| client::check_redirect_uri("redirect_uri", uri))
}

/// Changes an application as its developers may, and its client with it. Where every change of a client
/// replaces its secret, such a change is refused unless `new_secret` asks for it; then the answer
/// holds the secret.
pub(crate) async fn update(
    app: &App,
    developer: &developer::Model,
    id: Uuid,
    edit: ApplicationEdit,
    new_secret: bool,
) -> Result<Made, Problem> {
    let db = app.store.db();
    let before = find_own(db, developer, id).await?;
    let to = match edit.team_id {
        Given::No => None,
        Given::Yes(team) => Some(own_team(db, developer, team).await?),
    };
    if let Some(to) = to {
        check_move(db, &before, to, "team_id", Mover::Developer).await?;
    }
    let editor = Editor { developer, to };
    let strategy = strategy::find(db, before.strategy_id).await?;
    let identity = Identity::of(db, &strategy).await?;
    let after = edited(&before, &strategy, &identity, edit)?;
    let Identity::Registered(provider) = identity else {
        let mut tx = app.store.change().await?;
        let fresh = editor.find(&tx, id).await?;
        if after.client_id != before.client_id
            && let Some(client_id) = &after.client_id
        {
            client::bind(app, &mut tx, &strategy, id, client_id).await?;
        }
        let application = store(app, &mut tx, merged(fresh, &before, after)).await?;
        tx.commit().await?;
        return Ok(Made { application, secret: None });
    };
    let Some(adapter) = dcr::adapter(app, &provider)? else {
        let mut tx = app.store.change().await?;
        let after = merged(editor.find(&tx, id).await?, &before, after);
        client::embedded::update(app, &*tx, &provider, &strategy, &after).await?;
        let application = store(app, &mut tx, after).await?;
        tx.commit().await?;
        return Ok(Made { application, secret: None });
    };
    let capabilities = adapter.capabilities();
    let concerns_client =
        before.redirect_uri != after.redirect_uri || before.scopes != after.scopes;
    let named_otherwise = before.name != after.name || before.description != after.description;
    let mut secret = None;
    if concerns_client && !capabilities.update && !capabilities.events {
        let detail = "The identity provider of the application cannot change a client";
        return Err(Problem::conflict(detail));
    }
    if concerns_client && capabilities.update_rotates && !new_secret {
        let detail = "The identity provider replaces the client secret with every change of the \
                      redirect URI or the scopes: ask for that with `regenerate_secret=true`";
        return Err(Problem::conflict(detail));
    }
    let tell =
        capabilities.update && (concerns_client || named_otherwise && !capabilities.update_rotates);
    if tell && let Some(client) = dcr::ledger::of_application(db, id).await? {
        let job = Job::Update(metadata::of(app, &after, &strategy, client.id));
        let state = register::ask(app, &provider, adapter.as_ref(), &client, job).await?;
        secret = state.issued.map(|issued| issued.secret);
    }
    let mut tx = app.store.change().await?;
    let fresh = editor.find(&tx, id).await?;
    let application = store(app, &mut tx, merged(fresh, &before, after)).await?;
    notice::promise(app, &*tx, &application, Event::Updated).await?;
    tx.commit().await?;
    app.dcr.wake();
    Ok(Made { application, secret })
}

/// Who changes an application, and to whom it is to go.
struct Editor<'d> {
    developer: &'d developer::Model,
    to: Option<Owner>,
}

impl Editor<'_> {
    /// The application as it is now, with the owner that it is to have.
    async fn find(&self, tx: &ChangeSet, id: Uuid) -> Result<application::Model, Problem> {
        let mut found = find_own(&**tx, self.developer, id).await?;
        if let Some(to) = self.to {
            // The developer may have left the team meanwhile.
            let team = Some(to).filter(|to| to.kind == OwnerType::Team).map(|to| to.id);
            own_team(&**tx, self.developer, team).await?;
            let heir = check_move(&**tx, &found, to, "team_id", Mover::Developer).await?;
            heir.take(&mut found);
        }
        Ok(found)
    }
}

/// The application as it is now, with what the edit changed: it may have got another owner meanwhile.
fn merged(
    mut fresh: application::Model,
    before: &application::Model,
    after: application::Model,
) -> application::Model {
    macro_rules! take {
        ($($member:ident),*) => {$(
            if after.$member != before.$member {
                fresh.$member = after.$member;
            }
        )*};
    }
    take!(name, description, client_id, redirect_uri, scopes);
    fresh
}

fn edited(
    before: &application::Model,
    strategy: &entity::strategy::Model,
    identity: &Identity,
    edit: ApplicationEdit,
) -> Result<application::Model, Problem> {
    let mut after = before.clone();
    edit.name.put(&mut after.name);
    if let Given::Yes(description) = edit.description {
        after.description = Some(description);
    }
    if let Given::Yes(client_id) = edit.client_id {
        match identity {
            Identity::Keys if client_id.is_some() => return Err(openid_connect_only("client_id")),
            Identity::Keys => {}
            Identity::Registered(_) if client_id == before.client_id => {}
            Identity::Registered(_) => return Err(own_client_id()),
            Identity::SelfManaged if client_id.as_deref().is_none_or(str::is_empty) => {
                let reason = "is required: the client is made at the identity provider";
                return Err(Problem::one_invalid(Invalid::body("client_id", "required", reason)));
            }
            Identity::SelfManaged => after.client_id = client_id,
        }
    }
    if let Given::Yes(redirect_uri) = edit.redirect_uri {
        if let Some(uri) = &redirect_uri {
            if matches!(identity, Identity::Keys) {
                return Err(openid_connect_only("redirect_uri"));
            }
            client::check_redirect_uri("redirect_uri", uri)?;
        }
        after.redirect_uri = redirect_uri;
    }
    if let Given::Yes(scopes) = edit.scopes {
        let scopes = scopes.unwrap_or_default();
        match identity {
            Identity::Keys | Identity::SelfManaged if scopes.is_empty() => {}
            Identity::Keys => return Err(openid_connect_only("scopes")),
            Identity::SelfManaged => return Err(registered_only("scopes")),
            Identity::Registered(_) => client::check_scopes(strategy, &scopes)?,
        }
        after.scopes = Some(scopes).filter(|scopes| !scopes.is_empty()).map(Into::into);
    }
    Ok(after)
}

/// Gives an application to another developer or team of its portal, as an administrator may.
pub(crate) async fn set_owner(
    app: &App,
    portal: Uuid,
    id: Uuid,
    owner: Option<Owner>,
) -> Result<application::Model, Problem> {
    let mut tx = app.store.change().await?;
    let mut after = find(&*tx, portal, id).await?;
    let Some(owner) = owner else { return Ok(after) };
    let heir = check_move(&*tx, &after, owner, "owner.id", Mover::Admin).await?;
    heir.take(&mut after);
    let after = store(app, &mut tx, after).await?;
    tx.commit().await?;
    Ok(after)
}

/// Deletes an application with its credentials and registrations.
pub(crate) async fn delete(app: &App, application: application::Model) -> Result<(), Problem> {
    let mut tx = app.store.change().await?;
    // It may have gone since the caller looked.
    let application = find(&*tx, application.portal_id, application.id).await?;
    forget(app, &mut tx, &application).await?;
    application.delete(&*tx).await?;
    tx.commit().await?;
    app.dcr.wake();
    Ok(())
}

/// Tells gateways that an application is gone, with all it held, and puts its client on its way out:
/// [`dcr::Dcr::wake`] is to follow the commit.
pub(crate) async fn forget(
    app: &App,
    tx: &mut ChangeSet,
    application: &application::Model,
) -> Result<(), Problem> {
    event::application(app, &**tx, event::Kind::ApplicationDeleted, application).await?;
    if let Some(client) = dcr::ledger::of_application(&**tx, application.id).await? {
        let provider = entity::dcr_provider::Entity::find_by_id(client.provider_id);
        let provider = provider.one(&**tx).await?;
        let provider = provider.ok_or_else(|| Problem::internal("a client has no provider"))?;
        if dcr::kind(&provider)? == Kind::KongIdentity {
            if let Some(client_id) = &client.client_id {
                client::embedded::delete(app, &**tx, &provider, client_id).await?;
            }
            client.delete(&**tx).await?;
        } else {
            dcr::ledger::retire(app, &**tx, client).await?;
        }
    }
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
    /// All that it proves itself with.
    async fn find_credentials(
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
    tx: &mut ChangeSet,
    mut after: application::Model,
) -> Result<application::Model, Problem> {
    after.updated_at = app.clock.now().max(after.updated_at + 1);
    let after = after.into_active_model().reset_all().update(&**tx).await?;
    tx.put_application(&after).await?;
    Ok(after)
}

fn openid_connect_only(field: &str) -> Problem {
    let reason = "is only for applications of an OpenID Connect strategy";
    Problem::one_invalid(Invalid::body(field, "invalid", reason))
}

fn registered_only(field: &str) -> Problem {
    let reason = "is only for applications whose client is registered at an identity provider";
    Problem::one_invalid(Invalid::body(field, "invalid", reason))
}

fn own_client_id() -> Problem {
    let reason = "must not be given: the identity provider gives it";
    Problem::one_invalid(Invalid::body("client_id", "invalid", reason))
}

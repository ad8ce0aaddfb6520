//! Secrets of applications' clients, which their providers keep.

use gatekey_core::secret::Secret;
use gatekey_dcr::{Adapter, Capabilities, IssuedSecret, Job, RemoteSecret, Rotate};
use sea_orm::{ActiveModelTrait, IntoActiveModel, Set};
use uuid::Uuid;

use super::{Identity, embedded};
use crate::app::App;
use crate::dcr::{self, ledger, metadata, register};
use crate::problem::Problem;
use crate::store::entity::{application, dcr_client, dcr_provider, strategy};
use crate::usecase::strategy as strategies;

/// A client and a secret of it, for the one answer that shows it.
#[derive(Debug)]
pub(crate) struct Issued {
    pub(crate) client_id: String,
    pub(crate) secret: Secret<String>,
    /// The secret's id at the provider, where it has one.
    pub(crate) id: Option<String>,
    /// When the secret ends, in seconds since 1970.
    pub(crate) expires_at: Option<u64>,
}

/// An application, and where its client is.
struct Place {
    strategy: strategy::Model,
    provider: dcr_provider::Model,
    capabilities: Capabilities,
    client_id: String,
}

impl Place {
    async fn of(app: &App, application: &application::Model) -> Result<Option<Self>, Problem> {
        let db = app.store.db();
        let strategy = strategies::find(db, application.strategy_id).await?;
        let Identity::Registered(provider) = Identity::of(db, &strategy).await? else {
            return Ok(None);
        };
        let capabilities = dcr::capabilities(app, &provider)?;
        let client_id = application.client_id.clone();
        let client_id =
            client_id.ok_or_else(|| Problem::internal("an application has no client"))?;
        Ok(Some(Self { strategy, provider: *provider, capabilities, client_id }))
    }

    /// Its adapter and its row in the ledger; none at the portal's own servers.
    async fn remote(
        &self,
        app: &App,
        application: &application::Model,
    ) -> Result<Option<(Box<dyn Adapter>, dcr_client::Model)>, Problem> {
        let Some(adapter) = dcr::adapter(app, &self.provider)? else { return Ok(None) };
        let client = ledger::of_application(app.store.db(), application.id).await?;
        let client = client.ok_or_else(|| Problem::internal("a client is not in the ledger"))?;
        Ok(Some((adapter, client)))
    }
}

/// Puts a new secret in the place of the application's one.
pub(crate) async fn regenerate(
    app: &App,
    application: &application::Model,
) -> Result<Issued, Problem> {
    let none = || Problem::conflict("The application has no client secret");
    let place = Place::of(app, application).await?.ok_or_else(none)?;
    let Some((adapter, client)) = place.remote(app, application).await? else {
        let secret = embedded::rotate(app, &place.provider, &place.client_id).await?;
        return Ok(Issued { client_id: place.client_id, secret, id: None, expires_at: None });
    };
    let adapter = adapter.as_ref();
    if place.capabilities.secrets > 1 {
        let found = register::ask(app, &place.provider, adapter, &client, Job::ListSecrets).await?;
        if found.found.secrets.len() > 1 {
            let detail =
                "The application has several client secrets: add and delete them one by one";
            return Err(Problem::conflict(detail));
        }
    }
    match place.capabilities.rotate {
        Rotate::Never => {
            let detail = "The identity provider of the application replaces no secrets";
            Err(Problem::conflict(detail))
        }
        Rotate::Reregister => reregister(app, application, &place, adapter, client).await,
        Rotate::Call | Rotate::Update => {
            let wanted = metadata::of(app, application, &place.strategy, client.id);
            let job = Job::RotateSecret(wanted);
            let state = register::ask(app, &place.provider, adapter, &client, job).await?;
            issued(place.client_id, state.issued)
        }
    }
}

/// Gives the application another client, and removes the one it has.
async fn reregister(
    app: &App,
    application: &application::Model,
    place: &Place,
    adapter: &dyn Adapter,
    old: dcr_client::Model,
) -> Result<Issued, Problem> {
    let id = Uuid::now_v7();
    let wanted = metadata::of(app, application, &place.strategy, id);
    let made = register::register(app, &place.provider, adapter, id, wanted).await?;
    let answer = issued(made.client_id.clone(), made.issued)?;
    let switched = async {
        let mut tx = app.store.change().await?;
        let found = super::super::application::find(&*tx, application.portal_id, application.id);
        let mut row = found.await?.into_active_model();
        row.client_id = Set(Some(made.client_id.clone()));
        row.updated_at = Set(app.clock.now());
        row.update(&*tx).await?;
        super::bind(app, &mut tx, &place.strategy, application.id, &made.client_id).await?;
        dcr::ledger::retire(app, &*tx, old).await?;
        Ok::<_, Problem>(tx)
    };
    let tx = match switched.await {
        Ok(tx) => tx,
        Err(problem) => {
            register::undo(app, adapter, made.entry).await;
            return Err(problem);
        }
    };
    let entry = made.entry.live(&*tx, application.id).await?;
    tx.commit().await?;
    entry.done();
    app.dcr.wake();
    Ok(answer)
}

/// The secrets of the application's client, without their values.
pub(crate) async fn list(
    app: &App,
    application: &application::Model,
) -> Result<(String, Vec<RemoteSecret>), Problem> {
    let (place, adapter, client) = several(app, application).await?;
    let job = Job::ListSecrets;
    let state = register::ask(app, &place.provider, adapter.as_ref(), &client, job).await?;
    Ok((place.client_id, state.found.secrets))
}

/// Adds a secret beside those there are.
pub(crate) async fn add(
    app: &App,
    application: &application::Model,
    display_name: Option<String>,
) -> Result<Issued, Problem> {
    let (place, adapter, client) = several(app, application).await?;
    let job = Job::AddSecret { display_name };
    let state = register::ask(app, &place.provider, adapter.as_ref(), &client, job).await?;
    issued(place.client_id, state.issued)
}

/// Removes one secret.
pub(crate) async fn remove(
    app: &App,
    application: &application::Model,
    id: String,
) -> Result<(), Problem> {
    let (place, adapter, client) = several(app, application).await?;
    let found =
        register::ask(app, &place.provider, adapter.as_ref(), &client, Job::ListSecrets).await?;
    if !found.found.secrets.iter().any(|secret| secret.id == id) {
        return Err(Problem::not_found());
    }
    if found.found.secrets.len() < 2 {
        return Err(Problem::conflict("The last client secret cannot be deleted"));
    }
    let job = Job::RemoveSecret { id };
    register::ask(app, &place.provider, adapter.as_ref(), &client, job).await?;
    Ok(())
}

/// The scopes that the application's client was granted.
pub(crate) async fn granted_scopes(
    app: &App,
    application: &application::Model,
) -> Result<Vec<String>, Problem> {
    let place = Place::of(app, application).await?.ok_or_else(Problem::no_granted_scopes)?;
    if !place.capabilities.granted_scopes {
        return Err(Problem::no_granted_scopes());
    }
    let Some((adapter, client)) = place.remote(app, application).await? else {
        return embedded::granted_scopes(app, &place.provider, &place.client_id).await;
    };
    let job = Job::GrantedScopes;
    let state = register::ask(app, &place.provider, adapter.as_ref(), &client, job).await?;
    Ok(state.found.scopes)
}

/// Where a client can have several secrets.
async fn several(
    app: &App,
    application: &application::Model,
) -> Result<(Place, Box<dyn Adapter>, dcr_client::Model), Problem> {
    let none =
        || Problem::conflict("The application has no client secrets that are kept one by one");
    let place = Place::of(app, application).await?.ok_or_else(none)?;
    if place.capabilities.secrets < 2 {
        let detail = "The identity provider gives a client one secret; regenerate it instead";
        return Err(Problem::conflict(detail));
    }
    let (adapter, client) = place.remote(app, application).await?.ok_or_else(none)?;
    Ok((place, adapter, client))
}

fn issued(client_id: String, issued: Option<IssuedSecret>) -> Result<Issued, Problem> {
    let issued = issued.ok_or_else(|| {
        Problem::provider_failed("The identity provider of the application issued no secret")
    })?;
    let IssuedSecret { id, secret, expires_at } = issued;
    Ok(Issued { client_id, secret, id, expires_at })
}

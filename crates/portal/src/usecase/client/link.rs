//! Clients that are at a provider already, taken over for an application by an administrator.

use gatekey_dcr::{Kind, Remote};
use sea_orm::{ActiveModelTrait, ConnectionTrait, IntoActiveModel, Set};
use uuid::Uuid;

use super::embedded;
use crate::app::App;
use crate::dcr::{self, ledger};
use crate::problem::{Invalid, Problem};
use crate::store::entity::{application, dcr_provider};

const FIELD: &str = "dcr_client_id";

/// Whether such a client can be taken over. Only the portal's own servers can be asked here; what
/// another provider does not know fails at the first thing that is asked of it.
pub(crate) async fn check(
    app: &App,
    db: &impl ConnectionTrait,
    provider: &dcr_provider::Model,
    client_id: &str,
) -> Result<(), Problem> {
    match dcr::kind(provider)? {
        Kind::Auth0 | Kind::AzureAd | Kind::Http | Kind::Okta => Ok(()),
        Kind::KongIdentity => {
            if embedded::is_free(app, db, provider, client_id).await? {
                return Ok(());
            }
            let reason = "Client not found, or it is another application's";
            Err(Problem::one_invalid(Invalid::body(FIELD, "missing_reference", reason)))
        }
        Kind::Curity | Kind::Rfc7591 => {
            let reason = "cannot be given: the provider manages a client by a token that is only \
                          known to whoever registered it";
            Err(Problem::one_invalid(Invalid::body(FIELD, "invalid", reason)))
        }
    }
}

/// Writes the client into the ledger as the application's.
pub(crate) async fn link(
    app: &App,
    db: &impl ConnectionTrait,
    provider: &dcr_provider::Model,
    application: &application::Model,
) -> Result<(), Problem> {
    let id = Uuid::now_v7();
    ledger::embedded(app, db, id, provider, application).await?;
    let remote = Remote { client_id: application.client_id.clone(), ..Remote::default() };
    if dcr::kind(provider)? == Kind::KongIdentity {
        if let Some(client_id) = &remote.client_id {
            embedded::assign(app, db, provider, client_id, application.id).await?;
        }
        return Ok(());
    }
    let row = ledger::find(db, id).await?;
    let mut row = row.into_active_model();
    row.remote = Set(ledger::seal(app, id, &remote)?);
    row.update(db).await?;
    Ok(())
}

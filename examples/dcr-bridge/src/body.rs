//! The bodies of the contract. They are closed: a member that is missing, unknown or of another type
//! is an error.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// `POST /`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewApplication {
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) client_name: String,
    /// The auth methods of the strategy: `client_credentials`, `bearer`, and others.
    pub(crate) grant_types: Vec<String>,
    pub(crate) scopes: Vec<String>,
    /// Not passed on: how clients authenticate at the server is the bridge's configuration.
    #[allow(dead_code, reason = "the contract demands it")]
    pub(crate) token_endpoint_auth_method: String,
    pub(crate) application_description: String,
    pub(crate) portal_id: Uuid,
    pub(crate) organization_id: Uuid,
    pub(crate) developer_id: Uuid,
    pub(crate) auth_strategy_id: Uuid,
    pub(crate) dcr_provider_id: Uuid,
}

/// The answer to it.
#[derive(Debug, Serialize)]
pub(crate) struct Application {
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) client_id_issued_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_secret_expires_at: Option<String>,
}

/// The answer to `POST /{clientId}/new-secret`.
#[derive(Debug, Serialize)]
pub(crate) struct NewSecret {
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EventType {
    UpdateApplication,
    AddRegistration,
    RemoveRegistration,
}

/// `POST /{clientId}/event-hook`. The contract composes it of parts; which members belong to which
/// event is checked by [`EventHook::check`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "the contract demands ids that a server of RFC 7591 knows nothing of")]
pub(crate) struct EventHook {
    pub(crate) event_type: EventType,
    pub(crate) client_id: String,
    pub(crate) application_id: Uuid,
    pub(crate) application_name: String,
    pub(crate) application_description: String,
    pub(crate) portal_id: Uuid,
    pub(crate) organization_id: Uuid,
    pub(crate) developer_id: Uuid,
    pub(crate) auth_strategy_id: Uuid,
    pub(crate) dcr_provider_id: Uuid,
    pub(crate) redirect_uris: Option<Vec<String>>,
    pub(crate) api_product_version_id: Option<Uuid>,
    pub(crate) audience: Option<String>,
}

impl EventHook {
    /// Whether the event has its own members, no others, and the client of the path.
    pub(crate) fn check(&self, client_id: &str) -> Result<(), &'static str> {
        let update = self.event_type == EventType::UpdateApplication;
        if self.client_id != client_id {
            return Err("client_id is not the one of the path");
        }
        if update != self.redirect_uris.is_some() {
            return Err("redirect_uris belongs to update_application, which has to have it");
        }
        if update == self.api_product_version_id.is_some() {
            return Err(
                "api_product_version_id belongs to add_registration and remove_registration, \
                 which have to have it",
            );
        }
        if update && self.audience.is_some() {
            return Err("audience belongs to add_registration and remove_registration");
        }
        Ok(())
    }
}

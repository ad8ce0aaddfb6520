//! What a provider is told of an application.

use gatekey_core::digest::Digest;
use gatekey_dcr::{Metadata, Origin};
use serde_json::Value;
use uuid::Uuid;

use crate::app::App;
use crate::store::entity::{application, strategy};
use crate::usecase::application::Owner;

/// What a client of the application is to be like. `tag` is the client's id in the ledger.
pub(crate) fn of(
    app: &App,
    application: &application::Model,
    strategy: &strategy::Model,
    tag: Uuid,
) -> Metadata {
    let scopes = application.scopes.as_ref().map(strings).filter(|chosen| !chosen.is_empty());
    Metadata {
        name: application.name.clone(),
        description: application.description.clone().unwrap_or_default(),
        redirect_uris: application.redirect_uri.iter().cloned().collect(),
        auth_methods: setting(strategy, "auth_methods"),
        scopes: scopes.unwrap_or_else(|| setting(strategy, "scopes")),
        audiences: audiences(strategy),
        origin: Origin {
            tag: tag.to_string(),
            application_id: application.id.to_string(),
            portal_id: application.portal_id.to_string(),
            organization_id: organization(app).to_string(),
            developer_id: Owner::of(application).id.to_string(),
            auth_strategy_id: strategy.id.to_string(),
            dcr_provider_id: strategy.dcr_provider_id.unwrap_or_default().to_string(),
        },
    }
}

/// What the strategy's tokens are for: what it asks the token endpoint for by name, or else what it
/// expects in them.
fn audiences(strategy: &strategy::Model) -> Vec<String> {
    let names = setting(strategy, "token_post_args_names");
    let values = setting(strategy, "token_post_args_values");
    let named = names.iter().zip(values).filter(|(name, _)| *name == "audience");
    let mut audiences: Vec<String> = named.map(|(_, value)| value).collect();
    for member in ["audience", "audience_required"] {
        if audiences.is_empty() {
            audiences = setting(strategy, member);
        }
    }
    audiences
}

/// A list among a strategy's settings.
pub(crate) fn setting(strategy: &strategy::Model, name: &str) -> Vec<String> {
    strategy.config.get(name).map(strings).unwrap_or_default()
}

/// The texts of a list.
pub(crate) fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The id of this installation: it follows from the key that all its replicas sign with.
pub(crate) fn organization(app: &App) -> Uuid {
    let key = app.secrets.signing_key.verifying_key();
    let digest = Digest::sha256(key.as_bytes());
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(digest.as_bytes()) {
        *to = *from;
    }
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

//! Auth strategies, and the providers at which their clients are registered.

use gatekey_dcr::Kind as Provider;

use super::{Change, Fields, Kind, Reference};
use crate::input::schema_of;
use crate::usecase::dcr_provider::{NewProvider, ProviderEdit};
use crate::usecase::strategy::{NewStrategy, StrategyEdit};

pub(super) const PROVIDERS: Kind = Kind {
    list: "dcr_providers",
    body: schema_of::<NewProvider>,
    change: Change::Patch(schema_of::<ProviderEdit>),
    whole: &["labels"],
    issuers: &["issuer"],
    secrets: &[
        "dcr_config.api_key",
        "dcr_config.dcr_token",
        "dcr_config.initial_access_token",
        "dcr_config.initial_client_secret",
    ],
    held,
    at: "/v2/dcr-providers",
    item: "/v2/dcr-providers/{id}",
    ..Kind::USUAL
};

pub(super) const STRATEGIES: Kind = Kind {
    list: "auth_strategies",
    body: schema_of::<NewStrategy>,
    without: &["principals"],
    change: Change::Patch(schema_of::<StrategyEdit>),
    whole: &["labels"],
    references: &[Reference::to("dcr_provider_id", "dcr_provider", "dcr_providers")],
    issuers: &["configs.openid-connect.issuer"],
    at: "/v2/application-auth-strategies",
    item: "/v2/application-auth-strategies/{id}",
    shown: |mut view| {
        let provider = super::pluck(&view, "dcr_provider.id");
        view.insert("dcr_provider_id".into(), provider.unwrap_or_default());
        view
    },
    ..Kind::USUAL
};

/// An access token that a registration endpoint may want is not told: it may have none.
fn held(provider: &Fields) -> Vec<&'static str> {
    let kind = provider.get("provider_type").and_then(serde_json::Value::as_str);
    match Provider::ALL.into_iter().find(|known| Some(known.as_str()) == kind) {
        Some(Provider::Auth0 | Provider::AzureAd | Provider::Curity) => {
            vec!["dcr_config.initial_client_secret"]
        }
        Some(Provider::Okta) => vec!["dcr_config.dcr_token"],
        Some(Provider::Http) => vec!["dcr_config.api_key"],
        Some(Provider::KongIdentity | Provider::Rfc7591) | None => Vec::new(),
    }
}

//! What a bridge is sent.

use serde::Serialize;

use crate::job::{Event, Metadata};

/// The body of `POST /`. The contract closes it: no member may be added.
#[derive(Debug, Serialize)]
pub(super) struct NewApplication<'m> {
    redirect_uris: &'m [String],
    client_name: &'m str,
    /// The strategy's auth methods: bridges look for `client_credentials` and `bearer` here.
    grant_types: &'m [String],
    scopes: &'m [String],
    token_endpoint_auth_method: &'static str,
    application_description: &'m str,
    portal_id: &'m str,
    organization_id: &'m str,
    developer_id: &'m str,
    auth_strategy_id: &'m str,
    dcr_provider_id: &'m str,
}

impl<'m> NewApplication<'m> {
    pub(super) fn of(metadata: &'m Metadata) -> Self {
        let origin = &metadata.origin;
        Self {
            redirect_uris: &metadata.redirect_uris,
            client_name: &metadata.name,
            grant_types: &metadata.auth_methods,
            scopes: &metadata.scopes,
            token_endpoint_auth_method: "client_secret_basic",
            application_description: &metadata.description,
            portal_id: &origin.portal_id,
            organization_id: &origin.organization_id,
            developer_id: &origin.developer_id,
            auth_strategy_id: &origin.auth_strategy_id,
            dcr_provider_id: &origin.dcr_provider_id,
        }
    }
}

/// The body of `POST /{clientId}/event-hook`.
#[derive(Debug, Serialize)]
pub(super) struct EventHook<'m> {
    event_type: &'static str,
    client_id: &'m str,
    application_id: &'m str,
    application_name: &'m str,
    application_description: &'m str,
    portal_id: &'m str,
    organization_id: &'m str,
    developer_id: &'m str,
    auth_strategy_id: &'m str,
    dcr_provider_id: &'m str,
    #[serde(skip_serializing_if = "Option::is_none")]
    redirect_uris: Option<&'m [String]>,
    /// An API has one version, so its id names both.
    #[serde(skip_serializing_if = "Option::is_none")]
    api_product_version_id: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audience: Option<&'m str>,
}

impl<'m> EventHook<'m> {
    pub(super) fn of(client_id: &'m str, metadata: &'m Metadata, event: &'m Event) -> Self {
        let origin = &metadata.origin;
        let (event_type, api, audience) = match event {
            Event::Updated => ("update_application", None, None),
            Event::Registered { api_id, audience } => {
                ("add_registration", Some(api_id.as_str()), audience.as_deref())
            }
            Event::Unregistered { api_id, audience } => {
                ("remove_registration", Some(api_id.as_str()), audience.as_deref())
            }
        };
        Self {
            event_type,
            client_id,
            application_id: &origin.application_id,
            application_name: &metadata.name,
            application_description: &metadata.description,
            portal_id: &origin.portal_id,
            organization_id: &origin.organization_id,
            developer_id: &origin.developer_id,
            auth_strategy_id: &origin.auth_strategy_id,
            dcr_provider_id: &origin.dcr_provider_id,
            redirect_uris: (*event == Event::Updated).then_some(metadata.redirect_uris.as_slice()),
            api_product_version_id: api,
            audience,
        }
    }
}

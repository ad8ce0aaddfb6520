//! Shapes that several resources share: ids in paths, timestamps, views of other resources.

use aide::OperationInput;
use aide::generate::GenContext;
use aide::openapi::Operation;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::clock;
use crate::list::ListQuery;
use crate::problem::{Invalid, Problem};

macro_rules! paths {
    ($($name:ident { $($field:ident),+ })*) => {$(
        #[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase")]
        #[allow(dead_code, reason = "ids that an actor has read are there for the description")]
        pub(crate) struct $name {
            $(pub(crate) $field: Uuid,)+
        }
    )*};
}

paths! {
    AdminTokenPath { admin_token_id }
    PortalPath { portal_id }
    IdentityProviderPath { portal_id, id }
    MappingPath { portal_id, id, mapping_id }
    NetworksPath { portal_id, id }
    DeveloperPath { portal_id, developer_id }
    TeamPath { portal_id, team_id }
    TeamMemberPath { portal_id, team_id, developer_id }
    TeamRolePath { portal_id, team_id, role_id }
    ApplicationPath { portal_id, application_id }
    UnscopedApplicationPath { application_id }
    RegistrationPath { portal_id, application_id, registration_id }
    CredentialPath { portal_id, application_id, credential_id }
    ApiPath { api_id }
    VersionPath { api_id, version_id }
    SpecPath { api_id, spec_id }
    DocumentPath { api_id, document_id }
    OperationPath { api_id, operation_id }
    PagePath { portal_id, page_id }
    SnippetPath { portal_id, snippet_id }
    PublicationPath { api_id, portal_id }
    ImplementationPath { api_id, implementation_id }
    ProductPath { api_product_id }
    ProductVersionPath { api_product_id, api_product_version_id }
    SpecificationPath { api_product_id, api_product_version_id, specification_id }
    PortalProductVersionPath { portal_id, product_version_id }
    StrategyPath { auth_strategy_id }
    ProviderPath { dcr_provider_id }
    GatewayPath { control_plane_id }
    ServicePath { control_plane_id, service_id }
    RoutePath { control_plane_id, route_id }
    ConsumerPath { control_plane_id, consumer_id }
}

/// A credential by its id, which may be one of an identity provider.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "ids that an actor has read are there for the description")]
pub(crate) struct AnyCredentialPath {
    pub(crate) portal_id: Uuid,
    pub(crate) application_id: Uuid,
    pub(crate) credential_id: String,
}

/// An instant, RFC 3339 in UTC.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Instant(pub(crate) i64);

impl Serialize for Instant {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&clock::format(self.0))
    }
}

impl JsonSchema for Instant {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Instant".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "date-time" })
    }
}

/// Labels, as shown.
pub(crate) type Labels = serde_json::Map<String, Value>;

/// The members of a stored JSON object.
pub(crate) fn members(value: Value) -> Labels {
    match value {
        Value::Object(members) => members,
        _ => Labels::new(),
    }
}

macro_rules! flags {
    ($($(#[$doc:meta])* $name:ident = $parameter:ident, $query:ident, $says:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub(crate) struct $name(pub(crate) bool);

        impl<S: Send + Sync> FromRequestParts<S> for $name {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
                flag(parts, state, stringify!($parameter)).await.map(Self)
            }
        }

        impl OperationInput for $name {
            fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
                #[derive(Deserialize, JsonSchema)]
                #[allow(dead_code, reason = "only its schema is used")]
                struct $query {
                    #[doc = $says]
                    #[serde(default)]
                    $parameter: bool,
                }
                Query::<$query>::operation_input(ctx, operation);
            }
        }
    )*};
}

flags! {
    /// Whether the query has `force=true`.
    Force = force, ForceQuery, "Delete what is inside as well.";
    /// Whether the query has `regenerate_secret=true`.
    RegenerateSecret = regenerate_secret, RegenerateSecretQuery,
        "Extension: the client may get another secret, which the answer holds.";
}

/// A parameter that is `true` or `false`, and the only one.
async fn flag<S: Send + Sync>(
    parts: &mut Parts,
    state: &S,
    parameter: &str,
) -> Result<bool, Problem> {
    let mut query = ListQuery::from_request_parts(parts, state).await?;
    let set = match query.take(parameter).as_deref() {
        None | Some("false") => false,
        // A flag that is there without a value is set.
        Some("true" | "") => true,
        Some(_) => {
            let choices = vec!["true".to_owned(), "false".to_owned()];
            let fault = Invalid::query(parameter, "enum", "must be true or false");
            return Err(Problem::one_invalid(fault.one_of(choices)));
        }
    };
    query.nothing_else()?;
    Ok(set)
}

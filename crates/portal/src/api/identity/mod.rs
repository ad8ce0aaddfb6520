//! The management of authorization servers: `/v1/auth-servers`, with Kong Identity's paths, for
//! whoever has the administrator's token.

use aide::axum::ApiRouter;

use schemars::JsonSchema;
use serde::Deserialize;
use uuid::Uuid;

use crate::app::App;

mod claim;
mod client;
mod initial_access_token;
mod labels;
mod scope;
mod secret;
mod server;
mod token;

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .merge(server::routes())
        .merge(scope::routes())
        .merge(claim::routes())
        .merge(client::routes())
        .merge(secret::routes())
        .merge(token::routes())
        .merge(initial_access_token::routes())
}

macro_rules! paths {
    ($($name:ident { $($field:ident: $type:ty),+ })*) => {$(
        #[derive(Clone, Debug, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase")]
        struct $name {
            $($field: $type,)+
        }
    )*};
}

paths! {
    ServerPath { auth_server_id: Uuid }
    ScopePath { auth_server_id: Uuid, scope_id: Uuid }
    ClaimPath { auth_server_id: Uuid, claim_id: Uuid }
    ClientPath { auth_server_id: Uuid, client_id: String }
    SecretPath { auth_server_id: Uuid, client_id: String, client_secret_id: Uuid }
    TokenPath { auth_server_id: Uuid, client_id: String, token_id: Uuid }
    InitialAccessTokenPath { auth_server_id: Uuid, initial_access_token_id: Uuid }
}

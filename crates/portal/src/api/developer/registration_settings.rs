//! `apis/{apiIdOrSlug}/registration-settings`: what a publication says beyond what Konnect's API has
//! place for, as older gateways told it of a service.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::BASE;
use crate::actor::Visitor;
use crate::api::extension;
use crate::api::reply::Shown;
use crate::app::App;
use crate::dcr::metadata::strings;
use crate::input::Ids;
use crate::problem::Problem;
use crate::usecase::{catalogue, issuer, strategy};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Name {
    api_id_or_slug: String,
}

/// How an API is offered in a portal.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RegistrationSettings")]
struct View {
    api_id: Uuid,
    display_name: String,
    description: Option<String>,
    tags: Vec<String>,
    /// Whether a registration is approved by itself.
    auto_approve: bool,
    application_registration_enabled: bool,
    /// What is built on it will stop to work some day.
    deprecated: bool,
    show_issuer: bool,
    /// Where applications get their tokens; only where it is shown.
    issuer: Option<String>,
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new().api_route(
        &format!("{BASE}/apis/{{apiIdOrSlug}}/registration-settings"),
        get_with(show, |op| {
            extension(op.id("fetch-api-registration-settings").tag("APIs of a portal"))
        }),
    )
}

async fn show(
    State(app): State<App>,
    Visitor { portal, developer }: Visitor,
    Ids(name): Ids<Name>,
) -> Result<Shown<View>, Problem> {
    let db = app.store.db();
    let found = catalogue::find(db, &portal, developer.as_ref(), &name.api_id_or_slug).await?;
    let (api, publication) = found;
    let issuer = match publication.strategy_id.filter(|_| publication.show_issuer) {
        None => None,
        Some(id) => {
            let strategy = strategy::find(db, id).await?;
            // One that is not discovered yet is told as it was entered.
            let entered = strategy.config.get("issuer").and_then(serde_json::Value::as_str);
            issuer::effective(&strategy).or_else(|| entered.map(str::to_owned))
        }
    };
    Ok(Shown(View {
        api_id: api.id,
        display_name: publication.display_name.unwrap_or(api.name),
        description: publication.description.or(api.description),
        tags: strings(&publication.tags),
        auto_approve: publication.auto_approve || portal.auto_approve_applications,
        application_registration_enabled: publication.strategy_id.is_some()
            && publication.registration_enabled,
        deprecated: publication.deprecated,
        show_issuer: publication.show_issuer,
        issuer,
    }))
}

//! `/v3/portals/{portalId}/credential-digests`: an extension to Konnect's API, from which the keys of
//! applications can be made again elsewhere without anybody knowing them.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, Condition, EntityTrait, JoinType, QueryFilter, QuerySelect};
use serde::Serialize;
use uuid::Uuid;

use crate::actor::Admin;
use crate::api::extension;
use crate::api::reply::Shown;
use crate::api::shape::{Instant, PortalPath};
use crate::app::App;
use crate::input::Ids;
use crate::list::{ListQuery, ListSpec, Paged, attributes};
use crate::problem::Problem;
use crate::store::entity::credential::{self, Column};
use crate::store::entity::{application, portal};
use crate::usecase;
use crate::usecase::credential::UNNAMED;
use crate::usecase::credential::origin::{HMAC_SHA256, SHA256};

const LIST: ListSpec = ListSpec {
    filters: attributes! {
        Id "application_id" = Column::ApplicationId;
    },
    sorts: attributes! {},
    order: || vec![Column::CreatedAt.into_expr(), Column::Id.into_expr()],
};

/// A key that is honoured, by what can be told of it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CredentialDigestItem")]
struct View {
    id: Uuid,
    application_id: Uuid,
    display_name: String,
    expires_at: Option<Instant>,
    digest: DigestView,
}

/// The digest of a key, in the form in which it is imported.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CredentialDigestShown")]
struct DigestView {
    /// `hmac-sha256` or `sha256`.
    algorithm: String,
    /// 32 bytes in hex.
    value: String,
    /// The pepper of an `hmac-sha256`: only a portal that has it can honour the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pepper_id: Option<String>,
}

impl From<credential::Model> for View {
    fn from(row: credential::Model) -> Self {
        Self {
            id: row.id,
            application_id: row.application_id,
            display_name: row.display_name.unwrap_or_else(|| UNNAMED.into()),
            expires_at: row.expires_at.map(Instant),
            digest: DigestView {
                value: row.digest.iter().map(|byte| format!("{byte:02x}")).collect(),
                pepper_id: (row.scheme == HMAC_SHA256).then_some(row.pepper_id),
                algorithm: row.scheme,
            },
        }
    }
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new().api_route(
        "/v3/portals/{portalId}/credential-digests",
        get_with(list, |op| {
            LIST.document(extension(op).id("list-credential-digests").tag("Applications"))
                .summary("The keys that are honoured, by their digests (extension)")
        }),
    )
}

async fn list(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
    query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    let db = app.store.db();
    let portal: portal::Model = usecase::portal::find(db, ids.portal_id).await?;
    let of_application = credential::Entity::belongs_to(application::Entity)
        .from(Column::ApplicationId)
        .to(application::Column::Id)
        .into();
    let select = credential::Entity::find()
        .join(JoinType::InnerJoin, of_application)
        .filter(application::Column::PortalId.eq(portal.id))
        .filter(Column::Scheme.is_in([HMAC_SHA256, SHA256]))
        .filter(Column::RetiredAt.is_null())
        .filter(
            Condition::any()
                .add(Column::ExpiresAt.is_null())
                .add(Column::ExpiresAt.gt(app.clock.now())),
        );
    Ok(Shown(query.read(&LIST)?.fetch(db, select).await?.show(View::from)))
}

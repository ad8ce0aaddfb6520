//! A developer's own account: name, password, sessions. Extensions to Konnect's API.

use aide::axum::ApiRouter;
use aide::axum::routing::{delete_with, get_with, post_with};
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::ColumnTrait;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::BASE;
use super::account::Me;
use crate::actor::{ClientAddress, OwnSession, SignedIn};
use crate::api::extension;
use crate::api::reply::{NoContent, Shown};
use crate::api::shape::Instant;
use crate::app::App;
use crate::input::{Body, Ids};
use crate::list::{ListQuery, ListSpec, Paged, attributes};
use crate::problem::Problem;
use crate::store::entity::session::{self, Column};
use crate::usecase::profile::{self as usecase, PasswordChange, ProfileEdit};

const TAG: &str = "Developer";

const LIST: ListSpec = ListSpec {
    filters: attributes! {},
    sorts: attributes! {
        Time "created_at" = Column::CreatedAt;
        Time "last_used_at" = Column::LastUsedAt;
    },
    order: || vec![Column::CreatedAt.into_expr(), Column::Id.into_expr()],
};

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "ids that an actor has read are there for the description")]
struct SessionPath {
    portal_id: Uuid,
    session_id: Uuid,
}

/// A browser that somebody is signed in with.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OwnSession")]
struct View {
    id: Uuid,
    /// When somebody signed in.
    created_at: Instant,
    /// To five minutes, if it is known.
    last_used_at: Option<Instant>,
    /// Whether it is the one that asks.
    current: bool,
    /// What the browser said it was.
    user_agent: Option<String>,
    /// Where it signed in from.
    address: Option<String>,
}

impl View {
    fn new(row: session::Model, current: Uuid) -> Self {
        Self {
            id: row.id,
            created_at: Instant(row.created_at),
            last_used_at: row.last_used_at.map(Instant),
            current: row.id == current,
            user_agent: row.user_agent,
            address: row.address,
        }
    }
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            &format!("{BASE}/developer/change-password"),
            post_with(change_password, |op| {
                extension(op)
                    .id("change-password")
                    .tag(TAG)
                    .summary("Set another password, and end every other session")
            }),
        )
        .api_route(
            &format!("{BASE}/developer/sessions"),
            get_with(list, |op| LIST.document(extension(op).id("list-own-sessions").tag(TAG)))
                .delete_with(end_others, |op| {
                    extension(op)
                        .id("end-other-sessions")
                        .tag(TAG)
                        .summary("End every session but the one that asks")
                }),
        )
        .api_route(
            &format!("{BASE}/developer/sessions/{{sessionId}}"),
            delete_with(end, |op| extension(op).id("end-own-session").tag(TAG)),
        )
}

/// Changes what developers say of themselves; stands beside what shows it.
pub(super) async fn update(
    State(app): State<App>,
    SignedIn { developer, .. }: SignedIn,
    body: Body<ProfileEdit>,
) -> Result<Shown<Me>, Problem> {
    Ok(Shown(usecase::update(&app, &developer, body.0).await?.into()))
}

async fn change_password(
    State(app): State<App>,
    own: OwnSession,
    address: ClientAddress,
    body: Body<PasswordChange>,
) -> Result<NoContent, Problem> {
    usecase::change_password(&app, own, address, body.0).await?;
    Ok(NoContent)
}

async fn list(
    State(app): State<App>,
    own: OwnSession,
    query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    let select = usecase::sessions(&app, own.developer.id);
    let page = query.read(&LIST)?.fetch(app.store.db(), select).await?;
    Ok(Shown(page.show(|row| View::new(row, own.session))))
}

async fn end_others(State(app): State<App>, own: OwnSession) -> Result<NoContent, Problem> {
    usecase::end_other_sessions(&app, &own).await?;
    Ok(NoContent)
}

async fn end(
    State(app): State<App>,
    SignedIn { developer, .. }: SignedIn,
    Ids(ids): Ids<SessionPath>,
) -> Result<NoContent, Problem> {
    usecase::end_session(&app, developer.id, ids.session_id).await?;
    Ok(NoContent)
}

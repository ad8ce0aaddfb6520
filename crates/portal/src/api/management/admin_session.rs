//! `/v3/admin-sessions`: an extension to Konnect's API.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::actor::{AdminSession, ClientAddress, ShownToken};
use crate::api::extension;
use crate::api::reply::{Created, NoContent, Shown};
use crate::api::shape::Instant;
use crate::app::App;
use crate::input::{Body, Optional};
use crate::problem::Problem;
use crate::store::entity::admin_session;
use crate::usecase::admin_session::{self as usecase, NewAdminSession, Proof};

const TAG: &str = "Admin sessions";

/// A session of an administrator, without its token.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AdminSession")]
struct View {
    id: Uuid,
    /// The name of the token that it was made from; `root` is the one in the data directory.
    name: String,
    scopes: Vec<String>,
    /// The only portals that it is for, if it is not for all.
    portal_ids: Option<Vec<String>>,
    /// When it ends at the latest. It ends earlier with its token, and after an hour without use.
    expires_at: Instant,
}

/// A session as it is shown once.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "NewAdminSessionShown")]
struct Once {
    #[serde(flatten)]
    view: View,
    /// What is sent in place of the administrator's token. Nobody will show it again.
    token: String,
}

impl View {
    fn new(proof: &Proof, session: &admin_session::Model) -> Self {
        Self {
            id: session.id,
            name: proof.name().to_owned(),
            scopes: proof.scopes(),
            portal_ids: proof.portal_ids(),
            expires_at: Instant(session.expires_at),
        }
    }
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/v3/admin-sessions",
            post_with(create, |op| {
                extension(op)
                    .id("create-admin-session")
                    .tag(TAG)
                    .summary("Make a session, which may do what the token may do that is shown")
            }),
        )
        .api_route(
            "/v3/admin-sessions/current",
            get_with(show, |op| {
                extension(op)
                    .id("get-current-admin-session")
                    .tag(TAG)
                    .summary("The session that is shown")
            })
            .delete_with(end, |op| {
                extension(op)
                    .id("end-current-admin-session")
                    .tag(TAG)
                    .summary("End the session that is shown")
            }),
        )
}

async fn create(
    State(app): State<App>,
    ShownToken(shown): ShownToken,
    address: ClientAddress,
    _: Body<NewAdminSession, Optional>,
) -> Result<Created<Once>, Problem> {
    let (proof, made, token) = usecase::create(&app, address, shown.expose()).await?;
    let view = View::new(&proof, &made);
    Ok(Created(Once { view, token: token.expose().clone() }))
}

async fn show(AdminSession(proof): AdminSession) -> Result<Shown<View>, Problem> {
    let session = proof.session().ok_or_else(Problem::not_found)?;
    Ok(Shown(View::new(&proof, session)))
}

async fn end(
    State(app): State<App>,
    AdminSession(proof): AdminSession,
) -> Result<NoContent, Problem> {
    let session = proof.session().cloned().ok_or_else(Problem::not_found)?;
    usecase::end(&app, session).await?;
    Ok(NoContent)
}

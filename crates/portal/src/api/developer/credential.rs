//! Keys of a developer's own applications: `applications/{applicationId}/credentials`.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, put_with};
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::Serialize;

use super::BASE;
use crate::actor::{ClientAddress, SignedIn};
use crate::api::reply::{Created, Done, NoContent, Shown};
use crate::api::shape::{ApplicationPath, CredentialPath};
use crate::api::view::{CREDENTIAL_LIST, CredentialView};
use crate::app::App;
use crate::input::{Body, Ids, Optional};
use crate::list::{ListQuery, Paged};
use crate::problem::Problem;
use crate::store::entity::credential::{self, Column};
use crate::usecase::application;
use crate::usecase::credential::{self as usecase, CredentialEdit, NewCredential};

const TAG: &str = "Credentials";

/// A new key: the only answer that shows it.
#[derive(Serialize, JsonSchema)]
struct NewKey {
    #[serde(flatten)]
    view: CredentialView,
    /// The key itself.
    credential: String,
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            &format!("{BASE}/applications/{{applicationId}}/credentials"),
            get_with(list, |op| CREDENTIAL_LIST.document(op.id("list-credentials").tag(TAG)))
                .post_with(create, |op| op.id("create-credential").tag(TAG)),
        )
        .api_route(
            &format!("{BASE}/applications/{{applicationId}}/credentials/{{credentialId}}"),
            put_with(rename, |op| op.id("update-credential").tag(TAG))
                .delete_with(delete, |op| op.id("delete-credential").tag(TAG)),
        )
}

async fn list(
    State(app): State<App>,
    SignedIn { developer, .. }: SignedIn,
    Ids(ids): Ids<ApplicationPath>,
    query: ListQuery,
) -> Result<Shown<Paged<CredentialView>>, Problem> {
    let db = app.store.db();
    let found = application::find_own(db, &developer, ids.application_id).await?;
    let select = credential::Entity::find().filter(Column::ApplicationId.eq(found.id));
    let page = query.read(&CREDENTIAL_LIST)?.fetch(db, select).await?;
    let now = app.clock.now();
    Ok(Shown(page.show(|row| CredentialView::of(row, now))))
}

async fn create(
    State(app): State<App>,
    SignedIn { developer, .. }: SignedIn,
    ClientAddress(address): ClientAddress,
    Ids(ids): Ids<ApplicationPath>,
    body: Body<NewCredential, Optional>,
) -> Result<Created<NewKey>, Problem> {
    let (made, key) =
        usecase::create(&app, &developer, ids.application_id, address, body.0).await?;
    let view = CredentialView::of(made, app.clock.now());
    Ok(Created(NewKey { view, credential: key.expose().clone() }))
}

async fn rename(
    State(app): State<App>,
    SignedIn { developer, .. }: SignedIn,
    Ids(ids): Ids<CredentialPath>,
    body: Body<CredentialEdit>,
) -> Result<Done, Problem> {
    usecase::rename(&app, &developer, ids.application_id, ids.credential_id, body.0).await?;
    Ok(Done)
}

async fn delete(
    State(app): State<App>,
    SignedIn { developer, .. }: SignedIn,
    Ids(ids): Ids<CredentialPath>,
) -> Result<NoContent, Problem> {
    usecase::delete(&app, &developer, ids.application_id, ids.credential_id).await?;
    Ok(NoContent)
}

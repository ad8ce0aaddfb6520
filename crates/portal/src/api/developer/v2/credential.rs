//! Keys of a developer's own applications: `applications/{applicationId}/credentials`. They are
//! renamed and deleted as below `/api/v3`.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use uuid::Uuid;

use super::BASE;
use crate::actor::{ClientAddress, SignedIn};
use crate::api::reply::{Created, Shown};
use crate::api::shape::ApplicationPath;
use crate::api::view::CREDENTIAL_LIST;
use crate::app::App;
use crate::input::{Body, Ids, Optional};
use crate::list::{ListQuery, Paged};
use crate::problem::Problem;
use crate::store::entity::credential;
use crate::usecase::client::CLIENT;
use crate::usecase::credential::{self as usecase, NewCredential, UNNAMED};
use crate::usecase::{application, strategy};

const TAG: &str = "Credentials of v2";

/// A key, without the key.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CredentialV2")]
struct View {
    id: Uuid,
    display_name: String,
}

/// A new key: the only answer that shows it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "NewCredentialV2")]
struct NewKey {
    id: Uuid,
    display_name: String,
    credential: String,
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new().api_route(
        &format!("{BASE}/applications/{{applicationId}}/credentials"),
        get_with(list, |op| CREDENTIAL_LIST.document(op.id("list-credentials-v2").tag(TAG)))
            .post_with(create, |op| op.id("create-credential-v2").tag(TAG)),
    )
}

async fn list(
    State(app): State<App>,
    SignedIn { developer, .. }: SignedIn,
    Ids(ids): Ids<ApplicationPath>,
    query: ListQuery,
) -> Result<Shown<Paged<View>>, Problem> {
    let db = app.store.db();
    let found = application::find_own(db, &developer, ids.application_id).await?;
    if strategy::find(db, found.strategy_id).await?.kind != strategy::KEY_AUTH {
        return Err(Problem::conflict("The auth strategy of the application has no API keys"));
    }
    let keys = credential::Entity::find()
        .filter(credential::Column::ApplicationId.eq(found.id))
        .filter(credential::Column::Scheme.ne(CLIENT));
    let page = query.read(&CREDENTIAL_LIST)?.fetch(db, keys).await?;
    Ok(Shown(page.show(|row| View {
        id: row.id,
        display_name: row.display_name.unwrap_or_else(|| UNNAMED.into()),
    })))
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
    Ok(Created(NewKey {
        id: made.id,
        display_name: made.display_name.unwrap_or_else(|| UNNAMED.into()),
        credential: key.expose().clone(),
    }))
}

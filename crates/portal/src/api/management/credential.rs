//! `/v3/portals/{portalId}/applications/{applicationId}/credentials`: Konnect lists them; that an
//! administrator makes, imports, changes, rotates and deletes keys is an extension.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;

use crate::actor::Admin;
use crate::api::extension;
use crate::api::reply::{Created, NoContent, Shown};
use crate::api::shape::{ApplicationPath, CredentialPath};
use crate::api::view::{
    CREDENTIAL_LIST, CredentialDetail, CredentialItem, NewKey, RotatedKey, credentials,
};
use crate::app::App;
use crate::input::{Body, Ids, Optional};
use crate::list::{ListQuery, Paged};
use crate::problem::Problem;
use crate::usecase::application;
use crate::usecase::credential::origin::{self, AdminCredential};
use crate::usecase::credential::rotation::{self, Rotation};
use crate::usecase::credential::{self as usecase, Actor, Edit};

const TAG: &str = "Applications";

pub(super) fn routes() -> ApiRouter<App> {
    const BASE: &str = "/v3/portals/{portalId}/applications/{applicationId}/credentials";
    ApiRouter::new()
        .api_route(
            BASE,
            get_with(list, |op| {
                CREDENTIAL_LIST.document(op.id("list-credentials-by-application").tag(TAG))
            })
            .post_with(create, |op| {
                extension(op)
                    .id("create-credential-by-application")
                    .tag(TAG)
                    .summary("Makes a key, or takes over one that exists (extension)")
            }),
        )
        .api_route(
            &format!("{BASE}/{{credentialId}}"),
            get_with(show, |op| extension(op).id("get-credential-by-application").tag(TAG))
                .patch_with(update, |op| {
                    extension(op).id("update-credential-by-application").tag(TAG)
                })
                .delete_with(delete, |op| {
                    extension(op).id("delete-credential-by-application").tag(TAG)
                }),
        )
        .api_route(
            &format!("{BASE}/{{credentialId}}/rotate"),
            post_with(rotate, |op| {
                extension(op)
                    .id("rotate-credential-by-application")
                    .tag(TAG)
                    .summary("Makes a key's successor; both are honoured for a while (extension)")
            }),
        )
}

async fn list(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ApplicationPath>,
    query: ListQuery,
) -> Result<Shown<Paged<CredentialItem>>, Problem> {
    let found = application::find(app.store.db(), ids.portal_id, ids.application_id).await?;
    credentials(&app, &found, query).await.map(Shown)
}

async fn create(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<ApplicationPath>,
    body: Body<AdminCredential, Optional>,
) -> Result<Created<NewKey>, Problem> {
    let made = origin::create(&app, ids.portal_id, ids.application_id, body.0).await?;
    let (made, key) = made;
    Ok(Created(NewKey::of(made, key.as_ref(), app.clock.now())))
}

async fn show(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<CredentialPath>,
) -> Result<Shown<CredentialDetail>, Problem> {
    let db = app.store.db();
    let application = application::find(db, ids.portal_id, ids.application_id).await?;
    let found = usecase::find(db, application.id, ids.credential_id).await?;
    Ok(Shown(CredentialDetail::of(found, app.clock.now())))
}

async fn update(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<CredentialPath>,
    body: Body<Edit>,
) -> Result<Shown<CredentialDetail>, Problem> {
    let CredentialPath { portal_id, application_id, credential_id } = ids;
    let after =
        usecase::edit(&app, Actor::Admin(portal_id), application_id, credential_id, body.0).await?;
    Ok(Shown(CredentialDetail::of(after, app.clock.now())))
}

async fn delete(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<CredentialPath>,
) -> Result<NoContent, Problem> {
    let admin = Actor::Admin(ids.portal_id);
    usecase::delete(&app, admin, ids.application_id, ids.credential_id).await?;
    Ok(NoContent)
}

async fn rotate(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<CredentialPath>,
    body: Body<Rotation, Optional>,
) -> Result<Created<RotatedKey>, Problem> {
    let admin = Actor::Admin(ids.portal_id);
    let (application, credential) = (ids.application_id, ids.credential_id);
    let done = rotation::rotate(&app, admin, None, application, credential, body.0).await?;
    Ok(Created(RotatedKey::of(done, app.clock.now())))
}

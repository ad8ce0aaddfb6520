//! Keys of a developer's own applications: `applications/{applicationId}/credentials`.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with, put_with};
use axum::extract::State;
use gatekey_dcr::RemoteSecret;
use uuid::Uuid;

use super::BASE;
use crate::actor::{ClientAddress, SignedIn};
use crate::api::extension;
use crate::api::reply::{Created, Done, NoContent, Shown};
use crate::api::shape::{AnyCredentialPath, ApplicationPath};
use crate::api::view::{
    CREDENTIAL_LIST, ClientSecretView, CredentialDetail, CredentialItem, NewKey, RotatedKey,
    credential_details, credentials,
};
use crate::app::App;
use crate::input::{Body, Ids, Optional};
use crate::list::{ListQuery, Paged};
use crate::problem::{Invalid, Problem};
use crate::throttle::{Act, By};
use crate::usecase::application;
use crate::usecase::client::secret;
use crate::usecase::credential::rotation::{self, Rotation};
use crate::usecase::credential::{self as usecase, Actor, CredentialEdit, Edit, NewCredential};

const TAG: &str = "Credentials";

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
                .delete_with(delete, |op| op.id("delete-credential").tag(TAG))
                .get_with(show, |op| extension(op).id("get-credential").tag(TAG))
                .patch_with(edit, |op| {
                    extension(op)
                        .id("edit-credential")
                        .tag(TAG)
                        .summary("Renames a key, or has it end earlier (extension)")
                }),
        )
        .api_route(
            &format!("{BASE}/applications/{{applicationId}}/credential-details"),
            get_with(details, |op| {
                let op = extension(op).id("list-credential-details").tag(TAG);
                CREDENTIAL_LIST
                    .document(op)
                    .summary("Keys with their last use and rotation (extension)")
            }),
        )
        .api_route(
            &format!("{BASE}/applications/{{applicationId}}/credentials/{{credentialId}}/rotate"),
            post_with(rotate, |op| {
                extension(op)
                    .id("rotate-credential")
                    .tag(TAG)
                    .summary("Makes a key's successor; both are honoured for a while (extension)")
            }),
        )
}

async fn list(
    State(app): State<App>,
    SignedIn { developer, .. }: SignedIn,
    Ids(ids): Ids<ApplicationPath>,
    query: ListQuery,
) -> Result<Shown<Paged<CredentialItem>>, Problem> {
    let found = application::find_own(app.store.db(), &developer, ids.application_id).await?;
    credentials(&app, &found, query).await.map(Shown)
}

async fn create(
    State(app): State<App>,
    SignedIn { developer, .. }: SignedIn,
    ClientAddress(address): ClientAddress,
    Ids(ids): Ids<ApplicationPath>,
    body: Body<NewCredential, Optional>,
) -> Result<Created<NewKey>, Problem> {
    let found = application::find_own(app.store.db(), &developer, ids.application_id).await?;
    if found.client_id.is_some() {
        app.throttles.count(Act::NewKey, By::Address(address), app.clock.now()).await?;
        let name = body.0.display_name.value();
        let issued = secret::add(&app, &found, name.clone()).await?;
        let id = issued.id.unwrap_or_default();
        let now = u64::try_from(app.clock.now() / 1_000).ok();
        let expires_at = issued.expires_at;
        let kept = RemoteSecret { id, display_name: name, created_at: now, expires_at };
        return Ok(Created(NewKey {
            view: CredentialItem::ClientSecret(ClientSecretView::of(&issued.client_id, kept)),
            credential: None,
            client_secret: Some(issued.secret.expose().clone()),
        }));
    }
    let (made, key) =
        usecase::create(&app, &developer, ids.application_id, address, body.0).await?;
    Ok(Created(NewKey::of(made, Some(&key), app.clock.now())))
}

async fn show(
    State(app): State<App>,
    SignedIn { developer, .. }: SignedIn,
    Ids(ids): Ids<AnyCredentialPath>,
) -> Result<Shown<CredentialDetail>, Problem> {
    let db = app.store.db();
    let found = application::find_own(db, &developer, ids.application_id).await?;
    let key = usecase::find(db, found.id, key_id(&ids)?).await?;
    Ok(Shown(CredentialDetail::of(key, app.clock.now())))
}

async fn details(
    State(app): State<App>,
    SignedIn { developer, .. }: SignedIn,
    Ids(ids): Ids<ApplicationPath>,
    query: ListQuery,
) -> Result<Shown<Paged<CredentialDetail>>, Problem> {
    let found = application::find_own(app.store.db(), &developer, ids.application_id).await?;
    credential_details(&app, &found, query).await.map(Shown)
}

async fn edit(
    State(app): State<App>,
    SignedIn { developer, .. }: SignedIn,
    Ids(ids): Ids<AnyCredentialPath>,
    body: Body<Edit>,
) -> Result<Shown<CredentialDetail>, Problem> {
    let (owner, id) = (Actor::Owner(&developer), key_id(&ids)?);
    let edited = usecase::edit(&app, owner, ids.application_id, id, body.0).await?;
    Ok(Shown(CredentialDetail::of(edited, app.clock.now())))
}

async fn rotate(
    State(app): State<App>,
    SignedIn { developer, .. }: SignedIn,
    ClientAddress(address): ClientAddress,
    Ids(ids): Ids<AnyCredentialPath>,
    body: Body<Rotation, Optional>,
) -> Result<Created<RotatedKey>, Problem> {
    let (owner, address) = (Actor::Owner(&developer), Some(address));
    let (application, id) = (ids.application_id, key_id(&ids)?);
    let done = rotation::rotate(&app, owner, address, application, id, body.0).await?;
    Ok(Created(RotatedKey::of(done, app.clock.now())))
}

async fn rename(
    State(app): State<App>,
    SignedIn { developer, .. }: SignedIn,
    Ids(ids): Ids<AnyCredentialPath>,
    body: Body<CredentialEdit>,
) -> Result<Done, Problem> {
    let found = application::find_own(app.store.db(), &developer, ids.application_id).await?;
    if found.client_id.is_some() {
        let reason = "the identity provider's secrets keep the names they were made with";
        let invalid = Invalid::body("display_name", "invalid", reason);
        return Err(Problem::one_invalid(invalid));
    }
    let id = key_id(&ids)?;
    usecase::rename(&app, &developer, ids.application_id, id, body.0).await?;
    Ok(Done)
}

async fn delete(
    State(app): State<App>,
    SignedIn { developer, .. }: SignedIn,
    Ids(ids): Ids<AnyCredentialPath>,
) -> Result<NoContent, Problem> {
    let found = application::find_own(app.store.db(), &developer, ids.application_id).await?;
    if found.client_id.is_some() {
        secret::remove(&app, &found, ids.credential_id).await?;
        return Ok(NoContent);
    }
    let id = key_id(&ids)?;
    usecase::delete(&app, Actor::Owner(&developer), ids.application_id, id).await?;
    Ok(NoContent)
}

fn key_id(ids: &AnyCredentialPath) -> Result<Uuid, Problem> {
    Uuid::try_parse(&ids.credential_id).map_err(|_| Problem::not_found())
}

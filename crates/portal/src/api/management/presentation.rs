//! How a portal looks: `/v3/portals/{portalId}/customization`, `integrations`, `assets`,
//! `default-content`.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;

use crate::actor::Admin;
use crate::api::media::Image;
use crate::api::reply::{Created, Shown};
use crate::api::shape::PortalPath;
use crate::app::App;
use crate::input::{Body, Ids, Optional, Text};
use crate::problem::Problem;
use crate::usecase::image::NewImage;
use crate::usecase::portal;
use crate::usecase::presentation::{
    self as usecase, Customization, Integrations, IntegrationsEdit, Part, Shaped,
};

const TAG: &str = "Portal looks";

/// An image as a data URL.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PortalImage")]
struct ImageView {
    data: String,
}

/// What was made of what a portal can start with.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DefaultContent")]
struct DefaultContent {
    /// Paths.
    pages: Vec<String>,
    /// Names.
    snippets: Vec<String>,
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/v3/portals/{portalId}/customization",
            get_with(customization, |op| op.id("get-portal-customization").tag(TAG))
                .put_with(replace_customization, |op| {
                    op.id("replace-portal-customization").tag(TAG)
                })
                .patch_with(update_customization, |op| {
                    op.id("update-portal-customization").tag(TAG)
                }),
        )
        .api_route(
            "/v3/portals/{portalId}/integrations",
            get_with(integrations, |op| op.id("get-portal-integrations").tag(TAG))
                .put_with(replace_integrations, |op| op.id("upsert-portal-integrations").tag(TAG))
                .patch_with(update_integrations, |op| op.id("update-portal-integrations").tag(TAG)),
        )
        .api_route(
            "/v3/portals/{portalId}/default-content",
            post_with(defaults, |op| op.id("create-default-content").tag(TAG)),
        )
        .merge(image(Part::Logo, "logo"))
        .merge(image(Part::Favicon, "favicon"))
}

fn image(part: Part, name: &str) -> ApiRouter<App> {
    let path = format!("/v3/portals/{{portalId}}/assets/{name}");
    let show = move |_: Admin, State(app): State<App>, Ids(ids): Ids<PortalPath>| async move {
        let db = app.store.db();
        portal::find(db, ids.portal_id).await?;
        let data = usecase::image(db, ids.portal_id, part).await?;
        Ok::<_, Problem>(Shown(ImageView { data }))
    };
    let put = move |_: Admin,
                    State(app): State<App>,
                    Ids(ids): Ids<PortalPath>,
                    body: Body<NewImage, Text>| async move {
        let data = usecase::put_image(&app, ids.portal_id, part, body.0).await?;
        Ok::<_, Problem>(Shown(ImageView { data }))
    };
    let raw = move |_: Admin, State(app): State<App>, Ids(ids): Ids<PortalPath>| async move {
        let db = app.store.db();
        portal::find(db, ids.portal_id).await?;
        usecase::image_bytes(db, ids.portal_id, part).await.map(Image)
    };
    let id = |verb: &str, end: &str| format!("{verb}-portal-asset-{name}{end}");
    let (get_id, put_id, raw_id) = (id("get", ""), id("replace", ""), id("get", "-raw"));
    ApiRouter::new()
        .api_route(
            &path,
            get_with(show, |op| op.id(&get_id).tag(TAG))
                .put_with(put, |op| op.id(&put_id).tag(TAG)),
        )
        .api_route(&format!("{path}/raw"), get_with(raw, |op| op.id(&raw_id).tag(TAG)))
}

async fn customization(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
) -> Result<Shown<Shaped<Customization>>, Problem> {
    let db = app.store.db();
    portal::find(db, ids.portal_id).await?;
    let members = usecase::members(db, ids.portal_id, Part::Customization).await?;
    Ok(Shown(Shaped::of(members)))
}

async fn replace_customization(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
    body: Body<Shaped<Customization>, Optional>,
) -> Result<Shown<Shaped<Customization>>, Problem> {
    let after = usecase::replace_customization(&app, ids.portal_id, body.0).await?;
    Ok(Shown(Shaped::of(after)))
}

async fn update_customization(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
    body: Body<Shaped<Customization>, Optional>,
) -> Result<Shown<Shaped<Customization>>, Problem> {
    let after = usecase::update_customization(&app, ids.portal_id, body.0).await?;
    Ok(Shown(Shaped::of(after)))
}

async fn integrations(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
) -> Result<Shown<Shaped<Integrations>>, Problem> {
    let db = app.store.db();
    portal::find(db, ids.portal_id).await?;
    let members = usecase::members(db, ids.portal_id, Part::Integrations).await?;
    Ok(Shown(Shaped::of(members)))
}

async fn replace_integrations(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
    body: Body<Shaped<Integrations>, Optional>,
) -> Result<Shown<Shaped<Integrations>>, Problem> {
    let after = usecase::replace_integrations(&app, ids.portal_id, body.0).await?;
    Ok(Shown(Shaped::of(after)))
}

async fn update_integrations(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
    body: Body<Shaped<IntegrationsEdit>, Optional>,
) -> Result<Shown<Shaped<Integrations>>, Problem> {
    let after = usecase::update_integrations(&app, ids.portal_id, body.0).await?;
    Ok(Shown(Shaped::of(after)))
}

async fn defaults(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
) -> Result<Created<DefaultContent>, Problem> {
    let pages = usecase::defaults(&app, ids.portal_id).await?;
    Ok(Created(DefaultContent { pages, snippets: Vec::new() }))
}

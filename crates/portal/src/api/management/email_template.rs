//! `/v3/portals/email-templates` and `/v3/portals/{portalId}/email-templates`.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::actor::Admin;
use crate::api::reply::{NoContent, Shown};
use crate::api::shape::{Instant, PortalPath};
use crate::app::App;
use crate::input::{Body, Ids};
use crate::mail::{Content, Template, VARIABLES};
use crate::problem::Problem;
use crate::store::entity::mail_template;
use crate::usecase::email::{self as usecase, TemplateEdit, Trial};

const TAG: &str = "Portal emails";

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct DefaultPath {
    template_name: String,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct OwnPath {
    portal_id: Uuid,
    template_name: String,
}

/// The words of an e-mail.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "EmailTemplateContent")]
struct DefaultContent {
    subject: String,
    title: String,
    body: String,
    button_label: String,
}

impl From<Content> for DefaultContent {
    fn from(Content { subject, title, body, button_label }: Content) -> Self {
        Self { subject, title, body, button_label }
    }
}

/// The words that a portal has of its own; null where the default stands.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OwnEmailTemplateContent")]
struct OwnContent {
    subject: Option<String>,
    title: Option<String>,
    body: Option<String>,
    button_label: Option<String>,
}

/// A template as it is where no portal has its own.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DefaultEmailTemplate")]
struct DefaultView {
    name: &'static str,
    label: &'static str,
    default_content: DefaultContent,
    variables: Vec<&'static str>,
}

impl From<Template> for DefaultView {
    fn from(template: Template) -> Self {
        Self {
            name: template.name(),
            label: template.label(),
            default_content: template.content().into(),
            variables: template.variables(),
        }
    }
}

/// A template of a portal.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "EmailTemplate")]
struct OwnView {
    #[serde(flatten)]
    default: DefaultView,
    content: Option<OwnContent>,
    enabled: bool,
    created_at: Instant,
    updated_at: Instant,
}

impl OwnView {
    fn new(template: Template, own: mail_template::Model) -> Self {
        let content = OwnContent {
            subject: own.subject,
            title: own.title,
            body: own.body,
            button_label: own.button_label,
        };
        let OwnContent { subject, title, body, button_label } = &content;
        let has_words = [subject, title, body, button_label].iter().any(|part| part.is_some());
        Self {
            default: template.into(),
            content: has_words.then_some(content),
            enabled: own.enabled,
            created_at: Instant(own.created_at),
            updated_at: Instant(own.updated_at),
        }
    }
}

/// A variable of templates.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "EmailTemplateVariable")]
struct VariableView {
    name: &'static str,
    description: &'static str,
    /// The templates that it has a value in.
    scope: Vec<&'static str>,
    example: &'static str,
}

/// A list that is shown whole.
#[derive(Debug, Serialize, JsonSchema)]
struct All<T> {
    data: Vec<T>,
}

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/v3/portals/email-templates",
            get_with(list_defaults, |op| op.id("list-default-email-templates").tag(TAG)),
        )
        .api_route(
            "/v3/portals/email-templates/variables",
            get_with(list_variables, |op| op.id("list-email-template-variables").tag(TAG)),
        )
        .api_route(
            "/v3/portals/email-templates/{templateName}",
            get_with(show_default, |op| op.id("get-default-email-template").tag(TAG)),
        )
        .api_route(
            "/v3/portals/{portalId}/email-templates",
            get_with(list, |op| op.id("list-portal-custom-email-templates").tag(TAG)),
        )
        .api_route(
            "/v3/portals/{portalId}/email-templates/{templateName}",
            get_with(show, |op| op.id("get-portal-custom-email-template").tag(TAG))
                .patch_with(update, |op| op.id("update-portal-custom-email-template").tag(TAG))
                .delete_with(reset, |op| op.id("delete-portal-custom-email-template").tag(TAG)),
        )
        .api_route(
            "/v3/portals/{portalId}/email-templates/{templateName}/send-test-email",
            post_with(try_out, |op| op.id("post-portal-custom-email-test-send").tag(TAG)),
        )
}

async fn list_defaults(_: Admin) -> Shown<All<DefaultView>> {
    Shown(All { data: Template::ALL.into_iter().map(DefaultView::from).collect() })
}

async fn list_variables(_: Admin) -> Shown<All<VariableView>> {
    let data = VARIABLES.into_iter().map(|variable| {
        let has = |template: &Template| template.variables().contains(&variable.name);
        let scope = Template::ALL.into_iter().filter(has).map(Template::name).collect();
        let (name, description) = (variable.name, variable.description);
        VariableView { name, description, scope, example: variable.example }
    });
    Shown(All { data: data.collect() })
}

async fn show_default(
    _: Admin,
    Ids(path): Ids<DefaultPath>,
) -> Result<Shown<DefaultView>, Problem> {
    Ok(Shown(usecase::template(&path.template_name)?.into()))
}

async fn list(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
) -> Result<Shown<All<OwnView>>, Problem> {
    let own = usecase::all(app.store.db(), ids.portal_id).await?;
    let named = |own: mail_template::Model| {
        let template = Template::parse(&own.name)?;
        Some(OwnView::new(template, own))
    };
    Ok(Shown(All { data: own.into_iter().filter_map(named).collect() }))
}

async fn show(
    _: Admin,
    State(app): State<App>,
    Ids(path): Ids<OwnPath>,
) -> Result<Shown<OwnView>, Problem> {
    let template = usecase::template(&path.template_name)?;
    let own = usecase::find(app.store.db(), path.portal_id, template).await?;
    Ok(Shown(OwnView::new(template, own.ok_or_else(Problem::not_found)?)))
}

async fn update(
    _: Admin,
    State(app): State<App>,
    Ids(path): Ids<OwnPath>,
    body: Body<TemplateEdit>,
) -> Result<Shown<OwnView>, Problem> {
    let template = usecase::template(&path.template_name)?;
    let own = usecase::update(&app, path.portal_id, template, body.0).await?;
    Ok(Shown(OwnView::new(template, own)))
}

async fn reset(
    _: Admin,
    State(app): State<App>,
    Ids(path): Ids<OwnPath>,
) -> Result<NoContent, Problem> {
    let template = usecase::template(&path.template_name)?;
    usecase::reset(&app, path.portal_id, template).await?;
    Ok(NoContent)
}

async fn try_out(
    _: Admin,
    State(app): State<App>,
    Ids(path): Ids<OwnPath>,
    body: Body<Trial>,
) -> Result<NoContent, Problem> {
    let template = usecase::template(&path.template_name)?;
    usecase::try_out(&app, path.portal_id, template, body.0).await?;
    Ok(NoContent)
}

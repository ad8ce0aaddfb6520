//! `/v3/portals/{portalId}/identity-providers`, their mappings of groups to teams, and
//! `/v3/portals/{portalId}/authentication-settings`.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use uuid::Uuid;

use crate::actor::Admin;
use crate::api::reply::{Created, NoContent, Shown};
use crate::api::shape::{IdentityProviderPath, Instant, MappingPath, PortalPath};
use crate::app::App;
use crate::cursor::{Cursor, CursorMeta};
use crate::dcr::metadata::strings;
use crate::input::{Body, Ids, is_uuid};
use crate::list::{ListQuery, ListSpec, Paged};
use crate::problem::{Invalid, Problem};
use crate::store::entity::team_group_mapping::Column;
use crate::store::entity::{identity_provider, team_group_mapping};
use crate::usecase::identity_provider::mapping::{MappingsEdit, NewMapping, TeamGroups};
use crate::usecase::identity_provider::settings::SettingsEdit;
use crate::usecase::identity_provider::{
    self as usecase, ClaimMappings, NewProvider, ProviderEdit, mapping, settings,
};
use crate::usecase::portal;

const TAG: &str = "Portal authentication";
const BASE: &str = "/v3/portals/{portalId}";

/// Groups of teams can only be paged.
const TEAM_GROUPS: ListSpec = ListSpec { filters: &[], sorts: &[], order: Vec::new };

/// An identity provider, without its secret.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "IdentityProvider")]
struct View {
    id: Uuid,
    #[serde(rename = "type")]
    kind: String,
    enabled: bool,
    config: Config,
    created_at: Instant,
    updated_at: Instant,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "IdentityProviderConfig")]
struct Config {
    issuer_url: String,
    client_id: String,
    scopes: Vec<String>,
    claim_mappings: ClaimMappings,
}

impl From<identity_provider::Model> for View {
    fn from(row: identity_provider::Model) -> Self {
        Self {
            config: Config {
                scopes: strings(&row.scopes),
                claim_mappings: row.claims(),
                issuer_url: row.issuer,
                client_id: row.client_id,
            },
            id: row.id,
            kind: row.kind,
            enabled: row.enabled,
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        }
    }
}

/// That a group makes somebody a member of a team.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TeamGroupMapping")]
struct Mapping {
    id: Uuid,
    team_id: Uuid,
    group: String,
    created_at: Instant,
    updated_at: Instant,
}

impl From<team_group_mapping::Model> for Mapping {
    fn from(row: team_group_mapping::Model) -> Self {
        Self {
            id: row.id,
            team_id: row.team_id,
            group: row.group_name,
            created_at: Instant(row.created_at),
            updated_at: Instant(row.updated_at),
        }
    }
}

/// A page of mappings.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TeamGroupMappings")]
struct Mappings {
    meta: MappingsMeta,
    data: Vec<Mapping>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TeamGroupMappingsMeta")]
struct MappingsMeta {
    page: CursorMeta,
}

/// How developers sign in, and what gives them teams.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AuthenticationSettings")]
struct Settings {
    /// Whether a password does.
    basic_auth_enabled: bool,
    /// Whether an identity provider is enabled.
    oidc_auth_enabled: bool,
    /// SAML is left out.
    saml_auth_enabled: bool,
    /// The same as `idp_mapping_enabled`.
    oidc_team_mapping_enabled: bool,
    /// Whether groups of the identity provider give teams.
    idp_mapping_enabled: bool,
    /// Whether teams that have no group are left to administrators.
    konnect_mapping_enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    oidc_config: Option<OidcConfig>,
}

/// The identity provider, as it was shown once.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AuthenticationOidcConfig")]
struct OidcConfig {
    issuer: String,
    client_id: String,
    scopes: Vec<String>,
    claim_mappings: ClaimMappings,
}

pub(super) fn routes() -> ApiRouter<App> {
    let providers = format!("{BASE}/identity-providers");
    let mappings = format!("{providers}/{{id}}/team-group-mappings");
    ApiRouter::new()
        .api_route(
            &providers,
            get_with(list, |op| op.id("get-portal-identity-providers").tag(TAG))
                .post_with(create, |op| op.id("create-portal-identity-provider").tag(TAG)),
        )
        .api_route(
            &format!("{providers}/{{id}}"),
            get_with(show, |op| op.id("get-portal-identity-provider").tag(TAG))
                .patch_with(update, |op| op.id("update-portal-identity-provider").tag(TAG))
                .delete_with(delete, |op| op.id("delete-portal-identity-provider").tag(TAG)),
        )
        .api_route(
            &mappings,
            get_with(list_mappings, |op| op.id("list-portal-idp-team-group-mappings").tag(TAG))
                .post_with(create_mapping, |op| {
                    op.id("create-portal-idp-team-group-mapping").tag(TAG)
                }),
        )
        .api_route(
            &format!("{mappings}/{{mappingId}}"),
            get_with(show_mapping, |op| op.id("get-portal-idp-team-group-mapping").tag(TAG))
                .delete_with(delete_mapping, |op| {
                    op.id("delete-portal-idp-team-group-mapping").tag(TAG)
                }),
        )
        .api_route(
            &format!("{BASE}/identity-provider/team-group-mappings"),
            get_with(list_groups, |op| {
                TEAM_GROUPS.document(op.id("list-portal-team-group-mappings").tag(TAG))
            })
            .patch_with(update_groups, |op| op.id("update-portal-team-group-mappings").tag(TAG)),
        )
        .api_route(
            &format!("{BASE}/authentication-settings"),
            get_with(show_settings, |op| op.id("get-portal-authentication-settings").tag(TAG))
                .patch_with(update_settings, |op| {
                    op.id("update-portal-authentication-settings").tag(TAG)
                }),
        )
}

/// Takes a filter that can only be compared for being equal.
fn equal(query: &mut ListQuery, name: &str) -> Option<(String, String)> {
    let operator = format!("filter[{name}][eq]");
    let short = format!("filter[{name}]");
    let value = query.take(&operator).map(|value| (operator, value));
    value.or_else(|| query.take(&short).map(|value| (short, value)))
}

async fn list(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
    mut query: ListQuery,
) -> Result<Shown<Vec<View>>, Problem> {
    let db = app.store.db();
    let kind = equal(&mut query, "type").map(|(_, kind)| kind);
    query.nothing_else()?;
    portal::find(db, ids.portal_id).await?;
    let rows = usecase::of_portal(db, ids.portal_id).await?.into_iter();
    let rows = rows.filter(|row| kind.as_ref().is_none_or(|kind| row.kind == *kind));
    Ok(Shown(rows.map(View::from).collect()))
}

async fn create(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
    body: Body<NewProvider>,
) -> Result<Created<View>, Problem> {
    Ok(Created(usecase::create(&app, ids.portal_id, body.0).await?.into()))
}

async fn show(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<IdentityProviderPath>,
) -> Result<Shown<View>, Problem> {
    Ok(Shown(usecase::find(app.store.db(), ids.portal_id, ids.id).await?.into()))
}

async fn update(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<IdentityProviderPath>,
    body: Body<ProviderEdit>,
) -> Result<Shown<View>, Problem> {
    Ok(Shown(usecase::update(&app, ids.portal_id, ids.id, body.0).await?.into()))
}

async fn delete(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<IdentityProviderPath>,
) -> Result<NoContent, Problem> {
    usecase::delete(&app, ids.portal_id, ids.id).await?;
    Ok(NoContent)
}

async fn list_mappings(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<IdentityProviderPath>,
    mut query: ListQuery,
) -> Result<Shown<Mappings>, Problem> {
    let db = app.store.db();
    let cursor = Cursor::take(&mut query)?;
    let (team, group) = (equal(&mut query, "team_id"), equal(&mut query, "group"));
    query.nothing_else()?;
    let provider = usecase::find(db, ids.portal_id, ids.id).await?;
    let mut select = team_group_mapping::Entity::find().filter(Column::ProviderId.eq(provider.id));
    let mut filters = Vec::new();
    if let Some((name, text)) = team {
        let id = Some(&text).filter(|text| is_uuid(text));
        let id = id.and_then(|text| Uuid::try_parse(text).ok()).ok_or_else(|| {
            Problem::one_invalid(Invalid::query(name, "is_uuid", "must be a UUID"))
        })?;
        select = select.filter(Column::TeamId.eq(id));
        filters.push(("filter[team_id][eq]", text));
    }
    if let Some((_, text)) = group {
        select = select.filter(Column::GroupName.eq(&text));
        filters.push(("filter[group][eq]", text));
    }
    let path =
        format!("/v3/portals/{}/identity-providers/{}/team-group-mappings", ids.portal_id, ids.id);
    let place = (path.as_str(), filters.as_slice());
    let (rows, page) = cursor.fetch(db, select, Column::Id, |row| row.id, place).await?;
    let data = rows.into_iter().map(Mapping::from).collect();
    Ok(Shown(Mappings { meta: MappingsMeta { page }, data }))
}

async fn create_mapping(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<IdentityProviderPath>,
    body: Body<NewMapping>,
) -> Result<Created<Mapping>, Problem> {
    Ok(Created(mapping::create(&app, ids.portal_id, ids.id, body.0).await?.into()))
}

async fn show_mapping(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<MappingPath>,
) -> Result<Shown<Mapping>, Problem> {
    let db = app.store.db();
    let provider = usecase::find(db, ids.portal_id, ids.id).await?;
    Ok(Shown(mapping::find_one(db, provider.id, ids.mapping_id).await?.into()))
}

async fn delete_mapping(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<MappingPath>,
) -> Result<NoContent, Problem> {
    mapping::delete(&app, ids.portal_id, ids.id, ids.mapping_id).await?;
    Ok(NoContent)
}

async fn list_groups(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
    query: ListQuery,
) -> Result<Shown<Paged<TeamGroups>>, Problem> {
    let query = query.read(&TEAM_GROUPS)?;
    Ok(Shown(query.page_of(mapping::by_team(app.store.db(), ids.portal_id).await?)))
}

async fn update_groups(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
    query: ListQuery,
    body: Body<MappingsEdit>,
) -> Result<Shown<Paged<TeamGroups>>, Problem> {
    let query = query.read(&TEAM_GROUPS)?;
    mapping::replace(&app, ids.portal_id, body.0).await?;
    Ok(Shown(query.page_of(mapping::by_team(app.store.db(), ids.portal_id).await?)))
}

async fn settings_view(app: &App, id: Uuid) -> Result<Settings, Problem> {
    let db = app.store.db();
    portal::find(db, id).await?;
    let row = settings::of(db, id).await?;
    let provider = settings::shown(db, id).await?;
    Ok(Settings {
        basic_auth_enabled: row.basic_auth,
        oidc_auth_enabled: provider.as_ref().is_some_and(|provider| provider.enabled),
        saml_auth_enabled: false,
        oidc_team_mapping_enabled: row.group_mapping,
        idp_mapping_enabled: row.group_mapping,
        konnect_mapping_enabled: row.admin_mapping,
        oidc_config: provider.map(|provider| OidcConfig {
            scopes: strings(&provider.scopes),
            claim_mappings: provider.claims(),
            issuer: provider.issuer,
            client_id: provider.client_id,
        }),
    })
}

async fn show_settings(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
) -> Result<Shown<Settings>, Problem> {
    settings_view(&app, ids.portal_id).await.map(Shown)
}

async fn update_settings(
    _: Admin,
    State(app): State<App>,
    Ids(ids): Ids<PortalPath>,
    body: Body<SettingsEdit>,
) -> Result<Shown<Settings>, Problem> {
    settings::update(&app, ids.portal_id, body.0).await?;
    settings_view(&app, ids.portal_id).await.map(Shown)
}

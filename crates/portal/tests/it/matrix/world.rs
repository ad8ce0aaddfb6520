//! Two portals with everything in one of them, a second one of whatever holds others, and everybody
//! who calls.

use std::collections::BTreeMap;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Caller, NOBODY, SPEC, TestPortal, unique};

/// Names in paths that are words and no ids: every owner has something under them.
const WORDS: &[(&str, &str)] = &[
    ("emailDomain", "example.com"),
    ("imageType", "icon"),
    ("indices", "portal"),
    ("operationId", "get"),
    ("pagePath", "about"),
    ("requestId", "request-of-ann"),
    ("snippetName", "note"),
    ("templateName", "reset-password"),
];

/// What nothing is made of here: of these it is only tried who may ask.
const NOT_MADE: &[&str] = &[
    "adminTokenId",
    "dcrProviderId",
    "deliveryId",
    "destinationId",
    "emailId",
    "id",
    "mappingId",
    "packageId",
    "sessionId",
    "specificationId",
    "tokenId",
];

/// Operations of which it is right that another owner can be named: what the path ends with is no id
/// of theirs, or is made by the request.
pub(super) fn may_name_another_owner(method: &Method, path: &str) -> bool {
    let ends = |name: &str| path.split('/').any(|part| part.trim_matches(['{', '}']) == name);
    let makes = *method == Method::PUT
        && ["clientId", "productVersionId", "serviceId", "routeId", "consumerId"]
            .iter()
            .any(|name| path.ends_with(&format!("{{{name}}}")));
    let published = path.contains("/publications/{portalId}") && *method != Method::GET;
    makes || published || ends("templateName") || ends("imageType")
}

/// What belongs to a developer, or to their team.
pub(super) const OWNED: &[&str] =
    &["applicationId", "credentialId", "registrationId", "requestId", "teamId"];

/// Everything that is there, and who calls.
pub(super) struct World {
    portal: TestPortal,
    pub(super) there: String,
    /// An id for each name that stands in a path: of what belongs together.
    pub(super) mine: BTreeMap<&'static str, String>,
    /// Another one of what holds others.
    pub(super) others: BTreeMap<&'static str, String>,
    pub(super) description: Value,
    pub(super) admin: Caller,
    pub(super) nobody: Caller,
    pub(super) gateway: Caller,
    /// A developer's cookie, at the management API.
    pub(super) developer_at_root: Caller,
    /// A developer of the other portal, at this one.
    pub(super) developer_of_another: Caller,
    /// A developer of this portal whom nothing belongs to.
    pub(super) neighbour: Caller,
    before: Vec<(String, String)>,
}

impl World {
    pub(super) async fn make() -> Self {
        let portal = TestPortal::start().await;
        let admin = portal.admin();
        let here = portal.new_portal(json!({"rbac_enabled": false})).await;
        let there = portal.new_portal(json!({})).await;
        let strategy = portal.new_strategy(json!({})).await;
        let (api, other_api) = (portal.new_api().await, portal.new_api().await);
        portal.publish(&api, &here, json!({"auth_strategy_ids": [strategy]})).await;
        let ann = portal.developer(&here, "ann").await;
        let bob = portal.developer(&here, "bob").await;
        let eve = portal.developer(&there, "eve").await;
        let make = async |path: String, body: Value| admin.post(&path, body).await.id();

        let application = ann.new_application(&strategy).await;
        let credentials = format!("/applications/{application}/credentials");
        let credential = ann.caller.post(&credentials, json!({})).await.id();
        let registration = ann.ask(&application, &api).await.id();
        let teams = format!("/v3/portals/{here}/teams");
        let team = make(teams.clone(), json!({"name": "gold"})).await;
        let members = format!("{teams}/{team}/developers");
        admin.post(&members, json!({"id": ann.id})).await.expect(StatusCode::CREATED);
        let role = json!({
            "role_name": "API Viewer", "entity_id": api, "entity_type_name": "Services",
            "entity_region": "*"
        });
        let role = make(format!("{teams}/{team}/assigned-roles"), role).await;
        let apis = format!("/v3/apis/{api}");
        let version = json!({"version": "1.0", "spec": {"content": SPEC}});
        let version = make(format!("{apis}/versions"), version).await;
        let document = json!({"content": "# About", "title": "About", "slug": "about"});
        let document = make(format!("{apis}/documents"), document).await;
        let (gateway, service) = portal.new_service().await;
        let (other_gateway, _) = portal.new_service().await;
        let link = json!({"service": {"control_plane_id": gateway, "id": service}});
        let implementation = make(format!("{apis}/implementations"), link).await;
        let entities = format!("/v2/control-planes/{gateway}/core-entities");
        let route = json!({"name": "r", "paths": ["/r"], "service": {"id": service}});
        let route = make(format!("{entities}/routes"), route).await;
        let consumer = make(format!("{entities}/consumers"), json!({"username": "ann"})).await;
        let refusal = json!({"refusals": [{
            "request_id": "request-of-ann", "at": 4_000_000_000_000_i64, "status": 403,
            "reason": "registration_pending", "application": application, "api": api
        }]});
        let changes = format!("/gateway/v1/changes?gateway={gateway}&since=0");
        let refusal = portal.gateway().post(&changes, refusal).await;
        refusal.expect(StatusCode::OK);
        let page = json!({"slug": "/about", "title": "About", "content": "# About"});
        let page = make(format!("/v3/portals/{here}/pages"), page).await;
        let snippet = json!({"name": "note", "title": "Note", "content": "Hello"});
        let snippet = make(format!("/v3/portals/{here}/snippets"), snippet).await;
        let server = async || {
            let body = json!({"name": unique("server"), "audience": "https://a.example"});
            admin.post("/v1/auth-servers", body).await.id()
        };
        let (server, other_server) = (server().await, server().await);
        let servers = format!("/v1/auth-servers/{server}");
        let scope = make(format!("{servers}/scopes"), json!({"name": "read"})).await;
        let claim = make(format!("{servers}/claims"), json!({"name": "c", "value": "v"})).await;
        let client = json!({
            "name": "c", "grant_types": ["client_credentials"], "response_types": ["token"]
        });
        let client = make(format!("{servers}/clients"), client).await;
        let secrets = format!("{servers}/clients/{client}/secrets");
        let secret = make(secrets, json!({})).await;
        let initial = make(format!("{servers}/initial-access-tokens"), json!({"policy": {}})).await;
        let webhook = async || {
            let body = json!({"name": unique("hook"), "url": "http://127.0.0.1:9/"});
            admin.post(&format!("/v3/portals/{here}/webhooks"), body).await.id()
        };
        let (webhook, other_webhook) = (webhook().await, webhook().await);
        let product = async || {
            let body = json!({"name": unique("product")});
            admin.post("/v2/api-products", body).await.id()
        };
        let (product, other_product) = (product().await, product().await);

        let version_of = format!("/v2/api-products/{product}/product-versions");
        let product_version = make(version_of, json!({"name": "1"})).await;

        let mut mine = BTreeMap::from([
            ("apiId", api.clone()),
            ("apiIdOrSlug", api.clone()),
            ("apiProductId", product),
            ("applicationId", application),
            ("authServerId", server),
            ("authStrategyId", strategy),
            ("claimId", claim),
            ("clientId", client),
            ("clientSecretId", secret),
            ("consumerId", consumer),
            ("controlPlaneId", gateway),
            ("credentialId", credential),
            ("developerId", ann.id.clone()),
            ("documentId", document.clone()),
            ("documentIdOrSlug", document),
            ("implementationId", implementation),
            ("initialAccessTokenId", initial),
            ("pageId", page),
            ("portalId", here.clone()),
            ("registrationId", registration),
            ("roleId", role),
            ("routeId", route),
            ("scopeId", scope),
            ("serviceId", service),
            ("snippetId", snippet),
            ("specId", version.clone()),
            ("teamId", team),
            ("versionId", version),
            ("webhookId", webhook),
            ("apiProductVersionId", product_version.clone()),
            ("productVersionId", product_version),
        ]);
        mine.insert("productId", mine["apiProductId"].clone());
        mine.extend(WORDS.iter().map(|(name, word)| (*name, (*word).to_owned())));
        mine.extend(NOT_MADE.iter().map(|name| (*name, NOBODY.to_owned())));
        let others = BTreeMap::from([
            ("apiId", other_api),
            ("apiProductId", other_product),
            ("authServerId", other_server),
            ("controlPlaneId", other_gateway),
            ("portalId", there.clone()),
            ("webhookId", other_webhook),
            ("packageId", NOBODY.to_owned()),
        ]);
        let description = portal.anyone().get("/openapi.json").await.json();
        let mut stranger = portal.visitor(&here).at_root();
        stranger.cookies = eve.caller.cookies.clone();
        let mut world = Self {
            there,
            mine,
            others,
            description,
            nobody: portal.anyone(),
            gateway: portal.gateway(),
            developer_at_root: ann.caller.clone().at_root(),
            developer_of_another: stranger,
            neighbour: bob.caller.clone().at_root(),
            before: Vec::new(),
            admin,
            portal,
        };
        world.before = world.state().await;
        world
    }

    /// A token of an administrator.
    pub(super) async fn token(&self, scopes: &[&str], portal: Option<&str>) -> Caller {
        let mut body = json!({"name": unique("token"), "scopes": scopes});
        if let Some(portal) = portal {
            body["portal_ids"] = json!([portal]);
        }
        let made = self.admin.post("/v3/admin-tokens", body).await;
        let made = made.expect(StatusCode::CREATED).json();
        let bearer = format!("Bearer {}", made["token"].as_str().unwrap());
        self.portal.anyone().with("authorization", &bearer)
    }

    /// What an administrator sees of the portal and what it holds.
    async fn state(&self) -> Vec<(String, String)> {
        let (portal, api) = (&self.mine["portalId"], &self.mine["apiId"]);
        let application = &self.mine["applicationId"];
        let portals = format!("/v3/portals/{portal}");
        let mut state = Vec::new();
        for path in [
            portals.clone(),
            format!("{portals}/developers"),
            format!("{portals}/teams"),
            format!("{portals}/applications"),
            format!("{portals}/application-registrations"),
            format!("{portals}/applications/{application}/credentials"),
            format!("{portals}/pages"),
            format!("{portals}/snippets"),
            format!("{portals}/webhooks"),
            format!("/v3/apis/{api}"),
            format!("/v3/apis/{api}/versions"),
            format!("/v3/apis/{api}/documents"),
            format!("/v3/portals/{portal}/api-publications"),
        ] {
            let seen = self.admin.get(&path).await.expect(StatusCode::OK).text();
            state.push((path, seen));
        }
        state
    }

    /// After all that was refused everything is as it was.
    pub(super) async fn nothing_changed(&self) {
        for (before, after) in self.before.iter().zip(self.state().await) {
            assert_eq!(*before, after);
        }
    }
}

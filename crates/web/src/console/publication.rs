//! Where an API is published, from the side of the portal and from that of the API.

use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use maud::html;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Administrator;
use super::api::Api;
use super::portal::Portal;
use super::sheet::{self, Sheet, name_of, named, total, visibilities, yes_no};
use crate::Web;
use crate::field::{Field, Kind};
use crate::form::Form;
use crate::language::t;
use crate::list::{Asked, Part};
use crate::part::{self, Confirm};
use crate::refusal::Refusal;
use crate::segments::segments;

/// The strategy that the portal has for what says nothing else.
const DEFAULT: &str = "default";
/// The members of the publication itself; the others are of its settings.
const OWN: [&str; 3] = ["auth_strategy_ids", "auto_approve_registrations", "visibility"];

/// The pages below a portal.
pub(super) fn portal_routes() -> Router<Web> {
    Router::new()
        .route("/portals/{id}/published-apis", get(list::<false>))
        .route("/portals/{id}/published-apis/new", get(new::<false>).post(create::<false>))
        .route("/portals/{id}/published-apis/{other}", get(edit::<false>).post(change::<false>))
        .route(
            "/portals/{id}/published-apis/{other}/unpublish",
            get(ask_unpublish::<false>).post(unpublish::<false>),
        )
}

/// The pages below an API.
pub(super) fn api_routes() -> Router<Web> {
    Router::new()
        .route("/apis/{id}/publications", get(list::<true>))
        .route("/apis/{id}/publications/new", get(new::<true>).post(create::<true>))
        .route("/apis/{id}/publications/{other}", get(edit::<true>).post(change::<true>))
        .route(
            "/apis/{id}/publications/{other}/unpublish",
            get(ask_unpublish::<true>).post(unpublish::<true>),
        )
}

/// From which side a publication is looked at.
enum Side {
    Portal(Portal, String),
    Api(Api, String),
}

impl Side {
    async fn find(admin: &Administrator, of_api: bool, id: &str) -> Result<Self, Refusal> {
        Ok(if of_api {
            Self::Api(Api::find(admin, id).await?, id.to_owned())
        } else {
            Self::Portal(Portal::find(admin, id).await?, id.to_owned())
        })
    }

    /// The path of the list, with more after it.
    fn path(&self, rest: &str) -> String {
        match self {
            Self::Portal(portal, _) => portal.path(&format!("/published-apis{rest}")),
            Self::Api(api, _) => api.path(&format!("/publications{rest}")),
        }
    }

    fn sheet(&self, admin: &Administrator, title: String, fields: Vec<Field>) -> Sheet {
        match self {
            Self::Portal(portal, _) => portal.sheet_below(admin, title, fields, "/published-apis"),
            Self::Api(api, _) => api.sheet_below(admin, title, fields, "/publications"),
        }
    }

    fn page(&self, admin: &Administrator, title: String, confirm: &Confirm) -> Response {
        let main = confirm.show(admin);
        admin.page(&match self {
            Self::Portal(portal, _) => portal.below(admin, title, main),
            Self::Api(api, _) => api.below(admin, title, main),
        })
    }

    /// The ids of the API and of the portal.
    fn ids<'a>(&'a self, other: &'a str) -> (&'a str, &'a str) {
        match self {
            Self::Portal(_, id) => (other, id),
            Self::Api(_, id) => (id, other),
        }
    }

    /// What the API calls this publication.
    fn publication(&self, other: &str) -> String {
        let (api, portal) = self.ids(other);
        segments!["v3", "apis", api, "publications", portal]
    }

    /// The name of this side and of the other: of the API and of the portal.
    async fn names(&self, admin: &Administrator, other: &str) -> Result<(String, String), Refusal> {
        Ok(match self {
            Self::Portal(portal, _) => (Api::find(admin, other).await?.name, portal.name.clone()),
            Self::Api(api, _) => (api.name.clone(), Portal::find(admin, other).await?.name),
        })
    }
}

#[derive(Deserialize)]
struct Published {
    api_id: String,
    portal_id: String,
    auth_strategy_ids: Option<Vec<String>>,
    auto_approve_registrations: bool,
    visibility: String,
}

async fn list<const OF_API: bool>(
    admin: Administrator,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let side = Side::find(&admin, OF_API, &id).await?;
    let (filter, search) = if OF_API {
        ("filter[api_id][eq]", "filter[portal_name][contains]")
    } else {
        ("filter[portal_id][eq]", "filter[api_name][contains]")
    };
    let wanted = asked.clone().with(filter, id.as_str()).with(search, asked.given("q"));
    let all = "/v3/application-auth-strategies";
    let (found, strategies) = tokio::join!(
        admin.api.list::<Published>("/v3/api-publications", &wanted),
        named(&admin, all),
    );
    let (found, strategies) = (found?, strategies?);
    let other = |row: &Published| if OF_API { row.portal_id.clone() } else { row.api_id.clone() };
    let names = names_of(&admin, OF_API, found.data.iter().map(other).collect()).await?;
    let rows: Vec<_> = found
        .data
        .iter()
        .map(|row| {
            let strategy = row.auth_strategy_ids.iter().flatten().next();
            let strategy = strategy.map_or_else(|| t!(lang, "none-of-them"), |id| name_of(&strategies, id));
            let visibility = if row.visibility == "public" { "visibility-public" } else { "visibility-private" };
            let (id, edit) = (other(row), side.path(&segments![other(row)]));
            vec![
                html! { a href=(admin.href(&edit)) { (name_of(&names, &id)) } },
                html! { (strategy) },
                part::tag(&t!(lang, visibility)),
                html! { (yes_no(lang, row.auto_approve_registrations)) },
                html! { a href=(admin.href(&format!("{edit}/unpublish"))) { (t!(lang, "unpublish")) } },
            ]
        })
        .collect();
    let first = if OF_API { t!(lang, "publication-portal") } else { t!(lang, "publication-api") };
    let heads = [
        first,
        t!(lang, "publication-strategy"),
        t!(lang, "publication-visibility"),
        t!(lang, "publication-auto"),
        String::new(),
    ];
    let act = if OF_API { t!(lang, "publish-to-portals") } else { t!(lang, "publish-api") };
    let act = part::act(&admin, &side.path("/new"), &act);
    let part: &Part = &found.meta.page;
    let main = html! {
        (part::search(&admin, &asked, Some(&("q", t!(lang, "search-by-name"))), &[]))
        @if rows.is_empty() {
            (part::empty(&t!(lang, "publications-none"), &t!(lang, "publications-none-text"), Some(&act)))
        } @else {
            (part::table(&t!(lang, "tab-published-apis"), &heads, &rows))
        }
        (part::pager(&admin, &asked, part))
    };
    Ok(admin.page(&match &side {
        Side::Portal(portal, _) => portal.page(&admin, "/published-apis", &main).acts(act),
        Side::Api(api, _) => api.page(&admin, "/publications", &main).acts(act),
    }))
}

/// The names of what is on the other side, in one call.
async fn names_of(
    admin: &Administrator,
    of_api: bool,
    ids: Vec<String>,
) -> Result<Vec<(String, String)>, Refusal> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let path = if of_api { "/v3/portals" } else { "/v3/apis" };
    let wanted = Asked::first(100).with("filter[id][oeq]", ids.join(","));
    let found = admin.api.list::<sheet::Named>(path, &wanted).await?;
    Ok(found.data.into_iter().map(|one| (one.id, one.name)).collect())
}

/// What is said of a publication. `new` when it is not there yet.
async fn fields(admin: &Administrator, side: &Side, new: bool) -> Result<Vec<Field>, Refusal> {
    let lang = admin.lang;
    let mut fields = Vec::new();
    if new {
        let (path, label) = match side {
            Side::Portal(..) => ("/v3/apis", "publication-api"),
            Side::Api(..) => ("/v3/portals", "publication-portal"),
        };
        fields.push(Field::choice("other", label, named(admin, path).await?).required());
    }
    let mut strategies = named(admin, "/v3/application-auth-strategies").await?;
    if new {
        strategies.insert(0, (DEFAULT.to_owned(), t!(lang, "strategy-of-portal")));
    }
    strategies.push((String::new(), t!(lang, "strategy-none")));
    let strategy = Field::choice("auth_strategy_ids", "publication-strategy", strategies).or_null();
    fields.extend([
        if new { strategy.preset(DEFAULT) } else { strategy },
        Field::choice("visibility", "publication-visibility", visibilities(lang)),
        Field::switch("application_registration_enabled", "publication-accept").preset(true),
        Field::switch("auto_approve_registrations", "publication-auto"),
        Field::text("display_name", "publication-display-name").most(255).or_null(),
        Field::area("description", "publication-description").most(4096).or_null(),
        Field::new("tags", "publication-tags", Kind::Lines).or_empty(),
        Field::switch("show_issuer", "publication-issuer"),
        Field::switch("deprecated", "publication-deprecated"),
    ]);
    Ok(fields)
}

/// Parts what was typed into the publication and its settings.
fn parted(mut body: Map<String, Value>) -> (Map<String, Value>, Map<String, Value>) {
    body.remove("other");
    let (mut own, settings): (Map<_, _>, Map<_, _>) =
        body.into_iter().partition(|(name, _)| OWN.contains(&name.as_str()));
    match own.remove("auth_strategy_ids") {
        Some(Value::String(id)) if id == DEFAULT => {}
        Some(Value::String(id)) => {
            own.insert("auth_strategy_ids".into(), json!([id]));
        }
        other => {
            own.insert("auth_strategy_ids".into(), other.unwrap_or_default());
        }
    }
    (own, settings)
}

/// Publishes, and says the rest of it.
async fn put(
    admin: &Administrator,
    side: &Side,
    other: &str,
    body: Map<String, Value>,
) -> Result<(), Refusal> {
    let (own, settings) = parted(body);
    let path = side.publication(other);
    admin.api.put::<Value>(&path, &own).await?;
    admin.api.patch::<Value>(&format!("{path}/settings"), &settings).await?;
    Ok(())
}

async fn new_sheet(admin: &Administrator, side: &Side) -> Result<Sheet, Refusal> {
    let fields = fields(admin, side, true).await?;
    Ok(side.sheet(admin, t!(admin.lang, "publish-api"), fields).submit("publish-api"))
}

async fn new<const OF_API: bool>(
    admin: Administrator,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let side = Side::find(&admin, OF_API, &id).await?;
    let others = if OF_API { "/v3/portals" } else { "/v3/apis" };
    if total(&admin, others, &[]).await > 0 {
        return Ok(new_sheet(&admin, &side).await?.blank(&admin));
    }
    let main = if OF_API {
        let act = part::act(&admin, "/portals/new", &t!(lang, "portal-new"));
        part::empty(&t!(lang, "portals-none"), &t!(lang, "portals-none-text"), Some(&act))
    } else {
        let act = part::act(&admin, "/apis/new", &t!(lang, "managed-api-new"));
        part::empty(&t!(lang, "managed-apis-none"), &t!(lang, "managed-apis-none-text"), Some(&act))
    };
    let title = t!(lang, "publish-api");
    Ok(admin.page(&match &side {
        Side::Portal(portal, _) => portal.below(&admin, title, main),
        Side::Api(api, _) => api.below(&admin, title, main),
    }))
}

async fn create<const OF_API: bool>(
    admin: Administrator,
    Path(id): Path<String>,
    typed: Form,
) -> Result<Response, Refusal> {
    let side = Side::find(&admin, OF_API, &id).await?;
    let sheet = new_sheet(&admin, &side).await?;
    let other = typed.text("other").to_owned();
    if other.is_empty() {
        return sheet.again(&admin, &typed, Refusal::fault("other", "required", "is required"));
    }
    let body = sheet.body(&admin, &typed);
    match put(&admin, &side, &other, body).await {
        Ok(()) => Ok(admin.go_saying(&side.path(""), "published")),
        Err(refusal) => sheet.again(&admin, &typed, refusal),
    }
}

async fn edit_sheet(admin: &Administrator, side: &Side, other: &str) -> Result<Sheet, Refusal> {
    let lang = admin.lang;
    let (api, portal) = side.names(admin, other).await?;
    let title = t!(lang, "publication-of", api = api, portal = portal);
    let path = side.path(&format!("{}/unpublish", segments![other]));
    let acts = part::bad_act(admin, &path, &t!(lang, "unpublish"));
    let fields = fields(admin, side, false).await?;
    Ok(side.sheet(admin, title, fields).submit("save").acts(acts))
}

async fn edit<const OF_API: bool>(
    admin: Administrator,
    Path((id, other)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let side = Side::find(&admin, OF_API, &id).await?;
    let path = side.publication(&other);
    let settings = format!("{path}/settings");
    let (own, settings) = tokio::join!(
        admin.api.get::<Map<String, Value>>(&path),
        admin.api.get::<Map<String, Value>>(&settings),
    );
    let mut current = settings?;
    current.extend(own?);
    Ok(edit_sheet(&admin, &side, &other).await?.with(&admin, &current.into()))
}

async fn change<const OF_API: bool>(
    admin: Administrator,
    Path((id, other)): Path<(String, String)>,
    typed: Form,
) -> Result<Response, Refusal> {
    let side = Side::find(&admin, OF_API, &id).await?;
    let sheet = edit_sheet(&admin, &side, &other).await?;
    let body = sheet.body(&admin, &typed);
    match put(&admin, &side, &other, body).await {
        Ok(()) => Ok(admin.go_saying(&side.path(&segments![other]), "saved")),
        Err(refusal) => sheet.again(&admin, &typed, refusal),
    }
}

async fn ask_unpublish<const OF_API: bool>(
    admin: Administrator,
    Path((id, other)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let lang = admin.lang;
    let side = Side::find(&admin, OF_API, &id).await?;
    let (api, portal) = side.names(&admin, &other).await?;
    let cuts = sheet::impact(&admin, &side.publication(&other)).await?;
    let confirm = Confirm {
        says: html! { (t!(lang, "unpublish-says", api = api, portal = portal)) },
        cuts,
        button: t!(lang, "unpublish"),
        back: side.path(""),
        values: Vec::new(),
    };
    Ok(side.page(&admin, t!(lang, "unpublish"), &confirm))
}

async fn unpublish<const OF_API: bool>(
    admin: Administrator,
    Path((id, other)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let side = Side::find(&admin, OF_API, &id).await?;
    let path = format!("{}{}", side.publication(&other), sheet::AWAITED);
    let answer = admin.api.delete(&path).await?;
    Ok(admin.go_saying(&side.path(""), sheet::enforced(&answer)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_publication_is_parted_from_its_settings() {
        let object = |value: Value| value.as_object().cloned().unwrap();
        let (own, settings) = parted(object(
            json!({"other": "x", "auth_strategy_ids": "a", "visibility": "public", "tags": []}),
        ));
        assert_eq!(own, object(json!({"auth_strategy_ids": ["a"], "visibility": "public"})));
        assert_eq!(settings, object(json!({"tags": []})));
        let (own, _) = parted(object(json!({"auth_strategy_ids": "default"})));
        assert!(own.is_empty());
        let (own, _) = parted(object(json!({"auth_strategy_ids": null})));
        assert_eq!(own, object(json!({"auth_strategy_ids": null})));
    }
}

//! Claims that authorization servers add to tokens, and what they come to for a client.

use schemars::JsonSchema;
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel};
use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::cache::Known;
use super::template::{Context, Fault, Template};
use super::{client, scope, server};
use crate::app::App;
use crate::input::Given;
use crate::problem::{Invalid, Problem};
use crate::store::entity::{auth_claim, auth_client, auth_server};

/// Claims that say what a token is: nobody else sets them.
const RESERVED: [&str; 19] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "nbf",
    "jti",
    "client_id",
    "scope",
    "scp",
    "cnf",
    "azp",
    "act",
    "nonce",
    "auth_time",
    "at_hash",
    "c_hash",
    "sid",
    "active",
];
/// The most claims of one server.
const MOST: usize = 200;
/// The largest claims of one token together, in bytes of JSON.
const LARGEST: usize = 32 << 10;

/// A claim to make.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewClaim {
    /// Not one that says what a token is, such as `iss`.
    #[schemars(length(min = 1, max = 255))]
    name: String,
    /// Text, JSON, or a template: `${ .Client.Name }`.
    #[schemars(length(min = 1, max = 8192))]
    value: String,
    /// Whether tokens have it; otherwise only the userinfo endpoint tells it.
    #[serde(default)]
    include_in_token: Given<bool>,
    #[serde(default)]
    include_in_all_scopes: Given<bool>,
    /// Ids of scopes. In no scope and not in all, it is only there when no scope was asked for.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    include_in_scopes: Given<Vec<Uuid>>,
    #[serde(default)]
    enabled: Given<bool>,
}

/// What to change of a claim.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClaimEdit {
    #[serde(default)]
    #[schemars(length(min = 1, max = 255))]
    name: Given<String>,
    #[serde(default)]
    #[schemars(length(min = 1, max = 8192))]
    value: Given<String>,
    #[serde(default)]
    include_in_token: Given<bool>,
    #[serde(default)]
    include_in_all_scopes: Given<bool>,
    #[serde(default)]
    #[schemars(length(max = 1000))]
    include_in_scopes: Given<Vec<Uuid>>,
    #[serde(default)]
    enabled: Given<bool>,
}

/// Where claims are to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In tokens: claims that are included in tokens.
    InToken,
    /// At the userinfo endpoint: all of them.
    UserInfo,
}

/// The claim of a server.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    server: Uuid,
    id: Uuid,
) -> Result<auth_claim::Model, Problem> {
    let found = auth_claim::Entity::find_by_id(id).one(db).await?;
    found.filter(|found| found.server_id == server).ok_or_else(Problem::not_found)
}

/// Makes a claim.
pub(crate) async fn create(
    app: &App,
    server: Uuid,
    new: NewClaim,
) -> Result<auth_claim::Model, Problem> {
    let now = app.clock.now();
    let tx = app.store.begin().await?;
    let of = server::lock(&tx, server).await?;
    let scope_ids = new.include_in_scopes.or(Vec::new());
    scope::check(&tx, server, &scope_ids, "include_in_scopes").await?;
    let made = auth_claim::Model {
        id: Uuid::now_v7(),
        server_id: server,
        name: new.name,
        value: new.value,
        include_in_token: new.include_in_token.or(false),
        include_in_all_scopes: new.include_in_all_scopes.or(false),
        scope_ids: serde_json::to_value(scope_ids).map_err(Problem::internal)?,
        enabled: new.enabled.or(true),
        created_at: now,
        updated_at: now,
    };
    check(app, &tx, &of, &made).await?;
    let made = made.into_active_model().insert(&tx).await?;
    tx.commit().await?;
    app.identity.forget(server);
    Ok(made)
}

/// Changes a claim.
pub(crate) async fn update(
    app: &App,
    server: Uuid,
    id: Uuid,
    edit: ClaimEdit,
) -> Result<auth_claim::Model, Problem> {
    let tx = app.store.begin().await?;
    let of = server::lock(&tx, server).await?;
    let mut after = find(&tx, server, id).await?;
    edit.name.put(&mut after.name);
    edit.value.put(&mut after.value);
    edit.include_in_token.put(&mut after.include_in_token);
    edit.include_in_all_scopes.put(&mut after.include_in_all_scopes);
    if let Given::Yes(ids) = edit.include_in_scopes {
        scope::check(&tx, server, &ids, "include_in_scopes").await?;
        after.scope_ids = serde_json::to_value(ids).map_err(Problem::internal)?;
    }
    edit.enabled.put(&mut after.enabled);
    check(app, &tx, &of, &after).await?;
    after.updated_at = app.clock.now().max(after.updated_at + 1);
    let after = after.into_active_model().reset_all().update(&tx).await?;
    tx.commit().await?;
    app.identity.forget(server);
    Ok(after)
}

/// Deletes a claim.
pub(crate) async fn delete(app: &App, server: Uuid, id: Uuid) -> Result<(), Problem> {
    let tx = app.store.begin().await?;
    find(&tx, server, id).await?;
    auth_claim::Entity::delete_by_id(id).exec(&tx).await?;
    tx.commit().await?;
    app.identity.forget(server);
    Ok(())
}

/// The rules about name and value. The value is tried with a client of no importance: what costs
/// too much is refused, what merely does not fit that client is not.
async fn check(
    app: &App,
    tx: &impl ConnectionTrait,
    server: &auth_server::Model,
    claim: &auth_claim::Model,
) -> Result<(), Problem> {
    use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter};
    if RESERVED.contains(&claim.name.as_str()) {
        let reason = format!("{} is a claim that the server itself sets", claim.name);
        return Err(Problem::one_invalid(Invalid::body("name", "invalid", reason)));
    }
    let template = Template::parse(&claim.value).map_err(|fault| blame("value", &fault))?;
    let sample = auth_client::Model {
        server_id: server.id,
        id: "sample".into(),
        name: "Sample".into(),
        grant_types: Value::Array(Vec::new()),
        response_types: Value::Array(Vec::new()),
        redirect_uris: Value::Array(Vec::new()),
        login_uri: None,
        access_token_duration: client::DEFAULT_DURATION,
        id_token_duration: client::DEFAULT_DURATION,
        allow_all_scopes: false,
        scope_ids: Value::Array(Vec::new()),
        auth_method: client::AuthMethod::default().as_str().into(),
        labels: Value::Object(Map::new()),
        application_id: None,
        registration_digest: None,
        registration_policy: None,
        created_at: claim.created_at,
        updated_at: claim.created_at,
    };
    let context = Context { server, client: &sample, now: app.clock.now() };
    if let Err(fault) = template.render(&context)
        && fault.is_costly()
    {
        return Err(blame("value", &fault));
    }
    let others = auth_claim::Entity::find()
        .filter(auth_claim::Column::ServerId.eq(server.id))
        .filter(auth_claim::Column::Id.ne(claim.id));
    if others.count(tx).await? >= MOST as u64 {
        let detail = format!("An auth server can have at most {MOST} claims");
        return Err(Problem::conflict(detail));
    }
    Ok(())
}

fn blame(field: &str, fault: &Fault) -> Problem {
    Problem::one_invalid(Invalid::body(field, "invalid", fault.to_string()))
}

/// Renders claims that are not stored, for a client.
pub(crate) async fn test(
    app: &App,
    server: Uuid,
    client: &str,
    claims: &Map<String, Value>,
) -> Result<Map<String, Value>, Problem> {
    let db = app.store.db();
    let server = server::find(db, server).await?;
    let client = client::find(db, server.id, client).await?;
    let context = Context { server: &server, client: &client, now: app.clock.now() };
    let mut rendered = Map::new();
    let mut faults = Vec::new();
    for (name, value) in claims {
        let text = value.as_str().unwrap_or_default();
        match Template::parse(text).and_then(|template| template.render(&context)) {
            Ok(value) => {
                rendered.insert(name.clone(), value);
            }
            Err(fault) => faults.push(Invalid::body(name, "invalid", fault.to_string())),
        }
    }
    if faults.is_empty() { Ok(rendered) } else { Err(Problem::invalid(faults)) }
}

/// A stored claim, ready to be rendered.
#[derive(Debug)]
pub(super) struct Ready {
    claim: auth_claim::Model,
    scopes: Vec<Uuid>,
    /// What the value says. It was checked when it was stored.
    template: Result<Template, Fault>,
}

impl Ready {
    pub(super) fn of(claim: auth_claim::Model) -> Self {
        let scopes = scope::ids(&claim.scope_ids).collect();
        Self { scopes, template: Template::parse(&claim.value), claim }
    }

    /// Whether the claim is told to one with these scopes. One that belongs to no scope is told
    /// only when the request asked for none.
    fn applies(&self, granted: &[Uuid], asked_for_scopes: bool, place: Place) -> bool {
        if place == Place::InToken && !self.claim.include_in_token {
            return false;
        }
        if self.claim.include_in_all_scopes {
            return true;
        }
        if self.scopes.is_empty() {
            return !asked_for_scopes;
        }
        self.scopes.iter().any(|scope| granted.contains(scope))
    }
}

/// The claims of a server for a client, by the scopes that were granted.
pub(crate) async fn render(
    app: &App,
    server: &auth_server::Model,
    client: &auth_client::Model,
    granted: &[Uuid],
    asked_for_scopes: bool,
    place: Place,
) -> Result<Map<String, Value>, Problem> {
    let known: std::sync::Arc<Known> = super::known(app, server.id).await?;
    let context = Context { server: &known.server, client, now: app.clock.now() };
    let mut rendered = Map::new();
    let mut size = 0_usize;
    let applying = known.claims.iter();
    for ready in applying.filter(|claim| claim.applies(granted, asked_for_scopes, place)) {
        let name = &ready.claim.name;
        // A claim may say what its holder must not do: a token without it is worse than none.
        let failed = |fault: &Fault| Problem::internal(format!("the claim `{name}` {fault}"));
        let template = ready.template.as_ref().map_err(failed)?;
        let value = template.render(&context).map_err(|fault| failed(&fault))?;
        size = size.saturating_add(name.len()).saturating_add(value.to_string().len());
        if size > LARGEST {
            return Err(Problem::internal("the claims of a token are too large together"));
        }
        rendered.insert(name.clone(), value);
    }
    Ok(rendered)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const READ: Uuid = Uuid::from_u128(1);
    const WRITE: Uuid = Uuid::from_u128(2);

    fn claim(in_token: bool, in_all_scopes: bool, scopes: &[Uuid]) -> Ready {
        Ready::of(auth_claim::Model {
            id: Uuid::nil(),
            server_id: Uuid::nil(),
            name: "n".into(),
            value: "v".into(),
            include_in_token: in_token,
            include_in_all_scopes: in_all_scopes,
            scope_ids: json!(scopes),
            enabled: true,
            created_at: 0,
            updated_at: 0,
        })
    }

    #[test]
    fn a_claim_is_told_where_and_for_what_it_is_meant() {
        use Place::{InToken, UserInfo};
        for (claim, granted, asked, place, told) in [
            (claim(true, true, &[]), &[][..], true, InToken, true),
            (claim(true, true, &[READ]), &[WRITE][..], true, InToken, true),
            (claim(false, true, &[]), &[READ][..], true, InToken, false),
            (claim(false, true, &[]), &[READ][..], true, UserInfo, true),
            (claim(true, true, &[]), &[READ][..], true, UserInfo, true),
            (claim(true, false, &[READ]), &[READ, WRITE][..], true, InToken, true),
            (claim(true, false, &[READ]), &[WRITE][..], true, InToken, false),
            // A default scope is granted without being asked for.
            (claim(true, false, &[READ]), &[READ][..], false, InToken, true),
            (claim(true, false, &[READ]), &[][..], false, InToken, false),
            (claim(true, false, &[]), &[READ][..], false, InToken, true),
            (claim(true, false, &[]), &[READ][..], true, InToken, false),
            (claim(true, false, &[]), &[][..], true, InToken, false),
        ] {
            assert_eq!(claim.applies(granted, asked, place), told, "{claim:?}");
        }
    }
}

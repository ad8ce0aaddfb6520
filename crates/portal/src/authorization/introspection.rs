//! What a token is good for (RFC 7662), and the end of one (RFC 7009).

use core::net::IpAddr;

use axum::http::HeaderMap;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::client_auth;
use super::form::Form;
use super::known::{ClientView, ServerView};
use super::refresh;
use super::refusal::{Code, Refusal};
use super::scope::texts;
use super::token::{ACCESS, REFRESH, SPENT, developer_of};
use crate::app::App;
use crate::entropy::digest_of;
use crate::identity::key;
use crate::problem::Problem;
use crate::session;
use crate::store::entity::{auth_server, auth_token, developer};

/// An access token that is still good.
#[derive(Debug)]
pub(crate) struct Live {
    /// What it says.
    pub(crate) claims: Map<String, Value>,
    /// Its row.
    pub(crate) row: auth_token::Model,
}

/// The access token, if the server made it and it is neither expired nor revoked.
pub(super) async fn live(
    app: &App,
    server: &auth_server::Model,
    token: &str,
) -> Result<Option<Live>, Problem> {
    let Some(claims) = key::verify(app, server.id, token).await? else { return Ok(None) };
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(server.issuer(app).as_str()) {
        return Ok(None);
    }
    let Some(id) = text("jti").and_then(|id| Uuid::try_parse(id).ok()) else { return Ok(None) };
    let db = app.store.db();
    let row = auth_token::Entity::find_by_id(id).one(db).await?;
    let good = |row: &auth_token::Model| {
        row.server_id == server.id && row.kind == ACCESS && row.expires_at > app.clock.now()
    };
    let Some(row) = row.filter(good) else { return Ok(None) };
    if let Some(id) = developer_of(&row.subject) {
        let found = developer::Entity::find_by_id(id).one(db).await?;
        if !found.as_ref().is_some_and(session::may_be_signed_in) {
            return Ok(None);
        }
    }
    Ok(Some(Live { claims, row }))
}

/// What a token says, to a client of its server; nothing if it is not good.
pub(crate) async fn introspect(
    app: &App,
    server: Uuid,
    headers: &HeaderMap,
    form: &Form,
    address: IpAddr,
) -> Result<Option<Map<String, Value>>, Refusal> {
    let presented = client_auth::presented(headers, form)?;
    let pair = client_auth::authenticate(app, server, &presented, address).await?;
    let client = pair.client.filter(|client| !client.is_public()).ok_or_else(Refusal::client)?;
    let token = form.required("token")?;
    if let Some(live) = live(app, &pair.server.row, token).await? {
        let mut told = live.claims;
        told.insert("token_type".into(), "Bearer".into());
        return Ok(Some(told));
    }
    let Some(row) = refresh_row(app, &pair.server, &client, token).await? else { return Ok(None) };
    if row.kind != REFRESH || row.expires_at <= app.clock.now() {
        return Ok(None);
    }
    let mut told = Map::new();
    told.insert("iss".into(), pair.server.row.issuer(app).into());
    told.insert("sub".into(), row.subject.into());
    told.insert("client_id".into(), row.client_id.into());
    told.insert("scope".into(), texts(&row.scopes).join(" ").into());
    told.insert("iat".into(), (row.created_at / 1_000).into());
    told.insert("exp".into(), (row.expires_at / 1_000).into());
    Ok(Some(told))
}

/// Takes a token of the calling client back. What is no token of this server is no fault.
pub(crate) async fn revoke(
    app: &App,
    server: Uuid,
    headers: &HeaderMap,
    form: &Form,
    address: IpAddr,
) -> Result<(), Refusal> {
    let presented = client_auth::presented(headers, form)?;
    let pair = client_auth::authenticate(app, server, &presented, address).await?;
    let client = pair.client.ok_or_else(Refusal::client)?;
    let token = form.required("token")?;
    let db = app.store.db();
    if let Some(row) = refresh_row(app, &pair.server, &client, token).await? {
        // What came of a refresh token goes with it.
        if let Some(family) = row.family {
            refresh::revoke_family(db, family).await?;
        }
        auth_token::Entity::delete_by_id(row.id).exec(db).await?;
        return Ok(());
    }
    let Some(live) = live(app, &pair.server.row, token).await? else { return Ok(()) };
    if live.row.client_id != client.row.id {
        return Err(Refusal::new(Code::InvalidGrant, "The token is another client's"));
    }
    auth_token::Entity::delete_by_id(live.row.id).exec(db).await?;
    Ok(())
}

/// The row of a refresh token of the client.
async fn refresh_row(
    app: &App,
    server: &ServerView,
    client: &ClientView,
    token: &str,
) -> Result<Option<auth_token::Model>, Problem> {
    let row = auth_token::Entity::find()
        .filter(auth_token::Column::Digest.eq(digest_of(token).as_bytes().to_vec()))
        .filter(auth_token::Column::ServerId.eq(server.row.id))
        .filter(auth_token::Column::ClientId.eq(client.row.id.as_str()))
        .filter(auth_token::Column::Kind.is_in([REFRESH, SPENT]))
        .one(app.store.db())
        .await?;
    Ok(row)
}

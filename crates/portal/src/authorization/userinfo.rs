//! What an access token may learn of whom it is about.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::introspection::live;
use super::refusal::{Code, Refusal};
use super::scope::texts;
use super::token::developer_of;
use crate::app::App;
use crate::identity::claim::{self, Place};
use crate::identity::server;
use crate::store::entity::{auth_client, auth_scope, developer};

/// Answers whoever has the token. A token of a client that acts for itself learns the claims that
/// are not in the token.
pub(crate) async fn userinfo(
    app: &App,
    server: Uuid,
    headers: &HeaderMap,
) -> Result<Map<String, Value>, Refusal> {
    let db = app.store.db();
    let server = server::find(db, server).await?;
    let token = bearer(headers).ok_or_else(Refusal::token)?;
    let row = live(app, &server, token).await?.ok_or_else(Refusal::token)?.row;
    let client =
        auth_client::Entity::find_by_id((server.id, row.client_id.clone())).one(db).await?;
    let client = client.ok_or_else(Refusal::token)?;
    let names = texts(&row.scopes);
    let scopes = auth_scope::Entity::find()
        .filter(auth_scope::Column::ServerId.eq(server.id))
        .filter(auth_scope::Column::Name.is_in(names.iter().map(String::as_str)))
        .all(db)
        .await?;
    let ids: Vec<Uuid> = scopes.iter().map(|scope| scope.id).collect();
    let asked = row.details.as_ref().and_then(|details| details.get("asked"));
    let asked = asked.and_then(Value::as_bool).unwrap_or_default();
    let mut told = claim::render(app, &server, &client, &ids, asked, Place::UserInfo).await?;
    if let Some(id) = developer_of(&row.subject) {
        let found = developer::Entity::find_by_id(id).one(db).await?;
        let developer = found.ok_or_else(Refusal::token)?;
        let has = |name: &str| names.iter().any(|known| known == name);
        if !has("openid") {
            let reason = "The token has not the scope `openid`";
            return Err(Refusal::new(Code::InsufficientScope, reason));
        }
        if has("profile") {
            told.insert("name".into(), developer.full_name.into());
            told.insert("updated_at".into(), (developer.updated_at / 1_000).into());
        }
        if has("email") {
            told.insert("email".into(), developer.email.into());
            told.insert("email_verified".into(), developer.verified_at.is_some().into());
        }
    }
    told.insert("sub".into(), row.subject.into());
    Ok(told)
}

/// The one bearer token of a request.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (value, None) = (values.next()?, values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    let token = token.trim_matches(' ');
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

//! Refresh tokens: each is good once and buys the next. One that comes a second time was copied,
//! so everything that came of the same sign-in is taken back.

use gatekey_core::secret::Secret;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel,
    QueryFilter, Set,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::form::Form;
use super::grant::Tokens;
use super::known::{ClientView, ServerView};
use super::people;
use super::refusal::{Code, Refusal};
use super::scope::{Granted, split, still, texts};
use super::token::{self, Grant, REFRESH, SPENT, SignIn, developer_of, subject_of};
use crate::app::App;
use crate::entropy::{self, digest_of};
use crate::problem::Problem;
use crate::store::entity::auth_token;

/// How long a refresh token is good.
const LIFE_MS: i64 = 14 * 86_400_000;

/// Makes a refresh token and its row.
pub(super) fn new(
    app: &App,
    client: &ClientView,
    granted: &Granted,
    grant: Grant,
    auth_time: i64,
) -> Result<(Secret<String>, auth_token::Model), Problem> {
    let token = entropy::token()?;
    let now = app.clock.now();
    let row = auth_token::Model {
        id: Uuid::now_v7(),
        server_id: client.row.server_id,
        client_id: client.row.id.clone(),
        subject: grant.developer.map_or_else(|| client.row.id.clone(), subject_of),
        kind: REFRESH.into(),
        scopes: json!(granted.names),
        digest: Some(digest_of(token.expose()).as_bytes().to_vec()),
        family: grant.family,
        details: Some(json!({"asked": granted.asked, "auth_time": auth_time})),
        expires_at: now + LIFE_MS,
        created_at: now,
    };
    Ok((token, row))
}

/// Trades a refresh token for new tokens.
pub(super) async fn renew(
    app: &App,
    server: &ServerView,
    client: &ClientView,
    form: &Form,
) -> Result<Tokens, Refusal> {
    let db = app.store.db();
    let digest = digest_of(form.required("refresh_token")?).as_bytes().to_vec();
    let found = auth_token::Entity::find()
        .filter(auth_token::Column::Digest.eq(digest))
        .filter(auth_token::Column::ServerId.eq(server.row.id))
        .filter(auth_token::Column::ClientId.eq(client.row.id.as_str()))
        .one(db)
        .await?;
    let old = found.ok_or_else(Refusal::grant)?;
    let family = old.family.ok_or_else(Refusal::grant)?;
    if old.kind == SPENT {
        revoke_family(db, family).await?;
        return Err(Refusal::grant());
    }
    if old.kind != REFRESH || old.expires_at <= app.clock.now() {
        return Err(Refusal::grant());
    }
    let developer = developer_of(&old.subject).ok_or_else(Refusal::grant)?;
    let developer = people::developer_for(db, &client.row, developer).await?;
    let developer = developer.ok_or_else(Refusal::grant)?;
    let detail = |name: &str| old.details.as_ref().and_then(|details| details.get(name));
    let asked = detail("asked").and_then(Value::as_bool).unwrap_or_default();
    let auth_time = detail("auth_time").and_then(Value::as_i64).unwrap_or(old.created_at);
    let whole = still(server, client, texts(&old.scopes), asked);
    let granted = narrowed(server, client, &whole, form.get("scope"))?;
    let grant = Grant { developer: Some(developer.id), family: Some(family) };
    let access = token::access(app, server, client, &granted, grant).await?;
    let id = if granted.has("openid") {
        let access = access.token.expose();
        let sign_in = SignIn { developer: &developer, auth_time, nonce: None, access };
        Some(token::id_token(app, server, client, sign_in).await?)
    } else {
        None
    };
    let (refresh, row) = new(app, client, &whole, grant, auth_time)?;
    let tx = app.store.begin().await?;
    // Only one of two uses at once finds the token unspent.
    let spent = auth_token::Entity::update_many()
        .set(auth_token::ActiveModel { kind: Set(SPENT.into()), ..Default::default() })
        .filter(auth_token::Column::Id.eq(old.id))
        .filter(auth_token::Column::Kind.eq(REFRESH))
        .exec(&tx)
        .await?;
    if spent.rows_affected != 1 {
        revoke_family(&tx, family).await?;
        tx.commit().await?;
        return Err(Refusal::grant());
    }
    for row in [access.row.clone(), row] {
        row.into_active_model().insert(&tx).await?;
    }
    tx.commit().await?;
    Ok(Tokens { refresh: Some(refresh), id, ..Tokens::of(access, &granted) })
}

/// The scopes asked for, if they are among those granted before.
fn narrowed(
    server: &ServerView,
    client: &ClientView,
    whole: &Granted,
    asked: Option<&str>,
) -> Result<Granted, Refusal> {
    let Some(asked) = asked else { return Ok(whole.clone()) };
    let names = split(asked)?;
    if names.iter().any(|name| !whole.has(name)) {
        let reason = "A scope was not granted before";
        return Err(Refusal::new(Code::InvalidScope, reason));
    }
    Ok(still(server, client, names.into_iter().map(str::to_owned), true))
}

/// Takes back every token of one sign-in.
pub(super) async fn revoke_family(db: &impl ConnectionTrait, family: Uuid) -> Result<(), DbErr> {
    auth_token::Entity::delete_many()
        .filter(auth_token::Column::Family.eq(family))
        .exec(db)
        .await
        .map(|_| ())
}

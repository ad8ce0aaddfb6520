//! Authorization codes: made when somebody agrees, redeemed once, within a minute.

use gatekey_core::secret::Secret;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, Set};
use serde_json::{Value, json};
use uuid::Uuid;

use super::form::Form;
use super::grant::{REFRESH_TOKEN, Tokens};
use super::known::{ClientView, ServerView};
use super::refusal::Refusal;
use super::scope::{Granted, still, texts};
use super::token::{self, Grant, SignIn};
use super::{people, pkce, refresh};
use crate::app::App;
use crate::entropy::{self, digest_of};
use crate::problem::Problem;
use crate::store::entity::auth_code;

/// How long a code is good.
const LIFE_MS: i64 = 60_000;

/// What somebody agreed to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Agreement<'a> {
    /// The client.
    pub(crate) client: &'a ClientView,
    /// Who agreed.
    pub(crate) developer: Uuid,
    /// When they signed in.
    pub(crate) auth_time: i64,
    /// Where the code goes.
    pub(crate) redirect_uri: &'a str,
    /// What is granted.
    pub(crate) granted: &'a Granted,
    /// What the client gave along for the ID token.
    pub(crate) nonce: Option<&'a str>,
    /// The challenge of PKCE.
    pub(crate) challenge: &'a str,
}

/// Makes a code.
pub(crate) async fn issue(app: &App, agreed: Agreement<'_>) -> Result<Secret<String>, Problem> {
    let code = entropy::token()?;
    let row = auth_code::Model {
        digest: digest_of(code.expose()).as_bytes().to_vec(),
        server_id: agreed.client.row.server_id,
        client_id: agreed.client.row.id.clone(),
        developer_id: agreed.developer,
        redirect_uri: agreed.redirect_uri.to_owned(),
        scopes: json!({"names": agreed.granted.names, "asked": agreed.granted.asked}),
        nonce: agreed.nonce.map(str::to_owned),
        challenge: agreed.challenge.to_owned(),
        family: Uuid::now_v7(),
        auth_time: agreed.auth_time,
        used_at: None,
        expires_at: app.clock.now() + LIFE_MS,
    };
    row.into_active_model().insert(app.store.db()).await?;
    Ok(code)
}

/// Trades a code for tokens. One that comes a second time takes back what came of it.
pub(super) async fn redeem(
    app: &App,
    server: &ServerView,
    client: &ClientView,
    form: &Form,
) -> Result<Tokens, Refusal> {
    let db = app.store.db();
    let digest = digest_of(form.required("code")?).as_bytes().to_vec();
    let verifier = form.required("code_verifier")?;
    let redirect_uri = form.required("redirect_uri")?;
    let found = auth_code::Entity::find_by_id(digest).one(db).await?;
    let code = found
        .filter(|code| code.server_id == server.row.id && code.client_id == client.row.id)
        .ok_or_else(Refusal::grant)?;
    if code.used_at.is_some() {
        refresh::revoke_family(db, code.family).await?;
        return Err(Refusal::grant());
    }
    let good = code.expires_at > app.clock.now()
        && code.redirect_uri == redirect_uri
        && pkce::proves(verifier, &code.challenge);
    if !good {
        return Err(Refusal::grant());
    }
    let developer = people::developer_for(db, &client.row, code.developer_id).await?;
    let developer = developer.ok_or_else(Refusal::grant)?;
    let names = code.scopes.get("names").map(texts).unwrap_or_default();
    let asked = code.scopes.get("asked").and_then(Value::as_bool).unwrap_or_default();
    let granted = still(server, client, names, asked);
    let grant = Grant { developer: Some(developer.id), family: Some(code.family) };
    let access = token::access(app, server, client, &granted, grant).await?;
    let id = if granted.has("openid") {
        let sign_in = SignIn {
            developer: &developer,
            auth_time: code.auth_time,
            nonce: code.nonce.as_deref(),
            access: access.token.expose(),
        };
        Some(token::id_token(app, server, client, sign_in).await?)
    } else {
        None
    };
    let next = match client.may_ask(REFRESH_TOKEN) {
        true => Some(refresh::new(app, client, &granted, grant, code.auth_time)?),
        false => None,
    };
    let tx = app.store.begin().await?;
    // Only one of two uses at once finds the code unused.
    let used = auth_code::Entity::update_many()
        .set(auth_code::ActiveModel { used_at: Set(Some(app.clock.now())), ..Default::default() })
        .filter(auth_code::Column::Digest.eq(code.digest))
        .filter(auth_code::Column::UsedAt.is_null())
        .exec(&tx)
        .await?;
    if used.rows_affected != 1 {
        refresh::revoke_family(&tx, code.family).await?;
        tx.commit().await?;
        return Err(Refusal::grant());
    }
    access.row.clone().into_active_model().insert(&tx).await?;
    let refresh = match next {
        Some((refresh, row)) => {
            row.into_active_model().insert(&tx).await?;
            Some(refresh)
        }
        None => None,
    };
    tx.commit().await?;
    Ok(Tokens { refresh, id, ..Tokens::of(access, &granted) })
}

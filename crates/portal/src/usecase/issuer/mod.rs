//! Issuers of OpenID Connect strategies: what was entered, and what the provider says.
//!
//! A strategy is made without a word from its provider. Its issuer is discovered right after, again
//! and again until that succeeds, and looked at anew from time to time. What was discovered is what
//! gateways compare tokens with; until then they refuse. A provider that is away, or says something
//! else one day, takes nothing away.

use std::collections::BTreeSet;

use gatekey_core::oidc::documents::Discovery as Document;
use gatekey_core::oidc::url::Url;
use gatekey_dcr::{Call, Method, Outcome};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel,
    QueryFilter, Set,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::client;
use super::strategy::{self, OPENID_CONNECT};
use crate::app::App;
use crate::identity::server;
use crate::problem::Problem;
use crate::revision::{ChangeSet, record};
use crate::store::entity::{auth_server, strategy as row};

mod spelling;
pub(crate) mod watch;

pub(crate) use self::spelling::Entered;

/// A discovered issuer is looked at anew after an hour.
const AGAIN_MILLIS: i64 = 3_600_000;
/// The pauses after failures: 2, 4, 8 seconds and so on, up to five minutes.
const LONGEST_PAUSE_MILLIS: i64 = 300_000;

/// How far the discovery of an issuer got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// The provider has not been asked yet.
    Pending,
    /// The issuer is known.
    Discovered,
    /// The provider has been asked in vain, and will be again.
    Failed,
    /// Nothing has to be discovered: the settings say all, and the issuer is taken as entered.
    NotNeeded,
}

impl Status {
    /// The name on the wire.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Discovered => "discovered",
            Self::Failed => "failed",
            Self::NotNeeded => "not_needed",
        }
    }
}

/// What is known of an issuer, as it is stored with its strategy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Discovery {
    /// The issuer as it was entered.
    pub(crate) entered: String,
    /// How far it got.
    pub(crate) status: Status,
    /// The issuer as tokens name it.
    pub(crate) issuer: Option<String>,
    /// Where its keys are.
    pub(crate) jwks_uri: Option<String>,
    /// When the provider was last asked.
    pub(crate) checked_at: Option<i64>,
    /// What went wrong then.
    pub(crate) error: Option<String>,
    /// It is one of the portal's own authorization servers.
    #[serde(default)]
    pub(crate) own: bool,
    /// How often the provider was asked in vain since it last answered.
    attempts: u32,
    /// When the provider is to be asked next.
    due_at: i64,
}

impl Discovery {
    /// Nothing is known yet.
    pub(crate) fn pending(entered: &str, now: i64) -> Self {
        Self {
            entered: entered.to_owned(),
            status: Status::Pending,
            issuer: None,
            jwks_uri: None,
            checked_at: None,
            error: None,
            own: false,
            attempts: 0,
            due_at: now,
        }
    }

    /// Nothing has to be found out.
    pub(crate) fn not_needed(entered: &str) -> Self {
        Self {
            status: Status::NotNeeded,
            issuer: Some(entered.to_owned()),
            due_at: i64::MAX,
            ..Self::pending(entered, 0)
        }
    }

    /// What the strategy has stored, if it is about the issuer that it has now.
    pub(crate) fn of(row: &row::Model) -> Option<Self> {
        let entered = row.config.get("issuer")?.as_str()?;
        let known: Self = serde_json::from_value(row.discovery.clone()?).ok()?;
        (known.entered == entered).then_some(known)
    }

    /// The same for another spelling of the issuer: what is known goes on holding if the spelling
    /// means the same.
    pub(crate) fn respelled(self, entered: &Entered, text: &str, now: i64) -> Self {
        let holds = self.issuer.as_deref().is_some_and(|issuer| entered.is_meant(issuer));
        if holds && self.status == Status::Discovered {
            Self { entered: text.to_owned(), due_at: now, ..self }
        } else {
            Self::pending(text, now)
        }
    }

    /// What is to be stored.
    pub(crate) fn stored(&self) -> Result<Value, Problem> {
        serde_json::to_value(self).map_err(Problem::internal)
    }

    /// What else is worth knowing.
    pub(crate) fn hint(&self) -> Option<String> {
        self.issuer.as_deref().and_then(Entered::hint)
    }

    /// After the provider was asked.
    fn after(self, found: Result<Found, String>, now: i64) -> Self {
        match found {
            Ok(found) => Self {
                entered: self.entered,
                status: Status::Discovered,
                issuer: Some(found.issuer),
                jwks_uri: found.jwks_uri,
                own: found.own,
                checked_at: Some(now),
                error: None,
                attempts: 0,
                due_at: now.saturating_add(AGAIN_MILLIS),
            },
            Err(error) => {
                let pause = 2_000_i64.checked_shl(self.attempts.min(16)).unwrap_or(i64::MAX);
                let status = match self.status {
                    Status::Discovered => Status::Discovered,
                    _ => Status::Failed,
                };
                Self {
                    status,
                    checked_at: Some(now),
                    error: Some(error),
                    attempts: self.attempts.saturating_add(1),
                    due_at: now.saturating_add(pause.min(LONGEST_PAUSE_MILLIS)),
                    ..self
                }
            }
        }
    }
}

/// The issuer that tokens under an OpenID Connect strategy name; none as long as it is not known.
pub(crate) fn effective(row: &row::Model) -> Option<String> {
    Discovery::of(row)?.issuer
}

/// What a provider says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    issuer: String,
    jwks_uri: Option<String>,
    own: bool,
}

/// Whether an issuer lies where those of the portal's own authorization servers are.
pub(crate) fn is_own(app: &App, entered: &Entered) -> bool {
    entered.issuer().starts_with(&format!("{}/auth/", app.config.base_url()))
}

/// The authorization server of the portal that an issuer names.
pub(crate) async fn own_server(
    app: &App,
    db: &impl ConnectionTrait,
    entered: &Entered,
) -> Result<Option<auth_server::Model>, Problem> {
    server::of_issuer(app, db, entered.issuer()).await
}

/// What the portal knows of its own authorization servers; none when the issuer is somebody else's.
async fn look_up(
    app: &App,
    db: &impl ConnectionTrait,
    entered: &Entered,
) -> Result<Option<Result<Found, String>>, Problem> {
    if !is_own(app, entered) {
        return Ok(None);
    }
    let found = match own_server(app, db, entered).await? {
        Some(server) => {
            let jwks_uri = Some(server.jwks_uri(app));
            Ok(Found { issuer: server.issuer(app), jwks_uri, own: true })
        }
        None => Err(format!("`{}` is none of the authorization servers here", entered.issuer())),
    };
    Ok(Some(found))
}

/// The same discovery, concluded at once when the issuer is one of the portal's own.
pub(crate) async fn at_once(
    app: &App,
    db: &impl ConnectionTrait,
    known: Discovery,
    entered: &Entered,
) -> Result<Discovery, Problem> {
    if known.status == Status::NotNeeded {
        return Ok(known);
    }
    let found = look_up(app, db, entered).await?;
    Ok(match found {
        Some(found) => known.after(found, app.clock.now()),
        None => known,
    })
}

/// What an issuer says of itself: the portal's own are in its database, the others are asked.
pub(crate) async fn look(
    app: &App,
    db: &impl ConnectionTrait,
    entered: &Entered,
) -> Result<Result<Found, String>, Problem> {
    match look_up(app, db, entered).await? {
        Some(found) => Ok(found),
        None => Ok(ask(app, entered).await),
    }
}

/// Asks the provider of an issuer.
async fn ask(app: &App, entered: &Entered) -> Result<Found, String> {
    let mut told: Vec<String> = Vec::new();
    for place in entered.places() {
        match ask_at(app, entered, &place).await {
            Ok(found) => return Ok(found),
            Err(Miss::Other(fault)) => return Err(format!("{place} {fault}")),
            Err(Miss::None(fault)) => told.push(format!("{place} {fault}")),
        }
    }
    Err(told.join("; "))
}

/// Why a place yields no issuer.
enum Miss {
    /// There is no document.
    None(String),
    /// There is one, which cannot be taken.
    Other(String),
}

async fn ask_at(app: &App, entered: &Entered, place: &str) -> Result<Found, Miss> {
    let now = u64::try_from(app.clock.now() / 1_000).unwrap_or_default();
    let reply = match app.outbound.send(&Call::new(Method::Get, place), now).await {
        Outcome::Replied(reply) => reply,
        Outcome::NotSent(cause) | Outcome::Lost(cause) => {
            return Err(Miss::None(format!("cannot be asked: {cause}")));
        }
    };
    if reply.status != 200 {
        return Err(Miss::None(format!("answers with status {}", reply.status)));
    }
    let document = reply.json();
    let Some(said) = document.get("issuer").and_then(Value::as_str) else {
        return Err(Miss::None("is no discovery document: it names no `issuer`".into()));
    };
    if !entered.is_meant(said) {
        let (meant, advice) = (entered.issuer(), entered.near_miss(said));
        return Err(Miss::Other(format!("speaks for `{said}`, not for `{meant}`: {advice}")));
    }
    // Gateways read it in the same way.
    let read = Document::parse(reply.body.expose(), said)
        .map_err(|fault| Miss::Other(format!("cannot be used: {fault}")))?;
    let jwks_uri = read.jwks_uri.map(|url| url.to_string());
    Ok(Found { issuer: said.to_owned(), jwks_uri, own: false })
}

/// Asks the provider of a strategy now, and stores what came of it. None when the strategy has
/// another issuer by now, or is gone.
pub(crate) async fn check(app: &App, id: Uuid) -> Result<Option<Discovery>, Problem> {
    let strategy = strategy::find(app.store.db(), id).await?;
    let Some(known) = Discovery::of(&strategy) else { return Ok(None) };
    if known.status == Status::NotNeeded {
        return Ok(Some(known));
    }
    let entered = Entered::read(&known.entered).map_err(Problem::internal)?;
    let found = look(app, app.store.db(), &entered).await?;
    settle(app, id, &known.entered, found).await
}

/// Stores what was found out. Gateways hear of it only if it is something new.
async fn settle(
    app: &App,
    id: Uuid,
    entered: &str,
    found: Result<Found, String>,
) -> Result<Option<Discovery>, Problem> {
    let mut tx = app.store.change().await?;
    let Some(strategy) = row::Entity::find_by_id(id).one(&*tx).await? else { return Ok(None) };
    let Some(known) = Discovery::of(&strategy).filter(|known| known.entered == entered) else {
        return Ok(None);
    };
    let after = known.after(found, app.clock.now());
    let mut changed = strategy.clone().into_active_model();
    changed.discovery = Set(Some(after.stored()?));
    let changed = changed.update(&*tx).await?;
    let is_new = effective(&strategy) != effective(&changed);
    if is_new {
        publish(&mut tx, &strategy, &changed).await?;
    }
    tx.commit().await?;
    match &after.error {
        Some(error) => tracing::warn!(strategy = %id, error, "cannot discover an issuer"),
        None if is_new => {
            tracing::info!(strategy = %id, issuer = after.issuer, "discovered an issuer");
        }
        None => {}
    }
    Ok(Some(after))
}

/// Gateways are to know a strategy that changed, and the clients of its issuer.
pub(crate) async fn publish(
    tx: &mut ChangeSet,
    before: &row::Model,
    after: &row::Model,
) -> Result<(), Problem> {
    tx.put(record::strategy(after));
    if effective(before) != effective(after) {
        client::redigest(tx, after).await?;
    }
    Ok(())
}

/// The OpenID Connect strategies, as far as their discovery goes.
async fn all(db: &impl ConnectionTrait) -> Result<Vec<row::Model>, Problem> {
    let rows = row::Entity::find().filter(row::Column::Kind.eq(OPENID_CONNECT)).all(db).await?;
    Ok(rows)
}

/// The hosts, with their ports, under which authorization servers of the portal issue tokens: the
/// portal's own now, and those that strategies were discovered under.
pub(crate) async fn own_hosts(
    db: &impl ConnectionTrait,
    base_url: &str,
) -> Result<BTreeSet<String>, DbErr> {
    let rows = row::Entity::find().filter(row::Column::Kind.eq(OPENID_CONNECT)).all(db).await?;
    let own = rows.iter().filter_map(Discovery::of).filter(|known| known.own);
    let issuers = own.filter_map(|known| known.issuer).chain([base_url.to_owned()]);
    let hosts = issuers.filter_map(|issuer| Url::parse(&issuer)).map(|url| url.authority);
    Ok(hosts.map(String::from).collect())
}

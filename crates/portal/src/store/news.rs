//! News between the processes on a database: that there is a new revision.
//!
//! PostgreSQL carries them (`NOTIFY`, `LISTEN`): they are sent by the transaction that makes the
//! revision, when it commits. Whoever loses the connection loses news, so the revision is also
//! looked at from time to time, often while nothing can be heard.

use core::time::Duration;

use gatekey_core::secret::Secret;
use sea_orm::sea_query::{Expr, Func, Query};
use sea_orm::sqlx::Error;
use sea_orm::sqlx::postgres::PgListener;
use sea_orm::{ConnectionTrait, DbErr};
use uuid::Uuid;

use super::Store;

/// How often the revision is looked at while news are heard, or nobody else is on the database.
const SELDOM: Duration = Duration::from_secs(2);
/// The same while nothing is heard.
const OFTEN: Duration = Duration::from_millis(250);

/// The channel of a portal. Several portals may have their tables in one database.
pub(super) fn channel(instance: Uuid) -> String {
    format!("gatekey_{}", instance.simple())
}

/// Tells the others of a revision, once the transaction commits.
pub(crate) async fn send(
    tx: &impl ConnectionTrait,
    channel: &str,
    revision: i64,
) -> Result<(), DbErr> {
    let notify =
        Func::cust("pg_notify").arg(Expr::val(channel)).arg(Expr::val(revision.to_string()));
    tx.execute(&Query::select().expr(notify).take()).await.map(|_| ())
}

/// Hears of revisions that others make, for as long as the portal runs.
pub(crate) async fn hear_forever(store: Store, url: Secret<String>) {
    let mut listener = None;
    loop {
        if listener.is_none()
            && let Some(channel) = &store.told.elsewhere
        {
            listener = listen(url.expose(), channel).await;
        }
        if let Err(error) = store.look().await {
            tracing::warn!(cause = %error, "cannot look for a new revision");
        }
        match &mut listener {
            Some(heard) => match tokio::time::timeout(SELDOM, heard.try_recv()).await {
                Ok(Ok(Some(_))) => while heard.next_buffered().is_some() {},
                // The connection broke and was made anew: what was sent meanwhile is lost.
                Ok(Ok(None)) | Err(_) => {}
                Ok(Err(error)) => {
                    tracing::warn!(cause = %error, "cannot hear of new revisions");
                    listener = None;
                    tokio::time::sleep(OFTEN).await;
                }
            },
            None => {
                let pause = if store.told.elsewhere.is_some() { OFTEN } else { SELDOM };
                tokio::time::sleep(pause).await;
            }
        }
    }
}

async fn listen(url: &str, channel: &str) -> Option<PgListener> {
    let listening = async {
        let mut listener = PgListener::connect(url).await?;
        listener.listen(channel).await?;
        Ok::<_, Error>(listener)
    };
    let listening = listening.await;
    if let Err(error) = &listening {
        tracing::warn!(cause = %error, "cannot listen for new revisions");
    }
    listening.ok()
}

//! Tokens that e-mails carry: each works once, until its time is over.

use core::time::Duration;

use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, Set,
};
use uuid::{Builder, Uuid};

use crate::app::App;
use crate::clock::millis;
use crate::entropy;
use crate::problem::Problem;
use crate::store::entity::{developer, mail_token};

/// What a token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To prove that an address is one's own.
    VerifyAddress,
    /// To set a password.
    ResetPassword,
}

impl Purpose {
    const fn as_str(self) -> &'static str {
        match self {
            Self::VerifyAddress => "verify-address",
            Self::ResetPassword => "reset-password",
        }
    }

    fn lifetime(self, app: &App) -> Duration {
        match self {
            Self::VerifyAddress => app.config.lifetimes.verification,
            Self::ResetPassword => app.config.lifetimes.reset,
        }
    }
}

/// Makes a token; earlier ones of its kind are void. It is a random UUID: 122 bits.
pub(crate) async fn issue(
    app: &App,
    db: &impl ConnectionTrait,
    developer: Uuid,
    purpose: Purpose,
) -> Result<Uuid, Problem> {
    let now = app.clock.now();
    let over = Condition::any()
        .add(mail_token::Column::UsedAt.is_null())
        .add(mail_token::Column::ExpiresAt.lte(now));
    mail_token::Entity::delete_many()
        .filter(mail_token::Column::DeveloperId.eq(developer))
        .filter(mail_token::Column::Purpose.eq(purpose.as_str()))
        .filter(over)
        .exec(db)
        .await?;
    let token = Builder::from_random_bytes(entropy::bytes()?).into_uuid();
    mail_token::ActiveModel {
        digest: Set(digest(token)),
        developer_id: Set(developer),
        purpose: Set(purpose.as_str().into()),
        expires_at: Set(now + millis(purpose.lifetime(app))),
        used_at: Set(None),
        created_at: Set(now),
    }
    .insert(db)
    .await?;
    Ok(token)
}

/// Spends a token of a portal; whose it was. One that nobody made is not found, one that is
/// spent or whose time is over is gone.
pub(crate) async fn spend(
    app: &App,
    db: &impl ConnectionTrait,
    portal: Uuid,
    token: Uuid,
    purpose: Purpose,
) -> Result<developer::Model, Problem> {
    let now = app.clock.now();
    let found = mail_token::Entity::find_by_id(digest(token)).one(db).await?;
    let found = found.filter(|found| found.purpose == purpose.as_str());
    let found = found.ok_or_else(Problem::not_found)?;
    let developer = developer::Entity::find_by_id(found.developer_id).one(db).await?;
    let developer = developer.filter(|developer| developer.portal_id == portal);
    let developer = developer.ok_or_else(Problem::not_found)?;
    // Only one of two uses at once finds the token unspent.
    let spent = mail_token::Entity::update_many()
        .set(mail_token::ActiveModel { used_at: Set(Some(now)), ..Default::default() })
        .filter(mail_token::Column::Digest.eq(found.digest))
        .filter(mail_token::Column::UsedAt.is_null())
        .filter(mail_token::Column::ExpiresAt.gt(now))
        .exec(db)
        .await?;
    if spent.rows_affected == 1 {
        Ok(developer)
    } else {
        Err(Problem::gone("The token was used or has expired"))
    }
}

/// Forgets tokens whose time has been over for a day; until then they are known as expired.
pub(crate) async fn prune(app: &App) -> Result<(), DbErr> {
    const DAY_MS: i64 = 86_400_000;
    mail_token::Entity::delete_many()
        .filter(mail_token::Column::ExpiresAt.lte(app.clock.now() - DAY_MS))
        .exec(app.store.db())
        .await
        .map(|_| ())
}

fn digest(token: Uuid) -> Vec<u8> {
    entropy::digest_of(&token.to_string()).as_bytes().to_vec()
}

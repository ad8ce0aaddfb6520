//! What developers who signed in do with their own account: their name, their password, and the
//! browsers that they are signed in with.

use gatekey_core::secret::Secret;
use schemars::JsonSchema;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, ModelTrait, QueryFilter, Select,
};
use serde::Deserialize;
use uuid::Uuid;

use super::account::{account, has_sign_in};
use super::developer;
use crate::actor::{ClientAddress, OwnSession};
use crate::app::App;
use crate::audit;
use crate::audit::entry::Outcome;
use crate::input::Given;
use crate::problem::{Invalid, Problem};
use crate::store::entity::{self, session};
use crate::throttle::{Act, By};

/// What developers change of themselves.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProfileEdit {
    #[serde(default)]
    #[schemars(length(min = 1, max = 250))]
    full_name: Given<String>,
}

/// A new password, and the one that it takes the place of.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordChange {
    #[schemars(length(min = 1, max = 256))]
    current_password: String,
    #[schemars(length(min = 8, max = 256))]
    new_password: String,
}

/// Changes what a developer says of themselves.
pub(crate) async fn update(
    app: &App,
    own: &entity::developer::Model,
    edit: ProfileEdit,
) -> Result<entity::developer::Model, Problem> {
    let tx = app.store.begin().await?;
    let mut after = developer::find(&tx, own.portal_id, own.id).await?;
    let Given::Yes(full_name) = edit.full_name else { return Ok(after) };
    after.full_name = full_name;
    after.updated_at = app.clock.now().max(after.updated_at + 1);
    let after = after.into_active_model().reset_all().update(&tx).await?;
    tx.commit().await?;
    Ok(after)
}

/// Sets another password, for whoever knows the one that is set, and ends every other session.
pub(crate) async fn change_password(
    app: &App,
    own: OwnSession,
    ClientAddress(address): ClientAddress,
    change: PasswordChange,
) -> Result<(), Problem> {
    let OwnSession { portal, developer: known, session } = own;
    has_sign_in(app, &portal).await?;
    // Whoever found an open session must not guess the password by it. Counted as failed until it
    // succeeds: attempts at the same time must not slip through.
    let counted = [By::Address(address), account(&portal, &known.email)];
    for by in counted {
        app.throttles.count(Act::FailedSignIn, by, app.clock.now()).await?;
    }
    let given = Secret::new(change.current_password);
    if !app.passwords.verify(given, known.password_hash.clone()).await? {
        audit::note(app, "change-password", Outcome::Refused, Some("wrong password")).await;
        return Err(wrong_password());
    }
    for by in counted {
        app.throttles.give_back(Act::FailedSignIn, by).await;
    }
    // Hashed before the transaction: the write lock is not held while a processor is busy.
    let hash = app.passwords.hash(Secret::new(change.new_password)).await?;
    let tx = app.store.begin().await?;
    let mut current = developer::find(&tx, portal.id, known.id).await?;
    // It may have been set by somebody else while it was checked.
    if current.password_hash != known.password_hash {
        return Err(wrong_password());
    }
    current.password_hash = Some(hash);
    let current = current.into_active_model().reset_all().update(&tx).await?;
    others(current.id, session).exec(&tx).await?;
    tx.commit().await?;
    Ok(())
}

/// The sessions of a developer that have not ended.
pub(crate) fn sessions(app: &App, developer: Uuid) -> Select<session::Entity> {
    session::Entity::find()
        .filter(session::Column::DeveloperId.eq(developer))
        .filter(session::Column::RefreshExpiresAt.gt(app.clock.now()))
}

/// Ends one of them.
pub(crate) async fn end_session(app: &App, developer: Uuid, id: Uuid) -> Result<(), Problem> {
    let tx = app.store.begin().await?;
    let found = sessions(app, developer).filter(session::Column::Id.eq(id)).one(&tx).await?;
    found.ok_or_else(Problem::not_found)?.delete(&tx).await?;
    Ok(tx.commit().await?)
}

/// Ends all of them but the one that asks for it.
pub(crate) async fn end_other_sessions(app: &App, own: &OwnSession) -> Result<(), Problem> {
    let tx = app.store.begin().await?;
    others(own.developer.id, own.session).exec(&tx).await?;
    Ok(tx.commit().await?)
}

fn others(developer: Uuid, session: Uuid) -> sea_orm::DeleteMany<session::Entity> {
    session::Entity::delete_many()
        .filter(session::Column::DeveloperId.eq(developer))
        .filter(session::Column::Id.ne(session))
}

/// 400 and not 401: the session that asks is good.
fn wrong_password() -> Problem {
    let reason = "is not the password of the account";
    Problem::one_invalid(Invalid::body("current_password", "invalid", reason))
}

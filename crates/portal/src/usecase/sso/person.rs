//! The developer whom a provider's word is about, who may be new.

use gatekey_core::lifecycle::developer::{DeveloperStatus, sign_in as may_sign_in};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, Set,
};

use super::provider::Person;
use super::refused;
use crate::app::App;
use crate::problem::Problem;
use crate::session::{self, Tokens};
use crate::store::entity::{developer, developer_identity, identity_provider, portal};
use crate::usecase::account;
use crate::usecase::developer::{find_by_address, fresh};
use crate::usecase::identity_provider::{mapping, settings};

/// Signs a person in. Who is new gets an account, which is approved as the portal approves those who
/// sign up; who is not approved is kept, for an administrator to decide, and refused.
pub(super) async fn sign_in(
    app: &App,
    portal: &portal::Model,
    provider: &identity_provider::Model,
    person: Person,
) -> Result<Tokens, Problem> {
    let tx = app.store.begin().await?;
    let developer = developer_of(app, &tx, portal, provider, &person).await?;
    let settings = settings::of(&tx, portal.id).await?;
    if settings.group_mapping {
        let (groups, others) = (&person.groups, settings.admin_mapping);
        mapping::apply(app, &tx, provider.id, developer.id, groups, others).await?;
    }
    let status = DeveloperStatus::parse(&developer.status).unwrap_or(DeveloperStatus::Revoked);
    if let Err(refusal) = may_sign_in(status) {
        tx.commit().await?;
        return Err(account::refusal(refusal));
    }
    account::is_known(&developer);
    let tokens = session::start(app, &tx, &developer).await?;
    tx.commit().await?;
    Ok(tokens)
}

/// By the subject, which never changes; the first time by the address, which the provider vouches for.
async fn developer_of(
    app: &App,
    db: &impl ConnectionTrait,
    portal: &portal::Model,
    provider: &identity_provider::Model,
    person: &Person,
) -> Result<developer::Model, Problem> {
    let now = app.clock.now();
    let id = (provider.id, person.subject.clone());
    if let Some(known) = developer_identity::Entity::find_by_id(id).one(db).await? {
        let found = developer::Entity::find_by_id(known.developer_id).one(db).await?;
        return found.ok_or_else(|| Problem::internal("an identity has no developer"));
    }
    let known = find_by_address(db, portal.id, &person.email).await?;
    let developer = match known {
        Some(mut known) => {
            let others = developer_identity::Entity::find()
                .filter(developer_identity::Column::ProviderId.eq(provider.id))
                .filter(developer_identity::Column::DeveloperId.eq(known.id))
                .one(db)
                .await?;
            if others.is_some() {
                // The address is somebody else's there by now.
                return Err(refused("The account belongs to somebody else at the provider"));
            }
            known.verified_at = known.verified_at.or(Some(now));
            known.into_active_model().reset_all().update(db).await?
        }
        None => {
            let (email, name) = (person.email.clone(), person.full_name.clone());
            let mut made = fresh(portal, email, name, None, now);
            made.verified_at = Some(now);
            made.into_active_model().insert(db).await?
        }
    };
    developer_identity::ActiveModel {
        provider_id: Set(provider.id),
        subject: Set(person.subject.clone()),
        developer_id: Set(developer.id),
        created_at: Set(now),
    }
    .insert(db)
    .await?;
    Ok(developer)
}

//! Whose sign-in counts for a client: developers of the portal that its application, or the policy
//! it registered itself under, belongs to.

use sea_orm::{ConnectionTrait, EntityTrait};
use serde_json::json;
use uuid::Uuid;

use crate::identity::initial_access_token::Policy;
use crate::problem::Problem;
use crate::session;
use crate::store::entity::{application, auth_client, developer, portal};

/// The portal whose developers may sign in to a client, if there is one.
pub(crate) async fn portal_of(
    db: &impl ConnectionTrait,
    client: &auth_client::Model,
) -> Result<Option<portal::Model>, Problem> {
    let portal = match client.application_id {
        Some(id) => {
            let found = application::Entity::find_by_id(id).one(db).await?;
            found.map(|application| application.portal_id)
        }
        None => {
            let policy = client.registration_policy.clone().unwrap_or_else(|| json!({}));
            let policy: Policy = serde_json::from_value(policy).map_err(Problem::internal)?;
            policy.portal_id
        }
    };
    let Some(portal) = portal else { return Ok(None) };
    let portal = portal::Entity::find_by_id(portal).one(db).await?;
    Ok(portal.filter(|portal| portal.authentication_enabled))
}

/// A developer whose account is still good and whose portal is still the client's.
pub(crate) async fn developer_for(
    db: &impl ConnectionTrait,
    client: &auth_client::Model,
    developer: Uuid,
) -> Result<Option<developer::Model>, Problem> {
    let found = developer::Entity::find_by_id(developer).one(db).await?;
    let Some(found) = found.filter(session::may_be_signed_in) else { return Ok(None) };
    let portal = portal_of(db, client).await?;
    Ok(portal.filter(|portal| portal.id == found.portal_id).map(|_| found))
}

//! Networks from which a portal may be used, where it is said that not everybody may
//! (`sipr_enabled`).

use core::net::IpAddr;

use schemars::JsonSchema;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, ModelTrait,
    PaginatorTrait, QueryFilter,
};
use serde::Deserialize;
use uuid::Uuid;

use super::portal as portals;
use crate::app::App;
use crate::dcr::metadata::strings;
use crate::input::Given;
use crate::outbound::Allowed;
use crate::problem::{Invalid, Problem};
use crate::store::entity::{portal, portal_network};

/// The most lists of a portal.
const MOST_LISTS: u64 = 100;

/// A list of addresses and networks.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewNetworks {
    #[schemars(length(min = 1, max = 25))]
    allowed_ips: Vec<String>,
}

/// What to change of a list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NetworksEdit {
    #[serde(default)]
    #[schemars(length(min = 1, max = 25))]
    allowed_ips: Given<Vec<String>>,
}

/// A list of a portal.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    portal: Uuid,
    id: Uuid,
) -> Result<portal_network::Model, Problem> {
    let found = portal_network::Entity::find_by_id(id).one(db).await?;
    found.filter(|found| found.portal_id == portal).ok_or_else(Problem::not_found)
}

/// Adds a list to those of a portal: an address has to be in one of them.
pub(crate) async fn create(
    app: &App,
    portal: Uuid,
    new: NewNetworks,
) -> Result<portal_network::Model, Problem> {
    check(&new.allowed_ips)?;
    let now = app.clock.now();
    let tx = app.store.begin().await?;
    portals::find(&tx, portal).await?;
    let of_portal = portal_network::Column::PortalId.eq(portal);
    if portal_network::Entity::find().filter(of_portal).count(&tx).await? >= MOST_LISTS {
        return Err(Problem::conflict(format!("A portal can have at most {MOST_LISTS} lists")));
    }
    let made = portal_network::Model {
        id: Uuid::now_v7(),
        portal_id: portal,
        allowed_ips: new.allowed_ips.into(),
        created_at: now,
        updated_at: now,
    };
    let made = made.into_active_model().insert(&tx).await?;
    tx.commit().await?;
    Ok(made)
}

/// Replaces a list.
pub(crate) async fn replace(
    app: &App,
    portal: Uuid,
    id: Uuid,
    new: NewNetworks,
) -> Result<portal_network::Model, Problem> {
    let edit = NetworksEdit { allowed_ips: Given::Yes(new.allowed_ips) };
    update(app, portal, id, edit).await
}

/// Changes a list.
pub(crate) async fn update(
    app: &App,
    portal: Uuid,
    id: Uuid,
    edit: NetworksEdit,
) -> Result<portal_network::Model, Problem> {
    let tx = app.store.begin().await?;
    let mut after = find(&tx, portal, id).await?;
    let Given::Yes(networks) = edit.allowed_ips else { return Ok(after) };
    check(&networks)?;
    after.allowed_ips = networks.into();
    after.updated_at = app.clock.now().max(after.updated_at + 1);
    let after = after.into_active_model().reset_all().update(&tx).await?;
    tx.commit().await?;
    Ok(after)
}

/// Deletes a list.
pub(crate) async fn delete(app: &App, portal: Uuid, id: Uuid) -> Result<(), Problem> {
    let tx = app.store.begin().await?;
    find(&tx, portal, id).await?.delete(&tx).await?;
    tx.commit().await?;
    Ok(())
}

fn check(networks: &[String]) -> Result<(), Problem> {
    let mut known = Vec::new();
    for (at, text) in networks.iter().enumerate() {
        let field = format!("allowed_ips.{at}");
        let network = read(text).ok_or_else(|| {
            let reason = "must be an address, or a network like 10.0.0.0/8";
            Problem::one_invalid(Invalid::body(&field, "invalid", reason))
        })?;
        if known.contains(&network) {
            let reason = "must differ from the others";
            return Err(Problem::one_invalid(Invalid::body(field, "invalid", reason)));
        }
        known.push(network);
    }
    Ok(())
}

/// An address or a network, and nothing that has to be looked up.
fn read(text: &str) -> Option<Allowed> {
    text.parse().ok().filter(|read| matches!(read, Allowed::Network(..)))
}

/// Refuses an address from which a portal may not be used. A portal that asks for lists and has none
/// is for nobody.
pub(crate) async fn let_in(
    app: &App,
    portal: &portal::Model,
    address: IpAddr,
) -> Result<(), Problem> {
    if !portal.sipr_enabled {
        return Ok(());
    }
    let lists = portal_network::Entity::find()
        .filter(portal_network::Column::PortalId.eq(portal.id))
        .all(app.store.db())
        .await?;
    let texts = lists.iter().flat_map(|list| strings(&list.allowed_ips));
    let mut networks = texts.filter_map(|text| read(&text));
    if networks.any(|network| network.has("", address.to_canonical())) {
        return Ok(());
    }
    Err(Problem::forbidden("The portal may not be used from this address"))
}

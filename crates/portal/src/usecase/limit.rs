//! How often, and from where, an application may call.

use gatekey_core::lifecycle::limit::{
    APIS_PER_LIMIT, InvalidLimit, InvalidNetworks, LIMITS_PER_APPLICATION, Limit, LimitKind,
    NETWORKS_PER_APPLICATION, check_limits, networks,
};
use schemars::JsonSchema;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, Set,
    Unchanged,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::application;
use crate::app::App;
use crate::problem::{Invalid, Problem};
use crate::revision::limit;
use crate::store::entity;

/// How a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum Kind {
    /// As many requests at once, and as many again spread over each window.
    Rate,
    /// So many requests in each window. Windows begin at multiples of their length since 1970.
    Quota,
}

/// How often an application may call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ApplicationLimit")]
pub(crate) struct LimitBody {
    kind: Kind,
    /// How many requests a window holds.
    #[schemars(range(min = 1, max = 4294967295u64))]
    requests: u32,
    /// How long a window is: of a rate 1 to 86400, of a quota 3600, 86400, 604800 or 2592000.
    #[schemars(range(min = 1, max = 2592000))]
    window_seconds: u32,
    /// The APIs whose requests count, all of them together; every API, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    apis: Option<Vec<Uuid>>,
}

/// The limits of an application.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ApplicationLimits")]
pub(crate) struct Limits {
    /// All of them count each request.
    #[schemars(length(max = 8))]
    pub(crate) limits: Vec<LimitBody>,
}

/// The networks from which an application may call.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ApplicationNetworks")]
pub(crate) struct Networks {
    /// Addresses and networks of IPv4 and IPv6; none at all is no restriction.
    #[schemars(length(max = 64))]
    pub(crate) networks: Vec<String>,
}

/// The limits of a row. What cannot be read is refused at gateways, so it is an error here.
pub(crate) fn limits_of(row: &entity::application::Model) -> Result<Limits, Problem> {
    let stored = row.limits.as_ref().map(limit::limits).transpose().map_err(Problem::internal)?;
    let shown = stored.unwrap_or_default().into_iter().map(|limit| LimitBody {
        kind: match limit.kind {
            LimitKind::Rate => Kind::Rate,
            LimitKind::Quota => Kind::Quota,
        },
        requests: limit.requests,
        window_seconds: limit.window_seconds,
        apis: Some(limit.apis.iter().map(|api| api.uuid()).collect::<Vec<_>>())
            .filter(|apis| !apis.is_empty()),
    });
    Ok(Limits { limits: shown.collect() })
}

/// The networks of a row.
pub(crate) fn networks_of(row: &entity::application::Model) -> Result<Networks, Problem> {
    let stored = row.networks.as_ref().map(limit::networks).transpose();
    let stored = stored.map_err(Problem::internal)?.unwrap_or_default();
    Ok(Networks { networks: gatekey_core::lifecycle::limit::network_texts(&stored) })
}

/// Replaces the limits of an application.
pub(crate) async fn put_limits(
    app: &App,
    portal: Uuid,
    id: Uuid,
    wanted: Limits,
) -> Result<entity::application::Model, Problem> {
    let mut read = Vec::new();
    for (index, body) in wanted.limits.iter().enumerate() {
        let kind = match body.kind {
            Kind::Rate => LimitKind::Rate,
            Kind::Quota => LimitKind::Quota,
        };
        let apis = body.apis.as_ref().map(|apis| apis.iter().map(|api| (*api).into()).collect());
        let limit = Limit::new(kind, body.requests, body.window_seconds, apis);
        read.push(limit.map_err(|fault| invalid(fault, Some(index)))?);
    }
    check_limits(&read).map_err(|fault| invalid(fault, None))?;
    let tx = app.store.change().await?;
    for (index, body) in wanted.limits.iter().enumerate() {
        exist(&*tx, index, body.apis.as_deref().unwrap_or_default()).await?;
    }
    let column = limit::limits_column(&read);
    write(app, tx, portal, id, |row| row.limits = Set(column)).await
}

/// Replaces the networks of an application.
pub(crate) async fn put_networks(
    app: &App,
    portal: Uuid,
    id: Uuid,
    wanted: Networks,
) -> Result<entity::application::Model, Problem> {
    let read = networks(&wanted.networks).map_err(|fault| {
        Problem::one_invalid(match fault {
            InvalidNetworks::TooMany => Invalid::body("networks", "max_items", fault.to_string())
                .at_most(NETWORKS_PER_APPLICATION as u64),
            InvalidNetworks::At(at, _) => {
                Invalid::body(format!("networks.{at}"), "invalid", fault.to_string())
            }
        })
    })?;
    let column = limit::networks_column(&read);
    let tx = app.store.change().await?;
    write(app, tx, portal, id, |row| row.networks = Set(column)).await
}

async fn write(
    app: &App,
    mut tx: crate::revision::ChangeSet,
    portal: Uuid,
    id: Uuid,
    set: impl FnOnce(&mut entity::application::ActiveModel),
) -> Result<entity::application::Model, Problem> {
    let before = application::find(&*tx, portal, id).await?;
    let mut after =
        entity::application::ActiveModel { id: Unchanged(before.id), ..Default::default() };
    set(&mut after);
    after.updated_at = Set(app.clock.now().max(before.updated_at + 1));
    let after = after.update(&*tx).await?;
    tx.put_application(&after).await?;
    tx.commit().await?;
    Ok(after)
}

/// Whether the APIs that a limit names are there.
async fn exist(db: &impl ConnectionTrait, index: usize, apis: &[Uuid]) -> Result<(), Problem> {
    let known: Vec<Uuid> = entity::api::Entity::find()
        .select_only()
        .column(entity::api::Column::Id)
        .filter(entity::api::Column::Id.is_in(apis.iter().copied()))
        .into_tuple()
        .all(db)
        .await?;
    match apis.iter().position(|api| !known.contains(api)) {
        Some(at) => {
            let field = format!("limits.{index}.apis.{at}");
            let fault = Invalid::body(field, "missing_reference", "API not found");
            Err(Problem::one_invalid(fault))
        }
        None => Ok(()),
    }
}

fn invalid(fault: InvalidLimit, index: Option<usize>) -> Problem {
    let field = match (index, fault.member()) {
        (Some(index), Some(member)) => format!("limits.{index}.{member}"),
        (Some(index), None) => format!("limits.{index}"),
        (None, _) => "limits".to_owned(),
    };
    let blame = |rule| Invalid::body(field, rule, fault.to_string());
    Problem::one_invalid(match fault {
        InvalidLimit::NoRequests => blame("min").at_least(1),
        InvalidLimit::TooMany => blame("max_items").at_most(LIMITS_PER_APPLICATION as u64),
        InvalidLimit::Apis => blame("max_items").at_most(APIS_PER_LIMIT as u64),
        InvalidLimit::RateWindow
        | InvalidLimit::QuotaWindow
        | InvalidLimit::RepeatedApi
        | InvalidLimit::Repeated => blame("invalid"),
    })
}

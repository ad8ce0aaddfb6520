//! Gateways: control planes, in Konnect.

use schemars::JsonSchema;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, ModelTrait,
    PaginatorTrait, QueryFilter,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::consumer;
use super::label::LabelEdit;
use crate::app::App;
use crate::input::Given;
use crate::problem::Problem;
use crate::store::entity::gateway;

/// What a control plane is for. The portal treats all alike.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[allow(clippy::enum_variant_names, reason = "the names are Konnect's")]
#[schemars(inline)]
pub(crate) enum ClusterType {
    #[serde(rename = "CLUSTER_TYPE_CONTROL_PLANE")]
    ControlPlane,
    #[serde(rename = "CLUSTER_TYPE_K8S_INGRESS_CONTROLLER")]
    K8sIngressController,
    #[serde(rename = "CLUSTER_TYPE_CONTROL_PLANE_GROUP")]
    ControlPlaneGroup,
    #[serde(rename = "CLUSTER_TYPE_SERVERLESS")]
    Serverless,
    #[serde(rename = "CLUSTER_TYPE_KAFKA_NATIVE_EVENT_PROXY")]
    KafkaNativeEventProxy,
    #[serde(rename = "CLUSTER_TYPE_SERVERLESS_V1")]
    ServerlessV1,
}

/// How data planes prove themselves to a control plane of Konnect. Ours use the gateway token.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum AuthType {
    PinnedClientCerts,
    PkiClientCerts,
}

/// Where a gateway is reached.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProxyUrl {
    #[schemars(length(min = 1, max = 120))]
    host: String,
    #[schemars(range(min = 1, max = 65535))]
    port: u16,
    #[schemars(length(min = 1, max = 32))]
    protocol: String,
}

/// A gateway to make.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewGateway {
    #[schemars(length(min = 2, max = 256))]
    name: String,
    #[serde(default)]
    #[schemars(length(max = 2048))]
    description: Given<String>,
    #[serde(default)]
    cluster_type: Given<ClusterType>,
    #[serde(default)]
    auth_type: Given<AuthType>,
    #[serde(default)]
    cloud_gateway: Given<bool>,
    #[serde(default)]
    #[schemars(length(max = 5))]
    proxy_urls: Given<Vec<ProxyUrl>>,
    #[serde(default)]
    labels: Given<LabelEdit>,
}

/// What to change of a gateway.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GatewayEdit {
    #[serde(default)]
    #[schemars(length(min = 2, max = 256))]
    name: Given<String>,
    #[serde(default)]
    #[schemars(length(max = 2048))]
    description: Given<String>,
    #[serde(default)]
    auth_type: Given<AuthType>,
    #[serde(default)]
    #[schemars(length(max = 5))]
    proxy_urls: Given<Vec<ProxyUrl>>,
    #[serde(default)]
    labels: Given<LabelEdit>,
}

/// The gateway of that id.
pub(crate) async fn find(db: &impl ConnectionTrait, id: Uuid) -> Result<gateway::Model, Problem> {
    gateway::Entity::find_by_id(id).one(db).await?.ok_or_else(Problem::not_found)
}

/// Makes a gateway.
pub(crate) async fn create(app: &App, new: NewGateway) -> Result<gateway::Model, Problem> {
    let now = app.clock.now();
    let tx = app.store.begin().await?;
    let made = gateway::Model {
        id: Uuid::now_v7(),
        name: new.name,
        description: new.description.or(String::new()),
        cluster_type: wire(new.cluster_type.or(ClusterType::ControlPlane))?,
        auth_type: wire(new.auth_type.or(AuthType::PinnedClientCerts))?,
        cloud_gateway: new.cloud_gateway.or(false),
        proxy_urls: serde_json::to_value(new.proxy_urls.or(Vec::new()))
            .map_err(Problem::internal)?,
        labels: new.labels.or(LabelEdit::default()).fresh()?,
        created_at: now,
        updated_at: now,
    };
    check_name(&tx, &made).await?;
    let made = made.into_active_model().insert(&tx).await?;
    tx.commit().await?;
    Ok(made)
}

/// Changes a gateway.
pub(crate) async fn update(
    app: &App,
    id: Uuid,
    edit: GatewayEdit,
) -> Result<gateway::Model, Problem> {
    let tx = app.store.begin().await?;
    let mut after = find(&tx, id).await?;
    edit.name.put(&mut after.name);
    edit.description.put(&mut after.description);
    if let Given::Yes(auth_type) = edit.auth_type {
        after.auth_type = wire(auth_type)?;
    }
    if let Given::Yes(urls) = edit.proxy_urls {
        after.proxy_urls = serde_json::to_value(urls).map_err(Problem::internal)?;
    }
    if let Given::Yes(labels) = edit.labels {
        after.labels = labels.apply(&after.labels)?;
    }
    check_name(&tx, &after).await?;
    after.updated_at = app.clock.now().max(after.updated_at + 1);
    let after = after.into_active_model().reset_all().update(&tx).await?;
    tx.commit().await?;
    Ok(after)
}

/// Deletes a gateway with its services and routes. APIs that they served have no implementation
/// any more.
pub(crate) async fn delete(app: &App, id: Uuid) -> Result<(), Problem> {
    let mut tx = app.store.change().await?;
    let gateway = find(&*tx, id).await?;
    consumer::forget_of_gateway(&mut tx, id).await?;
    gateway.delete(&*tx).await?;
    tx.commit().await?;
    Ok(())
}

async fn check_name(db: &impl ConnectionTrait, gateway: &gateway::Model) -> Result<(), Problem> {
    let twins = gateway::Entity::find()
        .filter(gateway::Column::Name.eq(&gateway.name))
        .filter(gateway::Column::Id.ne(gateway.id))
        .count(db)
        .await?;
    if twins > 0 {
        return Err(Problem::conflict("A control plane with the given name already exists"));
    }
    Ok(())
}

fn wire(value: impl Serialize) -> Result<String, Problem> {
    match serde_json::to_value(value) {
        Ok(Value::String(name)) => Ok(name),
        _ => Err(Problem::internal("a name is not a string")),
    }
}

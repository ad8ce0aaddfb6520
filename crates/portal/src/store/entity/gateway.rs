//! A gateway (a control plane, in Konnect).

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "gateways")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub name: String,
    pub description: String,
    pub cluster_type: String,
    pub auth_type: String,
    pub cloud_gateway: bool,
    #[sea_orm(column_type = "JsonBinary")]
    pub proxy_urls: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub labels: Json,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! An application: owner of credentials under exactly one strategy.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "applications")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub portal_id: Uuid,
    pub developer_id: Option<Uuid>,
    pub team_id: Option<Uuid>,
    pub strategy_id: Uuid,
    pub name: String,
    pub description: Option<String>,
    pub status: String,
    pub suspended: bool,
    pub client_id: Option<String>,
    pub redirect_uri: Option<String>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub scopes: Option<Json>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub limits: Option<Json>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub networks: Option<Json>,
    pub consumer_id: Option<Uuid>,
    #[sea_orm(column_type = "JsonBinary")]
    pub labels: Json,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

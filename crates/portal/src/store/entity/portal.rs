//! A portal: one audience, one catalogue, one set of rules.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "portals")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub name: String,
    pub display_name: String,
    pub description: Option<String>,
    pub authentication_enabled: bool,
    pub rbac_enabled: bool,
    pub sipr_enabled: bool,
    pub default_api_visibility: String,
    pub default_page_visibility: String,
    pub default_strategy_id: Option<Uuid>,
    pub auto_approve_developers: bool,
    pub auto_approve_applications: bool,
    pub developer_pii_visible: bool,
    pub default_domain: String,
    pub revoked_developers: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub labels: Json,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

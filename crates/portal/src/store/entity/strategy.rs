//! An application auth strategy: how applications prove themselves.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "strategies")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub name: String,
    pub display_name: String,
    pub kind: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub config: Json,
    pub dcr_provider_id: Option<Uuid>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub discovery: Option<Json>,
    #[sea_orm(column_type = "JsonBinary")]
    pub labels: Json,
    pub builtin: bool,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

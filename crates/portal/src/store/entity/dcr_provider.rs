//! A provider at which applications' clients are registered; what is secret of it is sealed.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "dcr_providers")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub name: String,
    pub display_name: Option<String>,
    pub kind: String,
    pub issuer: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub config: Json,
    pub secret: Option<Vec<u8>>,
    #[sea_orm(column_type = "JsonBinary")]
    pub labels: Json,
    pub builtin: bool,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! An API: what is offered. An absent version is the empty string, so that (name, version) can be unique.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "apis")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub name: String,
    pub version: String,
    pub slug: String,
    pub description: Option<String>,
    #[sea_orm(column_type = "JsonBinary")]
    pub labels: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub attributes: Json,
    /// The API product whose version it is.
    pub product_id: Option<Uuid>,
    /// What was said of the version while it was in no portal.
    pub published: bool,
    /// The same: a new publication takes it over.
    pub deprecated: bool,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

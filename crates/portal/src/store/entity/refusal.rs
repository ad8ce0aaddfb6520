//! A call that a gateway refused.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refusals")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The id that the caller was told. Whoever calls may have chosen it.
    pub request_id: String,
    pub at: i64,
    pub gateway_id: Uuid,
    /// Whose key or token it was; nil when that is not known.
    pub application_id: Uuid,
    /// What was called; nil when the call did not get that far.
    pub api_id: Uuid,
    pub reason: String,
    pub status: i32,
    pub method: String,
    /// Without a query.
    pub path: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! The revision that an instance of a gateway said it applied.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "receipts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub gateway_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub instance: String,
    pub revision: i64,
    pub seen_at: i64,
    pub live_until: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! An event on its way to a webhook, and what became of it.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "deliveries")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub webhook_id: Uuid,
    pub message: String,
    pub event: String,
    pub payload: String,
    pub state: String,
    pub attempts: i32,
    pub due_at: i64,
    pub lease_until: i64,
    pub response_status: Option<i32>,
    pub fault: Option<String>,
    pub finished_at: Option<i64>,
    pub created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

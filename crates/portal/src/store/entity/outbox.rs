//! An e-mail that was promised and is not delivered yet, or was given up.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    #[sea_orm(column_type = "JsonBinary")]
    pub message: Json,
    pub attempts: i32,
    pub due_at: i64,
    pub created_at: i64,
    pub portal_id: Option<Uuid>,
    pub recipient: String,
    pub template: String,
    pub sealed: Option<Vec<u8>>,
    pub state: String,
    pub lease_until: i64,
    pub fault: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

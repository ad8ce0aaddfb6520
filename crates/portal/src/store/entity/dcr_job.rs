//! Something asked of a provider; its id is its idempotency key.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "dcr_jobs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub provider_id: Uuid,
    pub dcr_client_id: Uuid,
    pub kind: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub request: Json,
    pub stage: String,
    pub state: String,
    pub attempts: i32,
    pub due_at: i64,
    pub lease_until: i64,
    pub error: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

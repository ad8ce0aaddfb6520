//! How far a portal's audit log, or the whole one, was sent to its destination.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_webhooks")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub portal_id: Option<Uuid>,
    pub enabled: bool,
    pub active: bool,
    pub destination_id: Option<Uuid>,
    pub sent: i64,
    pub attempts: i32,
    pub due_at: i64,
    pub lease_until: i64,
    pub last_attempt_at: Option<i64>,
    pub last_response_code: Option<i32>,
    pub last_response_message: Option<String>,
    pub replay: String,
    pub replay_start: Option<i64>,
    pub replay_end: Option<i64>,
    pub replay_sent: i64,
    pub replay_updated_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

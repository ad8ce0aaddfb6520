//! A signed-in browser; only digests of its tokens are kept.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub developer_id: Uuid,
    pub portal_id: Uuid,
    pub access_digest: Vec<u8>,
    pub access_expires_at: i64,
    pub refresh_digest: Vec<u8>,
    pub refresh_expires_at: i64,
    pub created_at: i64,
    pub last_used_at: Option<i64>,
    pub user_agent: Option<String>,
    pub address: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

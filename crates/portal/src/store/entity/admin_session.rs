//! What stands for an administrator's token in a browser; only a digest of it is kept.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "admin_sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The token that it was made from; none is the one in the data directory.
    pub token_id: Option<Uuid>,
    /// The digest of the token in the data directory, if it was made from that.
    pub root_digest: Option<Vec<u8>>,
    pub digest: Vec<u8>,
    pub created_at: i64,
    pub last_used_at: i64,
    pub expires_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

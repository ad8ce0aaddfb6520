//! An authorization code; only its digest is kept.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "auth_codes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub digest: Vec<u8>,
    pub server_id: Uuid,
    pub client_id: String,
    pub developer_id: Uuid,
    pub redirect_uri: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub scopes: Json,
    pub nonce: Option<String>,
    pub challenge: String,
    pub family: Uuid,
    pub auth_time: i64,
    pub used_at: Option<i64>,
    pub expires_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

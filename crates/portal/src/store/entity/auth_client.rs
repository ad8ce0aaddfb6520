//! A client of an authorization server.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "auth_clients")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub server_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub name: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub grant_types: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub response_types: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub redirect_uris: Json,
    pub login_uri: Option<String>,
    pub access_token_duration: i32,
    pub id_token_duration: i32,
    pub allow_all_scopes: bool,
    #[sea_orm(column_type = "JsonBinary")]
    pub scope_ids: Json,
    pub auth_method: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub labels: Json,
    pub application_id: Option<Uuid>,
    pub registration_digest: Option<Vec<u8>>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub registration_policy: Option<Json>,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

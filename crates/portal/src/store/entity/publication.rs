//! An API in a portal.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "publications")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub api_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub portal_id: Uuid,
    /// Another name of the row, for those who know no API and portal.
    pub id: Uuid,
    pub strategy_id: Option<Uuid>,
    pub auto_approve: bool,
    pub visibility: String,
    pub published: bool,
    /// Whether the API product is in the portal: it holds back the versions that are published.
    pub product_published: bool,
    pub registration_enabled: bool,
    pub deprecated: bool,
    pub show_issuer: bool,
    pub consumer_credentials: bool,
    pub display_name: Option<String>,
    pub description: Option<String>,
    #[sea_orm(column_type = "JsonBinary")]
    pub tags: Json,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::api::Entity",
        from = "Column::ApiId",
        to = "super::api::Column::Id"
    )]
    Api,
    #[sea_orm(
        belongs_to = "super::portal::Entity",
        from = "Column::PortalId",
        to = "super::portal::Column::Id"
    )]
    Portal,
}

impl ActiveModelBehavior for ActiveModel {}

//! Who a portal's e-mails are from.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mail_configs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub portal_id: Uuid,
    pub id: Uuid,
    pub enabled: bool,
    pub domain_name: Option<String>,
    pub from_name: Option<String>,
    pub from_email: Option<String>,
    pub reply_to_email: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

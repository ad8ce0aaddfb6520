//! An API key; only its digest is kept.

use sea_orm::entity::prelude::*;

/// The origin of what the portal made.
pub(crate) const ISSUED: &str = "issued";
/// The origin of a key that an administrator chose.
pub(crate) const CHOSEN: &str = "chosen";
/// The origin of a key of which only the digest was brought along.
pub(crate) const IMPORTED: &str = "imported";

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "credentials")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub application_id: Uuid,
    pub display_name: Option<String>,
    pub scheme: String,
    pub pepper_id: String,
    pub digest: Vec<u8>,
    /// When it ends: by itself, or at the latest because it has a successor.
    pub expires_at: Option<i64>,
    pub last_used_at: Option<i64>,
    /// Where it comes from: `issued`, `chosen` or `imported`.
    pub origin: String,
    /// When it got a successor.
    pub rotated_at: Option<i64>,
    pub retire_idle_hours: Option<i32>,
    /// When it was withdrawn because it was idle.
    pub retired_at: Option<i64>,
    pub successor_id: Option<Uuid>,
    /// When its owner is to hear about its end next.
    pub notice_at: Option<i64>,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! Calls of an application for an API that ended in one way, in one stretch of time.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "usage_points")]
pub struct Model {
    /// The length of the stretch, in seconds.
    #[sea_orm(primary_key, auto_increment = false)]
    pub width: i32,
    /// Its start.
    #[sea_orm(primary_key, auto_increment = false)]
    pub at: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub application_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub api_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub class: String,
    /// Why they were refused, where the gateway said so.
    #[sea_orm(primary_key, auto_increment = false)]
    pub reason: String,
    /// The status of the answer, 0 where it is not known.
    #[sea_orm(primary_key, auto_increment = false)]
    pub status: i32,
    pub count: i64,
    /// How many of them the sums below are of.
    pub measured: i64,
    pub latency_ms: i64,
    pub request_bytes: i64,
    pub response_bytes: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! Calls that gateways refused lately.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, integer, pk_uuid, string, text, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// Lists are read from the newest, along an index that begins with what they are of.
const INDEXES: [(&str, &[&str]); 4] = [
    ("refusals_listed", &["at", "id"]),
    ("refusals_of_application", &["application_id", "at", "id"]),
    ("refusals_of_api", &["api_id", "at", "id"]),
    ("refusals_by_request", &["request_id", "at", "id"]),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(refusals()).await?;
        for (name, columns) in INDEXES {
            let mut index = Index::create();
            index.name(name).table("refusals");
            for column in columns {
                index.col(*column);
            }
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("refusals").take()).await
    }
}

/// Nothing refers to anything: gateways tell of applications and APIs that are gone by then.
fn refusals() -> TableCreateStatement {
    Table::create()
        .table("refusals")
        .col(pk_uuid("id"))
        .col(string("request_id"))
        .col(big_integer("at"))
        .col(uuid("gateway_id"))
        .col(uuid("application_id"))
        .col(uuid("api_id"))
        .col(string("reason"))
        .col(integer("status"))
        .col(string("method"))
        .col(text("path"))
        .take()
}

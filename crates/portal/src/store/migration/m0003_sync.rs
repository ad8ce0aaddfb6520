//! What gateways read and report: the revision, the change log, receipts and usage.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, blob, integer, string, uuid, uuid_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(revisions()).await?;
        manager.create_table(changes()).await?;
        manager.create_table(receipts()).await?;
        manager.create_table(usage()).await?;
        let first = Query::insert()
            .into_table("revisions")
            .columns(["id", "value"])
            .values_panic([1.into(), 0i64.into()])
            .to_owned();
        manager.execute(first).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["usage", "receipts", "changes", "revisions"] {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        Ok(())
    }
}

fn revisions() -> TableCreateStatement {
    Table::create()
        .table("revisions")
        .col(integer("id").primary_key())
        .col(big_integer("value"))
        .take()
}

fn changes() -> TableCreateStatement {
    Table::create()
        .table("changes")
        .col(big_integer("revision"))
        .col(integer("sequence"))
        .col(uuid_null("gateway_id"))
        .col(blob("body"))
        .primary_key(Index::create().col("revision").col("sequence"))
        .take()
}

fn receipts() -> TableCreateStatement {
    Table::create()
        .table("receipts")
        .col(uuid("gateway_id"))
        .col(string("instance"))
        .col(big_integer("revision"))
        .col(big_integer("seen_at"))
        .col(big_integer("live_until"))
        .primary_key(Index::create().col("gateway_id").col("instance"))
        .foreign_key(
            ForeignKey::create()
                .from("receipts", "gateway_id")
                .to("gateways", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .take()
}

fn usage() -> TableCreateStatement {
    Table::create()
        .table("usage")
        .col(uuid("application_id"))
        .col(uuid("api_id"))
        .col(string("class"))
        .col(big_integer("hour"))
        .col(big_integer("count"))
        .primary_key(Index::create().col("application_id").col("api_id").col("class").col("hour"))
        .take()
}

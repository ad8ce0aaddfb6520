//! How registrations came to where they stand.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, pk_uuid, string, string_null, uuid, uuid_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut registration = ForeignKey::create()
            .from("registration_history", "registration_id")
            .to("registrations", "id")
            .on_delete(ForeignKeyAction::Cascade)
            .to_owned();
        let history = Table::create()
            .table("registration_history")
            .col(pk_uuid("id"))
            .col(uuid("registration_id"))
            .col(string("status"))
            .col(string("by"))
            .col(uuid_null("developer_id"))
            .col(string_null("administrator"))
            .col(big_integer("at"))
            .foreign_key(&mut registration)
            .take();
        manager.create_table(history).await?;
        let index = Index::create()
            .name("registration_history_listed")
            .table("registration_history")
            .col("registration_id")
            .col("at")
            .col("id")
            .take();
        manager.create_index(index).await?;
        let known = Query::select()
            .columns(["id", "id", "status"])
            .expr(Expr::val("system"))
            .column("created_at")
            .from("registrations")
            .to_owned();
        let mut insert = Query::insert();
        insert
            .into_table("registration_history")
            .columns(["id", "registration_id", "status", "by", "at"])
            .select_from(known)
            .map_err(|error| DbErr::Migration(error.to_string()))?;
        manager.execute(insert).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("registration_history").take()).await
    }
}

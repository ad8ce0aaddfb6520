//! Sessions of administrators.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, blob, blob_null, pk_uuid, uuid_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut token = ForeignKey::create()
            .from("admin_sessions", "token_id")
            .to("admin_tokens", "id")
            .on_delete(ForeignKeyAction::Cascade)
            .to_owned();
        let sessions = Table::create()
            .table("admin_sessions")
            .col(pk_uuid("id"))
            .col(uuid_null("token_id"))
            .col(blob_null("root_digest"))
            .col(blob("digest"))
            .col(big_integer("created_at"))
            .col(big_integer("last_used_at"))
            .col(big_integer("expires_at"))
            .foreign_key(&mut token)
            .take();
        manager.create_table(sessions).await?;
        let digest = Index::create()
            .name("admin_sessions_digest")
            .table("admin_sessions")
            .col("digest")
            .unique()
            .take();
        manager.create_index(digest).await?;
        for (name, column) in
            [("admin_sessions_token", "token_id"), ("admin_sessions_end", "expires_at")]
        {
            let index = Index::create().name(name).table("admin_sessions").col(column).take();
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("admin_sessions").take()).await
    }
}

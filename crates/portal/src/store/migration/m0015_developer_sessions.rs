//! From where and with what somebody signed in, and when the session was last used.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer_null, string_null, text_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in
            [big_integer_null("last_used_at"), text_null("user_agent"), string_null("address")]
        {
            let table = Table::alter().table("sessions").add_column(column).take();
            manager.alter_table(table).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in ["last_used_at", "user_agent", "address"] {
            let table = Table::alter().table("sessions").drop_column(column).take();
            manager.alter_table(table).await?;
        }
        Ok(())
    }
}

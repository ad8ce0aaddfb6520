//! What is told to others: e-mails that others do not read, webhooks, and the audit log.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, blob, blob_null, boolean, integer, integer_null, json_binary,
    pk_uuid, string, string_null, text, text_null, uuid, uuid_null,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in outbox_columns() {
            let table = Table::alter().table("outbox").add_column(column).take();
            manager.alter_table(table).await?;
        }
        for table in [mail_templates(), mail_configs(), webhooks(), deliveries(), attempts()] {
            manager.create_table(table).await?;
        }
        for table in [audit_entries(), audit_heads(), audit_checkpoints()] {
            manager.create_table(table).await?;
        }
        for table in [audit_destinations(), audit_webhooks()] {
            manager.create_table(table).await?;
        }
        for (name, table, columns) in [
            ("webhooks_portal", "webhooks", &["portal_id"][..]),
            ("deliveries_webhook", "deliveries", &["webhook_id", "id"]),
            ("deliveries_due", "deliveries", &["state", "due_at"]),
            ("delivery_attempts_delivery", "delivery_attempts", &["delivery_id"]),
            ("audit_entries_at", "audit_entries", &["at"]),
            ("audit_entries_portal", "audit_entries", &["portal_id", "sequence"]),
        ] {
            let mut index = Index::create();
            index.name(name).table(table);
            for column in columns {
                index.col(*column);
            }
            manager.create_index(index.take()).await?;
        }
        let first = Query::insert()
            .into_table("audit_heads")
            .columns(["id", "sequence", "hash"])
            .values_panic([1.into(), 0_i64.into(), vec![0_u8; 32].into()])
            .to_owned();
        manager.execute(first).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            "audit_webhooks",
            "audit_destinations",
            "audit_checkpoints",
            "audit_heads",
            "audit_entries",
            "delivery_attempts",
            "deliveries",
            "webhooks",
            "mail_configs",
            "mail_templates",
        ] {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        for column in
            ["portal_id", "recipient", "template", "sealed", "state", "lease_until", "fault"]
        {
            let table = Table::alter().table("outbox").drop_column(column).take();
            manager.alter_table(table).await?;
        }
        Ok(())
    }
}

/// A reference whose row goes when what it refers to goes.
fn cascade(
    table: &'static str,
    column: &'static str,
    to: &'static str,
) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(table, column)
        .to(to, "id")
        .on_delete(ForeignKeyAction::Cascade)
        .take()
}

fn outbox_columns() -> Vec<ColumnDef> {
    vec![
        uuid_null("portal_id"),
        string("recipient").default("").take(),
        string("template").default("").take(),
        blob_null("sealed"),
        string("state").default("waiting").take(),
        big_integer("lease_until").default(0_i64).take(),
        string_null("fault"),
    ]
}

fn mail_templates() -> TableCreateStatement {
    Table::create()
        .table("mail_templates")
        .col(uuid("portal_id"))
        .col(string("name"))
        .col(boolean("enabled"))
        .col(text_null("subject"))
        .col(text_null("title"))
        .col(text_null("body"))
        .col(text_null("button_label"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .primary_key(Index::create().col("portal_id").col("name"))
        .foreign_key(&mut cascade("mail_templates", "portal_id", "portals"))
        .take()
}

fn mail_configs() -> TableCreateStatement {
    Table::create()
        .table("mail_configs")
        .col(pk_uuid("portal_id"))
        .col(uuid("id"))
        .col(boolean("enabled"))
        .col(string_null("domain_name"))
        .col(string_null("from_name"))
        .col(string_null("from_email"))
        .col(string_null("reply_to_email"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .foreign_key(&mut cascade("mail_configs", "portal_id", "portals"))
        .take()
}

fn webhooks() -> TableCreateStatement {
    Table::create()
        .table("webhooks")
        .col(pk_uuid("id"))
        .col(uuid_null("portal_id"))
        .col(string("name"))
        .col(text("url"))
        .col(boolean("enabled"))
        .col(json_binary("events"))
        .col(blob("secret"))
        .col(blob_null("old_secret"))
        .col(big_integer_null("old_secret_until"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .foreign_key(&mut cascade("webhooks", "portal_id", "portals"))
        .take()
}

fn deliveries() -> TableCreateStatement {
    Table::create()
        .table("deliveries")
        .col(pk_uuid("id"))
        .col(uuid("webhook_id"))
        .col(string("message"))
        .col(string("event"))
        .col(text("payload"))
        .col(string("state"))
        .col(integer("attempts"))
        .col(big_integer("due_at"))
        .col(big_integer("lease_until"))
        .col(integer_null("response_status"))
        .col(string_null("fault"))
        .col(big_integer_null("finished_at"))
        .col(big_integer("created_at"))
        .foreign_key(&mut cascade("deliveries", "webhook_id", "webhooks"))
        .take()
}

fn attempts() -> TableCreateStatement {
    Table::create()
        .table("delivery_attempts")
        .col(pk_uuid("id"))
        .col(uuid("delivery_id"))
        .col(big_integer("at"))
        .col(integer("duration_ms"))
        .col(integer_null("response_status"))
        .col(string_null("fault"))
        .foreign_key(&mut cascade("delivery_attempts", "delivery_id", "deliveries"))
        .take()
}

fn audit_entries() -> TableCreateStatement {
    Table::create()
        .table("audit_entries")
        .col(big_integer("sequence").primary_key())
        .col(big_integer("at"))
        .col(string("kind"))
        .col(string("action"))
        .col(string("outcome"))
        .col(string("actor"))
        .col(uuid_null("portal_id"))
        .col(text("entry"))
        .col(blob("hash"))
        .take()
}

fn audit_heads() -> TableCreateStatement {
    Table::create()
        .table("audit_heads")
        .col(integer("id").primary_key())
        .col(big_integer("sequence"))
        .col(blob("hash"))
        .take()
}

fn audit_checkpoints() -> TableCreateStatement {
    Table::create()
        .table("audit_checkpoints")
        .col(big_integer("sequence").primary_key())
        .col(big_integer("at"))
        .col(blob("hash"))
        .col(blob("key"))
        .col(blob("signature"))
        .col(blob_null("begin_signature"))
        .take()
}

fn audit_destinations() -> TableCreateStatement {
    Table::create()
        .table("audit_destinations")
        .col(pk_uuid("id"))
        .col(string("name"))
        .col(text("endpoint"))
        .col(blob_null("authorization"))
        .col(string("log_format"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .take()
}

fn audit_webhooks() -> TableCreateStatement {
    Table::create()
        .table("audit_webhooks")
        .col(pk_uuid("id"))
        .col(uuid_null("portal_id").unique_key().take())
        .col(boolean("enabled"))
        .col(boolean("active"))
        .col(uuid_null("destination_id"))
        .col(big_integer("sent"))
        .col(integer("attempts"))
        .col(big_integer("due_at"))
        .col(big_integer("lease_until"))
        .col(big_integer_null("last_attempt_at"))
        .col(integer_null("last_response_code"))
        .col(string_null("last_response_message"))
        .col(string("replay"))
        .col(big_integer_null("replay_start"))
        .col(big_integer_null("replay_end"))
        .col(big_integer("replay_sent"))
        .col(big_integer_null("replay_updated_at"))
        .foreign_key(&mut cascade("audit_webhooks", "portal_id", "portals"))
        .foreign_key(
            ForeignKey::create()
                .from("audit_webhooks", "destination_id")
                .to("audit_destinations", "id")
                .on_delete(ForeignKeyAction::SetNull),
        )
        .take()
}

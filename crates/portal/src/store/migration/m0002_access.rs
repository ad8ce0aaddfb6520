//! Developers and their sessions, applications, credentials, registrations, and mail to send.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, blob, integer, json_binary, pk_uuid, string, string_null,
    text_null, uuid,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [developers(), mail_tokens(), sessions(), applications()] {
            manager.create_table(table).await?;
        }
        for table in [credentials(), registrations(), outbox()] {
            manager.create_table(table).await?;
        }
        for (name, table, columns) in [
            ("developers_address", "developers", &["portal_id", "address_key"][..]),
            ("sessions_access", "sessions", &["access_digest"]),
            ("sessions_refresh", "sessions", &["refresh_digest"]),
            ("credentials_digest", "credentials", &["digest"]),
            ("registrations_pair", "registrations", &["application_id", "api_id"]),
        ] {
            let mut index = Index::create();
            index.name(name).table(table).unique();
            for column in columns {
                index.col(*column);
            }
            manager.create_index(index.take()).await?;
        }
        for (name, table, column) in [
            ("mail_tokens_developer", "mail_tokens", "developer_id"),
            ("sessions_developer", "sessions", "developer_id"),
            ("applications_portal", "applications", "portal_id"),
            ("applications_developer", "applications", "developer_id"),
            ("applications_strategy", "applications", "strategy_id"),
            ("credentials_application", "credentials", "application_id"),
            ("registrations_api", "registrations", "api_id"),
            ("registrations_portal", "registrations", "portal_id"),
            ("outbox_due", "outbox", "due_at"),
        ] {
            let index = Index::create().name(name).table(table).col(column).take();
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            "outbox",
            "registrations",
            "credentials",
            "applications",
            "sessions",
            "mail_tokens",
            "developers",
        ] {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        Ok(())
    }
}

/// A reference whose row goes when what it refers to goes.
fn owned_by(
    table: &'static str,
    column: &'static str,
    owner: &'static str,
) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(table, column)
        .to(owner, "id")
        .on_delete(ForeignKeyAction::Cascade)
        .to_owned()
}

fn developers() -> TableCreateStatement {
    Table::create()
        .table("developers")
        .col(pk_uuid("id"))
        .col(uuid("portal_id"))
        .col(string("email"))
        .col(string("address_key"))
        .col(string("full_name"))
        .col(string("status"))
        .col(big_integer_null("verified_at"))
        .col(string_null("password_hash"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .foreign_key(&mut owned_by("developers", "portal_id", "portals"))
        .take()
}

fn mail_tokens() -> TableCreateStatement {
    Table::create()
        .table("mail_tokens")
        .col(blob("digest").primary_key())
        .col(uuid("developer_id"))
        .col(string("purpose"))
        .col(big_integer("expires_at"))
        .col(big_integer_null("used_at"))
        .col(big_integer("created_at"))
        .foreign_key(&mut owned_by("mail_tokens", "developer_id", "developers"))
        .take()
}

fn sessions() -> TableCreateStatement {
    Table::create()
        .table("sessions")
        .col(pk_uuid("id"))
        .col(uuid("developer_id"))
        .col(uuid("portal_id"))
        .col(blob("access_digest"))
        .col(big_integer("access_expires_at"))
        .col(blob("refresh_digest"))
        .col(big_integer("refresh_expires_at"))
        .col(big_integer("created_at"))
        .foreign_key(&mut owned_by("sessions", "developer_id", "developers"))
        .take()
}

fn applications() -> TableCreateStatement {
    Table::create()
        .table("applications")
        .col(pk_uuid("id"))
        .col(uuid("portal_id"))
        .col(uuid("developer_id"))
        .col(uuid("strategy_id"))
        .col(string("name"))
        .col(text_null("description"))
        .col(string("status"))
        .col(json_binary("labels"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .foreign_key(&mut owned_by("applications", "portal_id", "portals"))
        .foreign_key(&mut owned_by("applications", "developer_id", "developers"))
        .foreign_key(
            ForeignKey::create()
                .from("applications", "strategy_id")
                .to("strategies", "id")
                .on_delete(ForeignKeyAction::Restrict),
        )
        .take()
}

fn credentials() -> TableCreateStatement {
    Table::create()
        .table("credentials")
        .col(pk_uuid("id"))
        .col(uuid("application_id"))
        .col(string_null("display_name"))
        .col(string("scheme"))
        .col(string("pepper_id"))
        .col(blob("digest"))
        .col(big_integer_null("expires_at"))
        .col(big_integer_null("last_used_at"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .foreign_key(&mut owned_by("credentials", "application_id", "applications"))
        .take()
}

fn registrations() -> TableCreateStatement {
    Table::create()
        .table("registrations")
        .col(pk_uuid("id"))
        .col(uuid("application_id"))
        .col(uuid("api_id"))
        .col(uuid("portal_id"))
        .col(string("status"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .foreign_key(&mut owned_by("registrations", "application_id", "applications"))
        .foreign_key(&mut owned_by("registrations", "api_id", "apis"))
        .take()
}

fn outbox() -> TableCreateStatement {
    Table::create()
        .table("outbox")
        .col(pk_uuid("id"))
        .col(json_binary("message"))
        .col(integer("attempts"))
        .col(big_integer("due_at"))
        .col(big_integer("created_at"))
        .take()
}

//! What several portals on one database share, and indexes for lists that grow.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, blob, integer, json_binary, string, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// Indexes that begin with the same columns as one of [`INDEXES`].
const REPLACED: [(&str, &str); 5] = [
    ("applications_portal", "applications"),
    ("applications_developer", "applications"),
    ("credentials_application", "credentials"),
    ("registrations_api", "registrations"),
    ("registrations_portal", "registrations"),
];

/// A list is read along an index that begins with what the list is of, and goes on with its order.
const INDEXES: [(&str, &str, &[&str]); 14] = [
    ("applications_listed", "applications", &["portal_id", "created_at", "id", "name"]),
    ("applications_by_name", "applications", &["portal_id", "name", "created_at", "id"]),
    ("applications_by_owner", "applications", &["portal_id", "developer_id", "created_at", "id"]),
    ("applications_owned", "applications", &["developer_id", "created_at", "id"]),
    ("credentials_listed", "credentials", &["application_id", "created_at", "id"]),
    ("developers_listed", "developers", &["portal_id", "created_at", "id"]),
    ("developers_by_name", "developers", &["portal_id", "full_name", "created_at", "id"]),
    ("developers_by_email", "developers", &["portal_id", "email", "created_at", "id"]),
    ("developers_by_status", "developers", &["portal_id", "status", "created_at", "id"]),
    ("registrations_listed", "registrations", &["portal_id", "created_at", "id"]),
    ("registrations_by_status", "registrations", &["portal_id", "status", "created_at", "id"]),
    ("registrations_by_update", "registrations", &["portal_id", "updated_at", "created_at", "id"]),
    ("registrations_in_portal", "registrations", &["portal_id", "api_id", "created_at", "id"]),
    ("registrations_of_api", "registrations", &["api_id", "created_at", "id"]),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [installation(), leases(), throttles()] {
            manager.create_table(table).await?;
        }
        for (name, table, columns) in INDEXES {
            let mut index = Index::create();
            index.name(name).table(table);
            for column in columns {
                index.col(*column);
            }
            manager.create_index(index).await?;
        }
        for (name, table) in REPLACED {
            manager.drop_index(Index::drop().name(name).table(table).to_owned()).await?;
        }
        Ok(())
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("lists would have no index".into()))
    }
}

fn installation() -> TableCreateStatement {
    Table::create()
        .table("installation")
        .col(integer("id").primary_key())
        .col(uuid("instance"))
        .col(json_binary("fingerprints"))
        .col(big_integer("created_at"))
        .take()
}

fn leases() -> TableCreateStatement {
    Table::create()
        .table("leases")
        .col(string("name").primary_key())
        .col(uuid("holder"))
        .col(big_integer("until"))
        .take()
}

fn throttles() -> TableCreateStatement {
    Table::create()
        .table("throttles")
        .col(blob("key").primary_key())
        .col(big_integer("even_at"))
        .take()
}

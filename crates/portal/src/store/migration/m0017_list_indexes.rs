//! Indexes for lists and their totals.

use sea_orm::DbBackend;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// The first two are for counting: the fewer columns, the sooner an index is read through.
const INDEXES: [(&str, &str, &[&str]); 3] = [
    ("applications_counted", "applications", &["portal_id"]),
    ("registrations_counted", "registrations", &["portal_id", "status"]),
    ("developers_by_update", "developers", &["portal_id", "updated_at", "created_at", "id"]),
];

/// What is searched for a part of it.
const SEARCHED: [(&str, &str, &str); 3] = [
    ("applications_name_parts", "applications", "name"),
    ("developers_name_parts", "developers", "full_name"),
    ("developers_email_parts", "developers", "email"),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, table, columns) in INDEXES {
            let mut index = Index::create();
            index.name(name).table(table);
            for column in columns {
                index.col(*column);
            }
            manager.create_index(index).await?;
        }
        if manager.get_database_backend() == DbBackend::Postgres {
            manager.get_connection().execute_unprepared(&trigrams()).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let plain = INDEXES.map(|(name, table, _)| (name, table));
        let searched = SEARCHED.map(|(name, table, _)| (name, table));
        for (name, table) in plain.into_iter().chain(searched) {
            let index = Index::drop().name(name).table(table).if_exists().to_owned();
            if plain.contains(&(name, table)) || manager.has_index(table, name).await? {
                manager.drop_index(index).await?;
            }
        }
        Ok(())
    }
}

/// Indexes of trigrams, where the extension can be had: not every database lets its owner have it.
/// Without them every name is read.
fn trigrams() -> String {
    let indexes = SEARCHED.map(|(name, table, column)| {
        format!(
            "CREATE INDEX {name} ON {table} \
             USING gin (lower({column} COLLATE \"C\") public.gin_trgm_ops);"
        )
    });
    format!(
        "DO $$ BEGIN \
         CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public; {} \
         EXCEPTION WHEN OTHERS THEN RAISE NOTICE 'no index of trigrams: %', SQLERRM; \
         END $$",
        indexes.concat()
    )
}

//! What portals show: documents, operations, images and attributes of APIs; pages, snippets and
//! the looks of portals.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, integer, json_binary, json_binary_null, pk_uuid, string, string_null, string_uniq,
    text, text_null, uuid, uuid_null,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut messages = json_binary_null("validation_messages");
        let versions = Table::alter().table("api_versions").add_column(&mut messages).take();
        manager.alter_table(versions).await?;
        for table in [documents(), operations(), images(), attributes(), attribute_values()] {
            manager.create_table(table).await?;
        }
        for table in [pages(), snippets(), presentations()] {
            manager.create_table(table).await?;
        }
        for (name, table, columns) in [
            ("documents_slug", "documents", ["api_id", "slug"]),
            ("pages_path", "pages", ["portal_id", "path"]),
            ("snippets_name", "snippets", ["portal_id", "name"]),
        ] {
            let mut index = Index::create();
            index.name(name).table(table).unique();
            for column in columns {
                index.col(column);
            }
            manager.create_index(index.take()).await?;
        }
        for (name, table, column) in [
            ("api_operations_api", "api_operations", "api_id"),
            ("attribute_values_attribute", "attribute_values", "attribute_id"),
        ] {
            let index = Index::create().name(name).table(table).col(column).take();
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            "presentations",
            "snippets",
            "pages",
            "attribute_values",
            "attributes",
            "api_images",
            "api_operations",
            "documents",
        ] {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        let versions =
            Table::alter().table("api_versions").drop_column("validation_messages").take();
        manager.alter_table(versions).await
    }
}

/// What goes when the thing that it belongs to goes.
fn owned(
    table: &'static str,
    column: &'static str,
    owner: &'static str,
) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(table, column)
        .to(owner, "id")
        .on_delete(ForeignKeyAction::Cascade)
        .take()
}

fn documents() -> TableCreateStatement {
    Table::create()
        .table("documents")
        .col(pk_uuid("id"))
        .col(uuid("api_id"))
        .col(uuid_null("parent_id"))
        .col(integer("position"))
        .col(text("title"))
        .col(string("slug"))
        .col(string("status"))
        .col(text("content"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .foreign_key(&mut owned("documents", "api_id", "apis"))
        .foreign_key(&mut owned("documents", "parent_id", "documents"))
        .take()
}

fn operations() -> TableCreateStatement {
    Table::create()
        .table("api_operations")
        .col(pk_uuid("id"))
        .col(uuid("api_id"))
        .col(integer("position"))
        .col(string("method"))
        .col(text("path"))
        .col(text_null("operation_id"))
        .col(text_null("summary"))
        .col(text_null("description"))
        .foreign_key(&mut owned("api_operations", "api_id", "apis"))
        .take()
}

fn images() -> TableCreateStatement {
    Table::create()
        .table("api_images")
        .col(uuid("api_id"))
        .col(string("kind"))
        .col(text_null("data"))
        .col(string_null("error"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .primary_key(Index::create().col("api_id").col("kind"))
        .foreign_key(&mut owned("api_images", "api_id", "apis"))
        .take()
}

fn attributes() -> TableCreateStatement {
    Table::create()
        .table("attributes")
        .col(pk_uuid("id"))
        .col(string_uniq("name"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .take()
}

fn attribute_values() -> TableCreateStatement {
    Table::create()
        .table("attribute_values")
        .col(uuid("api_id"))
        .col(uuid("attribute_id"))
        .col(string("value"))
        .primary_key(Index::create().col("api_id").col("attribute_id").col("value"))
        .foreign_key(&mut owned("attribute_values", "api_id", "apis"))
        .foreign_key(&mut owned("attribute_values", "attribute_id", "attributes"))
        .take()
}

fn pages() -> TableCreateStatement {
    Table::create()
        .table("pages")
        .col(pk_uuid("id"))
        .col(uuid("portal_id"))
        .col(uuid_null("parent_id"))
        .col(integer("position"))
        .col(text("slug"))
        .col(text("path"))
        .col(text("title"))
        .col(text_null("description"))
        .col(string("visibility"))
        .col(string("status"))
        .col(text("content"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .foreign_key(&mut owned("pages", "portal_id", "portals"))
        .foreign_key(&mut owned("pages", "parent_id", "pages"))
        .take()
}

fn snippets() -> TableCreateStatement {
    Table::create()
        .table("snippets")
        .col(pk_uuid("id"))
        .col(uuid("portal_id"))
        .col(text("name"))
        .col(text("title"))
        .col(text_null("description"))
        .col(string("visibility"))
        .col(string("status"))
        .col(text("content"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .foreign_key(&mut owned("snippets", "portal_id", "portals"))
        .take()
}

fn presentations() -> TableCreateStatement {
    Table::create()
        .table("presentations")
        .col(uuid("portal_id"))
        .col(string("part"))
        .col(json_binary("document"))
        .primary_key(Index::create().col("portal_id").col("part"))
        .foreign_key(&mut owned("presentations", "portal_id", "portals"))
        .take()
}

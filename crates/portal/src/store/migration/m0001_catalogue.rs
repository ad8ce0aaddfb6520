//! Gateways, strategies, portals, APIs and what links them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, boolean, json_binary, pk_uuid, string, string_null, string_uniq, text, text_null,
    uuid, uuid_null, uuid_uniq,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [strategies(), portals(), gateways(), services(), routes()] {
            manager.create_table(table).await?;
        }
        for table in [apis(), api_versions(), publications(), implementations()] {
            manager.create_table(table).await?;
        }
        for (name, table, columns) in [
            ("services_name", "services", ["gateway_id", "name"]),
            ("routes_name", "routes", ["gateway_id", "name"]),
            ("apis_name", "apis", ["name", "version"]),
        ] {
            let mut index = Index::create();
            index.name(name).table(table).unique();
            for column in columns {
                index.col(column);
            }
            manager.create_index(index.take()).await?;
        }
        for (name, table, column) in [
            ("routes_service", "routes", "service_id"),
            ("publications_portal", "publications", "portal_id"),
            ("publications_strategy", "publications", "strategy_id"),
        ] {
            let index = Index::create().name(name).table(table).col(column).take();
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            "implementations",
            "publications",
            "api_versions",
            "apis",
            "routes",
            "services",
            "gateways",
            "portals",
            "strategies",
        ] {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        Ok(())
    }
}

fn strategies() -> TableCreateStatement {
    Table::create()
        .table("strategies")
        .col(pk_uuid("id"))
        .col(string_uniq("name"))
        .col(string("display_name"))
        .col(string("kind"))
        .col(json_binary("config"))
        .col(json_binary("labels"))
        .col(boolean("builtin"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .take()
}

fn portals() -> TableCreateStatement {
    Table::create()
        .table("portals")
        .col(pk_uuid("id"))
        .col(string_uniq("name"))
        .col(string("display_name"))
        .col(text_null("description"))
        .col(boolean("authentication_enabled"))
        .col(boolean("rbac_enabled"))
        .col(boolean("sipr_enabled"))
        .col(string("default_api_visibility"))
        .col(string("default_page_visibility"))
        .col(uuid_null("default_strategy_id"))
        .col(boolean("auto_approve_developers"))
        .col(boolean("auto_approve_applications"))
        .col(boolean("developer_pii_visible"))
        .col(string_uniq("default_domain"))
        .col(json_binary("labels"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .foreign_key(
            ForeignKey::create()
                .from("portals", "default_strategy_id")
                .to("strategies", "id")
                .on_delete(ForeignKeyAction::Restrict),
        )
        .take()
}

fn gateways() -> TableCreateStatement {
    Table::create()
        .table("gateways")
        .col(pk_uuid("id"))
        .col(string_uniq("name"))
        .col(text("description"))
        .col(string("cluster_type"))
        .col(string("auth_type"))
        .col(boolean("cloud_gateway"))
        .col(json_binary("proxy_urls"))
        .col(json_binary("labels"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .take()
}

fn services() -> TableCreateStatement {
    Table::create()
        .table("services")
        .col(pk_uuid("id"))
        .col(uuid("gateway_id"))
        .col(string_null("name"))
        .col(string("host"))
        .col(json_binary("document"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .foreign_key(
            ForeignKey::create()
                .from("services", "gateway_id")
                .to("gateways", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .take()
}

fn routes() -> TableCreateStatement {
    Table::create()
        .table("routes")
        .col(pk_uuid("id"))
        .col(uuid("gateway_id"))
        .col(uuid_null("service_id"))
        .col(string_null("name"))
        .col(json_binary("document"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .foreign_key(
            ForeignKey::create()
                .from("routes", "gateway_id")
                .to("gateways", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .foreign_key(
            ForeignKey::create()
                .from("routes", "service_id")
                .to("services", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .take()
}

fn apis() -> TableCreateStatement {
    Table::create()
        .table("apis")
        .col(pk_uuid("id"))
        .col(string("name"))
        .col(string("version"))
        .col(string_uniq("slug"))
        .col(text_null("description"))
        .col(json_binary("labels"))
        .col(json_binary("attributes"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .take()
}

fn api_versions() -> TableCreateStatement {
    Table::create()
        .table("api_versions")
        .col(pk_uuid("id"))
        .col(uuid_uniq("api_id"))
        .col(string("version"))
        .col(text("spec_content"))
        .col(string("spec_type"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .foreign_key(
            ForeignKey::create()
                .from("api_versions", "api_id")
                .to("apis", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .take()
}

fn publications() -> TableCreateStatement {
    Table::create()
        .table("publications")
        .col(uuid("api_id"))
        .col(uuid("portal_id"))
        .col(uuid_null("strategy_id"))
        .col(boolean("auto_approve"))
        .col(string("visibility"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .primary_key(Index::create().col("api_id").col("portal_id"))
        .foreign_key(
            ForeignKey::create()
                .from("publications", "api_id")
                .to("apis", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .foreign_key(
            ForeignKey::create()
                .from("publications", "portal_id")
                .to("portals", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .foreign_key(
            ForeignKey::create()
                .from("publications", "strategy_id")
                .to("strategies", "id")
                .on_delete(ForeignKeyAction::Restrict),
        )
        .take()
}

fn implementations() -> TableCreateStatement {
    Table::create()
        .table("implementations")
        .col(pk_uuid("id"))
        .col(uuid_uniq("api_id"))
        .col(uuid("gateway_id"))
        .col(uuid_uniq("service_id"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .foreign_key(
            ForeignKey::create()
                .from("implementations", "api_id")
                .to("apis", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .foreign_key(
            ForeignKey::create()
                .from("implementations", "service_id")
                .to("services", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .take()
}

//! Teams, which can own applications; consumers of gateways; administrators' tokens.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, blob, boolean, json_binary, json_binary_null, pk_uuid, string,
    string_null, text_null, uuid, uuid_null,
};
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// The columns of an application that a rebuilt table takes over.
const KEPT: [&str; 13] = [
    "id",
    "portal_id",
    "developer_id",
    "strategy_id",
    "name",
    "description",
    "status",
    "labels",
    "created_at",
    "updated_at",
    "client_id",
    "redirect_uri",
    "scopes",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [teams(), team_members(), team_roles(), consumers(), admin_tokens()] {
            manager.create_table(table).await?;
        }
        if manager.get_database_backend() == DbBackend::Sqlite {
            rebuild_applications(manager).await?;
        } else {
            alter_applications(manager).await?;
        }
        for (table, mut column) in [
            ("registrations", uuid_null("consumer_id")),
            ("portals", string("revoked_developers").default("stop").take()),
        ] {
            let alter = Table::alter().table(table).add_column(&mut column).take();
            manager.alter_table(alter).await?;
        }
        for (name, table, columns) in [
            ("teams_name", "teams", &["portal_id", "name"][..]),
            (
                "team_roles_one",
                "team_roles",
                &["team_id", "role_name", "entity_id", "entity_region"][..],
            ),
            ("consumers_username", "consumers", &["gateway_id", "username"][..]),
            ("consumers_custom_id", "consumers", &["gateway_id", "custom_id"][..]),
            ("admin_tokens_name", "admin_tokens", &["name"][..]),
            ("admin_tokens_digest", "admin_tokens", &["digest"][..]),
        ] {
            manager.create_index(index(name, table, columns).unique().take()).await?;
        }
        for (name, table, columns) in [
            ("team_members_developer", "team_members", &["developer_id"][..]),
            ("applications_team", "applications", &["team_id"][..]),
            ("applications_consumer", "applications", &["consumer_id"][..]),
            ("registrations_consumer", "registrations", &["consumer_id"][..]),
        ] {
            manager.create_index(index(name, table, columns)).await?;
        }
        Ok(())
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("an application may have no developer by now".into()))
    }
}

fn index(
    name: &'static str,
    table: &'static str,
    columns: &[&'static str],
) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(name).table(table);
    for column in columns {
        index.col(*column);
    }
    index
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

async fn alter_applications(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let alter = Table::alter()
        .table("applications")
        .modify_column(ColumnDef::new("developer_id").uuid().null())
        .add_column(uuid_null("team_id"))
        .add_column(boolean("suspended").default(false))
        .add_column(json_binary_null("limits"))
        .add_column(json_binary_null("networks"))
        .add_column(uuid_null("consumer_id"))
        .add_foreign_key(
            TableForeignKey::new()
                .name("applications_team_id_fkey")
                .from_tbl("applications")
                .from_col("team_id")
                .to_tbl("teams")
                .to_col("id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .take();
    manager.alter_table(alter).await
}

/// SQLite cannot take `NOT NULL` off a column: the table is made anew under another name, filled, and
/// takes the old one's place. References to it are by name, and are not enforced meanwhile.
async fn rebuild_applications(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let db = manager.get_connection();
    manager.create_table(applications("applications_rebuilt")).await?;
    let mut select = Query::select();
    select.columns(KEPT).from("applications");
    let mut copy = Query::insert();
    copy.into_table("applications_rebuilt").columns(KEPT);
    copy.select_from(select).map_err(|error| DbErr::Migration(error.to_string()))?;
    db.execute(&copy).await?;
    manager.drop_table(Table::drop().table("applications").take()).await?;
    let rename = Table::rename().table("applications_rebuilt", "applications").take();
    manager.rename_table(rename).await?;
    for (name, column) in [
        ("applications_portal", "portal_id"),
        ("applications_developer", "developer_id"),
        ("applications_strategy", "strategy_id"),
    ] {
        manager.create_index(index(name, "applications", &[column])).await?;
    }
    Ok(())
}

fn applications(name: &'static str) -> TableCreateStatement {
    Table::create()
        .table(name)
        .col(pk_uuid("id"))
        .col(uuid("portal_id"))
        .col(uuid_null("developer_id"))
        .col(uuid_null("team_id"))
        .col(uuid("strategy_id"))
        .col(string("name"))
        .col(text_null("description"))
        .col(string("status"))
        .col(boolean("suspended").default(false))
        .col(json_binary("labels"))
        .col(string_null("client_id"))
        .col(text_null("redirect_uri"))
        .col(json_binary_null("scopes"))
        .col(json_binary_null("limits"))
        .col(json_binary_null("networks"))
        .col(uuid_null("consumer_id"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .foreign_key(&mut owned_by(name, "portal_id", "portals"))
        .foreign_key(&mut owned_by(name, "developer_id", "developers"))
        .foreign_key(&mut owned_by(name, "team_id", "teams"))
        .foreign_key(
            ForeignKey::create()
                .from(name, "strategy_id")
                .to("strategies", "id")
                .on_delete(ForeignKeyAction::Restrict),
        )
        .take()
}

fn teams() -> TableCreateStatement {
    Table::create()
        .table("teams")
        .col(pk_uuid("id"))
        .col(uuid("portal_id"))
        .col(string("name"))
        .col(text_null("description"))
        .col(boolean("can_own_applications"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .foreign_key(&mut owned_by("teams", "portal_id", "portals"))
        .take()
}

fn team_members() -> TableCreateStatement {
    Table::create()
        .table("team_members")
        .col(uuid("team_id"))
        .col(uuid("developer_id"))
        .col(big_integer("created_at"))
        .primary_key(Index::create().col("team_id").col("developer_id"))
        .foreign_key(&mut owned_by("team_members", "team_id", "teams"))
        .foreign_key(&mut owned_by("team_members", "developer_id", "developers"))
        .take()
}

fn team_roles() -> TableCreateStatement {
    Table::create()
        .table("team_roles")
        .col(pk_uuid("id"))
        .col(uuid("team_id"))
        .col(string("role_name"))
        .col(uuid("entity_id"))
        .col(string("entity_type_name"))
        .col(string("entity_region"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .foreign_key(&mut owned_by("team_roles", "team_id", "teams"))
        .take()
}

fn consumers() -> TableCreateStatement {
    Table::create()
        .table("consumers")
        .col(pk_uuid("id"))
        .col(uuid("gateway_id"))
        .col(string_null("username"))
        .col(string_null("custom_id"))
        .col(json_binary("tags"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .foreign_key(&mut owned_by("consumers", "gateway_id", "gateways"))
        .take()
}

fn admin_tokens() -> TableCreateStatement {
    Table::create()
        .table("admin_tokens")
        .col(pk_uuid("id"))
        .col(string("name"))
        .col(blob("digest"))
        .col(json_binary("scopes"))
        .col(json_binary_null("portal_ids"))
        .col(big_integer_null("expires_at"))
        .col(big_integer_null("last_used_at"))
        .col(big_integer("created_at"))
        .take()
}

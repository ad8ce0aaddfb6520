//! Identity providers at which developers sign in, host names and networks of portals.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, blob_null, boolean, json_binary, pk_uuid, string, text, uuid,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let people = [identity_providers(), team_group_mappings(), developer_identities()];
        for table in people.into_iter().chain([sign_in(), domains(), networks()]) {
            manager.create_table(table).await?;
        }
        for (name, table, columns) in [
            (
                "team_group_mappings_one",
                "team_group_mappings",
                &["provider_id", "team_id", "group_name"][..],
            ),
            (
                "developer_identities_developer",
                "developer_identities",
                &["developer_id", "provider_id"][..],
            ),
            ("portal_domains_hostname", "portal_domains", &["hostname"][..]),
        ] {
            manager.create_index(index(name, table, columns).unique().take()).await?;
        }
        for (name, table, columns) in [
            ("identity_providers_portal", "identity_providers", &["portal_id"][..]),
            ("team_group_mappings_team", "team_group_mappings", &["team_id"][..]),
            ("portal_networks_portal", "portal_networks", &["portal_id"][..]),
        ] {
            manager.create_index(index(name, table, columns)).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            "portal_networks",
            "portal_domains",
            "portal_sign_in",
            "developer_identities",
            "team_group_mappings",
            "identity_providers",
        ] {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        Ok(())
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

fn identity_providers() -> TableCreateStatement {
    Table::create()
        .table("identity_providers")
        .col(pk_uuid("id"))
        .col(uuid("portal_id"))
        .col(string("kind"))
        .col(boolean("enabled"))
        .col(text("issuer"))
        .col(text("client_id"))
        .col(blob_null("secret"))
        .col(json_binary("scopes"))
        .col(json_binary("claim_mappings"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .foreign_key(&mut owned_by("identity_providers", "portal_id", "portals"))
        .take()
}

fn team_group_mappings() -> TableCreateStatement {
    Table::create()
        .table("team_group_mappings")
        .col(pk_uuid("id"))
        .col(uuid("provider_id"))
        .col(uuid("team_id"))
        .col(string("group_name"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .foreign_key(&mut owned_by("team_group_mappings", "provider_id", "identity_providers"))
        .foreign_key(&mut owned_by("team_group_mappings", "team_id", "teams"))
        .take()
}

fn developer_identities() -> TableCreateStatement {
    Table::create()
        .table("developer_identities")
        .col(uuid("provider_id"))
        .col(string("subject"))
        .col(uuid("developer_id"))
        .col(big_integer("created_at"))
        .primary_key(Index::create().col("provider_id").col("subject"))
        .foreign_key(&mut owned_by("developer_identities", "provider_id", "identity_providers"))
        .foreign_key(&mut owned_by("developer_identities", "developer_id", "developers"))
        .take()
}

fn sign_in() -> TableCreateStatement {
    Table::create()
        .table("portal_sign_in")
        .col(pk_uuid("portal_id"))
        .col(boolean("basic_auth"))
        .col(boolean("admin_mapping"))
        .col(boolean("group_mapping"))
        .col(big_integer("updated_at"))
        .foreign_key(&mut owned_by("portal_sign_in", "portal_id", "portals"))
        .take()
}

fn domains() -> TableCreateStatement {
    Table::create()
        .table("portal_domains")
        .col(pk_uuid("portal_id"))
        .col(string("hostname"))
        .col(boolean("enabled"))
        .col(big_integer_null("seen_at"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .foreign_key(&mut owned_by("portal_domains", "portal_id", "portals"))
        .take()
}

fn networks() -> TableCreateStatement {
    Table::create()
        .table("portal_networks")
        .col(pk_uuid("id"))
        .col(uuid("portal_id"))
        .col(json_binary("allowed_ips"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .foreign_key(&mut owned_by("portal_networks", "portal_id", "portals"))
        .take()
}

//! Authorization servers, providers at which clients are registered, and what applications hold
//! there.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, blob, blob_null, boolean, integer, integer_null, json_binary,
    json_binary_null, pk_uuid, string, string_null, text, text_null, uuid, uuid_null,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let identity = [auth_servers(), auth_keys(), auth_scopes(), auth_claims(), auth_clients()];
        let issued = [auth_secrets(), auth_tokens(), auth_codes(), initial_access_tokens()];
        let registration = [dcr_providers(), dcr_clients(), dcr_jobs()];
        for table in identity.into_iter().chain(issued).chain(registration) {
            manager.create_table(table).await?;
        }
        // SQLite takes one column at a time, and none with a reference.
        for (table, mut column) in [
            ("strategies", uuid_null("dcr_provider_id")),
            ("strategies", json_binary_null("discovery")),
            ("applications", string_null("client_id")),
            ("applications", text_null("redirect_uri")),
            ("applications", json_binary_null("scopes")),
        ] {
            let alter = Table::alter().table(table).add_column(&mut column).take();
            manager.alter_table(alter).await?;
        }
        for (name, table, columns) in [
            ("auth_servers_name", "auth_servers", &["name"][..]),
            ("auth_scopes_name", "auth_scopes", &["server_id", "name"][..]),
            ("auth_clients_name", "auth_clients", &["server_id", "name"][..]),
            ("auth_tokens_digest", "auth_tokens", &["digest"][..]),
            ("initial_access_tokens_digest", "initial_access_tokens", &["digest"][..]),
            ("dcr_providers_name", "dcr_providers", &["name"][..]),
        ] {
            manager.create_index(index(name, table, columns).unique().take()).await?;
        }
        for (name, table, columns) in [
            ("auth_keys_server", "auth_keys", &["server_id"][..]),
            ("auth_claims_server", "auth_claims", &["server_id"][..]),
            ("auth_clients_application", "auth_clients", &["application_id"][..]),
            ("auth_clients_registration", "auth_clients", &["registration_digest"][..]),
            ("auth_secrets_client", "auth_secrets", &["server_id", "client_id"][..]),
            ("auth_tokens_client", "auth_tokens", &["server_id", "client_id"][..]),
            ("auth_tokens_end", "auth_tokens", &["expires_at"][..]),
            ("auth_tokens_family", "auth_tokens", &["family"][..]),
            ("auth_codes_end", "auth_codes", &["expires_at"][..]),
            ("dcr_clients_provider", "dcr_clients", &["provider_id"][..]),
            ("dcr_clients_application", "dcr_clients", &["application_id"][..]),
            ("dcr_jobs_client", "dcr_jobs", &["dcr_client_id"][..]),
            ("dcr_jobs_due", "dcr_jobs", &["state", "due_at"][..]),
            ("strategies_provider", "strategies", &["dcr_provider_id"][..]),
        ] {
            manager.create_index(index(name, table, columns)).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            "dcr_jobs",
            "dcr_clients",
            "dcr_providers",
            "initial_access_tokens",
            "auth_codes",
            "auth_tokens",
            "auth_secrets",
            "auth_clients",
            "auth_claims",
            "auth_scopes",
            "auth_keys",
            "auth_servers",
        ] {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        manager
            .drop_index(Index::drop().name("strategies_provider").table("strategies").to_owned())
            .await?;
        for (table, column) in [
            ("strategies", "dcr_provider_id"),
            ("strategies", "discovery"),
            ("applications", "client_id"),
            ("applications", "redirect_uri"),
            ("applications", "scopes"),
        ] {
            let alter = Table::alter().table(table).drop_column(column).take();
            manager.alter_table(alter).await?;
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

/// A reference that keeps what it refers to.
fn kept_by(
    table: &'static str,
    column: &'static str,
    owner: &'static str,
) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(table, column)
        .to(owner, "id")
        .on_delete(ForeignKeyAction::Restrict)
        .to_owned()
}

/// What a client has goes with it.
fn of_client(table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(table, ("server_id", "client_id"))
        .to("auth_clients", ("server_id", "id"))
        .on_delete(ForeignKeyAction::Cascade)
        .to_owned()
}

fn auth_servers() -> TableCreateStatement {
    Table::create()
        .table("auth_servers")
        .col(pk_uuid("id"))
        .col(string("name"))
        .col(text("audience"))
        .col(text_null("description"))
        .col(string("algorithm"))
        .col(json_binary("labels"))
        .col(json_binary("trusted_origins"))
        .col(string("token_profile"))
        .col(boolean("builtin"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .take()
}

fn auth_keys() -> TableCreateStatement {
    Table::create()
        .table("auth_keys")
        .col(string("kid").primary_key())
        .col(uuid("server_id"))
        .col(string("algorithm"))
        .col(string("state"))
        .col(json_binary("public_jwk"))
        .col(blob("private_key"))
        .col(big_integer("created_at"))
        .col(big_integer("activates_at"))
        .col(big_integer_null("retires_at"))
        .col(big_integer_null("removes_at"))
        .foreign_key(&mut owned_by("auth_keys", "server_id", "auth_servers"))
        .take()
}

fn auth_scopes() -> TableCreateStatement {
    Table::create()
        .table("auth_scopes")
        .col(pk_uuid("id"))
        .col(uuid("server_id"))
        .col(string("name"))
        .col(text_null("description"))
        .col(boolean("is_default"))
        .col(boolean("include_in_metadata"))
        .col(boolean("enabled"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .foreign_key(&mut owned_by("auth_scopes", "server_id", "auth_servers"))
        .take()
}

fn auth_claims() -> TableCreateStatement {
    Table::create()
        .table("auth_claims")
        .col(pk_uuid("id"))
        .col(uuid("server_id"))
        .col(string("name"))
        .col(text("value"))
        .col(boolean("include_in_token"))
        .col(boolean("include_in_all_scopes"))
        .col(json_binary("scope_ids"))
        .col(boolean("enabled"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .foreign_key(&mut owned_by("auth_claims", "server_id", "auth_servers"))
        .take()
}

fn auth_clients() -> TableCreateStatement {
    Table::create()
        .table("auth_clients")
        .col(uuid("server_id"))
        .col(string("id"))
        .col(string("name"))
        .col(json_binary("grant_types"))
        .col(json_binary("response_types"))
        .col(json_binary("redirect_uris"))
        .col(text_null("login_uri"))
        .col(integer("access_token_duration"))
        .col(integer("id_token_duration"))
        .col(boolean("allow_all_scopes"))
        .col(json_binary("scope_ids"))
        .col(string("auth_method"))
        .col(json_binary("labels"))
        .col(uuid_null("application_id"))
        .col(blob_null("registration_digest"))
        .col(json_binary_null("registration_policy"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .primary_key(Index::create().col("server_id").col("id"))
        .foreign_key(&mut owned_by("auth_clients", "server_id", "auth_servers"))
        .take()
}

fn auth_secrets() -> TableCreateStatement {
    Table::create()
        .table("auth_secrets")
        .col(pk_uuid("id"))
        .col(uuid("server_id"))
        .col(string("client_id"))
        .col(string("pepper_id"))
        .col(blob("digest"))
        .col(boolean("enabled"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .foreign_key(&mut of_client("auth_secrets"))
        .take()
}

fn auth_tokens() -> TableCreateStatement {
    Table::create()
        .table("auth_tokens")
        .col(pk_uuid("id"))
        .col(uuid("server_id"))
        .col(string("client_id"))
        .col(string("subject"))
        .col(string("kind"))
        .col(json_binary("scopes"))
        .col(blob_null("digest"))
        .col(uuid_null("family"))
        .col(json_binary_null("details"))
        .col(big_integer("expires_at"))
        .col(big_integer("created_at"))
        .foreign_key(&mut of_client("auth_tokens"))
        .take()
}

fn auth_codes() -> TableCreateStatement {
    Table::create()
        .table("auth_codes")
        .col(blob("digest").primary_key())
        .col(uuid("server_id"))
        .col(string("client_id"))
        .col(uuid("developer_id"))
        .col(text("redirect_uri"))
        .col(json_binary("scopes"))
        .col(string_null("nonce"))
        .col(string("challenge"))
        .col(uuid("family"))
        .col(big_integer("auth_time"))
        .col(big_integer_null("used_at"))
        .col(big_integer("expires_at"))
        .foreign_key(&mut of_client("auth_codes"))
        .foreign_key(&mut owned_by("auth_codes", "developer_id", "developers"))
        .take()
}

fn initial_access_tokens() -> TableCreateStatement {
    Table::create()
        .table("initial_access_tokens")
        .col(pk_uuid("id"))
        .col(uuid("server_id"))
        .col(blob("digest"))
        .col(integer_null("uses_left"))
        .col(json_binary("policy"))
        .col(big_integer_null("expires_at"))
        .col(big_integer("created_at"))
        .foreign_key(&mut owned_by("initial_access_tokens", "server_id", "auth_servers"))
        .take()
}

fn dcr_providers() -> TableCreateStatement {
    Table::create()
        .table("dcr_providers")
        .col(pk_uuid("id"))
        .col(string("name"))
        .col(string_null("display_name"))
        .col(string("kind"))
        .col(string("issuer"))
        .col(json_binary("config"))
        .col(blob_null("secret"))
        .col(json_binary("labels"))
        .col(boolean("builtin"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .take()
}

fn dcr_clients() -> TableCreateStatement {
    Table::create()
        .table("dcr_clients")
        .col(pk_uuid("id"))
        .col(uuid("provider_id"))
        .col(uuid_null("application_id"))
        .col(string_null("client_id"))
        .col(string("state"))
        .col(blob("remote"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .foreign_key(&mut kept_by("dcr_clients", "provider_id", "dcr_providers"))
        .take()
}

fn dcr_jobs() -> TableCreateStatement {
    Table::create()
        .table("dcr_jobs")
        .col(pk_uuid("id"))
        .col(uuid("provider_id"))
        .col(uuid("dcr_client_id"))
        .col(string("kind"))
        .col(json_binary("request"))
        .col(string("stage"))
        .col(string("state"))
        .col(integer("attempts"))
        .col(big_integer("due_at"))
        .col(big_integer("lease_until"))
        .col(text_null("error"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .foreign_key(&mut owned_by("dcr_jobs", "dcr_client_id", "dcr_clients"))
        .take()
}

//! API products, and what a publication says beyond its strategy and who sees it.

use std::collections::HashMap;

use ::uuid::Uuid;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, boolean, json_binary, pk_uuid, string, string_null, text_null, uuid, uuid_null,
};
use sea_orm_migration::sea_orm::{ConnectionTrait, QueryResult};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [products(), product_portals(), specifications()] {
            manager.create_table(table).await?;
        }
        for (table, mut column) in [
            ("apis", uuid_null("product_id")),
            ("apis", boolean("published").default(false).take()),
            ("apis", boolean("deprecated").default(false).take()),
            ("publications", uuid_null("id")),
            ("publications", boolean("published").default(true).take()),
            ("publications", boolean("product_published").default(true).take()),
            ("publications", boolean("registration_enabled").default(true).take()),
            ("publications", boolean("deprecated").default(false).take()),
            ("publications", boolean("show_issuer").default(false).take()),
            ("publications", boolean("consumer_credentials").default(false).take()),
            ("publications", string_null("display_name")),
            ("publications", text_null("description")),
            ("publications", json_binary("tags").default("[]").take()),
        ] {
            let alter = Table::alter().table(table).add_column(&mut column).take();
            manager.alter_table(alter).await?;
        }
        group(manager).await?;
        name_publications(manager).await?;
        for (name, table, columns, unique) in [
            ("api_products_name", "api_products", &["name"][..], false),
            ("product_portals_portal", "product_portals", &["portal_id"][..], false),
            ("apis_product", "apis", &["product_id"][..], false),
            ("publications_id", "publications", &["id"][..], true),
            ("publications_display_name", "publications", &["portal_id", "display_name"][..], true),
        ] {
            let mut index = Index::create();
            index.name(name).table(table);
            for column in columns {
                index.col(*column);
            }
            if unique {
                index.unique();
            }
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("an API may be unpublished and not gone by now".into()))
    }
}

fn products() -> TableCreateStatement {
    Table::create()
        .table("api_products")
        .col(pk_uuid("id"))
        .col(string("name"))
        .col(text_null("description"))
        .col(json_binary("labels"))
        .col(json_binary("public_labels"))
        .col(boolean("implicit"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .take()
}

fn product_portals() -> TableCreateStatement {
    Table::create()
        .table("product_portals")
        .col(uuid("product_id"))
        .col(uuid("portal_id"))
        .primary_key(Index::create().col("product_id").col("portal_id"))
        .foreign_key(
            ForeignKey::create()
                .from("product_portals", "product_id")
                .to("api_products", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .foreign_key(
            ForeignKey::create()
                .from("product_portals", "portal_id")
                .to("portals", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .take()
}

/// What a specification's file is called.
fn specifications() -> TableCreateStatement {
    Table::create()
        .table("specification_names")
        .col(pk_uuid("version_id"))
        .col(string("name"))
        .foreign_key(
            ForeignKey::create()
                .from("specification_names", "version_id")
                .to("api_versions", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .take()
}

/// Groups the APIs that are there by their names.
async fn group(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let db = manager.get_connection();
    let select = Query::select()
        .columns(["id", "name", "description", "created_at"])
        .from("apis")
        .order_by("created_at", Order::Asc)
        .order_by("id", Order::Asc)
        .take();
    let mut products: HashMap<String, Uuid> = HashMap::new();
    for row in db.query_all(&select).await? {
        let (id, name): (Uuid, String) = (row.try_get("", "id")?, row.try_get("", "name")?);
        let product = match products.get(&name) {
            Some(known) => *known,
            None => {
                let made = insert_product(db, &name, &row).await?;
                products.insert(name, made);
                made
            }
        };
        let update = Query::update()
            .table("apis")
            .value("product_id", product)
            .and_where(Expr::col("id").eq(id))
            .take();
        db.execute(&update).await?;
    }
    Ok(())
}

async fn insert_product(
    db: &impl ConnectionTrait,
    name: &str,
    row: &QueryResult,
) -> Result<Uuid, DbErr> {
    let id = Uuid::now_v7();
    let description: Option<String> = row.try_get("", "description")?;
    let created_at: i64 = row.try_get("", "created_at")?;
    let nothing = serde_json::json!({});
    let insert = Query::insert()
        .into_table("api_products")
        .columns([
            "id",
            "name",
            "description",
            "labels",
            "public_labels",
            "implicit",
            "created_at",
            "updated_at",
        ])
        .values([
            id.into(),
            name.into(),
            description.into(),
            nothing.clone().into(),
            nothing.into(),
            true.into(),
            created_at.into(),
            created_at.into(),
        ])
        .map_err(|error| DbErr::Migration(error.to_string()))?
        .take();
    db.execute(&insert).await?;
    Ok(id)
}

/// Gives every publication an id.
async fn name_publications(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let db = manager.get_connection();
    let select = Query::select().columns(["api_id", "portal_id"]).from("publications").take();
    for row in db.query_all(&select).await? {
        let (api, portal): (Uuid, Uuid) =
            (row.try_get("", "api_id")?, row.try_get("", "portal_id")?);
        let update = Query::update()
            .table("publications")
            .value("id", Uuid::now_v7())
            .and_where(Expr::col("api_id").eq(api))
            .and_where(Expr::col("portal_id").eq(portal))
            .take();
        db.execute(&update).await?;
    }
    Ok(())
}

//! Rotation of keys, notices about their end, and usage as a time series.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, integer, integer_null, string, uuid, uuid_null,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const MILLIS_PER_HOUR: i64 = 3_600_000;
const SECONDS_PER_HOUR: i32 = 3_600;
const MILLIS_PER_WEEK: i64 = 7 * 24 * MILLIS_PER_HOUR;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite takes one column at a time, and none with a reference.
        for mut column in [
            string("origin").default("issued").take(),
            big_integer_null("rotated_at"),
            integer_null("retire_idle_hours"),
            big_integer_null("retired_at"),
            uuid_null("successor_id"),
            big_integer_null("notice_at"),
        ] {
            let alter = Table::alter().table("credentials").add_column(&mut column).take();
            manager.alter_table(alter).await?;
        }
        // Owners hear of the end of keys that were there before as well.
        let notices = Query::update()
            .table("credentials")
            .value("notice_at", Expr::col("expires_at").sub(MILLIS_PER_WEEK))
            .and_where(Expr::col("expires_at").is_not_null())
            .to_owned();
        manager.execute(notices).await?;
        manager.create_table(usage_points()).await?;
        manager.create_table(usage_reports()).await?;
        for (name, table, columns) in [
            ("credentials_notice", "credentials", &["notice_at"][..]),
            ("credentials_rotated", "credentials", &["rotated_at"]),
            ("usage_points_application", "usage_points", &["application_id", "width", "at"]),
            ("usage_points_api", "usage_points", &["api_id", "width", "at"]),
            ("usage_reports_received", "usage_reports", &["received_at"]),
        ] {
            let mut index = Index::create();
            index.name(name).table(table);
            for column in columns {
                index.col(*column);
            }
            manager.create_index(index.take()).await?;
        }
        manager.execute(carried_over()?).await?;
        manager.drop_table(Table::drop().table("usage").take()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["usage_points", "usage_reports"] {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        for (index, table) in
            [("credentials_notice", "credentials"), ("credentials_rotated", "credentials")]
        {
            manager.drop_index(Index::drop().name(index).table(table).to_owned()).await?;
        }
        for column in
            ["origin", "rotated_at", "retire_idle_hours", "retired_at", "successor_id", "notice_at"]
        {
            let alter = Table::alter().table("credentials").drop_column(column).take();
            manager.alter_table(alter).await?;
        }
        let usage = Table::create()
            .table("usage")
            .col(uuid("application_id"))
            .col(uuid("api_id"))
            .col(string("class"))
            .col(big_integer("hour"))
            .col(big_integer("count"))
            .primary_key(
                Index::create().col("application_id").col("api_id").col("class").col("hour"),
            )
            .take();
        manager.create_table(usage).await
    }
}

/// Sums of calls by minute and by hour: `width` is the seconds of a sum, `at` when it begins.
fn usage_points() -> TableCreateStatement {
    Table::create()
        .table("usage_points")
        .col(integer("width"))
        .col(big_integer("at"))
        .col(uuid("application_id"))
        .col(uuid("api_id"))
        .col(string("class"))
        .col(string("reason"))
        .col(integer("status"))
        .col(big_integer("count"))
        .col(big_integer("measured"))
        .col(big_integer("latency_ms"))
        .col(big_integer("request_bytes"))
        .col(big_integer("response_bytes"))
        .primary_key(
            Index::create()
                .col("width")
                .col("at")
                .col("application_id")
                .col("api_id")
                .col("class")
                .col("reason")
                .col("status"),
        )
        .take()
}

/// Reports that were counted: none is counted twice.
fn usage_reports() -> TableCreateStatement {
    Table::create()
        .table("usage_reports")
        .col(uuid("gateway_id"))
        .col(string("report"))
        .col(big_integer("received_at"))
        .primary_key(Index::create().col("gateway_id").col("report"))
        .take()
}

/// What was counted by the hour so far.
fn carried_over() -> Result<InsertStatement, DbErr> {
    let counted = Query::select()
        .expr(Expr::val(SECONDS_PER_HOUR))
        .expr(Expr::col("hour").mul(MILLIS_PER_HOUR))
        .columns(["application_id", "api_id", "class"])
        .expr(Expr::val(""))
        .expr(
            Expr::case(Expr::col("class").eq("unauthorized"), 401)
                .case(Expr::col("class").eq("forbidden"), 403)
                .case(Expr::col("class").eq("unavailable"), 503)
                .finally(0),
        )
        .column("count")
        .exprs([Expr::val(0), Expr::val(0), Expr::val(0), Expr::val(0)])
        .from("usage")
        .to_owned();
    let mut insert = Query::insert();
    insert
        .into_table("usage_points")
        .columns([
            "width",
            "at",
            "application_id",
            "api_id",
            "class",
            "reason",
            "status",
            "count",
            "measured",
            "latency_ms",
            "request_bytes",
            "response_bytes",
        ])
        .select_from(counted)
        .map_err(|error| DbErr::Migration(error.to_string()))?;
    Ok(insert)
}

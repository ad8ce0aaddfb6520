use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection};
use sea_orm_migration::MigratorTrait;

use super::Migrator;

async fn open(url: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).map_sqlx_sqlite_opts(|options| options.foreign_keys(false));
    Database::connect(options).await.unwrap()
}

/// A table that is rebuilt keeps its rows, and what refers to them.
#[tokio::test]
async fn rows_survive_the_rebuilding_of_their_table() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}?mode=rwc", dir.path().join("db").display());
    let db = open(&url).await;
    Migrator::up(&db, Some(5)).await.unwrap();
    for sql in [
        "INSERT INTO strategies (id, name, display_name, kind, config, labels, builtin, \
         created_at, updated_at) VALUES (x'01', 's', 's', 'key_auth', '{}', '{}', 0, 1, 1)",
        "INSERT INTO applications (id, portal_id, developer_id, strategy_id, name, status, labels, \
         created_at, updated_at, client_id) \
         VALUES (x'02', x'03', x'04', x'01', 'a', 'active', '{}', 5, 6, 'client')",
        "INSERT INTO credentials (id, application_id, scheme, pepper_id, digest, created_at, \
         updated_at) VALUES (x'05', x'02', 'hmac-sha256', 'p1', x'06', 1, 1)",
    ] {
        db.execute_unprepared(sql).await.unwrap();
    }
    Migrator::up(&db, None).await.unwrap();
    let sql = "SELECT c.id FROM credentials c JOIN applications a ON a.id = c.application_id \
               WHERE a.developer_id = x'04' AND a.team_id IS NULL AND a.suspended = 0 \
               AND a.client_id = 'client' AND a.created_at = 5 AND a.updated_at = 6";
    let statement = sea_orm::Statement::from_string(db.get_database_backend(), sql);
    assert_eq!(db.query_all_raw(statement).await.unwrap().len(), 1);

    // With references enforced, what belongs to an application goes with it, as before.
    db.execute_unprepared("PRAGMA foreign_keys = ON").await.unwrap();
    db.execute_unprepared("DELETE FROM applications WHERE id = x'02'").await.unwrap();
    let left =
        sea_orm::Statement::from_string(db.get_database_backend(), "SELECT id FROM credentials");
    assert!(db.query_all_raw(left).await.unwrap().is_empty());
}

/// A registration that nobody kept a history of has the one entry that is known.
#[tokio::test]
async fn registrations_have_a_history_from_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}?mode=rwc", dir.path().join("db").display());
    let db = open(&url).await;
    Migrator::up(&db, Some(5)).await.unwrap();
    let sql = "INSERT INTO registrations (id, application_id, api_id, portal_id, status, \
               created_at, updated_at) VALUES (x'01', x'02', x'03', x'04', 'approved', 5, 6)";
    db.execute_unprepared(sql).await.unwrap();
    Migrator::up(&db, None).await.unwrap();
    let sql = "SELECT id FROM registration_history WHERE registration_id = x'01' \
               AND status = 'approved' AND \"by\" = 'system' AND at = 5";
    let statement = sea_orm::Statement::from_string(db.get_database_backend(), sql);
    assert_eq!(db.query_all_raw(statement).await.unwrap().len(), 1);
}

/// What was counted by the hour is there after usage became a series.
#[tokio::test]
async fn usage_by_the_hour_is_carried_over() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}?mode=rwc", dir.path().join("db").display());
    let db = open(&url).await;
    Migrator::up(&db, Some(5)).await.unwrap();
    for sql in [
        "INSERT INTO usage (application_id, api_id, class, hour, count) \
         VALUES (x'01', x'02', 'forbidden', 472222, 7), (x'01', x'02', 'allowed', 472222, 9)",
        "INSERT INTO credentials (id, application_id, scheme, pepper_id, digest, expires_at, \
         created_at, updated_at) VALUES (x'05', x'02', 'hmac-sha256', 'p1', x'06', 700000000, 1, 1)",
    ] {
        db.execute_unprepared(sql).await.unwrap();
    }
    Migrator::up(&db, None).await.unwrap();
    let sql = "SELECT count FROM usage_points WHERE width = 3600 AND at = 1699999200000 \
               AND measured = 0 AND reason = '' \
               AND (class = 'forbidden' AND status = 403 OR class = 'allowed' AND status = 0) \
               ORDER BY count";
    let statement = sea_orm::Statement::from_string(db.get_database_backend(), sql);
    let rows = db.query_all_raw(statement).await.unwrap();
    let counts: Vec<i64> = rows.iter().map(|row| row.try_get("", "count").unwrap()).collect();
    assert_eq!(counts, [7, 9]);
    let sql = "SELECT id FROM credentials WHERE notice_at = 95200000 AND origin = 'issued'";
    let statement = sea_orm::Statement::from_string(db.get_database_backend(), sql);
    assert_eq!(db.query_all_raw(statement).await.unwrap().len(), 1);
}

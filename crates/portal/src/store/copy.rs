//! Copies of a SQLite database.

use std::path::Path;

use gatekey_core::id::Revision;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, Statement,
};

async fn open(path: &Path, mode: &str) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(format!("sqlite:{}?mode={mode}", path.display()));
    options.sqlx_logging(false).max_connections(1);
    Database::connect(options).await
}

/// Writes what is committed now to an empty file, while others go on writing.
pub(crate) async fn write(database: &Path, to: &Path) -> Result<(), DbErr> {
    let to = to.to_str().ok_or_else(|| DbErr::Custom("the file's name is not UTF-8".into()))?;
    let db = open(database, "rw").await?;
    let copy = Statement::from_sql_and_values(DbBackend::Sqlite, "VACUUM INTO ?", [to.into()]);
    let copied = db.execute_raw(copy).await;
    db.close().await?;
    copied.map(|_| ())
}

/// Whether a copy is whole, and a portal's.
pub(crate) async fn check(copy: &Path) -> Result<(), DbErr> {
    let db = open(copy, "ro").await?;
    let checked = async {
        let check = Statement::from_string(DbBackend::Sqlite, "PRAGMA integrity_check");
        let found = db.query_one_raw(check).await?;
        let found = found.map(|row| row.try_get_by_index::<String>(0)).transpose()?;
        match found.as_deref() {
            Some("ok") => crate::revision::current(&db).await.map(|_| ()),
            found => Err(DbErr::Custom(found.unwrap_or("cannot be checked").to_owned())),
        }
    };
    let checked = checked.await;
    db.close().await?;
    checked
}

/// The revision of a database.
pub(crate) async fn revision(database: &Path) -> Result<Revision, DbErr> {
    let db = open(database, "rw").await?;
    let revision = crate::revision::current(&db).await;
    db.close().await?;
    revision
}

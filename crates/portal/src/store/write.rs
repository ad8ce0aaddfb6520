//! A transaction that writes.

use core::ops::Deref;

use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, Statement,
};
use sea_orm_migration::async_trait;

use crate::audit;

/// A transaction that writes: every one of them ends in [`Write::commit`].
#[derive(Debug)]
#[must_use = "what is not committed is not written"]
pub(crate) struct Write(DatabaseTransaction);

impl Write {
    pub(super) const fn new(tx: DatabaseTransaction) -> Self {
        Self(tx)
    }

    /// Makes all of it true at once, with the entry of the request in the audit log.
    pub(crate) async fn commit(self) -> Result<(), DbErr> {
        audit::record(&self.0).await?;
        self.0.commit().await
    }

    /// Makes all of it true at once, and leaves no entry: it is one, or nobody asked for it.
    pub(crate) async fn commit_unrecorded(self) -> Result<(), DbErr> {
        self.0.commit().await
    }
}

impl Deref for Write {
    type Target = DatabaseTransaction;

    fn deref(&self) -> &DatabaseTransaction {
        &self.0
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Write {
    fn get_database_backend(&self) -> DbBackend {
        self.0.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.0.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.0.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.0.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.0.query_all_raw(statement).await
    }
}

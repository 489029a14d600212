//! Beginning and committing on one connection, with retries while other connections are in the way.

use sqlx::SqlSafeStr as _;
use sqlx::sqlite::{Sqlite, SqliteConnection};
use sqlx_core::transaction::TransactionManager as _;

use super::retry::{Retry, patiently};

pub(crate) type Manager = <Sqlite as sqlx::Database>::TransactionManager;

/// Begins an IMMEDIATE transaction. Retries while others write.
pub(crate) async fn begin_immediate(
    connection: &mut SqliteConnection,
    retry: &mut Retry,
) -> Result<(), sqlx::Error> {
    patiently!(retry, Manager::begin(connection, Some("BEGIN IMMEDIATE".into_sql_str())).await)
}

/// Commits. Retries while readers of a rollback-journal database are in the way.
///
/// SQLite keeps the transaction open when a COMMIT is busy, so nothing is lost by a retry.
pub(crate) async fn commit(connection: &mut SqliteConnection, retry: &mut Retry) -> Result<(), sqlx::Error> {
    patiently!(retry, Manager::commit(connection).await)
}

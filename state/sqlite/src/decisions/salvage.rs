//! Reads what can still be read of the decisions in a damaged database.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, Row as _};

use super::file::Latest;
use crate::open::connect::{Access, connect};
use crate::open::examine::blank;
use crate::options::JournalMode;
use crate::paths::DbPaths;
use crate::spec::DbSpec;

const FORWARDS: &str = "SELECT id, record FROM decisions WHERE kind = ?1 AND id > ?2 ORDER BY id LIMIT 1";
const BACKWARDS: &str =
    "SELECT id, record FROM decisions WHERE kind = ?1 AND id < ?2 ORDER BY id DESC LIMIT 1";

/// Reads the decisions of a database that is in no use, kind by kind, each up to the first error
/// from both ends. An unreadable database has none.
pub(crate) async fn read(spec: &DbSpec, database: &Path) -> Latest {
    let paths = DbPaths::at(database);
    let mut found = Latest::default();
    let access = Access::without_trace(&paths, JournalMode::Wal).unwrap_or(Access::Immutable);
    for kind in spec.decisions {
        // Each on its own connection: damage may have ended the one before.
        let Ok(mut connection) = connect(spec, database, Duration::ZERO, access).await else { continue };
        // Without the view, nothing is found.
        let _ = view_older(spec, &mut connection).await;
        read_kind(&mut connection, kind.name, &mut found).await;
        let _ = connection.close().await;
    }
    found
}

/// Makes the view of decisions for this connection, if the schema is older than the view. Columns
/// that the schema does not have yet are NULL, and tables are empty.
async fn view_older(spec: &DbSpec, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    const VIEW: &str = "SELECT sql FROM sqlite_schema WHERE type = 'view' AND name = 'decisions'";
    const COLUMNS: &str = "SELECT tables.name, columns.name \
         FROM sqlite_schema AS tables, pragma_table_xinfo(tables.name) AS columns \
         WHERE tables.type = 'table' AND tables.sql NOT LIKE 'CREATE VIRTUAL %'";
    if sqlx::query(VIEW).fetch_optional(&mut *connection).await?.is_some() {
        return Ok(());
    }
    let mut blank = blank(spec).await?;
    let view: String = sqlx::query_scalar(VIEW).fetch_one(&mut blank).await?;
    let wanted: Vec<(String, String)> = sqlx::query_as(COLUMNS).fetch_all(&mut blank).await?;
    blank.close().await?;
    let found: Vec<(String, String)> = sqlx::query_as(COLUMNS).fetch_all(&mut *connection).await?;
    let tables: BTreeSet<&str> = wanted.iter().map(|(table, _)| table.as_str()).collect();
    // A temporary view takes the place of the table with its name.
    connection.execute("PRAGMA query_only = OFF").await?;
    for table in tables {
        let missing = wanted.iter().filter(|column| column.0 == table && !found.contains(column));
        let missing: Vec<String> = missing.map(|(_, column)| format!("NULL AS \"{column}\"")).collect();
        if !missing.is_empty() {
            let missing = missing.join(", ");
            let rows = if found.iter().any(|(name, _)| name == table) {
                format!("SELECT *, {missing} FROM main.\"{table}\"")
            } else {
                format!("SELECT {missing} WHERE false")
            };
            let sql = format!("CREATE TEMP VIEW \"{table}\" AS {rows}");
            connection.execute(AssertSqlSafe(sql)).await?;
        }
    }
    let view = view.replacen("CREATE VIEW", "CREATE TEMP VIEW", 1);
    connection.execute(AssertSqlSafe(view)).await.map(drop)
}

async fn read_kind(connection: &mut SqliteConnection, kind: &str, found: &mut Latest) {
    // Up to the first error from either end: a damaged page costs only its own rows.
    for (sql, mut last) in [(FORWARDS, String::new()), (BACKWARDS, "~".to_owned())] {
        loop {
            let next = sqlx::query(sql).bind(kind).bind(&last).fetch_optional(&mut *connection).await;
            match next {
                Ok(None) => return,
                Err(_) => break,
                Ok(Some(row)) => {
                    let Ok(id) = row.try_get::<String, _>(0) else { break };
                    if let Ok(record) = row.try_get::<String, _>(1) {
                        found.insert((kind.to_owned(), id.clone()), Some(Arc::from(record)));
                    }
                    last = id;
                }
            }
        }
    }
}

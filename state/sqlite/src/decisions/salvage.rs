//! Reads what can still be read of the decisions in a damaged database.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection as _, Row as _};

use super::file::Latest;
use crate::open::connect::{Access, connect};
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
        read_kind(&mut connection, kind.name, &mut found).await;
        let _ = connection.close().await;
    }
    found
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

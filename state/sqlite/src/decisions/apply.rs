//! Applies decisions of the file to the database.

use serde_json::value::RawValue;
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Executor as _};

use super::file::Latest;
use super::sync::{ALL_DONE, Sync};
use crate::error::DbError;
use crate::row::json;

const DONE: &str =
    "DELETE FROM decisions_due WHERE kind = ?1 AND id IN (SELECT value ->> 0 FROM jsonb_each(?2))";
/// Triggers that note changed decisions.
const NOTING: &str = "SELECT name, sql FROM sqlite_schema \
     WHERE type = 'trigger' AND sql LIKE '%INSERT INTO decisions\\_due%' ESCAPE '\\'";

impl Sync<'_> {
    /// Applies decisions of the file. Returns the number of decisions that now hold.
    pub(super) async fn apply(&self, conn: &mut SqliteConnection, latest: &Latest) -> Result<usize, DbError> {
        let mut applied = 0;
        for kind in self.kinds {
            let of_kind = latest.iter().filter(|((name, _), _)| name == kind.name);
            let (mut put, mut clear) = (Vec::new(), Vec::new());
            for ((_, id), record) in of_kind {
                match record {
                    Some(record) => put.push((id, serde_json::from_str::<&RawValue>(record).ok())),
                    None => clear.push((id, None)),
                }
            }
            // In the order of the tables, which stores them faster.
            put.sort_unstable_by_key(|(id, _)| *id);
            applied += put.len();
            for (rows, statements) in [(put, kind.put), (clear, kind.clear)] {
                if rows.is_empty() {
                    continue;
                }
                let rows = json(&rows);
                for statement in statements {
                    self.sql(sqlx::query(*statement).bind(&rows).execute(&mut *conn).await)?;
                }
                if self.known(conn).await?.due {
                    self.sql(sqlx::query(DONE).bind(kind.name).bind(&rows).execute(&mut *conn).await)?;
                }
            }
        }
        Ok(applied)
    }

    /// Applies decisions one by one where they cannot all be applied at once. Returns the number
    /// of refused decisions.
    pub(super) async fn apply_each(
        &self,
        conn: &mut SqliteConnection,
        all: Latest,
    ) -> Result<usize, DbError> {
        match self.apply(conn, &all).await {
            Err(DbError::Statement(..)) => {}
            applied => return applied.map(|_| 0),
        }
        let mut refused = 0;
        for one in all {
            match self.apply(conn, &Latest::from([one])).await {
                Err(DbError::Statement(..)) => refused += 1,
                applied => drop(applied?),
            }
        }
        Ok(refused)
    }

    /// Applies decisions to a new database, group by group, each as
    /// [`apply_each`](Self::apply_each) does. The database must then be said to
    /// [know them all](Self::know_all), or the file be [written again](Self::rewrite).
    pub(crate) async fn fill(
        &self,
        conn: &mut SqliteConnection,
        groups: [Latest; 2],
    ) -> Result<usize, DbError> {
        // The triggers would note each decision as due, which takes as long as storing it.
        let noting: Vec<(String, String)> = self.sql(sqlx::query_as(NOTING).fetch_all(&mut *conn).await)?;
        for (name, _) in &noting {
            self.sql(conn.execute(AssertSqlSafe(format!("DROP TRIGGER \"{name}\""))).await)?;
        }
        self.sql(sqlx::query(ALL_DONE).execute(&mut *conn).await)?;
        let mut refused = 0;
        for group in groups {
            refused += self.apply_each(conn, group).await?;
        }
        for (_, create) in noting {
            self.sql(conn.execute(AssertSqlSafe(create)).await)?;
        }
        Ok(refused)
    }
}

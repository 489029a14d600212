//! Comparison of one thread's files with the history.

use threadkeep_rollout::AgentHome;
use threadkeep_sqlite::{RowReader, json};
use uuid::Uuid;

use crate::blocking::blocking;
use crate::chain::parts;
use crate::error::HistoryError;
use crate::ports::fingerprint_of;
use crate::store::HistoryStore;

/// Paths and fingerprints of the files `?1`, a JSON array.
pub(crate) const FINGERPRINTS: &str =
    "SELECT path, fingerprint FROM history_files WHERE id IN (SELECT value FROM json_each(?1))";

impl HistoryStore {
    /// Returns true if the history has all files of a thread as they are now. `newest` is the path
    /// in the home of its newest file. Looks at these files alone, and reads none.
    ///
    /// # Errors
    ///
    /// [`HistoryError::Open`], [`HistoryError::Database`].
    pub async fn is_current(
        &self,
        home: &AgentHome,
        thread: Uuid,
        newest: &str,
    ) -> Result<bool, HistoryError> {
        let Some(db) = self.database.existing().await? else { return Ok(false) };
        let files = db.read(async |conn| {
            let parts = parts(&mut *conn, thread).await?;
            if parts.last().is_none_or(|part| part.path != newest) {
                return Ok(Vec::new());
            }
            let ids: Vec<i64> = parts.iter().map(|part| part.file).collect();
            let rows = sqlx::query(FINGERPRINTS).bind(json(&ids)).fetch_all(conn).await?;
            let file = |row| {
                let mut row = RowReader::new(row);
                Ok((row.column()?, row.column()?))
            };
            rows.iter().map(file).collect::<Result<Vec<(String, String)>, sqlx::Error>>()
        });
        let (files, home) = (files.await?, home.clone());
        blocking(move || {
            let is_same = |(path, fingerprint): &(String, String)| {
                home.rollout_at(path).is_ok_and(|file| fingerprint_of(&file) == *fingerprint)
            };
            Ok(!files.is_empty() && files.iter().all(is_same))
        })
        .await
    }
}

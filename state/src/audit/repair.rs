//! Makes the next index run read the files again that an audit found wrong.

use jiff::Timestamp;
use threadkeep_rollout::SESSION_INDEX;
use threadkeep_sqlite::{Durability, json};
use uuid::Uuid;

use super::{AuditReport, Difference, DifferenceKind};
use crate::error::StateError;
use crate::runtime::StateRuntime;

const CLEAR_NAMES: &str = "UPDATE threads SET session_name = NULL WHERE session_name IS NOT NULL";

impl StateRuntime {
    /// Prepares the repair of every difference of a report, in one transaction. The next index run
    /// reads the files in question from their first byte, and threads without a rollout leave the
    /// lists. The user's names and marks stay. Returns the number of differences.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`]; then nothing was changed.
    pub async fn prepare_repair(&self, report: &AuditReport, now: Timestamp) -> Result<usize, StateError> {
        let is_gone = |difference: &&Difference| matches!(difference.kind, DifferenceKind::NoRollout);
        let (gone, wrong): (Vec<&Difference>, Vec<&Difference>) =
            report.differences.iter().partition(is_gone);
        let gone: Vec<Uuid> = gone.iter().map(|difference| difference.thread_id).collect();
        let mut files: Vec<&str> = wrong.iter().map(|difference| &*difference.rollout_path).collect();
        let is_name =
            |kind: &DifferenceKind| matches!(kind, DifferenceKind::Field { field: "session_name", .. });
        let names_differ = wrong.iter().any(|difference| is_name(&difference.kind));
        if names_differ {
            // Names come from a file of their own.
            files.push(SESSION_INDEX);
        }
        // The length stays, so that a file that lost lines does not empty its thread.
        let forget = sqlx::query(
            "UPDATE rollouts SET fingerprint = substr(fingerprint, 1, instr(fingerprint, ':')) \
             WHERE path IN (SELECT value FROM json_each(?1))",
        );
        let start_over =
            sqlx::query("DELETE FROM rollout_checkpoints WHERE path IN (SELECT value FROM json_each(?1))");
        let hide = sqlx::query(
            "UPDATE threads SET missing_since_ms = ?2 \
             WHERE id IN (SELECT value FROM json_each(?1)) AND missing_since_ms IS NULL",
        );
        self.database()
            .write::<_, StateError>(Durability::Usual, async |conn| {
                if names_differ {
                    sqlx::query("DELETE FROM session_names").execute(&mut *conn).await?;
                    sqlx::query(CLEAR_NAMES).execute(&mut *conn).await?;
                }
                forget.bind(json(&files)).execute(&mut *conn).await?;
                start_over.bind(json(&files)).execute(&mut *conn).await?;
                hide.bind(json(&gone)).bind(now.as_millisecond()).execute(conn).await?;
                Ok(())
            })
            .await?;
        Ok(report.differences.len())
    }
}

//! Makes the next index run read again what an audit found wrong.

use jiff::Timestamp;
use threadkeep_rollout::SESSION_INDEX;
use threadkeep_sqlite::{Durability, json};

use super::{AuditReport, DifferenceKind};
use crate::error::StateError;
use crate::runtime::StateRuntime;

impl StateRuntime {
    /// Prepares the mending of every difference of a report, in one transaction: the files in question are forgotten,
    /// so that the next index run reads them from their first byte, and threads without a rollout leave the lists.
    /// What the user said of a thread stays. Says how many differences that were.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`]; then nothing was changed.
    pub async fn prepare_repair(&self, report: &AuditReport, now: Timestamp) -> Result<usize, StateError> {
        let db = self.database();
        let of_kind =
            |gone: bool| -> Vec<String> {
                report
                    .differences
                    .iter()
                    .filter(|difference| matches!(difference.kind, DifferenceKind::NoRollout) == gone)
                    .map(|difference| {
                        if gone { difference.thread_id.to_string() } else { difference.rollout_path.clone() }
                    })
                    .collect()
            };
        let mut forgotten = of_kind(false);
        let names_differ = report
            .differences
            .iter()
            .any(|difference| matches!(difference.kind, DifferenceKind::Field { field: "session_name", .. }));

        if names_differ {
            // Names come from a file of their own, which is read again too, if it is there.
            forgotten.push(SESSION_INDEX.to_owned());
        }
        db.write::<_, StateError>(Durability::Usual, async |conn| {
            if names_differ {
                for sql in [
                    "DELETE FROM session_names",
                    "UPDATE threads SET session_name = NULL WHERE session_name IS NOT NULL",
                ] {
                    sqlx::query(sql).execute(&mut *conn).await?;
                }
            }
            sqlx::query("DELETE FROM rollouts WHERE path IN (SELECT value FROM json_each(?1))")
                .bind(json(&forgotten))
                .execute(&mut *conn)
                .await?;
            sqlx::query(
                "UPDATE threads SET missing_since_ms = ?2 \
                 WHERE id IN (SELECT value FROM json_each(?1)) AND missing_since_ms IS NULL",
            )
            .bind(json(&of_kind(true)))
            .bind(now.as_millisecond())
            .execute(conn)
            .await?;
            Ok(())
        })
        .await?;
        Ok(report.differences.len())
    }
}

//! The user's decisions in an open database and in the file next to it.

use sqlx::sqlite::SqliteConnection;

use super::Database;
use super::durability::Durability;
use crate::decisions::Decisions;
use crate::decisions::sync::InLine;
use crate::error::{DbError, ErrorClass};

impl Database {
    /// Compares the decisions in the database with those in its file. All zero for a database that
    /// keeps none.
    ///
    /// # Errors
    ///
    /// As for [`read`](Self::read); [`DbError::Io`]: the file cannot be read.
    pub async fn decisions(&self) -> Result<Decisions, DbError> {
        let Some(decisions) = self.inner.decisions() else { return Ok(Decisions::default()) };
        let compare = self.read(async |conn| Ok(decisions.compare(conn).await)).await;
        compare?
    }

    /// Returns true if the database has a decision.
    ///
    /// # Errors
    ///
    /// As for [`read`](Self::read).
    pub async fn has_decisions(&self) -> Result<bool, DbError> {
        const ANY: &str = "SELECT EXISTS (SELECT 1 FROM decisions)";
        if self.inner.decisions().is_none() {
            return Ok(false);
        }
        self.read(async |conn| sqlx::query_scalar(ANY).fetch_one(conn).await).await
    }

    /// Writes the file of decisions again if it has words of decisions that were withdrawn, such as
    /// those on a deleted thread.
    ///
    /// # Errors
    ///
    /// As for [`write`](Self::write); [`DbError::Io`], [`DbError::Full`]: the file.
    pub async fn forget_withdrawn_decisions(&self) -> Result<(), DbError> {
        let Some(decisions) = self.inner.decisions() else { return Ok(()) };
        let mut tx = self.begin(Durability::Durable).await?;
        decisions.forget_withdrawn(tx.conn()).await?;
        tx.commit().await
    }

    /// Compares the decisions with their file, and brings in line what differs: the line in the
    /// file holds where it can be read. Returns the number of decisions that changed in the
    /// database.
    ///
    /// # Errors
    ///
    /// As for [`write`](Self::write); [`DbError::Io`], [`DbError::Full`]: the file.
    pub async fn reconcile_decisions(&self) -> Result<usize, DbError> {
        let Some(decisions) = self.inner.decisions() else { return Ok(0) };
        let mut tx = self.begin(Durability::Durable).await?;
        let taken = decisions.reconcile(tx.conn()).await?;
        tx.commit().await?;
        Ok(taken)
    }

    /// Brings in line what differs, as [`reconcile_decisions`](Self::reconcile_decisions) does, if
    /// that can be done now.
    pub(crate) async fn try_reconcile_decisions(&self) -> Result<usize, DbError> {
        unless_unusable(self.reconcile_decisions().await)
    }

    /// Brings the decisions and their file in line. Returns the number of decisions that only the
    /// file had.
    ///
    /// While another process writes, or while the file cannot be used, that is left to the next
    /// opening: a reader does not need it, and an edit meets the error.
    pub(crate) async fn catch_up_with_decisions(&self) -> Result<usize, DbError> {
        let Some(decisions) = self.inner.decisions() else { return Ok(0) };
        let caught_up: Result<usize, DbError> = async {
            let mut writer = self.idle_writer().await?;
            let is_due = match &mut *writer {
                Some(writer) => decisions.is_due(&mut writer.connection).await?,
                None => true,
            };
            drop(writer);
            if !is_due {
                return Ok(0);
            }
            let mut tx = self.begin(Durability::Durable).await?;
            let conn: &mut SqliteConnection = tx.conn();
            let InLine { appended, applied } = decisions.bring_in_line(conn, true).await?;
            tx.commit().await?;
            if let Some(appended) = appended {
                appended.confirm();
            }
            Ok(applied)
        }
        .await;
        unless_unusable(caught_up)
    }
}

/// Leaves to the next opening what cannot be done while another process writes, or while the file
/// cannot be used.
fn unless_unusable(result: Result<usize, DbError>) -> Result<usize, DbError> {
    match result {
        Err(error) if matches!(error.class(), ErrorClass::Busy | ErrorClass::Io | ErrorClass::Full) => Ok(0),
        result => result,
    }
}

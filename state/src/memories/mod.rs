//! Memories of threads: the table `thread_memory`, one row a thread, deleted with it.

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use threadkeep_redact::redact;
use threadkeep_sqlite::{Database, Durability, RowReader, uuid_text};
use uuid::Uuid;

use crate::error::StateError;

/// Memory of a thread: a row of the table `thread_memory`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ThreadMemory {
    /// The thread.
    pub thread_id: Uuid,
    /// Summary of the work, step by step.
    pub trace_summary: String,
    /// Summary of the facts that other threads may need.
    pub memory_summary: String,
    /// Time of the last write. Two writes never have the same time.
    pub updated_at: Timestamp,
}

/// The memories of threads. Cheap to clone; all clones share one database.
#[derive(Clone, Debug)]
pub struct ThreadMemories {
    db: Database,
}

const GET: &str = "SELECT thread_id, trace_summary, memory_summary, updated_at_ms FROM thread_memory \
     WHERE thread_id = ?1";

/// The time always advances, whatever the clock says: readers recognise a new memory by it.
const UPSERT: &str = "INSERT INTO thread_memory (thread_id, trace_summary, memory_summary, updated_at_ms) \
     SELECT id, ?2, ?3, ?4 FROM threads WHERE id = ?1 \
     ON CONFLICT (thread_id) DO UPDATE SET trace_summary = excluded.trace_summary, \
       memory_summary = excluded.memory_summary, \
       updated_at_ms = max(excluded.updated_at_ms, thread_memory.updated_at_ms + 1) \
     RETURNING updated_at_ms";

/// Newest first, until there are enough of this folder.
const NEWEST: &str = "SELECT thread_memory.thread_id, trace_summary, memory_summary, thread_memory.updated_at_ms \
     FROM thread_memory CROSS JOIN threads ON threads.id = thread_memory.thread_id WHERE threads.cwd = ?1 \
     ORDER BY thread_memory.updated_at_ms DESC, thread_memory.thread_id DESC LIMIT ?2";

impl ThreadMemories {
    pub(crate) fn new(db: Database) -> ThreadMemories {
        ThreadMemories { db }
    }

    /// Returns the memory of a thread.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`].
    pub async fn get(&self, thread_id: Uuid) -> Result<Option<ThreadMemory>, StateError> {
        let row = self.db.read(async |conn| {
            let row = sqlx::query(GET).bind(uuid_text(thread_id)).fetch_optional(conn).await?;
            row.as_ref().map(ThreadMemory::from_row).transpose()
        });
        Ok(row.await?)
    }

    /// Replaces the memory of a thread, and returns its time: `now`, or a millisecond after the
    /// time of the replaced memory if that is later. Secrets are stored as `[redacted:…]`.
    ///
    /// # Errors
    ///
    /// [`StateError::NotFound`] when the index has no such thread, [`StateError::Database`].
    pub async fn upsert(
        &self,
        thread_id: Uuid,
        trace_summary: &str,
        memory_summary: &str,
        now: Timestamp,
    ) -> Result<Timestamp, StateError> {
        let upsert = sqlx::query(UPSERT)
            .bind(uuid_text(thread_id))
            .bind(redact(trace_summary))
            .bind(redact(memory_summary))
            .bind(now.as_millisecond());
        self.db
            .write(Durability::Durable, async |conn| {
                let row = upsert.fetch_optional(conn).await?;
                let row = row.ok_or(StateError::NotFound(thread_id))?;
                Ok(RowReader::new(&row).time()?)
            })
            .await
    }

    /// Returns the newest memories of threads that last worked in exactly this folder, the newest
    /// first.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`].
    pub async fn newest_in(&self, cwd: &str, limit: u32) -> Result<Vec<ThreadMemory>, StateError> {
        let rows = self.db.read(async |conn| {
            let rows = sqlx::query(NEWEST).bind(cwd).bind(limit).fetch_all(conn).await?;
            rows.iter().map(ThreadMemory::from_row).collect()
        });
        Ok(rows.await?)
    }
}

impl ThreadMemory {
    fn from_row(row: &SqliteRow) -> Result<ThreadMemory, sqlx::Error> {
        let mut row = RowReader::new(row);
        Ok(ThreadMemory {
            thread_id: row.uuid()?,
            trace_summary: row.column()?,
            memory_summary: row.column()?,
            updated_at: row.time()?,
        })
    }
}

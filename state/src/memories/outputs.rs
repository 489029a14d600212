//! The port of memories.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, Sqlite, SqliteConnection};
use threadkeep_memories::{BoxError, KeptFile, Memory, Selection, StageOneOutput, StageOneOutputs};
use threadkeep_sqlite::{DbError, Durability, RowReader, json, uuid_text};
use uuid::Uuid;

use super::MemoryStore;
use super::claim::facts;

const LISTED: &str = "ORDER BY input_ms DESC, threads.id DESC";
const OF_THREAD: &str = "WHERE memories.thread_id = ?1";
const SELECT: &str = "WHERE memory_mode = 'enabled' AND coalesce(last_used_ms, generated_at_ms) >= ?1 \
     ORDER BY usage_count DESC, coalesce(last_used_ms, generated_at_ms) DESC, threads.id DESC LIMIT +?2";
const SELECTED: &str = "WHERE selected = 1 \
     ORDER BY usage_count DESC, coalesce(last_used_ms, generated_at_ms) DESC, threads.id DESC";

/// Makes a statement that reads memories. Their `updated_at` is that of the thread when they were
/// made.
fn reading(which: &str) -> String {
    format!(
        "SELECT threads.id, coalesce(name, title, first_user_message), cwd, \
           nullif(coalesce(user_git_branch, git_branch), ''), rollout_path, input_ms, \
           generated_at_ms, usage_count, last_used_ms, selected, slug, rollout_summary, raw_memory \
         FROM memories JOIN threads ON threads.id = memories.thread_id {which}"
    )
}

/// Statements that are put together at run time, by name.
pub(super) fn statements() -> [(String, String); 4] {
    [("listed", LISTED), ("of a thread", OF_THREAD), ("to select", SELECT), ("selected", SELECTED)]
        .map(|(name, which)| (format!("memories, {name}"), reading(which)))
}

#[async_trait]
impl StageOneOutputs for MemoryStore {
    async fn list(&self) -> Result<Vec<Memory>, BoxError> {
        self.read(LISTED, |query| query).await
    }

    async fn get(&self, thread: Uuid) -> Result<Option<Memory>, BoxError> {
        Ok(self.read(OF_THREAD, |query| query.bind(uuid_text(thread))).await?.pop())
    }

    async fn select(&self, selection: Selection) -> Result<Vec<Memory>, BoxError> {
        let since = selection.unused_since.as_millisecond();
        self.read(SELECT, |query| query.bind(since).bind(selection.limit)).await
    }

    async fn selected(&self) -> Result<Vec<Memory>, BoxError> {
        self.read(SELECTED, |query| query).await
    }

    async fn record_usage(&self, threads: &[Uuid], now: Timestamp) -> Result<u64, BoxError> {
        let ids: Vec<String> = threads.iter().copied().map(uuid_text).collect();
        let update = sqlx::query(
            "UPDATE memories SET usage_count = usage_count + 1, last_used_ms = max(coalesce(last_used_ms, ?2), ?2) \
             WHERE thread_id IN (SELECT value FROM json_each(?1))",
        );
        self.change(update.bind(json(&ids)).bind(now.as_millisecond())).await
    }

    async fn prune(&self, unused_since: Timestamp) -> Result<u64, BoxError> {
        // A trigger forgets memories when a memory mode is switched off; this is for modes that
        // nothing switched.
        let delete = sqlx::query(
            "DELETE FROM memories WHERE coalesce(last_used_ms, generated_at_ms) < ?1 \
               OR thread_id IN (SELECT id FROM threads WHERE memory_mode <> 'enabled')",
        );
        self.change(delete.bind(unused_since.as_millisecond())).await
    }

    async fn forget(&self, thread: Uuid) -> Result<bool, BoxError> {
        let id = uuid_text(thread);
        let forget = async |conn: &mut SqliteConnection| {
            // A worker on the thread loses its lease, and the thread waits for an update.
            sqlx::query(
                "UPDATE threads SET remembered_ms = (SELECT input_ms FROM memory_jobs WHERE thread_id = ?1) \
                 WHERE id = ?1 AND EXISTS (SELECT 1 FROM memory_jobs WHERE thread_id = ?1)",
            )
            .bind(&id)
            .execute(&mut *conn)
            .await?;
            sqlx::query(
                "UPDATE memory_jobs SET state = 'succeeded_no_output', reason = 'forgotten' WHERE thread_id = ?1",
            )
            .bind(&id)
            .execute(&mut *conn)
            .await?;
            let delete = sqlx::query("DELETE FROM memories WHERE thread_id = ?1").bind(&id);
            Ok(delete.execute(conn).await?.rows_affected() > 0)
        };
        let forgotten: Result<_, DbError> = self.db.write(Durability::Durable, forget).await;
        Ok(forgotten?)
    }

    async fn clear(&self) -> Result<u64, BoxError> {
        let clear = async |conn: &mut SqliteConnection| {
            let cleared = sqlx::query("DELETE FROM memories").execute(&mut *conn).await?.rows_affected();
            for statement in [
                "DELETE FROM memory_jobs",
                "DELETE FROM memory_forgotten",
                "DELETE FROM memory_files",
                "UPDATE threads SET remembered_ms = NULL WHERE remembered_ms IS NOT NULL",
                "UPDATE memory_consolidation SET last_success_ms = NULL, watermark_ms = NULL, failed_step = NULL, \
                   reason = NULL, retry_at_ms = NULL",
            ] {
                sqlx::query(statement).execute(&mut *conn).await?;
            }
            Ok(cleared)
        };
        let cleared: Result<_, DbError> = self.db.write(Durability::Durable, clear).await;
        Ok(cleared?)
    }

    async fn kept_files(&self) -> Result<Vec<KeptFile>, BoxError> {
        let files = sqlx::query_as("SELECT path, content FROM memory_files ORDER BY path");
        let files: Vec<(String, Vec<u8>)> = self.db.read(async |conn| files.fetch_all(conn).await).await?;
        Ok(files.into_iter().map(|(path, content)| KeptFile { path, content }).collect())
    }
}

type Query<'q> = sqlx::query::Query<'q, Sqlite, SqliteArguments>;

impl MemoryStore {
    async fn read(
        &self,
        which: &str,
        bind: impl FnOnce(Query<'static>) -> Query<'static>,
    ) -> Result<Vec<Memory>, BoxError> {
        let query = bind(sqlx::query(AssertSqlSafe(reading(which))));
        let rows = self.db.read(async |conn| {
            let rows = query.fetch_all(conn).await?;
            rows.iter().map(memory).collect::<Result<Vec<_>, _>>()
        });
        Ok(rows.await?)
    }

    /// Runs a statement, and returns the number of rows that it changed.
    async fn change(&self, query: Query<'static>) -> Result<u64, BoxError> {
        let change = async |conn: &mut SqliteConnection| Ok(query.execute(conn).await?.rows_affected());
        let changed: Result<u64, DbError> = self.db.write(Durability::Usual, change).await;
        Ok(changed?)
    }
}

fn memory(row: &SqliteRow) -> Result<Memory, sqlx::Error> {
    let mut row = RowReader::new(row);
    Ok(Memory {
        thread: facts(&mut row)?,
        generated_at: row.time()?,
        usage_count: row.column()?,
        last_used_at: row.optional_time()?,
        selected: row.column()?,
        output: StageOneOutput {
            slug: row.column()?,
            rollout_summary: row.column()?,
            raw_memory: row.column()?,
        },
    })
}

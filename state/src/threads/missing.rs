//! Threads whose rollout is gone: their words are kept for a while, in case it comes back.

use jiff::Timestamp;
use sqlx::AssertSqlSafe;
use threadkeep_sqlite::Durability;

use super::ThreadStore;
use crate::error::StateError;

/// Columns from the rollout that are erased. The user's own columns stay, and so does everything
/// that a row needs.
const WORDS: [&str; 20] = [
    "cwd",
    "source",
    "thread_source",
    "model",
    "reasoning_effort",
    "originator",
    "history_mode",
    "title",
    "first_user_message",
    "sandbox_policy",
    "approval_mode",
    "git_sha",
    "git_branch",
    "git_origin_url",
    "agent_nickname",
    "agent_role",
    "agent_path",
    "objective",
    "rollout_name",
    "session_name",
];

/// Condition for a row that has such a column and is missing since before `?1`.
fn has_words() -> String {
    format!("missing_since_ms < ?1 AND concat({}) <> ''", WORDS.join(", "))
}

/// Finds out whether there is anything to erase.
pub(super) fn any_words() -> String {
    format!("SELECT EXISTS (SELECT 1 FROM threads WHERE {})", has_words())
}

/// Erases the memories of these threads.
pub(super) fn erase_memories() -> String {
    format!("DELETE FROM memories WHERE thread_id IN (SELECT id FROM threads WHERE {})", has_words())
}

/// Erases the words.
pub(super) fn erase_words() -> String {
    let sets: Vec<String> = WORDS.iter().map(|column| format!("{column} = NULL")).collect();
    format!("UPDATE threads SET {} WHERE {}", sets.join(", "), has_words())
}

impl ThreadStore {
    /// Erases the words of threads whose rollout has been missing since before a time, and
    /// returns their number. The user's decisions stay: name, archived, memory mode, goal.
    ///
    /// Does not write if there are none.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`].
    pub async fn erase_missing_words(&self, before: Timestamp) -> Result<u64, StateError> {
        let before = before.as_millisecond();
        let any = sqlx::query_scalar(AssertSqlSafe(any_words())).bind(before);
        if !self.db.read(async |conn| any.fetch_one(conn).await).await? {
            return Ok(0);
        }
        self.db
            .write::<_, StateError>(Durability::Usual, async |conn| {
                let memories = sqlx::query(AssertSqlSafe(erase_memories())).bind(before);
                memories.execute(&mut *conn).await?;
                let words = sqlx::query(AssertSqlSafe(erase_words())).bind(before);
                Ok(words.execute(conn).await?.rows_affected())
            })
            .await
    }
}

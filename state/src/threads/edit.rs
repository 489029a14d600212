//! What a user does to a thread: rename, archive, memory mode. One IMMEDIATE transaction each.
//!
//! No rollout knows of it, so unlike the rest of the index it could not be made again: these transactions are on disk
//! when they return.

use jiff::Timestamp;
use threadkeep_sqlite::{Durability, text_of};
use uuid::Uuid;

use super::ThreadStore;
use crate::error::StateError;
use crate::thread::MemoryMode;

/// The longest name of a thread, in characters.
pub const MAX_NAME_CHARS: usize = 200;

impl ThreadStore {
    /// Gives a thread a name (a secret in it is stored as `[redacted:…]`), or with `None` takes the user's name away, so that the one of the home's
    /// `session_index.jsonl`, if there is one, shows again.
    ///
    /// # Errors
    ///
    /// [`StateError::BadName`] for an empty name or one of more than [`MAX_NAME_CHARS`] characters,
    /// [`StateError::NotFound`], and [`StateError::Database`].
    pub async fn rename(&self, id: Uuid, name: Option<&str>) -> Result<(), StateError> {
        let name = name.map(|name| threadkeep_redact::redact(name.trim()));
        if name.as_deref().is_some_and(|name| name.is_empty() || name.chars().count() > MAX_NAME_CHARS) {
            return Err(StateError::BadName { max: MAX_NAME_CHARS });
        }
        let update = sqlx::query("UPDATE threads SET user_name = ?2 WHERE id = ?1");
        self.edit(id, |id| update.bind(id).bind(name)).await
    }

    /// Archives a thread: it leaves the list of current threads. Nothing is deleted or moved.
    ///
    /// # Errors
    ///
    /// [`StateError::NotFound`], [`StateError::Database`].
    pub async fn archive(&self, id: Uuid, now: Timestamp) -> Result<(), StateError> {
        // An archived thread keeps the time of its first archiving.
        let update = sqlx::query(
            "UPDATE threads SET user_archived = 1, user_archived_at_ms = coalesce(user_archived_at_ms, ?2) WHERE id = ?1",
        );
        self.edit(id, |id| update.bind(id).bind(now.as_millisecond())).await
    }

    /// Brings an archived thread back to the list of current threads.
    ///
    /// # Errors
    ///
    /// [`StateError::NotFound`], [`StateError::Database`].
    pub async fn unarchive(&self, id: Uuid) -> Result<(), StateError> {
        let update =
            sqlx::query("UPDATE threads SET user_archived = 0, user_archived_at_ms = NULL WHERE id = ?1");
        self.edit(id, |id| update.bind(id)).await
    }

    /// Says whether memories may be made from a thread.
    ///
    /// # Errors
    ///
    /// [`StateError::NotFound`], [`StateError::Database`].
    pub async fn set_memory_mode(&self, id: Uuid, mode: MemoryMode) -> Result<(), StateError> {
        let update = sqlx::query("UPDATE threads SET user_memory_mode = ?2 WHERE id = ?1");
        self.edit(id, |id| update.bind(id).bind(mode.as_str())).await
    }

    /// Runs one statement on one thread, which has to exist.
    async fn edit<'q>(
        &self,
        id: Uuid,
        bind: impl FnOnce(String) -> sqlx::query::Query<'q, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>,
    ) -> Result<(), StateError> {
        self.db
            .write(Durability::Durable, async |conn| {
                let edited = bind(text_of(id)).execute(conn).await?.rows_affected();
                if edited == 0 { Err(StateError::NotFound { id }.into()) } else { Ok(()) }
            })
            .await
    }
}

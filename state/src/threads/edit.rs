//! Edits of a user: rename, archive, memory mode. One durable transaction each.
//!
//! No rollout has them, so unlike the rest of the index they could not be rebuilt.

use jiff::Timestamp;
use threadkeep_sqlite::{Durability, uuid_text};
use uuid::Uuid;

use super::ThreadStore;
use crate::error::StateError;
use crate::thread::MemoryMode;

/// Largest length of a thread's name, in characters.
pub const MAX_NAME_CHARS: usize = 200;

impl ThreadStore {
    /// Names a thread, until the agent gives it a newer name. `None` removes the user's name, so
    /// that the agent's shows again. A secret in a name is stored as `[redacted:…]`.
    ///
    /// # Errors
    ///
    /// [`StateError::BadName`] for an empty name or one of more than [`MAX_NAME_CHARS`] characters,
    /// [`StateError::NotFound`], and [`StateError::Database`].
    pub async fn rename(&self, id: Uuid, name: Option<&str>, now: Timestamp) -> Result<(), StateError> {
        let name = name.map(|name| threadkeep_redact::redact(name.trim()));
        if name.as_deref().is_some_and(|name| name.is_empty() || name.chars().count() > MAX_NAME_CHARS) {
            return Err(StateError::BadName { max: MAX_NAME_CHARS });
        }
        let update = sqlx::query("UPDATE threads SET user_name = ?2, user_named_at_ms = ?3 WHERE id = ?1");
        self.edit(id, |id| update.bind(id).bind(name).bind(now.as_millisecond())).await
    }

    /// Archives a thread: removes it from the list of current threads, until the user or the agent
    /// decides otherwise. Nothing is deleted or moved.
    ///
    /// # Errors
    ///
    /// [`StateError::NotFound`], [`StateError::Database`].
    pub async fn archive(&self, id: Uuid, now: Timestamp) -> Result<(), StateError> {
        let update =
            sqlx::query("UPDATE threads SET user_archived = 1, user_archived_at_ms = ?2 WHERE id = ?1");
        self.edit(id, |id| update.bind(id).bind(now.as_millisecond())).await
    }

    /// Returns an archived thread to the list of current threads, until the user or the agent
    /// decides otherwise.
    ///
    /// # Errors
    ///
    /// [`StateError::NotFound`], [`StateError::Database`].
    pub async fn unarchive(&self, id: Uuid, now: Timestamp) -> Result<(), StateError> {
        let update =
            sqlx::query("UPDATE threads SET user_archived = 0, user_archived_at_ms = ?2 WHERE id = ?1");
        self.edit(id, |id| update.bind(id).bind(now.as_millisecond())).await
    }

    /// Allows or forbids making memories from a thread.
    ///
    /// # Errors
    ///
    /// [`StateError::NotFound`], [`StateError::Database`].
    pub async fn set_memory_mode(&self, id: Uuid, mode: MemoryMode) -> Result<(), StateError> {
        let update = sqlx::query("UPDATE threads SET user_memory_mode = ?2 WHERE id = ?1");
        self.edit(id, |id| update.bind(id).bind(mode.as_str())).await
    }

    /// Runs one statement on one thread, which must exist.
    pub(super) async fn edit<'q>(
        &self,
        id: Uuid,
        bind: impl FnOnce(String) -> sqlx::query::Query<'q, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>,
    ) -> Result<(), StateError> {
        self.db
            .write(Durability::Durable, async |conn| {
                let edited = bind(uuid_text(id)).execute(conn).await?.rows_affected();
                if edited == 0 { Err(StateError::NotFound(id).into()) } else { Ok(()) }
            })
            .await
    }
}

//! Writes what rollouts say into the index, a batch at a time, and nothing where nothing changed.

use jiff::Timestamp;
use serde::ser::{Serialize, SerializeSeq, Serializer};
use sqlx::{AssertSqlSafe, SqliteConnection};
use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::LazyLock;
use threadkeep_rollout::ThreadMetadata;
use threadkeep_sqlite::{Durability, Tombstone, json, text_of};
use uuid::Uuid;

use super::forget::without_parent;
use super::touch::write_touches;
use super::{Claim, ThreadStore};
use crate::error::StateError;
use crate::graph::{Spawned, add_spawned};
use crate::tombstone::TOMBSTONES;

/// Declares the columns that an index run writes, once: as fields, as names, and as a JSON array in their order.
macro_rules! indexed_columns {
    ($($column:ident: $type:ty,)+) => {
        /// The columns of a thread's row that come from its rollout.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub(crate) struct IndexedColumns {
            $(pub(crate) $column: $type,)+
        }

        impl IndexedColumns {
            /// Their names, in the order of the array that they serialise as.
            pub(crate) const NAMES: &[&str] = &[$(stringify!($column)),+];
        }

        impl IndexedColumns {
            fn put<S: SerializeSeq>(&self, array: &mut S) -> Result<(), S::Error> {
                $(array.serialize_element(&self.$column)?;)+
                Ok(())
            }
        }
    };
}

indexed_columns! {
    id: String,
    rollout_path: String,
    created_at_ms: i64,
    updated_at_ms: i64,
    cwd: Option<String>,
    source: Option<String>,
    thread_source: Option<String>,
    model_provider: String,
    model: Option<String>,
    reasoning_effort: Option<String>,
    cli_version: Option<String>,
    title: Option<String>,
    first_user_message: Option<String>,
    preview: Option<String>,
    sandbox_policy: Option<String>,
    approval_mode: Option<String>,
    tokens_used: i64,
    git_sha: Option<String>,
    git_branch: Option<String>,
    git_origin_url: Option<String>,
    agent_nickname: Option<String>,
    agent_role: Option<String>,
    agent_path: Option<String>,
    parent_thread_id: Option<String>,
    rollout_memory_mode: Option<String>,
    rollout_archived: i64,
    run_outcome: &'static str,
}

impl Serialize for IndexedColumns {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut array = serializer.serialize_seq(Some(Self::NAMES.len()))?;
        self.put(&mut array)?;
        array.end()
    }
}

/// A row with the digest that its thread would be remembered by, had the user deleted it: a JSON array, the digest last.
struct Row<'a>(&'a IndexedColumns, String);

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut array = serializer.serialize_seq(Some(IndexedColumns::NAMES.len() + 1))?;
        self.0.put(&mut array)?;
        array.serialize_element(&self.1)?;
        array.end()
    }
}

/// What a rollout says of its thread, ready to be indexed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadUpsert {
    pub(crate) id: Uuid,
    pub(crate) columns: IndexedColumns,
}

impl ThreadUpsert {
    /// Takes a rollout's metadata, its path relative to the home, whether it lies among the archived ones, and the
    /// provider that holds where the rollout names none. Secrets in what was said are stored as `[redacted:…]`.
    pub fn new(
        metadata: ThreadMetadata,
        rollout_path: &str,
        archived: bool,
        default_provider: &str,
    ) -> ThreadUpsert {
        Self::extracted(metadata.without_secrets(), rollout_path, archived, default_provider)
    }

    /// Takes what an extractor has made, which has no secrets.
    pub(crate) fn extracted(
        metadata: ThreadMetadata,
        rollout_path: &str,
        archived: bool,
        default_provider: &str,
    ) -> ThreadUpsert {
        let id = metadata.thread_id;
        // A rollout without any time still has a place in a list: the last one.
        let created = metadata.created_at.or(metadata.updated_at).unwrap_or(Timestamp::UNIX_EPOCH);
        let updated = metadata.updated_at.unwrap_or(created).max(created);
        let columns = IndexedColumns {
            id: text_of(id),
            rollout_path: rollout_path.to_owned(),
            created_at_ms: created.as_millisecond(),
            updated_at_ms: updated.as_millisecond(),
            cwd: metadata.cwd,
            source: metadata.source,
            thread_source: metadata.thread_source,
            model_provider: metadata.model_provider.unwrap_or_else(|| default_provider.to_owned()),
            model: metadata.model,
            reasoning_effort: metadata.reasoning_effort,
            cli_version: metadata.cli_version,
            title: metadata.title,
            first_user_message: metadata.first_user_message,
            preview: metadata.preview,
            sandbox_policy: metadata.sandbox_policy,
            approval_mode: metadata.approval_mode,
            tokens_used: metadata.tokens_used.max(0),
            git_sha: metadata.git_sha,
            git_branch: metadata.git_branch,
            git_origin_url: metadata.git_origin_url,
            agent_nickname: metadata.agent_nickname,
            agent_role: metadata.agent_role,
            agent_path: metadata.agent_path,
            parent_thread_id: metadata.parent_thread_id.map(text_of),
            rollout_memory_mode: metadata.memory_mode,
            rollout_archived: i64::from(archived),
            run_outcome: metadata.run_outcome.as_str(),
        };
        ThreadUpsert { id, columns }
    }

    /// The thread that spawned this one.
    pub(crate) fn parent(&self) -> Option<Uuid> {
        self.columns.parent_thread_id.as_deref().and_then(|id| Uuid::try_parse(id).ok())
    }

    /// Names the thread that spawned this one no more, if the user deleted it.
    pub(crate) fn without_deleted_parent(&self, deleted: &HashSet<Uuid>) -> Cow<'_, ThreadUpsert> {
        let Some(parent) = self.parent().filter(|parent| deleted.contains(parent)) else {
            return Cow::Borrowed(self);
        };
        let mut orphan = self.clone();
        orphan.columns.source = orphan.columns.source.map(|source| without_parent(&source, parent));
        orphan.columns.parent_thread_id = None;
        Cow::Owned(orphan)
    }

    /// The claim of the rollout on the thread.
    pub(crate) fn claim(&self) -> Claim {
        Claim {
            path: self.columns.rollout_path.clone(),
            updated_at_ms: self.columns.updated_at_ms,
            archived: self.columns.rollout_archived == 1,
        }
    }

    /// The thread's id.
    pub fn id(&self) -> Uuid {
        self.id
    }
}

/// One statement for any number of rows: the rows are one JSON array, because a statement costs more than a row.
///
/// A row that says what the index says already is not written. A deleted thread is passed over. The user's columns
/// are not named, so that no index run can overwrite them.
pub(super) static UPSERT: LazyLock<String> = LazyLock::new(|| {
    let names = IndexedColumns::NAMES;
    let values: Vec<String> = (0..names.len()).map(|n| format!("value ->> {n}")).collect();
    let sets: Vec<String> = names[1..].iter().map(|name| format!("{name} = excluded.{name}")).collect();
    let ours: Vec<String> = names[1..].iter().map(|name| format!("threads.{name}")).collect();
    let theirs: Vec<String> = names[1..].iter().map(|name| format!("excluded.{name}")).collect();
    format!(
        "INSERT INTO threads ({}, session_name) \
         SELECT {}, (SELECT name FROM session_names WHERE thread_id = value ->> 0) FROM jsonb_each(?1) \
         WHERE NOT EXISTS (SELECT 1 FROM tombstones WHERE digest = value ->> {}) \
         ON CONFLICT (id) DO UPDATE SET {}, missing_since_ms = NULL \
         WHERE ({}, threads.missing_since_ms) IS NOT ({}, NULL)",
        names.join(", "),
        values.join(", "),
        names.len(),
        sets.join(", "),
        ours.join(", "),
        theirs.join(", "),
    )
});

impl ThreadStore {
    /// Indexes a batch of threads in one transaction, with the touches that wait, and says how many rows were written.
    ///
    /// Of two with one id, the later wins; a thread that the user deleted stays deleted; what the user said of a
    /// thread (name, archived, memory mode) is left alone.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`].
    pub async fn upsert(&self, batch: &[ThreadUpsert]) -> Result<u64, StateError> {
        self.write_with_touches(batch.iter()).await
    }

    /// Writes rows, and takes along what waits. Nothing to write is no transaction.
    pub(super) async fn write_with_touches(
        &self,
        batch: impl ExactSizeIterator<Item = &ThreadUpsert>,
    ) -> Result<u64, StateError> {
        let touches = self.take_touches();
        if touches.is_empty() && batch.len() == 0 {
            return Ok(0);
        }
        let written = self.db.write::<_, StateError>(Durability::Usual, async |conn| {
            // Before the rows: one that describes a thread anew says what it is now.
            write_touches(conn, &touches).await?;
            Ok(upsert_all(conn, batch).await?)
        });
        let written = written.await?;
        touches.are_written();
        Ok(written)
    }
}

/// Writes rows in the transaction of the caller, with the edges to who spawned them; says how many rows were written.
pub(crate) async fn upsert_all(
    conn: &mut SqliteConnection,
    threads: impl Iterator<Item = &ThreadUpsert>,
) -> Result<u64, sqlx::Error> {
    let threads: Vec<&ThreadUpsert> = threads.collect();
    let deleted = TOMBSTONES.deleted_of(conn, threads.iter().filter_map(|thread| thread.parent())).await?;
    let threads: Vec<Cow<'_, ThreadUpsert>> =
        threads.into_iter().map(|thread| thread.without_deleted_parent(&deleted)).collect();
    let mut spawned = Vec::new();
    let rows: Vec<Row<'_>> = threads
        .iter()
        .map(|thread| {
            let digest = Tombstone::digest(thread.id);
            if let Some(parent) = thread.columns.parent_thread_id.as_deref() {
                spawned.push(Spawned::new(thread, parent, &digest));
            }
            Row(&thread.columns, digest)
        })
        .collect();
    if rows.is_empty() {
        return Ok(0);
    }
    let written = sqlx::query(AssertSqlSafe(UPSERT.as_str())).bind(json(&rows)).execute(&mut *conn).await?;
    add_spawned(conn, &spawned).await?;
    Ok(written.rows_affected())
}

//! Writes metadata of rollouts into the index, a batch at a time. An unchanged row is not written.

use jiff::Timestamp;
use serde::ser::{Serialize, SerializeSeq, Serializer};
use sqlx::{AssertSqlSafe, SqliteConnection};
use threadkeep_rollout::ThreadMetadata;
use threadkeep_sqlite::{Durability, MOST_ROWS, uuid_text, value_columns, values_of};
use uuid::Uuid;

use super::touch::write_touches;
use super::{Claim, ThreadStore};
use crate::error::StateError;
use crate::graph::{Spawned, add_spawned};

type SqliteQuery<'q> = sqlx::query::Query<'q, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

/// Facts about a rollout apart from its metadata.
struct File<'a> {
    path: &'a str,
    archived: bool,
    default_provider: &'a str,
    created: Timestamp,
    updated: Timestamp,
}

/// Declares the columns that an index run writes, once: their names, their types, and what they are
/// made from. They are bound, and serialise as a JSON array, in this order.
macro_rules! indexed_columns {
    (|$metadata:ident, $file:ident| $($column:ident: $type:ty = $value:expr,)+) => {
        /// The columns of a thread's row that come from its rollout.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub(crate) struct IndexedColumns {
            $(pub(crate) $column: $type,)+
        }

        impl IndexedColumns {
            /// Their names, in the order of the array that they serialise as.
            pub(crate) const NAMES: &[&str] = &[$(stringify!($column)),+];

            fn new($metadata: ThreadMetadata, $file: &File<'_>) -> IndexedColumns {
                IndexedColumns { $($column: $value,)+ }
            }

            fn bind_to<'q>(self, query: SqliteQuery<'q>) -> SqliteQuery<'q> {
                query$(.bind(self.$column))+
            }
        }

        impl Serialize for IndexedColumns {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut array = serializer.serialize_seq(Some(Self::NAMES.len()))?;
                $(array.serialize_element(&self.$column)?;)+
                array.end()
            }
        }
    };
}

indexed_columns! { |metadata, file|
    id: String = uuid_text(metadata.thread_id),
    rollout_path: String = file.path.to_owned(),
    created_at_ms: i64 = file.created.as_millisecond(),
    updated_at_ms: i64 = file.updated.as_millisecond(),
    cwd: Option<String> = metadata.cwd,
    source: Option<String> = metadata.source,
    thread_source: Option<String> = metadata.thread_source,
    model_provider: String = metadata.model_provider.unwrap_or_else(|| file.default_provider.to_owned()),
    model: Option<String> = metadata.model,
    reasoning_effort: Option<String> = metadata.reasoning_effort,
    cli_version: Option<String> = metadata.cli_version,
    originator: Option<String> = metadata.originator,
    history_mode: Option<String> = metadata.history_mode,
    kind: &'static str = metadata.kind.as_str(),
    forked_from_id: Option<String> = metadata.forked_from_id.map(uuid_text),
    attached_to_thread_id: Option<String> = metadata.attached_to_thread_id.map(uuid_text),
    title: Option<String> = metadata.title.filter(|title| Some(title) != metadata.first_user_message.as_ref()),
    first_user_message: Option<String> = metadata.first_user_message,
    rollout_name: Option<String> = metadata.name,
    rollout_named_at_ms: Option<i64> = metadata.named_at.map(Timestamp::as_millisecond),
    objective: Option<String> = metadata.goal.and_then(|goal| serde_json::to_string(&goal).ok()),
    sandbox_policy: Option<String> = metadata.sandbox_policy,
    approval_mode: Option<String> = metadata.approval_mode,
    own_tokens: Option<i64> = metadata.own_tokens,
    inherited_tokens: Option<i64> = metadata.inherited_tokens,
    git_sha: Option<String> = metadata.git_sha,
    git_branch: Option<String> = metadata.git_branch,
    git_origin_url: Option<String> = metadata.git_origin_url,
    agent_nickname: Option<String> = metadata.agent_nickname,
    agent_role: Option<String> = metadata.agent_role,
    agent_path: Option<String> = metadata.agent_path,
    parent_thread_id: Option<String> = metadata.parent_thread_id.map(uuid_text),
    rollout_memory_mode: Option<String> = metadata.memory_mode,
    rollout_archived: i64 = i64::from(file.archived),
    run_outcome: &'static str = metadata.run_outcome.as_str(),
}

/// Metadata of a thread, ready to be indexed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadUpsert {
    pub(crate) id: Uuid,
    pub(crate) columns: IndexedColumns,
    /// Time in milliseconds at which the rollout was moved into the archive or out of it, if that
    /// is new.
    pub(crate) moved_at_ms: Option<i64>,
}

impl ThreadUpsert {
    /// Takes a rollout's metadata, its path relative to the home, true if it lies in the archive,
    /// and the provider to use if the rollout names none. Secrets in the texts are stored as
    /// `[redacted:…]`.
    pub fn new(
        metadata: ThreadMetadata,
        rollout_path: &str,
        archived: bool,
        default_provider: &str,
    ) -> ThreadUpsert {
        Self::extracted(metadata.without_secrets(), rollout_path, archived, default_provider)
    }

    /// Takes metadata from an extractor, which has no secrets.
    pub(crate) fn extracted(
        metadata: ThreadMetadata,
        rollout_path: &str,
        archived: bool,
        default_provider: &str,
    ) -> ThreadUpsert {
        let id = metadata.thread_id;
        // A rollout without any time comes last in a list.
        let created = metadata.created_at.or(metadata.updated_at).unwrap_or(Timestamp::UNIX_EPOCH);
        let updated = metadata.updated_at.unwrap_or(created).max(created);
        let file = File { path: rollout_path, archived, default_provider, created, updated };
        ThreadUpsert { id, columns: IndexedColumns::new(metadata, &file), moved_at_ms: None }
    }

    /// Returns the claim of the rollout on the thread.
    pub(crate) fn claim(&self) -> Claim {
        Claim {
            path: self.columns.rollout_path.clone(),
            updated_at_ms: self.columns.updated_at_ms,
            archived: self.columns.rollout_archived == 1,
        }
    }

    /// Returns the thread's id.
    pub fn id(&self) -> Uuid {
        self.id
    }
}

/// Makes the statement that writes this many rows.
///
/// An unchanged row is not written. A deleted thread is left out. The user's columns are not named,
/// so that no index run can overwrite them.
pub(super) fn upsert_sql(rows: usize) -> String {
    let names = IndexedColumns::NAMES;
    let sets: Vec<String> = names[1..].iter().map(|name| format!("{name} = excluded.{name}")).collect();
    let ours: Vec<String> = names[1..].iter().map(|name| format!("threads.{name}")).collect();
    let theirs: Vec<String> = names[1..].iter().map(|name| format!("excluded.{name}")).collect();
    format!(
        "INSERT INTO threads ({}, rollout_archived_at_ms, session_name, session_named_at_ms) \
         SELECT {}, (SELECT name FROM session_names WHERE thread_id = column1), \
           (SELECT named_at_ms FROM session_names WHERE thread_id = column1) FROM ({}) \
         WHERE column1 IS NOT NULL AND NOT EXISTS (SELECT 1 FROM tombstones WHERE thread_id = column1) \
         ON CONFLICT (id) DO UPDATE SET {}, missing_since_ms = NULL, \
           rollout_archived_at_ms = coalesce(excluded.rollout_archived_at_ms, threads.rollout_archived_at_ms) \
         WHERE ({}, threads.missing_since_ms) IS NOT ({}, NULL)",
        names.join(", "),
        value_columns(names.len() + 1),
        values_of(rows, names.len() + 1),
        sets.join(", "),
        ours.join(", "),
        theirs.join(", "),
    )
}

impl ThreadStore {
    /// Indexes a batch of threads in one transaction, with the waiting touches, and returns the
    /// number of written rows.
    ///
    /// If two have the same id, the later wins. A deleted thread stays deleted. The user's edits
    /// (name, archived, memory mode) stay as they are.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`].
    pub async fn upsert(&self, batch: &[ThreadUpsert]) -> Result<u64, StateError> {
        self.write_with_touches(batch.to_vec()).await
    }

    /// Writes rows and the waiting touches. Without any, there is no transaction.
    pub(super) async fn write_with_touches(&self, batch: Vec<ThreadUpsert>) -> Result<u64, StateError> {
        let touches = self.take_touches();
        if touches.is_empty() && batch.is_empty() {
            return Ok(0);
        }
        let written = self.db.write::<_, StateError>(Durability::Usual, async |conn| {
            // Before the rows: a new description of a thread is later than its touches.
            write_touches(conn, &touches).await?;
            Ok(upsert_all(conn, batch).await?)
        });
        let written = written.await?;
        touches.are_written();
        Ok(written)
    }
}

/// Writes rows in the caller's transaction, with the edges to their parents. Returns the number of
/// written rows.
pub(crate) async fn upsert_all(
    conn: &mut SqliteConnection,
    threads: Vec<ThreadUpsert>,
) -> Result<u64, sqlx::Error> {
    let edge = |ThreadUpsert { columns, .. }: &ThreadUpsert| {
        Some(Spawned(columns.id.clone(), columns.parent_thread_id.clone()?, columns.created_at_ms))
    };
    let spawned: Vec<Spawned> = threads.iter().filter_map(edge).collect();
    let mut rows = threads.into_iter();
    let mut written = 0;
    while rows.len() > 0 {
        let query = sqlx::query(AssertSqlSafe(upsert_sql(rows.len().min(MOST_ROWS))));
        let query = rows
            .by_ref()
            .take(MOST_ROWS)
            .fold(query, |query, row| row.columns.bind_to(query).bind(row.moved_at_ms));
        written += query.execute(&mut *conn).await?.rows_affected();
    }
    add_spawned(conn, &spawned).await?;
    Ok(written)
}

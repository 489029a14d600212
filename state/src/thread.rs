//! Threads of the index: rows of the table `threads`.

use std::sync::LazyLock;

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use threadkeep_rollout::RunOutcome;
use threadkeep_sqlite::RowReader;
use uuid::Uuid;

use crate::row::run_outcome;

/// Declares [`Thread`] once: its fields, the columns or generated columns that they come from, and
/// how each is read.
macro_rules! thread {
    ($($(#[$doc:meta])* $field:ident: $type:ty = $column:literal, $read:path;)+) => {
        /// One thread of the index.
        ///
        /// A row of the table `threads` in `state_5.sqlite`. A field is `None` if the rollout does
        /// not have it. Text from a conversation is bounded by [`threadkeep_rollout::MAX_TITLE`]
        /// and its siblings.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Thread {
            $($(#[$doc])* pub $field: $type,)+
        }

        /// Columns that [`Thread::from_row`] reads, in its order.
        pub(crate) static THREAD_COLUMNS: LazyLock<String> = LazyLock::new(|| [$($column),+].join(", "));

        impl Thread {
            /// Reads a row of [`THREAD_COLUMNS`].
            pub(crate) fn from_row(row: &SqliteRow) -> Result<Thread, sqlx::Error> {
                let row = &mut RowReader::new(row);
                Ok(Thread { $($field: $read(row)?,)+ })
            }
        }
    };
}

thread! {
    /// Id of the thread.
    id: Uuid = "id", RowReader::uuid;
    /// Path of the rollout, relative to the agent home, with `/` between folders.
    rollout_path: String = "rollout_path", RowReader::column;
    /// Time at which the thread began, by its rollout.
    created_at: Timestamp = "created_at_ms", RowReader::time;
    /// Time of the rollout's last line; never before `created_at`.
    updated_at: Timestamp = "updated_at_ms", RowReader::time;
    /// Id of the thread that spawned this one. It may be a deleted thread.
    parent_thread_id: Option<Uuid> = "parent_thread_id", RowReader::optional_uuid;
    /// The name: the user's, else the one in the home's `session_index.jsonl`.
    name: Option<String> = "name", RowReader::column;
    /// Title: the first message, bounded.
    title: Option<String> = "title", RowReader::column;
    /// First message of the user, bounded.
    first_user_message: Option<String> = "first_user_message", RowReader::column;
    /// A short text for lists.
    preview: Option<String> = "preview", RowReader::column;
    /// The working directory of the latest turn.
    cwd: Option<String> = "cwd", RowReader::column;
    /// Starter of the session: a word (`cli`, `exec`, …) or compact JSON (`{"subagent":…}`).
    source: Option<String> = "source", RowReader::column;
    /// Beneficiary of the thread: `user`, `subagent`, ….
    thread_source: Option<String> = "thread_source", RowReader::column;
    /// The provider of the model; the home's default if the rollout names none.
    model_provider: String = "model_provider", RowReader::column;
    /// The model of the latest turn.
    model: Option<String> = "model", RowReader::column;
    /// The reasoning effort of the latest turn.
    reasoning_effort: Option<String> = "reasoning_effort", RowReader::column;
    /// The version of the agent that began the session.
    cli_version: Option<String> = "cli_version", RowReader::column;
    /// The permissions of the latest turn, as compact JSON in the shape of the version that wrote
    /// it.
    sandbox_policy: Option<String> = "sandbox_policy", RowReader::column;
    /// Approval mode of the latest turn: a word, or compact JSON.
    approval_mode: Option<String> = "approval_mode", RowReader::column;
    /// Tokens used by the whole thread.
    tokens_used: i64 = "tokens_used", RowReader::column;
    /// The commit the session began at.
    git_sha: Option<String> = "git_sha", RowReader::column;
    /// The branch the session began on.
    git_branch: Option<String> = "git_branch", RowReader::column;
    /// The remote, without credentials.
    git_origin_url: Option<String> = "git_origin_url", RowReader::column;
    /// A sub-agent's nickname.
    agent_nickname: Option<String> = "agent_nickname", RowReader::column;
    /// A sub-agent's role.
    agent_role: Option<String> = "agent_role", RowReader::column;
    /// A sub-agent's path.
    agent_path: Option<String> = "agent_path", RowReader::column;
    /// Outcome of the last run, by the rollout's last events.
    run_outcome: RunOutcome = "run_outcome", run_outcome;
    /// Permission to make memories from the thread: `enabled`, `disabled`, or another word of the
    /// rollout.
    memory_mode: String = "memory_mode", RowReader::column;
    /// True if the thread is archived, by the user or else by the folder of its rollout.
    archived: bool = "archived", RowReader::column;
    /// Time at which the user archived it. `None` if it is archived only by its folder.
    archived_at: Option<Timestamp> = "user_archived_at_ms", RowReader::optional_time;
    /// Time at which the rollout was first found to be gone. Such a thread is in no list.
    missing_since: Option<Timestamp> = "missing_since_ms", RowReader::optional_time;
}

/// Permission to make memories from a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryMode {
    /// Memories may be made.
    Enabled,
    /// No memories may be made.
    Disabled,
}

impl MemoryMode {
    /// Returns the word in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            MemoryMode::Enabled => "enabled",
            MemoryMode::Disabled => "disabled",
        }
    }
}

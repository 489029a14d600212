//! Threads of the index: rows of the table `threads`.

use std::sync::LazyLock;

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use threadkeep_rollout::{AgentGoal, RunOutcome, ThreadKind};
use threadkeep_sqlite::RowReader;
use uuid::Uuid;

use crate::row::{kind, objective, run_outcome};

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
    /// Kind of the thread: the user's own, a sub-agent, a review, ….
    kind: ThreadKind = "kind", kind;
    /// Id of the thread whose history this one continues. It may be a deleted thread.
    forked_from_id: Option<Uuid> = "forked_from_id", RowReader::optional_uuid;
    /// The same thread, if this one is a side conversation that belongs to it.
    attached_to_thread_id: Option<Uuid> = "attached_to_thread_id", RowReader::optional_uuid;
    /// The newest name that the user or the agent gave.
    name: Option<String> = "name", RowReader::column;
    /// Origin of the name.
    name_from: Option<NameSource> = "name_from", name_source;
    /// Title: the first message, or else the agent's goal, bounded.
    title: Option<String> = "coalesce(title, first_user_message) AS title", RowReader::column;
    /// First message of the user, bounded.
    first_user_message: Option<String> = "first_user_message", RowReader::column;
    /// Goal that the agent itself pursues, as the rollout last set it.
    agent_goal: Option<AgentGoal> = "objective", objective;
    /// The folder of the thread's newest file, unless its settings changed it.
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
    /// The program that began the session.
    originator: Option<String> = "originator", RowReader::column;
    /// Form of the thread's history: `legacy` or `paginated`.
    history_mode: Option<String> = "history_mode", RowReader::column;
    /// The permissions of the latest turn, as compact JSON in the shape of the version that wrote
    /// it.
    sandbox_policy: Option<String> = "sandbox_policy", RowReader::column;
    /// Approval mode of the latest turn: a word, or compact JSON.
    approval_mode: Option<String> = "approval_mode", RowReader::column;
    /// Tokens that the thread used itself. The sum over all threads is what was used.
    own_tokens: Option<i64> = "own_tokens", RowReader::column;
    /// Tokens of the history that the thread took over from another.
    inherited_tokens: Option<i64> = "inherited_tokens", RowReader::column;
    /// The user's commit, or else the one the session began at.
    git_sha: Option<String> = "nullif(coalesce(user_git_sha, git_sha), '') AS git_sha", RowReader::column;
    /// The user's branch, or else the one the session began on.
    git_branch: Option<String> = "nullif(coalesce(user_git_branch, git_branch), '') AS git_branch", RowReader::column;
    /// The user's remote, or else the session's, without credentials.
    git_origin_url: Option<String> = "nullif(coalesce(user_git_origin_url, git_origin_url), '') AS git_origin_url",
        RowReader::column;
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
    /// True if the thread is archived. The last decision holds: the user's, or the agent's, which
    /// moves the rollout.
    archived: bool = "archived", RowReader::column;
    /// Time at which the user archived it. `None` if the agent did, or it is not archived.
    archived_at: Option<Timestamp> = "CASE WHEN archived = 1 AND user_archived = 1 THEN user_archived_at_ms END",
        RowReader::optional_time;
    /// Time at which the rollout was first found to be gone. Such a thread is in no list.
    missing_since: Option<Timestamp> = "missing_since_ms", RowReader::optional_time;
}

/// Origin of a thread's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameSource {
    /// The user, here.
    User,
    /// The home's `session_index.jsonl`.
    SessionIndex,
    /// The rollout.
    Rollout,
}

impl NameSource {
    /// Returns the word in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            NameSource::User => "user",
            NameSource::SessionIndex => "session_index",
            NameSource::Rollout => "rollout",
        }
    }
}

/// Reads the origin of a name.
fn name_source(row: &mut RowReader<'_>) -> Result<Option<NameSource>, sqlx::Error> {
    let word: Option<&str> = row.column()?;
    let all = [NameSource::User, NameSource::SessionIndex, NameSource::Rollout];
    Ok(word.and_then(|word| all.into_iter().find(|source| source.as_str() == word)))
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

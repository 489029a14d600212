//! Threads of the index: rows of the table `threads`.

use std::convert::identity;
use std::fmt;
use std::sync::LazyLock;

use jiff::Timestamp;
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer as _};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use threadkeep_rollout::{AgentGoal, MIRROR, RunOutcome, ThreadKind};
use uuid::Uuid;

use crate::row::{flag, kind, objective, optional_time, run_outcome, time};

/// Declares [`Thread`] once: its fields, the columns or generated columns that they come from, and
/// how each value is read.
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

        /// The columns of a thread, as one JSON array: in SQLite and sqlx, a value costs more than
        /// its content.
        pub(crate) static THREAD: LazyLock<String> =
            LazyLock::new(|| format!("json_array({}) AS thread", [$($column),+].join(", ")));

        impl<'de> Visitor<'de> for Columns {
            type Value = Thread;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the columns of a thread")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut columns: A) -> Result<Thread, A::Error> {
                Ok(Thread { $($field: $read(next(&mut columns)?),)+ })
            }
        }
    };
}

/// Reader of the columns in [`THREAD`].
struct Columns;

fn next<'de, T: Deserialize<'de>, A: SeqAccess<'de>>(columns: &mut A) -> Result<T, A::Error> {
    columns.next_element()?.ok_or_else(|| A::Error::custom("a column is missing"))
}

impl Thread {
    /// Reads a row that has [`THREAD`] alone.
    pub(crate) fn from_row(row: &SqliteRow) -> Result<Thread, sqlx::Error> {
        Thread::from_json(row.try_get(0)?)
    }

    /// Reads [`THREAD`].
    pub(crate) fn from_json(columns: &str) -> Result<Thread, sqlx::Error> {
        let read = serde_json::Deserializer::from_str(columns).deserialize_seq(Columns);
        read.map_err(|error| sqlx::Error::Decode(error.into()))
    }
}

thread! {
    /// Id of the thread.
    id: Uuid = "id", identity;
    /// Path of the rollout, relative to the agent home, with `/` between folders.
    rollout_path: String = "rollout_path", identity;
    /// Time at which the thread began, by its rollout.
    created_at: Timestamp = "created_at_ms", time;
    /// Time of the rollout's last line; never before `created_at`.
    updated_at: Timestamp = "updated_at_ms", time;
    /// Id of the thread that spawned this one. It may be a deleted thread.
    parent_thread_id: Option<Uuid> = "parent_thread_id", identity;
    /// Kind of the thread: the user's own, a sub-agent, a review, ….
    kind: ThreadKind = "kind", kind;
    /// Id of the thread whose history this one continues. It may be a deleted thread.
    forked_from_id: Option<Uuid> = "forked_from_id", identity;
    /// The same thread, if this one is a side conversation that belongs to it.
    attached_to_thread_id: Option<Uuid> = "attached_to_thread_id", identity;
    /// The newest name that the user or the agent gave.
    name: Option<String> = "name", identity;
    /// Origin of the name.
    name_from: Option<NameSource> = "name_from", name_source;
    /// Title: the first message, or else the agent's goal, bounded.
    title: Option<String> = "coalesce(title, first_user_message)", identity;
    /// First message of the user, bounded.
    first_user_message: Option<String> = "first_user_message", identity;
    /// Goal that the agent itself pursues, as the rollout last set it.
    agent_goal: Option<AgentGoal> = "objective", objective;
    /// The folder of the thread's newest file, unless its settings changed it.
    cwd: Option<String> = "cwd", identity;
    /// Starter of the session: a word (`cli`, `exec`, …) or compact JSON (`{"subagent":…}`).
    source: Option<String> = "source", identity;
    /// Beneficiary of the thread: `user`, `subagent`, ….
    thread_source: Option<String> = "thread_source", identity;
    /// The provider of the model; the home's default if the rollout names none.
    model_provider: String = "model_provider", identity;
    /// The model of the latest turn.
    model: Option<String> = "model", identity;
    /// The reasoning effort of the latest turn.
    reasoning_effort: Option<String> = "reasoning_effort", identity;
    /// The version of the agent that began the session.
    cli_version: Option<String> = "cli_version", identity;
    /// The program that began the session.
    originator: Option<String> = "originator", identity;
    /// Form of the thread's history: `legacy` or `paginated`.
    history_mode: Option<String> = "history_mode", identity;
    /// The permissions of the latest turn, as compact JSON in the shape of the version that wrote
    /// it.
    sandbox_policy: Option<String> = "sandbox_policy", identity;
    /// Approval mode of the latest turn: a word, or compact JSON.
    approval_mode: Option<String> = "approval_mode", identity;
    /// Tokens that the thread used itself. The sum over all threads is what was used.
    own_tokens: Option<i64> = "own_tokens", identity;
    /// Tokens of the history that the thread took over from another.
    inherited_tokens: Option<i64> = "inherited_tokens", identity;
    /// The user's commit, or else the one the session began at.
    git_sha: Option<String> = "nullif(coalesce(user_git_sha, git_sha), '')", identity;
    /// The user's branch, or else the one the session began on.
    git_branch: Option<String> = "nullif(coalesce(user_git_branch, git_branch), '')", identity;
    /// The user's remote, or else the session's, without credentials.
    git_origin_url: Option<String> = "nullif(coalesce(user_git_origin_url, git_origin_url), '')", identity;
    /// A sub-agent's nickname.
    agent_nickname: Option<String> = "agent_nickname", identity;
    /// A sub-agent's role.
    agent_role: Option<String> = "agent_role", identity;
    /// A sub-agent's path.
    agent_path: Option<String> = "agent_path", identity;
    /// Outcome of the last run, by the rollout's last events.
    run_outcome: RunOutcome = "run_outcome", run_outcome;
    /// Permission to make memories from the thread: `enabled`, `disabled`, or another word of the
    /// rollout.
    memory_mode: String = "memory_mode", identity;
    /// True if the thread is archived. The last decision holds: the user's, or the agent's, which
    /// moves the rollout.
    archived: bool = "archived", flag;
    /// Time at which the user archived it. `None` if the agent did, or it is not archived.
    archived_at: Option<Timestamp> = "CASE WHEN archived = 1 AND user_archived = 1 THEN user_archived_at_ms END",
        optional_time;
    /// Time at which the rollout was first found to be gone. Such a thread is in no list.
    missing_since: Option<Timestamp> = "missing_since_ms", optional_time;
}

/// The agent whose home is indexed, and whose rollouts are in no mirror.
pub const HOME_AGENT: &str = "codex";

/// Expression for [`Thread::agent`].
pub(crate) const AGENT_OF: &str = "CASE WHEN rollout_path GLOB 'agents/*/*' \
    THEN substr(rollout_path, 8, instr(substr(rollout_path, 8), '/') - 1) ELSE 'codex' END";

impl Thread {
    /// Returns the agent that had the conversation: a folder of the [`MIRROR`], or [`HOME_AGENT`].
    pub fn agent(&self) -> &str {
        agent_of(&self.rollout_path)
    }
}

/// Returns the agent of a rollout, by its path. A rollout of another agent than [`HOME_AGENT`] is a
/// mirror's, which may write a shorter one.
pub(crate) fn agent_of(rollout_path: &str) -> &str {
    let mirrored = rollout_path.strip_prefix(MIRROR).and_then(|rest| rest.strip_prefix('/'));
    mirrored.and_then(|rest| rest.split_once('/')).map_or(HOME_AGENT, |(agent, _)| agent)
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
fn name_source(word: Option<String>) -> Option<NameSource> {
    let all = [NameSource::User, NameSource::SessionIndex, NameSource::Rollout];
    word.and_then(|word| all.into_iter().find(|source| source.as_str() == word))
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

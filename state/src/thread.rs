//! A thread as the index knows it: one row of the table `threads`.

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use threadkeep_rollout::RunOutcome;
use threadkeep_sqlite::RowReader;
use uuid::Uuid;

use crate::row::run_outcome;

/// One thread of the index.
///
/// A row of the table `threads` in `state_5.sqlite`. A field is `None` where the rollout says nothing about it; text
/// taken from a conversation is bounded by [`threadkeep_rollout::MAX_TITLE`] and its siblings.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Thread {
    /// The thread's id.
    pub id: Uuid,
    /// The rollout, relative to the agent home, with `/` between folders.
    pub rollout_path: String,
    /// When the thread began, by its rollout.
    pub created_at: Timestamp,
    /// The time of the rollout's last line; never before `created_at`.
    pub updated_at: Timestamp,
    /// The thread this one was spawned by.
    pub parent_thread_id: Option<Uuid>,
    /// The name: the user's, else the one in the home's `session_index.jsonl`.
    pub name: Option<String>,
    /// What the thread is about: its first message, bounded.
    pub title: Option<String>,
    /// The first thing the user wrote, bounded.
    pub first_user_message: Option<String>,
    /// A short text for lists.
    pub preview: Option<String>,
    /// The working directory of the latest turn.
    pub cwd: Option<String>,
    /// What started the session: a word (`cli`, `exec`, …) or compact JSON (`{"subagent":…}`).
    pub source: Option<String>,
    /// Who the thread is for: `user`, `subagent`, ….
    pub thread_source: Option<String>,
    /// The provider of the model; the home's default where the rollout names none.
    pub model_provider: String,
    /// The model of the latest turn.
    pub model: Option<String>,
    /// The reasoning effort of the latest turn.
    pub reasoning_effort: Option<String>,
    /// The version of the agent that began the session.
    pub cli_version: Option<String>,
    /// The permissions of the latest turn, as compact JSON in the shape of the version that wrote it.
    pub sandbox_policy: Option<String>,
    /// When the latest turn asks for approval: a word, or compact JSON.
    pub approval_mode: Option<String>,
    /// Tokens used by the whole thread.
    pub tokens_used: i64,
    /// The commit the session began at.
    pub git_sha: Option<String>,
    /// The branch the session began on.
    pub git_branch: Option<String>,
    /// The remote, without credentials.
    pub git_origin_url: Option<String>,
    /// A sub-agent's nickname.
    pub agent_nickname: Option<String>,
    /// A sub-agent's role.
    pub agent_role: Option<String>,
    /// A sub-agent's path.
    pub agent_path: Option<String>,
    /// How the last run ended, by the rollout's last events.
    pub run_outcome: RunOutcome,
    /// Whether memories may be made from the thread: `enabled`, `disabled`, or what the rollout says.
    pub memory_mode: String,
    /// Whether the thread is archived: as the user said, else by the folder its rollout is in.
    pub archived: bool,
    /// When the user archived it here; `None` where only the folder says so.
    pub archived_at: Option<Timestamp>,
    /// Since when the rollout is known to be gone. Such a thread is in no list.
    pub missing_since: Option<Timestamp>,
}

/// The columns that [`Thread::from_row`] reads, in its order.
pub(crate) const THREAD_COLUMNS: &str = "id, rollout_path, created_at_ms, updated_at_ms, parent_thread_id, name, \
    title, first_user_message, preview, cwd, source, thread_source, model_provider, model, reasoning_effort, \
    cli_version, sandbox_policy, approval_mode, tokens_used, git_sha, git_branch, git_origin_url, agent_nickname, \
    agent_role, agent_path, run_outcome, memory_mode, archived, user_archived_at_ms, missing_since_ms";

impl Thread {
    /// Reads a row of [`THREAD_COLUMNS`].
    pub(crate) fn from_row(row: &SqliteRow) -> Result<Thread, sqlx::Error> {
        let mut row = RowReader::new(row);
        Ok(Thread {
            id: row.uuid()?,
            rollout_path: row.column()?,
            created_at: row.time()?,
            updated_at: row.time()?,
            parent_thread_id: row.optional_uuid()?,
            name: row.column()?,
            title: row.column()?,
            first_user_message: row.column()?,
            preview: row.column()?,
            cwd: row.column()?,
            source: row.column()?,
            thread_source: row.column()?,
            model_provider: row.column()?,
            model: row.column()?,
            reasoning_effort: row.column()?,
            cli_version: row.column()?,
            sandbox_policy: row.column()?,
            approval_mode: row.column()?,
            tokens_used: row.column()?,
            git_sha: row.column()?,
            git_branch: row.column()?,
            git_origin_url: row.column()?,
            agent_nickname: row.column()?,
            agent_role: row.column()?,
            agent_path: row.column()?,
            run_outcome: run_outcome(&mut row)?,
            memory_mode: row.column()?,
            archived: row.column()?,
            archived_at: row.optional_time()?,
            missing_since: row.optional_time()?,
        })
    }
}

/// Whether memories may be made from a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryMode {
    /// They may.
    Enabled,
    /// They may not.
    Disabled,
}

impl MemoryMode {
    /// The word in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            MemoryMode::Enabled => "enabled",
            MemoryMode::Disabled => "disabled",
        }
    }
}

//! Metadata of a thread, as an index stores it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::kind::ThreadKind;
use crate::format::agent_goal::AgentGoal;
use crate::format::strip_credentials;
use crate::text::{self, MAX_FIRST_USER_MESSAGE, MAX_TITLE};
use crate::turns::run_outcome::RunOutcome;

/// Metadata of a thread, from its rollout. `None` where the rollout has nothing: no default is made
/// up.
///
/// Every text is bounded: paths and addresses to [`MAX_PATH`](crate::MAX_PATH) characters, names,
/// versions and words to [`MAX_NAME`](crate::MAX_NAME) characters, and JSON to
/// [`MAX_JSON`](crate::MAX_JSON) bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ThreadMetadata {
    /// The first `session_meta`'s id; without one, the file name's.
    pub thread_id: Uuid,
    /// The first `session_meta`'s time; without one, the first line's; without any, the moment in
    /// the id if that is of version 7; else the file name's, which is the agent's local time, taken
    /// as UTC: off by up to 14 hours.
    ///
    /// Ignores texts that are no time, and times beyond the years -9999 to 9999.
    pub created_at: Option<Timestamp>,
    /// The time of the last line that is an activity; never before `created_at`. Settings are none,
    /// and neither is the header of a thread's further file.
    pub updated_at: Option<Timestamp>,
    /// The working directory: the latest that settings chose, else that of the first turn of the
    /// thread's newest file, else the session's.
    pub cwd: Option<String>,
    /// Origin of the thread: a name (`exec`), or compact JSON.
    pub source: Option<String>,
    /// Originating party: `user`, `subagent`, …
    pub thread_source: Option<String>,
    /// The model provider's id.
    pub model_provider: Option<String>,
    /// The latest model, as a turn or settings say.
    pub model: Option<String>,
    /// The reasoning effort next to that model; `None` also when only earlier turns had one.
    pub reasoning_effort: Option<String>,
    /// The version of the agent that began the thread.
    pub cli_version: Option<String>,
    /// The program that began the thread.
    pub originator: Option<String>,
    /// Form of the thread's history: `legacy` or `paginated`.
    pub history_mode: Option<String>,
    /// The user's first words without secrets (`[redacted:…]` stands for one), at most
    /// [`MAX_TITLE`] characters. Without words: a sub-agent's task, the name of an attachment, or
    /// the objective of the agent's goal.
    pub title: Option<String>,
    /// The first user message's request without secrets, at most [`MAX_FIRST_USER_MESSAGE`]
    /// characters; the name of an attachment, or `[Image]`, if it has no words.
    pub first_user_message: Option<String>,
    /// The latest `permission_profile`, else `sandbox_policy`: compact JSON, keys as they were
    /// written.
    pub sandbox_policy: Option<String>,
    /// The latest `approval_policy`: a name, or compact JSON.
    pub approval_mode: Option<String>,
    /// Tokens that the thread itself used; `None` if the rollout says nothing of tokens. Never
    /// negative.
    pub own_tokens: Option<i64>,
    /// Tokens that the thread's history had used before the thread was forked: 0 without a fork,
    /// `None` if unknown.
    pub inherited_tokens: Option<i64>,
    /// The commit the thread began at.
    pub git_sha: Option<String>,
    /// The branch the thread began on.
    pub git_branch: Option<String>,
    /// The remote's URL, without credentials; `None` also for one of more than
    /// [`MAX_JSON`](crate::MAX_JSON) bytes.
    pub git_origin_url: Option<String>,
    /// A sub-agent's nickname.
    pub agent_nickname: Option<String>,
    /// A sub-agent's role.
    pub agent_role: Option<String>,
    /// A sub-agent's path.
    pub agent_path: Option<String>,
    /// The thread that spawned this one.
    pub parent_thread_id: Option<Uuid>,
    /// The thread that this one was forked from.
    pub forked_from_id: Option<Uuid>,
    /// The same thread, if this one is a side conversation that belongs to it.
    pub attached_to_thread_id: Option<Uuid>,
    /// Kind of the thread.
    pub kind: ThreadKind,
    /// The thread's name, as the rollout last says (`thread_name_updated`).
    pub name: Option<String>,
    /// Time when the name was given or removed.
    pub named_at: Option<Timestamp>,
    /// Goal that the agent keeps, as it was last set.
    pub goal: Option<AgentGoal>,
    /// Sub-agents that the thread closed and did not resume, in their order.
    pub closed_agents: Vec<ClosedAgent>,
    /// Permission to make memories of the thread: `enabled`, `disabled`, …
    pub memory_mode: Option<String>,
    /// Outcome of the last run, as far as the rollout goes.
    pub run_outcome: RunOutcome,
}

/// Sub-agent that its thread closed (`close_agent`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ClosedAgent {
    /// The sub-agent's thread.
    pub thread_id: Uuid,
    /// Time of the line.
    pub at: Option<Timestamp>,
}

impl ThreadMetadata {
    /// Returns the metadata of a thread of which only the id is known.
    pub fn new(thread_id: Uuid) -> Self {
        Self { thread_id, ..Self::default() }
    }

    /// Returns the tokens of the thread and of the history that it inherited, as far as known.
    pub fn tokens_used(&self) -> i64 {
        self.own_tokens.unwrap_or(0).saturating_add(self.inherited_tokens.unwrap_or(0))
    }

    /// Removes secrets from texts, and credentials from the remote's URL. An extractor has done
    /// that already; this is for metadata from elsewhere.
    #[must_use]
    pub fn without_secrets(self) -> Self {
        let safe = |text: Option<String>, max| text.map(|text| text::safe(&text, max));
        Self {
            title: safe(self.title, MAX_TITLE),
            first_user_message: safe(self.first_user_message, MAX_FIRST_USER_MESSAGE),
            git_origin_url: self.git_origin_url.as_deref().map(|url| strip_credentials(url).into_owned()),
            ..self
        }
    }
}

//! What a rollout says about its thread, and the state from which that is made.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::git_url::strip_credentials;
use crate::name::RolloutName;
use crate::payload::{TurnContext, UserMessage};
use crate::run::Run;
use crate::run_outcome::RunOutcome;
use crate::session_meta::SessionMeta;
use crate::text::{self, MAX_FIRST_USER_MESSAGE, MAX_PATH, MAX_TITLE};
use crate::time;

/// What a rollout says about its thread. `None` where it says nothing: no default is made up.
///
/// Every text is bounded, whatever stands in the file: paths and addresses to [`MAX_PATH`] characters, names, versions
/// and words to [`MAX_NAME`](crate::MAX_NAME) characters, and JSON to [`MAX_JSON`](crate::MAX_JSON) bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ThreadMetadata {
    /// The first `session_meta`'s id; without one, the file name's.
    pub thread_id: Uuid,
    /// The first `session_meta`'s time; without one, the first line's; without any, the moment in the id if that is of
    /// version 7; else the file name's, which is the agent's local time, taken as UTC: off by up to 14 hours.
    ///
    /// What is no time, or lies beyond the years -9999 to 9999, says nothing.
    pub created_at: Option<Timestamp>,
    /// The time of the last line that bears one; never before `created_at`.
    pub updated_at: Option<Timestamp>,
    /// The working directory: the latest turn's, else the session's.
    pub cwd: Option<String>,
    /// What started the thread: a name (`exec`), or compact JSON.
    pub source: Option<String>,
    /// On whose behalf: `user`, `subagent`, …
    pub thread_source: Option<String>,
    /// The model provider's id.
    pub model_provider: Option<String>,
    /// The latest turn's model.
    pub model: Option<String>,
    /// The latest turn's reasoning effort; `None` also when only earlier turns had one.
    pub reasoning_effort: Option<String>,
    /// The version of the agent that began the thread.
    pub cli_version: Option<String>,
    /// The first user message's request without secrets (`[redacted:…]` stands for one), at most [`MAX_TITLE`] characters;
    /// `[Image]` for images without words.
    pub title: Option<String>,
    /// The same, at most [`MAX_FIRST_USER_MESSAGE`] characters.
    pub first_user_message: Option<String>,
    /// The same, at most [`MAX_TITLE`] characters.
    pub preview: Option<String>,
    /// The latest turn's `permission_profile`, else its `sandbox_policy`: compact JSON, keys as they were written.
    pub sandbox_policy: Option<String>,
    /// The latest turn's `approval_policy`: a name, or compact JSON.
    pub approval_mode: Option<String>,
    /// The total of the last `token_count` that says one; 0 without. Never negative.
    pub tokens_used: i64,
    /// The commit the thread began at.
    pub git_sha: Option<String>,
    /// The branch the thread began on.
    pub git_branch: Option<String>,
    /// The remote's URL, without credentials; `None` also for one of more than [`MAX_JSON`](crate::MAX_JSON) bytes.
    pub git_origin_url: Option<String>,
    /// A sub-agent's nickname.
    pub agent_nickname: Option<String>,
    /// A sub-agent's role.
    pub agent_role: Option<String>,
    /// A sub-agent's path.
    pub agent_path: Option<String>,
    /// The thread that spawned this one.
    pub parent_thread_id: Option<Uuid>,
    /// Whether memories may be made of the thread, where the rollout says so.
    pub memory_mode: Option<String>,
    /// How the last run ended, as far as the rollout goes.
    pub run_outcome: RunOutcome,
}

impl ThreadMetadata {
    /// A thread of which nothing but its id is known.
    pub fn new(thread_id: Uuid) -> Self {
        Self {
            thread_id,
            created_at: None,
            updated_at: None,
            cwd: None,
            source: None,
            thread_source: None,
            model_provider: None,
            model: None,
            reasoning_effort: None,
            cli_version: None,
            title: None,
            first_user_message: None,
            preview: None,
            sandbox_policy: None,
            approval_mode: None,
            tokens_used: 0,
            git_sha: None,
            git_branch: None,
            git_origin_url: None,
            agent_nickname: None,
            agent_role: None,
            agent_path: None,
            parent_thread_id: None,
            memory_mode: None,
            run_outcome: RunOutcome::Unknown,
        }
    }

    /// Takes secrets out of what was said, and credentials out of the remote's URL. An extractor has done that; this is for
    /// metadata that comes from elsewhere.
    #[must_use]
    pub fn without_secrets(self) -> Self {
        let safe = |text: Option<String>, max| text.map(|text| text::safe(&text, max));
        Self {
            title: safe(self.title, MAX_TITLE),
            first_user_message: safe(self.first_user_message, MAX_FIRST_USER_MESSAGE),
            preview: safe(self.preview, MAX_TITLE),
            git_origin_url: self.git_origin_url.as_deref().map(|url| strip_credentials(url).into_owned()),
            ..self
        }
    }
}

/// What has been read so far; a checkpoint keeps it. No credentials ever enter it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct State {
    #[serde(skip_serializing_if = "Option::is_none")]
    first_line_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_line_at: Option<Timestamp>,
    /// From the `session_meta` lines.
    session: SessionMeta,
    /// From the latest `turn_context`.
    #[serde(skip_serializing_if = "Option::is_none")]
    turn: Option<TurnContext>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_user_message: Option<String>,
    #[serde(skip_serializing_if = "is_zero")]
    tokens_used: i64,
    /// The last turn.
    pub(crate) run: Run,
}

fn is_zero(number: &i64) -> bool {
    *number == 0
}

impl State {
    pub(crate) fn has_first_user_message(&self) -> bool {
        self.first_user_message.is_some()
    }

    pub(crate) fn has_first_line_time(&self) -> bool {
        self.first_line_at.is_some()
    }

    pub(crate) fn set_first_line_time(&mut self, at: Timestamp) {
        self.first_line_at.get_or_insert(at);
    }

    pub(crate) fn set_last_line_time(&mut self, at: Timestamp) {
        self.last_line_at = Some(at);
    }

    pub(crate) fn set_tokens(&mut self, total: i64) {
        self.tokens_used = total;
    }

    /// Takes a `session_meta`: the first names the thread; a later one counts if it speaks of the same thread. (A fork
    /// holds its source's lines behind its own, `session_meta` included.)
    pub(crate) fn set_session(&mut self, mut meta: SessionMeta) {
        match (self.session.id, meta.id) {
            (Some(ours), Some(id)) if ours != id => return,
            (None, Some(_)) => {}
            // The thread began when the line that names it says.
            _ => meta.timestamp = None,
        }
        self.session.update(meta);
    }

    pub(crate) fn set_turn(&mut self, turn: TurnContext) {
        self.turn = Some(turn);
    }

    /// Takes what the user says: the first message names the thread, and any may begin a turn.
    pub(crate) fn set_user_message(&mut self, message: &UserMessage) {
        self.run.user_speaks();
        if self.first_user_message.is_none() {
            self.first_user_message = message.title().map(|title| text::safe(title, MAX_FIRST_USER_MESSAGE));
        }
    }

    /// Takes a user's message of the oldest files: the agent's own blocks come in the user's name there, and only they
    /// say where the thread works.
    pub(crate) fn set_bare_message(&mut self, message: &UserMessage) {
        if !text::is_injected(&message.text) {
            self.set_user_message(message);
        } else if self.session.cwd.is_none() {
            self.session.cwd = text::environment_cwd(&message.text).map(|cwd| text::bounded(cwd, MAX_PATH));
        }
    }

    /// What all of that says. `None` if there is no thread: neither a `session_meta` nor a name that has an id.
    pub(crate) fn metadata(&self, name: Option<&RolloutName>) -> Option<ThreadMetadata> {
        let thread_id = self.session.id.or(name.map(|name| name.thread_id))?;
        let created_at = self
            .session
            .timestamp
            .or(self.first_line_at)
            .or_else(|| time::of_id(thread_id))
            .or_else(|| name.and_then(|name| TimeZone::UTC.to_timestamp(name.started).ok()));
        let session = self.session.clone();
        let turn = self.turn.clone().unwrap_or_default();
        let title = self.first_user_message.as_deref().map(|message| text::bounded(message, MAX_TITLE));
        Some(ThreadMetadata {
            thread_id,
            created_at,
            updated_at: self.last_line_at.max(created_at),
            cwd: turn.cwd.or(session.cwd),
            source: session.source,
            thread_source: session.thread_source,
            model_provider: session.model_provider,
            model: turn.model,
            reasoning_effort: turn.reasoning_effort,
            cli_version: session.cli_version,
            preview: title.clone(),
            title,
            first_user_message: self.first_user_message.clone(),
            sandbox_policy: turn.sandbox_policy,
            approval_mode: turn.approval_mode,
            tokens_used: self.tokens_used,
            git_sha: session.git_sha,
            git_branch: session.git_branch,
            git_origin_url: session.git_origin_url,
            agent_nickname: session.agent_nickname,
            agent_role: session.agent_role,
            agent_path: session.agent_path,
            parent_thread_id: session.parent_thread_id,
            memory_mode: session.memory_mode,
            run_outcome: self.run.outcome(),
        })
    }
}

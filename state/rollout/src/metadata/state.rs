//! Fold of facts into a thread's metadata.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::kind::ThreadKind;
use super::thread::ThreadMetadata;
use crate::format::agent_goal::AgentGoal;
use crate::format::fact::Fact;
use crate::format::session_meta::SessionMeta;
use crate::format::turn_context::TurnContext;
use crate::format::user_message::UserMessage;
use crate::home::name::RolloutName;
use crate::text::{self, MAX_FIRST_USER_MESSAGE, MAX_TITLE};
use crate::time;
use crate::turns::run::Run;

/// Facts read so far, as far as metadata needs them. A checkpoint keeps it; no credentials ever
/// enter it.
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
    #[serde(skip_serializing_if = "Option::is_none")]
    own_tokens: Option<i64>,
    /// Tokens before the thread was forked from another.
    #[serde(skip_serializing_if = "Option::is_none")]
    inherited_tokens: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    named_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    goal: Option<AgentGoal>,
    /// The last turn.
    run: Run,
}

impl State {
    /// Takes a fact.
    pub(crate) fn take(&mut self, fact: Fact<'_>) {
        self.run.take(&fact);
        match fact {
            Fact::SessionMeta(meta) => self.set_session(*meta),
            Fact::TurnContext(turn) => self.turn = Some(turn),
            Fact::TokenCount { total } => self.own_tokens = total.or(self.own_tokens),
            Fact::UserMessage { message, .. } => self.set_user_message(&message),
            Fact::GoalSet(goal) => self.goal = goal.map(|goal| *goal),
            Fact::Renamed { name, at } => (self.name, self.named_at) = (name, at.or(self.named_at)),
            Fact::WorkingDirectory(cwd) => _ = self.session.cwd.get_or_insert(cwd),
            _ => {}
        }
    }

    /// Begins the next file of a chain. In a file of another thread, which was forked from this
    /// one, only the settings and the count of tokens go on. `is_whole` says that no older file is
    /// missing.
    pub(crate) fn begin_file(&mut self, thread_id: Option<Uuid>, is_whole: bool) {
        if self.session.id == thread_id {
            return;
        }
        *self = Self {
            turn: self.turn.take(),
            own_tokens: self.own_tokens,
            inherited_tokens: self.own_tokens.filter(|_| is_whole),
            ..Self::default()
        };
    }

    /// Returns the file that the newest file of the thread builds on.
    pub(crate) fn base(&self) -> Option<Uuid> {
        self.session.history_base.map(|base| base.file_id)
    }

    /// Returns true if a user's message would change anything.
    pub(crate) fn user_message_matters(&self) -> bool {
        self.first_user_message.is_none() || self.run.user_message_matters()
    }

    pub(crate) fn has_user_message(&self) -> bool {
        self.first_user_message.is_some()
    }

    pub(crate) fn awaits_reviewer(&self) -> bool {
        self.run.awaits_reviewer()
    }

    /// Returns true if no line was read that has a time or an id.
    pub(crate) fn is_empty(&self) -> bool {
        self.session.id.is_none() && self.first_line_at.is_none()
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

    /// Takes a `session_meta`. The first names the thread; a later one counts if it has the same
    /// id: a fork has its source's lines behind its own.
    fn set_session(&mut self, mut meta: SessionMeta) {
        match (self.session.id, meta.id) {
            (Some(ours), Some(id)) if ours != id => return,
            (None, Some(_)) => {}
            // Only the line that names the thread has its start.
            _ => meta.timestamp = None,
        }
        self.session.update(meta);
    }

    fn set_user_message(&mut self, message: &UserMessage) {
        if self.first_user_message.is_none() {
            self.first_user_message =
                message.request().map(|request| text::safe(request, MAX_FIRST_USER_MESSAGE));
        }
    }

    /// Returns the metadata; `None` if neither a `session_meta` nor the file's name has an id.
    pub(crate) fn metadata(&self, name: Option<&RolloutName>) -> Option<ThreadMetadata> {
        let thread_id = self.session.id.or(name.map(|name| name.thread_id))?;
        let created_at = self
            .session
            .timestamp
            .or(self.first_line_at)
            .or_else(|| time::of_id(thread_id))
            .or_else(|| name.and_then(|name| TimeZone::UTC.to_timestamp(name.started).ok()));
        let kind = ThreadKind::of(&self.session);
        let session = self.session.clone();
        let inherited_tokens =
            self.inherited_tokens.or_else(|| session.forked_from_id.is_none().then_some(0));
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
            own_tokens: self.own_tokens.zip(inherited_tokens).map(|(all, before)| (all - before).max(0)),
            inherited_tokens,
            git_sha: session.git_sha,
            git_branch: session.git_branch,
            git_origin_url: session.git_origin_url,
            agent_nickname: session.agent_nickname,
            agent_role: session.agent_role,
            agent_path: session.agent_path,
            parent_thread_id: session.parent_thread_id,
            forked_from_id: session.forked_from_id,
            kind,
            name: self.name.clone(),
            named_at: self.named_at,
            goal: self.goal.clone(),
            closed_agents: Vec::new(),
            memory_mode: session.memory_mode,
            run_outcome: self.run.outcome(),
        })
    }
}

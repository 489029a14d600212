//! Fold of facts into a thread's metadata.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::kind::ThreadKind;
use super::thread::{ClosedAgent, ThreadMetadata};
use super::tokens::Tokens;
use super::words::Words;
use crate::chain::header::Header;
use crate::format::agent_goal::AgentGoal;
use crate::format::fact::Fact;
use crate::format::item::{TurnItem, TurnItemKind};
use crate::format::session_meta::SessionMeta;
use crate::format::turn_context::TurnContext;
use crate::home::name::RolloutName;
use crate::text::{self, MAX_TITLE};
use crate::time;
use crate::turns::run::{Run, Step};
use crate::turns::run_outcome::RunOutcome;

/// Longest time between a thread's first line and settings that belong to its beginning.
const BEGINNING: SignedDuration = SignedDuration::from_secs(10);

/// Facts read so far, as far as metadata needs them. A checkpoint keeps it; no credentials ever
/// enter it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct State {
    #[serde(skip_serializing_if = "Option::is_none")]
    first_line_at: Option<Timestamp>,
    /// Time of the last line that is an activity.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_line_at: Option<Timestamp>,
    /// From the `session_meta` lines.
    session: SessionMeta,
    /// From the latest `turn_context` or `thread_settings_applied`, without the directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    settings: Option<TurnContext>,
    /// The directory of the newest file's first turn. Later turns do not move a thread, as the
    /// agent does not move it.
    #[serde(skip_serializing_if = "Option::is_none")]
    began_in: Option<String>,
    /// The directory that settings chose after the session began.
    #[serde(skip_serializing_if = "Option::is_none")]
    moved_to: Option<String>,
    words: Words,
    tokens: Tokens,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    named_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    goal: Option<AgentGoal>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    agent_calls: Vec<AgentCall>,
    /// The last turn.
    run: Run,
    /// Every turn.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    turns: Vec<BeforeTurn>,
    /// Every inherited turn: the tokens that were inherited before it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    inherited_turns: Vec<Option<i64>>,
}

/// State before a turn, which returns when the turn is taken back: own tokens and outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct BeforeTurn(Option<i64>, RunOutcome);

/// Call that closed a sub-agent or resumed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct AgentCall {
    agent: ClosedAgent,
    is_closed: bool,
    /// Number of turns that had begun.
    turns: usize,
}

impl State {
    /// Takes a fact.
    pub(crate) fn take(&mut self, fact: Fact<'_>) {
        let outcome = self.run.outcome();
        match self.run.take(&fact) {
            Step::Begin => {
                if !matches!(fact, Fact::UserMessage { .. }) {
                    self.words.end_turn();
                }
                // A killed agent leaves a turn without an end.
                let is_killed = outcome == RunOutcome::Running;
                let outcome = if is_killed { RunOutcome::Interrupted } else { outcome };
                self.turns.push(BeforeTurn(self.tokens.own(), outcome));
            }
            Step::End(_) => self.words.end_turn(),
            Step::Fail | Step::None => {}
        }
        let turns = self.turns.len();
        match fact {
            Fact::SessionMeta(meta) => self.set_session(*meta),
            Fact::TurnContext(turn) => {
                if !self.has_directory() {
                    self.began_in.clone_from(&turn.cwd);
                }
                self.settings = Some(turn);
            }
            Fact::SettingsApplied(settings) => {
                if settings.cwd.is_some() {
                    self.moved_to.clone_from(&settings.cwd);
                }
                self.settings.get_or_insert_default().update(settings);
            }
            Fact::TokenCount { total, last } => self.tokens.count(total, last),
            Fact::TokenUsage { usage, thread_total } => self.tokens.record(usage, thread_total),
            Fact::UserMessage { message, .. } => self.words.say(&message, turns),
            Fact::ModelHears(message) => self.words.hear(&message, turns),
            Fact::TaskGiven { task } if self.kind() == ThreadKind::Subagent => {
                self.words.give_task(&task, turns);
            }
            Fact::RolledBack { turns } => self.roll_back(turns),
            Fact::GoalSet(goal) => self.goal = goal.map(|goal| *goal),
            Fact::Renamed { name, at } => (self.name, self.named_at) = (name, at.or(self.named_at)),
            Fact::TurnItem { item, .. } => self.take_agent_call(&item),
            Fact::WorkingDirectory(cwd) => _ = self.session.cwd.get_or_insert(cwd),
            _ => {}
        }
    }

    /// Begins the next file of a chain. In a file of another thread, which was forked from this
    /// one, only the settings and the count of tokens go on. `is_whole` says that no older file is
    /// missing.
    pub(crate) fn begin_file(&mut self, thread_id: Option<Uuid>, is_whole: bool) {
        if is_whole && self.is_empty() {
            return;
        }
        if self.session.id == thread_id {
            return self.tokens.may_jump();
        }
        let (tokens, inherited_turns) = self.inherit(is_whole);
        *self = Self { settings: self.settings.take(), tokens, inherited_turns, ..Self::default() };
    }

    /// Begins a fork's own part, after lines that were copied from another thread. `is_whole` says
    /// that their tokens are known to be that thread's.
    pub(crate) fn begin_own_part(&mut self, is_whole: bool) {
        let (tokens, inherited_turns) = self.inherit(is_whole);
        *self = Self {
            first_line_at: self.first_line_at,
            last_line_at: self.last_line_at,
            session: std::mem::take(&mut self.session),
            settings: self.settings.take(),
            began_in: self.began_in.take(),
            moved_to: self.moved_to.take(),
            tokens,
            inherited_turns,
            ..Self::default()
        };
    }

    /// Returns the tokens with which a fork begins, and its inherited turns. A thread without a
    /// turn has used none.
    fn inherit(&mut self, is_whole: bool) -> (Tokens, Vec<Option<i64>>) {
        let mut tokens = std::mem::take(&mut self.tokens);
        let before = tokens.inherited();
        let mut turns = std::mem::take(&mut self.inherited_turns);
        turns.extend(self.turns.iter().map(|turn| Some(before?.saturating_add(turn.0.unwrap_or(0)))));
        if !is_whole || !self.turns.is_empty() || tokens != Tokens::default() {
            tokens.begin_fork(is_whole);
        }
        (tokens, turns)
    }

    /// Forgets the tokens: nothing says which of them are the thread's own.
    pub(crate) fn lose_tokens(&mut self) {
        self.tokens.begin_fork(false);
    }

    /// Returns the origin of the thread's newest file.
    pub(crate) fn header(&self) -> Header {
        Header::new(&self.session)
    }

    /// Returns the file that the newest file of the thread builds on.
    pub(crate) fn base(&self) -> Option<Uuid> {
        self.session.history_base.map(|base| base.file_id)
    }

    /// Returns true if no line was read that has a time or an id.
    pub(crate) fn is_empty(&self) -> bool {
        self.session.id.is_none() && self.first_line_at.is_none()
    }

    /// Takes back the last `count` turns: of a fork perhaps also inherited ones.
    fn roll_back(&mut self, count: u64) {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let left = self.turns.len().saturating_sub(count);
        let inherited = self.inherited_turns.len().saturating_sub(count.saturating_sub(self.turns.len()));
        if let Some(BeforeTurn(tokens, outcome)) = self.turns.get(left).cloned() {
            self.turns.truncate(left);
            self.tokens.roll_back(tokens);
            self.run.roll_back(outcome);
            self.words.roll_back(left);
            self.agent_calls.retain(|call| call.turns <= left);
        }
        if let Some(tokens) = self.inherited_turns.get(inherited).copied() {
            self.inherited_turns.truncate(inherited);
            self.tokens.roll_back_inherited(tokens);
        }
    }

    /// Notes the sub-agents that a call closed or resumed.
    fn take_agent_call(&mut self, item: &TurnItem) {
        let TurnItemKind::CollabAgentToolCall { tool, status, agents, .. } = &item.kind else { return };
        let is_closed = tool == "close_agent";
        if !(is_closed || tool == "resume_agent") || status.as_deref() != Some("completed") {
            return;
        }
        let turns = self.turns.len();
        let agents = agents.iter().filter_map(|agent| Uuid::try_parse(&agent.thread_id).ok());
        self.agent_calls.extend(agents.map(|thread_id| {
            let agent = ClosedAgent { thread_id, at: item.at };
            AgentCall { agent, is_closed, turns }
        }));
    }

    /// Returns the sub-agents whose last call closed them.
    fn closed_agents(&self) -> Vec<ClosedAgent> {
        let mut closed: Vec<ClosedAgent> = Vec::new();
        for call in &self.agent_calls {
            closed.retain(|agent| agent.thread_id != call.agent.thread_id);
            closed.extend(call.is_closed.then_some(call.agent));
        }
        closed
    }

    /// Returns true if a user's message would change anything.
    pub(crate) fn user_message_matters(&self) -> bool {
        self.words.may_change() || !self.run.is_marked()
    }

    /// Returns true if the thread has no words yet that name it.
    pub(crate) fn wants_words(&self) -> bool {
        self.words.want_words()
    }

    pub(crate) fn has_session(&self) -> bool {
        self.session.id.is_some()
    }

    /// Returns true if a `turn_context` no longer decides the directory.
    pub(crate) fn has_directory(&self) -> bool {
        self.moved_to.is_some() || self.began_in.is_some()
    }

    /// Returns true if settings of this time belong to the thread's beginning.
    pub(crate) fn begins_with(&self, at: Option<Timestamp>) -> bool {
        self.first_line_at.zip(at).is_none_or(|(first, at)| at.duration_since(first) <= BEGINNING)
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
        if meta.cwd.is_some() {
            (self.moved_to, self.began_in) = (None, None);
        }
        self.session.update(meta);
    }

    fn kind(&self) -> ThreadKind {
        ThreadKind::of(&self.session)
    }

    /// Returns true if nothing was said and nothing was run.
    fn is_silent(&self) -> bool {
        let is_fork = self.session.forked_from_id.is_some() || self.session.history_base.is_some();
        self.turns.is_empty() && self.goal.is_none() && self.words.first().is_none() && !is_fork
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
        let kind = self.kind();
        let session = self.session.clone();
        let settings = self.settings.clone().unwrap_or_default();
        let objective = self.goal.as_ref().map(|goal| text::bounded(&goal.objective, MAX_TITLE));
        let title = self.words.title().or(objective);
        Some(ThreadMetadata {
            thread_id,
            created_at,
            updated_at: self.last_line_at.max(created_at),
            cwd: self.moved_to.clone().or_else(|| self.began_in.clone()).or(session.cwd),
            source: session.source,
            thread_source: session.thread_source,
            model_provider: session.model_provider,
            model: settings.model,
            reasoning_effort: settings.reasoning_effort,
            cli_version: session.cli_version,
            originator: session.originator,
            history_mode: session.history_mode,
            title,
            first_user_message: self.words.first().map(str::to_owned),
            sandbox_policy: settings.sandbox_policy,
            approval_mode: settings.approval_mode,
            own_tokens: self.tokens.own(),
            inherited_tokens: self.tokens.inherited(),
            git_sha: session.git_sha,
            git_branch: session.git_branch,
            git_origin_url: session.git_origin_url,
            agent_nickname: session.agent_nickname,
            agent_role: session.agent_role,
            agent_path: session.agent_path,
            parent_thread_id: session.parent_thread_id,
            forked_from_id: session.forked_from_id,
            attached_to_thread_id: session.attached_thread.filter(|is| *is).and(session.forked_from_id),
            kind: if kind == ThreadKind::User && self.is_silent() { ThreadKind::Empty } else { kind },
            name: self.name.clone(),
            named_at: self.named_at,
            goal: self.goal.clone(),
            closed_agents: self.closed_agents(),
            memory_mode: session.memory_mode,
            run_outcome: self.run.outcome(),
        })
    }
}

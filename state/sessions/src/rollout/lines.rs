//! The lines of a rollout.

use std::collections::{HashSet, VecDeque};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use threadkeep_redact::redact;
use threadkeep_rollout::ThreadKind;
use uuid::Uuid;

use super::item::Item;
use super::payload::{
    Event, Failure, Git, OtherUsageRecord, SessionMeta, ThreadSettings, TokenUsageRecord, TurnContext,
};
use super::{Before, OTHER_USAGE};
use crate::ids::ThreadIds;
use crate::session::{Outcome, Parent, Relation, Request, Session, SessionTurn};

/// Line of a rollout.
#[derive(Serialize)]
struct Line<'a, P> {
    timestamp: Option<Timestamp>,
    ordinal: u64,
    #[serde(rename = "type")]
    kind: &'a str,
    payload: &'a P,
}

/// Lines of a session, so far.
pub(super) struct Lines<'a> {
    session: &'a Session,
    ids: &'a ThreadIds<'a>,
    id: Uuid,
    bytes: Vec<u8>,
    /// Number of lines so far.
    ordinal: u64,
    /// Time of the last line that has one.
    at: Option<Timestamp>,
    /// Requests of the conversation that are not written yet: inherited ones first, and in their
    /// order.
    requests: VecDeque<&'a Request>,
    /// Own requests for other purposes that are not written yet.
    others: Vec<&'a Request>,
    /// The model that the last settings named.
    model: Option<&'a str>,
    /// Number of bytes before these lines.
    begun: usize,
    /// Requests before this time were written.
    until: Option<Timestamp>,
    /// Request that named the model of the last settings.
    named_by: Option<&'a Request>,
    /// True if settings have the session's latest model.
    uses_latest_model: bool,
    /// True if a later request could change these lines.
    is_open: bool,
}

impl<'a> Lines<'a> {
    pub(super) fn new(session: &'a Session, ids: &'a ThreadIds<'a>) -> Self {
        let requests = session.requests.iter();
        let (mut requests, others): (Vec<_>, Vec<_>) =
            requests.partition(|request| request.purpose.is_conversation());
        requests.sort_by_key(|request| !request.inherited);
        Self {
            session,
            ids,
            id: ids.of(session.identity()),
            bytes: Vec::new(),
            ordinal: 0,
            at: session.created_at,
            requests: requests.into(),
            others: others.into_iter().filter(|request| !request.inherited).collect(),
            model: None,
            begun: 0,
            until: None,
            named_by: None,
            uses_latest_model: false,
            is_open: false,
        }
    }

    /// Goes on behind other lines.
    pub(super) fn after(before: &'a Before, session: &'a Session, ids: &'a ThreadIds<'a>) -> Self {
        let &Before { bytes, lines, at, until, .. } = before;
        let model = before.model.as_deref();
        let uses_latest_model = before.latest_model.1;
        let new = Self::new(session, ids);
        let mut lines = Self { ordinal: lines, at, model, begun: bytes, until, uses_latest_model, ..new };
        lines.requests.retain(|request| !before.requests.contains(&request.id));
        lines.others.retain(|request| !before.requests.contains(&request.id));
        lines
    }

    /// Writes who began the session, where, and what it comes from.
    pub(super) fn header(&mut self, inherited: &'a [SessionTurn]) {
        let session = self.session;
        let parent = session.parent.as_ref();
        let parent_id = parent.map(|parent| self.ids.of(parent.identity()));
        let spawned_by = parent_id.filter(|_| parent.is_some_and(|it| it.relation == Relation::Subagent));
        // What was migrated within an agent's own stores goes on with the old session.
        let is_own = |parent: &Parent| {
            parent.relation == Relation::Fork
                || (parent.relation == Relation::Migration && parent.agent.is_none())
        };
        let forked_from = parent_id.filter(|_| parent.is_some_and(is_own));
        let forked_from = forked_from.or_else(|| self.ids.migrated_from(parent?));
        let source = match spawned_by {
            Some(parent) => json!({ "subagent": { "thread_spawn": { "parent_thread_id": parent } } }),
            None if session.kind == ThreadKind::Subagent => json!({ "subagent": {} }),
            None => json!("cli"),
        };
        let first_own = (!inherited.is_empty()).then(|| {
            let mut lines = Lines::new(session, self.ids);
            inherited.iter().for_each(|turn| lines.turn(turn));
            // This line comes before them.
            lines.ordinal + 1
        });
        let header = SessionMeta {
            id: self.id,
            timestamp: session.created_at,
            cwd: session.cwd.as_deref(),
            originator: self.ids.agent(),
            cli_version: session.agent_version.as_deref(),
            source,
            model_provider: self.ids.agent(),
            git: Git { branch: session.git_branch.as_deref().map(redact) },
            native_id: &session.native_id,
            forked_from_id: forked_from,
            subagent_history_start_ordinal: first_own,
        };
        self.line(None, "session_meta", &header);
    }

    /// Writes the title, as this session's own.
    pub(super) fn title(&mut self) {
        if let Some(title) = &self.session.title {
            self.event(None, &Event::ThreadNameUpdated { thread_name: redact(&title.text) });
        }
    }

    /// Writes turns. Returns what is before the one of this number, unless it may change with what
    /// the agent writes later.
    pub(super) fn turns(&mut self, turns: &'a [SessionTurn], number: Option<usize>) -> Option<Before> {
        let mut before = None;
        for (place, turn) in turns.iter().enumerate() {
            if Some(place) == number && !self.is_open {
                before = Some(self.so_far());
            }
            self.turn(turn);
        }
        before
    }

    fn so_far(&self) -> Before {
        let waiting: HashSet<_> =
            self.requests.iter().chain(&self.others).map(|request| &request.id).collect();
        let written =
            self.session.requests.iter().map(|request| &request.id).filter(|id| !waiting.contains(id));
        Before {
            bytes: self.begun + self.bytes.len(),
            lines: self.ordinal,
            at: self.at,
            model: self.model.map(str::to_owned),
            latest_model: (self.session.model.clone(), self.uses_latest_model),
            named_by: self.named_by.map(|request| request.id.clone()),
            requests: written.cloned().collect(),
            until: self.until,
        }
    }

    /// Writes a turn with the requests that belong to it.
    pub(super) fn turn(&mut self, turn: &'a SessionTurn) {
        if !turn.inherited {
            while self.requests.pop_front_if(|request| request.inherited).is_some() {}
            self.others(|request| request.at.zip(turn.started_at).is_some_and(|(at, until)| at < until));
        }
        self.settings(turn);
        let turn_id = turn.id.as_str();
        self.event(turn.started_at, &Event::TaskStarted { turn_id });
        for item in &turn.items {
            self.requests_before(turn, item.at);
            self.event(item.at, &Event::ItemCompleted { turn_id, item: Item::of(item) });
        }
        let next = self.session.turns.iter().skip_while(|other| !std::ptr::eq(*other, turn)).nth(1);
        let next = next.filter(|next| next.inherited == turn.inherited);
        self.requests_before(turn, next.and_then(|next| next.started_at).or(Some(Timestamp::MAX)));
        let end = match turn.outcome {
            Outcome::Completed => Event::TaskComplete { turn_id, error: None },
            Outcome::Interrupted | Outcome::Withdrawn => Event::TurnAborted { turn_id },
            Outcome::Failed => {
                let message = turn.error.as_deref().map(redact).unwrap_or_default();
                Event::TaskComplete { turn_id, error: Some(Failure { message }) }
            }
            // The last thing may be a result, which stands with its call.
            Outcome::Unfinished => Event::LastActivity { turn_id: Some(turn_id) },
        };
        self.event(turn.ended_at, &end);
    }

    /// Writes the folder and the model, where a turn begins with another one.
    fn settings(&mut self, turn: &SessionTurn) {
        self.is_open |= self.requests.is_empty();
        self.named_by = self.requests.front().copied();
        let first = self.named_by.and_then(|request| request.model.as_deref());
        let named = first.or(self.model);
        self.uses_latest_model |= named.is_none();
        let model = named.or(self.session.model.as_deref());
        if self.model != model || self.model.is_none() {
            self.choose(turn, model);
        }
    }

    fn choose(&mut self, turn: &SessionTurn, model: Option<&'a str>) {
        self.model = model;
        let context = TurnContext { turn_id: &turn.id, cwd: self.session.cwd.as_deref(), model };
        self.line(turn.started_at, "turn_context", &context);
    }

    /// Writes the tokens of the requests that were answered before a time.
    fn requests_before(&mut self, turn: &SessionTurn, until: Option<Timestamp>) {
        self.until = self.until.max(until);
        self.is_open |= until.is_none();
        let is_due = |request: &Request| {
            request.inherited == turn.inherited && request.at.zip(until).is_none_or(|(at, until)| at < until)
        };
        while let Some(request) = self.requests.front().copied().filter(|request| is_due(request)) {
            self.requests.pop_front();
            if let Some(model) = request.model.as_deref().filter(|model| self.model != Some(*model)) {
                self.choose(turn, Some(model));
            }
            self.record(request, Some(&turn.id));
        }
    }

    fn record(&mut self, request: &Request, turn_id: Option<&str>) {
        let (thread_id, response_id, usage) = (self.id, request.id.as_str(), request.tokens.into());
        let record = TokenUsageRecord { thread_id, turn_id, response_id, usage };
        self.line(request.at, "token_usage_record", &record);
    }

    /// Writes requests that are no part of the conversation, between its turns. They change neither
    /// its model nor its times.
    fn others(&mut self, is_due: impl Fn(&Request) -> bool) {
        let (due, left): (Vec<_>, _) =
            std::mem::take(&mut self.others).into_iter().partition(|request| is_due(request));
        self.others = left;
        let at = self.at;
        for request in due {
            let record = OtherUsageRecord {
                purpose: request.purpose.as_str(),
                thread_id: self.id,
                response_id: &request.id,
                model: request.model.as_deref(),
                usage: request.tokens.into(),
            };
            self.line(request.at.or(at), OTHER_USAGE, &record);
        }
        self.at = at;
    }

    fn event(&mut self, at: Option<Timestamp>, event: &Event<'_>) {
        self.line(at, "event_msg", event);
    }

    fn line(&mut self, at: Option<Timestamp>, kind: &str, payload: &impl Serialize) {
        self.at = at.or(self.at);
        let line = Line { timestamp: self.at, ordinal: self.ordinal, kind, payload };
        serde_json::to_writer(&mut self.bytes, &line).expect("a payload is JSON, and memory takes it");
        self.bytes.push(b'\n');
        self.ordinal += 1;
    }

    /// Writes a model that was chosen in no turn.
    fn apply(&mut self, model: Option<&'a str>) {
        if let Some(model) = model.filter(|model| self.model != Some(*model)) {
            self.model = Some(model);
            self.event(None, &Event::ThreadSettingsApplied { thread_settings: ThreadSettings { model } });
        }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Writes what no turn has: other requests, the model that was chosen last, and the end of all
    /// activity.
    pub(super) fn finish(mut self) -> Vec<u8> {
        for request in std::mem::take(&mut self.requests).into_iter().filter(|request| !request.inherited) {
            self.apply(request.model.as_deref());
            self.record(request, None);
        }
        self.others(|_| true);
        self.apply(self.session.model.as_deref());
        if self.session.updated_at > self.at {
            self.event(self.session.updated_at, &Event::LastActivity { turn_id: None });
        }
        self.bytes
    }
}

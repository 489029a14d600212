//! Fold of what an agent wrote into a session. It keeps the rules that hold for all agents.

mod outline;

use std::collections::HashMap;

use jiff::Timestamp;
use threadkeep_rollout::{MAX_ITEM_TEXT, ThreadKind, TurnItem, TurnItemKind, bounded};

use self::outline::TurnOutline;
pub(crate) use self::outline::{Counts, Mark, Outline};
use crate::rollout::safe;
use crate::session::{Outcome, Parent, Purpose, Relation, Request, Session, SessionTurn, Title, TitleSource};
use crate::tools;

/// The longest version of a format.
const LONGEST_FORMAT: usize = 16;

/// Session that is being read. Give it what an agent wrote, in the order of the conversation.
#[derive(Debug)]
pub struct Draft {
    session: Session,
    /// True while what is read was copied from another session.
    inherits: bool,
    /// Time of what was said last.
    said_at: Option<Timestamp>,
    /// Latest time of what was copied.
    copied_at: Option<Timestamp>,
    /// Place of each request in the session, by its id.
    requests: HashMap<String, usize>,
    /// Records that were taken, by id.
    taken: HashMap<String, Taken>,
    /// Place of each call: turn and item.
    calls: HashMap<String, (usize, usize)>,
    /// Checksums of earlier requests that the session leaves out, by id.
    omitted_requests: HashMap<String, u32>,
    /// Turns that were read before, and have no words.
    outlined: Vec<TurnOutline>,
    /// Numbers of turns and requests that are watched.
    marked: Counts,
    /// True if one of them has changed.
    is_changed: bool,
}

/// Record that was taken.
#[derive(Debug, Clone, Copy)]
struct Taken {
    /// Number of records before it.
    number: usize,
    /// Number of turns before it.
    turns: usize,
}

impl Draft {
    /// Begins a session.
    pub fn new(native_id: impl Into<String>) -> Self {
        let session = Session { native_id: native_id.into(), ..Session::default() };
        Self {
            session,
            inherits: false,
            said_at: None,
            copied_at: None,
            requests: HashMap::new(),
            taken: HashMap::new(),
            calls: HashMap::new(),
            omitted_requests: HashMap::new(),
            outlined: Vec::new(),
            marked: Counts::default(),
            is_changed: false,
        }
    }

    /// Gives access to the metadata that no rule of this fold concerns.
    pub fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    /// Says if what follows was copied from another session. Its times are not this session's.
    pub fn inherit(&mut self, inherits: bool) {
        self.inherits = inherits;
    }

    /// Says that something of the given id is read now. Returns false if it was read before, as
    /// where agents write a record again.
    pub fn is_new(&mut self, id: &str) -> bool {
        let record = Taken { number: self.taken.len(), turns: self.session.turns.len() };
        let is_new = !self.taken.contains_key(id);
        self.taken.entry(id.to_owned()).or_insert(record);
        is_new
    }

    /// Returns the number of turns before the record of this id; `None` if it was not taken.
    pub fn turns_before(&self, id: &str) -> Option<usize> {
        self.taken.get(id).map(|record| record.turns)
    }

    /// Takes the time of something that was said.
    pub fn said_at(&mut self, at: Option<Timestamp>) {
        let Some(at) = at else { return };
        if self.inherits {
            self.copied_at = self.copied_at.max(Some(at));
            return;
        }
        let session = &mut self.session;
        session.created_at = Some(session.created_at.map_or(at, |first| first.min(at)));
        session.updated_at = Some(session.updated_at.map_or(at, |last| last.max(at)));
        self.said_at = Some(at);
    }

    /// Takes a working directory.
    pub fn cwd(&mut self, cwd: &str) {
        if !cwd.is_empty() && !self.session.cwds.iter().any(|known| known == cwd) {
            self.session.cwds.push(cwd.to_owned());
            self.session.cwd.get_or_insert_with(|| cwd.to_owned());
        }
    }

    /// Takes a git branch.
    pub fn git_branch(&mut self, branch: &str) {
        if !branch.is_empty() && self.session.git_branch.as_deref() != Some(branch) {
            self.session.git_branch = Some(branch.to_owned());
        }
    }

    /// Takes the version of the agent.
    pub fn agent_version(&mut self, version: &str) {
        if !version.is_empty() && self.session.agent_version.as_deref() != Some(version) {
            self.session.agent_version = Some(version.to_owned());
        }
    }

    /// Takes the version of the files' format. Text other than numbers with dots does not count.
    pub fn format(&mut self, version: impl ToString) {
        let version = version.to_string();
        if version.len() <= LONGEST_FORMAT && version.split('.').all(|part| part.parse::<u32>().is_ok()) {
            self.session.format = Some(version);
        }
    }

    /// Takes a model that answered, or was chosen.
    pub fn model(&mut self, model: &str) {
        if model.is_empty() || self.inherits {
            return;
        }
        if !self.session.models.iter().any(|known| known == model) {
            self.session.models.push(model.to_owned());
        }
        if self.session.model.as_deref() != Some(model) {
            self.session.model = Some(model.to_owned());
        }
    }

    /// Takes a title. The last one stays, but one by the agent does not replace the user's.
    pub fn title(&mut self, text: &str, source: TitleSource) {
        let by_user = |title: &Title| title.source == TitleSource::User;
        if text.is_empty()
            || (source == TitleSource::Agent && self.session.title.as_ref().is_some_and(by_user))
        {
            return;
        }
        self.session.title = Some(Title { text: text.to_owned(), source });
    }

    /// Takes the session that this one comes from. The first one stays. With a parent that gave it
    /// a task, it is a sub-agent's.
    pub fn parent(&mut self, native_id: &str, relation: Relation) {
        if self.session.parent.is_some() {
            return;
        }
        if relation == Relation::Subagent {
            self.session.kind = ThreadKind::Subagent;
        }
        if native_id != self.session.native_id {
            let native_id = native_id.to_owned();
            self.session.parent = Some(Parent { native_id, key: None, agent: None, relation });
        }
    }

    /// Takes the session of another agent whose history this one goes on with. A parent that was
    /// taken before stays.
    pub fn migrated_from(&mut self, agent: &'static str, native_id: &str) {
        let is_first = self.session.parent.is_none();
        self.parent(native_id, Relation::Migration);
        if let Some(parent) = self.session.parent.as_mut().filter(|_| is_first) {
            parent.agent = Some(agent.to_owned());
        }
    }

    /// Takes a prompt of the user's, and begins a turn. The open turn keeps its outcome.
    pub fn prompt(&mut self, at: Option<Timestamp>, id: Option<&str>, text: &str, images: usize) {
        self.said_at(at);
        self.begin(at, id);
        let text = bounded(text, MAX_ITEM_TEXT);
        self.item(at, id, TurnItemKind::UserMessage { text, images });
    }

    /// Begins a turn.
    fn begin(&mut self, at: Option<Timestamp>, id: Option<&str>) {
        let number = self.session.turns.len() + 1;
        self.session.turns.push(SessionTurn {
            id: id.map_or_else(|| format!("turn-{number}"), str::to_owned),
            outcome: Outcome::Unfinished,
            error: None,
            started_at: at,
            ended_at: at,
            items: Vec::new(),
            inherited: self.inherits,
        });
    }

    /// Takes words of the user's that belong to the open turn.
    pub fn also_said(&mut self, at: Option<Timestamp>, id: Option<&str>, text: &str) {
        let text = bounded(text, MAX_ITEM_TEXT);
        self.item(at, id, TurnItemKind::UserMessage { text, images: 0 });
    }

    /// Takes words of the agent's.
    pub fn answer(&mut self, at: Option<Timestamp>, id: Option<&str>, text: &str) {
        if !text.trim().is_empty() {
            let text = bounded(text, MAX_ITEM_TEXT);
            self.item(at, id, TurnItemKind::AgentMessage { text, phase: None });
        }
    }

    /// Takes reasoning of the agent's.
    pub fn reasoning(&mut self, at: Option<Timestamp>, id: Option<&str>, text: &str) {
        if !text.trim().is_empty() {
            let summary = vec![bounded(text, MAX_ITEM_TEXT)];
            self.item(at, id, TurnItemKind::Reasoning { summary });
        }
    }

    /// Takes a call of a tool. `arguments` is JSON.
    pub fn call(&mut self, at: Option<Timestamp>, call_id: &str, name: &str, arguments: &str) {
        self.item(at, Some(call_id), tools::item(name, arguments));
        if let Some(turn) = self.session.turns.len().checked_sub(1) {
            let item = self.session.turns[turn].items.len() - 1;
            self.calls.insert(call_id.to_owned(), (turn, item));
        }
    }

    /// Returns true if a call of this id was taken.
    pub fn has_call(&self, call_id: &str) -> bool {
        self.calls.contains_key(call_id)
    }

    /// Takes the result of a call. `succeeded` is `None` where the agent does not say.
    pub fn result(&mut self, at: Option<Timestamp>, call_id: &str, output: &str, succeeded: Option<bool>) {
        self.said_at(at);
        let Some(&(turn, item)) = self.calls.get(call_id) else { return };
        self.is_changed |= turn < self.marked.turns;
        let turn = &mut self.session.turns[turn];
        turn.ended_at = turn.ended_at.max(at);
        if let Some(item) = turn.items.get_mut(item) {
            tools::answer(&mut item.kind, &bounded(output, MAX_ITEM_TEXT), succeeded);
        }
    }

    /// Takes the exit code of a call that ran a command.
    pub fn exit_code(&mut self, call_id: &str, code: i64) {
        let Some(&(turn, item)) = self.calls.get(call_id) else { return };
        self.is_changed |= turn < self.marked.turns;
        let item = self.session.turns[turn].items.get_mut(item);
        if let Some(TurnItemKind::CommandExecution { exit_code, .. }) = item.map(|item| &mut item.kind) {
            *exit_code = Some(code);
        }
    }

    /// Takes a compaction of what was said so far. Its time is not one of the session's.
    pub fn compaction(&mut self, at: Option<Timestamp>, id: Option<&str>) {
        if let Some(turn) = self.session.turns.last_mut() {
            turn.items.push(TurnItem::new(id.map(str::to_owned), at, TurnItemKind::ContextCompaction));
        }
    }

    /// Takes any item of the open turn. Without a turn, begins one.
    pub fn item(&mut self, at: Option<Timestamp>, id: Option<&str>, kind: TurnItemKind) {
        self.said_at(at);
        if self.session.turns.is_empty() {
            self.begin(at, None);
        }
        if let Some(turn) = self.session.turns.last_mut() {
            turn.ended_at = turn.ended_at.max(at);
            turn.items.push(TurnItem::new(id.map(str::to_owned), at, kind));
        }
    }

    /// Returns the number of turns.
    pub(crate) fn turns(&self) -> usize {
        self.session.turns.len()
    }

    /// Returns true if a turn is open or has ended, so that something can be added to it.
    pub fn has_turn(&self) -> bool {
        !self.session.turns.is_empty()
    }

    /// Sets the outcome of the last turn, which what was said last belongs to. A later outcome
    /// replaces it.
    pub fn end(&mut self, outcome: Outcome, error: Option<&str>) {
        if let Some(turn) = self.session.turns.last_mut() {
            turn.ended_at = turn.ended_at.max(self.said_at.filter(|_| !turn.inherited));
            turn.outcome = outcome;
            turn.error = error.map(|error| safe(&bounded(error, MAX_ITEM_TEXT)).into_owned());
        }
    }

    /// Takes a request. One whose id was taken before replaces that one, since agents write a
    /// request again when its numbers have grown; but an inherited one never replaces an own one.
    /// Reasoning is a part of the output.
    pub fn request(&mut self, mut request: Request) {
        request.inherited |= self.inherits;
        let output = request.tokens.output.max(0);
        request.tokens.reasoning = request.tokens.reasoning.map(|reasoning| reasoning.clamp(0, output));
        if request.purpose == Purpose::Conversation
            && let Some(model) = &request.model
        {
            self.model(&model.clone());
        }
        if let Some(known) = self.omitted_requests.get(&request.id) {
            self.is_changed |= *known != outline::checksum(&request);
            return;
        }
        if let Some(&known) = self.requests.get(&request.id) {
            if self.session.requests[known].inherited || !request.inherited {
                self.is_changed |= known < self.marked.requests && self.session.requests[known] != request;
                self.session.requests[known] = request;
            }
            return;
        }
        self.requests.insert(request.id.clone(), self.session.requests.len());
        self.session.requests.push(request);
    }

    /// Counts lines or records that could not be read.
    pub fn skip(&mut self, lines: u64) {
        self.session.skipped_lines += lines;
    }

    /// Ends the session.
    pub fn finish(mut self) -> Session {
        let session = &mut self.session;
        let is_fork = session.parent.as_ref().is_some_and(|parent| parent.relation == Relation::Fork);
        // A fork in which nothing was said yet begins after what it has copied.
        if is_fork && session.created_at.is_none() {
            (session.created_at, session.updated_at) = (self.copied_at, self.copied_at);
        }
        self.session
    }
}

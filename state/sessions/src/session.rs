//! A session: metadata, turns, and the tokens of its requests.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
pub use threadkeep_rollout::Purpose;
use threadkeep_rollout::{ThreadKind, TokenUsage, TurnItem};

/// Session of an agent, as its store has it. Its serialized form has no turns.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Session {
    /// The agent's id of the session.
    pub native_id: String,
    /// Identity, as [`FoundSession::key`](crate::FoundSession::key).
    pub key: Option<String>,
    /// Kind.
    pub kind: ThreadKind,
    /// Session that this one comes from.
    pub parent: Option<Parent>,
    /// Title, as the agent shows it.
    pub title: Option<Title>,
    /// Working directories in the order in which they were first seen.
    pub cwds: Vec<String>,
    /// The working directory: the first one.
    pub cwd: Option<String>,
    /// The latest git branch.
    pub git_branch: Option<String>,
    /// Version of the agent that last wrote to the session.
    pub agent_version: Option<String>,
    /// Version of the files' format, where they name it: numbers with dots. It rises.
    pub format: Option<String>,
    /// Models that answered or were chosen, in the order in which they were first seen.
    pub models: Vec<String>,
    /// The latest model.
    pub model: Option<String>,
    /// Time of the first thing that was said in the session itself.
    pub created_at: Option<Timestamp>,
    /// Time of the last thing that was said.
    pub updated_at: Option<Timestamp>,
    /// True if the user put it away.
    pub archived: bool,
    /// Turns, inherited ones included, in their order.
    #[serde(skip)]
    pub turns: Vec<SessionTurn>,
    /// Requests to models, inherited ones included, each once.
    pub requests: Vec<Request>,
    /// Number of lines or records that could not be read.
    pub skipped_lines: u64,
}

impl Session {
    /// Returns a session of which only the id is known.
    pub fn new(native_id: impl Into<String>) -> Self {
        Self { native_id: native_id.into(), ..Self::default() }
    }

    /// Returns the outcome of the last own turn; `None` without one.
    pub fn outcome(&self) -> Option<Outcome> {
        self.own_turns().last().map(|turn| turn.outcome)
    }

    /// Returns the first words of the user, copied ones included.
    pub fn first_prompt(&self) -> Option<&str> {
        self.turns.iter().find_map(SessionTurn::prompt)
    }

    /// Returns the session's identity: its key, else the agent's id.
    pub fn identity(&self) -> &str {
        self.key.as_deref().unwrap_or(&self.native_id)
    }

    /// Returns the turns that are not inherited.
    pub fn own_turns(&self) -> impl DoubleEndedIterator<Item = &SessionTurn> {
        self.turns.iter().filter(|turn| !turn.inherited)
    }

    /// Returns the number of turns at the beginning that are inherited.
    pub fn inherited_turns(&self) -> usize {
        self.turns.iter().take_while(|turn| turn.inherited).count()
    }

    /// Adds up the tokens of requests of a purpose.
    pub fn tokens(&self, purpose: Purpose, inherited: bool) -> Tokens {
        let wanted = |request: &&Request| request.purpose == purpose && request.inherited == inherited;
        self.requests.iter().filter(wanted).fold(Tokens::default(), |sum, request| sum.plus(request.tokens))
    }
}

/// Title of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Title {
    /// Words.
    pub text: String,
    /// Author.
    pub source: TitleSource,
}

/// Author of a title.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum TitleSource {
    /// The user.
    User,
    /// The agent, or its model.
    Agent,
}

/// Session that another one comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// The agent's id of that session.
    pub native_id: String,
    /// That session's key, as [`Session::key`].
    pub key: Option<String>,
    /// That session's agent, where it is another one.
    pub agent: Option<String>,
    /// Relation.
    pub relation: Relation,
}

impl Parent {
    /// Returns that session's identity, as [`Session::identity`].
    pub fn identity(&self) -> &str {
        self.key.as_deref().unwrap_or(&self.native_id)
    }
}

/// Relation of a session to its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Relation {
    /// It began with a copy of the parent's history.
    Fork,
    /// The parent's agent gave it a task.
    Subagent,
    /// It is the parent's history in a newer store.
    Migration,
}

/// Turn of a session: a prompt, and the agent's work on it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SessionTurn {
    /// The agent's id of the turn or of its prompt; `turn-<n>` (from 1) without one.
    pub id: String,
    /// Outcome.
    pub outcome: Outcome,
    /// Error message.
    pub error: Option<String>,
    /// Start.
    pub started_at: Option<Timestamp>,
    /// Time of the last thing in it.
    pub ended_at: Option<Timestamp>,
    /// Items in their order.
    pub items: Vec<TurnItem>,
    /// True for a turn that was copied from another session.
    pub inherited: bool,
}

impl SessionTurn {
    /// Returns the words of the turn's first prompt.
    pub fn prompt(&self) -> Option<&str> {
        self.items.iter().find_map(|item| match &item.kind {
            threadkeep_rollout::TurnItemKind::UserMessage { text, .. } => Some(text.as_str()),
            _ => None,
        })
    }
}

/// Outcome of a turn, as far as the store says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Outcome {
    /// The agent answered.
    Completed,
    /// The user stopped it.
    Interrupted,
    /// An error ended it.
    Failed,
    /// The agent took the prompt back out of the conversation.
    Withdrawn,
    /// No end is written: the agent is at work, or was stopped in a way that leaves no mark.
    Unfinished,
}

impl Outcome {
    /// Returns the word for an index and for JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Interrupted => "interrupted",
            Self::Failed => "failed",
            Self::Withdrawn => "withdrawn",
            Self::Unfinished => "unfinished",
        }
    }
}

/// Request to a model, with the tokens it used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Identity: copies of a request have the same.
    pub id: String,
    /// Time of the answer, where the store has one.
    pub at: Option<Timestamp>,
    /// Model that answered.
    pub model: Option<String>,
    /// Purpose.
    pub purpose: Purpose,
    /// Tokens.
    pub tokens: Tokens,
    /// True if a fork copied it from another session.
    pub inherited: bool,
}

/// Tokens of requests, by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// Tokens that went to the model, cached ones included.
    pub input: i64,
    /// Input tokens that the provider had in its cache.
    pub cached_input: i64,
    /// Input tokens that the provider put into its cache.
    pub cache_write: i64,
    /// Tokens that came from the model, reasoning included.
    pub output: i64,
    /// Output tokens that the model reasoned with; `None` if the store has no such number.
    pub reasoning: Option<i64>,
}

impl Tokens {
    /// Adds other tokens. Reasoning is known if one of them knows it.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            input: self.input.saturating_add(other.input),
            cached_input: self.cached_input.saturating_add(other.cached_input),
            cache_write: self.cache_write.saturating_add(other.cache_write),
            output: self.output.saturating_add(other.output),
            reasoning: match (self.reasoning, other.reasoning) {
                (Some(one), Some(other)) => Some(one.saturating_add(other)),
                (one, other) => one.or(other),
            },
        }
    }
}

impl From<Tokens> for TokenUsage {
    fn from(tokens: Tokens) -> Self {
        Self {
            input: tokens.input,
            cached_input: tokens.cached_input,
            output: tokens.output,
            reasoning: tokens.reasoning.unwrap_or(0),
            total: tokens.input.saturating_add(tokens.output),
        }
    }
}

//! `session_meta`: identity and origin of a thread.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::git_url::strip_credentials;
use crate::json::{self, Raw};
use crate::text::{MAX_JSON, MAX_PATH, bounded};
use crate::time;

/// `session_meta`, and the header of the oldest files. `None` where the line has nothing.
///
/// Paths and addresses have at most [`MAX_PATH`] characters, JSON has at most [`MAX_JSON`] bytes, and everything else at
/// most [`MAX_NAME`](crate::MAX_NAME) characters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SessionMeta {
    /// The thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// Time when the thread began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// The directory it began in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// The program that wrote the line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub originator: Option<String>,
    /// Origin of the thread: a name (`exec`), or compact JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Originating party: `user`, `subagent`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_source: Option<String>,
    /// The model provider's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_provider: Option<String>,
    /// The agent's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cli_version: Option<String>,
    /// The commit it began at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub git_sha: Option<String>,
    /// The branch it began on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub git_branch: Option<String>,
    /// The remote's URL, without credentials; `None` also for one of more than [`MAX_JSON`] bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub git_origin_url: Option<String>,
    /// A sub-agent's nickname.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_nickname: Option<String>,
    /// A sub-agent's role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_role: Option<String>,
    /// A sub-agent's path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_path: Option<String>,
    /// The thread that spawned this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_thread_id: Option<Uuid>,
    /// Permission to make memories of the thread: `enabled`, `disabled`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_mode: Option<String>,
}

impl SessionMeta {
    /// Takes over every field that a later line has.
    pub(crate) fn update(&mut self, later: Self) {
        set(&mut self.id, later.id);
        set(&mut self.timestamp, later.timestamp);
        set(&mut self.cwd, later.cwd);
        set(&mut self.originator, later.originator);
        set(&mut self.source, later.source);
        set(&mut self.thread_source, later.thread_source);
        set(&mut self.model_provider, later.model_provider);
        set(&mut self.cli_version, later.cli_version);
        set(&mut self.git_sha, later.git_sha);
        set(&mut self.git_branch, later.git_branch);
        set(&mut self.git_origin_url, later.git_origin_url);
        set(&mut self.agent_nickname, later.agent_nickname);
        set(&mut self.agent_role, later.agent_role);
        set(&mut self.agent_path, later.agent_path);
        set(&mut self.parent_thread_id, later.parent_thread_id);
        set(&mut self.memory_mode, later.memory_mode);
    }
}

fn set<T>(field: &mut Option<T>, value: Option<T>) {
    if value.is_some() {
        *field = value;
    }
}

/// Payload as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RawSessionMeta<'a> {
    #[serde(borrow)]
    id: Raw<'a>,
    #[serde(borrow)]
    timestamp: Raw<'a>,
    #[serde(borrow)]
    git: Raw<'a>,
    #[serde(borrow)]
    cwd: Raw<'a>,
    #[serde(borrow)]
    originator: Raw<'a>,
    #[serde(borrow)]
    source: Raw<'a>,
    #[serde(borrow)]
    thread_source: Raw<'a>,
    #[serde(borrow)]
    model_provider: Raw<'a>,
    #[serde(borrow)]
    cli_version: Raw<'a>,
    #[serde(borrow)]
    parent_thread_id: Raw<'a>,
    #[serde(borrow)]
    agent_nickname: Raw<'a>,
    #[serde(borrow)]
    agent_role: Raw<'a>,
    /// The role, as some versions called it.
    #[serde(borrow)]
    agent_type: Raw<'a>,
    #[serde(borrow)]
    agent_path: Raw<'a>,
    #[serde(borrow)]
    memory_mode: Raw<'a>,
}

impl RawSessionMeta<'_> {
    /// Returns the program that wrote the line, in full: two may differ only where a long name would be cut.
    pub(crate) fn originator(&self) -> Option<String> {
        json::owned(self.originator)
    }

    pub(crate) fn read(&self) -> SessionMeta {
        let id = |raw| json::text(raw).and_then(|id| Uuid::try_parse(&id).ok());
        let spawn = ThreadSpawn::of(self.source);
        let git = json::parse::<Git<'_>>(self.git).unwrap_or_default();
        let role = json::name(self.agent_role).or_else(|| json::name(self.agent_type));
        SessionMeta {
            id: id(self.id),
            timestamp: json::text(self.timestamp).and_then(|text| time::timestamp(&text)),
            cwd: json::path(self.cwd),
            originator: json::name(self.originator),
            source: json::name_or_json(self.source),
            thread_source: json::name_or_json(self.thread_source),
            model_provider: json::name(self.model_provider),
            cli_version: json::name(self.cli_version),
            git_sha: json::name(git.commit_hash),
            git_branch: json::name(git.branch),
            git_origin_url: git.origin_url(),
            agent_nickname: json::name(self.agent_nickname).or_else(|| json::name(spawn.agent_nickname)),
            agent_role: role.or_else(|| json::name(spawn.agent_role)),
            agent_path: json::path(self.agent_path).or_else(|| json::path(spawn.agent_path)),
            parent_thread_id: id(self.parent_thread_id).or_else(|| id(spawn.parent_thread_id)),
            memory_mode: json::name(self.memory_mode),
        }
    }
}

/// `session_meta.git`, and the `git` of the oldest headers.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Git<'a> {
    #[serde(borrow)]
    commit_hash: Raw<'a>,
    #[serde(borrow)]
    branch: Raw<'a>,
    #[serde(borrow)]
    repository_url: Raw<'a>,
}

impl Git<'_> {
    /// Returns the remote's URL, without credentials. Drops one of more than [`MAX_JSON`] bytes: unless all of it is
    /// checked, no part of it is safe to keep.
    fn origin_url(&self) -> Option<String> {
        let url = json::owned(self.repository_url.filter(|url| url.get().len() <= MAX_JSON))?;
        Some(bounded(&strip_credentials(&url), MAX_PATH))
    }
}

/// `session_meta.source.subagent.thread_spawn`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ThreadSpawn<'a> {
    #[serde(borrow)]
    parent_thread_id: Raw<'a>,
    #[serde(borrow)]
    agent_nickname: Raw<'a>,
    #[serde(borrow)]
    agent_role: Raw<'a>,
    #[serde(borrow)]
    agent_path: Raw<'a>,
}

impl<'a> ThreadSpawn<'a> {
    /// Reads a `source`; empty if no agent spawned the thread.
    fn of(source: Raw<'a>) -> Self {
        #[derive(Deserialize)]
        struct Source<'a> {
            #[serde(borrow, default)]
            subagent: Raw<'a>,
        }
        #[derive(Deserialize)]
        struct Subagent<'a> {
            #[serde(borrow, default)]
            thread_spawn: Raw<'a>,
        }
        let subagent = json::parse::<Source<'a>>(source).and_then(|source| source.subagent);
        let spawn = json::parse::<Subagent<'a>>(subagent).and_then(|subagent| subagent.thread_spawn);
        json::parse(spawn).unwrap_or_default()
    }
}

//! `session_meta`: what a thread is, and where it comes from.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::git_url::strip_credentials;
use crate::raw::{self, Raw};
use crate::text::{MAX_JSON, MAX_PATH, bounded};
use crate::time;

/// `session_meta`, and the header that the oldest files begin with. `None` where it says nothing.
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
    /// When the thread began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// The directory it began in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// The program that wrote the line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub originator: Option<String>,
    /// What started it: a name (`exec`), or compact JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// On whose behalf: `user`, `subagent`, …
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
    /// Whether memories may be made of the thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_mode: Option<String>,
}

impl SessionMeta {
    /// Takes over what a later line says, and keeps what that does not mention.
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

/// The payload as it is written.
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
    /// What some versions called the role.
    #[serde(borrow)]
    agent_type: Raw<'a>,
    #[serde(borrow)]
    agent_path: Raw<'a>,
    #[serde(borrow)]
    memory_mode: Raw<'a>,
}

impl<'a> RawSessionMeta<'a> {
    /// The header that the oldest files begin with.
    pub(crate) fn header(id: Raw<'a>, timestamp: Raw<'a>, git: Raw<'a>) -> Self {
        Self { id, timestamp, git, ..Self::default() }
    }

    /// The program that wrote the line, in full: two may differ only where a long name would be cut.
    pub(crate) fn originator(&self) -> Option<String> {
        raw::owned(self.originator)
    }

    pub(crate) fn read(&self) -> SessionMeta {
        let id = |raw| raw::text(raw).and_then(|id| Uuid::try_parse(&id).ok());
        let spawn = ThreadSpawn::of(self.source);
        let git = raw::parse::<Git<'_>>(self.git).unwrap_or_default();
        let role = raw::name(self.agent_role).or_else(|| raw::name(self.agent_type));
        SessionMeta {
            id: id(self.id),
            timestamp: raw::text(self.timestamp).and_then(|text| time::timestamp(&text)),
            cwd: raw::path(self.cwd),
            originator: raw::name(self.originator),
            source: raw::name_or_json(self.source),
            thread_source: raw::name_or_json(self.thread_source),
            model_provider: raw::name(self.model_provider),
            cli_version: raw::name(self.cli_version),
            git_sha: raw::name(git.commit_hash),
            git_branch: raw::name(git.branch),
            git_origin_url: git.origin_url(),
            agent_nickname: raw::name(self.agent_nickname).or_else(|| raw::name(spawn.agent_nickname)),
            agent_role: role.or_else(|| raw::name(spawn.agent_role)),
            agent_path: raw::path(self.agent_path).or_else(|| raw::path(spawn.agent_path)),
            parent_thread_id: id(self.parent_thread_id).or_else(|| id(spawn.parent_thread_id)),
            memory_mode: raw::name(self.memory_mode),
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
    /// The remote's URL, without credentials. One of more than [`MAX_JSON`] bytes says nothing: until all of it has been
    /// looked at, no part of it is safe to keep.
    fn origin_url(&self) -> Option<String> {
        let url = raw::owned(self.repository_url.filter(|url| url.get().len() <= MAX_JSON))?;
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
    /// Reads it out of a `source`; empty if the thread was started otherwise.
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
        let subagent = raw::parse::<Source<'a>>(source).and_then(|source| source.subagent);
        let spawn = raw::parse::<Subagent<'a>>(subagent).and_then(|subagent| subagent.thread_spawn);
        raw::parse(spawn).unwrap_or_default()
    }
}

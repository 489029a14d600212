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
/// Paths and addresses have at most [`MAX_PATH`] characters, JSON has at most [`MAX_JSON`] bytes,
/// and everything else at most [`MAX_NAME`](crate::MAX_NAME) characters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SessionMeta {
    /// The thread.
    pub id: Option<Uuid>,
    /// Time when the thread began.
    pub timestamp: Option<Timestamp>,
    /// The directory it began in.
    pub cwd: Option<String>,
    /// The program that wrote the line.
    pub originator: Option<String>,
    /// Origin of the thread: a name (`exec`), or compact JSON.
    pub source: Option<String>,
    /// Originating party: `user`, `subagent`, …
    pub thread_source: Option<String>,
    /// The model provider's id.
    pub model_provider: Option<String>,
    /// The agent's version.
    pub cli_version: Option<String>,
    /// The commit it began at.
    pub git_sha: Option<String>,
    /// The branch it began on.
    pub git_branch: Option<String>,
    /// The remote's URL, without credentials; `None` also for one of more than [`MAX_JSON`] bytes.
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
    /// The file that this one builds on.
    pub history_base: Option<HistoryBase>,
    /// Ordinal of the first line that is a sub-agent's own, after copied lines.
    pub subagent_history_start_ordinal: Option<u64>,
    /// True for a side conversation that belongs to the thread it was forked from.
    pub attached_thread: Option<bool>,
    /// Permission to make memories of the thread: `enabled`, `disabled`, …
    pub memory_mode: Option<String>,
    /// Form of the thread's history: `legacy` or `paginated`.
    pub history_mode: Option<String>,
}

/// `history_base`: the file that a rollout builds on, and the part of it that still counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HistoryBase {
    /// Id at the end of the file's name: a thread's or a segment's.
    pub file_id: Uuid,
    /// Ordinal of the first line that no longer counts.
    pub end_ordinal: Option<u64>,
    /// Byte after the last line that counts; of a compressed file, the decompressed byte. Wrong in
    /// some files: prefer the ordinal.
    pub end_offset: Option<u64>,
}

impl HistoryBase {
    fn read(raw: Raw<'_>) -> Option<Self> {
        let [file, ordinal, offset] =
            json::object(raw, ["thread_id", "end_ordinal_exclusive", "end_byte_offset"]);
        Some(Self {
            file_id: id(file)?,
            end_ordinal: json::number(ordinal),
            end_offset: json::number(offset),
        })
    }
}

impl SessionMeta {
    /// Reads a payload.
    pub(super) fn read(payload: &str) -> json::Result<Self> {
        #[rustfmt::skip]
        let [
            thread, timestamp, cwd, originator, source, thread_source, model_provider, cli_version, git, nickname, role,
            agent_type, path, parent, memory_mode, forked_from, base, start_ordinal, attached, history_mode,
        ] = json::fields(payload, [
            "id", "timestamp", "cwd", "originator", "source", "thread_source", "model_provider", "cli_version", "git",
            // Some versions called the role a type.
            "agent_nickname", "agent_role", "agent_type", "agent_path", "parent_thread_id", "memory_mode",
            "forked_from_id", "history_base", "subagent_history_start_ordinal", "attached_thread", "history_mode",
        ])?;
        let [commit, branch, url] = json::object(git, ["commit_hash", "branch", "repository_url"]);
        let [subagent] = json::object(source, ["subagent"]);
        let [spawn] = json::object(subagent, ["thread_spawn"]);
        let [spawned_by, spawn_nickname, spawn_role, spawn_path] =
            json::object(spawn, ["parent_thread_id", "agent_nickname", "agent_role", "agent_path"]);
        let first_name = |names: &[Raw<'_>]| names.iter().find_map(|name| json::name(*name));
        Ok(Self {
            id: id(thread),
            timestamp: json::text(timestamp).and_then(|text| time::timestamp(&text)),
            cwd: json::path(cwd),
            originator: json::name(originator),
            source: json::name_or_json(source),
            thread_source: json::name_or_json(thread_source),
            model_provider: json::name(model_provider),
            cli_version: json::name(cli_version),
            git_sha: json::name(commit),
            git_branch: json::name(branch),
            git_origin_url: origin_url(url),
            agent_nickname: first_name(&[nickname, spawn_nickname]),
            agent_role: first_name(&[role, agent_type, spawn_role]),
            agent_path: json::path(path).or_else(|| json::path(spawn_path)),
            parent_thread_id: id(parent).or_else(|| id(spawned_by)),
            memory_mode: json::name(memory_mode),
            forked_from_id: id(forked_from),
            history_base: HistoryBase::read(base),
            subagent_history_start_ordinal: json::number(start_ordinal),
            attached_thread: json::number(attached),
            history_mode: json::name(history_mode),
        })
    }

    /// Takes over every field that a later line has.
    pub(crate) fn update(&mut self, later: Self) {
        macro_rules! update {
            ($($field:ident)*) => { $( if later.$field.is_some() { self.$field = later.$field; } )* };
        }
        update!(id timestamp cwd originator source thread_source model_provider cli_version git_sha git_branch);
        update!(git_origin_url agent_nickname agent_role agent_path parent_thread_id memory_mode);
        update!(forked_from_id history_base subagent_history_start_ordinal attached_thread history_mode);
    }
}

fn id(raw: Raw<'_>) -> Option<Uuid> {
    json::text(raw).and_then(|id| Uuid::try_parse(&id).ok())
}

/// Returns the originator of a payload, in full: two may differ only where a long name would be
/// cut.
pub(crate) fn originator(payload: &str) -> Option<String> {
    let [originator] = json::fields(payload, ["originator"]).ok()?;
    json::owned(originator)
}

/// Returns the remote's URL, without credentials. Drops one of more than [`MAX_JSON`] bytes: unless
/// all of it is checked, no part of it is safe to keep.
fn origin_url(raw: Raw<'_>) -> Option<String> {
    let url = json::owned(raw.filter(|url| url.len() <= MAX_JSON))?;
    Some(bounded(&strip_credentials(&url), MAX_PATH))
}

//! Conformance suite: rules that every [`SessionStore`] keeps, for a place with sessions in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, FileTimes, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use threadkeep_rollout::{ThreadKind, untouched};

use crate::ids::ThreadIds;
use crate::session::{Relation, Session};
use crate::store::{SessionStore, is_name};
use crate::vault::Vault;

/// Checks a store against a place with at least one session. Returns the sessions.
///
/// # Errors
///
/// A text that says which rule is broken, and by which session.
pub fn conforms(store: &dyn SessionStore, place: &Path) -> Result<Vec<Session>, String> {
    let name = store.name();
    if !is_name(name) {
        return Err(format!("`{name}` is no name: use lower case letters, digits and hyphens"));
    }
    let before = tree(place)?;
    let open = store.open(place).map_err(|error| format!("{name}: open: {error}"))?;
    if open.sessions().is_empty() {
        return Err(format!("{name}: {} has no session", place.display()));
    }
    let thread_ids = ThreadIds::new(name, []);
    let (mut ids, mut threads, mut read) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for found in open.sessions() {
        let id = &found.native_id;
        let broken = |rule: &str| Err(format!("{name}: session {id}: {rule}"));
        if !ids.insert(id.clone()) {
            return broken("listed twice");
        }
        if !threads.insert(thread_ids.of(id)) {
            return broken("has the thread id of another");
        }
        if found.files.is_empty() || found.fingerprint.is_empty() {
            return broken("has no files or no fingerprint");
        }
        let session = open.read(found).map_err(|error| format!("{name}: session {id}: {error}"))?;
        let again = open.read(found).map_err(|error| format!("{name}: session {id}: {error}"))?;
        if format!("{session:?}") != format!("{again:?}") {
            return broken("is another one when it is read again");
        }
        if let Err(rule) = check(&session).and_then(|()| check_resume(store, &session)) {
            return broken(&rule);
        }
        read.push(session);
    }
    let listed: Vec<_> = open.sessions().to_vec();
    drop(open);
    let again = store.open(place).map_err(|error| format!("{name}: open: {error}"))?;
    if again.sessions() != listed {
        return Err(format!("{name}: an unchanged place lists other sessions or fingerprints"));
    }
    drop(again);
    if tree(place)? != before {
        return Err(format!("{name}: reading changed the place"));
    }
    Ok(read)
}

/// Checks the rules for one session.
fn check(session: &Session) -> Result<(), String> {
    let broken = |rule: String| Err(rule);
    if session.created_at > session.updated_at {
        return broken("ends before it begins".to_owned());
    }
    if session.cwd.as_ref() != session.cwds.first() {
        return broken("has another working directory than its first one".to_owned());
    }
    if session.model.as_ref().is_some_and(|model| !session.models.contains(model)) {
        return broken("has a model that is not among its models".to_owned());
    }
    let mut ids = BTreeSet::new();
    for request in &session.requests {
        if !ids.insert(&request.id) {
            return broken(format!("counts the request {} twice", request.id));
        }
        let tokens = request.tokens;
        let parts = [tokens.input, tokens.output, tokens.cached_input, tokens.cache_write];
        if parts.iter().chain(&tokens.reasoning).any(|&part| part < 0) {
            return broken(format!("request {} has negative tokens", request.id));
        }
        if tokens.cached_input + tokens.cache_write > tokens.input {
            return broken(format!("request {}: input does not include what was cached", request.id));
        }
        if tokens.reasoning.unwrap_or(0) > tokens.output {
            return broken(format!("request {}: output does not include reasoning", request.id));
        }
    }
    for turn in &session.turns {
        if turn.started_at > turn.ended_at && turn.ended_at.is_some() {
            return broken(format!("turn {} ends before it begins", turn.id));
        }
    }
    Ok(())
}

/// Checks the rules for the command that resumes a session. An index, which has not read the
/// session, asks for it with the id, the kind and the working directory alone.
fn check_resume(store: &dyn SessionStore, session: &Session) -> Result<(), String> {
    let mut unread = Session::new(&session.native_id);
    (unread.kind, unread.cwd) = (session.kind, session.cwd.clone());
    let command = store.resume(session);
    let is_spawned = session.parent.as_ref().is_some_and(|parent| parent.relation == Relation::Subagent);
    if is_spawned && session.kind == ThreadKind::User {
        return Err("has a parent that gave it a task, but is the user's own".to_owned());
    }
    if session.kind == ThreadKind::Subagent && command.is_some() {
        return Err("is a sub-agent's, and is resumed without its parent".to_owned());
    }
    // Only what was said can say that nothing is left to resume.
    if command.is_some() && store.resume(&unread) != command {
        return Err("is not resumed before it is read".to_owned());
    }
    Ok(())
}

/// State of a file: bytes, and the time of its last change.
type State = (Vec<u8>, Option<SystemTime>);

fn tree(place: &Path) -> Result<BTreeMap<PathBuf, State>, String> {
    let mut found = BTreeMap::new();
    each(place, |path, metadata| {
        let bytes = if metadata.is_file() { untouched::read(path, u64::MAX)? } else { Vec::new() };
        found.insert(path.to_owned(), (bytes, metadata.modified().ok()));
        Ok(())
    })?;
    Ok(found)
}

/// Checks that a store conforms, and that no access time changes, which only Linux can do. Sets the
/// access times of a place that no one else reads meanwhile.
///
/// # Errors
///
/// As [`conforms`].
pub fn leaves_no_trace(store: &dyn SessionStore, place: &Path) -> Result<(), String> {
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    each(place, |path, _| untouched::open(path)?.set_times(FileTimes::new().set_accessed(old)))?;
    conforms(store, place)?;
    each(place, |path, metadata| {
        let is_old = metadata.accessed()? == old || cfg!(not(target_os = "linux"));
        let read = || io::Error::other(format!("{}: reading changed the access time", path.display()));
        is_old.then_some(()).ok_or_else(read)
    })
}

/// Calls `take` with each folder and regular file.
fn each(place: &Path, mut take: impl FnMut(&Path, &Metadata) -> io::Result<()>) -> Result<(), String> {
    let mut open = vec![place.to_owned()];
    while let Some(path) = open.pop() {
        let failed = |error: io::Error| format!("{}: {error}", path.display());
        let metadata = fs::symlink_metadata(&path).map_err(failed)?;
        if metadata.is_dir() {
            open.extend(untouched::entries(&path).map_err(failed)?.into_iter().map(|it| path.join(it.name)));
        }
        if metadata.is_dir() || metadata.is_file() {
            take(&path, &metadata).map_err(failed)?;
        }
    }
    Ok(())
}

/// Checks that each session of a place, kept alone in a vault, reads as the same session.
///
/// # Errors
///
/// A text that names the session, and shows how it differs.
pub fn keeps(store: &dyn SessionStore, place: &Path, vault: &Path) -> Result<(), String> {
    let name = store.name();
    let open = store.open(place).map_err(|error| format!("{name}: open: {error}"))?;
    let vault = Vault::new(vault);
    let lock = vault.lock().map_err(|error| error.to_string())?.ok_or("another process has the vault")?;
    let ids = ThreadIds::new(name, []);
    for found in open.sessions() {
        let failed = |error: &dyn std::fmt::Display| format!("{name}: session {}: {error}", found.native_id);
        let kept = lock.keep(store, place, &open, found, ids.of(found.identity()));
        let kept = kept.map_err(|error| failed(&error))?;
        let (copy, in_copy) = vault.open(store, &kept).map_err(|error| failed(&error))?;
        let right = open.read(found).map_err(|error| failed(&error))?;
        let read = copy.read(&in_copy).map_err(|error| failed(&error))?;
        let (right, read) = (format!("{right:#?}"), format!("{read:#?}"));
        if let Some((right, read)) = right.lines().zip(read.lines()).find(|(one, other)| one != other) {
            return Err(failed(&format!("reads differently from its copy: {read} in place of {right}")));
        }
        if right.len() != read.len() {
            return Err(failed(&"reads differently from its copy"));
        }
    }
    Ok(())
}

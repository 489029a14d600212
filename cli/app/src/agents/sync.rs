//! Brings the mirror up to date.

use std::collections::HashSet;
use std::path::PathBuf;

use threadkeep_sessions::{MirrorError, SyncReport, store};
use threadkeep_state::StateRuntime;
use tokio::time::Instant;
use uuid::Uuid;

use super::deleted::{deleted, deleted_unless};
use super::included::{Included, included};
use super::lock::tried_until;
use super::recover::recover;
use super::vault::{erase_deleted, vault};
use crate::fault::Fault;
use crate::message::{Message, command};
use crate::observer::Observer;
use crate::pass::A_MOMENT;
use crate::text::counted;

/// Reads what has changed in the places of added agents. Waits a moment for another process that
/// does. What cannot be read is a note, and no reason to show nothing. Does nothing if no agent was
/// added. With `include_deleted`, sessions of deleted threads are mirrored, too.
///
/// # Errors
///
/// As [`included`], and if the index cannot be read.
pub async fn sync(state: &StateRuntime, include_deleted: bool, observer: &dyn Observer) -> Result<(), Fault> {
    let until = Instant::now() + A_MOMENT;
    let all = included(state.sqlite_home())?;
    let has_copies = vault(state.sqlite_home()).folder().is_dir();
    if all.is_empty() && !has_copies {
        return Ok(());
    }
    let deleted = deleted_unless(state, include_deleted).await?;
    if has_copies && let Err(error) = erase_deleted(state.sqlite_home(), &deleted) {
        observer.note(&format!("kept copies of deleted threads were not erased: {error}").into());
    }
    for place in &all {
        let one = async || sync_one(state, place, &all, &deleted, observer).await.then_some(());
        if tried_until(until, one).await.is_none() {
            let busy = "another process is still reading sessions; those of ";
            observer.note(&format!("{busy}{} may be incomplete", place.agent).into());
        }
    }
    if has_copies && let Err(fault) = recover(state, &all, include_deleted, observer).await {
        observer.note(&Message::from("kept sessions were not read: ").append(fault.sentence()));
    }
    Ok(())
}

/// Does the same for one place, and waits for none. Returns false if another process works on the
/// mirror, or the index cannot be read.
pub async fn sync_place(state: &StateRuntime, place: &Included, observer: &dyn Observer) -> bool {
    match (included(state.sqlite_home()), deleted(state).await) {
        (Ok(all), Ok(deleted)) => sync_one(state, place, &all, &deleted, observer).await,
        _ => false,
    }
}

async fn sync_one(
    state: &StateRuntime,
    place: &Included,
    all: &[Included],
    deleted: &HashSet<Uuid>,
    observer: &dyn Observer,
) -> bool {
    let Some(store) = store(&place.agent) else {
        observer.note(&format!("this version does not know the agent {}", place.agent).into());
        return true;
    };
    let added = all.iter().filter(|other| other.agent == place.agent);
    let added = added.map(|other| other.place.clone()).collect();
    let mirror = super::mirror(state.sqlite_home()).without(deleted.clone()).with_places(added);
    let (sqlite_home, of) = (state.sqlite_home().to_owned(), place.clone());
    let synced = tokio::task::spawn_blocking(move || {
        let Some(lock) = mirror.lock()? else { return Ok(None) };
        // It may have been removed since the list was read.
        let is_added = included(&sqlite_home).is_ok_and(|added| added.contains(&of));
        let report = is_added.then(|| lock.sync(store, &of.place)).transpose()?;
        Ok::<_, MirrorError>(Some(report))
    });
    match synced.await {
        Ok(Ok(Some(report))) => report.iter().for_each(|report| note(place, report, observer)),
        Ok(Ok(None)) => return false,
        Ok(Err(error)) => observer.note(&failed(place, &error).into()),
        Err(error) => observer.note(&failed(place, &error).into()),
    }
    true
}

/// Returns the files and folders of a place of which none changes unless a session does; none for
/// an agent that this version does not know.
pub fn watched(place: &Included) -> Vec<PathBuf> {
    store(&place.agent).map(|store| store.watched(&place.place)).unwrap_or_default()
}

fn failed(place: &Included, error: &(dyn std::error::Error + 'static)) -> String {
    format!("the sessions of {} were not brought up to date: {error}", place.agent)
}

/// Says once what could not be read.
fn note(place: &Included, report: &SyncReport, observer: &dyn Observer) {
    let agent = &place.agent;
    let said = |note: String| observer.note(&(note + "; ", command("agents --json"), " lists all").into());
    if let Some(first) = report.unread.first().filter(|_| report.is_unread_new) {
        let number = counted(report.unread.len() as u64, "path");
        said(format!("{number} of {agent} could not be read, such as {}: {}", first.path, first.reason));
    }
    if let Some((path, _)) = report.damaged_lines.first() {
        let lines = report.damaged_lines.iter().map(|(_, lines)| lines).sum();
        let lines = counted(lines, "damaged line");
        said(format!("{lines} of {agent} were skipped, such as in {}", path.display()));
    }
    if let Some(path) = &report.damaged {
        let why = format!("the list of the sessions of {agent} was damaged and was rebuilt");
        observer.note(&format!("{why}; the damaged one is {}", path.display()).into());
    }
}

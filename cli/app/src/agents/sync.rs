//! Brings the mirror up to date.

use std::iter::zip;
use std::path::PathBuf;

use threadkeep_sessions::{MirrorError, StorePlace, SyncReport, store, stores};
use threadkeep_state::StateRuntime;
use tokio::time::Instant;

use super::deleted::deleted_unless;
use super::included::{Included, included, lost_list};
use super::lock::tried_until;
use super::recover::recover;
use super::vault::{erase_deleted, vault};
use crate::fault::Fault;
use crate::message::{Message, command};
use crate::observer::Observer;
use crate::pass::A_MOMENT;
use crate::text::counted;

/// Reads what has changed in the places of added agents. Waits a moment for another process that
/// does. Notes what cannot be read, and goes on. Does nothing if no agent was added. With
/// `include_deleted`, sessions of deleted threads are mirrored, too.
///
/// # Errors
///
/// As [`included`], and if the index cannot be read.
pub async fn sync(state: &StateRuntime, include_deleted: bool, observer: &dyn Observer) -> Result<(), Fault> {
    let until = Instant::now() + A_MOMENT;
    let all = included(state.sqlite_home())?;
    if let Some(lost) = lost_list(state.sqlite_home()) {
        observer.note(&lost.fault().sentence());
    }
    let has_copies = vault(state.sqlite_home()).folder().is_dir();
    if all.is_empty() && !has_copies {
        return Ok(());
    }
    let deleted = deleted_unless(state, include_deleted).await?;
    if has_copies && let Err(error) = erase_deleted(state.sqlite_home(), &deleted) {
        observer.note(&format!("kept copies of deleted threads were not erased: {error}").into());
    }
    for unknown in all.iter().filter(|place| store(&place.agent).is_none()) {
        let note = format!("this version does not know the agent {}", unknown.agent);
        observer.note(&note.into());
    }
    let read = async || sync_places(state, &all, &all, include_deleted, observer).await.transpose();
    if !all.is_empty() && tried_until(until, read).await.transpose()?.is_none() {
        let mut agents: Vec<_> = all.iter().map(|place| place.agent.as_str()).collect();
        agents.sort_unstable();
        agents.dedup();
        let agents = agents.join(", ");
        let busy = "another process is still reading sessions; those of ";
        observer.note(&format!("{busy}{agents} may be incomplete").into());
    }
    if has_copies && let Err(fault) = recover(state, &all, include_deleted, observer).await {
        let lost = Message::from("lost sessions were not read from kept copies: ");
        observer.note(&lost.append(fault.sentence()));
    }
    Ok(())
}

/// Does the same for one place, and waits for none. Returns false if another process works on the
/// mirror, or the index cannot be read.
pub async fn sync_place(state: &StateRuntime, place: &Included, observer: &dyn Observer) -> bool {
    let Ok(all) = included(state.sqlite_home()) else { return false };
    let read = sync_places(state, std::slice::from_ref(place), &all, false, observer).await;
    matches!(read, Ok(Some(())))
}

/// Reads what has changed in some places. Returns `None` if another process works on the mirror.
async fn sync_places(
    state: &StateRuntime,
    places: &[Included],
    all: &[Included],
    include_deleted: bool,
    observer: &dyn Observer,
) -> Result<Option<()>, Fault> {
    let kept = vault(state.sqlite_home()).copies().unwrap_or_default();
    let mut mirror = super::mirror(state.sqlite_home()).with_kept(kept);
    for store in stores() {
        let added = all.iter().filter(|place| place.agent == store.name());
        mirror = mirror.with_places(store.name(), added.map(|place| place.place.clone()).collect());
    }
    let lock = match mirror.lock() {
        Ok(Some(lock)) => lock,
        Ok(None) => return Ok(None),
        Err(error) => {
            observer.note(&not_read("other agents", &error).into());
            return Ok(Some(()));
        }
    };
    // No thread is deleted while the lock is held.
    let mut lock = lock.without(deleted_unless(state, include_deleted).await?);
    let (sqlite_home, mut places) = (state.sqlite_home().to_owned(), places.to_vec());
    let synced = tokio::task::spawn_blocking(move || {
        // Some may have been removed since the list was read.
        let added = included(&sqlite_home).unwrap_or_default();
        places.retain(|place| added.contains(place) && store(&place.agent).is_some());
        let known = places
            .iter()
            .filter_map(|place| Some(StorePlace { store: store(&place.agent)?, path: &place.place }));
        let reports = lock.read(&known.collect::<Vec<_>>());
        lock.finish()?;
        Ok::<_, MirrorError>((places, reports))
    });
    match synced.await {
        Ok(Ok((places, reports))) => {
            zip(&places, reports).for_each(|(place, report)| note(&place.agent, report, observer));
        }
        Ok(Err(error)) => observer.note(&not_read("other agents", &error).into()),
        Err(error) => observer.note(&not_read("other agents", &error).into()),
    }
    Ok(Some(()))
}

/// Returns the files and folders of a place of which none changes unless a session does; none for
/// an agent that this version does not know.
pub fn watched(place: &Included) -> Vec<PathBuf> {
    store(&place.agent).map(|store| store.watched(&place.place)).unwrap_or_default()
}

fn not_read(whose: &str, error: &(dyn std::error::Error + 'static)) -> String {
    format!("the sessions of {whose} were not brought up to date: {error}")
}

/// Says once what could not be read of an agent.
fn note(agent: &str, report: Result<SyncReport, MirrorError>, observer: &dyn Observer) {
    let report = match report {
        Ok(report) => report,
        Err(error) => return observer.note(&not_read(agent, &error).into()),
    };
    let said = |note: String| observer.note(&(note + "; ", command("agents --json"), " lists all").into());
    if let Some(first) = report.unread.first().filter(|_| report.is_unread_new) {
        let number = counted(report.unread.len() as u64, "path");
        said(format!("{number} of {agent} could not be read, such as {}: {}", first.path, first.reason));
    }
    if let Some((path, _)) = report.damaged_lines.first() {
        let lines = report.damaged_lines.iter().map(|(_, lines)| lines).sum();
        let (lines, were) = (counted(lines, "damaged line"), if lines == 1 { "was" } else { "were" });
        said(format!("{lines} of {agent} {were} skipped, such as in {}", path.display()));
    }
    if let Some(path) = &report.damaged {
        let why = format!("the list of the sessions of {agent} was damaged and was rebuilt");
        observer.note(&format!("{why}; the damaged one is {}", path.display()).into());
    }
}

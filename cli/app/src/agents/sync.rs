//! Brings the mirror up to date.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use threadkeep_sessions::{MirrorError, Mirrored, SyncReport, store, stores};
use uuid::Uuid;

use super::included::{Included, included};
use crate::fault::Fault;
use crate::message::command;
use crate::observer::Observer;
use crate::pass::A_MOMENT;
use crate::text::counted;

/// Pause before another process is looked for again.
const PAUSE: Duration = Duration::from_millis(50);

/// Reads what has changed in the places of added agents. Waits a moment for another process that
/// does. What cannot be read is a note, and no reason to show nothing. Does nothing if no agent was
/// added.
///
/// # Errors
///
/// As [`included`].
pub async fn sync(sqlite_home: &Path, observer: &dyn Observer) -> Result<(), Fault> {
    let until = Instant::now() + A_MOMENT;
    for place in included(sqlite_home)? {
        while !sync_place(sqlite_home, &place, observer).await {
            if Instant::now() >= until {
                let busy = "another process is still reading sessions; those of ";
                observer.note(&format!("{busy}{} may be incomplete", place.agent).into());
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
    Ok(())
}

/// Does the same for one place, and waits for none. Returns false if another process works on the
/// mirror.
pub async fn sync_place(sqlite_home: &Path, place: &Included, observer: &dyn Observer) -> bool {
    let mirror = super::mirror(sqlite_home);
    let Some(store) = store(&place.agent) else {
        observer.note(&format!("this version does not know the agent {}", place.agent).into());
        return true;
    };
    let folder = place.place.clone();
    let synced = tokio::task::spawn_blocking(move || mirror.sync(store, &folder)).await;
    match synced {
        Ok(Ok(Some(report))) => note(place, &report, observer),
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

fn failed(place: &Included, error: &dyn std::error::Error) -> String {
    format!("the sessions of {} were not brought up to date: {error}", place.agent)
}

fn note(place: &Included, report: &SyncReport, observer: &dyn Observer) {
    if let Some((native_id, error)) = report.failed.first() {
        let failed = counted(report.failed.len() as u64, "session");
        let first = format!("{failed} of {} could not be read, such as {native_id}: {error}", place.agent);
        observer.note(&(first + "; ", command("agents"), " shows all").into());
    }
}

/// Returns the mirrored sessions with a native id, or with a thread's id. Sessions that are gone
/// are only meant where none is there: an agent may give their ids again.
///
/// # Errors
///
/// [`MirrorError`], if a list of the mirror cannot be read.
pub fn named(sqlite_home: &Path, word: &str) -> Result<Vec<Mirrored>, MirrorError> {
    let (mirror, id) = (super::mirror(sqlite_home), Uuid::try_parse(word).ok());
    let mut found = Vec::new();
    for store in stores() {
        let sessions = mirror.sessions(store.name())?.into_iter();
        found.extend(sessions.filter(|known| known.native_id == word || Some(known.thread_id) == id));
    }
    if found.iter().any(|known| known.gone_since.is_none()) {
        found.retain(|known| known.gone_since.is_none());
    }
    Ok(found)
}

//! Adds an agent, and takes one out again.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use threadkeep_sessions::{Environment, SessionStore, Unread, store, unlisted};
use threadkeep_state::{DATABASES, HOME_AGENT};

use super::included::{Included, include_locked, included, is_shared, locked, replace};
use super::lock::lock_vault;
use super::names::unknown;
use super::vault::{lock_copies, vault};
use crate::device_keys::FOLDER;
use crate::dirs::{Dirs, in_home};
use crate::fault::Fault;
use crate::given::real;
use crate::message::command;
use crate::messages::of_io;
use crate::owner;
use crate::private::create_private;
use crate::text::counted;

/// Names of the files that the first agent copies to the SQLite home, until that is done.
const COPYING: &str = "agents.copying";

/// Place that was added.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Added {
    /// The place.
    pub included: Included,
    /// False if it had been added before.
    pub is_new: bool,
    /// Sessions that are there.
    pub sessions: u64,
    /// Files and folders of the place that cannot be read, and may have more sessions.
    pub unread: Vec<Unread>,
    /// SQLite home from which settings, decisions, keys and kept files were taken over.
    pub taken_over: Option<PathBuf>,
}

/// Adds an agent's place: `folder`, or the agent's own that is there.
///
/// The first one makes the shared SQLite home of `dirs`, and takes over what the home's own has and
/// rollouts have not: settings, decisions, device keys, and kept files, which are moved. The
/// databases there stay as they are.
///
/// # Errors
///
/// Fails for an agent that this build does not know, a place that is not there or cannot be read, a
/// place that is read already with another, a path that is not UTF-8, and a SQLite home that cannot
/// be written.
pub async fn add(dirs: &Dirs, agent: &str, folder: Option<&Path>) -> Result<Added, Fault> {
    let store = known(agent)?;
    let place = match folder {
        Some(folder) => real(folder),
        None => real(&own_place(store)?),
    };
    if !place.is_dir() {
        let message = format!("{} is not a folder", place.display());
        let hint = format!("name the folder where {} keeps its sessions", store.title());
        return Err(Fault::new(message, hint));
    }
    if place.to_str().is_none() {
        let why = format!(
            "cannot add {}: the list of agents has paths as text, and this is not UTF-8",
            place.display()
        );
        let add = command("agents add").arg(agent).append("DIR");
        return Err(Fault::new(why, ("rename the folder, and then ", add, " adds it")));
    }
    dirs.check_text()?;
    check_alone(dirs, store, &place)?;
    let (sessions, unread) = found_in(store, &place)?;
    let sqlite_home = dirs.absolute().sqlite_home;
    dirs.create_sqlite_home().map_err(|error| failed("create", &sqlite_home, &error))?;
    // A process that changes something in the home's own one looks at the list afterwards, with the
    // lock. A change from before the lock is taken over, and it reports a later one.
    let lock = locked(&sqlite_home).await?;
    let taken_over = prepare_sqlite_home(dirs).await?;
    let included = Included { agent: agent.to_owned(), place };
    let is_new = include_locked(&sqlite_home, included.clone())?;
    // The list says that it is done: what stays of the names is not read again.
    let _ = fs::remove_file(sqlite_home.join(COPYING));
    drop(lock);
    owner::record(&sqlite_home, &dirs.absolute().home);
    Ok(Added { included, is_new, sessions, unread, taken_over })
}

/// Returns the number of sessions in a place, and what cannot be read there. Fails if there are
/// none, but some around it.
fn found_in(store: &dyn SessionStore, place: &Path) -> Result<(u64, Vec<Unread>), Fault> {
    let open = store.open(place).map_err(|error| Fault::plain(&error))?;
    let sessions = open.sessions().len() as u64;
    let mut unread = open.unread().to_vec();
    drop(open);
    unread.extend(unlisted(&store.watched(place)));
    if sessions == 0
        && unread.is_empty()
        && let Some((around, more)) = place_around(store, place)
    {
        let why = format!(
            "no session of {} was found in {}, but {} in {}",
            store.title(),
            place.display(),
            counted(more, "session"),
            around.display()
        );
        let add = command("agents add").arg(store.name()).arg(around.display());
        return Err(Fault::new(why, (add, " adds that folder")));
    }
    Ok((sessions, unread))
}

/// Prepares the SQLite home. Returns the other one from which the first agent took something over.
async fn prepare_sqlite_home(dirs: &Dirs) -> Result<Option<PathBuf>, Fault> {
    let sqlite_home = dirs.absolute().sqlite_home;
    let own = in_home(&dirs.absolute().home);
    let is_first = !is_shared(&sqlite_home) && own != sqlite_home;
    let taken_over = if is_first && take_over(&own, &sqlite_home).await? { Some(own) } else { None };
    if dirs.is_without_agent() {
        let sessions = dirs.home.join("sessions");
        fs::create_dir_all(&sessions).map_err(|error| failed("create", &sessions, &error))?;
    }
    Ok(taken_over)
}

/// Returns the store of an agent.
fn known(agent: &str) -> Result<&'static dyn SessionStore, Fault> {
    store(agent).ok_or_else(|| unknown(agent))
}

/// Checks that a place has no sessions that are read with another.
fn check_alone(dirs: &Dirs, store: &dyn SessionStore, place: &Path) -> Result<(), Fault> {
    let home = real(&dirs.home);
    if store.name() == HOME_AGENT && home == place {
        let why = format!("the sessions of {} in {} are shown already", store.title(), place.display());
        return Err(Fault::new(why, (command("agents add codex DIR"), " adds another home of Codex")));
    }
    let added = included(&dirs.absolute().sqlite_home)?.into_iter();
    let added = added.filter(|known| known.agent == store.name()).map(|known| known.place);
    let home = Some(home).filter(|_| store.name() == HOME_AGENT);
    let overlaps = |known: &PathBuf| known != place && (known.starts_with(place) || place.starts_with(known));
    let Some(known) = home.into_iter().chain(added).find(overlaps) else { return Ok(()) };
    let how = if place.starts_with(&known) { "within" } else { "around" };
    let why = format!("{} is {how} {}, whose sessions are shown already", place.display(), known.display());
    Err(Fault::new(why, (command("agents"), " lists the folders whose sessions are shown")))
}

fn sessions_in(store: &dyn SessionStore, place: &Path) -> Result<u64, Fault> {
    let open = store.open(place).map_err(|error| Fault::plain(&error))?;
    Ok(open.sessions().len() as u64)
}

/// Returns the place around a folder that has sessions, and their number: the parent, or the
/// agent's own place.
fn place_around(store: &dyn SessionStore, folder: &Path) -> Option<(PathBuf, u64)> {
    let environment = Environment::of_process().unwrap_or_default();
    let own = store.places(&environment).into_iter().map(|place| real(&place));
    let around = folder.parent().map(Path::to_owned).into_iter().chain(own);
    let around = around.filter(|place| place != folder && folder.starts_with(place));
    let counted = around.filter_map(|place| Some((sessions_in(store, &place).ok()?, place)));
    counted.filter(|(sessions, _)| *sessions > 0).map(|(sessions, place)| (place, sessions)).next()
}

fn own_place(store: &'static dyn SessionStore) -> Result<PathBuf, Fault> {
    let environment = Environment::of_process().unwrap_or_default();
    let places = store.places(&environment);
    places.iter().find(|place| place.is_dir()).cloned().ok_or_else(|| {
        let places: Vec<_> = places.iter().map(|place| place.display().to_string()).collect();
        let message =
            format!("{} has no sessions on this machine: looked at {}", store.title(), places.join(", "));
        Fault::new(message, format!("`threadkeep agents add {} DIR` names another folder", store.name()))
    })
}

/// Copies what cannot be made again, and moves kept files. Returns false if there is nothing.
async fn take_over(from: &Path, to: &Path) -> Result<bool, Fault> {
    remove_copies(to)?;
    // Decisions cannot be made again from rollouts.
    let decisions = DATABASES.iter().map(|spec| format!("{}.decisions", spec.file_name));
    let keys = fs::read_dir(from.join(FOLDER)).into_iter().flatten().filter_map(Result::ok);
    let keys = keys.filter_map(|entry| Some(format!("{FOLDER}/{}", entry.file_name().to_str()?)));
    let names = decisions.chain(["config.toml".to_owned()]).chain(keys);
    let missing = names.filter(|name| from.join(name).is_file() && !to.join(name).exists());
    let missing: Vec<String> = missing.collect();
    let list = to.join(COPYING);
    replace(&list, missing.join("\n").as_bytes()).map_err(|error| failed("write", &list, &error))?;
    for name in &missing {
        let (source, target) = (from.join(name), to.join(name));
        if let Some(folder) = target.parent() {
            create_private(folder).map_err(|error| failed("create", folder, &error))?;
        }
        copy(&source, &target).map_err(|error| failed("copy", &source, &error))?;
    }
    // Two copies would not be erased together.
    let moved = match lock_copies(from).await? {
        Some(old) => lock_vault(&vault(to)).await?.take_over(&old).map_err(|error| Fault::plain(&error))?,
        None => 0,
    };
    Ok(!missing.is_empty() || moved > 0)
}

/// Removes what a killed process has copied: the home's own SQLite home, which was used since, may
/// have newer decisions. Where a database was made of the copies, they stay.
fn remove_copies(to: &Path) -> Result<(), Fault> {
    if DATABASES.iter().any(|spec| to.join(spec.file_name).exists()) {
        return Ok(());
    }
    let copied = fs::read_to_string(to.join(COPYING)).unwrap_or_default();
    for copy in copied.lines().map(|name| to.join(name)) {
        match fs::remove_file(&copy) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(failed("remove", &copy, &error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Copies a file of ours. A kill or a full disk leaves no part of it under its name.
fn copy(source: &Path, target: &Path) -> io::Result<()> {
    let mut copy = NamedTempFile::new_in(target.parent().unwrap_or(target))?;
    io::copy(&mut File::open(source)?, &mut copy)?;
    copy.as_file().sync_all()?;
    copy.persist_noclobber(target)?;
    Ok(())
}

fn failed(verb: &str, path: &Path, error: &io::Error) -> Fault {
    Fault::without_hint(format!("cannot {verb} {}: {}", path.display(), of_io(error))).because(error)
}

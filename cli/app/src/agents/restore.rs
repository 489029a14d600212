//! Puts kept sessions back, and knows which of them their agents still have.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use threadkeep_sessions::{FoundSession, Kept, Mirrored, OpenStore, Restored, VaultLock, store};
use threadkeep_state::{HOME_AGENT, StateRuntime};
use uuid::Uuid;

use super::lock::lock_vault;
use super::mirrored::MirroredThreads;
use super::names::unknown;
use super::place::check_place;
use super::vault::{of_copy, vault};
use crate::dirs::Dirs;
use crate::fault::Fault;
use crate::given::real;
use crate::message::command;

/// Returns the main file of each kept session that its agent still has, by thread. The path is
/// empty where it is not known. `None` stands for a session whose place is not there, so that the
/// agent may have it. Without an index, copies of the home's threads are compared with the files in
/// their place.
///
/// # Errors
///
/// Fails if the mirror or the index cannot be read.
pub async fn main_files(
    dirs: &Dirs,
    state: Option<&StateRuntime>,
    kept: &[Kept],
) -> Result<HashMap<Uuid, Option<PathBuf>>, Fault> {
    let of_home = kept.iter().filter(|kept| kept.agent == HOME_AGENT);
    let of_home: Vec<Uuid> = of_home.map(|kept| kept.thread_id).collect();
    let mut threads = HashMap::new();
    if let Some(state) = state.filter(|_| !of_home.is_empty()) {
        threads.extend(state.threads().get_many(&of_home).await?.into_iter().map(|it| (it.id, it)));
    }
    let mut mirrored = MirroredThreads::new(&dirs.absolute().sqlite_home);
    let (mut places, mut found) = (Places::default(), HashMap::new());
    let home = real(&dirs.home);
    for kept in kept {
        let file = match (mirrored.get(&kept.agent, kept.thread_id)?, threads.get(&kept.thread_id)) {
            (Some(session), _) if session.gone_since.is_none() && !session.place.is_dir() => Some(None),
            (Some(session), _) => places.main_file(&kept.agent, session).map(Some),
            (None, Some(thread)) => {
                thread.missing_since.is_none().then(|| Some(home.join(&thread.rollout_path)))
            }
            (None, None) if !kept.place.is_dir() => Some(None),
            (None, None) => {
                let are_there = kept.files.iter().all(|file| kept.place.join(&file.path).exists());
                are_there.then(|| Some(PathBuf::new()))
            }
        };
        found.extend(file.map(|file| (kept.thread_id, file)));
    }
    Ok(found)
}

/// Places of agents, each opened once.
#[derive(Default)]
struct Places {
    opened: HashMap<(String, PathBuf), Option<OpenStore>>,
}

impl Places {
    /// Returns the main file of a mirrored session that its agent still has.
    fn main_file(&mut self, agent: &str, session: &Mirrored) -> Option<PathBuf> {
        let source = Some(session.source.clone()).filter(|_| session.gone_since.is_none())?;
        if source.as_os_str().is_empty() || source.exists() {
            return Some(source);
        }
        // The mirror may be older than a new name of the file.
        let opened = self.opened.entry((agent.to_owned(), session.place.clone()));
        let open = opened.or_insert_with(|| store(agent)?.open(&session.place).ok());
        let Some(open) = open else { return Some(source) };
        let found = open.sessions().iter().find(|found| found.identity() == session.identity());
        found.map(FoundSession::source)
    }
}

/// Locked vault, from which sessions are put back.
#[derive(Debug)]
pub struct Restorer {
    lock: VaultLock,
    /// Main files of the sessions that their agents have.
    present: HashMap<Uuid, Option<PathBuf>>,
}

impl Restorer {
    /// Takes the lock of the vault, and finds out which of the kept sessions their agents have. The
    /// index has to be up to date.
    ///
    /// # Errors
    ///
    /// As [`main_files`], and if another process works on the vault for too long.
    pub async fn of(dirs: &Dirs, state: &StateRuntime, kept: &[Kept]) -> Result<Restorer, Fault> {
        let lock = lock_vault(&vault(&dirs.absolute().sqlite_home)).await?;
        Ok(Restorer { lock, present: main_files(dirs, Some(state), kept).await? })
    }

    /// Puts the files of a copy back where they were.
    ///
    /// # Errors
    ///
    /// Fails if the agent has the session elsewhere, if its place is not there, if a file is there
    /// that would be replaced, for the rows of a database, and if a file cannot be written.
    pub fn restore(&self, kept: &Kept) -> Result<Restored, Fault> {
        let present = self.present.get(&kept.thread_id).and_then(Option::as_ref);
        if let Some(file) = present.filter(|file| has_moved(kept, file)) {
            let place = file.display();
            let why = format!("{} has this session in {place}; nothing was put back", kept.agent);
            let show = command("threads show").arg(kept.thread_id);
            return Err(Fault::new(why, (show, " shows it")).about(kept.thread_id));
        }
        let store = store(&kept.agent).ok_or_else(|| unknown(&kept.agent))?;
        check_place(store, &kept.place).map_err(|fault| fault.about(kept.thread_id))?;
        self.lock.restore(store, kept).map_err(|error| of_copy(&error, kept.thread_id))
    }
}

/// Returns true if a session's main file is not where its copy would be put.
fn has_moved(kept: &Kept, main: &Path) -> bool {
    // The mirror has paths as text.
    let main = main.to_string_lossy();
    let is_main = |path: &Path| kept.place.join(path).to_string_lossy() == main;
    !main.is_empty() && !kept.files.iter().any(|file| is_main(&file.path))
}

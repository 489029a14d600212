//! From a typed word to the copy that is meant.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use threadkeep_app::dirs::Dirs;
use threadkeep_app::message::typed;
use threadkeep_app::{Fault, FaultKind, agents, command};
use threadkeep_sessions::{Kept, VaultContents};
use uuid::Uuid;

use crate::commands::resolve::resolve;
use crate::output::Screen;

/// Copies in the vault, read once for all words.
pub(super) struct Copies {
    sqlite_home: PathBuf,
    contents: VaultContents,
    /// Threads that have a copy, be it a damaged one.
    threads: Vec<Uuid>,
}

impl Copies {
    /// Reads the descriptions of all copies.
    pub(super) fn read(dirs: &Dirs) -> Result<Copies, Fault> {
        let sqlite_home = dirs.absolute().sqlite_home;
        let vault = agents::vault(&sqlite_home);
        let contents = vault.contents().map_err(|error| Fault::plain(&error))?;
        let copies = vault.copies().map_err(|error| Fault::plain(&error))?;
        let threads = copies.into_iter().map(|(_, thread)| thread).collect();
        Ok(Copies { sqlite_home, contents, threads })
    }

    /// Finds the thread of a copy: by the thread's id or the agent's, or as the index knows the
    /// thread.
    pub(super) async fn find(&self, dirs: &Dirs, word: &str, screen: &Screen) -> Result<Uuid, Fault> {
        let by_id = Uuid::try_parse(word).ok().filter(|id| self.threads.contains(id));
        let mut named = self.contents.kept.iter().filter(|kept| kept.native_id == word);
        let by_name = || named.next().filter(|_| named.next().is_none()).map(|kept| kept.thread_id);
        if let Some(id) = by_id.or_else(by_name) {
            return Ok(id);
        }
        let words = [word.to_owned()];
        let found = resolve(dirs, &words, screen).await?.into_iter().next();
        match found.expect("one word has one meaning") {
            Ok(id) if self.threads.contains(&id) => Ok(id),
            Err(fault) if fault.kind != FaultKind::UnknownThread => Err(fault),
            _ => Err(no_copy(word)),
        }
    }

    /// Finds a copy whose description can be read.
    pub(super) async fn find_kept(&self, dirs: &Dirs, word: &str, screen: &Screen) -> Result<Kept, Fault> {
        let id = self.find(dirs, word, screen).await?;
        let copies = self.of_threads(&[id]).into_iter().next();
        copies.map_or_else(|| Err(no_copy(word)), |(_, copy)| copy)
    }

    /// Returns the copies of threads, each with its thread.
    pub(super) fn of_threads(&self, ids: &[Uuid]) -> Vec<(Uuid, Result<Kept, Fault>)> {
        let kept = self.contents.kept.iter().filter(|kept| ids.contains(&kept.thread_id));
        let kept = kept.map(|kept| (kept.thread_id, Ok(kept.clone())));
        let damaged = self.contents.damaged.iter().filter_map(|folder| {
            let (agent, id) = (folder.parent()?.file_name()?.to_str()?, thread_of(folder)?);
            let copy = ids.contains(&id).then(|| agents::kept(&self.sqlite_home, agent, id));
            Some((id, copy?.transpose()?))
        });
        kept.chain(damaged).collect()
    }

    /// Returns the bytes of the files in a thread's copy.
    pub(super) fn bytes(&self, id: Uuid) -> u64 {
        let kept = self.contents.kept.iter().filter(|kept| kept.thread_id == id);
        let mut bytes = kept.map(Kept::bytes).sum();
        for folder in self.contents.damaged.iter().filter(|folder| thread_of(folder) == Some(id)) {
            agents::each_file(folder, &mut |_, looked| bytes += looked.map_or(0, |file| file.len));
        }
        bytes
    }
}

/// Returns the thread of a copy, from the name of its folder.
pub(super) fn thread_of(folder: &Path) -> Option<Uuid> {
    folder.file_name().and_then(OsStr::to_str).and_then(|name| Uuid::try_parse(name).ok())
}

fn no_copy(word: &str) -> Fault {
    let why = ("no copy is kept of ", typed(word));
    Fault::new(why, (command("kept"), " lists what is kept")).of_kind(FaultKind::UnknownThread)
}

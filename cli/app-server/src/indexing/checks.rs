//! Looks at a home every second, where the kernel cannot watch it: at its folders, and at the files
//! that changed lately. Anything else is found once a minute.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::time::{Duration, Instant, SystemTime};

use threadkeep_rollout::{AgentHome, Fingerprint, MIRROR, SESSION_INDEX};

use super::noticed::{Changed, FOLDERS, Noticed, is_rollout, place_of};

/// Time between two looks.
const PERIOD: Duration = Duration::from_millis(700);
/// Age up to which a file is looked at each time.
const LATELY: Duration = Duration::from_secs(2 * 24 * 60 * 60);
/// Time after which anything may have changed.
const WHOLE: Duration = Duration::from_secs(60);

/// Time within which two changes of a folder may have the same time, on any file system.
const TICK: Duration = Duration::from_secs(3);

/// Checks of a home.
pub(super) struct Checks {
    home: AgentHome,
    /// Time of each folder's last change, and the files in it that changed lately.
    folders: BTreeMap<String, Folder>,
    looked_at: Instant,
}

#[derive(Default)]
struct Folder {
    changed: Option<SystemTime>,
    /// True if a later change must have another time.
    is_settled: bool,
    files: HashMap<String, Fingerprint>,
    folders: Vec<String>,
}

impl Checks {
    pub(super) fn new(home: &AgentHome) -> Checks {
        let mut checks = Checks { home: home.clone(), folders: BTreeMap::new(), looked_at: Instant::now() };
        checks.look();
        checks
    }

    pub(super) async fn changed(&mut self) -> Changed {
        loop {
            tokio::time::sleep(PERIOD).await;
            let mut noticed = self.look();
            if !noticed.is_empty() {
                return noticed.take();
            }
        }
    }

    fn look(&mut self) -> Noticed {
        let mut noticed = Noticed::default();
        if self.looked_at.elapsed() > WHOLE {
            self.looked_at = Instant::now();
            noticed.anything();
        }
        self.folder("", &mut noticed);
        for folder in FOLDERS {
            self.tree(folder, &mut noticed);
        }
        if self.home.mirror().is_some() {
            self.tree(MIRROR, &mut noticed);
        }
        noticed
    }

    fn tree(&mut self, folder: &str, noticed: &mut Noticed) {
        self.folder(folder, noticed);
        let below = self.folders.get(folder).map(|found| found.folders.clone()).unwrap_or_default();
        for name in below {
            self.tree(&format!("{folder}/{name}"), noticed);
        }
    }

    /// Looks at one folder. Lists it again only if it has changed.
    fn folder(&mut self, path: &str, noticed: &mut Noticed) {
        let place = place_of(&self.home, path);
        let changed = fs::metadata(&place).and_then(|metadata| metadata.modified()).ok();
        let name_of = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
        let known = self.folders.remove(path);
        let is_new = known.is_none();
        let mut known = known.unwrap_or_default();
        if known.changed != changed || is_new || !known.is_settled {
            let is_settled = changed.is_some_and(|at| at.elapsed().is_ok_and(|age| age > TICK));
            let mut now = Folder { changed, is_settled, ..Folder::default() };
            for entry in fs::read_dir(&place).into_iter().flatten().flatten() {
                let (Ok(kind), Ok(name)) = (entry.file_type(), entry.file_name().into_string()) else {
                    continue;
                };
                let is_wanted = if path.is_empty() { name == SESSION_INDEX } else { is_rollout(path, &name) };
                if kind.is_dir() && !path.is_empty() {
                    now.folders.push(name);
                } else if kind.is_file() && is_wanted {
                    let Ok(metadata) = entry.metadata() else { continue };
                    let before = known.files.remove(&name);
                    if before.is_none() {
                        noticed.file(name_of(&name));
                    }
                    now.files.insert(name, before.unwrap_or_else(|| Fingerprint::of(&metadata)));
                }
            }
            let has_lost_folder = known.folders.iter().any(|name| !now.folders.contains(name));
            if !known.files.is_empty() || has_lost_folder {
                noticed.anything();
            }
            known = now;
        }
        let now = SystemTime::now();
        for (name, before) in &mut known.files {
            let at = SystemTime::UNIX_EPOCH + Duration::from_nanos(before.modified_ns.max(0).unsigned_abs());
            if now.duration_since(at).is_ok_and(|age| age > LATELY) {
                continue;
            }
            if let Ok(metadata) = fs::metadata(place.join(name))
                && Fingerprint::of(&metadata) != *before
            {
                *before = Fingerprint::of(&metadata);
                noticed.file(name_of(name));
            }
        }
        self.folders.insert(path.to_owned(), known);
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::io::Write as _;

    use super::*;
    use crate::tests::{Home, Result};

    const FOLDER: &str = "sessions/2026/11/24";

    /// Looks once, and returns the files that changed; `None` for anything.
    fn looked(checks: &mut Checks) -> Option<Vec<String>> {
        match checks.look().take() {
            Changed::Files(files) => Some(files.into_iter().collect()),
            Changed::Anything => None,
        }
    }

    #[test]
    fn each_change_is_noticed_once_and_alone() -> Result {
        let home = Home::new()?;
        let name = |id: &str| format!("{FOLDER}/rollout-2026-11-24T12-00-00-{id}.jsonl");
        let first = name(&home.write(FOLDER, 1, "one")?);
        let mut checks = Checks::new(&AgentHome::open(home.path())?);
        assert_eq!(looked(&mut checks), Some(vec![]), "files from before are no change");
        let second = name(&home.write(FOLDER, 2, "two")?);
        fs::write(home.path().join(FOLDER).join("notes.txt"), "no rollout")?;
        assert_eq!(looked(&mut checks), Some(vec![second]));
        writeln!(OpenOptions::new().append(true).open(home.path().join(&first))?, "{{}}")?;
        assert_eq!(looked(&mut checks), Some(vec![first.clone()]));
        fs::write(home.path().join(SESSION_INDEX), "{}\n")?;
        assert_eq!(looked(&mut checks), Some(vec![SESSION_INDEX.to_owned()]));
        assert_eq!(looked(&mut checks), Some(vec![]));
        fs::remove_file(home.path().join(first))?;
        assert_eq!(looked(&mut checks), None, "a file is gone");
        fs::remove_dir_all(home.path().join("sessions/2026"))?;
        assert_eq!(looked(&mut checks), None, "a folder is gone");
        assert_eq!(looked(&mut checks), Some(vec![]));
        Ok(())
    }

    /// Files that changed long ago are not looked at one by one: the pass of each minute finds
    /// them.
    #[test]
    fn anything_may_have_changed_once_a_minute() -> Result {
        let home = Home::new()?;
        let mut checks = Checks::new(&AgentHome::open(home.path())?);
        assert_eq!(looked(&mut checks), Some(vec![]));
        let Some(long_ago) = checks.looked_at.checked_sub(WHOLE * 2) else { return Ok(()) };
        checks.looked_at = long_ago;
        assert_eq!(looked(&mut checks), None);
        assert_eq!(looked(&mut checks), Some(vec![]));
        Ok(())
    }
}

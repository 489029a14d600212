//! Notices in which places of added agents sessions change: by the kernel where it can watch a
//! place, and elsewhere by looking at its files.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use threadkeep_app::agents::{self, Included};

#[cfg(target_os = "linux")]
use super::place_watch::PlaceWatch;

/// Time between two looks.
const PERIOD: Duration = Duration::from_millis(500);
/// Rest after a look, as a multiple of the time that it took.
const REST: u32 = 20;

/// Change of the added agents.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Changed {
    /// Agents were added or removed.
    List,
    /// Sessions may have changed in these places, given by their numbers in the list.
    Places(BTreeSet<usize>),
}

impl Default for Changed {
    fn default() -> Changed {
        Changed::Places(BTreeSet::new())
    }
}

/// Watch over the places of added agents, and over the list of them.
pub(super) struct Places {
    list: PathBuf,
    /// State of the list.
    listed: u64,
    #[cfg(target_os = "linux")]
    watch: Option<PlaceWatch>,
    looked_at: Vec<LookedAt>,
    /// Time that the last look took.
    took: Duration,
}

/// File or folder that the kernel does not watch.
#[derive(Clone)]
struct LookedAt {
    place: usize,
    path: PathBuf,
    state: u64,
}

impl Places {
    /// Watches places, by the kernel if that is wanted and possible.
    pub(super) fn new(sqlite_home: &Path, places: &[Included], by_kernel: bool) -> Places {
        let list = agents::list(sqlite_home);
        let mut watched = Places {
            listed: state_of(&list),
            list,
            #[cfg(target_os = "linux")]
            watch: if by_kernel && !places.is_empty() { PlaceWatch::new().ok() } else { None },
            looked_at: Vec::new(),
            took: Duration::ZERO,
        };
        let _ = by_kernel;
        for (number, place) in places.iter().enumerate() {
            for path in agents::watched(place) {
                watched.add(number, path);
            }
        }
        watched
    }

    fn add(&mut self, place: usize, path: PathBuf) {
        #[cfg(target_os = "linux")]
        if self.watch.as_mut().is_some_and(|watch| watch.add(place, &path)) {
            return;
        }
        self.look_at(place, path);
    }

    fn look_at(&mut self, place: usize, path: PathBuf) {
        self.looked_at.push(LookedAt { place, state: state_of(&path), path });
    }

    /// Waits for a change that the kernel reports.
    #[cfg(target_os = "linux")]
    async fn reported(&mut self) -> BTreeSet<usize> {
        let Some(watch) = &mut self.watch else { return std::future::pending().await };
        let changed = watch.changed().await;
        for (place, path) in watch.lost() {
            // It may come back.
            self.look_at(place, path);
        }
        changed
    }

    #[cfg(not(target_os = "linux"))]
    async fn reported(&mut self) -> BTreeSet<usize> {
        std::future::pending().await
    }

    /// Waits for a change, and collects what changes within a moment.
    pub(super) async fn changed(&mut self) -> Changed {
        loop {
            let pause = tokio::time::sleep(PERIOD.max(self.took * REST));
            let changed = tokio::select! {
                changed = self.reported() => changed,
                () = pause => {
                    if state_of(&self.list) != self.listed {
                        return Changed::List;
                    }
                    self.look().await
                }
            };
            if !changed.is_empty() {
                return Changed::Places(changed);
            }
        }
    }

    /// Looks at what the kernel does not watch. On a thread of its own: a place may have many
    /// files.
    async fn look(&mut self) -> BTreeSet<usize> {
        if self.looked_at.is_empty() {
            return BTreeSet::new();
        }
        let (begun, mut looked_at) = (Instant::now(), self.looked_at.clone());
        let looked = tokio::task::spawn_blocking(move || {
            let mut changed = BTreeSet::new();
            for looked in &mut looked_at {
                let before = std::mem::replace(&mut looked.state, state_of(&looked.path));
                if looked.state != before {
                    changed.insert(looked.place);
                }
            }
            (looked_at, changed)
        });
        let Ok((looked_at, changed)) = looked.await else { return BTreeSet::new() };
        (self.looked_at, self.took) = (looked_at, begun.elapsed());
        changed
    }
}

/// Returns a number that changes when a file changes, or one in a folder. Access times stay.
fn state_of(path: &Path) -> u64 {
    let mut state = DefaultHasher::new();
    agents::each_file(path, &mut |path, looked| (path, looked.ok()).hash(&mut state));
    state.finish()
}

//! Passes over some files of a home, and the files that need one.

use std::sync::Arc;

use jiff::Timestamp;
use threadkeep_backfill::{BoxError, Progress as _, Source as _};
use threadkeep_rollout::{AgentHome, HomeError, RolloutName};

use super::{BackfillPorts, HomeItem, IndexOptions};
use crate::runtime::StateRuntime;

/// Stored outcomes that are read at a time.
const PAGE: usize = 1_000;

/// File of a home that is not in the index as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChangedFile {
    /// Path in the home, with `/` between folders.
    pub path: String,
    /// Parsed name of a rollout; `None` if it is malformed, and for the file with thread names.
    pub name: Option<RolloutName>,
    /// Time of the last change, also of the file's place. No line in it is newer. `None` for the
    /// file with thread names.
    pub changed_at: Option<Timestamp>,
}

impl StateRuntime {
    /// Returns the ports for indexing some files of `home`, given by their paths. All others count
    /// as not seen, so that the pass neither begins nor completes one over the home.
    ///
    /// # Errors
    ///
    /// As [`backfill_ports`](Self::backfill_ports).
    pub fn backfill_ports_of(
        &self,
        home: &AgentHome,
        paths: Vec<String>,
    ) -> Result<BackfillPorts, HomeError> {
        let (mut ports, paths): (_, Arc<[String]>) =
            (self.backfill_ports(home, IndexOptions::default())?, paths.into());
        ports.source.only = Some(Arc::clone(&paths));
        ports.progress.only = Some(paths);
        ports.index.is_limited = true;
        Ok(ports)
    }

    /// Lists the home, and returns the files that a pass would read, by path. Any error makes the
    /// answer `None`: a pass reports it.
    pub async fn changed_files(&self, home: &AgentHome) -> Option<Vec<ChangedFile>> {
        self.compare_with_home(home).await.ok()
    }

    async fn compare_with_home(&self, home: &AgentHome) -> Result<Vec<ChangedFile>, BoxError> {
        let ports = self.backfill_ports(home, IndexOptions::default())?;
        let mut listed = ports.source.list().await?.items;
        listed.sort_unstable_by(|one, other| one.key.cmp(&other.key));
        let (mut is_current, mut last) = (vec![false; listed.len()], None);
        // In pages, so that an index of many files makes no large blocks of memory.
        loop {
            let page = ports.progress.outcomes(last.as_deref(), PAGE).await?;
            for stored in page.iter().filter(|stored| stored.present) {
                if let Ok(at) = listed.binary_search_by(|item| item.key.cmp(&stored.key)) {
                    is_current[at] = listed[at].fingerprint == stored.fingerprint;
                }
            }
            last = page.last().map(|stored| stored.key.clone());
            if page.len() < PAGE {
                break;
            }
        }
        let changed = listed.into_iter().zip(is_current).filter(|(_, is_current)| !is_current);
        let file = |item: threadkeep_backfill::Item<HomeItem>| {
            let (name, changed_at) = match item.handle {
                HomeItem::Rollout { name, changed_at_ms, .. } => {
                    (name, Timestamp::from_millisecond(changed_at_ms).ok())
                }
                HomeItem::Names => (None, None),
            };
            ChangedFile { path: item.key, name, changed_at }
        };
        Ok(changed.map(|(item, _)| file(item)).collect())
    }
}

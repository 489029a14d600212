//! Brings one thread up to date without listing the home.

use std::collections::HashMap;

use threadkeep_backfill::{BoxError, Progress as _};
use threadkeep_rollout::{AgentHome, SESSION_INDEX};

use super::{BackfillPorts, Gate};
use crate::runtime::StateRuntime;
use crate::thread::Thread;

/// State of a thread in the index, compared with its files.
#[derive(Debug)]
pub enum Freshness {
    /// Nothing has changed since the thread was indexed.
    Current,
    /// Files of the thread have changed, or it has a new one. A pass over these ports reads them
    /// and no others.
    Changed(Box<BackfillPorts>),
    /// Only a pass over the whole home can find out.
    Unknown,
}

impl StateRuntime {
    /// Compares the files of a thread with the index, and looks for new ones where an agent puts
    /// them. Reads no rollout. Any error makes the answer [`Freshness::Unknown`]: a pass reports
    /// it.
    pub async fn freshness(&self, home: &AgentHome, thread: &Thread) -> Freshness {
        match self.compared(home, thread).await {
            Ok(freshness) => freshness,
            Err(_) => Freshness::Unknown,
        }
    }

    async fn compared(&self, home: &AgentHome, thread: &Thread) -> Result<Freshness, BoxError> {
        // After an interrupted pass, and for a file that is gone, there is more to look at.
        if self.backfill_gate().await? != Gate::Complete || thread.missing_since.is_some() {
            return Ok(Freshness::Unknown);
        }
        let mut paths = self.threads().files_of(thread.id).await?;
        paths.push(SESSION_INDEX.to_owned());
        let (state, home, id, since) = (self.clone(), home.clone(), thread.id, thread.updated_at);
        let look = tokio::task::spawn_blocking(move || -> Result<_, BoxError> {
            paths.extend(home.find_recent_files_of(id, since).into_iter().map(|file| file.path));
            paths.sort();
            paths.dedup();
            let ports = state.backfill_ports_of(&home, paths)?;
            let items = ports.source.items()?;
            Ok((ports, items))
        });
        let (ports, items) = look.await??;
        let stored = ports.progress.outcomes(None, usize::MAX).await?;
        let stored: HashMap<&str, _> = stored.iter().map(|stored| (stored.key.as_str(), stored)).collect();
        let is_same = items.iter().all(|item| {
            let stored = stored.get(item.key.as_str());
            stored.is_some_and(|stored| stored.present && stored.fingerprint == item.fingerprint)
        });
        let is_gone =
            stored.keys().any(|key| *key == SESSION_INDEX && items.iter().all(|item| item.key != *key));
        Ok(match (is_same, is_gone) {
            (_, true) => Freshness::Unknown,
            (true, false) => Freshness::Current,
            (false, false) => Freshness::Changed(Box::new(ports)),
        })
    }
}

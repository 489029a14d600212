//! The rollouts of an agent home as items.

use std::io;

use async_trait::async_trait;
use threadkeep_backfill::{Item, Problem, ProblemKind, Source, SourceError};
use threadkeep_rollout::{AgentHome, Discovery, RolloutFile, RolloutName};

use crate::problem::HistoryProblem;

type Listing = threadkeep_backfill::Listing<HistoryItem, HistoryProblem>;

/// Part of every fingerprint. It grows when the projection learns something new, and then
/// everything is read again.
const PROJECTION: u32 = 1;

/// An agent home as a source of items.
#[derive(Clone, Debug)]
pub struct HistorySource {
    home: AgentHome,
}

/// A rollout. The item's key is its path in the home.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryItem {
    pub(crate) name: Option<RolloutName>,
    pub(crate) compressed: bool,
}

impl HistorySource {
    pub(crate) fn new(home: AgentHome) -> Self {
        Self { home }
    }

    fn list_blocking(&self) -> Result<Listing, SourceError> {
        // A home that went away while the program ran: everything in it would be taken for deleted.
        self.home.root().metadata().map_err(|error| self.unlisted(error))?;
        let Discovery { files, problems, .. } = self.home.discover();
        let mut listing = Listing { items: files.into_iter().map(item).collect(), ..Listing::default() };
        for problem in problems {
            listing.unknown_prefixes.extend(problem.hidden_prefix());
            let kind = ProblemKind::Listing(HistoryProblem::Place(problem.reason));
            listing.problems.push(Problem { key: problem.path, kind });
        }
        Ok(listing)
    }

    fn unlisted(&self, error: io::Error) -> SourceError {
        let place = self.home.root().display().to_string();
        match error.kind() {
            io::ErrorKind::NotFound => SourceError::Missing { place },
            _ => SourceError::Unreadable { place, source: Box::new(error) },
        }
    }
}

/// Returns the fingerprint that a file is stored with.
pub(crate) fn fingerprint_of(file: &RolloutFile) -> String {
    file.fingerprint.short(&PROJECTION.to_le_bytes())
}

fn item(file: RolloutFile) -> Item<HistoryItem> {
    let stored = fingerprint_of(&file);
    let RolloutFile { path, name, compressed, fingerprint, .. } = file;
    Item { key: path, fingerprint: stored, bytes: fingerprint.len, handle: HistoryItem { name, compressed } }
}

#[async_trait]
impl Source for HistorySource {
    type Handle = HistoryItem;
    type Problem = HistoryProblem;

    async fn list(&self) -> Result<Listing, SourceError> {
        let source = self.clone();
        tokio::task::spawn_blocking(move || source.list_blocking())
            .await
            .unwrap_or_else(|error| Err(self.unlisted(io::Error::other(error))))
    }
}

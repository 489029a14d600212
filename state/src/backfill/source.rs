//! What there is to index in an agent home: its rollouts, and the file that names threads.

use async_trait::async_trait;
use threadkeep_backfill::{Item, Listing, ListingProblem, Source, SourceError};
use threadkeep_rollout::{AgentHome, Fingerprint, RolloutFile};

use crate::home::hides_files;
use crate::threads::SESSION_INDEX;

/// Part of every fingerprint. It grows when the extraction learns something new, and then everything is read again.
const EXTRACTION: u32 = 1;

/// An agent home as a source of items.
#[derive(Clone, Debug)]
pub struct HomeSource {
    home: AgentHome,
    recipe: String,
}

/// One thing in the home that the index is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HomeItem {
    /// A rollout.
    Rollout(RolloutFile),
    /// `session_index.jsonl`.
    Names,
}

impl HomeSource {
    /// The provider is part of the fingerprints: where it changes, rows made with the old one are made anew.
    pub(super) fn new(home: AgentHome, default_provider: &str) -> HomeSource {
        HomeSource { home, recipe: format!("{EXTRACTION}:{default_provider}") }
    }

    fn list_blocking(&self) -> Listing<HomeItem> {
        let discovery = self.home.discover();
        let mut items: Vec<Item<HomeItem>> = Vec::with_capacity(discovery.files.len() + 1);
        items.extend(discovery.files.into_iter().map(|file| Item {
            key: file.path.clone(),
            fingerprint: format!("{}@{}", file.fingerprint, self.recipe),
            bytes: file.fingerprint.len,
            handle: HomeItem::Rollout(file),
        }));
        if let Ok(metadata) = self.home.absolute(SESSION_INDEX).metadata() {
            let fingerprint = Fingerprint::of(&metadata);
            items.push(Item {
                key: SESSION_INDEX.to_owned(),
                fingerprint: fingerprint.to_string(),
                bytes: fingerprint.len,
                handle: HomeItem::Names,
            });
        }
        let unknown_prefixes = discovery
            .problems
            .iter()
            .filter(|problem| hides_files(&problem.reason))
            .map(|problem| problem.path.clone())
            .collect();
        let problems = discovery
            .problems
            .into_iter()
            .map(|problem| ListingProblem { reason: problem.reason.to_string(), place: problem.path })
            .collect();
        Listing { items, problems, unknown_prefixes }
    }
}

#[async_trait]
impl Source for HomeSource {
    type Handle = HomeItem;

    async fn list(&self) -> Result<Listing<HomeItem>, SourceError> {
        let place = self.home.root().display().to_string();
        let source = self.clone();
        tokio::task::spawn_blocking(move || source.list_blocking())
            .await
            .map_err(|error| SourceError::Unreadable { place, source: Box::new(error) })
    }
}

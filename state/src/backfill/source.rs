//! Items of an agent home: its rollouts, and the file that names threads.

use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use threadkeep_backfill::{Item, Problem, ProblemKind, Source, SourceError};
use threadkeep_rollout::{
    AgentHome, Discovery, Fingerprint, ProblemReason, RolloutFile, RolloutName, SESSION_INDEX,
};

use crate::fingerprint::Recipe;
use crate::home_problem::HomeProblem;

type Listing = threadkeep_backfill::Listing<HomeItem, HomeProblem>;

/// An agent home as a source of items.
#[derive(Clone, Debug)]
pub struct HomeSource {
    home: AgentHome,
    recipe: Recipe,
    /// Keys of the only files that are listed. Default: every file of the home.
    pub(super) only: Option<Arc<[String]>>,
}

/// One thing in the home that the index is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HomeItem {
    /// A rollout. The item's key is its path in the home.
    Rollout {
        /// Parsed file name; `None` if it is malformed.
        name: Option<RolloutName>,
        /// True in the archive.
        archived: bool,
        /// True if the file is compressed.
        compressed: bool,
        /// Time in milliseconds of the file's last change, also of its place.
        changed_at_ms: i64,
    },
    /// `session_index.jsonl`.
    Names,
}

impl HomeSource {
    /// Makes a source. The provider is part of the fingerprints: if it changes, everything is read
    /// again.
    pub(super) fn new(home: AgentHome, default_provider: &str) -> HomeSource {
        HomeSource { home, recipe: Recipe::new(default_provider), only: None }
    }

    fn item(&self, file: RolloutFile) -> Item<HomeItem> {
        Item {
            key: file.path,
            fingerprint: self.recipe.stored(&file.fingerprint),
            bytes: file.fingerprint.len,
            handle: HomeItem::Rollout {
                name: file.name,
                archived: file.archived,
                compressed: file.compressed,
                changed_at_ms: file.fingerprint.changed_ns.max(file.fingerprint.modified_ns) / 1_000_000,
            },
        }
    }

    /// Returns the items of the files that the source is limited to.
    ///
    /// # Errors
    ///
    /// The operating system's error for a rollout that cannot be looked at.
    pub(super) fn items(&self) -> io::Result<Vec<Item<HomeItem>>> {
        let paths = self.only.iter().flat_map(|only| only.iter());
        let rollouts = paths.filter(|path| *path != SESSION_INDEX);
        let items: io::Result<Vec<_>> =
            rollouts.map(|path| Ok(self.item(self.home.rollout_at(path)?))).collect();
        let mut listing = Listing { items: items?, ..Listing::default() };
        self.list_names(&mut listing);
        Ok(listing.items)
    }

    fn list_blocking(&self) -> Result<Listing, SourceError> {
        // A home that went away while the program ran: everything in it would be taken for deleted.
        self.home.root().metadata().map_err(|error| self.unlisted(error))?;
        if self.only.is_some() {
            // The empty prefix stands for everything else.
            let items = self.items().map_err(|error| self.unlisted(error))?;
            return Ok(Listing { items, unknown_prefixes: vec![String::new()], ..Listing::default() });
        }
        let Discovery { files, problems, .. } = self.home.discover();
        let mut listing = Listing { items: Vec::with_capacity(files.len() + 1), ..Listing::default() };
        listing.items.extend(files.into_iter().map(|file| self.item(file)));
        for problem in problems {
            listing.unknown_prefixes.extend(problem.hidden_prefix());
            let kind = ProblemKind::Listing(HomeProblem::Place(problem.reason));
            listing.problems.push(Problem { key: problem.path, kind });
        }
        self.list_names(&mut listing);
        Ok(listing)
    }

    /// Lists the file that names threads. Only if it is certainly not there are its names gone.
    fn list_names(&self, listing: &mut Listing) {
        match self.home.absolute(SESSION_INDEX).metadata() {
            Ok(metadata) => {
                let fingerprint = Fingerprint::of(&metadata);
                listing.items.push(Item {
                    key: SESSION_INDEX.to_owned(),
                    fingerprint: self.recipe.stored(&fingerprint),
                    bytes: fingerprint.len,
                    handle: HomeItem::Names,
                });
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                listing.unknown_prefixes.push(SESSION_INDEX.to_owned());
                let kind =
                    ProblemKind::Listing(HomeProblem::Place(ProblemReason::Unreadable(error.to_string())));
                listing.problems.push(Problem { key: SESSION_INDEX.to_owned(), kind });
            }
        }
    }

    fn unlisted(&self, error: io::Error) -> SourceError {
        let place = self.home.root().display().to_string();
        match error.kind() {
            io::ErrorKind::NotFound => SourceError::Missing { place },
            _ => SourceError::Unreadable { place, source: Box::new(error) },
        }
    }
}

#[async_trait]
impl Source for HomeSource {
    type Handle = HomeItem;
    type Problem = HomeProblem;

    async fn list(&self) -> Result<Listing, SourceError> {
        let source = self.clone();
        tokio::task::spawn_blocking(move || source.list_blocking())
            .await
            .unwrap_or_else(|error| Err(self.unlisted(io::Error::other(error))))
    }
}

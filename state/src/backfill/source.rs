//! What there is to index in an agent home: its rollouts, and the file that names threads.

use std::collections::HashSet;
use std::io;

use async_trait::async_trait;
use threadkeep_backfill::{BoxError, Item, ListingProblem, Source, SourceError};
use threadkeep_rollout::{AgentHome, Discovery, Fingerprint, ProblemReason, RolloutFile, SESSION_INDEX};
use threadkeep_sqlite::{Database, Tombstone};

use super::IndexOptions;
use crate::home::prefix_of;
use crate::home_problem::HomeProblem;
use crate::tombstone::TOMBSTONES;

/// Part of every fingerprint. It grows when the extraction learns something new, and then everything is read again.
const EXTRACTION: u32 = 2;

type Listing = threadkeep_backfill::Listing<HomeItem, HomeProblem>;

/// An agent home as a source of items.
#[derive(Clone, Debug)]
pub struct HomeSource {
    home: AgentHome,
    recipe: String,
    /// The index that knows which threads were deleted; nothing when theirs are to be listed as well.
    index: Option<Database>,
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
    pub(super) fn new(
        home: AgentHome,
        default_provider: &str,
        index: Database,
        options: IndexOptions,
    ) -> HomeSource {
        let index = (!options.include_deleted).then_some(index);
        HomeSource { home, recipe: format!("{EXTRACTION}:{default_provider}"), index }
    }

    fn list_blocking(&self) -> Result<Listing, SourceError> {
        // A home that went away while the program ran: everything in it would be taken for deleted.
        self.home.root().metadata().map_err(|error| self.unlisted(error))?;
        let Discovery { files, problems, .. } = self.home.discover();
        let mut listing = Listing { items: Vec::with_capacity(files.len() + 1), ..Listing::default() };
        listing.items.extend(files.into_iter().map(|file| Item {
            key: file.path.clone(),
            fingerprint: format!("{}@{}", file.fingerprint, self.recipe),
            bytes: file.fingerprint.len,
            handle: HomeItem::Rollout(file),
        }));
        for problem in problems {
            if problem.reason.hides_files() {
                listing.unknown_prefixes.push(prefix_of(&problem.path));
            }
            let problem_of_place = HomeProblem::Place(problem.reason);
            listing.problems.push(ListingProblem { place: problem.path, problem: problem_of_place });
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
                    fingerprint: fingerprint.to_string(),
                    bytes: fingerprint.len,
                    handle: HomeItem::Names,
                });
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                listing.unknown_prefixes.push(SESSION_INDEX.to_owned());
                let problem = HomeProblem::Place(ProblemReason::Unreadable(error.to_string()));
                listing.problems.push(ListingProblem { place: SESSION_INDEX.to_owned(), problem });
            }
        }
    }

    /// Leaves out the files that are named after deleted threads.
    ///
    /// Nothing is stored of such a file, its path least of all, so each pass would read it anew. One that another thread's
    /// row was made from stays: its name was given by mistake.
    async fn leave_out(&self, listing: &mut Listing) -> Result<(), BoxError> {
        let Some(index) = &self.index else { return Ok(()) };
        let deleted = index.read(async |conn| TOMBSTONES.all(conn).await).await?;
        if deleted.is_empty() {
            return Ok(());
        }
        let deleted: HashSet<String> = deleted.into_iter().map(|stone| stone.digest).collect();
        let is_deleted = |item: &Item<HomeItem>| match &item.handle {
            HomeItem::Rollout(RolloutFile { name: Some(name), .. }) => {
                deleted.contains(&Tombstone::digest(name.thread_id))
            }
            _ => false,
        };
        let named: Vec<&str> =
            listing.items.iter().filter(|item| is_deleted(item)).map(|item| item.key.as_str()).collect();
        let kept =
            sqlx::query_scalar("SELECT path FROM rollouts WHERE path IN (SELECT value FROM json_each(?1))")
                .bind(serde_json::to_string(&named)?);
        let kept: Vec<String> = index.read(async |conn| kept.fetch_all(conn).await).await?;
        let before = listing.items.len();
        listing.items.retain(|item| !is_deleted(item) || kept.contains(&item.key));
        listing.excluded = (before - listing.items.len()) as u64;
        Ok(())
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
        let mut listing = tokio::task::spawn_blocking(move || source.list_blocking())
            .await
            .unwrap_or_else(|error| Err(self.unlisted(io::Error::other(error))))?;
        self.leave_out(&mut listing).await.map_err(|source| SourceError::Unreadable {
            place: self.home.root().display().to_string(),
            source,
        })?;
        Ok(listing)
    }
}

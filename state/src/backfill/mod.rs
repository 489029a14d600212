//! The ports of `threadkeep-backfill`, over an agent home and this index.
//!
//! Data flows one way: [`HomeSource`] finds what is in the home, [`ThreadIndex`] reads it and
//! commits it in batches, [`BackfillProgress`] knows the earlier outcome of each file. The
//! composition root makes an engine of the three.

mod assign;
mod commit;
mod content;
mod dependents;
mod files;
mod gate;
mod index;
mod one;
mod outcome;
mod progress;
mod source;

use std::sync::Arc;

use threadkeep_backfill::ItemProblem;
use threadkeep_rollout::{AgentHome, HomeError};

pub use content::{HomeContent, ThreadIndex};
pub use files::ChangedFile;
pub use gate::Gate;
pub use one::Freshness;
pub(crate) use outcome::store_sql;
pub use progress::BackfillProgress;
pub(crate) use progress::{OUTCOMES, OUTCOMES_OF, RUNS};
pub use source::{HomeItem, HomeSource};

use crate::home_problem::HomeProblem;
use crate::runtime::StateRuntime;

/// The report of a run over an agent home.
pub type BackfillReport = threadkeep_backfill::Report<HomeProblem>;

impl ItemProblem for HomeProblem {
    fn is_transient(&self) -> bool {
        HomeProblem::is_transient(self)
    }

    fn panicked(message: &str) -> Self {
        HomeProblem::Panicked(message.to_owned())
    }
}

/// Options of indexing a home.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IndexOptions {
    /// Restores threads that the user deleted. Default: no.
    pub include_deleted: bool,
}

/// The three ports over one home and one index.
#[derive(Debug)]
#[non_exhaustive]
pub struct BackfillPorts {
    /// Finds the rollouts.
    pub source: HomeSource,
    /// Reads and stores them.
    pub index: ThreadIndex,
    /// Knows what was done before.
    pub progress: BackfillProgress,
}

impl StateRuntime {
    /// Returns the progress of the backfill, and the outcome of each file.
    pub fn backfill_progress(&self) -> BackfillProgress {
        BackfillProgress::new(self.database().clone(), IndexOptions::default())
    }

    /// Returns the ports for indexing `home` into this index.
    ///
    /// # Errors
    ///
    /// The [`HomeError`] of the home's `config.toml`, which names the model provider of rollouts
    /// that name none.
    pub fn backfill_ports(
        &self,
        home: &AgentHome,
        options: IndexOptions,
    ) -> Result<BackfillPorts, HomeError> {
        let default_provider: Arc<str> = home.config()?.default_model_provider().into();
        let (db, home) = (self.database().clone(), home.clone());
        Ok(BackfillPorts {
            source: HomeSource::new(home.clone(), &default_provider),
            progress: BackfillProgress::new(db.clone(), options),
            index: ThreadIndex { db, home, options, default_provider, is_limited: false },
        })
    }
}

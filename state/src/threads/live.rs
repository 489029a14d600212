//! Live sessions: a program that records a thread reports every appended line, and the index writes
//! as little as it can.

use std::path::PathBuf;

use threadkeep_rollout::{AgentHome, Appended, Change, HomeError, Recorder, ThreadMetadata};

use super::{ThreadStore, ThreadUpsert};
use crate::error::StateError;

/// Error of following a session.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LiveError {
    /// The home's settings could not be read.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// The index failed.
    #[error(transparent)]
    State(#[from] StateError),
    /// The rollout belongs to another home.
    #[error("cannot follow {}: it is not in the home {}", path.display(), home.display())]
    OutsideHome {
        /// The rollout.
        path: PathBuf,
        /// The home that was given.
        home: PathBuf,
    },
}

/// A thread that is being recorded and followed by the index.
///
/// The process may be killed at any moment: the next index run finds in the rollout what was not
/// written.
#[derive(Clone, Debug)]
pub struct LiveThread {
    threads: ThreadStore,
    rollout_path: String,
    archived: bool,
    default_provider: String,
}

impl ThreadStore {
    /// Follows a thread that is being recorded, and indexes its rollout as it is now.
    ///
    /// # Errors
    ///
    /// [`LiveError::OutsideHome`], [`LiveError::Home`], [`LiveError::State`].
    pub async fn follow(&self, home: &AgentHome, recorder: &Recorder) -> Result<LiveThread, LiveError> {
        let outside =
            || LiveError::OutsideHome { path: recorder.path().to_owned(), home: home.root().to_owned() };
        let relative = recorder.path().strip_prefix(home.root()).map_err(|_| outside())?;
        let parts: Option<Vec<&str>> = relative.iter().map(|part| part.to_str()).collect();
        let rollout_path = parts.ok_or_else(outside)?.join("/");
        let live = LiveThread {
            threads: self.clone(),
            archived: rollout_path.starts_with("archived_sessions/"),
            rollout_path,
            default_provider: home.config()?.default_model_provider().to_owned(),
        };
        live.upsert(recorder.metadata().clone()).await?;
        Ok(live)
    }
}

impl LiveThread {
    /// Indexes an appended line, and returns true if that was written. A line that describes the
    /// thread is written at once, with every waiting touch. A touch may wait for others
    /// ([`ThreadStore::touch`]).
    ///
    /// # Errors
    ///
    /// [`StateError::Database`]. The next call writes the touches that this one could not. The next
    /// index run finds a description in the rollout.
    pub async fn appended(&self, appended: &Appended) -> Result<bool, StateError> {
        match &appended.change {
            Change::Metadata(metadata) => {
                self.upsert((**metadata).clone()).await?;
                Ok(true)
            }
            Change::Touch(touch) => self.threads.touch(*touch).await,
            _ => Ok(false),
        }
    }

    /// Writes all waiting touches of the process. For the end of a session.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`]; the touches are kept.
    pub async fn finish(self) -> Result<(), StateError> {
        self.threads.flush_touches().await
    }

    async fn upsert(&self, metadata: ThreadMetadata) -> Result<(), StateError> {
        let upsert =
            ThreadUpsert::extracted(metadata, &self.rollout_path, self.archived, &self.default_provider);
        self.threads.upsert(&[upsert]).await.map(drop)
    }
}

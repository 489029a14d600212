//! A live session: whoever records a thread tells the index what was appended, and the index writes as little as it can.

use std::path::PathBuf;

use threadkeep_rollout::{AgentHome, Appended, Change, HomeError, Recorder, ThreadMetadata};

use super::{ThreadStore, ThreadUpsert};
use crate::error::StateError;

/// Why a session could not be followed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LiveError {
    /// The home's settings could not be read.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// The index failed.
    #[error(transparent)]
    State(#[from] StateError),
    /// The rollout is of another home.
    #[error("{} is not in the home {}: follow it with the home that it was made in", path.display(), home.display())]
    OutsideHome {
        /// The rollout.
        path: PathBuf,
        /// The home that was given.
        home: PathBuf,
    },
}

/// A thread that is being recorded, as its index follows it.
///
/// It may end at any moment without a word, as a killed process does: what was not written yet, the next index run finds in the
/// rollout.
#[derive(Clone, Debug)]
pub struct LiveThread {
    threads: ThreadStore,
    rollout_path: String,
    archived: bool,
    default_provider: String,
}

impl ThreadStore {
    /// Follows a thread that is being recorded: puts into the index what its rollout says so far, and takes what is appended
    /// from there on.
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
    /// Tells the index of a line that was appended, and says whether that was written: what describes the thread is at once,
    /// with every touch that waits; a touch may wait for others ([`ThreadStore::touch`]).
    ///
    /// # Errors
    ///
    /// [`StateError::Database`]; the next call writes what this one could not, but for a description, which the next index run
    /// finds in the rollout.
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

    /// Writes what waits, of this and all other threads of the process. For the end of a session.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`]; what waits is kept.
    pub async fn finish(self) -> Result<(), StateError> {
        self.threads.flush_touches().await
    }

    async fn upsert(&self, metadata: ThreadMetadata) -> Result<(), StateError> {
        let upsert =
            ThreadUpsert::extracted(metadata, &self.rollout_path, self.archived, &self.default_provider);
        self.threads.upsert(&[upsert]).await.map(drop)
    }
}

//! Reading of rollouts, on threads that may wait for the disk.

use threadkeep_rollout::ExtractError;

use crate::error::HistoryError;

/// Runs work on a thread of its own.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, HistoryError> + Send + 'static,
) -> Result<T, HistoryError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        let source = ExtractError::Io(std::io::Error::other(error));
        Err(HistoryError::Rollout { path: "rollouts".to_owned(), source })
    })
}

//! Errors from behind the ports: one type an action, one variant a remedy.

use std::time::Duration;

use thiserror::Error;

/// An error from behind a port.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A write under a lease that did not happen, not even in part.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The lease's token is no longer the current one, or the thread was deleted.
    #[error("the lease was taken over or given back")]
    LeaseLost,
    /// The store failed.
    #[error("cannot write to the store")]
    Backend(#[from] BoxError),
}

/// The text of a thread that cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ThreadTextError {
    /// The thread's file is gone.
    #[error("the thread's rollout is missing")]
    Missing,
    /// The file is there and cannot be read.
    #[error("cannot read the thread's rollout")]
    Unreadable(#[from] BoxError),
}

/// A model that gave no answer.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ModelError {
    /// Another try may succeed: the answer came too late, or is none.
    #[error("the model gave no answer: {reason}")]
    Transient {
        /// The reason, without secrets.
        reason: String,
    },
    /// No thread would get an answer now: the server cannot be reached, is busy, or refuses the
    /// key.
    #[error("the model is unavailable: {reason}")]
    Unavailable {
        /// The reason, without secrets.
        reason: String,
        /// Wait that the server asked for.
        retry_after: Option<Duration>,
    },
    /// Another try would fail alike: the request was refused, or the settings are wrong.
    #[error("the model refused the request: {reason}")]
    Permanent {
        /// The reason, without secrets.
        reason: String,
    },
}

/// An agent that did not consolidate.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AgentError {
    /// The agent could not be started.
    #[error("cannot start the agent: {reason}")]
    Start {
        /// The reason, without secrets.
        reason: String,
    },
    /// The agent ended with a failure.
    #[error("the agent failed: {reason}")]
    Failed {
        /// The reason, without secrets.
        reason: String,
    },
    /// The agent took too long and was ended, with its children.
    #[error("the agent ran longer than {} s and was stopped", after.as_secs())]
    TimedOut {
        /// The limit.
        after: Duration,
    },
}

/// Returns an error with its causes.
pub(crate) fn describe(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

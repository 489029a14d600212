//! Problems of files and places in an agent home, as far as they keep the history from being read.

use std::fmt;
use std::sync::Arc;

use threadkeep_backfill::ItemProblem;
use threadkeep_rollout::{ExtractError, ProblemReason};

/// Reason why a file or a place gives no history. The message does not name it.
///
/// The store keeps those of files as a code and a detail. Two problems are equal if these are.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum HistoryProblem {
    /// The place could not be listed, or looks wrong.
    Place(ProblemReason),
    /// The file gives no thread.
    Unread(Arc<ExtractError>),
    /// Reading the file panicked, with a message.
    Panicked(String),
    /// A newer program stored a problem that this one does not know.
    Unknown {
        /// The problem's code.
        code: String,
        /// The problem's detail.
        detail: Option<String>,
    },
}

impl HistoryProblem {
    /// Returns the stable word for this kind of problem.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Place(reason) => reason.code(),
            Self::Unread(error) => error.code(),
            Self::Panicked(_) => "panicked",
            Self::Unknown { code, .. } => code,
        }
    }

    pub(crate) fn detail(&self) -> Option<String> {
        match self {
            Self::Place(reason) => reason.detail().map(str::to_owned),
            Self::Unread(error) => error.detail(),
            Self::Panicked(message) => Some(message.clone()),
            Self::Unknown { detail, .. } => detail.clone(),
        }
    }

    pub(crate) fn stored(code: String, detail: Option<String>) -> Self {
        let restored = match (code.as_str(), &detail) {
            ("panicked", Some(message)) => Some(Self::Panicked(message.clone())),
            (code, detail) => ExtractError::from_code(code, detail.as_deref()).map(Self::from),
        };
        restored.unwrap_or(Self::Unknown { code, detail })
    }
}

impl ItemProblem for HistoryProblem {
    fn is_transient(&self) -> bool {
        match self {
            Self::Unread(error) => error.is_transient(),
            // This program looks for itself.
            Self::Unknown { .. } => true,
            Self::Place(_) | Self::Panicked(_) => false,
        }
    }

    fn panicked(message: &str) -> Self {
        Self::Panicked(message.to_owned())
    }
}

impl PartialEq for HistoryProblem {
    fn eq(&self, other: &Self) -> bool {
        self.code() == other.code() && self.detail() == other.detail()
    }
}

impl From<ExtractError> for HistoryProblem {
    fn from(error: ExtractError) -> Self {
        Self::Unread(Arc::new(error))
    }
}

impl fmt::Display for HistoryProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Place(reason) => reason.fmt(f),
            Self::Unread(error) => error.fmt(f),
            Self::Panicked(message) => write!(f, "reading it panicked: {message}"),
            Self::Unknown { code, .. } => write!(f, "a newer version found: {code}"),
        }
    }
}

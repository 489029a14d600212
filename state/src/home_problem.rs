//! Problems of files and folders in an agent home.

use std::fmt;
use std::sync::Arc;

use threadkeep_rollout::{BaseProblem, ExtractError, ProblemReason, SkippedLines};
use uuid::Uuid;

/// A file or folder of the home with its problem.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FileProblem {
    /// The path, relative to the home. Empty for the home itself.
    pub path: String,
    /// The problem.
    pub problem: HomeProblem,
}

/// The problem of a file or folder. The message does not name it.
///
/// The index stores the problems of files as a [`code`](Self::code) and a [`detail`](Self::detail).
/// Two problems are equal if these are.
#[derive(Clone, Debug)]
pub enum HomeProblem {
    /// The place could not be listed, or looks wrong. The index does not store it: each run finds
    /// it again.
    Place(ProblemReason),
    /// The file gives no thread.
    Unread(Arc<ExtractError>),
    /// Reading the file panicked, with a message.
    Panicked(String),
    /// The file is indexed without some of its lines.
    LinesSkipped(SkippedLines),
    /// Another file has the same thread id and the better claim.
    Duplicate {
        /// The other file, relative to the home.
        of: String,
    },
    /// The file builds on another, which is not in the home, or too short. Only what stands in the
    /// file itself is indexed.
    Base(BaseProblem),
    /// The file is shorter than when it was last indexed. Only what is still there is indexed.
    Shrunk {
        /// Its length then, in bytes.
        was: u64,
        /// Its length now, in bytes.
        is: u64,
    },
    /// A newer program stored a problem that this one does not know.
    Unknown {
        /// The problem's code.
        code: String,
        /// The problem's detail.
        detail: Option<String>,
    },
}

impl HomeProblem {
    /// Returns the stable word for this kind of problem.
    pub fn code(&self) -> &str {
        match self {
            Self::Place(reason) => reason.code(),
            Self::Unread(error) => error.code(),
            Self::Panicked(_) => "panicked",
            Self::LinesSkipped(_) => "lines_skipped",
            Self::Duplicate { .. } => "duplicate",
            Self::Base(problem) => problem.code(),
            Self::Shrunk { .. } => "shrunk",
            Self::Unknown { code, .. } => code,
        }
    }

    /// Returns what must be stored with the code to restore the problem.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::Place(reason) => reason.detail().map(str::to_owned),
            Self::Unread(error) => error.detail(),
            Self::LinesSkipped(skipped) => serde_json::to_string(skipped).ok(),
            Self::Panicked(text) | Self::Duplicate { of: text } => Some(text.clone()),
            Self::Base(problem) => Some(problem.file_id().to_string()),
            Self::Shrunk { was, is } => Some(format!("{was} {is}")),
            Self::Unknown { detail, .. } => detail.clone(),
        }
    }

    /// Restores the problem of a file from its code and detail.
    pub(crate) fn stored(code: String, detail: Option<String>) -> HomeProblem {
        let restored = match (code.as_str(), &detail) {
            ("panicked", Some(message)) => Some(Self::Panicked(message.clone())),
            ("lines_skipped", Some(skipped)) => serde_json::from_str(skipped).ok().map(Self::LinesSkipped),
            ("duplicate", Some(of)) => Some(Self::Duplicate { of: of.clone() }),
            ("shrunk", Some(lengths)) => shrunk(lengths),
            ("base_missing", Some(id)) => Uuid::try_parse(id).ok().map(BaseProblem::Missing).map(Self::Base),
            ("base_cut", Some(id)) => Uuid::try_parse(id).ok().map(BaseProblem::Cut).map(Self::Base),
            (code, detail) => ExtractError::from_code(code, detail.as_deref()).map(ExtractError::into),
        };
        restored.unwrap_or(Self::Unknown { code, detail })
    }

    /// Returns the problem of a file that is indexed without some lines, if there are any.
    #[cfg(feature = "backfill")]
    pub(crate) fn of_skipped(skipped: &SkippedLines) -> Option<HomeProblem> {
        (!skipped.is_empty()).then(|| Self::LinesSkipped(skipped.clone()))
    }

    /// Returns the greatest length in bytes with which a file was indexed; 0 if that is not known.
    /// `length` and `problem` are those of its last reading.
    pub(crate) fn longest(length: u64, problem: Option<&HomeProblem>, failed: bool) -> u64 {
        match problem {
            Some(Self::Shrunk { was, .. }) => length.max(*was),
            _ if failed => 0,
            _ => length,
        }
    }

    /// Returns true if rollouts may exist at the place, or below it, that could not be seen.
    pub fn hides_files(&self) -> bool {
        matches!(self, Self::Place(reason) if reason.hides_files())
    }

    /// Returns true if another attempt may succeed although the file does not change.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unread(error) => error.is_transient(),
            // This program looks for itself.
            Self::Unknown { .. } => true,
            _ => false,
        }
    }
}

fn shrunk(lengths: &str) -> Option<HomeProblem> {
    let (was, is) = lengths.split_once(' ')?;
    Some(HomeProblem::Shrunk { was: was.parse().ok()?, is: is.parse().ok()? })
}

impl PartialEq for HomeProblem {
    fn eq(&self, other: &Self) -> bool {
        self.code() == other.code() && self.detail() == other.detail()
    }
}

impl From<ExtractError> for HomeProblem {
    fn from(error: ExtractError) -> Self {
        Self::Unread(Arc::new(error))
    }
}

impl fmt::Display for HomeProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Place(reason) => reason.fmt(f),
            Self::Unread(error) => error.fmt(f),
            Self::Panicked(message) => write!(f, "reading it panicked: {message}"),
            Self::LinesSkipped(skipped) => {
                write!(f, "{} line{} skipped", skipped.count, if skipped.count == 1 { "" } else { "s" })?;
                for (n, bad) in skipped.first.iter().enumerate() {
                    let comma = if n == 0 { "," } else { ";" };
                    write!(f, "{comma} {bad}")?;
                }
                f.write_str(if skipped.count > skipped.first.len() as u64 { "; …" } else { "" })
            }
            Self::Duplicate { of } => write!(f, "has the same thread id as {of}"),
            Self::Base(problem) => problem.fmt(f),
            Self::Shrunk { was, is } => write!(f, "has {is} bytes, and had {was} when it was last indexed"),
            Self::Unknown { code, detail: None } => write!(f, "a newer version found: {code}"),
            Self::Unknown { code, detail: Some(detail) } => {
                write!(f, "a newer version found: {code} ({detail})")
            }
        }
    }
}

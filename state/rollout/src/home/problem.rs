//! Problems with places in a home, and what each means to an index of the home.

use std::fmt;

/// Place in the home that could not be listed, or looks wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DiscoveryProblem {
    /// Path in the home; empty for the home itself.
    pub path: String,
    /// Kind of problem.
    pub reason: ProblemReason,
}

/// Kind of problem. The message continues a sentence that begins with the path: `sessions/x` *is a
/// broken link*.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProblemReason {
    /// The place cannot be read. Holds the operating system's message.
    Unreadable(String),
    /// The home has no folder for sessions: it is new, it is no agent's home, or its disk is not
    /// mounted.
    NoSessions,
    /// Files were moved during every listing. The last one may lack some.
    Changing,
    /// The file's name is not a rollout's. The file is listed nevertheless.
    MalformedName,
    /// The name is not UTF-8. The file is not listed.
    NameNotUtf8,
    /// A symbolic link leads out of the home. It is not followed.
    LeavesHome,
    /// A symbolic link leads nowhere.
    BrokenLink,
    /// A symbolic link leads to a folder that contains it. It is not followed.
    LinkCircle,
    /// A pipe, socket or device has a rollout's name. It is never opened.
    NotAFile,
    /// A folder is nested too deeply. It is not listed.
    TooDeep,
}

impl ProblemReason {
    /// Returns the stable word for this kind: the variant's name in `snake_case`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "unreadable",
            Self::NoSessions => "no_sessions",
            Self::Changing => "changing",
            Self::MalformedName => "malformed_name",
            Self::NameNotUtf8 => "name_not_utf8",
            Self::LeavesHome => "leaves_home",
            Self::BrokenLink => "broken_link",
            Self::LinkCircle => "link_circle",
            Self::NotAFile => "not_a_file",
            Self::TooDeep => "too_deep",
        }
    }

    /// Returns the operating system's message, if there is one, to be stored with the code.
    pub fn detail(&self) -> Option<&str> {
        if let Self::Unreadable(error) = self { Some(error) } else { None }
    }

    /// Returns true if rollouts may exist at this path, or below it, that could not be seen.
    ///
    /// An index must not take what it knows of such a place for deleted.
    pub fn hides_files(&self) -> bool {
        match self {
            // The content is unknown, and probably unchanged.
            Self::Unreadable(_) | Self::TooDeep => true,
            // An unmounted home hides every rollout; a new one has none.
            Self::NoSessions => true,
            // A file that was not seen is in another folder now.
            Self::Changing => true,
            // The folder may have moved to another disk, with a link in its place: its rollouts
            // exist.
            Self::LeavesHome => true,
            // The same, and that disk is not mounted now.
            Self::BrokenLink => true,
            // The link's target contains the link, and is listed itself.
            Self::LinkCircle => false,
            // The file itself is listed.
            Self::MalformedName => false,
            // Paths are UTF-8: nothing was ever found under this one.
            Self::NameNotUtf8 => false,
            // No rollout can have this path.
            Self::NotAFile => false,
        }
    }
}

impl DiscoveryProblem {
    /// Returns the beginning of the paths that the place may hide: of those below a folder, and not
    /// of its neighbours (`2026/1` is not `2026/10`). Empty if it may hide every file, and `None`
    /// if it hides none.
    pub fn hidden_prefix(&self) -> Option<String> {
        self.reason.hides_files().then(|| {
            let is_file = [".jsonl", ".zst", ".json"].iter().any(|ending| self.path.ends_with(ending));
            if self.path.is_empty() || is_file { self.path.clone() } else { format!("{}/", self.path) }
        })
    }
}

impl fmt::Display for ProblemReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreadable(error) => return write!(f, "cannot be read: {error}"),
            Self::NoSessions => "has neither sessions nor archived_sessions",
            Self::Changing => "has changed whenever it was listed; files may be missing",
            Self::MalformedName => "is not named rollout-YYYY-MM-DDThh-mm-ss-<uuid>.jsonl",
            Self::NameNotUtf8 => "has a name that is not UTF-8",
            Self::LeavesHome => "is a link that leaves the home, and was not followed",
            Self::BrokenLink => "is a link that leads nowhere",
            Self::LinkCircle => "is a link to a folder that contains it, and was not followed",
            Self::NotAFile => "is not a regular file, and was not opened",
            Self::TooDeep => "is nested too deeply, and was not listed",
        })
    }
}

impl fmt::Display for DiscoveryProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.path.is_empty() { "the home" } else { &self.path };
        write!(f, "{place} {}", self.reason)
    }
}

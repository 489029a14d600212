//! What may be the matter with something in a home, and what that means for whoever keeps an index of it.

use std::fmt;

/// Something in the home that could not be looked at, or looks wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DiscoveryProblem {
    /// Its path in the home; empty for the home itself.
    pub path: String,
    /// What is the matter.
    pub reason: ProblemReason,
}

/// What is the matter with something in the home.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProblemReason {
    /// It cannot be read; what the operating system says.
    Unreadable(String),
    /// The home has no folder for sessions: it is new, it is no agent's home, or what it should hold is not mounted.
    NoSessions,
    /// The file's name is not a rollout's. It is handed out all the same.
    MalformedName,
    /// The name is not UTF-8. The file is not handed out.
    NameNotUtf8,
    /// A symbolic link that leads out of the home. It is not followed.
    LeavesHome,
    /// A symbolic link that leads nowhere.
    BrokenLink,
    /// A symbolic link to a folder that it is in. It is not followed.
    LinkCircle,
    /// A pipe, socket or device with a rollout's name. It is never opened.
    NotAFile,
    /// A folder nested too deeply. It is not looked into.
    TooDeep,
}

impl ProblemReason {
    /// Whether rollouts may be at this path, or below it, that could not be seen.
    ///
    /// What an index knows of such a place is neither confirmed nor refuted: it must not be taken for deleted.
    pub fn hides_files(&self) -> bool {
        match self {
            // Whatever is in there is as it was.
            Self::Unreadable(_) | Self::TooDeep => true,
            // Every rollout is hidden if the home is not mounted; there are none to keep if it is new.
            Self::NoSessions => true,
            // A folder that has been moved to another disk, with a link in its place: its rollouts exist.
            Self::LeavesHome => true,
            // The same, and that disk is not there now.
            Self::BrokenLink => true,
            // What is behind it is what it is in.
            Self::LinkCircle => false,
            // The file itself is among those found.
            Self::MalformedName => false,
            // Paths are UTF-8: nothing there, or below, has ever been found under one.
            Self::NameNotUtf8 => false,
            // Where it stands, no rollout can.
            Self::NotAFile => false,
        }
    }
}

impl fmt::Display for ProblemReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => write!(f, "cannot be read ({error}); check its permissions"),
            Self::NoSessions => f.write_str(
                "has neither sessions nor archived_sessions; is this an agent home, and is it mounted?",
            ),
            Self::MalformedName => f.write_str("is not named rollout-YYYY-MM-DDThh-mm-ss-<uuid>.jsonl"),
            Self::NameNotUtf8 => f.write_str("has a name that is not UTF-8; rename it to have it indexed"),
            Self::LeavesHome => f.write_str("is a link that leaves the home; not followed"),
            Self::BrokenLink => f.write_str("is a link that leads nowhere; remove it"),
            Self::LinkCircle => f.write_str("is a link to a folder that it is in; not followed"),
            Self::NotAFile => f.write_str("is not a regular file; not opened"),
            Self::TooDeep => f.write_str("is nested too deeply; not looked into"),
        }
    }
}

impl fmt::Display for DiscoveryProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.path.is_empty() { "the home" } else { &self.path };
        write!(f, "{place} {}", self.reason)
    }
}

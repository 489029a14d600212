//! Result of a check: what it found, and what helps.

use std::time::Duration;

use crate::section::Section;

/// Severity of what a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Nothing to do.
    Ok,
    /// Not in use, so there is nothing to check.
    Idle,
    /// It works, and the user should know.
    Warning,
    /// Something does not work.
    Fail,
}

impl Status {
    /// Returns the word of the report.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Idle => "idle",
            Self::Warning => "warning",
            Self::Fail => "fail",
        }
    }
}

/// Value of a detail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// One text.
    Text(String),
    /// A list, which a screen may cut.
    List(Vec<String>),
}

/// Remark that stands above all checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// True for an available update, which is no trouble.
    pub is_update: bool,
    /// The remark.
    pub text: String,
}

/// Repair that `doctor --fix` can make. Each touches only what is Threadkeep's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fix {
    /// Bring the index in line with the rollouts.
    Index,
    /// Make a damaged or lost database again.
    Database(&'static str),
    /// Release the lock of a dead consolidation.
    MemoryLock,
    /// Take other users' permissions from our files.
    Permissions(Vec<std::path::PathBuf>),
}

/// Finding of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Severity.
    pub status: Status,
    /// One line for people.
    pub summary: String,
    /// Facts, in the order in which they are shown.
    pub details: Vec<(String, Value)>,
    /// Command to type.
    pub remediation: Option<String>,
    /// Remarks above all checks, next to the summary of a warning or failure.
    pub notes: Vec<Note>,
    /// Repairs that Threadkeep can make.
    pub fixes: Vec<Fix>,
}

impl Finding {
    fn new(status: Status, summary: impl Into<String>) -> Finding {
        let (details, notes, fixes) = (Vec::new(), Vec::new(), Vec::new());
        Finding { status, summary: summary.into(), details, remediation: None, notes, fixes }
    }

    /// Makes a finding about which there is nothing to do.
    pub fn ok(summary: impl Into<String>) -> Finding {
        Finding::new(Status::Ok, summary)
    }

    /// Makes a finding about something that is not in use.
    pub fn idle(summary: impl Into<String>) -> Finding {
        Finding::new(Status::Idle, summary)
    }

    /// Makes a warning. Its remedy is a command that works as typed.
    pub fn warning(summary: impl Into<String>, remedy: impl Into<String>) -> Finding {
        Finding { remediation: Some(remedy.into()), ..Finding::new(Status::Warning, summary) }
    }

    /// Makes a failure. Its remedy is a command that works as typed.
    pub fn fail(summary: impl Into<String>, remedy: impl Into<String>) -> Finding {
        Finding { remediation: Some(remedy.into()), ..Finding::new(Status::Fail, summary) }
    }

    /// Adds a fact.
    #[must_use]
    pub fn detail(mut self, label: impl Into<String>, value: impl Into<String>) -> Finding {
        self.details.push((label.into(), Value::Text(value.into())));
        self
    }

    /// Adds a list; an empty one is `none`.
    #[must_use]
    pub fn list(mut self, label: impl Into<String>, values: Vec<String>) -> Finding {
        let value = if values.is_empty() { Value::Text("none".to_owned()) } else { Value::List(values) };
        self.details.push((label.into(), value));
        self
    }

    /// Adds facts that were collected before.
    #[must_use]
    pub fn details(mut self, details: impl IntoIterator<Item = (String, Value)>) -> Finding {
        self.details.extend(details);
        self
    }

    /// Adds a remark above all checks.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Finding {
        self.notes.push(Note { is_update: false, text: text.into() });
        self
    }

    /// Adds the remark that an update is available.
    #[must_use]
    pub fn update(mut self, text: impl Into<String>) -> Finding {
        self.notes.push(Note { is_update: true, text: text.into() });
        self
    }

    /// Adds a repair that `doctor --fix` makes.
    #[must_use]
    pub fn fix(mut self, fix: Fix) -> Finding {
        self.fixes.push(fix);
        self
    }

    /// Takes over a more severe finding, and keeps its own facts. One as severe becomes a remark.
    #[must_use]
    pub fn or_worse(self, other: Option<Finding>) -> Finding {
        let Some(other) = other else { return self };
        let (worse, mut lesser) = if other.status > self.status { (other, self) } else { (self, other) };
        if lesser.status > Status::Idle {
            let text = match &lesser.remediation {
                Some(remedy) => format!("{}; `{remedy}`", lesser.summary),
                None => lesser.summary,
            };
            lesser.notes.push(Note { is_update: false, text });
        }
        let details = lesser.details.into_iter().chain(worse.details).collect();
        let notes = lesser.notes.into_iter().chain(worse.notes).collect();
        let mut fixes = worse.fixes;
        fixes.extend(lesser.fixes);
        Finding { details, notes, fixes, ..worse }
    }
}

/// A check that has run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Stable id, such as `state.databases`.
    pub id: &'static str,
    /// Part of the report.
    pub section: Section,
    /// Short name for people.
    pub label: &'static str,
    /// Result.
    pub finding: Finding,
    /// Time that it took.
    pub duration: Duration,
}

impl Check {
    /// Returns the category: the part of the id before the dot.
    #[must_use]
    pub fn category(&self) -> &'static str {
        self.id.split_once('.').map_or(self.id, |(category, _)| category)
    }
}

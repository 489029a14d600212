//! What is wrong with the settings, and where.

use std::path::Path;

use serde_json::{Value, json};
use threadkeep_redact::redact;

use super::place::Place;

/// Something that is wrong in the file, or in a variable that overrides it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) severity: Severity,
    /// Whether the file is wrong, and not a variable of the environment, which the message names.
    is_of_file: bool,
    /// Where; nothing for the file as a whole.
    pub(crate) place: Option<Place>,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

/// What a problem means for commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    /// They run, and say it.
    Warning,
    /// They do not run.
    Error,
}

impl Problem {
    pub(super) fn error(place: Option<Place>, message: String, hint: String) -> Problem {
        Problem { hint: Some(hint), ..Problem::new(Severity::Error, place, &message) }
    }

    pub(super) fn warning(place: Option<Place>, message: String) -> Problem {
        Problem::new(Severity::Warning, place, &message)
    }

    /// A problem of the file, without the secrets that are in what it says.
    fn new(severity: Severity, place: Option<Place>, message: &str) -> Problem {
        Problem { severity, is_of_file: true, place, message: redact(message).into_owned(), hint: None }
    }

    /// An error outside of the file.
    pub(super) fn of_variable(message: String, hint: String) -> Problem {
        Problem { is_of_file: false, ..Problem::error(None, message, hint) }
    }

    /// The problem with its place before it, as editors and compilers write it: `config.toml:3:13: …`.
    pub(crate) fn located(&self, path: &Path) -> String {
        if !self.is_of_file {
            return self.message.clone();
        }
        let file = path.display();
        match self.place {
            Some(Place { line, column }) => format!("{file}:{line}:{column}: {}", self.message),
            None => format!("{file}: {}", self.message),
        }
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "severity": match self.severity { Severity::Warning => "warning", Severity::Error => "error" },
            "line": self.place.map(|place| place.line),
            "column": self.place.map(|place| place.column),
            "message": self.message,
            "hint": self.hint,
        })
    }
}

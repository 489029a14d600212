//! What is wrong in a file of settings, and where.

use std::path::Path;

use serde_json::{Value, json};

use super::place::Place;

/// Something that is wrong in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) severity: Severity,
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
        Problem { severity: Severity::Error, place, message, hint: Some(hint) }
    }

    /// The problem with its place before it, as editors and compilers write it: `config.toml:3:13: …`.
    pub(crate) fn located(&self, path: &Path) -> String {
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

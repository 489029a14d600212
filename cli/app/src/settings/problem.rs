//! Problems of the settings, and where they are.

use std::path::Path;

use serde_json::{Value, json};

use super::place::Place;
use crate::message::Message;

/// Something wrong in the file, or in a variable that overrides it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Severity.
    pub severity: Severity,
    /// False if a variable of the environment is wrong, which the message names.
    is_of_file: bool,
    /// Place in the file; nothing for the file as a whole.
    pub place: Option<Place>,
    /// The problem, without its place.
    pub message: Message,
    /// Remedy.
    pub hint: Option<Message>,
}

/// Effect of a problem on commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// They run, with a note.
    Warning,
    /// They do not run.
    Error,
}

impl Problem {
    pub(super) fn error(place: Option<Place>, message: String, hint: impl Into<Message>) -> Problem {
        Problem { hint: Some(hint.into()), ..Problem::new(Severity::Error, place, message) }
    }

    pub(super) fn warning(place: Option<Place>, message: impl Into<Message>) -> Problem {
        Problem::new(Severity::Warning, place, message)
    }

    fn new(severity: Severity, place: Option<Place>, message: impl Into<Message>) -> Problem {
        Problem { severity, is_of_file: true, place, message: message.into(), hint: None }
    }

    /// Makes an error outside of the file.
    pub(super) fn of_variable(message: String, hint: String) -> Problem {
        Problem { is_of_file: false, ..Problem::error(None, message, hint) }
    }

    /// Puts the place before the problem, as editors and compilers write it: `config.toml:3:13: …`.
    pub fn located(&self, path: &Path) -> Message {
        let file = path.display();
        let place = match self.place {
            _ if !self.is_of_file => String::new(),
            Some(Place { line, column }) => format!("{file}:{line}:{column}: "),
            None => format!("{file}: "),
        };
        Message::from(place).append(self.message.clone())
    }

    /// Returns the problem for programs.
    pub fn json(&self) -> Value {
        json!({
            "severity": match self.severity { Severity::Warning => "warning", Severity::Error => "error" },
            "line": self.place.map(|place| place.line),
            "column": self.place.map(|place| place.column),
            "message": self.message.to_string(),
            "hint": self.hint.as_ref().map(ToString::to_string),
        })
    }
}

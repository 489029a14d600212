//! The marks in front of lines, and their ASCII equivalents.

use anstyle::Style;
use threadkeep_doctor::Status;

use crate::output::color::{CYAN, DIM, GREEN, RED, YELLOW};

/// Characters that the report is drawn with.
#[derive(Clone, Copy)]
pub(super) struct Symbols {
    ok: &'static str,
    idle: &'static str,
    warning: &'static str,
    fail: &'static str,
    update: &'static str,
    pub(super) rule: &'static str,
    pub(super) remedy: &'static str,
    pub(super) dot: &'static str,
    pub(super) cut: &'static str,
}

const UNICODE: Symbols = Symbols {
    ok: "✓",
    idle: "○",
    warning: "⚠",
    fail: "✗",
    update: "↑",
    rule: "─",
    remedy: "→",
    dot: " · ",
    cut: "…",
};

const ASCII: Symbols = Symbols {
    ok: "+",
    idle: "o",
    warning: "!",
    fail: "x",
    update: "^",
    rule: "-",
    remedy: ">",
    dot: ", ",
    cut: "...",
};

impl Symbols {
    pub(super) fn new(is_ascii: bool) -> Symbols {
        if is_ascii { ASCII } else { UNICODE }
    }

    /// Returns the mark of a status, and its colour.
    pub(super) fn of(self, status: Status) -> (&'static str, Style) {
        match status {
            Status::Ok => (self.ok, GREEN),
            Status::Idle => (self.idle, DIM),
            Status::Warning => (self.warning, YELLOW),
            Status::Fail => (self.fail, RED),
        }
    }

    /// Returns the mark of an available update.
    pub(super) fn of_update(self) -> (&'static str, Style) {
        (self.update, CYAN)
    }

    /// Replaces everything but ASCII in a text, if only that may be printed.
    pub(super) fn plain(self, text: &str) -> String {
        if self.cut == UNICODE.cut || text.is_ascii() {
            return text.to_owned();
        }
        let text = text.replace(" · ", ASCII.dot).replace('…', ASCII.cut);
        text.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect()
    }
}

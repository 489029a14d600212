//! A place in a text, as editors count it.

/// Place in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl Place {
    /// Returns the place of a byte; one behind the end counts as the end.
    pub(super) fn of(text: &str, at: usize) -> Place {
        let before = &text.as_bytes()[..at.min(text.len())];
        let begin = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        Place { line, column: String::from_utf8_lossy(&before[begin..]).chars().count() + 1 }
    }
}

#[cfg(test)]
#[path = "../../tests/unit/settings_place.rs"]
mod tests;

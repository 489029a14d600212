//! Texts that are stored and signed.

use std::fmt;

/// Most bytes of a text.
const MOST: usize = 256;

/// The reason why a text is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TextProblem {
    /// It is empty.
    Empty,
    /// It has more than 256 bytes.
    Long,
    /// It has a control character.
    Control,
}

impl fmt::Display for TextProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "is empty"),
            Self::Long => write!(f, "has more than {MOST} bytes"),
            Self::Control => write!(f, "has a control character"),
        }
    }
}

/// Checks a text.
pub(crate) fn check(text: &str) -> Result<(), TextProblem> {
    match text {
        "" => Err(TextProblem::Empty),
        text if text.len() > MOST => Err(TextProblem::Long),
        text if text.chars().any(char::is_control) => Err(TextProblem::Control),
        _ => Ok(()),
    }
}

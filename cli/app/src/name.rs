//! Names that users give to threads.

use crate::fault::Fault;

/// Refuses a name with control characters: it is shown in lists and typed into terminals.
///
/// # Errors
///
/// Fails with the first such character.
pub fn check_name(name: &str) -> Result<(), Fault> {
    let control = |c: &char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    match name.chars().find(control) {
        None => Ok(()),
        Some(c) => Err(Fault::new(
            format!("the name contains a control character, U+{:04X}; nothing was changed", u32::from(c)),
            "a name is one line of plain text: type it without line breaks, tabs and escapes",
        )),
    }
}

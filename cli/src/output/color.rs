//! Text styles. The output stream strips them if colours are off.

use anstyle::{AnsiColor, Style};

/// Subject of a line.
pub(crate) const BOLD: Style = Style::new().bold();
/// Secondary text.
pub(crate) const DIM: Style = Style::new().dimmed();
/// Text that can be typed into another command.
pub(crate) const CYAN: Style = AnsiColor::Cyan.on_default();
/// Success.
pub(crate) const GREEN: Style = AnsiColor::Green.on_default();
/// Warnings.
pub(crate) const YELLOW: Style = AnsiColor::Yellow.on_default();
/// Errors.
pub(crate) const RED: Style = AnsiColor::Red.on_default();

/// Puts a text into a style.
pub(crate) fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

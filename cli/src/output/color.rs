//! The few styles there are. Where there are no colours the stream strips them.

use anstyle::{AnsiColor, Style};

/// What a line is about.
pub(crate) const BOLD: Style = Style::new().bold();
/// What one reads second.
pub(crate) const DIM: Style = Style::new().dimmed();
/// What can be typed back.
pub(crate) const CYAN: Style = AnsiColor::Cyan.on_default();
/// What is well.
pub(crate) const GREEN: Style = AnsiColor::Green.on_default();
/// What deserves a look.
pub(crate) const YELLOW: Style = AnsiColor::Yellow.on_default();
/// What is wrong.
pub(crate) const RED: Style = AnsiColor::Red.on_default();

/// Puts a text into a style.
pub(crate) fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

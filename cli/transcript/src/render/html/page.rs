//! Small parts of the page.

use jiff::Timestamp;
use threadkeep_app::html;

use crate::text::visible;

/// Lines of an output from which on it is folded.
const LONG: usize = 14;

/// Makes text harmless and escapes it for HTML, also within an attribute.
pub(super) fn escaped(text: &str) -> String {
    html::escaped(&visible(text))
}

/// Makes an element with text in it.
pub(super) fn element(name: &str, class: &str, text: &str) -> String {
    let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
    let end = if matches!(name, "p" | "pre") { "\n" } else { "" };
    format!("<{name}{class}>{}</{name}>{end}", escaped(text))
}

/// Makes a short mark.
pub(super) fn badge(text: &str, kind: &str, title: &str) -> String {
    let title = if title.is_empty() { String::new() } else { format!(" title=\"{}\"", escaped(title)) };
    format!("<span class=\"badge {kind}\"{title}>{}</span>", escaped(text))
}

/// Makes a time.
pub(super) fn moment(at: Timestamp, shown: &str) -> String {
    format!("<time datetime=\"{at:.0}\">{}</time>", escaped(shown))
}

/// Returns true if a text is folded at first.
pub(super) fn is_long(text: &str) -> bool {
    text.lines().nth(LONG).is_some()
}

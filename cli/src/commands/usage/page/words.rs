//! Text and numbers for HTML.

use threadkeep_app::text::{clean, count};
use threadkeep_redact::redact;

use crate::commands::usage::groups::Amount;

/// Renders a number with its thousands apart.
pub(super) fn number_of(number: i64) -> String {
    count(number.unsigned_abs())
}

/// Returns an amount for the text that appears over a bar.
pub(super) fn in_words(amount: &Amount) -> String {
    let tokens = amount.tokens;
    format!(
        "{} tokens; input {} (cached {}), output {} (reasoning {})",
        number_of(tokens.total),
        number_of(tokens.input),
        number_of(tokens.cached_input),
        number_of(tokens.output),
        number_of(tokens.reasoning)
    )
}

/// Makes text harmless, without secrets, and escapes it for HTML, also within an attribute.
pub(super) fn escaped(text: &str) -> String {
    let text = redact(text);
    let mut html = String::with_capacity(text.len());
    for c in clean(&text).chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_threads_cannot_become_markup() {
        assert_eq!(
            escaped("<b onclick='x'>\u{1b}[31m&\"\u{202e}"),
            "&lt;b onclick=&#39;x&#39;&gt;␛[31m&amp;&quot;\u{fffd}"
        );
    }
}

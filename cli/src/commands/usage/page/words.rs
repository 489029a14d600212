//! Text and numbers for HTML.

use threadkeep_app::html;
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
    html::escaped(&clean(&redact(text)))
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

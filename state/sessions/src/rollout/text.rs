//! Texts without secrets.

use std::borrow::Cow;

use threadkeep_redact::redact;
use threadkeep_rollout::MAX_ITEM_TEXT;

/// Bytes before the end of a text that was cut. A secret whose second half was cut off begins
/// there: `threadkeep-redact` looks for no longer one.
const LONGEST_SECRET: usize = 8 * 1024;

/// Redacts a text of an item. Of a text that was cut, the last part goes: half a secret has lost
/// its shape.
pub(crate) fn safe(text: &str) -> Cow<'_, str> {
    let redacted = redact(text);
    if !is_cut(text) {
        return redacted;
    }
    let end = redacted.floor_char_boundary(redacted.len().saturating_sub(LONGEST_SECRET));
    Cow::Owned(format!("{}…", &redacted[..end]))
}

/// Returns true for a text that [`bounded`](threadkeep_rollout::bounded) may have cut.
fn is_cut(text: &str) -> bool {
    text.len() > MAX_ITEM_TEXT && text.ends_with('…') && text.chars().count() == MAX_ITEM_TEXT
}

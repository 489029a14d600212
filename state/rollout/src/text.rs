//! Text for people: bounded, and without secrets.

/// The longest title, in characters.
pub const MAX_TITLE: usize = 1_000;
/// The longest first user message, in characters.
pub const MAX_FIRST_USER_MESSAGE: usize = 4_000;
/// The longest name, version, word or id that is kept of a rollout, in characters; a longer one is
/// cut and ends with `…`.
pub const MAX_NAME: usize = 200;
/// The longest path or address that is kept of a rollout, in characters; a longer one is cut and
/// ends with `…`.
pub const MAX_PATH: usize = 4_096;
/// The longest text of an item, in characters.
pub const MAX_ITEM_TEXT: usize = 64 * 1024;
/// The longest JSON value that is kept of a rollout as it is, in bytes without white space: 16 KiB.
///
/// A longer one is replaced by `{"type":"…"}` if it has a type, and otherwise dropped.
pub const MAX_JSON: usize = 16 * 1024;
/// Characters that are searched for secrets, as a multiple of the kept characters.
const WINDOW: usize = 4;

/// Cuts a text at `max` characters; a longer one ends with `…`.
pub fn bounded(text: &str, max: usize) -> String {
    // A text has at most as many characters as bytes.
    if text.len() <= max || text.char_indices().nth(max).is_none() {
        return text.to_owned();
    }
    let end = text.char_indices().nth(max.saturating_sub(1)).map_or(0, |(at, _)| at);
    format!("{}…", &text[..end])
}

/// Redacts a text and cuts it at `max` characters.
///
/// Redacts first: half a key would not be found. Of a long text only the part that may be kept is
/// redacted, up to the end of a word.
pub(crate) fn safe(text: &str, max: usize) -> String {
    let room = max.saturating_mul(WINDOW);
    let end =
        if text.len() <= room { None } else { text.char_indices().nth(room).map(|(end, _)| &text[..end]) };
    let seen =
        end.map_or(text, |seen| seen.rsplit_once(char::is_whitespace).map_or(seen, |(words, _)| words));
    let mut shown = threadkeep_redact::redact(seen).into_owned();
    if seen.len() < text.len() {
        shown.push('…');
    }
    bounded(&shown, max)
}

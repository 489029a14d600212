//! Ids in names and texts.

/// Lengths of the parts of a UUID.
const UUID: [usize; 5] = [8, 4, 4, 4, 12];
/// Length of a UUID without dashes.
const SIMPLE: usize = 32;
/// Length of the beginning of a UUID, in names of files.
const SHORT: usize = 8;
/// Digits of a time in milliseconds, which ids of Cline CLI begin with.
const MILLISECONDS: usize = 13;

/// Returns a text in which each id is that of a copy. The first copy is the text itself.
///
/// Ids are words: UUIDs with or without dashes, the beginning of one before `.jsonl`, and a time
/// with a suffix. The same id becomes the same one everywhere, and keeps its length.
pub(crate) fn renumbered(text: &str, number: usize) -> String {
    if number == 0 {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let (mut renumbered, mut at) = (String::with_capacity(text.len()), 0);
    while at < bytes.len() {
        let begins_word = at == 0 || !bytes[at - 1].is_ascii_alphanumeric();
        let hex = || bytes[at..].iter().take_while(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')).count();
        let length = if begins_word { hex() } else { 0 };
        let rest = &text[at + length..];
        let ends_word = !rest.starts_with(|next: char| next.is_ascii_alphanumeric());
        let is_id = match length {
            SHORT => rest.starts_with(".jsonl") || is_uuid(&bytes[at..]),
            SIMPLE => ends_word,
            MILLISECONDS => rest.starts_with('_'),
            _ => false,
        };
        if is_id {
            renumbered.push_str(&changed(&text[at..at + length], number));
            at += length;
            continue;
        }
        // The next character, and the word that it begins.
        let step = text[at..].chars().next().map_or(1, char::len_utf8).max(length);
        renumbered.push_str(&text[at..at + step]);
        at += step;
    }
    renumbered
}

/// Changes the first eight digits of an id; of a time, its last three.
fn changed(id: &str, number: usize) -> String {
    if id.len() == MILLISECONDS {
        let time: u64 = id.parse().unwrap_or_default();
        return (time + number as u64).to_string();
    }
    let (first, rest) = id.split_at(SHORT);
    let first = u32::from_str_radix(first, 16).unwrap_or_default() ^ number as u32;
    format!("{first:08x}{rest}")
}

fn is_uuid(bytes: &[u8]) -> bool {
    let mut at = 0;
    UUID.into_iter().enumerate().all(|(part, length)| {
        let is_parted = part == 0 || bytes.get(at) == Some(&b'-');
        at += usize::from(part > 0);
        let digits = bytes.get(at..at + length);
        at += length;
        is_parted && digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}

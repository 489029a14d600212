//! Text and binary content.

/// Number of bytes in which a zero byte makes a file binary, as git has it.
const PROBE: usize = 8000;

/// Returns true if git takes the content for binary.
pub(super) fn is_binary(content: &[u8]) -> bool {
    content.iter().take(PROBE).any(|byte| *byte == 0)
}

/// Applies `change` to the parts that are UTF-8. Other bytes stay.
pub(super) fn map(content: &[u8], change: &dyn Fn(&str) -> String) -> Vec<u8> {
    let mut changed = Vec::with_capacity(content.len());
    for chunk in content.utf8_chunks() {
        changed.extend_from_slice(change(chunk.valid()).as_bytes());
        changed.extend_from_slice(chunk.invalid());
    }
    changed
}

/// Returns `limit`, or the last position before it that is not inside a UTF-8 character.
pub(super) fn cut_before(content: &[u8], limit: usize) -> usize {
    let Some(after) = content.get(limit) else { return content.len() };
    let is_continuation = |byte: u8| byte & 0xC0 == 0x80;
    if !is_continuation(*after) {
        return limit;
    }
    // A character has at most three continuation bytes. More of them are no UTF-8.
    (limit.saturating_sub(3)..limit).rev().find(|at| !is_continuation(content[*at])).unwrap_or(limit)
}

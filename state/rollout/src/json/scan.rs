//! Finds where JSON values end, several times faster than by parsing them.

use memchr::{memchr, memchr2};

/// The text is no JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotJson;

/// Result of reading JSON.
pub(crate) type Result<T> = std::result::Result<T, NotJson>;

/// Returns a number of bytes at the beginning without quote, backslash or control character.
///
/// It looks at up to eight words of 8 bytes, and leaves out a shorter rest. So the next byte need
/// not be one of these three.
#[inline(always)]
pub(crate) fn plain_prefix(text: &[u8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    // Sets the highest bit of each byte that is less than `least`, and no other bit before the
    // first of them. After it, a borrow may mark a byte that is not less.
    let below = |word: u64, least: u8| word.wrapping_sub(ONES * u64::from(least)) & !word;
    let mut length = 0;
    for word in text.as_chunks().0.iter().take(8) {
        let word = u64::from_le_bytes(*word);
        // With this bit flipped, the quote follows the control characters: it is 0x20.
        let quote_or_control = below(word ^ (ONES * 2), 0x21);
        let backslash = below(word ^ (ONES * u64::from(b'\\')), 1);
        let found = (quote_or_control | backslash) & (ONES << 7);
        // The place of the first marked byte, or 8 without a mark.
        length += found.trailing_zeros() as usize / 8;
        if found != 0 {
            break;
        }
    }
    length
}

/// Place in a JSON text.
pub(super) struct Scanner<'a> {
    json: &'a str,
    at: usize,
    /// Ends of the open objects and lists: nesting has no limit.
    open: Vec<u8>,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(json: &'a str) -> Self {
        Self { json, at: 0, open: Vec::new() }
    }

    /// Moves past white space and this byte; stays if another byte follows.
    #[inline]
    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let is_next = self.next() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// Returns true if only white space follows.
    pub(super) fn is_at_end(&mut self) -> bool {
        self.next().is_none()
    }

    /// Moves past the key of an object and its colon. Returns the bytes between the key's quotes,
    /// and true if none of them is escaped for certain.
    #[inline]
    pub(super) fn key(&mut self) -> Option<(&'a [u8], bool)> {
        self.next().filter(|next| *next == b'"')?;
        let from = self.at + 1;
        let is_plain = self.string(true)?;
        let key = &self.json.as_bytes()[from..self.at - 1];
        self.eat(b':').then_some((key, is_plain))
    }

    /// Moves past a value. Returns it as it is written. Unless `strict`, escapes in its strings
    /// are not checked.
    pub(super) fn value(&mut self, strict: bool) -> Option<&'a str> {
        self.next()?;
        let from = self.at;
        self.skip(strict)?;
        Some(&self.json[from..self.at])
    }

    /// Moves past a value, like [`Scanner::value`].
    #[inline]
    pub(super) fn skip(&mut self, strict: bool) -> Option<()> {
        match self.next()? {
            b'{' | b'[' => self.nested(strict),
            b'"' => self.string(strict).map(|_| ()),
            _ => self.scalar(),
        }
    }

    /// Moves past an object or a list.
    fn nested(&mut self, strict: bool) -> Option<()> {
        self.open.clear();
        loop {
            match self.next()? {
                opening @ (b'{' | b'[') => {
                    self.at += 1;
                    let end = if opening == b'{' { b'}' } else { b']' };
                    if !self.eat(end) {
                        self.open.push(end);
                        if end == b'}' {
                            self.key()?;
                        }
                        continue;
                    }
                }
                b'"' => _ = self.string(strict)?,
                _ => self.scalar()?,
            }
            // A value has ended, and with it perhaps what it is in.
            loop {
                let Some(&end) = self.open.last() else { return Some(()) };
                if self.eat(b',') {
                    if end == b'}' {
                        self.key()?;
                    }
                    break;
                } else if self.eat(end) {
                    self.open.pop();
                } else {
                    return None;
                }
            }
        }
    }

    /// Moves past white space. Returns the byte there.
    #[inline]
    fn next(&mut self) -> Option<u8> {
        let bytes = self.json.as_bytes();
        loop {
            match bytes.get(self.at)? {
                b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                byte => return Some(*byte),
            }
        }
    }

    /// Moves past a string. Returns true if it has no escapes for certain: most strings are short
    /// and have none.
    #[inline]
    fn string(&mut self, strict: bool) -> Option<bool> {
        let from = self.at + 1;
        let bytes = self.json.as_bytes();
        let at = from + plain_prefix(&bytes[from..]);
        if bytes.get(at) == Some(&b'"') {
            self.at = at + 1;
            return Some(true);
        }
        self.long_string(from, at, strict)
    }

    /// Moves past a string that begins after `from` and is plain up to `at`.
    fn long_string(&mut self, from: usize, mut at: usize, strict: bool) -> Option<bool> {
        let bytes = self.json.as_bytes();
        if strict {
            loop {
                at += memchr2(b'"', b'\\', &bytes[at..])?;
                at += match bytes[at..] {
                    [b'"', ..] => break,
                    [_, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => 2,
                    [_, b'u', a, b, c, d, ..] if [a, b, c, d].iter().all(u8::is_ascii_hexdigit) => 6,
                    _ => return None,
                };
            }
        } else {
            let is_escaped =
                |at: usize| bytes[from..at].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1;
            loop {
                at += memchr(b'"', &bytes[at..])?;
                if !is_escaped(at) {
                    break;
                }
                at += 1;
            }
        }
        self.at = at + 1;
        // Control characters must be escaped. The least byte is found by vector code.
        let least = bytes[from..at].iter().fold(u8::MAX, |least, byte| least.min(*byte));
        (least >= b' ').then_some(false)
    }

    /// Moves past a number, `true`, `false` or `null`.
    #[inline]
    fn scalar(&mut self) -> Option<()> {
        let rest = &self.json.as_bytes()[self.at..];
        self.at += match rest {
            [b't', b'r', b'u', b'e', ..] | [b'n', b'u', b'l', b'l', ..] => 4,
            [b'f', b'a', b'l', b's', b'e', ..] => 5,
            _ => number(rest)?,
        };
        Some(())
    }
}

/// Returns the length of the number at the beginning of a text. What follows it decides whether it
/// ends there.
fn number(text: &[u8]) -> Option<usize> {
    let digits = |from: usize| text[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let from = usize::from(text.first() == Some(&b'-'));
    let mut at = from + digits(from);
    if at == from || (at > from + 1 && text[from] == b'0') {
        return None;
    }
    if text.get(at) == Some(&b'.') {
        let length = digits(at + 1);
        at += 1 + length;
        if length == 0 {
            return None;
        }
    }
    if let Some(b'e' | b'E') = text.get(at) {
        let sign = usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        let length = digits(at + 1 + sign);
        at += 1 + sign + length;
        if length == 0 {
            return None;
        }
    }
    Some(at)
}

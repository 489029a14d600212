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
    let below = |word: u64, least: u8| word.wrapping_sub(ONES * u64::from(least)) & !word & (ONES << 7);
    let equal = |word: u64, byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    let mut length = 0;
    for word in text.as_chunks().0.iter().take(8) {
        let word = u64::from_le_bytes(*word);
        let found = equal(word, b'"') | equal(word, b'\\') | below(word, b' ');
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
    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let is_next = self.next() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// Returns true if only white space follows.
    pub(super) fn is_at_end(&mut self) -> bool {
        self.next().is_none()
    }

    /// Moves past the key of an object and its colon. Returns the key with its quotes.
    pub(super) fn key(&mut self) -> Option<&'a str> {
        self.next().filter(|next| *next == b'"')?;
        let from = self.at;
        self.string(true)?;
        let key = &self.json[from..self.at];
        self.eat(b':').then_some(key)
    }

    /// Moves past a value. Returns it as it is written. Unless `strict`, escapes in its strings
    /// are not checked.
    pub(super) fn value(&mut self, strict: bool) -> Option<&'a str> {
        self.next()?;
        let from = self.at;
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
                b'"' => self.string(strict)?,
                _ => self.scalar()?,
            }
            // A value has ended, and with it perhaps what it is in.
            loop {
                let Some(&end) = self.open.last() else { return Some(&self.json[from..self.at]) };
                if self.eat(end) {
                    self.open.pop();
                } else if self.eat(b',') {
                    if end == b'}' {
                        self.key()?;
                    }
                    break;
                } else {
                    return None;
                }
            }
        }
    }

    /// Moves past white space. Returns the byte there.
    fn next(&mut self) -> Option<u8> {
        let bytes = self.json.as_bytes();
        loop {
            match bytes.get(self.at)? {
                b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                byte => return Some(*byte),
            }
        }
    }

    /// Moves past a string.
    fn string(&mut self, strict: bool) -> Option<()> {
        let bytes = self.json.as_bytes();
        let from = self.at + 1;
        // Most strings are short and have no escapes.
        let mut at = from + plain_prefix(&bytes[from..]);
        if bytes.get(at) == Some(&b'"') {
            self.at = at + 1;
            return Some(());
        }
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
        (least >= b' ').then_some(())
    }

    /// Moves past a number, `true`, `false` or `null`.
    fn scalar(&mut self) -> Option<()> {
        let rest = &self.json.as_bytes()[self.at..];
        let is_end = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r');
        let length = rest.iter().position(is_end).unwrap_or(rest.len());
        self.at += length;
        let scalar = &rest[..length];
        (matches!(scalar, b"true" | b"false" | b"null") || is_number(scalar)).then_some(())
    }
}

fn is_number(text: &[u8]) -> bool {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let whole = digits(text);
    if whole == 0 || (whole > 1 && text[0] == b'0') {
        return false;
    }
    let mut rest = &text[whole..];
    if let Some(fraction) = rest.strip_prefix(b".") {
        let length = digits(fraction);
        if length == 0 {
            return false;
        }
        rest = &fraction[length..];
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let exponent = exponent.strip_prefix(b"+").or(exponent.strip_prefix(b"-")).unwrap_or(exponent);
        return !exponent.is_empty() && digits(exponent) == exponent.len();
    }
    rest.is_empty()
}

//! Bytes of a URL, percent-decoded once.

use std::ops::Range;

/// Byte of a URL, with its place.
#[derive(Debug, Clone, Copy)]
pub(in crate::format) struct Unit {
    /// Decoded byte.
    pub(in crate::format) byte: u8,
    /// Place in the URL.
    pub(super) start: usize,
    /// True if the URL has it percent-encoded.
    pub(super) encoded: bool,
}

impl Unit {
    /// Returns true for one of `bytes`, encoded or not.
    pub(super) fn is_any(&self, bytes: &[u8]) -> bool {
        bytes.contains(&self.byte)
    }

    /// Returns true for one of `bytes` that is not encoded.
    pub(super) fn is_plain(&self, bytes: &[u8]) -> bool {
        !self.encoded && self.is_any(bytes)
    }
}

/// Decodes `url`, once.
pub(in crate::format) fn units(url: &str) -> Vec<Unit> {
    let bytes = url.as_bytes();
    let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let mut units = Vec::with_capacity(bytes.len());
    let mut start = 0;
    while let Some(byte) = bytes.get(start) {
        let unit = match (byte, digit(start + 1), digit(start + 2)) {
            (b'%', Some(high), Some(low)) => Unit { byte: (high * 16 + low) as u8, start, encoded: true },
            _ => Unit { byte: *byte, start, encoded: false },
        };
        units.push(unit);
        start += if unit.encoded { 3 } else { 1 };
    }
    units
}

/// Returns the place of these units in `url`.
pub(super) fn span(url: &str, units: &[Unit], range: Range<usize>) -> Range<usize> {
    let start = |at: usize| units.get(at).map_or(url.len(), |unit| unit.start);
    start(range.start)..start(range.end)
}

//! A URL's bytes, with what is percent-encoded decoded once.

use std::ops::Range;

/// A byte of a URL, and where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unit {
    /// The byte, decoded.
    pub(super) byte: u8,
    /// Where it starts in the URL.
    pub(super) start: usize,
    /// Whether it stands there percent-encoded.
    pub(super) encoded: bool,
}

impl Unit {
    /// Whether it is one of `bytes`, as it is or encoded.
    pub(super) fn is_any(&self, bytes: &[u8]) -> bool {
        bytes.contains(&self.byte)
    }

    /// Whether it is one of `bytes`, as it is.
    pub(super) fn is_plain(&self, bytes: &[u8]) -> bool {
        !self.encoded && self.is_any(bytes)
    }
}

/// Decodes `url`, once.
pub(super) fn units(url: &str) -> Vec<Unit> {
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

/// Where the units of `range` stand in `url`.
pub(super) fn span(url: &str, units: &[Unit], range: Range<usize>) -> Range<usize> {
    let start = |at: usize| units.get(at).map_or(url.len(), |unit| unit.start);
    start(range.start)..start(range.end)
}

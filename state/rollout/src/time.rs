//! Times as rollouts write them.

use jiff::Timestamp;

/// A time as it stands in a line; parsed once it is known to be the last.
#[derive(Debug, Clone, Copy)]
pub(crate) enum LineTime {
    /// `YYYY-MM-DDThh:mm:ss.mmmZ`, checked.
    Canonical([u8; 24]),
    /// Any other shape.
    Parsed(Timestamp),
}

impl LineTime {
    /// Reads a time; `None` if it is none.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        match bytes.try_into() {
            Ok(canonical) if is_canonical(&canonical) => Some(Self::Canonical(canonical)),
            _ => std::str::from_utf8(bytes).ok().and_then(timestamp).map(Self::Parsed),
        }
    }

    /// The moment it names.
    pub(crate) fn timestamp(&self) -> Option<Timestamp> {
        match self {
            Self::Canonical(bytes) => std::str::from_utf8(bytes).ok().and_then(timestamp),
            Self::Parsed(at) => Some(*at),
        }
    }
}

/// Parses an RFC 3339 time.
pub(crate) fn timestamp(text: &str) -> Option<Timestamp> {
    text.trim().parse().ok()
}

/// Whether the bytes are a moment that exists, in the shape that every version since 2025 has written. Days above 28
/// are left to the full parser.
fn is_canonical(time: &[u8; 24]) -> bool {
    const SHAPE: &[u8; 24] = b"dddd-dd-ddTdd:dd:dd.dddZ";
    let shaped = time.iter().zip(SHAPE).all(|(byte, shape)| match shape {
        b'd' => byte.is_ascii_digit(),
        other => byte == other,
    });
    let two = |at: usize| (time[at] - b'0') * 10 + (time[at + 1] - b'0');
    shaped
        && (1..=12).contains(&two(5))
        && (1..=28).contains(&two(8))
        && two(11) < 24
        && two(14) < 60
        && two(17) < 60
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_canonical_time_is_one_that_parses(
            text in "(20|00)[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9]\\.[0-9]{3}Z"
        ) {
            let read = LineTime::read(text.as_bytes()).and_then(|time| time.timestamp());
            prop_assert_eq!(read, text.parse().ok());
        }
    }

    #[test]
    fn what_is_no_time_says_nothing() {
        for text in ["", "yesterday", "2026-11-22", "2026-11-22T13:25:00.010", "2026-02-30T00:00:00.000Z"] {
            assert!(LineTime::read(text.as_bytes()).is_none(), "{text}");
        }
        assert!(LineTime::read(b"2026-11-22T13:25:00.010123+02:00").is_some());
    }
}

//! Times as rollouts write them.

use jiff::Timestamp;

/// A time as it stands in a line. Only the last line's is ever parsed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum LineTime {
    /// As long as `YYYY-MM-DDThh:mm:ss.mmmZ`; not looked at yet.
    Unparsed([u8; 24]),
    /// Parsed.
    Parsed(Timestamp),
}

impl LineTime {
    /// Takes a time; `None` if it is visibly none.
    pub(crate) fn later(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().map_or_else(|_| Self::now(bytes), |bytes| Some(Self::Unparsed(bytes)))
    }

    /// Parses a time; `None` if it is none.
    pub(crate) fn now(bytes: &[u8]) -> Option<Self> {
        std::str::from_utf8(bytes).ok().and_then(timestamp).map(Self::Parsed)
    }

    /// The moment it names, if it names one.
    pub(crate) fn timestamp(&self) -> Option<Timestamp> {
        match self {
            Self::Unparsed(bytes) => std::str::from_utf8(bytes).ok().and_then(timestamp),
            Self::Parsed(at) => Some(*at),
        }
    }
}

/// Parses an RFC 3339 time.
pub(crate) fn timestamp(text: &str) -> Option<Timestamp> {
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_time_says_nothing() {
        for text in ["", "yesterday", "2026-11-22", "2026-11-22T13:25:00.010", "2026-02-30T00:00:00.000Z"] {
            assert!(LineTime::now(text.as_bytes()).is_none(), "{text}");
        }
        assert!(LineTime::now(b"2026-11-22T13:25:00.010123+02:00").is_some());
    }
}

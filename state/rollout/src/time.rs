//! Times as rollouts write them.

use jiff::Timestamp;
use uuid::{Uuid, Variant};

/// Time of a line. Only the last line's is ever parsed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum LineTime {
    /// As long as `YYYY-MM-DDThh:mm:ss.mmmZ`, and not parsed yet.
    Unparsed([u8; 24]),
    /// Parsed.
    Parsed(Timestamp),
}

impl LineTime {
    /// Keeps a time of the usual length as it is; parses any other.
    pub(crate) fn later(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().map_or_else(|_| Self::now(bytes), |bytes| Some(Self::Unparsed(bytes)))
    }

    /// Parses a time.
    pub(crate) fn now(bytes: &[u8]) -> Option<Self> {
        std::str::from_utf8(bytes).ok().and_then(timestamp).map(Self::Parsed)
    }

    /// Returns the moment; `None` if the text is no time.
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

/// Returns the moment in an id of version 7; `None` if its 48 bits of milliseconds are out of a
/// timestamp's range.
pub(crate) fn of_id(id: Uuid) -> Option<Timestamp> {
    if id.get_version_num() != 7 || id.get_variant() != Variant::RFC4122 {
        return None;
    }
    let milliseconds = i64::try_from(id.as_u128() >> 80).ok()?;
    Timestamp::from_millisecond(milliseconds).ok()
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

    #[test]
    fn only_an_id_of_version_7_bears_a_time() -> Result<(), uuid::Error> {
        let of = |id: &str| Uuid::try_parse(id).map(|id| of_id(id).map(|at| at.to_string()));
        assert_eq!(of("01a2036e-72f3-74e0-aaf8-16e5fd86f01a")?.as_deref(), Some("2026-11-22T13:24:59.763Z"));
        assert_eq!(of("00000000-0000-7000-8000-000000000000")?.as_deref(), Some("1970-01-01T00:00:00Z"));
        for id in [
            "ffffffff-ffff-7fff-bfff-ffffffffffff",
            "01a2036e-72f3-44e0-aaf8-16e5fd86f01a",
            "01a2036e-72f3-74e0-0af8-16e5fd86f01a",
            "00000000-0000-0000-0000-000000000000",
        ] {
            assert_eq!(of(id)?, None, "{id}");
        }
        Ok(())
    }
}

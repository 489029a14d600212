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

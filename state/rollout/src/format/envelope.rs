//! A whole line, parsed as far as its payload.

use std::borrow::Cow;

use super::fact::Fact;
use super::kind::{Kind, type_of};
use super::read;
use crate::json::{self, Raw};
use crate::time::LineTime;

/// Parsed line. The oldest versions wrote bare lines: a header with an `id`, and items without an
/// envelope.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Envelope<'a> {
    pub(crate) json: &'a str,
    timestamp: Raw<'a>,
    own_type: Raw<'a>,
    payload: Raw<'a>,
    is_header: bool,
}

impl<'a> Envelope<'a> {
    /// Parses a line.
    pub(crate) fn read(json: &'a str) -> json::Result<Self> {
        let [timestamp, own_type, payload, record_type, id] =
            json::fields(json, ["timestamp", "type", "payload", "record_type", "id"])?;
        let has_type = own_type.is_some() || record_type.is_some() || payload.is_some();
        let is_header = id.is_some() && timestamp.is_some() && !has_type;
        Ok(Self { json, timestamp, own_type, payload, is_header })
    }

    /// Returns the line's `type`. A bare line has none of its own.
    pub(crate) fn line_type(&self) -> Option<Cow<'a, str>> {
        self.payload.and_then(|_| json::text(self.own_type))
    }

    /// Returns the payload; the whole line if it is bare.
    pub(crate) fn payload(&self) -> &'a str {
        self.payload.unwrap_or(self.json)
    }

    pub(crate) fn kind(&self) -> Kind {
        if self.is_header {
            return Kind::SessionMeta;
        }
        let Some(name) = json::text(self.own_type) else { return Kind::Other };
        let Some(payload) = self.payload else { return Kind::BareItem };
        let event = type_of(payload);
        Kind::of(name.as_bytes(), || event.as_ref().map(|event| event.as_bytes())).unwrap_or(Kind::Other)
    }

    pub(crate) fn time(&self) -> Option<LineTime> {
        json::text(self.timestamp).and_then(|text| LineTime::now(text.as_bytes()))
    }

    /// Reads the line's fact.
    pub(crate) fn fact(&self) -> json::Result<Fact<'a>> {
        let at = self.time().and_then(|time| time.timestamp());
        read::fact(self.kind(), self.payload(), at)
    }
}

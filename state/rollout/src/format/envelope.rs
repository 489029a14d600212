//! A whole line, parsed as far as its payload.

use serde::Deserialize;

use super::fact::Fact;
use super::kind::{Kind, type_of};
use super::read;
use crate::json::{self, Raw};
use crate::time::LineTime;

/// Parsed line. The oldest versions wrote bare lines: a header with an `id`, and items without an envelope.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Envelope<'a> {
    pub(crate) json: &'a str,
    fields: Fields<'a>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct Fields<'a> {
    #[serde(borrow, default)]
    timestamp: Raw<'a>,
    #[serde(borrow, default, rename = "type")]
    line_type: Raw<'a>,
    #[serde(borrow, default)]
    payload: Raw<'a>,
    #[serde(borrow, default)]
    record_type: Raw<'a>,
    #[serde(borrow, default)]
    id: Raw<'a>,
}

impl<'a> Envelope<'a> {
    /// Parses a line.
    pub(crate) fn read(json: &'a str) -> serde_json::Result<Self> {
        Ok(Self { json, fields: json::read(json)? })
    }

    /// Returns the line's `type`. A bare line has none of its own.
    pub(crate) fn line_type(&self) -> Option<std::borrow::Cow<'a, str>> {
        self.fields.payload.and_then(|_| json::text(self.fields.line_type))
    }

    /// Returns the payload; the whole line if it is bare.
    pub(crate) fn payload(&self) -> &'a str {
        self.fields.payload.map_or(self.json, |payload| payload.get())
    }

    pub(crate) fn kind(&self) -> Kind {
        let Fields { timestamp, line_type, payload, record_type, id } = self.fields;
        match (self.line_type(), payload) {
            (Some(name), Some(payload)) => {
                let event = type_of(payload.get());
                Kind::of(name.as_bytes(), || event.as_ref().map(|event| event.as_bytes()))
                    .unwrap_or(Kind::Other)
            }
            (None, Some(_)) => Kind::Other,
            // The oldest files begin with an id and a time.
            (_, None)
                if line_type.is_none() && record_type.is_none() && id.is_some() && timestamp.is_some() =>
            {
                Kind::SessionMeta
            }
            (_, None) => json::text(line_type).map_or(Kind::Other, |_| Kind::BareItem),
        }
    }

    pub(crate) fn time(&self) -> Option<LineTime> {
        json::text(self.fields.timestamp).and_then(|text| LineTime::now(text.as_bytes()))
    }

    /// Reads the fact that the line tells.
    pub(crate) fn fact(&self) -> serde_json::Result<Fact<'a>> {
        let at = self.time().and_then(|time| time.timestamp());
        read::fact(self.kind(), self.payload(), at)
    }
}

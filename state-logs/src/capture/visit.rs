//! Copies the fields of an event or a span, cheaply, on the logging thread.

use std::error::Error;
use std::fmt::{self, Debug, Write as _};

use serde_json::{Number, Value};
use tracing::field::{Field, Visit};
use uuid::Uuid;

use super::body::is_body;
use super::field::{Captured, Text, put};

/// Field with the id of the agent's thread.
const THREAD_ID: &str = "thread_id";

/// Fields of an event or a span.
#[derive(Debug, Default)]
pub(crate) struct Visitor {
    /// Limit of the bytes that are copied of a text.
    pub(crate) most: usize,
    pub(crate) message: Text,
    /// Id in the field `thread_id`. It is stored as the row's thread and nowhere else, so that a
    /// deleted thread leaves its id in no row of another.
    pub(crate) thread_id: Option<Uuid>,
    pub(crate) fields: Vec<(&'static str, Captured)>,
}

impl Visitor {
    pub(crate) fn new(most: usize) -> Visitor {
        Visitor { most, ..Visitor::default() }
    }

    fn text(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        let name = field.name();
        if is_body(name) {
            let mut length = Length(0);
            let _ = length.write_fmt(value);
            return put(&mut self.fields, name, Captured::Body(length.0));
        }
        let mut text = Beginning { most: self.most, text: Text::default() };
        // Ends at the limit, or when the value fails to print. The text up to there is kept.
        let _ = text.write_fmt(value);
        if name == "message" {
            self.message = text.text;
        } else if name == THREAD_ID
            && let Ok(id) = Uuid::try_parse(&text.text.text)
        {
            self.thread_id = Some(id);
        } else {
            put(&mut self.fields, name, Captured::Text(text.text));
        }
    }

    fn plain(&mut self, field: &Field, value: Value) {
        put(&mut self.fields, field.name(), Captured::Plain(value));
    }
}

impl Visit for Visitor {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.text(field, format_args!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, format_args!("{value}"));
    }

    fn record_bytes(&mut self, field: &Field, value: &[u8]) {
        put(&mut self.fields, field.name(), Captured::Body(value.len()));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.text(field, format_args!("{}", Chain(value)));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.plain(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.plain(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.plain(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON has no infinity.
        let value = Number::from_f64(value).map_or_else(|| Value::from(value.to_string()), Value::Number);
        self.plain(field, value);
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.plain(field, i64::try_from(value).map_or_else(|_| value.to_string().into(), Value::from));
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.plain(field, u64::try_from(value).map_or_else(|_| value.to_string().into(), Value::from));
    }
}

/// An error with its causes: `cannot open: permission denied`.
struct Chain<'a>(&'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(formatter, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

/// Counts printed bytes.
struct Length(usize);

impl fmt::Write for Length {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.len();
        Ok(())
    }
}

/// Keeps the beginning of a printed text, and stops the printing at the limit.
struct Beginning {
    most: usize,
    text: Text,
}

impl fmt::Write for Beginning {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.most - self.text.text.len();
        let fits = text.floor_char_boundary(room);
        self.text.text.push_str(&text[..fits]);
        if fits == text.len() {
            return Ok(());
        }
        self.text.has_more = true;
        Err(fmt::Error)
    }
}

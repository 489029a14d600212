//! The layer: receives every event and span of a program, and passes on what the filter keeps.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use tracing::span::{Attributes, Id, Record as SpanValues};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Filtered;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::LOOKED_AT;
use super::field::{Captured, SpanRecord, put};
use super::row::Record;
use super::visit::Visitor;
use crate::filter::LogFilter;
use crate::quiet;
use crate::writer::queue::Handle;

/// Passes events to a [`LogWriter`](crate::LogWriter): a `tracing_subscriber::Layer`.
///
/// The filter applies to this layer alone. So every callsite of the program stays enabled, and each
/// event is compared with the filter. [`filtered`](Self::filtered) avoids that.
///
/// An event's row belongs to the thread in its field `thread_id`, otherwise to that of the
/// innermost span with such a field. The value is a UUID, as text, `%` or `?`. It is stored as the
/// row's thread, not among its fields. The logging thread only copies the event; it never waits for
/// a file.
///
/// Events of the `log` crate that come by way of `tracing-log` have their own target, module, file
/// and line.
pub struct LogLayer {
    pub(crate) handle: Handle,
    pub(crate) filter: LogFilter,
    pub(crate) row_bytes: usize,
}

/// Extension of a span.
struct Kept(Arc<SpanRecord>);

impl LogLayer {
    /// Registers the filter with the subscriber, so that an event that no layer wants costs
    /// nothing.
    ///
    /// The subscriber must support filters of layers, as `tracing_subscriber::Registry` does.
    pub fn filtered<S: Subscriber + for<'a> LookupSpan<'a>>(self) -> Filtered<LogLayer, LogFilter, S> {
        let filter = self.filter.clone();
        self.with_filter(filter)
    }

    fn visitor(&self) -> Visitor {
        Visitor::new(self.row_bytes.saturating_mul(LOOKED_AT).max(super::UNSURE_END * 2))
    }

    /// Adds newly recorded fields to a span.
    fn span(&self, mut span: SpanRecord, found: Visitor) -> SpanRecord {
        span.thread_id = found.thread_id.or(span.thread_id);
        let message = (!found.message.text.is_empty()).then_some(("message", Captured::Text(found.message)));
        for (name, value) in message.into_iter().chain(found.fields) {
            let (value, is_cut) = value.clean(name);
            span.is_cut |= is_cut;
            put(&mut span.fields, name, value);
        }
        span
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for LogLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id).filter(|_| !self.filter.is_off()) else { return };
        let mut visitor = self.visitor();
        attributes.record(&mut visitor);
        let name = attributes.metadata().name();
        let record = SpanRecord { name, thread_id: None, fields: Vec::new(), is_cut: false };
        span.extensions_mut().replace(Kept(Arc::new(self.span(record, visitor))));
    }

    fn on_record(&self, id: &Id, values: &SpanValues<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id).filter(|_| !self.filter.is_off()) else { return };
        let mut visitor = self.visitor();
        values.record(&mut visitor);
        let mut extensions = span.extensions_mut();
        if let Some(Kept(record)) = extensions.get_mut() {
            *record = Arc::new(self.span(SpanRecord::clone(record), visitor));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let metadata = event.metadata();
        if quiet::is_quiet() || self.filter.is_off() {
            return;
        }
        let is_log = metadata.target() == "log";
        if !is_log && !self.filter.keeps(metadata) {
            return;
        }
        let mut found = self.visitor();
        event.record(&mut found);
        let scope =
            context.event_scope(event).into_iter().flat_map(tracing_subscriber::registry::Scope::from_root);
        let spans: Vec<_> = scope
            .filter_map(|span| span.extensions().get::<Kept>().map(|kept| Arc::clone(&kept.0)))
            .collect();
        let thread_id = found.thread_id.or_else(|| spans.iter().rev().find_map(|span| span.thread_id));
        let mut record = Record {
            at: Timestamp::now(),
            level: (*metadata.level()).into(),
            target: metadata.target().to_owned(),
            thread_id,
            message: found.message,
            fields: found.fields,
            spans,
            module: metadata.module_path().map(str::to_owned),
            file: metadata.file().map(str::to_owned),
            line: metadata.line(),
        };
        if is_log {
            take_place_of_log(&mut record);
            if !self.filter.keeps_target(&record.target, *metadata.level()) {
                return;
            }
        }
        self.handle.offer(record);
    }
}

/// Moves the fields of `tracing-log` to the record's own target, module, file and line.
fn take_place_of_log(record: &mut Record) {
    for (name, value) in std::mem::take(&mut record.fields) {
        match (name, value) {
            ("log.target", Captured::Text(text)) => record.target = text.text,
            ("log.module_path", Captured::Text(text)) => record.module = Some(text.text),
            ("log.file", Captured::Text(text)) => record.file = Some(text.text),
            ("log.line", Captured::Plain(line)) => {
                record.line = line.as_u64().and_then(|line| line.try_into().ok());
            }
            other => record.fields.push(other),
        }
    }
}

impl fmt::Debug for LogLayer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("LogLayer").field("filter", &self.filter).finish_non_exhaustive()
    }
}

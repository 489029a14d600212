//! The layer: sees every event and span of a program, and hands on what the filter keeps.

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
use super::field::{Captured, put};
use super::row::{Record, SpanRecord};
use super::visit::Visitor;
use crate::filter::LogFilter;
use crate::quiet;
use crate::writer::Handle;

/// Hands events to a [`LogWriter`](crate::LogWriter): a `tracing_subscriber::Layer`.
///
/// The filter is the layer's own affair: what it does not keep, other layers of the same subscriber still get. For that,
/// every callsite of the program stays enabled, and each event costs a look at the filter. [`filtered`](Self::filtered)
/// spares that.
///
/// An event's row belongs to the thread of its own field `thread_id`, else to that of the innermost span that has one. The
/// field's value is a UUID, as text, `%` or `?`; it is stored as the row's thread only, not among its fields. What an event
/// has to go through on the thread that logs is to be copied; it never waits for a file.
///
/// Events of the `log` crate that come by way of `tracing-log` have their own target, module, file and line.
pub struct LogLayer {
    pub(crate) handle: Handle,
    pub(crate) filter: LogFilter,
    pub(crate) row_bytes: usize,
}

/// What the layer keeps with a span.
struct Kept(Arc<SpanRecord>);

impl LogLayer {
    /// Makes the filter the subscriber's affair: an event that no layer wants costs nothing then.
    ///
    /// Works only on a subscriber that knows filters of layers, such as `tracing_subscriber::Registry`.
    pub fn filtered<S: Subscriber + for<'a> LookupSpan<'a>>(self) -> Filtered<LogLayer, LogFilter, S> {
        let filter = self.filter.clone();
        self.with_filter(filter)
    }

    fn visitor(&self) -> Visitor {
        Visitor::new(self.row_bytes.saturating_mul(LOOKED_AT).max(super::UNSURE_END * 2))
    }

    /// What may be stored of a span, with what was recorded before.
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

/// Puts what `tracing-log` gives as fields where it belongs.
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

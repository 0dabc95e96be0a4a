//! The bridge from `tracing` to lines: collects fields from events and the spans around them, and writes.

use std::io::Write;
use std::sync::Mutex;

use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::line::{self, Fields};
use super::{LogSettings, Redactor};

/// Writes one line for each event.
pub(super) struct Lines {
    settings: LogSettings,
    redactor: Redactor,
    sink: Mutex<Box<dyn Write + Send>>,
}

impl Lines {
    pub(super) fn new(mut settings: LogSettings, sink: Box<dyn Write + Send>) -> Lines {
        let redactor = Redactor::new(std::mem::take(&mut settings.redact));
        Lines { settings, redactor, sink: Mutex::new(sink) }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Lines {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        // From the innermost span outwards: what is nearer wins.
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(outer) = span.extensions().get::<Fields>() {
                fields.inherit(outer);
            }
        }
        let LogSettings { service, json, now, metrics, .. } = &self.settings;
        let text = line::format(fields, now(), *event.metadata().level(), service, *json, &self.redactor);
        // One write a line, so that lines of several threads do not mix. A lost line must not stop the program.
        let written = match self.sink.lock() {
            Ok(mut sink) => sink.write_all(text.as_bytes()).is_ok(),
            Err(_) => false,
        };
        if !written {
            metrics.log_dropped();
        }
    }
}

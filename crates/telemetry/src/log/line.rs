//! One log line: which fields it has, in which order, and how it is written.

use std::fmt;

use assay_units::Timestamp;
use serde::Serialize;
use tracing::Level;
use tracing::field::{Field, Visit};

use super::redact::Redactor;

/// Longest message text in bytes; more is cut off.
const MSG_BYTES_MAX: usize = 8 * 1024;

/// The fields that an event, or a span around it, may set.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields {
    event: Option<String>,
    concept_id: Option<String>,
    message_id: Option<String>,
    attempt: Option<u64>,
    stage: Option<String>,
    duration_ms: Option<u64>,
    error_kind: Option<String>,
    msg: Option<String>,
    /// Fields outside the schema, as `name=value`.
    rest: Vec<String>,
}

impl Fields {
    /// Fills what is missing from an enclosing span.
    pub(super) fn inherit(&mut self, outer: &Fields) {
        let fill = |mine: &mut Option<String>, theirs: &Option<String>| {
            if mine.is_none() {
                mine.clone_from(theirs);
            }
        };
        fill(&mut self.event, &outer.event);
        fill(&mut self.concept_id, &outer.concept_id);
        fill(&mut self.message_id, &outer.message_id);
        fill(&mut self.stage, &outer.stage);
        fill(&mut self.error_kind, &outer.error_kind);
        self.attempt = self.attempt.or(outer.attempt);
        self.duration_ms = self.duration_ms.or(outer.duration_ms);
        self.rest.extend(outer.rest.iter().cloned());
    }

    fn text(&mut self, name: &str, value: String) {
        match name {
            "event" => self.event = Some(value),
            "concept_id" => self.concept_id = Some(value),
            "message_id" => self.message_id = Some(value),
            "stage" => self.stage = Some(value),
            "error_kind" => self.error_kind = Some(value),
            "message" | "msg" => self.msg = Some(value),
            // A number given as text (`%attempt`) is still a number.
            "attempt" | "duration_ms" => match value.parse() {
                Ok(number) => self.record_number(name, number),
                Err(_) => self.rest.push(format!("{name}={value}")),
            },
            // What the bridge from the `log` crate adds says nothing to a reader.
            _ if name.starts_with("log.") => {}
            _ => self.rest.push(format!("{name}={value}")),
        }
    }

    fn record_number(&mut self, name: &str, value: u64) {
        match name {
            "attempt" => self.attempt = Some(value),
            "duration_ms" => self.duration_ms = Some(value),
            _ => self.text(name, value.to_string()),
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field.name(), format!("{value:?}"));
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field.name(), value.to_owned());
    }
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.record_number(field.name(), value);
    }
    fn record_i64(&mut self, field: &Field, value: i64) {
        match u64::try_from(value) {
            Ok(value) => self.record_number(field.name(), value),
            Err(_) => self.text(field.name(), value.to_string()),
        }
    }
    fn record_u128(&mut self, field: &Field, value: u128) {
        // Durations in milliseconds come as u128.
        self.record_number(field.name(), u64::try_from(value).unwrap_or(u64::MAX));
    }
}

/// The schema. Absent fields are left out.
#[derive(Serialize)]
struct Schema<'a> {
    ts: String,
    level: &'a str,
    service: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    concept_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempt: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    msg: Option<String>,
}

/// Writes one line, newline included. Secrets are taken out of each value before it is escaped.
pub(super) fn format(
    fields: Fields,
    at: Timestamp,
    level: Level,
    service: &str,
    json: bool,
    redactor: &Redactor,
) -> String {
    let clean = |text: Option<String>| text.map(|text| redactor.clean(&text));
    let words: Vec<String> = fields.msg.into_iter().chain(fields.rest).collect();
    let msg = (!words.is_empty()).then(|| cut(redactor.clean(&words.join(" "))));
    let line = Schema {
        ts: at.to_string(),
        level: level_name(level),
        service,
        event: clean(fields.event),
        concept_id: clean(fields.concept_id),
        message_id: clean(fields.message_id),
        attempt: fields.attempt,
        stage: clean(fields.stage),
        duration_ms: fields.duration_ms,
        error_kind: clean(fields.error_kind),
        msg,
    };
    let mut text = if json { serde_json::to_string(&line).unwrap_or_default() } else { plain(&line) };
    text.push('\n');
    text
}

fn level_name(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

fn plain(line: &Schema) -> String {
    let mut text = format!("{} {:<5}", line.ts, line.level);
    let attempt = line.attempt.map(|n| n.to_string());
    let duration = line.duration_ms.map(|n| n.to_string());
    // What happened first, then the message, then who and how.
    for (name, value) in [
        ("", &line.event),
        ("", &line.msg),
        ("concept_id=", &line.concept_id),
        ("message_id=", &line.message_id),
        ("attempt=", &attempt),
        ("stage=", &line.stage),
        ("duration_ms=", &duration),
        ("error_kind=", &line.error_kind),
    ] {
        if let Some(value) = value {
            // One event is one line, and a control character from a fetched page must not steer a terminal.
            let safe: String = value.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            text.push_str(&format!(" {name}{safe}"));
        }
    }
    text
}

fn cut(mut text: String) -> String {
    if text.len() > MSG_BYTES_MAX {
        let end = (0..=MSG_BYTES_MAX).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
        text.push_str("...");
    }
    text
}

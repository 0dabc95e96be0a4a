//! Log lines: one schema, standard error, and no secret in any of them.
//!
//! Fields of a line: ts, level, service, event, concept_id, message_id, attempt, stage, duration_ms, error_kind, msg; those
//! that an event does not have are left out. They are set on events or on the spans around them:
//! `tracing::info!(event = "stage_finished", concept_id = %id, duration_ms = 12, "validated 3 strategies")`.
//! Any other field is appended to msg as `name=value`, so that the schema stays closed.

mod layer;
mod line;
mod redact;

use std::io::Write;
use std::sync::Arc;

use assay_units::Timestamp;
use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;

use crate::metrics::Metrics;
pub use redact::Redactor;

/// Where log lines get their time from.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How to log.
#[derive(Clone)]
pub struct LogSettings {
    /// The program's name in each line.
    pub service: &'static str,
    /// JSON lines; otherwise text for a person.
    pub json: bool,
    /// `info`, or a list such as `info,assay_messages=debug`.
    pub level: String,
    /// Secrets that must never be written.
    pub redact: Vec<String>,
    /// The clock.
    pub now: Now,
    /// Counts lines that could not be written.
    pub metrics: Metrics,
}

/// Why logging could not start.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The level is no filter.
    #[error("log level {level:?} is not understood: use error, warn, info, debug or trace")]
    Level {
        /// What was given.
        level: String,
        /// What the parser says.
        #[source]
        cause: tracing_subscriber::filter::ParseError,
    },
    /// Someone logs already.
    #[error("logging was started twice in one process")]
    Twice,
}

/// Starts logging to standard error for the whole process. Call it once, first of all.
pub fn init(settings: LogSettings) -> Result<(), LogError> {
    let subscriber = subscriber(settings, Box::new(std::io::stderr()))?;
    tracing::subscriber::set_global_default(subscriber).map_err(|_| LogError::Twice)
}

/// What [`init`] installs, writing to `sink`.
pub fn subscriber(
    settings: LogSettings,
    sink: Box<dyn Write + Send>,
) -> Result<impl Subscriber + Send + Sync, LogError> {
    let filter = EnvFilter::try_new(&settings.level)
        .map_err(|cause| LogError::Level { level: settings.level.clone(), cause })?;
    Ok(tracing_subscriber::registry().with(filter).with(layer::Lines::new(settings, sink)))
}

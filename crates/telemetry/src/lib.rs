//! What the program tells those who watch it: numbers as Prometheus text ([`metrics`]), happenings as log lines ([`log`]).
//!
//! * [`Metrics`]: every metric of the program, with closed label sets, all at 0 from the start. * [`Exposition`]: the text.
//! * [`log::init`]: one JSON schema, or plain text for a person, on standard error. * [`Redactor`]: no secret gets through.
//!
//! Knows nothing of what it measures and reads no clock: log lines take their time from the function that is passed in.

pub mod log;
pub mod metrics;

pub use log::{Redactor, init};
pub use metrics::{
    BudgetLevels, ConceptOutcome, Denial, Exposition, GpuEffort, GpuLevels, Metrics, QueueState, Resource, SearchedBy,
    SignatureFault, Stage, exposition_for,
};

//! The life of a concept: from a person's words to a verdict, moved by messages.
//!
//! `concept` (what may be asked) -> `submit` (row, admission, first message) -> `outbox` (publish) -> the engine ->
//! `inbox` (accept once) -> `stages` (research, validate) -> `views` (what people see). `pipeline` holds the shells.
//! Only this crate joins messages, sources, back-tests and budgets; none of those knows of concepts.

pub mod concept;
mod inbox;
mod outbox;
pub mod pipeline;
pub mod prices;
pub mod propose;
mod read;
mod schema;
mod settle;
mod stages;
pub mod submit;
mod timeline;
pub mod trials;
pub mod views;

pub use concept::{Submission, SubmissionError};
pub use inbox::Accepted;
pub use outbox::{Body, RETRIES};
pub use pipeline::Pipeline;
pub use read::Views;
pub use schema::SCHEMA;
pub use stages::research::index_catalogue;
pub use submit::{SubmitError, Submitted, retry, submit};

/// A stage is one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Discover, fetch, read, index.
    Research,
    /// Propose, sweep, judge.
    Validate,
}

impl Stage {
    /// Both, in order.
    pub const ALL: [Stage; 2] = [Stage::Research, Stage::Validate];

    /// As in tables, messages and addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::Research => "research",
            Stage::Validate => "validate",
        }
    }

    /// Reads what `as_str` wrote.
    pub fn parse(text: &str) -> Option<Stage> {
        Stage::ALL.into_iter().find(|stage| stage.as_str() == text)
    }
}

//! What happened to messages, as the log of QStash tells it.

use assay_units::Timestamp;

/// A step in a message's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventState {
    /// Accepted.
    Created,
    /// An attempt starts. As many as there are of these, so many attempts were made.
    Active,
    /// An attempt was answered with 2xx: the end.
    Delivered,
    /// An attempt failed.
    Error,
    /// Another attempt is planned.
    Retry,
    /// No attempt is left: dead letter.
    Failed,
    /// Somebody wants it gone.
    CancelRequested,
    /// It is gone.
    Canceled,
    /// A state that this program does not know.
    Unknown,
}

impl EventState {
    const KNOWN: [EventState; 8] = [
        EventState::Created,
        EventState::Active,
        EventState::Delivered,
        EventState::Error,
        EventState::Retry,
        EventState::Failed,
        EventState::CancelRequested,
        EventState::Canceled,
    ];

    /// As on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            EventState::Created => "CREATED",
            EventState::Active => "ACTIVE",
            EventState::Delivered => "DELIVERED",
            EventState::Error => "ERROR",
            EventState::Retry => "RETRY",
            EventState::Failed => "FAILED",
            EventState::CancelRequested => "CANCEL_REQUESTED",
            // One L: every client of the hosted service spells it so.
            EventState::Canceled => "CANCELED",
            EventState::Unknown => "UNKNOWN",
        }
    }

    /// Reads a state; both spellings of "canceled" occur.
    pub fn parse(text: &str) -> EventState {
        if text == "CANCELLED" {
            return EventState::Canceled;
        }
        EventState::KNOWN.into_iter().find(|state| state.as_str() == text).unwrap_or(EventState::Unknown)
    }

    /// Whether nothing follows: the attempts are all counted.
    pub const fn is_final(self) -> bool {
        matches!(self, EventState::Delivered | EventState::Failed | EventState::Canceled)
    }
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// Of which message.
    pub message_id: String,
    /// What.
    pub state: EventState,
    /// The destination.
    pub url: String,
    /// The first label that was given at publish.
    pub label: Option<String>,
    /// What went wrong, after a failed attempt.
    pub error: Option<String>,
    /// The destination's status; absent when it gave no answer.
    pub response_status: Option<u16>,
    /// The beginning of what it said.
    pub response_body: Option<String>,
    /// When the next attempt is due.
    pub next_delivery_at: Option<Timestamp>,
    /// How many retries were asked for.
    pub max_retries: Option<u32>,
}

/// A page of the log, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Events {
    /// The lines.
    pub events: Vec<Event>,
    /// Where older ones go on; absent on the last page.
    pub cursor: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_is_read_back_and_strangers_are_tolerated() {
        for state in EventState::KNOWN {
            assert_eq!(EventState::parse(state.as_str()), state);
        }
        assert_eq!(EventState::parse("CANCELLED"), EventState::Canceled);
        assert_eq!(EventState::parse("SOMETHING_NEW"), EventState::Unknown);
    }
}

//! JSON as QStash speaks it: camelCase, empty fields left out, times in milliseconds. Server and client share these shapes,
//! so neither can drift from the other; the domain types stay free of serialisation.

use std::collections::BTreeMap;

use assay_units::Timestamp;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::{DeadLetter, Event, EventState, Events, Message, Published, Secret, SigningKeys};

#[derive(Serialize, Deserialize)]
pub(crate) struct ErrorBody {
    pub error: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PublishedBody {
    pub message_id: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deduplicated: bool,
}

impl From<Published> for PublishedBody {
    fn from(published: Published) -> PublishedBody {
        PublishedBody { message_id: published.message_id, deduplicated: published.deduplicated }
    }
}

impl From<PublishedBody> for Published {
    fn from(body: PublishedBody) -> Published {
        Published { message_id: body.message_id, deduplicated: body.deduplicated }
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct KeysBody {
    pub current: String,
    pub next: String,
}

impl From<&SigningKeys> for KeysBody {
    fn from(keys: &SigningKeys) -> KeysBody {
        KeysBody { current: keys.current.expose().to_owned(), next: keys.next.expose().to_owned() }
    }
}

impl From<KeysBody> for SigningKeys {
    fn from(body: KeysBody) -> SigningKeys {
        SigningKeys { current: Secret::new(body.current), next: Secret::new(body.next) }
    }
}

/// `events` is what every client asks for; `logs` is the same page under the name of the published description.
#[derive(Serialize, Deserialize)]
pub(crate) struct EventsBody {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    #[serde(alias = "logs")]
    pub events: Vec<EventBody>,
}

#[derive(Serialize)]
pub(crate) struct LogsBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    pub logs: Vec<EventBody>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventBody {
    time: i64,
    message_id: String,
    state: String,
    #[serde(default)]
    url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    response_status: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    response_body: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next_delivery_time: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_retries: Option<u32>,
}

impl From<Event> for EventBody {
    fn from(event: Event) -> EventBody {
        EventBody {
            time: event.at.millis(),
            message_id: event.message_id,
            state: event.state.as_str().to_owned(),
            url: event.url,
            label: event.label,
            error: event.error,
            response_status: event.response_status,
            response_body: event.response_body,
            next_delivery_time: event.next_delivery_at.map(Timestamp::millis),
            max_retries: event.max_retries,
        }
    }
}

impl From<EventBody> for Event {
    fn from(body: EventBody) -> Event {
        Event {
            at: Timestamp::from_millis(body.time),
            message_id: body.message_id,
            state: EventState::parse(&body.state),
            url: body.url,
            label: body.label,
            error: body.error,
            response_status: body.response_status.filter(|status| *status > 0),
            response_body: body.response_body,
            next_delivery_at: body.next_delivery_time.filter(|ms| *ms > 0).map(Timestamp::from_millis),
            max_retries: body.max_retries,
        }
    }
}

impl From<EventsBody> for Events {
    fn from(body: EventsBody) -> Events {
        Events {
            events: body.events.into_iter().map(Event::from).collect(),
            cursor: body.cursor.filter(|cursor| !cursor.is_empty()),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MessageBody {
    message_id: String,
    url: String,
    method: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    header: BTreeMap<String, Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_base64: Option<String>,
    max_retries: u32,
    not_before: i64,
    created_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    labels: Vec<String>,
}

impl From<Message> for MessageBody {
    fn from(message: Message) -> MessageBody {
        let labels: Vec<String> = message
            .label
            .iter()
            .flat_map(|labels| labels.split(','))
            .map(|label| label.trim().to_owned())
            .filter(|label| !label.is_empty())
            .collect();
        let (body, body_base64) = text_or_base64(&message.body);
        MessageBody {
            message_id: message.message_id,
            url: message.url,
            method: message.method,
            header: message.headers.into_iter().map(|(name, value)| (canonical(&name), vec![value])).collect(),
            body,
            body_base64,
            max_retries: message.retries,
            not_before: message.not_before.millis(),
            created_at: message.created_at.millis(),
            label: labels.first().cloned(),
            labels,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeadLetterBody {
    dlq_id: String,
    #[serde(flatten)]
    message: MessageBody,
    /// Always there; 0 when the destination gave no answer.
    response_status: u16,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    response_header: BTreeMap<String, Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_body_base64: Option<String>,
}

impl From<DeadLetter> for DeadLetterBody {
    fn from(letter: DeadLetter) -> DeadLetterBody {
        let (response_body, response_body_base64) = text_or_base64(&letter.response_body);
        DeadLetterBody {
            dlq_id: letter.dlq_id,
            message: letter.message.into(),
            response_status: letter.response_status.unwrap_or(0),
            response_header: letter.response_headers.into_iter().map(|(n, v)| (canonical(&n), v)).collect(),
            response_body,
            response_body_base64,
        }
    }
}

#[derive(Serialize)]
pub(crate) struct DeadLettersBody {
    pub messages: Vec<DeadLetterBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct CancelledBody {
    pub cancelled: u32,
}

/// Text when it is text, else base64; nothing when it is empty.
fn text_or_base64(body: &[u8]) -> (Option<String>, Option<String>) {
    match std::str::from_utf8(body) {
        Ok("") => (None, None),
        Ok(text) => (Some(text.to_owned()), None),
        Err(_) => (None, Some(STANDARD.encode(body))),
    }
}

/// `content-type` as `Content-Type`: clients compare header names exactly.
fn canonical(name: &str) -> String {
    let mut start = true;
    name.chars()
        .map(|c| {
            let shown = if start { c.to_ascii_uppercase() } else { c };
            start = c == '-';
            shown
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_names_get_their_capitals() {
        assert_eq!(canonical("content-type"), "Content-Type");
        assert_eq!(canonical("x-a--b"), "X-A--B");
    }

    #[test]
    fn a_page_of_the_hosted_service_is_understood() {
        let text = r#"{"cursor":"1723-0","events":[
            {"time":1725323658779,"messageId":"msg_1","state":"ERROR","url":"https://example.org/","header":{"A":["b"]},
             "error":"no such host","responseStatus":0,"nextDeliveryTime":1725323670000,"maxRetries":3,"body":"e30="},
            {"time":1725323658000,"messageId":"msg_1","state":"SOMETHING_NEW"}]}"#;
        let events = Events::from(serde_json::from_str::<EventsBody>(text).unwrap());
        assert_eq!(events.cursor.as_deref(), Some("1723-0"));
        assert_eq!((events.events[0].state, events.events[0].response_status), (EventState::Error, None));
        assert_eq!(events.events[0].next_delivery_at, Some(Timestamp::from_millis(1_725_323_670_000)));
        assert_eq!(events.events[1].state, EventState::Unknown);
        let last: EventsBody = serde_json::from_str(r#"{"cursor":"","logs":[]}"#).unwrap();
        assert_eq!(Events::from(last).cursor, None);
    }
}

//! A client of the wire protocol: builds requests and reads answers, and never sends. Whoever sends passes the budget door.
//! The same client speaks to our engine and to Upstash.

use std::time::Duration;

use assay_world::{Limits, Reach, Request, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use serde::de::DeserializeOwned;
use url::Url;

use crate::wire::{ErrorBody, EventsBody, KeysBody, PublishedBody};
use crate::{Events, Secret, SigningKeys, duration};

/// Bounds of one exchange. A page of the log holds up to 1,000 lines with bodies.
const LIMITS: Limits = Limits { time_max: Duration::from_secs(30), body_bytes_max: 16 << 20 };
/// Lines of the log that are asked for at once.
const EVENTS_COUNT: &str = "1000";
/// Characters of an answer that is no JSON, kept for people.
const ERROR_CHARS_MAX: usize = 200;

/// A message to be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publish {
    /// Where it is delivered. Its fragment, if it has one, is dropped.
    pub destination: Url,
    /// Delivered unchanged.
    pub body: Bytes,
    /// Of the body.
    pub content_type: String,
    /// Attempts that may follow the first. Always sent: what is reserved depends on it.
    pub retries: u32,
    /// Wait before the first attempt; rounded up to seconds.
    pub delay: Option<Duration>,
    /// A second message with the same id, within the engine's window, is the first one.
    pub deduplication_id: Option<String>,
    /// For people, and to find it in the log.
    pub label: Option<String>,
    /// The longest attempt; rounded up to seconds.
    pub timeout: Option<Duration>,
}

/// The answer to a publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The engine's name for the message.
    pub message_id: String,
    /// It was published before; this is the first one's name, and nothing new will be delivered.
    pub deduplicated: bool,
}

/// Why an answer is not what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The engine said no.
    #[error("the message engine answered {status}: {message}")]
    Refused {
        /// The status.
        status: StatusCode,
        /// The engine's words.
        message: String,
    },
    /// Not the JSON that the protocol promises.
    #[error("the message engine's answer is not understood")]
    NotUnderstood(#[source] serde_json::Error),
}

impl ClientError {
    /// Whether the same request may succeed later.
    pub fn retry(&self) -> bool {
        match self {
            ClientError::Refused { status, .. } => {
                status.is_server_error()
                    || *status == StatusCode::TOO_MANY_REQUESTS
                    || *status == StatusCode::REQUEST_TIMEOUT
            }
            ClientError::NotUnderstood(_) => false,
        }
    }
}

/// The client. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    base: Url,
    token: Secret,
}

impl Client {
    /// A client of the engine at `base`, such as `https://qstash.upstash.io` or `http://127.0.0.1:8080`.
    pub fn new(base: Url, token: Secret) -> Client {
        Client { base, token }
    }

    /// `POST /v2/publish/{destination}`.
    pub fn publish(&self, message: &Publish) -> Request {
        let mut destination = message.destination.clone();
        destination.set_fragment(None);
        let mut request = self.request(Method::POST, &format!("publish/{destination}"));
        let headers = &mut request.headers;
        set(headers, header::CONTENT_TYPE, &message.content_type);
        set(headers, HeaderName::from_static("upstash-retries"), &message.retries.to_string());
        let texts = [
            ("upstash-delay", message.delay.map(duration::format)),
            ("upstash-timeout", message.timeout.map(duration::format)),
            ("upstash-deduplication-id", message.deduplication_id.clone()),
            ("upstash-label", message.label.clone()),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                set(headers, HeaderName::from_static(name), &text);
            }
        }
        request.body = message.body.clone();
        request
    }

    /// Reads the answer to a publish.
    pub fn parse_publish(response: &Response) -> Result<Published, ClientError> {
        parse::<PublishedBody>(response).map(Published::from)
    }

    /// `GET /v2/events`: the log of the messages named (a hundred at most, since they travel in the URL), or of all messages
    /// when none is named. `cursor` is the last page's.
    pub fn events_of(&self, message_ids: &[impl AsRef<str>], cursor: Option<&str>) -> Request {
        let mut request = self.request(Method::GET, "events");
        {
            let mut query = request.url.query_pairs_mut();
            query.append_pair("count", EVENTS_COUNT);
            for id in message_ids {
                query.append_pair("messageIds", id.as_ref());
            }
            if let Some(cursor) = cursor {
                query.append_pair("cursor", cursor);
            }
        }
        request
    }

    /// Reads a page of the log.
    pub fn parse_events(response: &Response) -> Result<Events, ClientError> {
        parse::<EventsBody>(response).map(Events::from)
    }

    /// `GET /v2/keys`.
    pub fn keys(&self) -> Request {
        self.request(Method::GET, "keys")
    }

    /// Reads the signing keys.
    pub fn parse_keys(response: &Response) -> Result<SigningKeys, ClientError> {
        parse::<KeysBody>(response).map(SigningKeys::from)
    }

    fn request(&self, method: Method, path: &str) -> Request {
        let base = self.base.as_str().trim_end_matches('/');
        let mut headers = HeaderMap::new();
        set(&mut headers, header::AUTHORIZATION, &format!("Bearer {}", self.token.expose()));
        if let Some(token) = headers.get_mut(header::AUTHORIZATION) {
            // Keeps it out of debug output.
            token.set_sensitive(true);
        }
        Request {
            method,
            // Joining would resolve the destination's scheme and dots; here it must stay as it is.
            url: Url::parse(&format!("{base}/v2/{path}")).expect("a path after a base is a URL"),
            headers,
            body: Bytes::new(),
            limits: LIMITS,
            reach: Reach::Configured,
        }
    }
}

/// What a header cannot carry becomes `_`: always the same way, so that a de-duplication id stays one.
fn set(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    let plain: String = text.chars().map(|c| if c == ' ' || c.is_ascii_graphic() { c } else { '_' }).collect();
    headers.insert(name, HeaderValue::from_str(&plain).expect("visible ASCII and blanks"));
}

fn parse<T: DeserializeOwned>(response: &Response) -> Result<T, ClientError> {
    if response.status.is_success() {
        return serde_json::from_slice(&response.body).map_err(ClientError::NotUnderstood);
    }
    let message = serde_json::from_slice::<ErrorBody>(&response.body)
        .map(|body| body.error)
        .unwrap_or_else(|_| String::from_utf8_lossy(&response.body).chars().take(ERROR_CHARS_MAX).collect());
    Err(ClientError::Refused { status: response.status, message })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client() -> Client {
        Client::new(Url::parse("https://qstash.upstash.io/").unwrap(), Secret::new("hush-hush"))
    }

    #[test]
    fn a_publish_names_its_destination_raw_and_its_retries_always() {
        let request = client().publish(&Publish {
            destination: Url::parse("https://example.org/hook%2F1?a=b#part").unwrap(),
            body: Bytes::from_static(b"{}"),
            content_type: "application/json".into(),
            retries: 0,
            delay: Some(Duration::from_millis(1500)),
            deduplication_id: Some("a\nb".into()),
            label: None,
            timeout: None,
        });
        assert_eq!(request.url.as_str(), "https://qstash.upstash.io/v2/publish/https://example.org/hook%2F1?a=b");
        let header = |name: &str| request.headers.get(name).map(|value| value.to_str().unwrap());
        assert_eq!((header("upstash-retries"), header("upstash-delay")), (Some("0"), Some("2s")));
        assert_eq!((header("upstash-deduplication-id"), header("upstash-label")), (Some("a_b"), None));
        assert!(!format!("{request:?} {:?}", client()).contains("hush-hush"), "{request:?}");
    }

    #[test]
    fn answers_are_read_or_explained() {
        let answer = |status, body: &'static str| Response {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: Bytes::from_static(body.as_bytes()),
        };
        let published = Client::parse_publish(&answer(202, r#"{"messageId":"msg_1","deduplicated":true}"#)).unwrap();
        assert_eq!(published, Published { message_id: "msg_1".into(), deduplicated: true });
        let error = Client::parse_publish(&answer(401, r#"{"error":"unable to authenticate: invalid token"}"#));
        let error = error.unwrap_err();
        assert_eq!(
            error.to_string(),
            "the message engine answered 401 Unauthorized: unable to authenticate: invalid token"
        );
        assert!(!error.retry() && Client::parse_publish(&answer(502, "<html>")).unwrap_err().retry());
        assert!(matches!(Client::parse_publish(&answer(200, "[]")), Err(ClientError::NotUnderstood(_))));
    }
}

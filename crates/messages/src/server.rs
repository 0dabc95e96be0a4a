//! The engine behind HTTP: the calls of QStash that this engine has, with its answers and its errors.
//!
//! Destinations are taken from the raw request line: routing must not eat a `//`, an escape or a query. Calls that the
//! engine does not have are answered 404 with a text that says so; none is answered as if it had been done.

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Serialize;
use url::form_urlencoded;

use crate::wire::{
    CancelledBody, DeadLettersBody, ErrorBody, EventsBody, KeysBody, LogsBody, MessageBody, PublishedBody,
};
use crate::{Engine, EngineError, EventFilter, EventState, Events, PublishError};
use assay_units::Timestamp;

/// Dead letters in one answer.
const DEAD_LETTERS_COUNT_MAX: u32 = 100;
/// Lines of the log in one answer.
const EVENTS_COUNT_MAX: u32 = 1000;
const PUBLISH: &str = "/v2/publish/";

/// The engine's HTTP interface. Every call needs the token.
pub fn router(engine: Engine) -> Router {
    let body_bytes_max = engine.settings().body_bytes_max;
    Router::new()
        .route("/v2/publish/{*destination}", post(publish))
        .route("/v2/messages/{id}", get(read_message).delete(cancel_message))
        .route("/v2/events", get(read_events))
        .route("/v2/logs", get(read_logs))
        .route("/v2/dlq", get(list_dead_letters))
        .route("/v2/dlq/{id}", get(read_dead_letter).delete(delete_dead_letter))
        .route("/v2/dlq/retry/{id}", post(replay_dead_letter))
        .route("/v2/keys", get(read_keys))
        .fallback(|| async { Refusal::new(StatusCode::NOT_FOUND, "this engine has no such call") })
        .method_not_allowed_fallback(|| async {
            Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "this engine does not answer to that method here")
        })
        .layer(DefaultBodyLimit::max(body_bytes_max))
        .layer(middleware::from_fn_with_state(engine.clone(), authenticate))
        .with_state(engine)
}

/// An error answer: `{"error":"..."}`.
struct Refusal {
    status: StatusCode,
    error: String,
}

impl Refusal {
    fn new(status: StatusCode, error: impl Into<String>) -> Refusal {
        Refusal { status, error: error.into() }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(ErrorBody { error: self.error })).into_response()
    }
}

impl From<PublishError> for Refusal {
    fn from(error: PublishError) -> Refusal {
        let status = match &error {
            PublishError::Invalid(_) => StatusCode::BAD_REQUEST,
            PublishError::Quota(_) => StatusCode::PRECONDITION_FAILED,
            PublishError::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            PublishError::Full { .. } => StatusCode::TOO_MANY_REQUESTS,
            PublishError::Database(cause) => return Refusal::out_of_order(cause),
        };
        Refusal::new(status, error.to_string())
    }
}

impl From<EngineError> for Refusal {
    fn from(error: EngineError) -> Refusal {
        Refusal::out_of_order(&error)
    }
}

impl Refusal {
    /// The cause is for the operator's log; a caller only needs to know that it may come back.
    fn out_of_order(cause: &dyn std::error::Error) -> Refusal {
        let detail = cause.source().map(ToString::to_string).unwrap_or_default();
        tracing::error!(event = "message_server_failed", detail, "{cause}");
        Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "the message store does not answer at the moment")
    }
}

type Answer<T> = Result<T, Refusal>;
type Pairs = Result<Query<Vec<(String, String)>>, QueryRejection>;

async fn authenticate(State(engine): State<Engine>, request: Request, next: Next) -> Response {
    let bearer = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .map(str::to_owned);
    let shown = bearer.or_else(|| {
        let query = request.uri().query().unwrap_or("").as_bytes();
        form_urlencoded::parse(query).find(|(name, _)| name == "qstash_token").map(|(_, token)| token.into_owned())
    });
    if shown.is_some_and(|token| engine.settings().token.matches(token.trim())) {
        return next.run(request).await;
    }
    Refusal::new(StatusCode::UNAUTHORIZED, "unable to authenticate: invalid token").into_response()
}

async fn publish(
    State(engine): State<Engine>,
    uri: Uri,
    mut headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Answer<Response> {
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Refusal::from(PublishError::TooLarge { bytes_max: engine.settings().body_bytes_max })
        }
        status => Refusal::new(status, rejection.body_text()),
    })?;
    let (destination, settings) = destination(&uri);
    for (name, value) in settings {
        let pair = (HeaderName::try_from(name.as_str()), HeaderValue::try_from(value));
        let (Ok(name), Ok(value)) = pair else {
            return Err(Refusal::new(StatusCode::BAD_REQUEST, format!("invalid value of {name}")));
        };
        headers.entry(name).or_insert(value);
    }
    let published = engine.publish(&destination, &headers, body)?;
    let status = if published.deduplicated { StatusCode::ACCEPTED } else { StatusCode::OK };
    Ok((status, Json(PublishedBody::from(published))).into_response())
}

/// Everything after `/v2/publish/` as it was sent, without the query parameters that are meant for us; those as pairs.
fn destination(uri: &Uri) -> (String, Vec<(String, String)>) {
    let path = uri.path().split_once(PUBLISH).map_or("", |(_, rest)| rest);
    let (mut kept, mut settings) = (Vec::new(), Vec::new());
    for part in uri.query().into_iter().flat_map(|query| query.split('&')) {
        let Some((name, value)) = form_urlencoded::parse(part.as_bytes()).next() else {
            kept.push(part);
            continue;
        };
        let name = name.to_ascii_lowercase();
        if name.starts_with("upstash-") {
            settings.push((name, value.into_owned()));
        } else if name != "qstash_token" {
            kept.push(part);
        }
    }
    let query = if kept.is_empty() { String::new() } else { format!("?{}", kept.join("&")) };
    (format!("{path}{query}"), settings)
}

async fn read_message(State(engine): State<Engine>, Path(id): Path<String>) -> Answer<Json<MessageBody>> {
    let message = engine.message(&id)?.ok_or_else(|| not_found("message", &id))?;
    Ok(Json(message.into()))
}

async fn cancel_message(State(engine): State<Engine>, Path(id): Path<String>) -> Answer<Json<CancelledBody>> {
    engine.cancel(&id)?.ok_or_else(|| not_found("message", &id))?;
    Ok(Json(CancelledBody { cancelled: 1 }))
}

async fn read_events(State(engine): State<Engine>, query: Pairs) -> Answer<Json<EventsBody>> {
    let Events { events, cursor } = engine.events(&event_filter(query)?)?;
    Ok(Json(EventsBody { cursor, events: events.into_iter().map(Into::into).collect() }))
}

async fn read_logs(State(engine): State<Engine>, query: Pairs) -> Answer<Json<LogsBody>> {
    let Events { events, cursor } = engine.events(&event_filter(query)?)?;
    Ok(Json(LogsBody { cursor, logs: events.into_iter().map(Into::into).collect() }))
}

fn event_filter(query: Pairs) -> Answer<EventFilter> {
    let mut filter = EventFilter::default();
    for (name, value) in pairs(query)? {
        match name.as_str() {
            "messageId" | "messageIds" => filter.message_ids.extend(value.split(',').map(str::to_owned)),
            "state" if value == "IN_PROGRESS" => {
                filter.states.extend([EventState::Active, EventState::Retry, EventState::Error]);
            }
            "state" => match EventState::parse(&value) {
                EventState::Unknown => return Err(bad(&name, &value)),
                state => filter.states.push(state),
            },
            "label" => filter.label = Some(value),
            "url" => filter.url = Some(value),
            "fromDate" => filter.from = Some(Timestamp::from_millis(number(&name, &value)?)),
            "toDate" => filter.to = Some(Timestamp::from_millis(number(&name, &value)?)),
            "cursor" => filter.cursor = Some(number(&name, &value)?),
            "count" => filter.count = count(&name, &value, EVENTS_COUNT_MAX)?,
            "qstash_token" => {}
            // A filter that is not applied would show lines that nobody asked for.
            _ => return Err(unknown_filter(&name)),
        }
    }
    Ok(filter)
}

async fn list_dead_letters(State(engine): State<Engine>, query: Pairs) -> Answer<Json<DeadLettersBody>> {
    let (mut cursor, mut limit) = (None, DEAD_LETTERS_COUNT_MAX);
    for (name, value) in pairs(query)? {
        match name.as_str() {
            "cursor" => cursor = Some(number(&name, &value)?),
            "count" => limit = count(&name, &value, DEAD_LETTERS_COUNT_MAX)?,
            "qstash_token" => {}
            _ => return Err(unknown_filter(&name)),
        }
    }
    let (letters, next) = engine.dead_letters_before(cursor, limit)?;
    let messages = letters.into_iter().map(Into::into).collect();
    Ok(Json(DeadLettersBody { messages, cursor: next.map(|id| id.to_string()) }))
}

async fn read_dead_letter(State(engine): State<Engine>, Path(id): Path<String>) -> Answer<Json<impl Serialize>> {
    let letter = engine.dead_letter(&id)?.ok_or_else(|| not_found("dead letter", &id))?;
    Ok(Json(crate::wire::DeadLetterBody::from(letter)))
}

async fn delete_dead_letter(State(engine): State<Engine>, Path(id): Path<String>) -> Answer<StatusCode> {
    if engine.delete_dead_letter(&id)? { Ok(StatusCode::OK) } else { Err(not_found("dead letter", &id)) }
}

async fn replay_dead_letter(State(engine): State<Engine>, Path(id): Path<String>) -> Answer<Response> {
    let message_id = engine.replay_dead_letter(&id)?.ok_or_else(|| not_found("dead letter", &id))?;
    let body = PublishedBody { message_id, deduplicated: false };
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

async fn read_keys(State(engine): State<Engine>) -> Json<KeysBody> {
    Json(engine.keys().into())
}

fn pairs(query: Pairs) -> Answer<Vec<(String, String)>> {
    query.map(|Query(pairs)| pairs).map_err(|rejection| Refusal::new(StatusCode::BAD_REQUEST, rejection.body_text()))
}

fn number(name: &str, value: &str) -> Answer<i64> {
    value.trim().parse().map_err(|_| bad(name, value))
}

fn count(name: &str, value: &str, max: u32) -> Answer<u32> {
    value.trim().parse().ok().filter(|count| (1..=max).contains(count)).ok_or_else(|| bad(name, value))
}

fn bad(name: &str, value: &str) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, format!("invalid value of {name}: {value:?}"))
}

fn unknown_filter(name: &str) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, format!("unknown filter {name:?}"))
}

fn not_found(what: &str, id: &str) -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, format!("{what} {id:?} not found"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_is_taken_as_it_was_sent() {
        for (uri, expected) in [
            ("/v2/publish/https://e.org/a//b%2Fc?x=1&y=%20", "https://e.org/a//b%2Fc?x=1&y=%20"),
            ("/prefix/v2/publish/https://e.org/v2/publish/x", "https://e.org/v2/publish/x"),
            ("/v2/publish/https://e.org?qstash_token=t&x=1&Upstash-Retries=3", "https://e.org?x=1"),
            ("/v2/publish/https://e.org?qstash_token=t", "https://e.org"),
            ("/v2/publish/group", "group"),
        ] {
            assert_eq!(destination(&uri.parse().unwrap()).0, expected, "{uri}");
        }
        let (_, settings) = destination(&"/v2/publish/https://e.org?Upstash-Delay=1m%20&x=1".parse().unwrap());
        assert_eq!(settings, [("upstash-delay".to_owned(), "1m ".to_owned())]);
    }
}

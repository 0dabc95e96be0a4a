//! Real sockets: a client publishes to the engine's server, the engine delivers to a webhook, the webhook verifies.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use assay_messages::{Client, ClientError, Engine, EngineSettings, EventState, Publish, Secret, router};
use assay_world::network::RealNetwork;
use assay_world::{Clock, Limits, Network, Reach, RealClock, RealEntropy, Request, Response, World};
use axum::Router;
use axum::extract::State;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Uri};
use tokio::sync::mpsc;
use url::Url;

use crate::{Shared, TOKEN, database, keys, settings, verifier};

/// What the webhook made of a call: the message and the attempt, or the reason for refusing it.
type Seen = Result<(String, u32, Bytes), &'static str>;

#[derive(Clone)]
struct Hook {
    base: String,
    statuses: Shared<Vec<u16>>,
    seen: mpsc::UnboundedSender<Seen>,
}

async fn receive(State(hook): State<Hook>, uri: Uri, headers: HeaderMap, body: Bytes) -> (StatusCode, String) {
    let url = format!("{}{}", hook.base, uri.path_and_query().unwrap());
    match verifier().verify_delivery(&headers, &url, &body, RealClock.now()) {
        Ok(delivery) => {
            let mut statuses = hook.statuses.lock().unwrap();
            let status = if statuses.is_empty() { 200 } else { statuses.remove(0) };
            hook.seen.send(Ok((delivery.message_id, delivery.retried, body))).unwrap();
            (StatusCode::from_u16(status).unwrap(), String::new())
        }
        Err(error) => {
            hook.seen.send(Err(error.code())).unwrap();
            (StatusCode::UNAUTHORIZED, error.code().to_owned())
        }
    }
}

async fn serve(make: impl FnOnce(SocketAddr) -> Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = make(address);
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

struct Scene {
    engine: Engine,
    client: Client,
    base: String,
    hook: String,
    statuses: Shared<Vec<u16>>,
    seen: mpsc::UnboundedReceiver<Seen>,
    stop: tokio::sync::watch::Sender<bool>,
    running: tokio::task::JoinHandle<()>,
    _dir: tempfile::TempDir,
}

async fn scene() -> Scene {
    let (dir, database) = database();
    let world =
        World { clock: Arc::new(RealClock), entropy: Arc::new(RealEntropy), network: Arc::new(RealNetwork::new()) };
    // No waits between attempts: the order is what is tested here.
    let backoff = assay_messages::Backoff { unit: Duration::ZERO, growth: 0.0, max: Duration::ZERO };
    let engine = Engine::new(database, world, keys(), EngineSettings { backoff, ..settings() });
    let server = serve(|_| router(engine.clone())).await;
    let (sender, seen) = mpsc::unbounded_channel();
    let statuses = Shared::<Vec<u16>>::default();
    let hook = serve(|address| {
        let state = Hook { base: format!("http://{address}"), statuses: statuses.clone(), seen: sender };
        Router::new().fallback(receive).with_state(state)
    })
    .await;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let running = tokio::spawn(engine.clone().run(stopped));
    let base = format!("http://{server}");
    let client = Client::new(Url::parse(&base).unwrap(), Secret::new(TOKEN));
    Scene { engine, client, base, hook: format!("http://{hook}"), statuses, seen, stop, running, _dir: dir }
}

fn message(destination: &str) -> Publish {
    Publish {
        destination: Url::parse(destination).unwrap(),
        body: Bytes::from_static(b"{\"a\": 1}\n"),
        content_type: "application/json".into(),
        retries: 3,
        delay: None,
        deduplication_id: None,
        label: Some("c_000102abcdff".into()),
        timeout: Some(Duration::from_secs(10)),
    }
}

async fn send(request: Request) -> Response {
    RealNetwork::new().send(request).await.unwrap()
}

impl Scene {
    async fn publish(&self, message: &Publish) -> assay_messages::Published {
        Client::parse_publish(&send(self.client.publish(message)).await).unwrap()
    }

    async fn call(&self, method: Method, path: &str) -> (u16, String) {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", format!("Bearer {TOKEN}").parse().unwrap());
        let answer = send(plain(method, &format!("{}{path}", self.base), headers, "")).await;
        (answer.status.as_u16(), String::from_utf8(answer.body.to_vec()).unwrap())
    }

    /// Ends the loop; what was under way is recorded then.
    async fn stop(self) -> Engine {
        self.stop.send(true).unwrap();
        self.running.await.unwrap();
        self.engine
    }
}

fn plain(method: Method, url: &str, headers: HeaderMap, body: &'static str) -> Request {
    Request {
        method,
        url: Url::parse(url).unwrap(),
        headers,
        body: Bytes::from_static(body.as_bytes()),
        limits: Limits { time_max: Duration::from_secs(10), body_bytes_max: 1 << 20 },
        reach: Reach::Configured,
    }
}

#[tokio::test]
async fn a_published_message_arrives_signed_with_its_bytes_and_its_full_address() {
    let mut s = scene().await;
    let published = s.publish(&message(&format!("{}/webhooks//research?a=b%20c&d", s.hook))).await;
    assert!(published.message_id.starts_with("msg_") && !published.deduplicated);
    let (id, retried, body) = s.seen.recv().await.unwrap().unwrap();
    assert_eq!((id, retried, &body[..]), (published.message_id, 0, &b"{\"a\": 1}\n"[..]));
}

#[tokio::test]
async fn two_failures_then_a_success_are_three_attempts_in_the_log_that_a_client_reads() {
    let mut s = scene().await;
    s.statuses.lock().unwrap().extend([500, 500]);
    let id = s.publish(&message(&s.hook)).await.message_id;
    for attempt in 0..3 {
        assert_eq!(s.seen.recv().await.unwrap().unwrap().1, attempt);
    }
    let (client, base) = (s.client.clone(), s.base.clone());
    let engine = s.stop().await;
    assert_eq!(engine.message(&id).unwrap().unwrap().attempts, 3);
    let answer = send(client.events_of(&[&id], None)).await;
    let log = Client::parse_events(&answer).unwrap();
    assert_eq!(log.cursor, None);
    let attempts = log.events.iter().filter(|event| event.state == EventState::Active).count();
    let last = &log.events[0];
    assert_eq!((attempts, last.state, last.response_status), (3, EventState::Delivered, Some(200)));
    assert_eq!((last.label.as_deref(), last.max_retries), (Some("c_000102abcdff"), Some(3)));
    let other = Client::parse_events(&send(client.events_of(&["msg_other"], None)).await).unwrap();
    assert!(other.events.is_empty(), "{base}");
}

#[tokio::test]
async fn a_dead_letter_is_listed_and_replayed_over_http() {
    let mut s = scene().await;
    s.statuses.lock().unwrap().extend([500, 503]);
    let id = s.publish(&Publish { retries: 1, ..message(&s.hook) }).await.message_id;
    let letter = loop {
        // The condition is in the store, not on a clock.
        if let Some(letter) = s.engine.dead_letters(1).unwrap().pop() {
            break letter;
        }
        tokio::task::yield_now().await;
    };
    let (status, body) = s.call(Method::GET, "/v2/dlq").await;
    assert_eq!(status, 200);
    for part in ["\"responseStatus\":503", "\"maxRetries\":1", &format!("\"messageId\":\"{id}\"")] {
        assert!(body.contains(part), "{part} in {body}");
    }
    let (status, body) = s.call(Method::POST, &format!("/v2/dlq/retry/{}", letter.dlq_id)).await;
    assert_eq!(status, 201);
    for _ in 0..2 {
        s.seen.recv().await.unwrap().unwrap();
    }
    let (again, retried, _) = s.seen.recv().await.unwrap().unwrap();
    assert!(body.contains(&again) && again != id && retried == 0, "{body}");
    assert_eq!(s.call(Method::GET, &format!("/v2/dlq/{}", letter.dlq_id)).await.0, 404);
    assert_eq!(s.call(Method::DELETE, &format!("/v2/dlq/{}", letter.dlq_id)).await.0, 404);
}

#[tokio::test]
async fn a_duplicate_is_accepted_and_names_the_first() {
    let s = scene().await;
    let message = Publish { deduplication_id: Some("c_1-1-research-0".into()), ..message(&s.hook) };
    let first = s.publish(&message).await;
    let answer = send(s.client.publish(&message)).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let second = Client::parse_publish(&answer).unwrap();
    assert!(second.deduplicated && second.message_id == first.message_id);
}

#[tokio::test]
async fn every_call_needs_the_token_and_every_fault_is_json() {
    let s = scene().await;
    let stranger = Client::new(Url::parse(&s.base).unwrap(), Secret::new("tokem"));
    for request in [stranger.publish(&message(&s.hook)), stranger.keys(), stranger.events_of(&[""; 0], None)] {
        let answer = send(request).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(&answer.body[..], br#"{"error":"unable to authenticate: invalid token"}"#);
    }
    for (method, path, status) in [
        (Method::GET, "/v2/messages/msg_unknown", 404),
        (Method::DELETE, "/v2/messages/msg_unknown", 404),
        (Method::DELETE, "/v2/messages/", 404),
        (Method::DELETE, "/v2/messages", 404),
        (Method::GET, "/v2/schedules", 404),
        (Method::PUT, "/v2/keys", 405),
        (Method::GET, "/v2/dlq?host=x", 400),
        (Method::GET, "/v2/events?count=0", 400),
        (Method::GET, "/v2/events?state=NONSENSE", 400),
        (Method::POST, "/v2/publish/example.org", 400),
        (Method::POST, "/v2/publish/https://example.org/?upstash-retries=99", 412),
    ] {
        let (answered, body) = s.call(method, path).await;
        assert_eq!(answered, status, "{path} {body}");
        assert!(body.starts_with(r#"{"error":""#), "{path} {body}");
    }
    let large = Publish { body: vec![0; (1 << 20) + 1].into(), ..message(&s.hook) };
    let answer = send(s.client.publish(&large)).await;
    let error = Client::parse_publish(&answer).unwrap_err();
    assert!(matches!(error, ClientError::Refused { status: StatusCode::PAYLOAD_TOO_LARGE, .. }), "{error}");
    let with_query_token = format!("{}/v2/keys?qstash_token={TOKEN}", s.base);
    let answer = send(plain(Method::GET, &with_query_token, HeaderMap::new(), "")).await;
    assert_eq!(Client::parse_keys(&answer).unwrap(), keys());
}

#[tokio::test]
async fn messages_are_read_and_taken_out_over_http() {
    let s = scene().await;
    let later = Publish { delay: Some(Duration::from_secs(3600)), ..message("https://example.org/hook") };
    let id = s.publish(&later).await.message_id;
    let (status, body) = s.call(Method::GET, &format!("/v2/messages/{id}")).await;
    assert_eq!(status, 200);
    for part in [
        r#""url":"https://example.org/hook""#,
        r#""header":{"Content-Type":["application/json"]}"#,
        r#""body":"{\"a\": 1}\n""#,
        r#""label":"c_000102abcdff""#,
    ] {
        assert!(body.contains(part), "{part} in {body}");
    }
    assert_eq!(s.call(Method::DELETE, &format!("/v2/messages/{id}")).await, (200, r#"{"cancelled":1}"#.into()));
    assert_eq!(s.call(Method::DELETE, &format!("/v2/messages/{id}")).await.0, 404);
    let (_, body) = s.call(Method::GET, &format!("/v2/logs?messageId={id}&state=CANCELLED")).await;
    assert!(body.starts_with(r#"{"logs":[{"#) && body.contains("\"CANCELED\""), "{body}");
}

#[tokio::test]
async fn forged_old_redirected_and_rebodied_calls_are_refused_with_their_reason() {
    let mut s = scene().await;
    let now = RealClock.now();
    let url = format!("{}/webhooks/research", s.hook);
    let ttl = Duration::from_secs(300);
    let current = keys().current;
    let token = |key: &Secret, url: &str, at| assay_messages::sign(key, url, b"{}", at, "jwt_1", ttl);
    for (token, body, code) in [
        (String::new(), "{}", "missing"),
        ("a.b".into(), "{}", "malformed"),
        (token(&Secret::new("sig_forged"), &url, now), "{}", "bad_signature"),
        (token(&current, &format!("{}/webhooks/validate", s.hook), now), "{}", "wrong_subject"),
        (token(&current, &url, now - ttl), "{}", "expired"),
        (token(&current, &url, now), "{ }", "body_mismatch"),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert("upstash-message-id", "msg_1".parse().unwrap());
        headers.insert("upstash-signature", token.parse().unwrap());
        let answer = send(plain(Method::POST, &url, headers, body)).await;
        assert_eq!((answer.status, &answer.body[..]), (StatusCode::UNAUTHORIZED, code.as_bytes()));
        assert_eq!(s.seen.recv().await.unwrap(), Err(code));
    }
}

//! The door over a network that is a function.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use assay_budget::{Cost, Door, DoorError, Resource, Unbilled};
use assay_world::network::SimulatedNetwork;
use assay_world::{Limits, NetworkError, Reach, Request, Response, SimulatedClock};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};

use crate::{CAPS, Fixture, at, fixture, reserve};

type Answer = Result<StatusCode, fn(String) -> NetworkError>;

struct Scene {
    f: Fixture,
    door: Door,
    network: Arc<SimulatedNetwork>,
}

fn scene(answers: &[Answer]) -> Scene {
    let f = fixture(CAPS);
    let answers = Mutex::new(answers.to_vec());
    let network = Arc::new(SimulatedNetwork::new(move |request| match answers.lock().unwrap().remove(0) {
        Ok(status) => Ok(Response { status, headers: HeaderMap::new(), body: Bytes::new() }),
        Err(error) => Err(error(request.url.to_string())),
    }));
    let clock = Arc::new(SimulatedClock::new(at("2026-03-01")));
    let door = Door::new(network.clone(), f.ledger.clone(), clock);
    Scene { f, door, network }
}

fn request(method: Method, url: &str) -> Request {
    Request {
        method,
        url: url.parse().unwrap(),
        headers: HeaderMap::new(),
        body: Bytes::new(),
        limits: Limits { time_max: Duration::from_secs(1), body_bytes_max: 1024 },
        reach: Reach::Configured,
    }
}

fn no_connection(url: String) -> NetworkError {
    NetworkError::Connect { url, cause: "refused".into() }
}

fn broke_off(url: String) -> NetworkError {
    NetworkError::Broken { url, cause: "reset".into() }
}

fn page() -> Cost<'static> {
    Cost { resource: Resource::WebRequests, units: 1, purpose: "a page", concept: None }
}

#[tokio::test]
async fn every_request_that_may_have_arrived_is_paid_for() {
    let s = scene(&[Ok(StatusCode::OK), Ok(StatusCode::NOT_FOUND), Err(broke_off), Err(no_connection)]);
    for _ in 0..4 {
        let _ = s.door.send(page(), request(Method::GET, "https://example.org/")).await;
    }
    let usage = s.f.ledger.usage(Resource::WebRequests, at("2026-03-01")).unwrap();
    assert_eq!((usage.settled, usage.reserved), (3, 0), "only the refused connection is free");
}

#[tokio::test]
async fn past_the_cap_nothing_leaves() {
    let s = scene(&[Ok(StatusCode::OK); 6]);
    for _ in 0..5 {
        s.door.send(page(), request(Method::GET, "https://example.org/")).await.unwrap();
    }
    let error = s.door.send(page(), request(Method::GET, "https://example.org/")).await.unwrap_err();
    assert!(matches!(&error, DoorError::Denied(denied) if denied.reason() == "cap_reached"), "{error}");
    assert_eq!(s.network.sent().len(), 5);
}

#[tokio::test]
async fn a_publish_stays_open_only_when_the_engine_took_it() {
    let now = at("2026-03-01");
    let cases: [(Answer, bool, u64, u64); 6] = [
        (Ok(StatusCode::CREATED), true, 0, 4),
        (Ok(StatusCode::BAD_REQUEST), false, 0, 0),
        (Ok(StatusCode::REQUEST_TIMEOUT), false, 4, 0),
        (Ok(StatusCode::BAD_GATEWAY), false, 4, 0),
        (Err(no_connection), false, 0, 0),
        (Err(broke_off), false, 4, 0),
    ];
    for (answer, open, settled, reserved) in cases {
        let s = scene(&[answer]);
        let permit = reserve(&s.f.ledger, Resource::QstashMessages, 4, now);
        let sent = s.door.send_permitted(permit, request(Method::POST, "https://qstash.upstash.io/v2/publish/x")).await;
        assert_eq!(sent.as_ref().is_ok_and(|sent| sent.reservation.is_some()), open, "{sent:?}");
        let usage = s.f.ledger.usage(Resource::QstashMessages, now).unwrap();
        assert_eq!((usage.settled, usage.reserved), (settled, reserved), "{sent:?}");
    }
}

#[tokio::test]
async fn a_caller_that_stops_waiting_has_spent() {
    struct Silence;
    #[async_trait::async_trait]
    impl assay_world::Network for Silence {
        async fn send(&self, _: Request) -> Result<Response, NetworkError> {
            std::future::pending().await
        }
    }
    let f = fixture(CAPS);
    let now = at("2026-03-01");
    let door = Door::new(Arc::new(Silence), f.ledger.clone(), Arc::new(SimulatedClock::new(now)));
    tokio::select! {
        biased;
        _ = door.send(page(), request(Method::GET, "https://example.org/")) => unreachable!("nobody answers"),
        () = std::future::ready(()) => {}
    }
    let usage = f.ledger.usage(Resource::WebRequests, now).unwrap();
    assert_eq!((usage.assumed, usage.reserved), (1, 0));
}

#[tokio::test]
async fn nothing_is_free_without_a_reason_that_holds() {
    let s = scene(&[Ok(StatusCode::OK); 2]);
    for (method, url, why, free) in [
        (Method::POST, "http://127.0.0.1:8080/v2/publish/x", Unbilled::Loopback, true),
        (Method::GET, "https://qstash.upstash.io/v2/events", Unbilled::EngineRead, true),
        (Method::POST, "http://localhost:8080/v2/publish/x", Unbilled::Loopback, false),
        (Method::GET, "https://qstash.upstash.io/v2/events", Unbilled::Loopback, false),
        (Method::POST, "https://qstash.upstash.io/v2/publish/x", Unbilled::EngineRead, false),
    ] {
        let answer = s.door.send_unbilled(request(method, url), why).await;
        assert_eq!(answer.is_ok(), free, "{url} {why:?}");
        assert!(free || matches!(answer, Err(DoorError::NotFree { .. })));
    }
    assert_eq!(s.network.sent().len(), 2);
}

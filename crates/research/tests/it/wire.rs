//! The network of the simulated world: the engine's interface, our webhooks and a few pages, with faults by seed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use assay_messages::{Engine, EventFilter, PublishError};
use assay_research::pipeline::{DeliveryError, Pipeline};
use assay_units::{Seed, SplitMix64};
use assay_world::network::check_url;
use assay_world::{Network, NetworkError, Request, Response};
use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::json;
use tokio::sync::Notify;

/// Host and port of the program itself.
pub const OWN: &str = "127.0.0.1:8000";

/// A delivery as it came over the wire.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub stage: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// What the wire does to a request of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No connection: nothing was sent, and one can tell.
    Unconnected,
    /// Lost on the way there.
    RequestLost,
    /// Lost on the way back.
    AnswerLost,
    /// Arrives twice.
    Twice,
    /// Turned away with 503.
    Unavailable,
}

/// What happens to webhook calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Webhooks {
    /// Each arrives so many times.
    Arrive(u32),
    /// Answered 500 without being looked at.
    Broken,
}

/// Where the program dies: at this exchange, before or after the other side has seen the request.
#[derive(Clone, Copy, Debug)]
pub struct Death {
    pub exchange: u64,
    pub after: bool,
}

struct State {
    ends: Option<(Engine, Pipeline)>,
    pages: BTreeMap<String, (u16, &'static str, String)>,
    faults: Option<SplitMix64>,
    answers_lost: u32,
    death: Option<Death>,
    exchanges: u64,
    webhooks: Webhooks,
    token_refused: bool,
    deliveries: Vec<Delivery>,
    answers: Vec<String>,
    asked: Vec<String>,
}

pub struct Wire {
    state: Mutex<State>,
    died: Notify,
}

impl Wire {
    pub fn new() -> Arc<Wire> {
        let state = State {
            ends: None,
            pages: BTreeMap::new(),
            faults: None,
            answers_lost: 0,
            death: None,
            exchanges: 0,
            webhooks: Webhooks::Arrive(1),
            token_refused: false,
            deliveries: vec![],
            answers: vec![],
            asked: vec![],
        };
        Arc::new(Wire { state: Mutex::new(state), died: Notify::new() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Who answers at our own address; nobody while the program is down.
    pub fn connect(&self, ends: Option<(Engine, Pipeline)>) {
        self.state().ends = ends;
    }

    pub fn page(&self, url: &str, status: u16, content_type: &'static str, body: impl Into<String>) {
        self.state().pages.insert(url.to_owned(), (status, content_type, body.into()));
    }

    /// From now on one exchange in three goes wrong, as `seed` decides; `None` ends that.
    pub fn faults(&self, seed: Option<u64>) {
        self.state().faults = seed.map(|seed| SplitMix64::new(Seed(seed)));
    }

    /// The next answers do not come back.
    pub fn lose_answers(&self, count: u32) {
        self.state().answers_lost = count;
    }

    pub fn webhooks(&self, webhooks: Webhooks) {
        self.state().webhooks = webhooks;
    }

    /// From now on the engine does not know our token.
    pub fn refuse_token(&self, refused: bool) {
        self.state().token_refused = refused;
    }

    /// Plans a death, counted from now.
    pub fn die(&self, death: Option<Death>) {
        let mut state = self.state();
        state.exchanges = 0;
        state.death = death;
    }

    /// Whether the planned death has come.
    pub fn is_past_death(&self) -> bool {
        self.state().death.is_none()
    }

    /// Returns when the program has died.
    pub async fn died(&self) {
        self.died.notified().await;
    }

    /// Every webhook call so far, whatever became of it.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.state().deliveries.clone()
    }

    /// What our webhook said to each call, in order.
    pub fn answers(&self) -> Vec<String> {
        self.state().answers.clone()
    }

    /// Addresses asked for outside our own.
    pub fn asked(&self) -> Vec<String> {
        self.state().asked.clone()
    }

    fn fault(&self) -> Option<Fault> {
        let mut state = self.state();
        if let Some(left) = state.answers_lost.checked_sub(1) {
            state.answers_lost = left;
            return Some(Fault::AnswerLost);
        }
        let chance = state.faults.as_mut()?.below(15);
        [Fault::Unconnected, Fault::RequestLost, Fault::AnswerLost, Fault::Twice, Fault::Unavailable]
            .get(chance as usize)
            .copied()
    }

    /// Never returns when the planned death is here.
    async fn live_through(&self, after: bool) {
        let dies = {
            let mut state = self.state();
            state.exchanges += u64::from(!after);
            let exchanges = state.exchanges;
            state.death.take_if(|death| death.exchange == exchanges && death.after == after).is_some()
        };
        if dies {
            self.died.notify_one();
            std::future::pending().await
        }
    }

    fn own(&self, request: &Request) -> Response {
        if self.state().token_refused && request.url.path().starts_with("/v2/") {
            return answer(401, json!({ "error": "unable to authenticate: invalid token" }).to_string());
        }
        let (ends, webhooks) = {
            let state = self.state();
            (state.ends.clone(), state.webhooks)
        };
        let Some((engine, pipeline)) = ends else { return answer(502, "nobody is at home") };
        if let Some(stage) = request.url.path().strip_prefix("/webhooks/") {
            let delivery =
                Delivery { stage: stage.to_owned(), headers: request.headers.clone(), body: request.body.clone() };
            self.state().deliveries.push(delivery.clone());
            let Webhooks::Arrive(times) = webhooks else { return answer(500, "broken for the test") };
            let answers = (0..times).map(|_| {
                let answered = deliver(&pipeline, &delivery);
                self.state().answers.push(String::from_utf8_lossy(&answered.body).into_owned());
                answered
            });
            return answers.last().expect("at least once");
        }
        call(&engine, request)
    }

    fn public(&self, request: &Request) -> Result<Response, NetworkError> {
        let mut state = self.state();
        state.asked.push(request.url.to_string());
        let Some((status, content_type, body)) = state.pages.get(request.url.as_str()) else {
            return Err(NetworkError::Connect { url: request.url.to_string(), cause: "no such host".into() });
        };
        let mut response = answer(*status, body);
        response.headers.insert("content-type", content_type.parse().unwrap());
        Ok(response)
    }
}

#[async_trait]
impl Network for Wire {
    async fn send(&self, request: Request) -> Result<Response, NetworkError> {
        let url = request.url.to_string();
        if let Err(reason) = check_url(&request.url, &request.reach) {
            return Err(NetworkError::Refused { url, reason });
        }
        if request.url.host_str() != Some("127.0.0.1") {
            return self.public(&request);
        }
        let broken = |what: &str| NetworkError::Broken { url: url.clone(), cause: what.into() };
        let fault = self.fault();
        self.live_through(false).await;
        let response = match fault {
            Some(Fault::Unconnected) => return Err(NetworkError::Connect { url, cause: "connection refused".into() }),
            Some(Fault::RequestLost) => return Err(NetworkError::Timeout { url, time_max: Duration::from_secs(30) }),
            Some(Fault::Unavailable) => answer(503, "come back later"),
            Some(Fault::Twice) => {
                self.own(&request);
                self.own(&request)
            }
            Some(Fault::AnswerLost) | None => self.own(&request),
        };
        self.live_through(true).await;
        match fault {
            Some(Fault::AnswerLost) => Err(broken("connection reset")),
            _ => Ok(response),
        }
    }
}

fn answer(status: u16, body: impl Into<String>) -> Response {
    Response {
        status: StatusCode::from_u16(status).unwrap(),
        headers: HeaderMap::new(),
        body: Bytes::from(body.into()),
    }
}

/// The webhook, with the statuses that the server gives.
fn deliver(pipeline: &Pipeline, delivery: &Delivery) -> Response {
    match pipeline.deliver(&delivery.stage, &delivery.headers, &delivery.body) {
        Ok(accepted) => answer(200, format!("{accepted:?}")),
        Err(DeliveryError::Forged(fault)) => answer(401, fault.code()),
        Err(error @ DeliveryError::Malformed(_)) => {
            let mut refused = answer(489, error.to_string());
            refused.headers.insert("upstash-nonretryable-error", "true".parse().unwrap());
            refused
        }
        Err(error @ DeliveryError::Database(_)) => answer(503, error.to_string()),
    }
}

/// The engine's calls that the pipeline makes, in the words of the wire.
fn call(engine: &Engine, request: &Request) -> Response {
    let token = request.headers.get("authorization").and_then(|value| value.to_str().ok());
    if token.and_then(|value| value.strip_prefix("Bearer ")).is_none_or(|token| !engine.settings().token.matches(token))
    {
        return answer(401, json!({ "error": "unable to authenticate: invalid token" }).to_string());
    }
    if let Some(destination) = request.url.path().strip_prefix("/v2/publish/") {
        return match engine.publish(destination, &request.headers, request.body.clone()) {
            Ok(published) => {
                let body = json!({ "messageId": published.message_id, "deduplicated": published.deduplicated });
                answer(if published.deduplicated { 202 } else { 200 }, body.to_string())
            }
            Err(error) => {
                let status = match &error {
                    PublishError::Invalid(_) => 400,
                    PublishError::Quota(_) => 412,
                    PublishError::TooLarge { .. } => 413,
                    PublishError::Full { .. } => 429,
                    PublishError::Database(_) => 503,
                };
                answer(status, json!({ "error": error.to_string() }).to_string())
            }
        };
    }
    assert_eq!(request.url.path(), "/v2/events", "an unexpected call");
    let mut filter = EventFilter::default();
    for (name, value) in request.url.query_pairs() {
        match &*name {
            "messageIds" => filter.message_ids.push(value.into_owned()),
            "count" => filter.count = value.parse().unwrap(),
            "cursor" => filter.cursor = Some(value.parse().unwrap()),
            other => panic!("an unexpected filter {other}"),
        }
    }
    let page = engine.events(&filter).unwrap();
    let events: Vec<_> = page
        .events
        .iter()
        .map(|event| {
            json!({
                "time": event.at.millis(),
                "messageId": event.message_id,
                "state": event.state.as_str(),
                "url": event.url,
                "error": event.error,
                "responseStatus": event.response_status,
            })
        })
        .collect();
    answer(200, json!({ "cursor": page.cursor, "events": events }).to_string())
}

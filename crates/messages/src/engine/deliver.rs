//! Attempts: a claimed message goes out signed, and what comes back is recorded.

use std::collections::BTreeMap;
use std::time::Duration;

use assay_units::Timestamp;
use assay_world::{Limits, NetworkError, Reach, Request, Response};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use tokio::sync::watch;
use tokio::task::JoinSet;
use url::Url;

use super::store::{self, Exchange};
use super::{Answer, Engine, EngineError, Message};
use crate::signature;

/// Longest answer that is read: more than a webhook has to say.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// Bytes of an answer that a dead letter keeps.
const DEAD_LETTER_BODY_BYTES_MAX: usize = 64 * 1024;
/// Wait after the store failed.
const STORE_PAUSE: Duration = Duration::from_secs(1);

impl Engine {
    /// One pass: delivers what is due, as much at once as the settings allow, and returns how many attempts were made.
    pub async fn deliver_due(&self) -> Result<usize, EngineError> {
        let claimed = self.claim(self.0.settings.parallelism)?;
        let count = claimed.len();
        let mut attempts = JoinSet::new();
        for message in claimed {
            attempts.spawn(self.clone().attempt(message));
        }
        let mut result = Ok(count);
        // All of them are waited for: one that fails to be recorded must not break off the others.
        while let Some(ended) = attempts.join_next().await {
            if let Err(error) = ended.map_err(EngineError::Attempt).and_then(|recorded| recorded) {
                result = Err(error);
            }
        }
        result
    }

    /// Delivers until `stop` says so; sleeps until something is due or published. Attempts under way at a stop may go on for
    /// `drain_max`; what is cut off then is attempted again after its lease.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let parallelism = self.0.settings.parallelism.max(1);
        let mut attempts = JoinSet::new();
        while !*stop.borrow_and_update() {
            let mut wake_at = None;
            if attempts.len() < parallelism {
                let next = self.claim(parallelism - attempts.len()).and_then(|claimed| {
                    for message in claimed {
                        attempts.spawn(self.clone().attempt(message));
                    }
                    self.next_due()
                });
                wake_at = match next {
                    // With every slot taken, only the end of an attempt lets us go on.
                    Ok(next) => next.filter(|_| attempts.len() < parallelism),
                    Err(error) => {
                        report(&error);
                        Some(self.now() + STORE_PAUSE)
                    }
                };
            }
            tokio::select! {
                changed = stop.changed() => {
                    if changed.is_err() {
                        break;
                    }
                }
                Some(ended) = attempts.join_next() => {
                    if let Err(error) = ended.map_err(EngineError::Attempt).and_then(|recorded| recorded) {
                        report(&error);
                    }
                }
                () = self.0.wake.notified() => {}
                () = self.sleep_until(wake_at) => {}
            }
        }
        let drained = async { while attempts.join_next().await.is_some() {} };
        tokio::select! {
            () = drained => {}
            () = self.0.world.clock.sleep_until(self.now() + self.0.settings.drain_max) => {}
        }
    }

    async fn sleep_until(&self, at: Option<Timestamp>) {
        match at {
            Some(at) => self.0.world.clock.sleep_until(at).await,
            None => std::future::pending().await,
        }
    }

    /// What is due, each with its attempt counted. Takes up lost attempts and forgets what is old on the way.
    fn claim(&self, limit: usize) -> Result<Vec<Message>, EngineError> {
        let (now, settings) = (self.now(), &self.0.settings);
        Ok(self.0.database.write(|tx| {
            store::recover(tx, settings, now, now)?;
            store::sweep(tx, settings, now)?;
            store::claim(tx, limit, settings, now)
        })?)
    }

    async fn attempt(self, message: Message) -> Result<(), EngineError> {
        let answered = self.0.world.network.send(self.request(&message)).await;
        let now = self.now();
        let (answer, exchange) = read(answered, now);
        Ok(self.0.database.write(|tx| store::record(tx, &message, answer, &exchange, &self.0.settings, now))?)
    }

    fn request(&self, message: &Message) -> Request {
        let mut headers = HeaderMap::new();
        let mut set = |name: HeaderName, value: &str| {
            // What came in as a header goes out as one; what cannot is ours and plain.
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        };
        set(header::USER_AGENT, "Upstash-QStash");
        for (name, value) in &message.headers {
            set(HeaderName::from_bytes(name.as_bytes()).expect("checked when it was published"), value);
        }
        let token = signature::sign(
            &self.0.keys.current,
            &message.url,
            &message.body,
            self.now(),
            &self.new_id("jwt_"),
            self.0.settings.signature_ttl,
        );
        // Last, so that no forwarded header can take their place.
        set(HeaderName::from_static(signature::HEADER), &token);
        set(HeaderName::from_static("upstash-message-id"), &message.message_id);
        set(HeaderName::from_static("upstash-retried"), &(message.attempts - 1).to_string());
        Request {
            method: message.method.parse().expect("only methods are stored as methods"),
            url: Url::parse(&message.url).expect("checked when it was published"),
            headers,
            body: message.body.clone(),
            limits: Limits { time_max: message.timeout, body_bytes_max: ANSWER_BYTES_MAX },
            // The settings' list of destinations is the guard here: our own webhook is on loopback.
            reach: Reach::Configured,
        }
    }
}

fn read(answered: Result<Response, NetworkError>, now: Timestamp) -> (Answer, Exchange) {
    match answered {
        Ok(response) => {
            let answer = Answer::of(response.status, &response.headers, now);
            let mut headers = BTreeMap::<String, Vec<String>>::new();
            for (name, value) in &response.headers {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                headers.entry(name.as_str().to_owned()).or_default().push(value);
            }
            let exchange = Exchange {
                status: Some(response.status.as_u16()),
                headers,
                body: response.body[..response.body.len().min(DEAD_LETTER_BODY_BYTES_MAX)].to_vec(),
                error: (answer != Answer::Accepted).then(|| format!("the destination answered {}", response.status)),
            };
            (answer, exchange)
        }
        Err(error) => (Answer::Failed(None), Exchange { error: Some(chain(&error)), ..Exchange::default() }),
    }
}

fn report(error: &EngineError) {
    tracing::error!(event = "message_engine_failed", "{}", chain(error));
}

/// An error with its causes, for the log that people read.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

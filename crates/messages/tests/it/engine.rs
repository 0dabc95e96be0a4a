//! The life of a message on a clock that we move.

use std::sync::Arc;
use std::time::Duration;

use assay_messages::{
    Backoff, Destinations, Engine, EngineSettings, EventFilter, EventState, MessageState, PublishError, Published,
};
use assay_storage::Database;
use assay_units::Seed;
use assay_world::network::SimulatedNetwork;
use assay_world::{Clock, NetworkError, Response, SimulatedClock, SimulatedEntropy, World};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, StatusCode};
use proptest::prelude::*;

use crate::{Shared, at, database, keys, settings, verifier};

const HOOK: &str = "http://127.0.0.1:9/webhooks/research";

struct Scene {
    database: Database,
    engine: Engine,
    clock: Arc<SimulatedClock>,
    network: Arc<SimulatedNetwork>,
    /// Answers to come; 200 when there is none.
    answers: Shared<Vec<u16>>,
    _dir: tempfile::TempDir,
}

fn scene(settings: EngineSettings) -> Scene {
    let (dir, database) = database();
    let clock = Arc::new(SimulatedClock::new(at("2026-03-01T12:00Z")));
    let answers = Shared::<Vec<u16>>::default();
    let network = Arc::new(SimulatedNetwork::new({
        let answers = answers.clone();
        move |request| {
            let mut answers = answers.lock().unwrap();
            let status = if answers.is_empty() { 200 } else { answers.remove(0) };
            let mut headers = HeaderMap::new();
            match status {
                0 => return Err(NetworkError::Connect { url: request.url.to_string(), cause: "refused".into() }),
                489 => drop(headers.insert("upstash-nonretryable-error", "true".parse().unwrap())),
                429 => drop(headers.insert("retry-after", "30".parse().unwrap())),
                _ => {}
            }
            Ok(Response {
                status: StatusCode::from_u16(status).unwrap(),
                headers,
                body: Bytes::from(format!("answer {status}")),
            })
        }
    }));
    let engine = engine(&database, &clock, &network, settings);
    Scene { database, engine, clock, network, answers, _dir: dir }
}

fn engine(
    database: &Database,
    clock: &Arc<SimulatedClock>,
    network: &Arc<SimulatedNetwork>,
    settings: EngineSettings,
) -> Engine {
    let world = World {
        clock: clock.clone(),
        entropy: Arc::new(SimulatedEntropy::new(Seed(clock.now().millis() as u64))),
        network: network.clone(),
    };
    Engine::new(database.clone(), world, keys(), settings)
}

/// Waits of a minute, whatever the retry.
fn minute() -> Backoff {
    Backoff { unit: Duration::from_secs(60), growth: 0.0, max: Duration::from_secs(60) }
}

impl Scene {
    fn answer(&self, statuses: &[u16]) {
        self.answers.lock().unwrap().extend(statuses);
    }

    fn publish(&self, headers: &[(&str, &str)]) -> Result<Published, PublishError> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        self.engine.publish(HOOK, &map, Bytes::from_static(b"{}"))
    }

    fn id(&self, headers: &[(&str, &str)]) -> String {
        self.publish(headers).unwrap().message_id
    }

    /// Moves the clock from one due time to the next until nothing is left to do.
    async fn settle(&self) {
        while let Some(next) = self.engine.next_due().unwrap() {
            self.clock.set(next.max(self.clock.now()));
            self.engine.deliver_due().await.unwrap();
        }
    }

    fn states(&self, id: &str) -> Vec<EventState> {
        let filter = EventFilter { message_ids: vec![id.to_owned()], ..EventFilter::default() };
        self.engine.events(&filter).unwrap().events.into_iter().rev().map(|event| event.state).collect()
    }
}

#[tokio::test]
async fn a_message_is_delivered_once_signed_and_stays_readable() {
    let s = scene(settings());
    let id = s.id(&[("content-type", "application/json"), ("upstash-forward-x-a", "b"), ("upstash-label", "c_1, x")]);
    assert_eq!(s.engine.deliver_due().await.unwrap(), 1);
    assert_eq!(s.engine.deliver_due().await.unwrap(), 0);
    let sent = s.network.sent();
    assert_eq!((sent.len(), sent[0].url.as_str(), &sent[0].body[..]), (1, HOOK, &b"{}"[..]));
    let delivery = verifier().verify_delivery(&sent[0].headers, HOOK, b"{}", s.clock.now()).unwrap();
    assert_eq!((delivery.message_id.as_str(), delivery.retried), (id.as_str(), 0));
    let header = |name: &str| sent[0].headers[name].to_str().unwrap().to_owned();
    assert_eq!(header("user-agent"), "Upstash-QStash");
    assert_eq!((header("content-type"), header("x-a")), ("application/json".into(), "b".into()));
    assert_eq!(s.states(&id), [EventState::Created, EventState::Active, EventState::Delivered]);
    assert_eq!(s.engine.message(&id).unwrap().unwrap().state, MessageState::Delivered);
    s.clock.advance(Duration::from_secs(3601));
    s.engine.deliver_due().await.unwrap();
    assert_eq!(s.engine.message(&id).unwrap(), None, "what is finished is forgotten after a while");
    assert_eq!(s.states(&id).len(), 3, "the log reaches further back");
}

#[tokio::test]
async fn two_failures_and_a_success_are_three_attempts_with_the_documented_waits() {
    let s = scene(settings());
    s.answer(&[500, 0]);
    let id = s.id(&[("upstash-retries", "3")]);
    let start = s.clock.now();
    s.settle().await;
    use EventState::{Active, Created, Delivered, Error, Retry};
    assert_eq!(s.states(&id), [Created, Active, Error, Retry, Active, Error, Retry, Active, Delivered]);
    assert_eq!(s.clock.now().since(start).as_secs(), 12 + 148);
    let sent = s.network.sent();
    let retried: Vec<&str> = sent.iter().map(|r| r.headers["upstash-retried"].to_str().unwrap()).collect();
    assert_eq!(retried, ["0", "1", "2"]);
    let ids: Vec<_> = sent.iter().map(|r| &r.headers["upstash-message-id"]).collect();
    assert!(ids.iter().all(|other| *other == id.as_str()));
    assert_ne!(sent[0].headers["upstash-signature"], sent[1].headers["upstash-signature"], "a fresh token each time");
}

#[tokio::test]
async fn when_retries_are_used_up_the_message_is_a_dead_letter_and_can_be_replayed() {
    let s = scene(EngineSettings { backoff: minute(), ..settings() });
    s.answer(&[500, 502, 503]);
    let id = s.id(&[("upstash-retries", "2"), ("upstash-label", "c_1")]);
    s.settle().await;
    assert_eq!(s.network.sent().len(), 3);
    assert_eq!(s.states(&id).last(), Some(&EventState::Failed));
    let letters = s.engine.dead_letters(10).unwrap();
    let [letter] = &letters[..] else { panic!("{letters:?}") };
    assert_eq!((letter.response_status, &letter.response_body[..]), (Some(503), &b"answer 503"[..]));
    assert_eq!(letter.error.as_deref(), Some("the destination answered 503 Service Unavailable"));
    assert_eq!((letter.message.message_id.as_str(), letter.message.attempts), (id.as_str(), 3));
    assert_eq!(s.engine.counts().unwrap().dead, 1);

    // However old: as long as the entry is there, so is its message.
    s.clock.advance(Duration::from_secs(86_400));
    s.engine.deliver_due().await.unwrap();
    let again = s.engine.replay_dead_letter(&letter.dlq_id).unwrap().unwrap();
    assert_ne!(again, id);
    assert_eq!(s.engine.replay_dead_letter(&letter.dlq_id).unwrap(), None, "an entry is replayed once");
    s.settle().await;
    let replayed = s.engine.message(&again).unwrap().unwrap();
    assert_eq!((replayed.state, replayed.attempts), (MessageState::Delivered, 1));
    assert_eq!((replayed.retries, replayed.label.as_deref()), (2, Some("c_1")));
    assert_eq!(s.engine.counts().unwrap().dead, 0);
}

#[tokio::test]
async fn a_destination_can_refuse_for_good_or_ask_for_time() {
    let s = scene(settings());
    s.answer(&[429, 489]);
    let id = s.id(&[("upstash-retries", "5")]);
    let start = s.clock.now();
    s.settle().await;
    assert_eq!((s.network.sent().len(), s.clock.now().since(start).as_secs()), (2, 30));
    assert_eq!(s.engine.message(&id).unwrap().unwrap().state, MessageState::Failed);
    let letter = &s.engine.dead_letters(1).unwrap()[0];
    assert!(!s.engine.delete_dead_letter("1-1").unwrap());
    assert!(s.engine.delete_dead_letter(&letter.dlq_id).unwrap());
    assert!(!s.engine.delete_dead_letter(&letter.dlq_id).unwrap());
}

#[tokio::test]
async fn a_delay_is_kept_to_the_second() {
    let s = scene(settings());
    s.id(&[("upstash-delay", "1m30s")]);
    s.clock.advance(Duration::from_millis(89_999));
    assert_eq!(s.engine.deliver_due().await.unwrap(), 0);
    let counts = s.engine.counts().unwrap();
    assert_eq!((counts.pending, counts.oldest_pending), (1, Some(at("2026-03-01T12:01:30Z"))));
    s.clock.advance(Duration::from_millis(1));
    assert_eq!(s.engine.deliver_due().await.unwrap(), 1);
}

#[tokio::test]
async fn a_duplicate_names_the_first_message_until_the_window_ends() {
    let s = scene(settings());
    let id = s.id(&[("upstash-deduplication-id", "a")]);
    assert_ne!(s.id(&[("upstash-deduplication-id", "b")]), id);
    s.settle().await;
    s.clock.advance(Duration::from_secs(599));
    let again = s.publish(&[("upstash-deduplication-id", "a")]).unwrap();
    assert_eq!(again, Published { message_id: id.clone(), deduplicated: true });
    s.clock.advance(Duration::from_secs(1));
    let new = s.publish(&[("upstash-deduplication-id", "a")]).unwrap();
    assert!(!new.deduplicated && new.message_id != id);
    s.settle().await;
    assert_eq!(s.network.sent().len(), 3);

    let content = [("upstash-content-based-deduplication", "true")];
    let first = s.publish(&content).unwrap();
    assert_eq!(s.publish(&content).unwrap(), Published { deduplicated: true, ..first });
}

#[tokio::test]
async fn a_crash_between_claim_and_record_costs_an_attempt_and_loses_no_message() {
    let s = scene(settings());
    let id = s.id(&[("upstash-retries", "1"), ("upstash-timeout", "10s")]);
    // The process dies while the destination has not answered: nothing is recorded.
    let hung = engine_that_hangs(&s);
    for attempts in [1, 2] {
        let running = tokio::spawn({
            let hung = hung.clone();
            async move { hung.deliver_due().await }
        });
        while s.engine.message(&id).unwrap().unwrap().attempts < attempts {
            tokio::task::yield_now().await;
        }
        running.abort();
        assert!(running.await.is_err());
        // Timeout and margin have not passed: another process might still be at it.
        s.clock.advance(Duration::from_millis(39_999));
        assert_eq!(s.engine.deliver_due().await.unwrap(), 0);
        assert_eq!(s.engine.recover(s.clock.now()).unwrap(), 0);
        s.clock.advance(Duration::from_millis(1));
    }
    // Both attempts may have arrived, and both were counted: there is no third.
    assert_eq!(s.engine.recover(s.clock.now()).unwrap(), 1);
    assert_eq!(s.engine.deliver_due().await.unwrap(), 0);
    assert_eq!(s.engine.message(&id).unwrap().unwrap().state, MessageState::Failed);
    let active = s.states(&id).into_iter().filter(|state| *state == EventState::Active).count();
    assert_eq!(active, 2);
    let letter = &s.engine.dead_letters(1).unwrap()[0];
    assert_eq!(letter.error.as_deref(), Some("the attempt was interrupted; it may have arrived"));
}

#[tokio::test]
async fn a_message_whose_attempt_was_lost_is_delivered_by_the_next_run() {
    let s = scene(settings());
    let id = s.id(&[("upstash-timeout", "10s")]);
    let hung = engine_that_hangs(&s);
    let running = tokio::spawn(async move { hung.deliver_due().await });
    while s.engine.counts().unwrap().active == 0 {
        tokio::task::yield_now().await;
    }
    running.abort();
    assert!(running.await.is_err());
    s.settle().await;
    let message = s.engine.message(&id).unwrap().unwrap();
    assert_eq!((message.state, message.attempts), (MessageState::Delivered, 2));
}

#[tokio::test]
async fn a_new_run_takes_lost_attempts_over_at_once_and_they_count() {
    let s = scene(settings());
    let id = s.id(&[]);
    let hung = engine_that_hangs(&s);
    let running = tokio::spawn(async move { hung.deliver_due().await });
    while s.engine.counts().unwrap().active == 0 {
        tokio::task::yield_now().await;
    }
    running.abort();
    assert!(running.await.is_err());
    let now = assay_world::Clock::now(&*s.clock);
    assert_eq!(s.engine.recover(now).unwrap(), 0, "the lease has not run out");
    assert_eq!(s.engine.take_over(now).unwrap(), 1);
    assert_eq!(s.engine.next_due().unwrap(), Some(now));
    assert_eq!(s.engine.message(&id).unwrap().unwrap().attempts, 1);
}

#[tokio::test]
async fn waiting_messages_follow_a_receiver_that_has_moved() {
    let s = scene(settings());
    let id = s.id(&[("upstash-delay", "1m")]);
    let before = s.engine.message(&id).unwrap().unwrap().url;
    assert_eq!(s.engine.rehome("http://elsewhere/", "http://new/").unwrap(), 0);
    let prefix = &before[..before.rfind('/').unwrap() + 1];
    assert_eq!(s.engine.rehome(prefix, "http://127.0.0.1:9/new/").unwrap(), 1);
    let after = s.engine.message(&id).unwrap().unwrap().url;
    assert_eq!(after, before.replacen(prefix, "http://127.0.0.1:9/new/", 1));
}

fn engine_that_hangs(s: &Scene) -> Engine {
    struct Silence;
    #[async_trait::async_trait]
    impl assay_world::Network for Silence {
        async fn send(&self, _: assay_world::Request) -> Result<Response, NetworkError> {
            std::future::pending().await
        }
    }
    let world =
        World { clock: s.clock.clone(), entropy: Arc::new(SimulatedEntropy::new(Seed(9))), network: Arc::new(Silence) };
    Engine::new(s.database.clone(), world, keys(), settings())
}

#[tokio::test]
async fn a_message_that_is_taken_out_is_not_attempted_again() {
    let s = scene(settings());
    let id = s.id(&[("upstash-delay", "1m")]);
    assert_eq!(s.engine.cancel(&id).unwrap(), Some(()));
    assert_eq!(s.engine.cancel(&id).unwrap(), None);
    assert_eq!(s.engine.cancel("msg_unknown").unwrap(), None);
    assert_eq!(s.engine.next_due().unwrap(), None);
    assert_eq!(s.states(&id), [EventState::Created, EventState::CancelRequested, EventState::Canceled]);
}

#[tokio::test]
async fn every_bound_holds() {
    let only = Destinations::Only(vec!["127.0.0.1:9".into()]);
    let s = scene(EngineSettings {
        messages_max: 2,
        dead_letters_max: 1,
        events_max: 5,
        body_bytes_max: 2,
        destinations: only,
        ..settings()
    });
    s.answer(&[489, 489]);
    s.id(&[]);
    s.clock.advance(Duration::from_millis(1));
    let second = s.id(&[]);
    assert!(matches!(s.publish(&[]), Err(PublishError::Full { messages_max: 2 })));
    let long = s.engine.publish(HOOK, &HeaderMap::new(), Bytes::from_static(b"{} "));
    assert!(matches!(long, Err(PublishError::TooLarge { bytes_max: 2 })));
    let elsewhere = s.engine.publish("http://127.0.0.1:10/", &HeaderMap::new(), Bytes::new());
    assert!(matches!(elsewhere, Err(PublishError::Invalid(_))));
    s.engine.deliver_due().await.unwrap();
    s.engine.deliver_due().await.unwrap();
    let letters = s.engine.dead_letters(10).unwrap();
    assert_eq!(letters.len(), 1, "the oldest gave way");
    assert!(s.engine.events(&EventFilter::default()).unwrap().events.len() <= 5);
    assert!(s.engine.message(&second).unwrap().is_some());
}

#[tokio::test]
async fn the_log_is_read_page_by_page() {
    let s = scene(settings());
    for _ in 0..3 {
        s.id(&[]);
    }
    s.settle().await;
    let mut filter = EventFilter { count: 4, ..EventFilter::default() };
    let mut all = Vec::new();
    loop {
        let page = s.engine.events(&filter).unwrap();
        assert!(page.events.len() <= 4);
        all.extend(page.events);
        let Some(cursor) = page.cursor else { break };
        filter.cursor = Some(cursor.parse().unwrap());
    }
    assert_eq!(all.len(), 9);
    assert!(all.is_sorted_by(|newer, older| newer.at >= older.at));
    let filter = EventFilter { states: vec![EventState::Delivered], ..EventFilter::default() };
    assert_eq!(s.engine.events(&filter).unwrap().events.len(), 3);
}

#[tokio::test]
async fn the_loop_sleeps_until_something_is_due_and_stops_when_told() {
    let s = scene(EngineSettings { backoff: minute(), ..settings() });
    s.answer(&[500]);
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let running = tokio::spawn(s.engine.clone().run(stopped));
    let id = s.id(&[]);
    while s.engine.counts().unwrap().retrying == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(s.network.sent().len(), 1);
    s.clock.advance(Duration::from_secs(60));
    while s.engine.message(&id).unwrap().unwrap().state != MessageState::Delivered {
        tokio::task::yield_now().await;
    }
    stop.send(true).unwrap();
    running.await.unwrap();
    s.id(&[]);
    assert_eq!(s.network.sent().len(), 2);
}

#[derive(Clone, Debug)]
enum Step {
    Publish(u32),
    Deliver,
    /// An attempt begins and the process dies.
    Crash,
    Advance(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..3u32).prop_map(Step::Publish),
        Just(Step::Deliver),
        Just(Step::Crash),
        (1..120u64).prop_map(Step::Advance),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn every_message_ends_and_none_is_attempted_more_than_once_and_its_retries(
        steps in prop::collection::vec(step(), 1..25),
        answers in prop::collection::vec(prop::sample::select(vec![200u16, 500, 0, 429, 489]), 0..40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let s = scene(EngineSettings { backoff: minute(), ..settings() });
            s.answer(&answers);
            let hung = engine_that_hangs(&s);
            let mut published = Vec::new();
            for step in steps {
                match step {
                    Step::Publish(retries) => {
                        let id = s.id(&[("upstash-retries", &retries.to_string()), ("upstash-timeout", "10s")]);
                        published.push((id, retries));
                    }
                    Step::Deliver => drop(s.engine.deliver_due().await.unwrap()),
                    Step::Crash => {
                        let running = tokio::spawn({ let hung = hung.clone(); async move { hung.deliver_due().await } });
                        for _ in 0..20 {
                            tokio::task::yield_now().await;
                        }
                        running.abort();
                        let _ = running.await;
                    }
                    Step::Advance(seconds) => s.clock.advance(Duration::from_secs(seconds)),
                }
            }
            s.settle().await;
            for (id, retries) in published {
                let states = s.states(&id);
                let count = |state| states.iter().filter(|other| **other == state).count() as u32;
                assert!(count(EventState::Active) <= 1 + retries, "{id} {states:?}");
                let ends = [EventState::Delivered, EventState::Failed].map(count);
                assert_eq!(ends[0] + ends[1], 1, "{id} {states:?}");
                assert!(states.last().unwrap().is_final());
            }
        });
    }
}

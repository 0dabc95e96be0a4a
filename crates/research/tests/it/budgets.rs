//! More concepts than a day holds.

use assay_budget::{Caps, Resource};
use assay_research::Submitted;

use crate::house::{House, Options, at};

#[tokio::test]
async fn the_concept_after_the_days_last_place_says_when_it_runs_and_runs_then() {
    let house = House::new(Options::default());
    let places = Options::default().caps.concepts;
    for i in 0..places {
        let queued = house.submit(small(i)).unwrap();
        assert!(matches!(queued, Submitted::Queued(_)), "{i}: {queued:?}");
    }
    let midnight = at("2026-03-03");
    let late = house.submit(small(places)).unwrap();
    assert_eq!(late, Submitted::Deferred(late.id().clone(), midnight));
    let row = house.page(late.id()).concept;
    assert_eq!((row.state.as_str(), row.runs_at.as_deref()), ("deferred", Some("2026-03-03T00:00:00.000Z")));
    assert!(row.why.contains("0 of 50 left today"), "{}", row.why);
    house
        .run_and(|house| {
            house.check_invariants("fifty and one");
            assert!(house.now() >= midnight || house.state(late.id()) == "deferred", "before its time");
        })
        .await;
    assert_eq!(house.state(late.id()), "done");
    assert!(house.now() >= midnight);
    house.check_ended("fifty and one");
}

fn small(i: u64) -> assay_research::Submission {
    let pine = Some(crate::house::SCRIPT.to_owned());
    assay_research::Submission { pine, ..crate::house::on_tiny(&format!("small cross {i}")) }
}

#[tokio::test]
async fn messages_over_the_days_cap_wait_for_the_next_day_and_then_arrive() {
    // Room for one publish and its retries: of 3 concepts with two messages each not all can end today.
    let caps = Caps { qstash_messages: 5, ..Options::default().caps };
    let house = House::new(Options { caps, ..Options::default() });
    let ids: Vec<_> = (0..3).map(|i| house.concept(&format!("small cross {i}"))).collect();
    house.step().await;
    let waiting: Vec<_> = ids.iter().map(|id| house.page(id).concept).filter(|row| row.state == "deferred").collect();
    assert_eq!(waiting.len(), 2, "one publish of 4 units fits under 5");
    for row in waiting {
        assert!(row.why.contains("QStash messages: 4 needed, 1 of 5 left today"), "{}", row.why);
        assert_eq!(row.runs_at.as_deref(), Some("2026-03-03T00:00:00.000Z"));
    }
    house.run_and(|house| house.check_invariants("five a day")).await;
    assert!(ids.iter().all(|id| house.state(id) == "done"));
    assert!(house.now() >= at("2026-03-03"));
    house.check_ended("five a day");
}

#[tokio::test]
async fn a_lower_cap_after_a_restart_holds_at_once() {
    let mut house = House::new(Options::default());
    house.concept("small cross 1");
    house.restart_with(|options| options.caps.qstash_messages = 0).await;
    house.step().await;
    assert_eq!(house.count("SELECT count(*) FROM messages_messages"), 0);
    house.restart_with(|options| options.caps.qstash_messages = 450).await;
    house.clock.set(at("2026-03-03"));
    house.run().await;
    house.check_ended("raised again");
}

#[tokio::test]
async fn messages_that_were_stopped_by_hand_go_on_when_they_are_resumed() {
    let house = House::new(Options::default());
    let id = house.concept("small cross 1");
    house.program().ledger.stop(Resource::QstashMessages, house.now()).unwrap();
    house.step().await;
    let row = house.page(&id).concept;
    assert_eq!(row.state, "deferred");
    assert!(row.why.contains("stopped by hand"), "{}", row.why);
    house.program().ledger.resume(Resource::QstashMessages).unwrap();
    house.run().await;
    assert_eq!(house.state(&id), "done");
    assert!(house.now() < at("2026-03-02T11:00Z"), "it does not wait for the next day");
    house.check_ended("resumed");
}

#[tokio::test]
async fn a_lost_answer_and_an_empty_budget_do_not_bring_a_judged_concept_back_to_the_queue() {
    // The publish arrives, its answer is lost and counts as spent; what is left does not pay for asking again.
    let caps = Caps { qstash_messages: 8, ..Options::default().caps };
    let house = House::new(Options { caps, ..Options::default() });
    let id = house.concept("small cross 1");
    house.wire.lose_answers(1);
    house.run_and(|house| house.check_invariants("lost answer")).await;
    assert_eq!(house.state(&id), "done");
    assert!(house.now() < at("2026-03-03"), "the delivery itself proves that the message was published");
    house.check_ended("lost answer");
}

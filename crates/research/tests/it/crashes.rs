//! The program dies, anywhere, and starts again on the same directory.

use crate::house::{House, Options};
use crate::wire::Death;

const CONCEPTS: usize = 3;

fn busy_house() -> House {
    let house = House::new(Options::default());
    for i in 0..CONCEPTS {
        house.concept(&format!("small cross {i}"));
    }
    house
}

fn check_all_done(house: &House, story: &str) {
    house.check_ended(story);
    assert_eq!(house.program().views.states().unwrap(), [("done".to_owned(), CONCEPTS as u64)], "{story}");
    assert_eq!(house.count("SELECT count(*) FROM research_verdicts"), CONCEPTS as i64, "{story}");
    assert_eq!(house.count("SELECT sum(trials) FROM research_trials"), 16 * CONCEPTS as i64, "{story}");
}

#[tokio::test]
async fn a_program_that_dies_after_every_few_steps_finishes_each_concept_once() {
    for every in [1, 2, 3, 5] {
        let story = format!("a crash after every {every} steps");
        let mut house = busy_house();
        house.run_and_crash(every, |house| house.check_invariants(&story)).await;
        check_all_done(&house, &story);
    }
}

#[tokio::test]
async fn a_program_that_dies_at_any_exchange_finishes_each_concept_once() {
    let mut exchange = 1;
    loop {
        let mut died = false;
        for after in [false, true] {
            let story = format!("death at exchange {exchange}, the request {}", if after { "seen" } else { "unseen" });
            let mut house = busy_house();
            house.wire.die(Some(Death { exchange, after }));
            house.run_and_crash(usize::MAX, |house| house.check_invariants(&story)).await;
            check_all_done(&house, &story);
            died |= house.wire.is_past_death();
        }
        if !died {
            break;
        }
        exchange += 1;
    }
    assert!(exchange > 12, "only {exchange} exchanges: the world was not busy");
}

#[tokio::test]
async fn a_sweep_that_is_stopped_leaves_its_job_open_for_the_next_start() {
    let mut house = House::new(Options::default());
    let id = house.concept("a small golden cross");
    while !house.history(&id).iter().any(|what| what == "validate message delivered") {
        house.step().await;
    }
    // The turn begins the sweep, the stop comes before its first batch has run.
    house.program().pipeline.turn().await.unwrap();
    house.crash().await;
    let unfinished = "SELECT count(*) FROM research_inbox WHERE finished_at IS NULL";
    assert_eq!(house.count(unfinished), 1);
    assert_eq!(house.state(&id), "validating");
    house.run().await;
    assert_eq!(house.state(&id), "done");
    assert_eq!(house.count("SELECT sum(trials) FROM research_trials"), 16);
    house.check_ended("stopped");
}

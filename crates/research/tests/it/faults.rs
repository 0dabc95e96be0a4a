//! A network on which one exchange in three goes wrong.

use assay_budget::Caps;

use crate::house::{House, Options};
use crate::wire::Death;

const SEEDS: u64 = 30;
const CONCEPTS: usize = 5;

#[tokio::test]
async fn on_a_bad_network_every_concept_ends_in_a_verdict_or_a_reason() {
    let mut done = 0;
    for seed in 0..SEEDS {
        done += bad_network(seed, 450).await;
    }
    assert!(done >= SEEDS as usize * CONCEPTS / 2, "only {done} concepts were judged: the network is not worth a test");
}

#[tokio::test]
async fn on_a_bad_network_a_small_budget_is_kept_as_well() {
    for seed in 100..110 {
        bad_network(seed, 24).await;
    }
}

#[tokio::test]
async fn on_a_bad_network_a_program_that_dies_again_and_again_still_comes_to_an_end() {
    for seed in 200..210 {
        let story = format!("seed {seed}, with crashes");
        let mut house = House::new(Options::default());
        house.wire.faults(Some(seed));
        house.wire.die(Some(Death { exchange: 1 + seed % 17, after: seed % 2 == 0 }));
        (0..CONCEPTS).for_each(|i| drop(house.concept(&format!("small cross {i}"))));
        house.run_and_crash(2 + seed as usize % 5, |house| house.check_invariants(&story)).await;
        house.check_ended(&story);
    }
}

async fn bad_network(seed: u64, cap: u64) -> usize {
    let story = format!("seed {seed}");
    let caps = Caps { qstash_messages: cap, ..Options::default().caps };
    let house = House::new(Options { caps, ..Options::default() });
    house.wire.faults(Some(seed));
    let ids: Vec<_> = (0..CONCEPTS).map(|i| house.concept(&format!("small cross {i}"))).collect();
    house.run_and(|house| house.check_invariants(&story)).await;
    house.check_ended(&story);
    ids.iter().filter(|id| house.state(id) == "done").count()
}

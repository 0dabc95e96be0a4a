//! A provider that bills attempts whenever it likes, a program that crashes whenever it likes, a clock that crosses
//! midnights: on no UTC day is more billed than the ledger holds against it, and it never holds more than the cap.

use std::collections::BTreeMap;
use std::time::Duration;

use assay_budget::{Caps, Permit, ReservationId, Resource};
use assay_units::{Timestamp, UtcDay};
use proptest::prelude::*;

use crate::{at, fixture};

const Q: Resource = Resource::QstashMessages;
const CAP: u64 = 12;

#[derive(Clone, Debug)]
enum Step {
    /// Reserve so many units.
    Reserve(u64),
    /// Publish on a permit; the answer arrives or is lost.
    Publish { which: usize, answered: bool },
    /// Give a permit back.
    Release(usize),
    /// The provider attempts a delivery, and bills it.
    Attempt(usize),
    /// The message is over; settle it with what was billed.
    Finish(usize),
    /// The program ends and starts again.
    Crash,
    /// Time passes.
    Hours(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1..6u64).prop_map(Step::Reserve),
        4 => (any::<usize>(), any::<bool>()).prop_map(|(which, answered)| Step::Publish { which, answered }),
        1 => any::<usize>().prop_map(Step::Release),
        6 => any::<usize>().prop_map(Step::Attempt),
        3 => any::<usize>().prop_map(Step::Finish),
        1 => Just(Step::Crash),
        2 => (1..14u64).prop_map(Step::Hours),
    ]
}

/// A message at the provider.
struct Message {
    id: ReservationId,
    units: u64,
    attempts: u64,
    /// The program lost sight of it on this day; retries end within the day after.
    lost_on: Option<UtcDay>,
    answered: bool,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn no_day_is_billed_for_more_than_the_ledger_holds_against_it(steps in prop::collection::vec(step(), 1..60)) {
        let f = fixture(Caps { qstash_messages: CAP, web_requests: 0, concepts: 0 });
        let mut now: Timestamp = at("2026-03-01T18:00Z");
        let mut permits = Vec::<Permit>::new();
        let mut messages = Vec::<Message>::new();
        let mut billed = BTreeMap::<UtcDay, u64>::new();
        for step in steps {
            match step {
                Step::Reserve(units) => {
                    let left = f.ledger.usage(Q, now).unwrap().left;
                    let answer = f.ledger.reserve(Q, units, "", None, now).unwrap();
                    prop_assert_eq!(answer.is_ok(), units <= left);
                    permits.extend(answer.ok());
                }
                Step::Publish { which, answered } if !permits.is_empty() => {
                    let permit = permits.swap_remove(which % permits.len());
                    if answered {
                        f.ledger.mark_sent(permit.id(), &format!("msg_{}", permit.id()), now).unwrap();
                    }
                    let (id, units) = (permit.id(), permit.units());
                    messages.push(Message { id, units, attempts: 0, lost_on: None, answered });
                }
                Step::Release(which) if !permits.is_empty() => {
                    let permit = permits.swap_remove(which % permits.len());
                    f.ledger.release(permit, now).unwrap();
                }
                Step::Attempt(which) if !messages.is_empty() => {
                    let which = which % messages.len();
                    let message = &mut messages[which];
                    let alive = message.lost_on.is_none_or(|day| now.utc_day() <= day.next());
                    if alive && message.attempts < message.units {
                        message.attempts += 1;
                        *billed.entry(now.utc_day()).or_default() += 1;
                    }
                }
                Step::Finish(which) if !messages.is_empty() => {
                    let which = which % messages.len();
                    if messages[which].answered {
                        let message = messages.swap_remove(which);
                        f.ledger.settle_message(&format!("msg_{}", message.id), message.attempts, now).unwrap();
                    }
                }
                Step::Crash => {
                    permits.clear();
                    f.ledger.recover(now).unwrap();
                    for message in messages.iter_mut().filter(|message| !message.answered) {
                        message.lost_on = message.lost_on.or(Some(now.utc_day()));
                    }
                }
                Step::Hours(hours) => now = now + Duration::from_secs(hours * 3600),
                _ => {}
            }
            let usage = f.ledger.usage(Q, now).unwrap();
            prop_assert!(usage.settled + usage.reserved <= CAP, "{usage:?}");
            prop_assert_eq!(usage.left, CAP - usage.settled - usage.reserved);
            let today = billed.get(&now.utc_day()).copied().unwrap_or(0);
            prop_assert!(today <= usage.settled + usage.reserved, "{today} billed, {usage:?}");
        }
    }

    #[test]
    fn a_clock_that_jumps_about_never_enlarges_what_the_ledger_gives(
        jumps in prop::collection::vec((-30i64..30, 1..8u64), 1..40),
    ) {
        // Whatever the clock says, units given under one label stay within the cap, and labels never go back.
        let f = fixture(Caps { qstash_messages: CAP, web_requests: 0, concepts: 0 });
        let start = at("2026-03-01T12:00Z");
        let mut given = BTreeMap::<Timestamp, u64>::new();
        for (hours, units) in jumps {
            let now = Timestamp::from_millis(start.millis() + hours * 3_600_000);
            let answer = f.database.write(|tx| f.ledger.spend_in(tx, Q, units, "", None, now)).unwrap();
            let label = f.ledger.usage(Q, now).unwrap().resets_at;
            prop_assert!(given.last_key_value().is_none_or(|(last, _)| *last <= label));
            if answer.is_ok() {
                *given.entry(label).or_default() += units;
            }
            prop_assert!(given.values().all(|sum| *sum <= CAP), "{given:?}");
        }
    }
}

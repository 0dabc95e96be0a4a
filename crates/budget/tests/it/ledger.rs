//! What the ledger promises, one sentence a test.

use std::time::Duration;

use assay_budget::{Denied, Ledger, Resource, SCHEMA, tariff};
use assay_storage::{Database, DatabaseError};

use crate::{CAPS, at, fixture, reserve};

const Q: Resource = Resource::QstashMessages;

#[test]
fn concept_51_waits_for_the_next_utc_midnight() {
    let f = fixture(CAPS);
    let now = at("2026-03-01T22:00Z");
    let spend = |now| f.database.write(|tx| f.ledger.spend_in(tx, Resource::Concepts, 1, "admission", None, now));
    for _ in 0..50 {
        spend(now).unwrap().unwrap();
    }
    let midnight = at("2026-03-02");
    let denied = spend(now).unwrap().unwrap_err();
    assert_eq!(
        denied,
        Denied::CapReached { resource: Resource::Concepts, asked: 1, left: 0, cap: 50, resets_at: midnight }
    );
    spend(midnight - Duration::from_millis(1)).unwrap().unwrap_err();
    spend(midnight).unwrap().unwrap();
    let denials = f.ledger.denials_today(now).unwrap();
    assert!(denials.is_empty(), "the ledger has seen the new day: {denials:?}");
}

#[test]
fn what_the_callers_transaction_takes_back_is_not_spent() {
    let f = fixture(CAPS);
    let now = at("2026-03-01");
    let result: Result<(), DatabaseError> = f.database.write(|tx| {
        f.ledger.spend_in(tx, Resource::Concepts, 1, "admission", None, now)?.unwrap();
        tx.execute("INSERT INTO no_such_table VALUES (1)", &[]).map(|_| ())
    });
    assert!(result.is_err());
    assert_eq!(f.ledger.usage(Resource::Concepts, now).unwrap().settled, 0);
}

#[test]
fn fifty_concepts_of_two_messages_with_three_retries_fit_into_450() {
    let f = fixture(CAPS);
    let now = at("2026-03-01T08:00Z");
    for _ in 0..100 {
        drop(reserve(&f.ledger, Q, tariff::publish(3), now));
    }
    let usage = f.ledger.usage(Q, now).unwrap();
    assert_eq!((usage.settled, usage.reserved, usage.left), (0, 400, 50));
}

#[test]
fn what_was_not_used_returns_and_a_second_settlement_changes_nothing() {
    let f = fixture(CAPS);
    let now = at("2026-03-01T08:00Z");
    let permit = reserve(&f.ledger, Q, 4, now);
    f.ledger.mark_sent(permit.id(), "msg_1", now).unwrap();
    assert_eq!(f.ledger.open_messages(10).unwrap().len(), 1);
    assert!(f.ledger.settle_message("msg_1", 1, now).unwrap());
    assert!(!f.ledger.settle_message("msg_1", 4, now).unwrap());
    f.ledger.settle(permit.id(), 4, now).unwrap();
    assert!(!f.ledger.settle_message("msg_unknown", 1, now).unwrap());
    let usage = f.ledger.usage(Q, now).unwrap();
    assert_eq!((usage.settled, usage.reserved, usage.left), (1, 0, 449));
    assert_eq!(f.ledger.spent_on("c_1").unwrap(), [(Q, 1)]);
    assert!(f.ledger.open_messages(10).unwrap().is_empty());
}

#[test]
fn a_permit_that_was_not_used_is_given_back() {
    let f = fixture(CAPS);
    let now = at("2026-03-01");
    let permit = reserve(&f.ledger, Q, 450, now);
    assert!(f.ledger.reserve(Q, 1, "", None, now).unwrap().is_err());
    f.ledger.release(permit, now).unwrap();
    assert_eq!(f.ledger.usage(Q, now).unwrap().left, 450);
    assert!(f.ledger.spent_on("c_1").unwrap().is_empty());
}

#[test]
fn a_crash_between_reservation_and_send_counts_as_spent() {
    let f = fixture(CAPS);
    let now = at("2026-03-01T08:00Z");
    drop(reserve(&f.ledger, Q, 4, now));
    let sent = reserve(&f.ledger, Q, 4, now);
    f.ledger.mark_sent(sent.id(), "msg_1", now).unwrap();
    // The next start of the program, on the same directory.
    let ledger = Ledger::new(Database::open(f.dir.path(), &[SCHEMA]).unwrap(), CAPS);
    assert_eq!(ledger.recover(now).unwrap(), 1);
    assert_eq!(ledger.recover(now).unwrap(), 0);
    let usage = ledger.usage(Q, now).unwrap();
    assert_eq!((usage.settled, usage.assumed, usage.reserved), (4, 4, 4));
    // It may still be attempted tomorrow, but not the day after.
    assert_eq!(ledger.usage(Q, at("2026-03-02T08:00Z")).unwrap().settled, 4);
    assert_eq!(ledger.usage(Q, at("2026-03-03T08:00Z")).unwrap().settled, 0);
}

#[test]
fn an_open_message_is_carried_over_midnight_and_counts_on_both_sides_of_it() {
    let f = fixture(CAPS);
    let (evening, morning) = (at("2026-03-01T23:59Z"), at("2026-03-02T00:40Z"));
    let permit = reserve(&f.ledger, Q, 448, evening);
    f.ledger.mark_sent(permit.id(), "msg_1", evening).unwrap();
    assert_eq!(f.ledger.usage(Q, morning).unwrap().reserved, 448);
    assert!(f.ledger.reserve(Q, 4, "", None, morning).unwrap().is_err());
    f.ledger.settle_message("msg_1", 3, morning).unwrap();
    let usage = f.ledger.usage(Q, morning).unwrap();
    assert_eq!((usage.settled, usage.reserved, usage.left), (3, 0, 447));
    assert_eq!(f.ledger.usage(Q, at("2026-03-03")).unwrap().settled, 0);
}

#[test]
fn a_clock_that_steps_back_over_midnight_finds_no_fresh_allowance() {
    let f = fixture(CAPS);
    let (before, after) = (at("2026-03-01T23:59:59Z"), at("2026-03-02T00:00:01Z"));
    let spend = |now| f.database.write(|tx| f.ledger.spend_in(tx, Q, 225, "", None, now)).unwrap();
    spend(after).unwrap();
    spend(before).unwrap();
    spend(before).unwrap_err();
    spend(after).unwrap_err();
    let usage = f.ledger.usage(Q, before).unwrap();
    assert_eq!((usage.settled, usage.resets_at), (450, at("2026-03-03")));
}

#[test]
fn a_clock_that_ran_far_ahead_can_be_set_right_and_all_of_it_weighs_on_today() {
    let f = fixture(CAPS);
    let (today, ahead) = (at("2026-03-01"), at("2099-01-01"));
    f.database.write(|tx| f.ledger.spend_in(tx, Q, 450, "", None, ahead)).unwrap().unwrap();
    assert_eq!(f.ledger.usage(Q, today).unwrap().resets_at, at("2099-01-02"));
    f.ledger.trust_clock(today).unwrap();
    let usage = f.ledger.usage(Q, today).unwrap();
    assert_eq!((usage.settled, usage.resets_at), (450, at("2026-03-02")));
    assert_eq!(f.ledger.usage(Q, at("2026-03-02")).unwrap().left, 450);
}

#[test]
fn a_stop_holds_for_everyone_and_after_a_restart_until_it_is_lifted() {
    let f = fixture(CAPS);
    let (now, later) = (at("2026-03-01"), at("2026-03-01T01:00Z"));
    let pages = Resource::WebRequests;
    f.ledger.stop(pages, now).unwrap();
    f.ledger.stop(pages, later).unwrap();
    let again = Ledger::new(Database::open(f.dir.path(), &[SCHEMA]).unwrap(), CAPS);
    assert_eq!(again.stopped(pages).unwrap(), Some(now), "the first stop is the one that counts");
    let denied = again.reserve(pages, 1, "", None, later).unwrap().unwrap_err();
    assert_eq!(denied, Denied::Stopped { resource: pages, since: now });
    drop(reserve(&again, Q, 1, later));
    assert_eq!(again.usages(later).unwrap()[1].stopped_since, Some(now));
    let denials = again.denials_today(later).unwrap();
    assert_eq!((denials.len(), denials[0].reason.as_str(), denials[0].denials), (1, "stopped", 1));
    again.resume(pages).unwrap();
    drop(reserve(&f.ledger, pages, 1, later));
}

#[test]
fn a_provider_that_counts_more_moves_the_ledger_up() {
    let f = fixture(CAPS);
    let now = at("2026-03-01");
    let permit = reserve(&f.ledger, Resource::WebRequests, 1, now);
    f.ledger.settle(permit.id(), 7, now).unwrap();
    let usage = f.ledger.usage(Resource::WebRequests, now).unwrap();
    assert_eq!((usage.settled, usage.unaccounted, usage.left), (7, 6, 0));
    assert!(f.ledger.reserve(Resource::WebRequests, 1, "", None, now).unwrap().is_err());
}

#[test]
fn threads_that_reserve_at_once_do_not_overshoot() {
    let f = fixture(CAPS);
    let now = at("2026-03-01");
    let got: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                // One connection each, like processes of their own.
                let ledger = Ledger::new(Database::open(f.dir.path(), &[SCHEMA]).unwrap(), CAPS);
                scope.spawn(move || {
                    (0..20).filter(|_| ledger.reserve(Resource::Concepts, 1, "", None, now).unwrap().is_ok()).count()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(got, 50);
    assert_eq!(f.ledger.usage(Resource::Concepts, now).unwrap().reserved, 50);
}

#[test]
fn history_ends_after_90_days_and_open_rows_stay() {
    let f = fixture(CAPS);
    let (old, now) = (at("2026-01-01"), at("2026-04-02"));
    let spend = |now| f.database.write(|tx| f.ledger.spend_in(tx, Q, 1, "", Some("c_old"), now)).unwrap().unwrap();
    spend(old);
    let open = reserve(&f.ledger, Q, 4, old);
    f.ledger.mark_sent(open.id(), "msg_1", old).unwrap();
    assert_eq!(f.ledger.prune(now).unwrap(), 0, "nothing was recorded since, so the clock may be wrong");
    spend(now);
    assert_eq!(f.ledger.prune(now).unwrap(), 1);
    assert_eq!(f.ledger.usage(Q, now).unwrap().reserved, 4);
    assert_eq!(f.ledger.spent_on("c_old").unwrap(), [(Q, 1)]);
}

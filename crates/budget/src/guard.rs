//! The budget guard: may this cost be incurred now?
//!
//! Pure. `admit` answers for one request; the ledger asks it inside the transaction that stores the answer.
//! Invariant: settled + reserved never exceeds a cap by an admission, whatever the order of calls.

/// The cap would be exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OverCap {
    /// What could still be had.
    pub left: u64,
}

/// Whether `units` more fit under `cap` when `committed` (settled + reserved) are taken. All or nothing: a request is never
/// admitted on a part of what it may cost.
pub const fn admit(cap: u64, committed: u64, units: u64) -> Result<(), OverCap> {
    let left = cap.saturating_sub(committed);
    if units <= left { Ok(()) } else { Err(OverCap { left }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_last_unit_is_given_and_the_one_after_is_not() {
        for (cap, committed, units, expected) in [
            (50, 49, 1, Ok(())),
            (50, 50, 1, Err(OverCap { left: 0 })),
            (450, 448, 4, Err(OverCap { left: 2 })),
            // A cap that was lowered below what is spent gives nothing, and does not wrap around.
            (10, 50, 1, Err(OverCap { left: 0 })),
            (0, 0, 0, Ok(())),
            (u64::MAX, 1, u64::MAX, Err(OverCap { left: u64::MAX - 1 })),
        ] {
            assert_eq!(admit(cap, committed, units), expected, "{cap} {committed} {units}");
        }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Reserve(u64),
        Settle { which: usize, used: u64 },
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (0..20u64).prop_map(Step::Reserve),
            (any::<usize>(), 0..20u64).prop_map(|(which, used)| Step::Settle { which, used }),
        ]
    }

    proptest! {
        #[test]
        fn settled_and_reserved_together_never_exceed_the_cap(
            cap in 0..100u64,
            steps in prop::collection::vec(step(), 0..200),
        ) {
            let (mut settled, mut open) = (0u64, Vec::<u64>::new());
            for step in steps {
                match step {
                    Step::Reserve(units) => {
                        if admit(cap, settled + open.iter().sum::<u64>(), units).is_ok() {
                            open.push(units);
                        }
                    }
                    Step::Settle { which, used } if !open.is_empty() => {
                        let units = open.swap_remove(which % open.len());
                        settled += used.min(units);
                    }
                    Step::Settle { .. } => {}
                }
                prop_assert!(settled + open.iter().sum::<u64>() <= cap);
            }
        }

        #[test]
        fn what_is_said_to_be_left_can_be_had_and_no_more(cap: u64, committed: u64) {
            let left = cap.saturating_sub(committed);
            prop_assert_eq!(admit(cap, committed, left), Ok(()));
            if let Some(more) = left.checked_add(1) {
                prop_assert_eq!(admit(cap, committed, more), Err(OverCap { left }));
            }
        }
    }
}

//! From signals to positions, 64 bars at a time, without a loop over bars.
//!
//! A bar maps the position before it to the one after it: flat becomes long on an entry, long becomes flat on an exit, so a
//! bar is the pair (where flat leads, where long leads). Pairs compose, and a prefix scan in six doublings (Kogge and Stone
//! 1973) composes all 64 bars of a word; one bit is carried to the next word.

use super::LANES;
use super::isa::Words;

/// One word of every lane.
pub(crate) type LaneWords = [u64; LANES];

/// Turns `entry` into positions. `inside(word)` masks the bars that count: on others positions stay. `carry` holds each
/// lane's last position, 0 or 1; `flips` counts the changes; `events[word]` has a bit for each bar on which any lane changes.
#[inline(always)]
pub(crate) fn latch<S: Words>(
    simd: S,
    entry: &mut [LaneWords],
    exit: &[LaneWords],
    inside: impl Fn(usize) -> u64,
    carry: &mut LaneWords,
    flips: &mut LaneWords,
    events: &mut [u64],
) {
    let width = S::U64_LANES;
    for (word, ((entry, exit), event)) in entry.iter_mut().zip(exit).zip(events).enumerate() {
        let inside = simd.splat_u64s(inside(word));
        let mut any = simd.splat_u64s(0);
        let mut changed = [0; LANES];
        for first in (0..LANES).step_by(width) {
            let lanes = first..first + width;
            let entry = &mut S::as_mut_simd_u64s(&mut entry[lanes.clone()]).0[0];
            let carried = &mut S::as_mut_simd_u64s(&mut carry[lanes.clone()]).0[0];
            let buys = simd.and_u64s(*entry, inside);
            let sells = simd.and_u64s(S::as_simd_u64s(&exit[lanes.clone()]).0[0], inside);
            let pair = compose::<S, 1>(simd, (buys, sells));
            let pair = compose::<S, 2>(simd, pair);
            let pair = compose::<S, 4>(simd, pair);
            let pair = compose::<S, 8>(simd, pair);
            let pair = compose::<S, 16>(simd, pair);
            let (from_flat, from_long) = compose::<S, 32>(simd, pair);
            // All ones where the word begins long.
            let long = simd.sub_u64s(simd.splat_u64s(0), *carried);
            let positions = choose(simd, long, simd.not_u64s(from_long), from_flat);
            let change = simd.xor_u64s(positions, simd.or_u64s(simd.up::<1>(positions), *carried));
            *entry = positions;
            // The last position, as 0 or 1.
            S::as_mut_simd_u64s(&mut changed[lanes]).0[0] = change;
            any = simd.or_u64s(any, change);
        }
        for lane in 0..LANES {
            carry[lane] = entry[lane] >> 63;
            flips[lane] += u64::from(changed[lane].count_ones());
        }
        let mut union = [0u64; 8];
        S::as_mut_simd_u64s(&mut union[..width]).0[0] = any;
        *event = union.iter().fold(0, |all, lane| all | lane);
    }
}

/// Composes each bar with the one `N` bars before it. The second of the pair is kept negated (where long leads to flat), so
/// that the zeros shifted in are the identity.
#[inline(always)]
fn compose<S: Words, const N: u32>(simd: S, (flat, long): (S::u64s, S::u64s)) -> (S::u64s, S::u64s) {
    let (flat_before, long_before) = (simd.up::<N>(flat), simd.up::<N>(long));
    (choose(simd, flat_before, simd.not_u64s(long), flat), choose(simd, long_before, simd.not_u64s(flat), long))
}

/// Bit by bit: `yes` where `which` is set, `no` elsewhere.
#[inline(always)]
fn choose<S: Words>(simd: S, which: S::u64s, yes: S::u64s, no: S::u64s) -> S::u64s {
    simd.or_u64s(simd.and_u64s(which, yes), simd.and_u64s(simd.not_u64s(which), no))
}

#[cfg(test)]
mod tests {
    use assay_units::{Seed, SplitMix64};

    use super::super::isa::{Isa, Task};
    use super::*;

    struct Latch<'a>(&'a mut [LaneWords], &'a [LaneWords], &'a mut LaneWords, &'a mut LaneWords, &'a mut [u64]);
    impl Task for Latch<'_> {
        type Output = ();
        #[inline(always)]
        fn run<S: Words>(self, simd: S) {
            let inside = |word| if word == 0 { !0 << 5 } else { !0 >> 3 };
            latch(simd, self.0, self.1, inside, self.2, self.3, self.4);
        }
    }

    #[test]
    fn every_instruction_set_latches_as_one_bar_at_a_time() {
        let mut draw = SplitMix64::new(Seed(4));
        // Dense, sparse and simultaneous signals.
        let mut words = |thin: bool| -> Vec<LaneWords> {
            (0..2)
                .map(|_| {
                    std::array::from_fn(|_| {
                        if thin { draw.next_word() & draw.next_word() & draw.next_word() } else { draw.next_word() }
                    })
                })
                .collect()
        };
        for (entry, exit) in [(words(false), words(false)), (words(true), words(true)), (words(true), words(false))] {
            for isa in Isa::available() {
                let (mut positions, mut carry, mut flips, mut events) =
                    (entry.clone(), [0; LANES], [0; LANES], [0u64; 2]);
                carry[3] = 1;
                isa.dispatch(Latch(&mut positions, &exit, &mut carry, &mut flips, &mut events));
                let mut union = [0u64; 2];
                for lane in 0..LANES {
                    let (mut long, mut changes) = (lane == 3, 0);
                    for t in 0..128 {
                        let inside = if t < 64 { t >= 5 } else { t < 64 + 61 };
                        let bit = |words: &[LaneWords]| inside && words[t / 64][lane] >> (t % 64) & 1 == 1;
                        let next = if long { !bit(&exit) } else { bit(&entry) };
                        if next != long {
                            changes += 1;
                            union[t / 64] |= 1 << (t % 64);
                        }
                        long = next;
                        assert_eq!(positions[t / 64][lane] >> (t % 64) & 1 == 1, long, "{isa:?} lane {lane} bar {t}");
                    }
                    assert_eq!((flips[lane], carry[lane]), (changes, u64::from(long)));
                }
                assert_eq!(events, union);
            }
        }
    }
}

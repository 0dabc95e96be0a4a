//! One trial at a time, as one would say it aloud: the oracle.

use super::Lane;
use crate::evaluate::bit;
use crate::fills::Factors;
use crate::sweep::{BLOCKS, Moments, Trial};

pub(crate) fn trade(
    lane: &Lane,
    factors: &Factors,
    blocks: &[usize; BLOCKS + 1],
    lag: usize,
) -> (Trial, [Moments; BLOCKS]) {
    let mut moments = [Moments::default(); BLOCKS];
    let (mut entries, mut exits) = (0, 0);
    let (mut long, mut equity, mut below, mut deepest) = (false, 1.0f64, 1.0f64, 1.0f64);
    for (block, moments) in moments.iter_mut().enumerate() {
        for t in blocks[block]..blocks[block + 1] {
            let (entry, exit) = (bit(&lane.entry, t - lag), bit(&lane.exit, t - lag));
            let g = match long {
                true if exit => factors.exit[t],
                true => factors.hold[t],
                false if entry => factors.enter[t],
                false => 1.0,
            };
            entries += u32::from(!long && entry);
            exits += u32::from(long && exit);
            long = if long { !exit } else { entry };
            let r = g - 1.0;
            moments.sum += r;
            moments.sum_sq += r * r;
            equity *= g;
            // Equity over its peak so far.
            below = (below * g).min(1.0);
            deepest = deepest.min(below);
        }
    }
    let trial = Trial {
        valid: true,
        entries,
        exits,
        equity,
        max_drawdown: deepest - 1.0,
        sum: moments.iter().fold(0.0, |sum, block| sum + block.sum),
        sum_sq: moments.iter().fold(0.0, |sum, block| sum + block.sum_sq),
        observations: (blocks[BLOCKS] - blocks[0]) as u32,
    };
    (trial, moments)
}

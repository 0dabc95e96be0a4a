//! Does a script know the future? Prefix test: cutting the future off must change nothing before the cut.

use assay_pine::check::tree::Script;
use assay_units::{Seed, SplitMix64};

use super::{RunError, interpret};
use crate::Bars;
use crate::stepwise::House;

/// Cuts tried.
const CUTS: u64 = 8;

/// The first bar on which the equity of `values` changes when the bars behind one of `CUTS` cuts, drawn by `seed`, are taken
/// away; `None` when none does.
///
/// # Errors
/// What stops the run of all bars. A cut on which the script stops itself counts as a change at its last bar.
pub fn first_change(
    script: &Script,
    values: &[f64],
    bars: &Bars,
    house: House,
    seed: Seed,
) -> Result<Option<usize>, RunError> {
    let whole = interpret(script, values, bars, house, 0..bars.len())?;
    let mut draw = SplitMix64::new(seed);
    let mut first: Option<usize> = None;
    for _ in 0..CUTS {
        let length = 1 + draw.below(bars.len().max(1) as u64) as usize;
        if length >= bars.len() {
            continue;
        }
        let change = match interpret(script, values, bars, house, 0..length) {
            Ok(cut) => (0..length).find(|t| cut.run.equity[*t].to_bits() != whole.run.equity[*t].to_bits()),
            Err(_) => Some(length - 1),
        };
        first = match (first, change) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
    Ok(first)
}

//! Does a strategy know the future? Prefix test: cutting the future off must change no signal before the cut.

use assay_pine::Program;
use assay_units::{Seed, SplitMix64};

use crate::evaluate::{bit, signals};
use crate::{Bars, SweepError};

/// Cuts tried.
const CUTS: u64 = 8;

/// True when no signal of `values` changes at any of `CUTS` cuts drawn by `seed`. The last bar of each cut counts too: it is
/// the one on which a trader would act.
pub fn prefix_test(program: &Program, values: &[f64], bars: &Bars, seed: Seed) -> Result<bool, SweepError> {
    let invalid = |_| SweepError::InvalidPoint { values: values.to_vec() };
    let (entry, exit) = signals(program, values, bars).map_err(invalid)?;
    let mut draw = SplitMix64::new(seed);
    for _ in 0..CUTS {
        let length = 1 + draw.below(bars.len().max(1) as u64) as usize;
        if length >= bars.len() {
            continue;
        }
        let (short_entry, short_exit) = signals(program, values, &bars.prefix(length)).map_err(invalid)?;
        let same = |long: &[u64], short: &[u64]| (0..length).all(|t| bit(long, t) == bit(short, t));
        if !same(&entry, &short_entry) || !same(&exit, &short_exit) {
            return Ok(false);
        }
    }
    Ok(true)
}

//! Does a script know the future? Cutting the future off, or replacing it by noise, must change no decision before the cut.
//!
//! Decisions are the orders with their prices and sizes, and the account. Where they part, both runs are repeated with one
//! bar kept in full: the first thing that the script saw differently there names the line.

use std::borrow::Cow;

use assay_pine::check::Ta;
use assay_pine::check::tree::Script;
use assay_units::{Seed, SplitMix64};

use super::calendar::Interval;
use super::trace::Trace;
use super::{Plan, RunError, walk};
use crate::Bars;
use crate::look_ahead::{CUTS, Change, LookAhead, with_noise_from};
use crate::stepwise::House;

/// The first look ahead that `CUTS` cuts, drawn by `seed`, show; `None` when there is none.
///
/// The orders of the last bar before a cut are not compared where the future is taken away: closing everything on the last bar
/// of a file is a habit of many scripts and earns nothing. Where it is replaced by noise the file is as long as before, and
/// they are.
///
/// # Errors
/// What stops the run of all bars. A cut on which the script stops itself counts as a change at its last bar.
pub fn first_change(
    script: &Script,
    values: &[f64],
    bars: &Bars,
    house: House,
    seed: Seed,
) -> Result<Option<LookAhead>, RunError> {
    // The rhythm of the whole file: what the interval is, is no secret of the future.
    let interval = Interval::of_times(&bars.time);
    let run = |bars: &Bars, until: usize, watched: Option<usize>| {
        let plan = Plan { script, values, house, trade: 0..until, late: 0 };
        let trace = walk(&plan, Cow::Borrowed(bars), interval, Some(Trace::watching(watched)))?.1;
        Ok::<Trace, RunError>(trace.unwrap_or_default())
    };
    let whole = run(bars, bars.len(), None)?;
    let mut draw = SplitMix64::new(seed);
    for _ in 0..CUTS {
        let cut = 1 + draw.below(bars.len().max(1) as u64) as usize;
        if cut >= bars.len() {
            continue;
        }
        let cuts =
            [(bars.prefix(cut), Change::Cut, cut - 1), (with_noise_from(bars, cut, &mut draw), Change::Noise, cut)];
        for (other, change, orders_end) in cuts {
            let found = |line: u32, bar: usize| Some(LookAhead { line, change, bar, cut });
            let trace = match run(&other, cut, None) {
                Ok(trace) => trace,
                Err(error) => return Ok(found(error.line, error.bar)),
            };
            if let Some(parting) = whole.parting(&trace, orders_end) {
                let end = parting.bar + 1;
                let here = run(bars, end, Some(parting.watch))?;
                let line = run(&other, end, Some(parting.watch))
                    .map_or_else(|e| e.line, |there| here.first_other_line(&there));
                return Ok(found(line, parting.bar));
            }
        }
    }
    Ok(None)
}

/// The newest number of each series function at the end of `bars`, by call site; `None` where it was never asked.
///
/// # Errors
/// What stops the run.
pub(crate) fn newest_series(
    script: &Script,
    values: &[f64],
    bars: &Bars,
    house: House,
) -> Result<Vec<Option<(Ta, f64)>>, RunError> {
    let plan = Plan { script, values, house, trade: 0..bars.len(), late: 0 };
    let trace = walk(&plan, Cow::Borrowed(bars), Interval::of_times(&bars.time), Some(Trace::default()))?.1;
    Ok(trace.unwrap_or_default().newest)
}

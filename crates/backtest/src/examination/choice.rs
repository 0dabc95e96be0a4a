//! How the neighbours of the best set do, and what costs it bears.

use assay_pine::Program;

use crate::{Run, Trial};

/// Inputs that a step may be taken in at once, at most: 3^6 - 1 neighbours. Of more, those with the largest grids.
const NEIGHBOUR_INPUTS_MAX: usize = 6;

/// Costs per side above this are not looked for: nobody pays a tenth.
const COST_MAX: f64 = 0.1;

/// Median Sharpe ratio of the valid sets within one grid step of `best`, over that of `best`. `None` when `best` earns
/// nothing or has no valid neighbour. A neighbour that never traded counts as 0.
pub(super) fn plateau(program: &Program, trials: &[Trial], best: usize) -> Option<f64> {
    let peak = trials[best].sharpe();
    if peak.is_nan() || peak <= 0.0 {
        return None;
    }
    let mut sharpes: Vec<f64> = neighbours(program, best)
        .into_iter()
        .filter(|i| trials[*i].valid)
        .map(|i| trials[i].sharpe())
        .map(|sharpe| if sharpe.is_nan() { 0.0 } else { sharpe })
        .collect();
    sharpes.sort_by(f64::total_cmp);
    let n = sharpes.len();
    let median = match n {
        0 => return None,
        n if n % 2 == 1 => sharpes[n / 2],
        n => (sharpes[n / 2 - 1] + sharpes[n / 2]) / 2.0,
    };
    Some(median / peak)
}

/// Grid points that differ from `index` by at most one step in each input, itself excluded.
fn neighbours(program: &Program, index: usize) -> Vec<usize> {
    let lengths: Vec<usize> = program.inputs.iter().map(|input| input.grid.len()).collect();
    // The first input changes slowest.
    let strides: Vec<usize> = (0..lengths.len()).map(|i| lengths[i + 1..].iter().product()).collect();
    let mut stepped: Vec<usize> = (0..lengths.len()).filter(|i| lengths[*i] > 1).collect();
    stepped.sort_by_key(|i| std::cmp::Reverse(lengths[*i]));
    stepped.truncate(NEIGHBOUR_INPUTS_MAX);
    let mut found = vec![index];
    for i in stepped {
        let at = index / strides[i] % lengths[i];
        let mut more = vec![];
        for base in &found {
            if at > 0 {
                more.push(base - strides[i]);
            }
            if at + 1 < lengths[i] {
                more.push(base + strides[i]);
            }
        }
        found.extend(more);
    }
    found.retain(|i| *i != index);
    found
}

/// The rate per side at which the final equity of `free`, a run without costs, falls back to 1: 0 when it loses even so,
/// [`COST_MAX`] when it would bear more. Signals do not depend on costs, so each side just multiplies the equity.
pub(super) fn break_even_cost(free: &Run) -> Option<f64> {
    let gross = free.equity.last().copied().filter(|e| e.is_finite() && *e > 0.0)?;
    let entries = free.trades.len() as f64;
    let exits = free.trades.iter().filter(|trade| trade.exit_bar.is_some()).count() as f64;
    if gross <= 1.0 {
        return Some(0.0);
    }
    let left = |cost: f64| gross.ln() + exits * (1.0 - cost).ln() - entries * (1.0 + cost).ln();
    if left(COST_MAX) >= 0.0 {
        return Some(COST_MAX);
    }
    let (mut low, mut high) = (0.0, COST_MAX);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if left(middle) > 0.0 { low = middle } else { high = middle }
    }
    Some(low)
}

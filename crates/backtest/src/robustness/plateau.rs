//! A plateau or a lonely peak? How the neighbouring parameter sets of the best one do.

use assay_pine::Input;

use crate::Trial;

/// Inputs that a step may be taken in at once, at most: 3^6 - 1 neighbours. Of more, those with the largest grids.
const NEIGHBOUR_INPUTS_MAX: usize = 6;

/// Median Sharpe ratio of the valid sets within one grid step of `best`, over that of `best`. `None` when `best` earns
/// nothing or has no valid neighbour. A neighbour that never traded counts as 0.
pub fn plateau(inputs: &[Input], trials: &[Trial], best: usize) -> Option<f64> {
    let peak = trials[best].sharpe();
    if peak.is_nan() || peak <= 0.0 {
        return None;
    }
    let mut sharpes: Vec<f64> = neighbours(inputs, best)
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
fn neighbours(inputs: &[Input], index: usize) -> Vec<usize> {
    let lengths: Vec<usize> = inputs.iter().map(|input| input.grid.len()).collect();
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

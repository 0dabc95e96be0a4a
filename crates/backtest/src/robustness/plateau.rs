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

#[cfg(test)]
mod tests {
    use super::*;
    use assay_pine::InputKind;

    fn input(values: usize) -> Input {
        let grid: Vec<f64> = (1..=values).map(|v| v as f64).collect();
        Input { name: "n".into(), title: "n".into(), kind: InputKind::Int, default: 1.0, grid, derived: false, line: 1 }
    }

    /// A trial with this Sharpe ratio a bar: of a hundred returns with a deviation of one percent.
    fn trial(sharpe: f64) -> Trial {
        let (n, deviation) = (100.0, 0.01);
        let sum = n * sharpe * deviation;
        let sum_sq = (n - 1.0) * deviation * deviation + sum * sum / n;
        Trial { valid: true, entries: 9, exits: 9, equity: 1.0, max_drawdown: 0.0, sum, sum_sq, observations: 100 }
    }

    #[test]
    fn a_hill_is_a_plateau_and_a_needle_is_none() {
        // Three by three, the best in the middle; its eight neighbours have the median 0.08.
        let inputs = [input(3), input(3)];
        let hill = [0.05, 0.06, 0.07, 0.08, 0.10, 0.08, 0.09, 0.09, 0.09].map(trial);
        assert!((plateau(&inputs, &hill, 4).unwrap() - 0.8).abs() < 1e-9);
        let needle = [0.0, 0.0, 0.0, 0.0, 0.10, 0.01, 0.01, 0.01, 0.01].map(trial);
        assert!((plateau(&inputs, &needle, 4).unwrap() - 0.05).abs() < 1e-9);
        // In a corner there are three; an invalid one does not count.
        let mut corner = hill;
        corner[1].valid = false;
        assert!((plateau(&inputs, &corner, 0).unwrap() - (0.08 + 0.10) / 2.0 / 0.05).abs() < 1e-9);
        assert_eq!(plateau(&inputs, &[-0.1; 9].map(trial), 4), None);
        assert_eq!(plateau(&[input(1)], &[trial(0.1)], 0), None);
    }
}

//! How strong must a mechanism be for the strategy that knows it to have a given true Sharpe ratio?
//!
//! "True" is the mean annual Sharpe ratio, net of costs, of one parameter set over many independent ten-year markets: what
//! one more such market shows on average. "The strategy that knows" is the point of the matching archetype's grid at which
//! that is highest. Solved by turns: the amplitude by bisection for a fixed point (the same shocks at every amplitude, so the
//! Sharpe ratio is a smooth function of it), then the best point at that amplitude, until the point stays. Deterministic.

use assay_backtest::stepwise::broker::Side;
use assay_backtest::{Bars, Costs, Engine, Fill, Run, Sweep, SweepError, WarmUp, run, sweep};
use assay_pine::Program;
use assay_units::Seed;

use super::Mechanism;
use super::luck::Luck;
use crate::chance::branch;
use crate::market::{RealPrices, YEAR};

/// Turns at most. The point rarely moves after the second.
const TURNS_MAX: usize = 5;
/// Halvings of the amplitude's range: a thousandth of it remains.
const HALVINGS: usize = 10;

/// What to solve for.
#[derive(Clone, Debug)]
pub struct Target<'a> {
    /// What can be known.
    pub mechanism: Mechanism,
    /// Annual Sharpe ratio net of costs.
    pub sharpe: f64,
    /// The matching archetype.
    pub program: &'a Program,
    /// What trading costs.
    pub costs: Costs,
    /// When orders fill.
    pub fill: Fill,
    /// Markets that the truth is averaged over: 400 know it to 0.016.
    pub markets: u64,
    /// Makes them repeatable.
    pub seed: Seed,
}

/// A mechanism of known worth.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Planted {
    /// How strong it is.
    pub amplitude: f64,
    /// The parameter set that knows it: its place in the archetype's grid.
    pub point: u64,
    /// Its values, in the order of the program's inputs.
    pub values: Vec<f64>,
    /// Its mean annual Sharpe ratio at that amplitude.
    pub sharpe: f64,
    /// Deviation of that ratio from market to market: theory without regimes says 0.316 for ten years.
    pub deviation: f64,
    /// Mean and deviation, over the same markets, of what a permutation test sees of that set, in standard errors.
    pub timing: Scatter,
    /// What luck shows in the search that the set is part of, in the same units.
    #[serde(skip)]
    pub luck: Luck,
}

/// Mean and deviation of a figure over many markets.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Scatter {
    /// Mean.
    pub mean: f64,
    /// Standard deviation, by n - 1.
    pub deviation: f64,
}

impl Scatter {
    pub(super) fn of(figures: &[f64]) -> Scatter {
        let n = figures.len() as f64;
        let mean = figures.iter().sum::<f64>() / n;
        let squares = figures.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>();
        Scatter { mean, deviation: (squares / (n - 1.0)).sqrt() }
    }
}

/// Why an amplitude cannot be had.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum AmplitudeError {
    /// Even the strongest form does not pay as much.
    #[error(
        "{mechanism}: even at its strongest the best parameter set has a Sharpe ratio of {reached:.2}, not {wanted:.2}"
    )]
    OutOfReach {
        /// The mechanism.
        mechanism: &'static str,
        /// Asked for.
        wanted: f64,
        /// At the largest amplitude.
        reached: f64,
    },
    /// The strategy cannot be traded on these markets.
    #[error("the archetype cannot be traded: {0}")]
    Trade(#[from] SweepError),
}

/// Solves for the amplitude.
///
/// # Errors
/// When no amplitude reaches the target, or the archetype cannot be traded.
pub fn solve(target: &Target<'_>, real: &RealPrices) -> Result<Planted, AmplitudeError> {
    let strongest = target.mechanism.amplitude_max();
    let markets = |amplitude: f64| -> Vec<Bars> {
        (0..target.markets)
            .map(|i| target.mechanism.market(amplitude, branch(target.seed, "amplitude", i), real))
            .collect()
    };
    let mut point = best_point(target, &markets(strongest / 4.0))?;
    for turn in 1.. {
        let values = target.program.point(point);
        let (mut low, mut high) = (0.0, strongest);
        for _ in 0..HALVINGS {
            let middle = (low + high) / 2.0;
            let there = sharpe(target, &values, &markets(middle))?;
            if there.mean < target.sharpe { low = middle } else { high = middle }
        }
        let at_last = markets(high);
        let Scatter { mean, deviation } = sharpe(target, &values, &at_last)?;
        if mean < target.sharpe {
            let (wanted, reached) = (target.sharpe, mean);
            return Err(AmplitudeError::OutOfReach { mechanism: target.mechanism.as_str(), wanted, reached });
        }
        let better = best_point(target, &at_last)?;
        if better == point || turn == TURNS_MAX {
            let timing = timing(target, &values, &at_last)?;
            let luck = Luck::of(target, point, &at_last)?;
            return Ok(Planted { amplitude: high, point, values, sharpe: mean, deviation, timing, luck });
        }
        point = better;
    }
    unreachable!("the last turn returns")
}

/// The annual Sharpe ratio of one parameter set, over the markets.
fn sharpe(target: &Target<'_>, values: &[f64], markets: &[Bars]) -> Result<Scatter, SweepError> {
    let mut ratios = Vec::with_capacity(markets.len());
    for bars in markets {
        let run = run(target.program, values, bars, target.costs, target.fill, 0..bars.len())?;
        let sample = assay_backtest::overfitting::sharpe_sample(&run.returns);
        // A market in which it never trades earns nothing.
        ratios.push(sample.map_or(0.0, |s| s.sharpe * YEAR.sqrt()));
    }
    Ok(Scatter::of(&ratios))
}

/// What a permutation test sees of one parameter set, in standard errors: the randomisation statistic
///
/// z = sqrt(n) * (mean(s) - mean(w) * mean(r)) / sqrt(var(w) * var(r)),
///
/// s the strategy's returns before costs, w its position (1 long, -1 short, 0 out), r the market's returns. Permuting the n
/// bars under given positions moves mean(s) about mean(w) * mean(r) with variance var(w) * var(r) / n (Pitman 1937), so z is
/// standard normal where the positions know nothing. Costs are left out on both sides: a permuted market pays about as many.
fn timing(target: &Target<'_>, values: &[f64], markets: &[Bars]) -> Result<Scatter, SweepError> {
    let mut statistics = Vec::with_capacity(markets.len());
    for bars in markets {
        let run = run(target.program, values, bars, Costs { fee: 0.0, slippage: 0.0 }, target.fill, 0..bars.len())?;
        statistics.push(randomisation(&run, &bars.close));
    }
    Ok(Scatter::of(&statistics))
}

/// The statistic of [`timing`] for one run; 0 where it never trades or is always in.
fn randomisation(run: &Run, close: &[f64]) -> f64 {
    let n = run.returns.len();
    let mut position = vec![0.0; n];
    for trade in &run.trades {
        let side = if trade.side == Side::Long { trade.share } else { -trade.share };
        // Bars that end with the position; the part of the exit's bar before an exit at its open is the night alone.
        let from = trade.entry_bar.max(run.first_bar) - run.first_bar;
        let until = trade.exit_bar.map_or(n, |bar| bar.max(run.first_bar) - run.first_bar).min(n);
        position[from.min(until)..until].iter_mut().for_each(|w| *w += side);
    }
    let market: Vec<f64> = (run.first_bar..run.first_bar + n).map(|t| close[t] / close[t - 1] - 1.0).collect();
    let (position, market) = (Scatter::of(&position), Scatter::of(&market));
    let noise = position.deviation * market.deviation;
    if noise > 0.0 {
        let earned = run.returns.iter().sum::<f64>() / n as f64;
        (n as f64).sqrt() * (earned - position.mean * market.mean) / noise
    } else {
        0.0
    }
}

/// The grid point whose Sharpe ratio is highest on average.
fn best_point(target: &Target<'_>, markets: &[Bars]) -> Result<u64, SweepError> {
    let points = target.program.grid_size().unwrap_or(u64::MAX);
    let mut sums = vec![0.0; points as usize];
    for bars in markets {
        let swept = sweep(
            &Sweep {
                program: target.program,
                bars,
                costs: target.costs,
                fill: target.fill,
                train: 0..bars.len(),
                warm_up: WarmUp::Own,
                engine: Engine::Simd,
                threads: 1,
                grid_max: points,
            },
            &|_, _| true,
        )?;
        for (sum, trial) in sums.iter_mut().zip(&swept.trials) {
            let sharpe = if trial.valid { trial.sharpe() } else { f64::NEG_INFINITY };
            *sum += if sharpe.is_nan() { 0.0 } else { sharpe };
        }
    }
    let best = (0..sums.len()).reduce(|best, i| if sums[i] > sums[best] { i } else { best });
    Ok(best.expect("a grid has a point") as u64)
}

#[cfg(test)]
mod tests {
    use assay_backtest::Trade;

    use super::*;

    fn long(entry_bar: usize, exit_bar: Option<usize>) -> Trade {
        Trade { side: Side::Long, share: 1.0, entry_bar, exit_bar, entry_price: 1.0, exit_price: 1.0, gain: 0.0 }
    }

    /// Four bars after the first: up 10 %, down 10 %, up 10 %, down 10 %; in for the first three of them.
    #[test]
    fn the_randomisation_statistic_of_a_run_by_hand() {
        let close = [100.0, 110.0, 99.0, 108.9, 98.01];
        let run = Run {
            first_bar: 1,
            returns: vec![0.1, -0.1, 0.1, 0.0],
            equity: vec![1.0; 4],
            trades: vec![long(1, Some(4))],
            bars_held: 3,
        };
        // mean(s) = 0.025, mean(w) mean(r) = 0; var(w) = 0.25, var(r) = 0.04 / 3.
        let expected = 2.0 * 0.025 / (0.25f64 * 0.04 / 3.0).sqrt();
        assert!((randomisation(&run, &close) - expected).abs() < 1e-12);
        let always_in = Run { trades: vec![long(0, None)], returns: vec![0.1, -0.1, 0.1, -0.1], ..run.clone() };
        assert_eq!(randomisation(&always_in, &close), 0.0, "who is always in times nothing");
        let never = Run { trades: vec![], returns: vec![0.0; 4], ..run };
        assert_eq!(randomisation(&never, &close), 0.0);
    }
}

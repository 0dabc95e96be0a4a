//! How strong must a mechanism be for the strategy that knows it to have a given true Sharpe ratio?
//!
//! "True" is the mean annual Sharpe ratio, net of costs, of one parameter set over many independent ten-year markets: what
//! one more such market shows on average. "The strategy that knows" is the point of the matching archetype's grid at which
//! that is highest. Solved by turns: the amplitude by bisection for a fixed point (the same shocks at every amplitude, so the
//! Sharpe ratio is a smooth function of it), then the best point at that amplitude, until the point stays. Deterministic.

use assay_backtest::{Bars, Costs, Engine, Fill, Sweep, SweepError, WarmUp, run, sweep};
use assay_pine::Program;
use assay_units::Seed;

use super::Mechanism;
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
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
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
    let mut found = None;
    for _ in 0..TURNS_MAX {
        let values = target.program.point(point);
        let (mut low, mut high) = (0.0, strongest);
        for _ in 0..HALVINGS {
            let middle = (low + high) / 2.0;
            let (sharpe, _) = truth(target, &values, &markets(middle))?;
            if sharpe < target.sharpe { low = middle } else { high = middle }
        }
        let at_last = markets(high);
        let (sharpe, deviation) = truth(target, &values, &at_last)?;
        if sharpe < target.sharpe {
            let (wanted, reached) = (target.sharpe, sharpe);
            return Err(AmplitudeError::OutOfReach { mechanism: target.mechanism.as_str(), wanted, reached });
        }
        found = Some(Planted { amplitude: high, point, values, sharpe, deviation });
        let better = best_point(target, &at_last)?;
        if better == point {
            break;
        }
        point = better;
    }
    Ok(found.expect("at least one turn is taken"))
}

/// Mean and deviation, over the markets, of the annual Sharpe ratio of one parameter set.
fn truth(target: &Target<'_>, values: &[f64], markets: &[Bars]) -> Result<(f64, f64), SweepError> {
    let mut ratios = Vec::with_capacity(markets.len());
    for bars in markets {
        let run = run(target.program, values, bars, target.costs, target.fill, 0..bars.len())?;
        let sample = assay_backtest::overfitting::sharpe_sample(&run.returns);
        // A market in which it never trades earns nothing.
        ratios.push(sample.map_or(0.0, |s| s.sharpe * YEAR.sqrt()));
    }
    let n = ratios.len() as f64;
    let mean = ratios.iter().sum::<f64>() / n;
    let variance = ratios.iter().map(|r| (r - mean) * (r - mean)).sum::<f64>() / (n - 1.0);
    Ok((mean, variance.sqrt()))
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

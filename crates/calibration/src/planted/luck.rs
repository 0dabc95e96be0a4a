//! What luck shows in the search that the strategy that knows is part of: how far out its line lies.
//!
//! The best of a grid is no set of independent trials. Its sets are correlated and are in for more or less of the time, so the
//! number of independent trials that it is worth depends on how far out one looks: correlated figures part in their tails.
//! Here the far end is looked at itself. On markets with the mechanism in them the bars change places, the whole grid is
//! swept, and its best is noted in the units of the set that knows: (best - m)/s, m and s the mean and deviation of that set's
//! own Sharpe ratio over the permuted markets. The set's timing is measured in the same units, before costs like it
//! (`randomisation` in [`super::amplitude`]).

use assay_backtest::overfitting::normal;
use assay_backtest::permutation::{Scheme, Shuffler};
use assay_backtest::{Bars, Costs, Engine, Sweep, SweepError, WarmUp, sweep};
use assay_units::Seed;

use super::amplitude::{Scatter, Target};
use crate::chance::branch;

/// Markets that are permuted.
const MARKETS: usize = 12;
/// Permuted markets of each.
const DRAWS: u64 = 1_000;
/// Share of the draws that is kept: no line lies further in.
const KEPT: f64 = 0.05;

/// The largest figures that luck showed.
#[derive(Clone, Debug, PartialEq)]
pub struct Luck {
    /// Largest first.
    tail: Vec<f64>,
    /// Of so many.
    draws: usize,
}

impl Luck {
    /// Permutes the first of `markets`; `point` is the set that knows.
    ///
    /// # Errors
    /// When the archetype cannot be swept.
    pub fn of(target: &Target<'_>, point: u64, markets: &[Bars]) -> Result<Luck, SweepError> {
        let mut figures = vec![];
        for (i, bars) in (0u64..).zip(markets).take(MARKETS) {
            figures.extend(permuted(target, point, bars, branch(target.seed, "luck", i))?);
        }
        Ok(Luck::from(figures))
    }

    fn from(mut figures: Vec<f64>) -> Luck {
        figures.sort_by(|a, b| b.total_cmp(a));
        let draws = figures.len();
        figures.truncate((draws as f64 * KEPT).ceil() as usize);
        Luck { tail: figures, draws }
    }

    /// The figure that the best of the grid exceeds with probability `level`; that of the outermost draw where so few are
    /// asked for that none is left.
    pub fn line(&self, level: f64) -> f64 {
        let out = (level * self.draws as f64).floor() as usize;
        self.tail.get(out.min(self.tail.len().saturating_sub(1))).copied().unwrap_or(f64::INFINITY)
    }

    /// How many independent trials have the line at `level` where it lies: N of 1 - Phi(line)^N = level.
    pub fn trials(&self, level: f64) -> f64 {
        f64::ln_1p(-level) / f64::ln_1p(-normal::cdf(-self.line(level)))
    }
}

/// The best of the grid on the permuted markets of one market, in the units of the set that knows.
fn permuted(target: &Target<'_>, point: u64, bars: &Bars, seed: Seed) -> Result<Vec<f64>, SweepError> {
    let shuffler = Shuffler::new(bars, Scheme::Bars);
    let (mut best, mut own) = (vec![], vec![]);
    for number in 0..DRAWS {
        let market = shuffler.market(seed, number);
        let plan = Sweep {
            program: target.program,
            bars: &market,
            costs: Costs { fee: 0.0, slippage: 0.0 },
            fill: target.fill,
            train: 0..market.len(),
            warm_up: WarmUp::Longest,
            engine: Engine::Simd,
            threads: 1,
            grid_max: target.program.grid_size().unwrap_or(u64::MAX),
        };
        let trials = sweep(&plan, &|_, _| true)?.trials;
        let sharpe = |t: &assay_backtest::Trial| if t.valid && t.sharpe().is_finite() { t.sharpe() } else { 0.0 };
        best.push(trials.iter().map(sharpe).fold(f64::NEG_INFINITY, f64::max));
        own.push(sharpe(&trials[point as usize]));
    }
    let own = Scatter::of(&own);
    Ok(best.into_iter().map(|sharpe| (sharpe - own.mean) / own.deviation).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn independent_trials_are_counted_where_the_line_lies() {
        // The best of ten independent normal numbers, by inversion at even shares.
        let n = 20_000;
        let figures = (0..n).map(|i| normal::quantile(((f64::from(i) + 0.5) / f64::from(n)).powf(0.1))).collect();
        let luck = Luck::from(figures);
        for level in [0.04, 0.01, 0.001] {
            assert!((luck.trials(level) / 10.0 - 1.0).abs() < 0.05, "{level}: {}", luck.trials(level));
        }
        assert!(luck.line(0.001) > luck.line(0.01));
        assert_eq!(luck.line(0.0), luck.line(1.0 / 40_000.0), "the outermost");
    }
}

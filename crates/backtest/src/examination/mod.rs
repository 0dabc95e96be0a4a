//! One program on one set of bars, from the grid to the ruling.
//!
//! Proof that it does not look ahead; the grid swept on all bars and the best set chosen; the same search on permuted markets,
//! which is what allows all bars to take part in the choice; and then what is fragile about the result. Memory is O(trials) +
//! O(bars).

mod drawing;
mod forward;
mod sample;

use std::sync::Arc;

use assay_units::Seed;

pub use drawing::{Axis, Curve, CurvePoint, HeatMap};
pub use forward::{WalkedForward, WalkedWindow};

use crate::family::{Family, Strategy};
use crate::judge::{JudgeInput, Judgement, SampleTests, TrialCount, judge};
use crate::look_ahead::{LookAhead, WarmUpChange, look_ahead, warm_up_change};
use crate::overfitting::{CvPaths, EffectiveTrials, Pbo, WalkForwardSettings};
use crate::permutation::{Aids, Memory, Permutation, PermutationSettings, permute_search};
use crate::robustness::{
    self, Benchmark, BestTradesOut, Delay, NoiseSettings, Noisy, Regimes, against_benchmark, without_best_trades,
};
use crate::screening::Screener;
use crate::verdict::Thresholds;
use crate::{Bars, Costs, Engine, Fill, Metrics, SweepError, Trade, metrics};

/// Best trades that are taken out: one in twenty, but one at least and five at most. Of a trend follower's thirty trades five
/// are a sixth, and every true one would fail.
fn best_trades(trades: usize) -> usize {
    (trades / 20).clamp(1, 5)
}

/// How to examine.
#[derive(Clone, Debug)]
pub struct ExamineSettings {
    /// What trading costs.
    pub costs: Costs,
    /// When orders fill.
    pub fill: Fill,
    /// Threads of the sweep and of the permutations.
    pub threads: usize,
    /// Engine of the sweep.
    pub engine: Engine,
    /// Largest grid that is swept.
    pub grid_max: u64,
    /// Makes every draw but the permutations repeatable.
    pub seed: Seed,
    /// How markets are permuted. Its seed should follow from the prices alone, so that all searches of one data set see the
    /// same markets.
    pub permutation: PermutationSettings,
    /// How the bars are cut for walking forward.
    pub walk_forward: WalkForwardSettings,
    /// Noise on the prices.
    pub noise: NoiseSettings,
    /// Bootstrapped histories of the Reality Check, SPA and StepM; 0 leaves them out.
    pub bootstrap_draws: u32,
    /// Where the lines are drawn.
    pub thresholds: Thresholds,
    /// Permuted markets that were searched before, where such are kept; no figure depends on it.
    pub memory: Option<Arc<dyn Memory>>,
    /// A device that may search permuted markets faster; no figure depends on it.
    pub screener: Option<Arc<dyn Screener>>,
}

/// Everything that a report shows.
#[derive(Clone, Debug)]
pub struct Examination {
    /// Verdict, reasons, evidence, and the looks that this search took.
    pub judgement: Judgement,
    /// Points of the grid, valid or not.
    pub grid: u64,
    /// Where it looks ahead.
    pub look_ahead: Option<LookAhead>,
    /// The best parameter set; `None` when nothing could be tested.
    pub chosen: Option<Chosen>,
}

/// The best parameter set and what it did. Figures are over all bars unless they say otherwise.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// Its place in the grid.
    pub index: u64,
    /// Its values, in the order of the program's inputs.
    pub values: Vec<f64>,
    /// What it did.
    pub whole: Metrics,
    /// Buying once and holding over the same bars, free of cost.
    pub hold: Metrics,
    /// Against that.
    pub benchmark: Option<Benchmark>,
    /// The same search on permuted markets.
    pub permutation: Option<Permutation>,
    /// Choices on earlier bars, traded on later ones.
    pub walk_forward: Option<WalkedForward>,
    /// The family, cross-validated.
    pub pbo: Option<Pbo>,
    /// Purged cross-validation paths of a sample of the family.
    pub cv: Option<CvPaths>,
    /// The sample against cash.
    pub sample: SampleTests,
    /// What the family is worth in independent trials.
    pub effective: Option<EffectiveTrials>,
    /// Orders filled later.
    pub delay: Option<Delay>,
    /// Without the best trades.
    pub best_trades_out: Option<BestTradesOut>,
    /// On noisy prices.
    pub noisy: Option<Noisy>,
    /// By volatility, trend and year.
    pub regimes: Regimes,
    /// How much the last values depend on where history begins; `None` for a script that stops itself.
    pub warm_up: Option<WarmUpChange>,
    /// Equity, drawdown and buy-and-hold over all bars.
    pub curve: Curve,
    /// Best Sharpe ratio by the two inputs with the largest grids; `None` with fewer than two swept inputs.
    pub heat_map: Option<HeatMap>,
    /// Every trade.
    pub trades: Vec<Trade>,
}

/// Examines a strategy on `bars`. `prior` counts the looks taken at these bars before; `progress(done, all)` hears of the
/// search and its permutations, in grid points, and returns false to cancel.
///
/// # Errors
/// Why nothing could be swept, or [`SweepError::Cancelled`].
pub fn examine<'a>(
    strategy: impl Into<Strategy<'a>>,
    bars: &Bars,
    settings: &ExamineSettings,
    prior: TrialCount,
    progress: &(dyn Fn(u64, u64) -> bool + Sync),
) -> Result<Examination, SweepError> {
    let strategy = strategy.into();
    let terms = JudgeInput {
        periods_per_year: bars.periods_per_year(),
        assumed_cost: settings.costs.fee + settings.costs.slippage,
        prior,
        thresholds: Some(&settings.thresholds),
        ..JudgeInput::default()
    };
    let family = Family {
        strategy,
        costs: settings.costs,
        fill: settings.fill,
        engine: settings.engine,
        grid_max: settings.grid_max,
        trades_min: settings.thresholds.trades_min,
    };
    let ahead = look_ahead(&family, &strategy.defaults(), bars, settings.seed)?;
    if ahead.is_some() {
        return Ok(not_tested(&terms, 0, ahead));
    }
    let markets = u64::from(settings.permutation.permutations_max);
    let swept = family
        .trials(bars, 0..bars.len(), settings.threads, &|done, all| progress(done, all.saturating_mul(1 + markets)))?;
    let grid = swept.trials.len() as u64;
    let all = grid.saturating_mul(1 + markets);
    let Some(best) = family.best_of(&swept.trials) else {
        return Ok(not_tested(&terms, grid, None));
    };
    let values = strategy.point(best.index);
    let ahead = look_ahead(&family, &values, bars, settings.seed)?;
    if ahead.is_some() {
        return Ok(not_tested(&terms, grid, ahead));
    }

    let permutation = permute_search(
        &family,
        bars,
        (best.sharpe, swept.first_bar),
        &settings.permutation,
        settings.threads,
        Aids { memory: settings.memory.as_deref(), screener: settings.screener.as_deref() },
        &|done, _| progress(grid.saturating_mul(1 + done), all),
    )?;
    let go_on = || progress(all, all);
    let run = family.run(best.index, bars, swept.first_bar..bars.len())?;
    let walked = forward::walk(&family, bars, &settings.walk_forward, settings.threads, &go_on)?;
    let break_even_cost = break_even(&family, best.index, bars, swept.first_bar)?;
    let pbo = sample::cross_validate(&family, bars, &swept)?;
    let sampled = sample::measure(&family, bars, &swept, (best, &run), settings.bootstrap_draws, settings.seed)?;
    let delay = robustness::delay(&family, best.index, bars)?;
    let noisy = robustness::noisy(&family, best.index, bars, settings.noise, settings.seed)?;
    let regimes = robustness::regimes(&run, bars);
    let hold = hold_returns(bars, run.first_bar, run.returns.len());
    let benchmark = against_benchmark(&run.returns, &hold);
    let best_trades_out = without_best_trades(&run, best_trades(run.trades.len()));
    let sharpes: Vec<f64> = swept.trials.iter().filter(|t| t.valid).map(|t| t.sharpe()).collect();

    let judgement = judge(&JudgeInput {
        trial_sharpes: &sharpes,
        returns: &run.returns,
        hold_returns: &hold,
        trades: swept.trials[best.index as usize].entries,
        permutation: permutation.as_ref(),
        pbo,
        effective: sampled.effective,
        walk_forward: walked.as_ref().map(|w| (w.summary, w.returns.len())),
        cv: sampled.cv.as_ref(),
        sample: sampled.tests,
        break_even_cost,
        plateau: robustness::plateau(strategy.inputs(), &swept.trials, best.index as usize),
        delay,
        best_trades_out,
        noisy,
        benchmark,
        years_positive: regimes.years_positive(),
        ..terms
    });
    let k = swept.periods_per_year;
    let first_test = walked.as_ref().map(|w| w.first_bar);
    let chosen = Chosen {
        index: best.index,
        whole: metrics(&run.returns, &run.equity, k),
        hold: metrics(&hold, &drawing::compound(&hold), k),
        benchmark,
        permutation,
        walk_forward: walked,
        pbo,
        cv: sampled.cv,
        sample: sampled.tests,
        effective: sampled.effective,
        delay,
        best_trades_out,
        noisy,
        regimes,
        warm_up: warm_up_change(&family, &values, bars)?,
        curve: drawing::curve(bars, &run, first_test),
        heat_map: drawing::heat_map(strategy.inputs(), &swept.trials),
        trades: run.trades,
        values,
    };
    Ok(Examination { judgement, grid, look_ahead: None, chosen: Some(chosen) })
}

/// A verdict without figures: the program looks ahead, or no point of its grid is valid.
fn not_tested(terms: &JudgeInput<'_>, grid: u64, ahead: Option<LookAhead>) -> Examination {
    let judgement = judge(&JudgeInput { looks_ahead: ahead.map(|a| a.line), ..*terms });
    Examination { judgement, grid, look_ahead: ahead, chosen: None }
}

/// The cost per side at which nothing is left of a set.
fn break_even(family: &Family<'_>, index: u64, bars: &Bars, first_bar: usize) -> Result<Option<f64>, SweepError> {
    let at = |fee: f64| {
        let family = Family { costs: Costs { fee, slippage: 0.0 }, ..*family };
        family.run(index, bars, first_bar..bars.len())
    };
    match family.strategy {
        Strategy::Signals(_) => Ok(robustness::break_even_cost(&at(0.0)?)),
        Strategy::Steps(..) | Strategy::Script(..) => {
            robustness::break_even_by_running(|fee| Ok(at(fee)?.equity.last().copied()))
        }
    }
}

/// Close to close over `count` bars from `first`: what a run's returns are compared with.
fn hold_returns(bars: &Bars, first: usize, count: usize) -> Vec<f64> {
    (first..(first + count).min(bars.len()))
        .map(|t| if t == 0 { 0.0 } else { bars.close[t] / bars.close[t - 1] - 1.0 })
        .collect()
}

//! One program on one set of bars, from the grid to the ruling.
//!
//! The last part of the bars is set aside before anything is looked at; the grid is swept on the rest, the best set chosen
//! there and traded once on the part set aside. Memory is O(trials) + O(bars).

mod choice;
mod drawing;

use assay_pine::Program;
use assay_units::Seed;

pub use drawing::{Axis, Curve, CurvePoint, HeatMap};

use crate::judge::{JudgeInput, Judgement, TrialCount, judge};
use crate::overfitting::effective_trials::SERIES_MAX;
use crate::overfitting::{EffectiveTrials, Pbo, effective_trials, probability_of_overfitting};
use crate::family::best_trial;
use crate::verdict::Thresholds;
use crate::{
    Bars, Costs, Engine, Fill, Metrics, Run, Sweep, SweepError, SweepResult, Trade, WarmUp, look_ahead, metrics, run,
    sweep,
};

/// How to examine.
#[derive(Clone, Debug)]
pub struct ExamineSettings {
    /// What trading costs.
    pub costs: Costs,
    /// When orders fill.
    pub fill: Fill,
    /// Share of the bars that is set aside, 0.3 say; kept within 0.05 and 0.5.
    pub test_share: f64,
    /// Threads of the sweep.
    pub threads: usize,
    /// Engine of the sweep.
    pub engine: Engine,
    /// Largest grid that is swept.
    pub grid_max: u64,
    /// Makes the draws behind the effective number of trials, and the cuts of the prefix test, repeatable.
    pub seed: Seed,
    /// Where the lines are drawn.
    pub thresholds: Thresholds,
}

/// Everything that a report shows.
#[derive(Clone, Debug)]
pub struct Examination {
    /// Verdict, reasons, evidence, and the looks that this search took.
    pub judgement: Judgement,
    /// First bar that was set aside.
    pub test_start: usize,
    /// Points of the grid, valid or not.
    pub grid: u64,
    /// The best parameter set; `None` when nothing could be tested.
    pub chosen: Option<Chosen>,
}

/// The best parameter set and what it did.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// Its place in the grid.
    pub index: u64,
    /// Its values, in the order of the program's inputs.
    pub values: Vec<f64>,
    /// On the bars that chose it.
    pub train: Metrics,
    /// On the bars set aside, started flat; `None` when they are too few to trade.
    pub test: Option<Metrics>,
    /// Over all bars, as drawn.
    pub whole: Metrics,
    /// Buying once and holding over the same bars as `train`, free of cost.
    pub hold_train: Metrics,
    /// The family, cross-validated.
    pub pbo: Option<Pbo>,
    /// What the family is worth in independent trials.
    pub effective: Option<EffectiveTrials>,
    /// Equity, drawdown and buy-and-hold over all bars.
    pub curve: Curve,
    /// Best Sharpe ratio by the two inputs with the largest grids; `None` with fewer than two swept inputs.
    pub heat_map: Option<HeatMap>,
    /// Every trade over all bars.
    pub trades: Vec<Trade>,
}

/// Examines `program` on `bars`. `prior` counts the looks taken over the life of the database before this one; `progress`
/// hears of the sweep and returns false to cancel.
pub fn examine(
    program: &Program,
    bars: &Bars,
    settings: &ExamineSettings,
    prior: TrialCount,
    progress: &(dyn Fn(u64, u64) -> bool + Sync),
) -> Result<Examination, SweepError> {
    let test_start = train_bars(bars.len(), settings.test_share);
    let defaults = program.defaults();
    if !look_ahead::prefix_test(program, &defaults, bars, settings.seed)? {
        return Ok(not_tested(test_start, 0, bars.periods_per_year(), settings, prior, false));
    }
    let swept = sweep(
        &Sweep {
            program,
            bars,
            costs: settings.costs,
            fill: settings.fill,
            train: 0..test_start,
            warm_up: WarmUp::Longest,
            engine: settings.engine,
            threads: settings.threads,
            grid_max: settings.grid_max,
        },
        progress,
    )?;
    let grid = swept.trials.len() as u64;
    let Some(best) = best_trial(&swept.trials, settings.thresholds.trades_min) else {
        return Ok(not_tested(test_start, grid, swept.periods_per_year, settings, prior, true));
    };
    let best = best.index as usize;
    let values = program.point(best as u64);
    let look_ahead_clean = look_ahead::prefix_test(program, &values, bars, settings.seed)?;

    let trade = |costs: Costs, range| run(program, &values, bars, costs, settings.fill, range);
    let train = trade(settings.costs, 0..test_start)?;
    // Bars before the test part only warm the signals up; the position starts flat.
    let test = unless_too_few(trade(settings.costs, test_start..bars.len()))?;
    let whole = trade(settings.costs, 0..bars.len())?;
    let free = trade(Costs { fee: 0.0, slippage: 0.0 }, 0..test_start)?;

    let hold = hold_returns(bars, train.first_bar, train.returns.len());
    let pbo = cross_validate(&swept);
    let effective = independent_trials(program, bars, settings, &swept, test_start)?;
    let sharpes: Vec<f64> = swept.trials.iter().filter(|t| t.valid).map(|t| t.sharpe()).collect();
    let judgement = judge(&JudgeInput {
        periods_per_year: swept.periods_per_year,
        trial_sharpes: &sharpes,
        train_returns: &train.returns,
        test_returns: test.as_ref().map_or(&[], |run| &run.returns),
        hold_returns: &hold,
        trades: swept.trials[best].entries,
        pbo,
        effective,
        break_even_cost: choice::break_even_cost(&free),
        assumed_cost: settings.costs.fee + settings.costs.slippage,
        plateau: choice::plateau(program, &swept.trials, best),
        look_ahead_clean,
        prior,
        thresholds: &settings.thresholds,
    });
    let k = swept.periods_per_year;
    let measure = |run: &Run| metrics(&run.returns, &run.equity, k);
    Ok(Examination {
        judgement,
        test_start,
        grid,
        chosen: Some(Chosen {
            index: best as u64,
            train: measure(&train),
            test: test.as_ref().map(measure),
            whole: measure(&whole),
            hold_train: metrics(&hold, &drawing::compound(&hold), k),
            pbo,
            effective,
            curve: drawing::curve(bars, &whole, test_start),
            heat_map: drawing::heat_map(program, &swept.trials),
            trades: whole.trades,
            values,
        }),
    })
}

/// Where the untouched part begins.
fn train_bars(bars: usize, test_share: f64) -> usize {
    let share = if test_share.is_nan() { 0.3 } else { test_share.clamp(0.05, 0.5) };
    bars - (bars as f64 * share).round() as usize
}

/// A verdict without figures: the program looks ahead, or no point of its grid is valid.
fn not_tested(
    test_start: usize,
    grid: u64,
    periods_per_year: f64,
    settings: &ExamineSettings,
    prior: TrialCount,
    look_ahead_clean: bool,
) -> Examination {
    let judgement = judge(&JudgeInput {
        periods_per_year,
        trial_sharpes: &[],
        train_returns: &[],
        test_returns: &[],
        hold_returns: &[],
        trades: 0,
        pbo: None,
        effective: None,
        break_even_cost: None,
        assumed_cost: settings.costs.fee + settings.costs.slippage,
        plateau: None,
        look_ahead_clean,
        prior,
        thresholds: &settings.thresholds,
    });
    Examination { judgement, test_start, grid, chosen: None }
}

/// Too few bars for a run is an answer here, not an error.
fn unless_too_few(run: Result<Run, SweepError>) -> Result<Option<Run>, SweepError> {
    match run {
        Ok(run) => Ok(Some(run)),
        Err(SweepError::TooFewBars { .. }) => Ok(None),
        Err(other) => Err(other),
    }
}

/// CSCV over the valid trials, from the block moments that the sweep kept.
fn cross_validate(swept: &SweepResult) -> Option<Pbo> {
    let valid: Vec<usize> = (0..swept.trials.len()).filter(|i| swept.trials[*i].valid).collect();
    probability_of_overfitting(&swept.block_bars, valid.len(), |column, block| {
        let moments = &swept.trials[valid[column]].blocks[block];
        (moments.sum, moments.sum_sq)
    })
}

/// Runs an evenly spaced sample of the valid trials in full and compares their returns.
fn independent_trials(
    program: &Program,
    bars: &Bars,
    settings: &ExamineSettings,
    swept: &SweepResult,
    test_start: usize,
) -> Result<Option<EffectiveTrials>, SweepError> {
    let valid: Vec<usize> = (0..swept.trials.len()).filter(|i| swept.trials[*i].valid).collect();
    let n = valid.len().min(SERIES_MAX);
    let mut sample = Vec::with_capacity(n);
    for i in 0..n {
        let point = program.point(valid[i * valid.len() / n] as u64);
        let run = run(program, &point, bars, settings.costs, settings.fill, 0..test_start)?;
        // All series must cover the same bars: those behind the longest warm-up of the grid.
        let skip = swept.first_bar.saturating_sub(run.first_bar).min(run.returns.len());
        sample.push(shortened(&run.returns[skip..]));
    }
    Ok(effective_trials(&sample, valid.len() as u64, settings.seed))
}

/// Sums of neighbouring returns, so that 64 long series stay small.
fn shortened(returns: &[f64]) -> Vec<f64> {
    let stretch = returns.len().div_ceil(crate::overfitting::effective_trials::POINTS_MAX).max(1);
    returns.chunks(stretch).map(|part| part.iter().sum()).collect()
}

/// Close to close over `count` bars from `first`: what a run's returns are compared with.
fn hold_returns(bars: &Bars, first: usize, count: usize) -> Vec<f64> {
    (first..(first + count).min(bars.len()))
        .map(|t| if t == 0 { 0.0 } else { bars.close[t] / bars.close[t - 1] - 1.0 })
        .collect()
}

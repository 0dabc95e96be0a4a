//! Walking forward: the whole search again on each train stretch, its choice traded on the stretch behind.

use crate::family::Family;
use crate::overfitting::{WalkForward, WalkForwardSettings, Window, sharpe_sample, walk_forward, walk_forward_plan};
use crate::{Bars, Metrics, Run, SweepError, metrics};

/// Test returns below which a Sharpe ratio says nothing.
const TEST_RETURNS_MIN: usize = 20;

/// What walking forward gave. Sharpe ratios are annual.
#[derive(Clone, Debug, PartialEq)]
pub struct WalkedForward {
    /// All windows together; its test Sharpe ratio is that of the joined returns.
    pub summary: WalkForward,
    /// One a window.
    pub windows: Vec<WalkedWindow>,
    /// First bar of the joined returns.
    pub first_bar: usize,
    /// Returns of the test stretches, joined.
    pub returns: Vec<f64>,
    /// Figures of the joined returns.
    pub joined: Metrics,
}

/// One window.
#[derive(Clone, Debug, PartialEq)]
pub struct WalkedWindow {
    /// First bar of the test stretch.
    pub test_start: usize,
    /// Bar behind its last.
    pub test_end: usize,
    /// The set that the train stretch chose.
    pub chosen: u64,
    /// Its Sharpe ratio there; `None` when it never traded.
    pub train_sharpe: Option<f64>,
    /// And on the test stretch; 0 when it stayed out.
    pub test_sharpe: f64,
    /// Growth over the test stretch, minus 1.
    pub test_return: f64,
}

/// Walks forward. A window whose train stretch is too short to search is left out; `None` when none is left.
pub(super) fn walk(
    family: &Family<'_>,
    bars: &Bars,
    settings: &WalkForwardSettings,
    threads: usize,
    go_on: &(dyn Fn() -> bool + Sync),
) -> Result<Option<WalkedForward>, SweepError> {
    let root = bars.periods_per_year().sqrt();
    let (mut windows, mut places, mut returns, mut first_bar) = (vec![], vec![], vec![], None);
    for stretches in walk_forward_plan(bars.len(), settings) {
        let swept = match family.trials(bars, stretches.train.clone(), threads, &|_, _| go_on()) {
            Ok(swept) => swept,
            Err(SweepError::TooFewBars { .. }) => continue,
            Err(other) => return Err(other),
        };
        let Some(best) = family.best_of(&swept.trials) else { continue };
        let run = match family.run(best.index, bars, stretches.test.clone()) {
            Ok(run) => run,
            Err(SweepError::TooFewBars { .. }) => continue,
            Err(other) => return Err(other),
        };
        first_bar.get_or_insert(run.first_bar);
        windows.push(WalkedWindow {
            test_start: run.first_bar,
            test_end: run.first_bar + run.returns.len(),
            chosen: best.index,
            train_sharpe: best.sharpe.is_finite().then_some(best.sharpe * root),
            test_sharpe: sharpe_sample(&run.returns).map_or(0.0, |s| s.sharpe * root),
            test_return: run.equity.last().map_or(0.0, |e| e - 1.0),
        });
        places.push(place(family, best.index));
        returns.extend_from_slice(&run.returns);
    }
    if returns.len() < TEST_RETURNS_MIN {
        return Ok(None);
    }
    let each: Vec<Window> = windows
        .iter()
        .zip(places)
        .map(|(w, chosen)| Window { train_sharpe: w.train_sharpe.unwrap_or(0.0), test_sharpe: w.test_sharpe, chosen })
        .collect();
    // A strategy that stays out of the test bars has measurably earned nothing there: 0, not absent.
    let idle = returns.iter().all(|r| *r == 0.0);
    let joined_sharpe = if idle { Some(0.0) } else { sharpe_sample(&returns).map(|s| s.sharpe * root) };
    let (Some(summary), Some(test_sharpe), Some(first_bar)) = (walk_forward(&each), joined_sharpe, first_bar) else {
        return Ok(None);
    };
    let efficiency = (summary.train_sharpe > 0.0).then(|| test_sharpe / summary.train_sharpe);
    let joined = metrics(&returns, &super::drawing::compound(&returns), root * root);
    Ok(Some(WalkedForward {
        summary: WalkForward { test_sharpe, efficiency, ..summary },
        windows,
        first_bar,
        returns,
        joined,
    }))
}

/// Where each swept value stands in its input's grid, 0 to 1.
fn place(family: &Family<'_>, index: u64) -> Vec<f64> {
    let values = family.strategy.point(index);
    let swept = family.strategy.inputs().iter().zip(&values).filter(|(input, _)| input.grid.len() > 1);
    swept
        .map(|(input, value)| {
            let at = input.grid.iter().position(|v| v == value).unwrap_or(0);
            at as f64 / (input.grid.len() - 1) as f64
        })
        .collect()
}

/// The longest that a position was held, in bars: what purging must allow for.
pub(super) fn longest_holding(run: &Run) -> usize {
    let end = run.first_bar + run.returns.len();
    run.trades.iter().map(|t| t.exit_bar.unwrap_or(end) - t.entry_bar).max().unwrap_or(0)
}

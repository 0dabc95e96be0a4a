//! The warm-up test: how much do the last values still depend on where history begins?

use assay_pine::check::Ta;
use assay_pine::graph::{Indicator, Op};

use super::{alive, columns, invalid};
use crate::evaluate::{Column, Evaluator};
use crate::family::{Family, Strategy};
use crate::stepwise::interpreter::{self, newest_series};
use crate::warm_up::warm_up;
use crate::{Bars, SweepError, stepwise};

/// How much the values of the last bar change when history begins shortly before it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WarmUpChange {
    /// Bars that the strategy says it needs.
    pub bars: usize,
    /// Largest relative change of an indicator with 1, 2 and 5 times as many bars of history; `None` where the file is shorter.
    pub changes: [Option<f64>; 3],
}

/// Measures `values` at the last bar: the columns of a graph, the newest values of the series functions of an interpreted
/// script. Totals and records since the first bar (`ta.cum`, `ta.obv`) and the bar's own number depend on the beginning by
/// their meaning and are left out. `None` for a script that stops itself.
///
/// # Errors
/// [`SweepError::InvalidPoint`] when a length is unusable.
pub fn warm_up_change(family: &Family<'_>, values: &[f64], bars: &Bars) -> Result<Option<WarmUpChange>, SweepError> {
    let strategy = family.strategy;
    let newest = |bars: &Bars| -> Result<Option<Vec<Option<f64>>>, SweepError> {
        match strategy {
            Strategy::Script(script, intrabar) => {
                Ok(newest_series(script, values, bars, family.house(intrabar)).ok().map(|all| {
                    all.into_iter().map(|one| one.filter(|(which, _)| forgets(*which)).map(|(_, x)| x)).collect()
                }))
            }
            _ => newest_columns(strategy, values, bars).map(Some),
        }
    };
    let bars_needed = needed(strategy, values, bars).ok_or_else(|| invalid(values))? + 1;
    let Some(whole) = newest(bars)? else { return Ok(None) };
    let mut changes = [None; 3];
    for (change, times) in changes.iter_mut().zip([1, 2, 5]) {
        let history = bars_needed.saturating_mul(times);
        if history >= bars.len() {
            continue;
        }
        let Some(late) = newest(&bars.suffix(history))? else { continue };
        let moved = whole.iter().zip(&late).filter_map(|(a, b)| a.zip(*b)).map(|(a, b)| {
            let moved = ((a - b) / a.abs().max(f64::MIN_POSITIVE)).abs();
            match (a.is_nan() && b.is_nan(), moved.is_nan()) {
                (true, _) => 0.0,
                (false, true) => f64::INFINITY,
                (false, false) => moved,
            }
        });
        *change = Some(moved.fold(0.0, f64::max));
    }
    Ok(Some(WarmUpChange { bars: bars_needed, changes }))
}

/// Bars before the first decision; `None` for a length that is not usable.
fn needed(strategy: Strategy<'_>, values: &[f64], bars: &Bars) -> Option<usize> {
    match strategy {
        Strategy::Signals(program) => {
            warm_up(program, &alive(strategy), &Evaluator { graph: &program.graph, bars }.scalars(values))
        }
        Strategy::Steps(program, _) => {
            stepwise::warm_up(program, &alive(strategy), &Evaluator { graph: &program.graph, bars }.scalars(values))
        }
        Strategy::Script(script, _) => Some(interpreter::warm_up(script, values, bars)),
    }
}

/// The last value of every indicator, by node.
fn newest_columns(strategy: Strategy<'_>, values: &[f64], bars: &Bars) -> Result<Vec<Option<f64>>, SweepError> {
    let Some(graph) = strategy.graph() else { return Ok(Vec::new()) };
    let columns = columns(strategy, values, bars)?;
    Ok(graph
        .nodes
        .iter()
        .zip(columns)
        .map(|(node, column)| match (&node.op, column.as_deref()) {
            (Op::Indicator(Indicator::Cum | Indicator::Obv, _), _) => None,
            (Op::Indicator(Indicator::AllTimeMax | Indicator::AllTimeMin, _), _) => None,
            (Op::Indicator(..), Some(Column::Number(x))) => x.last().copied(),
            _ => None,
        })
        .collect())
}

/// Whether a series function may forget the first bar by its meaning.
fn forgets(which: Ta) -> bool {
    !matches!(
        which,
        Ta::Cum
            | Ta::Obv
            | Ta::Pvt
            | Ta::Nvi
            | Ta::Pvi
            | Ta::AccDist
            | Ta::Wad
            | Ta::AllTimeMax
            | Ta::AllTimeMin
            | Ta::BarsSince
            | Ta::ValueWhen
            | Ta::FixNan
    )
}

//! One parameter set, in full: returns, equity and trades. Plain and slow; what is shown and judged comes from here.

use std::ops::Range;

use assay_pine::Program;

use crate::evaluate::{Evaluator, bit, live, signals};
use crate::fills::Factors;
use crate::stepwise::broker::Side;
use crate::warm_up::{first_bar, warm_up};
use crate::{Bars, Costs, Fill, SweepError};

/// What one parameter set did.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// The bar of the first return.
    pub first_bar: usize,
    /// Simple return of equity on each bar from `first_bar`, net of costs.
    pub returns: Vec<f64>,
    /// Equity after each of those bars, from 1.
    pub equity: Vec<f64>,
    /// Positions in order; the last may be open.
    pub trades: Vec<Trade>,
    /// Bars with a position at their close.
    pub bars_held: usize,
}

/// One position.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trade {
    /// Direction.
    pub side: Side,
    /// Share of its entry that this part is, above 0 and at most 1; below 1 when the entry was closed in parts.
    pub share: f64,
    /// Bar of the entry.
    pub entry_bar: usize,
    /// Bar of the exit; `None` while open.
    pub exit_bar: Option<usize>,
    /// Price of the entry, before costs.
    pub entry_price: f64,
    /// Price of the exit, before costs; the last close while open.
    pub exit_price: f64,
    /// Growth of equity over the position, net of costs, minus 1.
    pub gain: f64,
}

/// Trades `values` on the bars of `range`; bars before it only warm the indicators up. Starts flat.
///
/// # Errors
/// [`SweepError::TooFewBars`] when fewer than `RETURNS_MIN` returns remain, [`SweepError::InvalidPoint`] for a length
/// below 1, [`SweepError::UnusableBar`].
pub fn run(
    program: &Program,
    values: &[f64],
    bars: &Bars,
    costs: Costs,
    fill: Fill,
    range: Range<usize>,
) -> Result<Run, SweepError> {
    run_late(program, values, bars, (costs, fill), range, 0)
}

/// The same with every order filled `late` bars later than the strategy asks.
pub(crate) fn run_late(
    program: &Program,
    values: &[f64],
    bars: &Bars,
    (costs, fill): (Costs, Fill),
    range: Range<usize>,
    late: usize,
) -> Result<Run, SweepError> {
    let lag = fill.lag() + late;
    let invalid = || SweepError::InvalidPoint { values: values.to_vec() };
    let live = live(&program.graph, &[program.entry, program.exit]);
    let scalars = Evaluator { graph: &program.graph, bars }.scalars(values);
    let warm = warm_up(program, &live, &scalars).ok_or_else(invalid)?;
    let first = first_bar(&range, warm, lag)?;
    bars.tradable(first.saturating_sub(1)..range.end)?;
    let seen = bars.prefix(range.end);
    let (entry, exit) = signals(program, values, &seen).map_err(|_| invalid())?;
    let factors = Factors::new(&seen, costs, fill);
    let price = |t: usize| if fill == Fill::Close { seen.close[t] } else { seen.open[t] };

    let mut run = Run { first_bar: first, returns: vec![], equity: vec![], trades: vec![], bars_held: 0 };
    let (mut long, mut equity, mut at_entry) = (false, 1.0, 1.0);
    for t in first..range.end {
        let decided = t - lag;
        let g = match (long, bit(&entry, decided), bit(&exit, decided)) {
            (true, _, true) => factors.exit[t],
            (true, _, false) => factors.hold[t],
            (false, true, _) => factors.enter[t],
            (false, false, _) => 1.0,
        };
        let before = equity;
        equity *= g;
        if long && bit(&exit, decided) {
            let trade = run.trades.last_mut().expect("a position was opened");
            (trade.exit_bar, trade.exit_price, trade.gain) = (Some(t), price(t), equity / at_entry - 1.0);
            long = false;
        } else if !long && bit(&entry, decided) {
            at_entry = before;
            run.trades.push(Trade {
                side: Side::Long,
                share: 1.0,
                entry_bar: t,
                exit_bar: None,
                entry_price: price(t),
                exit_price: f64::NAN,
                gain: 0.0,
            });
            long = true;
        }
        run.bars_held += usize::from(long);
        run.returns.push(g - 1.0);
        run.equity.push(equity);
    }
    if long {
        let trade = run.trades.last_mut().expect("a position was opened");
        (trade.exit_price, trade.gain) = (seen.close[range.end - 1], equity / at_entry - 1.0);
    }
    Ok(run)
}

//! One parameter set of a stepwise strategy, in full: returns, equity and trades. What is shown and judged comes from here.

use std::collections::BTreeMap;
use std::ops::Range;

use assay_pine::StepProgram;

use super::broker::{Broker, ClosedTrade, OpenTrade};
use super::plan::{House, live, warm_up};
use super::scalar::{Inputs, Timing, execute};
use crate::evaluate::Evaluator;
use crate::warm_up::first_bar;
use crate::{Bars, Run, SweepError, Trade};

/// What one parameter set did.
#[derive(Clone, Debug, PartialEq)]
pub struct StepRun {
    /// Returns, equity and trades in the form of the signals path; a trade that was closed in parts stands there part by part.
    pub run: Run,
    /// The closed trades with side, size and money, in the order in which they ended.
    pub closed: Vec<ClosedTrade>,
    /// The trades that are open at the last close.
    pub open: Vec<OpenTrade>,
    /// Bars on which a bracket filled whose stop and target both lay within the bar.
    pub ambiguous_bars: u32,
    /// Equity fell to 0 or below and trading ended.
    pub ruined: bool,
}

impl StepRun {
    /// What the broker says at the end of a run, with the returns that were seen.
    pub(super) fn of(mut run: Run, broker: &Broker) -> StepRun {
        // Parts of one entry share its order, its bar and its price.
        let entry = |id: u32, bar: usize, price: f64| (id, bar, price.to_bits());
        let mut entered: BTreeMap<(u32, usize, u64), f64> = BTreeMap::new();
        for trade in broker.closed_trades() {
            *entered.entry(entry(trade.entry_id, trade.entry_bar, trade.entry_price)).or_default() += trade.qty;
        }
        for trade in broker.open_trades() {
            *entered.entry(entry(trade.entry_id, trade.entry_bar, trade.entry_price)).or_default() += trade.qty;
        }
        let share = |of, qty: f64| entered.get(&of).map_or(1.0, |whole| qty / whole);
        let closed = broker.closed_trades().iter().map(|trade| Trade {
            side: trade.side,
            share: share(entry(trade.entry_id, trade.entry_bar, trade.entry_price), trade.qty),
            entry_bar: trade.entry_bar,
            exit_bar: Some(trade.exit_bar),
            entry_price: trade.entry_price,
            exit_price: trade.exit_price,
            gain: trade.gain,
        });
        let open = broker.open_trades().iter().map(|trade| Trade {
            side: trade.side,
            share: share(entry(trade.entry_id, trade.entry_bar, trade.entry_price), trade.qty),
            entry_bar: trade.entry_bar,
            exit_bar: None,
            entry_price: trade.entry_price,
            exit_price: broker.last_price(),
            gain: broker.open_gain(trade),
        });
        run.trades = closed.chain(open).collect();
        StepRun {
            run,
            closed: broker.closed_trades().to_vec(),
            open: broker.open_trades().to_vec(),
            ambiguous_bars: broker.tally().ambiguous_bars,
            ruined: broker.is_ruined(),
        }
    }
}

/// Trades `values` on the bars of `range`; bars before it only warm indicators and registers up. Starts flat.
///
/// # Errors
/// [`SweepError::TooFewBars`] when fewer than `RETURNS_MIN` returns remain, [`SweepError::InvalidPoint`] for a length
/// below 1 and for more orders than may rest, [`SweepError::UnusableBar`].
pub fn run_steps(
    program: &StepProgram,
    values: &[f64],
    bars: &Bars,
    house: House,
    range: Range<usize>,
) -> Result<StepRun, SweepError> {
    run_steps_late(program, values, bars, house, range, 0)
}

/// The same with every order reaching the broker `late` bars after the strategy gave it.
pub(crate) fn run_steps_late(
    program: &StepProgram,
    values: &[f64],
    bars: &Bars,
    house: House,
    range: Range<usize>,
    late: usize,
) -> Result<StepRun, SweepError> {
    let invalid = || SweepError::InvalidPoint { values: values.to_vec() };
    let live = live(program);
    let scalars = Evaluator { graph: &program.graph, bars }.scalars(values);
    let warm = warm_up(program, &live, &scalars).ok_or_else(invalid)?;
    let lag = house.fill.lag() + late;
    let first = first_bar(&range, warm, lag)?;
    bars.computable(range.end)?;
    let seen = bars.prefix(range.end);
    let inputs = Inputs::of(program, &live, values, &seen).map_err(|_| invalid())?;
    let mut run = Run { first_bar: first, returns: vec![], equity: vec![], trades: vec![], bars_held: 0 };
    let (settings, timing) = (house.settings(program, &seen), Timing { from: first - lag, late });
    let broker = execute(program, &live, &inputs, &settings, &seen, timing, |t, growth, broker| {
        if t >= first {
            run.bars_held += usize::from(broker.side().is_some());
            run.returns.push(growth - 1.0);
            run.equity.push(broker.total_growth());
        }
    })
    .map_err(|_| invalid())?;
    Ok(StepRun::of(run, &broker))
}

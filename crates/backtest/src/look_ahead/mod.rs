//! Does a strategy know the future? Proof by trial, before anything is judged.
//!
//! *Prefix*: cutting the future off must change nothing before the cut. *Perturbation*: nor may replacing it by noise, which
//! also catches a rule that reads only some of the bars ahead. Every live node of the graph is compared, not the signals
//! alone, so the first node that differs names the line that looks ahead: its operands did not differ. Nodes that depend on
//! the position are no columns; of a strategy that has any, the returns before the cut are compared as well. A script that is
//! interpreted has no nodes: its orders and its account are compared, and the first thing that it saw differently names the
//! line. *Shift* is [`crate::robustness::delay()`]. *Warm-up* ([`warm_up_change`]) says how much a value still depends on where
//! history begins.

mod history;

use std::sync::Arc;

use assay_pine::check::tree::Script;
use assay_pine::graph::{Graph, Op, Shape};
use assay_units::{Seed, SplitMix64};

pub use history::{WarmUpChange, warm_up_change};

use crate::evaluate::{Column, Evaluator, bit, live};
use crate::family::{Family, Strategy};
use crate::stepwise::House;
use crate::stepwise::interpreter::first_change;
use crate::{Bars, Run, SweepError, stepwise};

/// Cuts tried by each test.
pub(crate) const CUTS: u64 = 8;

/// How the future was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Cut off.
    Cut,
    /// Replaced by noise.
    Noise,
}

/// Where a strategy looks ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LookAhead {
    /// Line of the source, from 1, whose value changed with the future; 0 when only the returns did.
    pub line: u32,
    /// What showed it.
    pub change: Change,
    /// First bar whose value changed.
    pub bar: usize,
    /// First bar that was changed.
    pub cut: usize,
}

/// The first look ahead that `CUTS` cuts, drawn by `seed`, show of the parameter set `values`; `None` when there is none. The
/// last bar before each cut counts too: it is the one on which a trader would act.
///
/// # Errors
/// [`SweepError::InvalidPoint`] when a length is unusable.
pub fn look_ahead(
    family: &Family<'_>,
    values: &[f64],
    bars: &Bars,
    seed: Seed,
) -> Result<Option<LookAhead>, SweepError> {
    let strategy = family.strategy;
    if let Strategy::Script(script, intrabar) = strategy {
        return script_looks_ahead(script, values, bars, family.house(intrabar), seed);
    }
    let whole = columns(strategy, values, bars)?;
    let run = with_feedback(family, values, bars)?;
    let mut draw = SplitMix64::new(seed);
    for _ in 0..CUTS {
        let cut = 1 + draw.below(bars.len().max(1) as u64) as usize;
        if cut >= bars.len() {
            continue;
        }
        for (other, change) in [(bars.prefix(cut), Change::Cut), (with_noise_from(bars, cut, &mut draw), Change::Noise)]
        {
            let column = first_difference(strategy, &whole, &columns(strategy, values, &other)?, cut);
            let differs = match (column, &run) {
                (Some(found), _) => Some(found),
                (None, Some(run)) => with_feedback(family, values, &other)?
                    .and_then(|other| first_other_return(run, &other, cut))
                    .map(|bar| (0, bar)),
                (None, None) => None,
            };
            if let Some((line, bar)) = differs {
                return Ok(Some(LookAhead { line, change, bar, cut }));
            }
        }
    }
    Ok(None)
}

/// A script says itself where it asks for the future, or its decisions change with it.
fn script_looks_ahead(
    script: &Script,
    values: &[f64],
    bars: &Bars,
    house: House,
    seed: Seed,
) -> Result<Option<LookAhead>, SweepError> {
    if let Some(asked) = script.look_ahead.first() {
        return Ok(Some(LookAhead { line: asked.line, change: Change::Cut, bar: 0, cut: 0 }));
    }
    Ok(first_change(script, values, bars, house, seed)?)
}

/// The run of a strategy with nodes that depend on its position; `None` for others and where the bars are too few.
fn with_feedback(family: &Family<'_>, values: &[f64], bars: &Bars) -> Result<Option<Run>, SweepError> {
    match family.strategy {
        Strategy::Signals(_) | Strategy::Script(..) => Ok(None),
        Strategy::Steps(..) => match family.run_values(values, bars, 0..bars.len()) {
            Ok(run) => Ok(Some(run)),
            Err(SweepError::TooFewBars { .. }) => Ok(None),
            Err(other) => Err(other),
        },
    }
}

/// The first bar before `cut` on which two runs earned differently.
fn first_other_return(a: &Run, b: &Run, cut: usize) -> Option<usize> {
    let first = a.first_bar.max(b.first_bar);
    (first..cut).find(|t| a.returns.get(t - a.first_bar) != b.returns.get(t - b.first_bar))
}

fn invalid(values: &[f64]) -> SweepError {
    SweepError::InvalidPoint { values: values.to_vec() }
}

fn alive(strategy: Strategy<'_>) -> Vec<bool> {
    match strategy {
        Strategy::Signals(program) => live(&program.graph, &[program.entry, program.exit]),
        Strategy::Steps(program, _) => stepwise::live(program),
        Strategy::Script(..) => Vec::new(),
    }
}

/// Every live series that does not depend on the position.
pub(crate) fn columns(
    strategy: Strategy<'_>,
    values: &[f64],
    bars: &Bars,
) -> Result<Vec<Option<Arc<Column>>>, SweepError> {
    let Some(graph) = strategy.graph() else { return Ok(Vec::new()) };
    let evaluator = Evaluator { graph, bars };
    let scalars = evaluator.scalars(values);
    let alive = alive(strategy);
    let mut feedback = vec![false; graph.nodes.len()];
    let mut columns: Vec<Option<Arc<Column>>> = vec![None; graph.nodes.len()];
    for (i, node) in graph.nodes.iter().enumerate() {
        feedback[i] = matches!(node.op, Op::Register(..) | Op::Broker(_))
            || Graph::operands(&node.op).iter().any(|id| feedback[id.0 as usize]);
        if alive[i] && !feedback[i] && node.shape == Shape::Series {
            let column = evaluator.column(node, &scalars, columns.as_slice()).map_err(|_| invalid(values))?;
            columns[i] = Some(Arc::new(column));
        }
    }
    Ok(columns)
}

/// Line and bar of the first node, in the order of the graph, that differs before `cut`.
fn first_difference(
    strategy: Strategy<'_>,
    whole: &[Option<Arc<Column>>],
    other: &[Option<Arc<Column>>],
    cut: usize,
) -> Option<(u32, usize)> {
    for (i, node) in strategy.graph()?.nodes.iter().enumerate() {
        let differs = |t: usize| match (whole[i].as_deref(), other[i].as_deref()) {
            (Some(Column::Number(a)), Some(Column::Number(b))) => !(a[t] == b[t] || (a[t].is_nan() && b[t].is_nan())),
            (Some(Column::Truth(a)), Some(Column::Truth(b))) => bit(a, t) != bit(b, t),
            _ => false,
        };
        if let Some(bar) = (0..cut).find(|t| differs(*t)) {
            return Some((node.line, bar));
        }
    }
    None
}

/// The same bars up to `cut`; behind it a walk with moves of some five percent, and other volumes.
pub(crate) fn with_noise_from(bars: &Bars, cut: usize, draw: &mut SplitMix64) -> Bars {
    let mut market = bars.clone();
    let mut before = bars.close[cut - 1];
    for t in cut..bars.len() {
        let mut step = || 1.0 + 0.1 * (draw.next_unit() - 0.5);
        let (open, close) = (before * step(), before * step());
        (market.open[t], market.close[t]) = (open, close);
        market.high[t] = open.max(close) * 1.01;
        market.low[t] = open.min(close) * 0.99;
        market.volume[t] = 1_000.0 * draw.next_unit();
        before = close;
    }
    market
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Costs, Engine, Fill};
    use assay_pine::graph::{Indicator, NodeId};
    use assay_pine::{Program, compile, compile_steps};

    fn family<'a>(strategy: impl Into<Strategy<'a>>) -> Family<'a> {
        Family {
            strategy: strategy.into(),
            costs: Costs { fee: 0.0, slippage: 0.0 },
            fill: Fill::NextOpen,
            engine: Engine::Scalar,
            grid_max: 100,
            trades_min: 0,
        }
    }

    fn market(n: usize) -> Bars {
        let mut draw = SplitMix64::new(Seed(4));
        let flat = vec![100.0; n];
        let bars = Bars {
            time: (0..n as i64).map(|t| t * 86_400_000).collect(),
            open: flat.clone(),
            high: flat.clone(),
            low: flat.clone(),
            close: flat.clone(),
            volume: flat,
            mintick: None,
        };
        with_noise_from(&bars, 1, &mut draw)
    }

    fn program() -> Program {
        compile(
            "//@version=6\nstrategy(\"T\")\nn = input.int(5, minval=2, maxval=9)\nfast = ta.ema(close, n)\nslow = ta.sma(close, 20)\nif fast > slow\n    strategy.entry(\"L\", strategy.long)\nif fast < slow\n    strategy.close(\"L\")\n",
        )
        .unwrap_or_else(|refusal| panic!("{refusal}"))
    }

    #[test]
    fn an_honest_strategy_is_clean() {
        let program = program();
        assert_eq!(look_ahead(&family(&program), &program.defaults(), &market(400), Seed(1)), Ok(None));
        let too_short = vec![0.0; program.inputs.len()];
        assert!(look_ahead(&family(&program), &too_short, &market(400), Seed(1)).is_err());
    }

    #[test]
    fn a_peek_is_found_with_its_line() {
        // The language cannot say a peek, so one is planted in the graph: the comparison reads two bars ahead.
        let mut program = program();
        let sma = program.graph.nodes.iter().position(|n| matches!(n.op, Op::Indicator(Indicator::Sma, _))).unwrap();
        let line = program.graph.nodes[sma].line;
        let offset = program.graph.nodes.iter().position(|n| matches!(n.op, Op::Number(x) if x == 20.0)).unwrap();
        let Op::Indicator(_, args) = &program.graph.nodes[sma].op else { unreachable!() };
        let close = args[0];
        program.graph.nodes[offset].op = Op::Number(-2.0);
        program.graph.nodes[sma].op = Op::History(close, NodeId(offset as u32));
        match look_ahead(&family(&program), &program.defaults(), &market(400), Seed(1)) {
            Ok(Some(found)) => {
                assert_eq!((found.line, found.cut - found.bar <= 2), (line, true), "{found:?}");
            }
            // An engine that refuses to look ahead at all is as good.
            other => assert!(other.is_err(), "{other:?}"),
        }
    }

    #[test]
    fn a_strategy_with_stops_is_clean() {
        let program = compile_steps(
            "//@version=6\nstrategy(\"T\")\nn = input.int(5, minval=2, maxval=9)\nif ta.crossover(ta.ema(close, n), ta.sma(close, 20)) and strategy.position_size == 0\n    strategy.entry(\"L\", strategy.long)\nstrategy.exit(\"X\", \"L\", stop=strategy.position_avg_price * 0.98, limit=strategy.position_avg_price * 1.04)\n",
        )
        .unwrap_or_else(|refusal| panic!("{refusal}"));
        let family = family(&program);
        let (bars, values) = (market(400), family.strategy.defaults());
        assert!(family.run_values(&values, &bars, 0..400).unwrap().trades.len() > 3);
        assert_eq!(look_ahead(&family, &values, &bars, Seed(1)), Ok(None));
        assert!(warm_up_change(&family, &values, &bars).unwrap().unwrap().bars >= 20);
    }

    #[test]
    fn a_recursive_average_forgets_where_it_began() {
        let program = program();
        let change = warm_up_change(&family(&program), &program.defaults(), &market(400)).unwrap().unwrap();
        let [one, two, five] = change.changes.map(Option::unwrap);
        assert!(change.bars >= 20 && one > two && two > five && five < 1e-6, "{change:?}");
        assert_eq!(
            warm_up_change(&family(&program), &program.defaults(), &market(30)).unwrap().unwrap().changes[1],
            None
        );
    }
}

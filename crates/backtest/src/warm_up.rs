//! How many bars a parameter set must have seen before its first decision may count.
//!
//! Structural: follows from lengths and offsets alone, so it is the same on every file of bars. All sets of one sweep start
//! at the longest warm-up, or long look-backs would get an unearned pass on the early history.

use std::ops::Range;

use assay_pine::Program;
use assay_pine::graph::{Graph, Indicator, Node, NodeId, Op};

use crate::SweepError;
use crate::grid::{Grid, Scalars};
use crate::sweep::RETURNS_MIN;

/// The first bar that may be traded of `range`: behind the warm-up and the bars that an order takes to fill. Bars before the
/// range warm up too.
///
/// # Errors
/// [`SweepError::TooFewBars`] when fewer than [`RETURNS_MIN`] returns remain.
pub(crate) fn first_bar(range: &Range<usize>, warm_up: usize, lag: usize) -> Result<usize, SweepError> {
    let first = range.start.max(warm_up.saturating_add(lag));
    if range.end.saturating_sub(first) < RETURNS_MIN { Err(too_few(range, warm_up)) } else { Ok(first) }
}

/// Why `range` cannot be traded behind a warm-up.
pub(crate) fn too_few(range: &Range<usize>, warm_up: usize) -> SweepError {
    SweepError::TooFewBars { have: range.end.saturating_sub(range.start), warm_up, need: RETURNS_MIN }
}

/// The first bar on which every input of entry and exit exists; `None` when a length is not usable.
pub(crate) fn warm_up(program: &Program, live: &[bool], scalars: &[f64]) -> Option<usize> {
    let bars = warm_up_of(&program.graph, live, scalars)?;
    Some(bars[program.entry.0 as usize].max(bars[program.exit.0 as usize]))
}

/// The first bar on which each live node and all that it rests on exist; `None` when a length is not usable.
pub(crate) fn warm_up_of(graph: &Graph, live: &[bool], scalars: &[f64]) -> Option<Vec<usize>> {
    let mut bars: Vec<usize> = vec![0; graph.nodes.len()];
    for (i, node) in graph.nodes.iter().enumerate() {
        if live[i] {
            bars[i] = bars_of(node, |id| Some(bars[id.0 as usize]), &|id| scalars[id.0 as usize])?;
        }
    }
    Some(bars)
}

/// Bars that one node needs, given those of its operands.
fn bars_of(node: &Node, operand: impl Fn(NodeId) -> Option<usize>, scalar: &impl Fn(NodeId) -> f64) -> Option<usize> {
    let own = match &node.op {
        Op::History(_, back) => whole(scalar(*back), 0.0)?,
        Op::Indicator(which, args) => indicator(*which, args, scalar)?,
        _ => 0,
    };
    let mut longest = 0;
    for id in Graph::operands(&node.op) {
        longest = longest.max(operand(id)?);
    }
    Some(longest.saturating_add(own))
}

fn whole(x: f64, min: f64) -> Option<usize> {
    let x = x.floor();
    (x >= min && x <= 1e8).then_some(x as usize)
}

/// The warm-ups of a whole grid: tabled for nodes that many points share, worked out for the rest.
#[derive(Clone, Debug)]
pub(crate) struct WarmUps {
    /// By node and combination; `NEVER` for an unusable length. Empty for nodes that are worked out and for dead ones.
    tables: Vec<Vec<u32>>,
    /// Nodes that are worked out for each point, in order.
    wide: Vec<usize>,
    /// Tabled nodes whose longest warm-up is that of the point, where no node that is worked out adds bars of its own.
    leaves: Option<Vec<usize>>,
    /// Entry and exit.
    roots: [usize; 2],
}

const NEVER: u32 = u32::MAX;

/// Entries of a table at most.
const TABLE_MAX: u64 = 1 << 20;

impl WarmUps {
    pub fn new(program: &Program, live: &[bool], grid: &Grid, scalars: &Scalars) -> WarmUps {
        let nodes = &program.graph.nodes;
        let roots = [program.entry.0 as usize, program.exit.0 as usize];
        let mut found = WarmUps { tables: vec![Vec::new(); nodes.len()], wide: vec![], leaves: None, roots };
        for (i, node) in nodes.iter().enumerate().filter(|(i, _)| live[*i]) {
            let combinations = grid.combinations(i);
            let shared = combinations == 1 || combinations.saturating_mul(2) <= grid.size;
            if !shared || combinations > TABLE_MAX {
                found.wide.push(i);
                continue;
            }
            let table = (0..combinations).map(|combination| {
                let (_, at) = grid.representative(program, grid.key_of[i], combination);
                found
                    .node(node, grid, scalars, &at, &[], &|_| f64::NAN)
                    .map_or(NEVER, |bars| bars.min(NEVER as usize - 1) as u32)
            });
            found.tables[i] = table.collect();
        }
        let adds = |i: &usize| matches!(nodes[*i].op, Op::History(..) | Op::Indicator(..));
        if !found.wide.iter().any(adds) {
            let tabled = |i: &usize| !found.tables[*i].is_empty();
            let below = found.wide.iter().flat_map(|i| Graph::operands(&nodes[*i].op)).map(|id| id.0 as usize);
            let mut leaves: Vec<usize> = below.chain(roots).filter(tabled).collect();
            leaves.sort_unstable();
            leaves.dedup();
            // What never adds a bar need not be asked.
            leaves.retain(|i| found.tables[*i].iter().any(|bars| *bars != 0));
            found.leaves = Some(leaves);
        }
        found
    }

    fn node(
        &self,
        node: &Node,
        grid: &Grid,
        scalars: &Scalars,
        at: &[usize],
        wide: &[(usize, Option<usize>)],
        other: &impl Fn(usize) -> f64,
    ) -> Option<usize> {
        let operand = |id: NodeId| {
            let i = id.0 as usize;
            match self.tables[i].get(at[grid.key_of[i]]).copied() {
                Some(NEVER) => None,
                Some(bars) => Some(bars as usize),
                None => wide.iter().find(|(node, _)| *node == i).and_then(|(_, bars)| *bars),
            }
        };
        let scalar = |id: NodeId| {
            let i = id.0 as usize;
            scalars.table(i).get(at[grid.key_of[i]]).copied().unwrap_or_else(|| other(i))
        };
        bars_of(node, operand, &scalar)
    }

    /// The longest warm-up of the grid, if it follows from the tables alone that every point has a usable one of at most
    /// `max` bars.
    pub fn longest_of_all(&self, max: usize) -> Option<usize> {
        let bars = self.leaves.as_ref()?.iter().flat_map(|i| &self.tables[*i]);
        let longest = bars.copied().max().unwrap_or(0);
        (longest != NEVER && longest as usize <= max).then_some(longest as usize)
    }

    /// The warm-up of the point that `at` stands on; `None` when a length is unusable. `other` gives scalars that are not
    /// tabled; `scratch` is memory.
    pub fn of(
        &self,
        program: &Program,
        grid: &Grid,
        scalars: &Scalars,
        at: &[usize],
        other: &impl Fn(usize) -> f64,
        scratch: &mut Vec<(usize, Option<usize>)>,
    ) -> Option<usize> {
        if let Some(leaves) = &self.leaves {
            let longest = leaves.iter().map(|i| self.tables[*i][at[grid.key_of[*i]]]).max().unwrap_or(0);
            return (longest != NEVER).then_some(longest as usize);
        }
        scratch.clear();
        for i in &self.wide {
            let bars = self.node(&program.graph.nodes[*i], grid, scalars, at, scratch, other);
            // Whatever the roots need of it, an unusable length spoils the point.
            scratch.push((*i, Some(bars?)));
        }
        let mut longest = 0;
        for root in self.roots {
            longest = longest.max(match self.tables[root].get(at[grid.key_of[root]]).copied() {
                Some(NEVER) => return None,
                Some(bars) => bars as usize,
                None => scratch.iter().find(|(node, _)| *node == root).and_then(|(_, bars)| *bars)?,
            });
        }
        Some(longest)
    }
}

/// Bars that the indicator adds to the warm-up of its arguments.
fn indicator(which: Indicator, args: &[NodeId], scalar: &impl Fn(NodeId) -> f64) -> Option<usize> {
    let n = |k: usize| whole(scalar(args[k]), 1.0);
    Some(match which {
        Indicator::Sma
        | Indicator::Ema
        | Indicator::Rma
        | Indicator::Wma
        | Indicator::Vwma
        | Indicator::Stdev
        | Indicator::Dev
        | Indicator::Sum
        | Indicator::Highest
        | Indicator::Lowest
        | Indicator::HighestBars
        | Indicator::LowestBars
        | Indicator::LinReg
        | Indicator::LinRegAt
        | Indicator::Variance
        | Indicator::Alma
        | Indicator::Cog
        | Indicator::Median
        | Indicator::Mode
        | Indicator::PercentileLinear
        | Indicator::PercentileNearest
        | Indicator::Mfi
        | Indicator::Supertrend
        | Indicator::SupertrendDirection
        | Indicator::Cci => n(1)? - 1,
        Indicator::Correlation => n(2)? - 1,
        Indicator::PivotHigh | Indicator::PivotLow => {
            whole(scalar(args[1]), 0.0)?.saturating_add(whole(scalar(args[2]), 0.0)?)
        }
        Indicator::PercentRank | Indicator::Kama | Indicator::Rsi | Indicator::Change | Indicator::Roc => n(1)?,
        Indicator::Stoch => n(3)? - 1,
        Indicator::Atr => n(0)? - 1,
        // Movements and true ranges exist from bar 1 on.
        Indicator::PlusDi | Indicator::MinusDi => n(0)?,
        Indicator::Adx => n(0)? + n(1)? - 1,
        Indicator::Sar | Indicator::TrueRange => 1,
        Indicator::TrueRangeHandlingNa
        | Indicator::Obv
        | Indicator::Cum
        | Indicator::Vwap
        | Indicator::AllTimeMax
        | Indicator::AllTimeMin => 0,
    })
}

#[cfg(test)]
mod tests {
    use assay_units::{Seed, SplitMix64};

    use super::*;
    use crate::Bars;
    use crate::evaluate::{Evaluator, live, values};

    fn market() -> Bars {
        let mut draw = SplitMix64::new(Seed(4));
        let mut bars = Bars::default();
        let mut price = 100.0;
        for t in 0..60 {
            bars.time.push(t * 86_400_000);
            bars.open.push(price);
            price *= 1.0 + 0.02 * (draw.next_unit() - 0.5);
            bars.close.push(price);
            bars.high.push(price.max(bars.open[t as usize]) + draw.next_unit());
            bars.low.push(price.min(bars.open[t as usize]) - draw.next_unit());
            bars.volume.push(1_000.0 + 100.0 * draw.next_unit());
        }
        bars
    }

    #[test]
    fn the_declared_bars_are_those_before_the_first_value() {
        let bars = market();
        for (head, first) in [
            ("x = ta.sma(close, 5)", 4),
            ("x = ta.rsi(close, 5)", 5),
            ("x = ta.tr", 1),
            ("x = ta.tr(true)", 0),
            ("x = ta.sma(ta.tr, 5)", 5),
            ("x = ta.atr(5)", 4),
            ("x = ta.mfi(close, 5)", 4),
            ("x = ta.obv", 0),
            ("x = ta.sar(0.02, 0.02, 0.2)", 1),
            ("x = ta.stoch(close, high, low, 5)", 4),
            ("x = ta.tsi(close, 3, 5)", 7),
            ("x = ta.cmo(close, 5)", 5),
            ("[m, x, l] = ta.kc(close, 5, 2)", 5),
            ("[m, x, l] = ta.kc(close, 5, 2, false)", 4),
            ("x = ta.kcw(close, 5, 2)", 5),
            ("[x, d] = ta.supertrend(3, 5)", 4),
            ("[x, m, a] = ta.dmi(5, 3)", 5),
            ("[p, m, x] = ta.dmi(5, 3)", 7),
            ("[x, s, h] = ta.macd(close, 3, 5, 2)", 4),
            ("[l, x, h] = ta.macd(close, 3, 5, 2)", 5),
        ] {
            let text = format!(
                "//@version=6\nstrategy(\"T\")\n{head}\nif x > 0\n    strategy.entry(\"L\", strategy.long)\nif x < 0\n    strategy.close(\"L\")\n"
            );
            let program = assay_pine::compile(&text).unwrap_or_else(|refusal| panic!("{head}: {refusal}"));
            let Op::Compare(_, node, _) = program.graph.node(program.entry).op else {
                panic!("a comparison was asked for")
            };
            let scalars = Evaluator { graph: &program.graph, bars: &bars }.scalars(&[]);
            let declared = warm_up(&program, &live(&program.graph, &[program.entry, program.exit]), &scalars);
            assert_eq!(declared, Some(first), "{head}");
            let column = values(&program, node, &[], &bars).expect("usable lengths");
            // Supertrend's line alone says something before: 0 on bar 0.
            let from = usize::from(head.contains("supertrend"));
            let found = column[from..].iter().position(|v| !v.is_nan()).map(|t| t + from);
            assert_eq!(found, Some(first), "{head}");
        }
    }
}

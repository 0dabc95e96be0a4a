//! How many bars a parameter set must have seen before its first decision may count.
//!
//! Structural: follows from lengths and offsets alone, so it is the same on every file of bars. All sets of one sweep start
//! at the longest warm-up, or long look-backs would get an unearned pass on the early history.

use assay_pine::Program;
use assay_pine::graph::{Graph, Indicator, NodeId, Op};

/// The first bar on which every input of entry and exit exists; `None` when a length is not usable.
pub(crate) fn warm_up(program: &Program, live: &[bool], scalars: &[f64]) -> Option<usize> {
    let bars = warm_up_of(&program.graph, live, scalars)?;
    Some(bars[program.entry.0 as usize].max(bars[program.exit.0 as usize]))
}

/// The first bar on which each live node and all that it rests on exist; `None` when a length is not usable.
pub(crate) fn warm_up_of(graph: &Graph, live: &[bool], scalars: &[f64]) -> Option<Vec<usize>> {
    let mut bars: Vec<usize> = vec![0; graph.nodes.len()];
    for (i, node) in graph.nodes.iter().enumerate() {
        if !live[i] {
            continue;
        }
        let longest = Graph::operands(&node.op).iter().map(|id| bars[id.0 as usize]).max().unwrap_or(0);
        let own = match &node.op {
            Op::History(_, back) => whole(scalars, back, 0.0)?,
            Op::Indicator(which, args) => indicator(*which, args, scalars)?,
            _ => 0,
        };
        bars[i] = longest.saturating_add(own);
    }
    Some(bars)
}

fn whole(scalars: &[f64], id: &NodeId, min: f64) -> Option<usize> {
    let x = scalars[id.0 as usize].floor();
    (x >= min && x <= 1e8).then_some(x as usize)
}

/// Bars that the indicator adds to the warm-up of its arguments.
fn indicator(which: Indicator, args: &[NodeId], scalars: &[f64]) -> Option<usize> {
    let n = |k: usize| whole(scalars, &args[k], 1.0);
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
        | Indicator::Cci => n(1)? - 1,
        Indicator::Correlation => n(2)? - 1,
        Indicator::PivotHigh | Indicator::PivotLow => {
            whole(scalars, &args[1], 0.0)?.saturating_add(whole(scalars, &args[2], 0.0)?)
        }
        Indicator::PercentRank
        | Indicator::Kama
        | Indicator::Rsi
        | Indicator::Change
        | Indicator::Roc
        | Indicator::Mfi => n(1)?,
        Indicator::Stoch => n(3)? - 1,
        Indicator::Atr | Indicator::PlusDi | Indicator::MinusDi => n(0)?,
        Indicator::Adx => n(0)? + n(1)? - 1,
        Indicator::Supertrend | Indicator::SupertrendDirection => n(1)?,
        Indicator::Sar => 1,
        Indicator::TrueRange
        | Indicator::Obv
        | Indicator::Cum
        | Indicator::Vwap
        | Indicator::AllTimeMax
        | Indicator::AllTimeMin => 0,
    })
}

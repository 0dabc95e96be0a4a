//! Which columns of a price file a strategy lives on. A file of closes alone has highs and lows that say nothing, many have no
//! volume: a strategy that reads what is not there must not be judged by it.

use assay_pine::graph::{Graph, Indicator, Op, Price};
use assay_pine::{OrderKind, StepProgram};
use assay_units::{Seed, SplitMix64};

use crate::evaluate::live;
use crate::family::Strategy;
use crate::stepwise::broker::Intrabar;
use crate::stepwise::interpreter::run_script;
use crate::stepwise::{self, House};
use crate::{Bars, Costs, Fill};

/// What is read beside the close.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ColumnsRead {
    /// Traded amounts.
    pub volume: bool,
    /// Opens, highs or lows; also by stops and targets, which fill within the bar.
    pub range: bool,
}

/// Looks at the live expressions and orders of a strategy. An interpreted script shows none: it is run on `bars` with its
/// defaults, and again with other volumes and other ranges, and reads what changes its returns.
pub fn columns_read(strategy: Strategy<'_>, bars: &Bars) -> ColumnsRead {
    match strategy {
        Strategy::Signals(program) => of_graph(&program.graph, &live(&program.graph, &[program.entry, program.exit])),
        Strategy::Steps(program, _) => {
            let read = of_graph(&program.graph, &stepwise::live(program));
            ColumnsRead { range: read.range || rests(program), ..read }
        }
        Strategy::Script(script, _) => {
            let house =
                House { costs: Costs { fee: 0.0, slippage: 0.0 }, fill: Fill::Close, intrabar: Intrabar::Pessimistic };
            let values = strategy.defaults();
            let returns =
                |bars: &Bars| run_script(script, &values, bars, house, 0..bars.len()).ok().map(|r| r.run.returns);
            let usual = returns(bars);
            ColumnsRead {
                volume: returns(&with_other_volumes(bars)) != usual,
                range: returns(&with_other_ranges(bars)) != usual,
            }
        }
    }
}

fn of_graph(graph: &Graph, live: &[bool]) -> ColumnsRead {
    let any = |wanted: &dyn Fn(&Op) -> bool| graph.nodes.iter().zip(live).any(|(node, live)| *live && wanted(&node.op));
    let volume = |op: &Op| {
        matches!(op, Op::Price(Price::Volume) | Op::Indicator(Indicator::Vwma | Indicator::Mfi | Indicator::Obv, _))
    };
    let range = |op: &Op| {
        matches!(
            op,
            Op::Price(Price::High | Price::Low | Price::Open)
                | Op::Indicator(
                    Indicator::TrueRange
                        | Indicator::TrueRangeHandlingNa
                        | Indicator::Atr
                        | Indicator::PlusDi
                        | Indicator::MinusDi
                        | Indicator::Adx
                        | Indicator::Supertrend
                        | Indicator::SupertrendDirection
                        | Indicator::Sar,
                    _
                )
        )
    };
    ColumnsRead { volume: any(&volume), range: any(&range) }
}

/// Whether any order waits for a price.
fn rests(program: &StepProgram) -> bool {
    program.orders.iter().any(|order| match &order.kind {
        OrderKind::Entry { limit, stop, .. } | OrderKind::Order { limit, stop, .. } => {
            limit.is_some() || stop.is_some()
        }
        OrderKind::Exit { .. } => true,
        OrderKind::Close { .. } | OrderKind::CloseAll { .. } | OrderKind::Cancel { .. } | OrderKind::CancelAll => false,
    })
}

fn with_other_volumes(bars: &Bars) -> Bars {
    let mut draw = SplitMix64::new(Seed(1));
    Bars { volume: bars.volume.iter().map(|_| 1_000.0 * draw.next_unit()).collect(), ..bars.clone() }
}

/// Highs and lows further out, opens anywhere between them.
fn with_other_ranges(bars: &Bars) -> Bars {
    let mut draw = SplitMix64::new(Seed(2));
    let mut other = bars.clone();
    for t in 0..bars.len() {
        other.high[t] = bars.high[t] * (1.0 + 0.02 * draw.next_unit());
        other.low[t] = bars.low[t] * (1.0 - 0.02 * draw.next_unit());
        other.open[t] = other.low[t] + (other.high[t] - other.low[t]) * draw.next_unit();
    }
    other
}

#[cfg(test)]
mod tests {
    use super::*;

    fn market() -> Bars {
        let mut draw = SplitMix64::new(Seed(3));
        let close: Vec<f64> = (0..900)
            .scan(100.0, |price, _| {
                *price *= 1.0 + 0.03 * (draw.next_unit() - 0.5);
                Some(*price)
            })
            .collect();
        Bars {
            time: (0..900).map(|t| t * 86_400_000).collect(),
            open: close.clone(),
            high: close.clone(),
            low: close.clone(),
            volume: vec![0.0; 900],
            close,
            mintick: None,
        }
    }

    fn read(body: &str) -> (&'static str, ColumnsRead) {
        let text = format!("//@version=6\nstrategy(\"t\")\n{body}\n");
        let strategy = assay_pine::strategy(&text).unwrap_or_else(|e| panic!("{e}"));
        (strategy.path(), columns_read((&strategy).into(), &market()))
    }

    #[test]
    fn each_path_says_what_it_reads() {
        let enter = "if ta.rsi(close, 3) < 30\n    strategy.entry(\"L\", strategy.long)\n";
        let close = "if ta.rsi(close, 3) > 60\n    strategy.close(\"L\")\n";
        let of = |volume, range| ColumnsRead { volume, range };
        assert_eq!(read(&format!("{enter}{close}")), ("signals", of(false, false)));
        assert_eq!(
            read(&format!("{enter}if ta.obv > ta.sma(ta.obv, 5)\n    strategy.close(\"L\")")),
            ("signals", of(true, false))
        );
        assert_eq!(
            read(&format!("{enter}strategy.exit(\"x\", \"L\", stop = strategy.position_avg_price * 0.9)")),
            ("steps", of(false, true))
        );
        let array = "var xs = array.new<float>(0)\nxs.push(";
        assert_eq!(
            read(&format!("{array}close)\n{enter}{close}if xs.size() < 9\n    strategy.close_all()")),
            ("script", of(false, false))
        );
        let by_range = format!(
            "{array}high - low)\nif xs.get(xs.size() - 1) < xs.avg()\n    strategy.entry(\"L\", strategy.long)\n{close}"
        );
        assert_eq!(read(&by_range), ("script", of(false, true)));
        let by_volume = format!(
            "{array}volume)\nif xs.get(xs.size() - 1) > xs.avg()\n    strategy.entry(\"L\", strategy.long)\n{close}"
        );
        assert_eq!(read(&by_volume), ("script", of(true, false)));
    }
}

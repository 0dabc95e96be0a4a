//! The meaning of each node of the graph: scalars once a parameter set, series one column at a time.
//!
//! Plain and vectorisable over time. The sweep shares columns between parameter sets; [`signals`] evaluates one set alone.

use std::sync::Arc;

use assay_pine::fold;
use assay_pine::graph::{Binary, Compare, Graph, Indicator, Kind, Node, NodeId, Op, Price, Shape, Time, Unary};
use assay_units::Timestamp;

use crate::compute::compare::{self, Operand};
use crate::{Bars, indicators};

/// Largest length or offset: longer than any file of bars that we hold.
const LENGTH_MAX: f64 = 1e8;

/// One series.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Column {
    /// One number a bar; NaN is `na`.
    Number(Vec<f64>),
    /// One bit a bar, 64 to a word, the first bar in the lowest bit. Bits past the last bar are 0.
    Truth(Vec<u64>),
}

/// A series that stands somewhere.
#[derive(Clone, Copy, Debug)]
pub(crate) enum View<'a> {
    /// See [`Column::Number`].
    Number(&'a [f64]),
    /// See [`Column::Truth`].
    Truth(&'a [u64]),
}

impl Column {
    /// Itself, borrowed.
    pub fn view(&self) -> View<'_> {
        match self {
            Column::Number(x) => View::Number(x),
            Column::Truth(bits) => View::Truth(bits),
        }
    }
}

/// A length below 1, or another argument that no value follows from: the parameter set cannot be traded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Invalid;

/// Operand of an element-wise op.
#[derive(Clone, Copy)]
enum Arg<'a> {
    Scalar(f64),
    Series(&'a [f64]),
}

/// Evaluates nodes of `graph` over `bars`.
#[derive(Clone, Copy)]
pub(crate) struct Evaluator<'a> {
    pub graph: &'a Graph,
    pub bars: &'a Bars,
}

/// Where operands that are series come from.
pub(crate) trait Columns {
    fn get(&self, id: NodeId) -> View<'_>;
}

impl Columns for [Option<Arc<Column>>] {
    fn get(&self, id: NodeId) -> View<'_> {
        self[id.0 as usize].as_deref().expect("operands stand before their node").view()
    }
}

/// Nodes that `roots` need, themselves included.
pub(crate) fn live(graph: &Graph, roots: &[NodeId]) -> Vec<bool> {
    let mut live = vec![false; graph.nodes.len()];
    for root in roots {
        live[root.0 as usize] = true;
    }
    for (i, node) in graph.nodes.iter().enumerate().rev() {
        if live[i] {
            for operand in Graph::operands(&node.op) {
                live[operand.0 as usize] = true;
            }
        }
    }
    live
}

/// Entry and exit bits of one parameter set.
pub(crate) fn signals(
    program: &assay_pine::Program,
    values: &[f64],
    bars: &Bars,
) -> Result<(Vec<u64>, Vec<u64>), Invalid> {
    let evaluator = Evaluator { graph: &program.graph, bars };
    let scalars = evaluator.scalars(values);
    let live = live(&program.graph, &[program.entry, program.exit]);
    let mut columns: Vec<Option<Arc<Column>>> = vec![None; program.graph.nodes.len()];
    for (i, node) in program.graph.nodes.iter().enumerate() {
        if live[i] && node.shape == Shape::Series {
            let column = evaluator.column(node, &scalars, columns.as_slice())?;
            columns[i] = Some(Arc::new(column));
        }
    }
    let bits = |id| evaluator.bits(id, &scalars, columns.as_slice());
    Ok((bits(program.entry), bits(program.exit)))
}

/// The values of one number node for one parameter set, bar by bar; `None` when a length is unusable. For tests of indicators
/// and for drawing them.
pub fn values(program: &assay_pine::Program, node: NodeId, values: &[f64], bars: &Bars) -> Option<Vec<f64>> {
    if program.graph.node(node).shape == Shape::Scalar {
        let evaluator = Evaluator { graph: &program.graph, bars };
        return Some(vec![evaluator.scalars(values)[node.0 as usize]; bars.len()]);
    }
    Some(match alone(program, node, values, bars)? {
        Column::Number(x) => x,
        Column::Truth(bits) => (0..bars.len()).map(|t| f64::from(u8::from(bit(&bits, t)))).collect(),
    })
}

/// One series for one parameter set; `None` when a length is unusable.
pub(crate) fn alone(program: &assay_pine::Program, node: NodeId, values: &[f64], bars: &Bars) -> Option<Column> {
    let evaluator = Evaluator { graph: &program.graph, bars };
    let scalars = evaluator.scalars(values);
    let live = live(&program.graph, &[node]);
    let mut columns: Vec<Option<Arc<Column>>> = vec![None; program.graph.nodes.len()];
    for (i, n) in program.graph.nodes.iter().enumerate() {
        if live[i] && n.shape == Shape::Series {
            columns[i] = Some(Arc::new(evaluator.column(n, &scalars, columns.as_slice()).ok()?));
        }
    }
    columns[node.0 as usize].take().and_then(Arc::into_inner)
}

impl<'a> Evaluator<'a> {
    /// The value of every scalar node for one parameter set; truths are 1 and 0. Series have NaN.
    pub fn scalars(&self, values: &[f64]) -> Vec<f64> {
        let mut all = vec![f64::NAN; self.graph.nodes.len()];
        for (i, node) in self.graph.nodes.iter().enumerate() {
            if node.shape != Shape::Scalar {
                continue;
            }
            let of = |id: &NodeId| all[id.0 as usize];
            let truth = |b: bool| f64::from(u8::from(b));
            all[i] = match &node.op {
                Op::Number(x) => *x,
                Op::Truth(b) => truth(*b),
                Op::Input(input) => values[*input as usize],
                Op::Symbol(fact) => self.bars.fact(*fact),
                Op::Unary(f, a) => fold::unary(*f, of(a)),
                Op::Binary(f, a, b) => fold::binary(*f, of(a), of(b)),
                Op::Compare(f, a, b) => truth(fold::compare(*f, of(a), of(b))),
                Op::And(a, b) => truth(of(a) != 0.0 && of(b) != 0.0),
                Op::Or(a, b) => truth(of(a) != 0.0 || of(b) != 0.0),
                Op::Not(a) => truth(of(a) == 0.0),
                Op::Select(c, a, b) => {
                    if of(c) != 0.0 {
                        of(a)
                    } else {
                        of(b)
                    }
                }
                Op::IsNa(a) => truth(of(a).is_nan()),
                Op::Price(_)
                | Op::Time(_)
                | Op::History(..)
                | Op::Indicator(..)
                | Op::BarsSince(_)
                | Op::ValueWhen(..)
                | Op::Register(..)
                | Op::Broker(_) => {
                    unreachable!("these are series")
                }
            };
        }
        all
    }

    /// The bits of a truth, scalar or series.
    pub fn bits(&self, id: NodeId, scalars: &[f64], columns: &(impl Columns + ?Sized)) -> Vec<u64> {
        match self.graph.node(id).shape {
            Shape::Scalar => self.constant_bits(scalars[id.0 as usize] != 0.0),
            Shape::Series => match columns.get(id) {
                View::Truth(bits) => bits.to_vec(),
                View::Number(_) => unreachable!("entry and exit are truths"),
            },
        }
    }

    fn constant_bits(&self, on: bool) -> Vec<u64> {
        self.pack(|_| on)
    }

    /// Computes one series node, given its operands.
    pub fn column(&self, node: &Node, scalars: &[f64], columns: &(impl Columns + ?Sized)) -> Result<Column, Invalid> {
        let n = self.bars.len();
        let number = |id: &NodeId| match self.graph.node(*id).shape {
            Shape::Scalar => Arg::Scalar(scalars[id.0 as usize]),
            Shape::Series => match columns.get(*id) {
                View::Number(x) => Arg::Series(x),
                View::Truth(_) => unreachable!("the lowering checks kinds"),
            },
        };
        let truth = |id: &NodeId| self.bits(*id, scalars, columns);
        let is_truth = |id: &NodeId| self.graph.node(*id).kind == Kind::Truth;
        Ok(match &node.op {
            Op::Price(price) => Column::Number(self.price(*price)),
            Op::Time(part) => Column::Number(self.time(*part)),
            Op::Unary(f, a) => Column::Number(map(number(a), n, unary(*f))),
            Op::Binary(f, a, b) => Column::Number(arithmetic(*f, number(a), number(b), n)),
            Op::Compare(f, a, b) => Column::Truth(self.compare(*f, number(a), number(b))),
            Op::And(a, b) => Column::Truth(zip_words(truth(a), &truth(b), |x, y| x & y)),
            Op::Or(a, b) => Column::Truth(zip_words(truth(a), &truth(b), |x, y| x | y)),
            Op::Not(a) => Column::Truth(zip_words(truth(a), &self.constant_bits(true), |x, all| !x & all)),
            Op::Select(c, a, b) if is_truth(a) => {
                let c = truth(c);
                let mut chosen = truth(a);
                for (w, (c, b)) in chosen.iter_mut().zip(c.iter().zip(truth(b))) {
                    *w = (c & *w) | (!c & b);
                }
                Column::Truth(chosen)
            }
            Op::Select(c, a, b) => {
                let (c, a, b) = (truth(c), number(a), number(b));
                Column::Number((0..n).map(|t| if bit(&c, t) { at(a, t) } else { at(b, t) }).collect())
            }
            Op::IsNa(a) => {
                let a = number(a);
                Column::Truth(self.pack(|t| at(a, t).is_nan()))
            }
            Op::History(a, offset) => {
                let back = offset_of(number(offset))?;
                if is_truth(a) {
                    let a = truth(a);
                    Column::Truth(self.pack(|t| t >= back && bit(&a, t - back)))
                } else {
                    let a = number(a);
                    Column::Number((0..n).map(|t| if t < back { f64::NAN } else { at(a, t - back) }).collect())
                }
            }
            Op::Indicator(which, args) => {
                let args: Vec<Arg> = args.iter().map(number).collect();
                Column::Number(self.indicator(*which, &args)?)
            }
            Op::BarsSince(condition) => {
                let condition = truth(condition);
                let mut last = None;
                let since = (0..n).map(|t| {
                    if bit(&condition, t) {
                        last = Some(t);
                    }
                    last.map_or(f64::NAN, |last| (t - last) as f64)
                });
                Column::Number(since.collect())
            }
            Op::ValueWhen(condition, source, occurrence) => {
                let (condition, source, back) = (truth(condition), number(source), offset_of(number(occurrence))?);
                let mut seen: Vec<f64> = Vec::new();
                let values = (0..n).map(|t| {
                    if bit(&condition, t) {
                        seen.push(at(source, t));
                    }
                    seen.len().checked_sub(back + 1).map_or(f64::NAN, |i| seen[i])
                });
                Column::Number(values.collect())
            }
            Op::Number(_) | Op::Truth(_) | Op::Input(_) | Op::Symbol(_) => unreachable!("these are scalars"),
            Op::Register(..) | Op::Broker(_) => unreachable!("nodes with feedback are no columns: the lanes walk them"),
        })
    }

    fn price(&self, price: Price) -> Vec<f64> {
        let bars = self.bars;
        let mix = |f: &dyn Fn(usize) -> f64| (0..bars.len()).map(f).collect::<Vec<f64>>();
        let (o, h, l, c) = (&bars.open, &bars.high, &bars.low, &bars.close);
        match price {
            Price::Open => o.clone(),
            Price::High => h.clone(),
            Price::Low => l.clone(),
            Price::Close => c.clone(),
            Price::Volume => bars.volume.clone(),
            Price::Hl2 => mix(&|t| (h[t] + l[t]) / 2.0),
            Price::Hlc3 => mix(&|t| (h[t] + l[t] + c[t]) / 3.0),
            Price::Ohlc4 => mix(&|t| (o[t] + h[t] + l[t] + c[t]) / 4.0),
            Price::Hlcc4 => mix(&|t| (h[t] + l[t] + c[t] + c[t]) / 4.0),
        }
    }

    fn time(&self, part: Time) -> Vec<f64> {
        if part == Time::BarIndex {
            return (0..self.bars.len()).map(|t| t as f64).collect();
        }
        let each = |ms: &i64| {
            let (year, month, day, _, hour, minute) = Timestamp::from_millis(*ms).civil();
            match part {
                Time::Millis => *ms as f64,
                Time::Year => f64::from(year),
                Time::Month => f64::from(month),
                Time::DayOfMonth => f64::from(day),
                // 1970-01-01 was a Thursday, Pine's day 5.
                Time::DayOfWeek => (ms.div_euclid(86_400_000) + 4).rem_euclid(7) as f64 + 1.0,
                Time::Hour => f64::from(hour),
                Time::Minute => f64::from(minute),
                Time::BarIndex => unreachable!("answered above"),
            }
        };
        self.bars.time.iter().map(each).collect()
    }

    fn compare(&self, f: Compare, a: Arg<'_>, b: Arg<'_>) -> Vec<u64> {
        let operand = |arg| match arg {
            Arg::Scalar(x) => Operand::Number(x),
            Arg::Series(x) => Operand::Column(x),
        };
        compare::words(f, operand(a), operand(b), self.bars.len())
    }

    fn pack(&self, f: impl Fn(usize) -> bool) -> Vec<u64> {
        let n = self.bars.len();
        (0..n.div_ceil(64))
            .map(|w| (w * 64..(w * 64 + 64).min(n)).fold(0, |word, t| word | u64::from(f(t)) << (t % 64)))
            .collect()
    }

    fn indicator(&self, which: Indicator, args: &[Arg<'_>]) -> Result<Vec<f64>, Invalid> {
        use indicators as i;
        let bars = self.bars;
        // A scalar where a series is expected is the same on every bar.
        let widened: Vec<Vec<f64>> = args
            .iter()
            .map(|arg| match arg {
                Arg::Scalar(x) => vec![*x; bars.len()],
                Arg::Series(_) => Vec::new(),
            })
            .collect();
        let x = |k: usize| match args[k] {
            Arg::Series(x) => x,
            Arg::Scalar(_) => widened[k].as_slice(),
        };
        let n = |k: usize| length_of(args[k]);
        let rate = |k: usize| scalar_of(args[k]);
        Ok(match which {
            Indicator::Sma => i::sma(x(0), n(1)?),
            Indicator::Ema => i::ema(x(0), n(1)?),
            Indicator::Rma => i::rma(x(0), n(1)?),
            Indicator::Wma => i::wma(x(0), n(1)?),
            Indicator::Vwma => i::vwma(x(0), &bars.volume, n(1)?),
            Indicator::Rsi => i::rsi(x(0), n(1)?),
            Indicator::Stdev => i::stdev(x(0), n(1)?),
            Indicator::Dev => i::dev(x(0), n(1)?),
            Indicator::Sum => i::sum(x(0), n(1)?),
            Indicator::Highest => i::highest(x(0), n(1)?),
            Indicator::Lowest => i::lowest(x(0), n(1)?),
            Indicator::HighestBars => i::highest_bars(x(0), n(1)?),
            Indicator::LowestBars => i::lowest_bars(x(0), n(1)?),
            Indicator::Change => i::change(x(0), n(1)?),
            Indicator::Roc => i::roc(x(0), n(1)?),
            Indicator::LinReg => i::linreg(x(0), n(1)?),
            Indicator::TrueRange => i::true_range(bars),
            Indicator::TrueRangeHandlingNa => i::true_range_handling_na(bars),
            Indicator::Atr => i::atr(bars, n(0)?),
            Indicator::Cci => i::cci(x(0), n(1)?),
            Indicator::Mfi => i::mfi(x(0), &bars.volume, n(1)?),
            Indicator::Stoch => i::stoch(x(0), x(1), x(2), n(3)?),
            Indicator::PlusDi => i::plus_di(bars, n(0)?),
            Indicator::MinusDi => i::minus_di(bars, n(0)?),
            Indicator::Adx => i::adx(bars, n(0)?, n(1)?),
            Indicator::Supertrend => i::supertrend(bars, rate(0)?, n(1)?),
            Indicator::SupertrendDirection => i::supertrend_direction(bars, rate(0)?, n(1)?),
            Indicator::Sar => i::sar(bars, rate(0)?, rate(1)?, rate(2)?),
            Indicator::Obv => i::obv(bars),
            Indicator::Cum => i::cum(x(0)),
            Indicator::Kama => i::kama(x(0), n(1)?),
            Indicator::Variance => i::variance(x(0), n(1)?, rate(2)? != 0.0),
            Indicator::Correlation => i::correlation(x(0), x(1), n(2)?),
            Indicator::Alma => i::alma(x(0), n(1)?, rate(2)?, rate(3)?, rate(4)? != 0.0),
            Indicator::Cog => i::centre_of_gravity(x(0), n(1)?),
            Indicator::LinRegAt => i::linreg_at(x(0), n(1)?, rate(2)?),
            Indicator::Median => i::median(x(0), n(1)?),
            Indicator::Mode => i::mode(x(0), n(1)?),
            Indicator::PercentRank => i::percent_rank(x(0), n(1)?),
            Indicator::PercentileLinear => i::percentile_linear(x(0), n(1)?, rate(2)?),
            Indicator::PercentileNearest => i::percentile_nearest(x(0), n(1)?, rate(2)?),
            Indicator::PivotHigh => i::pivot_high(x(0), offset_of(args[1])?, offset_of(args[2])?),
            Indicator::PivotLow => i::pivot_low(x(0), offset_of(args[1])?, offset_of(args[2])?),
            Indicator::Vwap => i::vwap(bars, x(0)),
            Indicator::AllTimeMax => i::so_far(x(0), |new, old| new > old),
            Indicator::AllTimeMin => i::so_far(x(0), |new, old| new < old),
        })
    }
}

/// Whether bar t is set.
pub(crate) fn bit(bits: &[u64], t: usize) -> bool {
    bits[t / 64] >> (t % 64) & 1 == 1
}

fn at(arg: Arg<'_>, t: usize) -> f64 {
    match arg {
        Arg::Scalar(x) => x,
        Arg::Series(x) => x[t],
    }
}

fn scalar_of(arg: Arg<'_>) -> Result<f64, Invalid> {
    match arg {
        Arg::Scalar(x) if x.is_finite() => Ok(x),
        _ => Err(Invalid),
    }
}

fn length_of(arg: Arg<'_>) -> Result<usize, Invalid> {
    length(scalar_of(arg)?)
}

/// A length, rounded down; those below 1 are unusable.
pub(crate) fn length(x: f64) -> Result<usize, Invalid> {
    match x.floor() {
        n if (1.0..=LENGTH_MAX).contains(&n) => Ok(n as usize),
        _ => Err(Invalid),
    }
}

fn offset_of(arg: Arg<'_>) -> Result<usize, Invalid> {
    match scalar_of(arg)?.floor() {
        n if (0.0..=LENGTH_MAX).contains(&n) => Ok(n as usize),
        _ => Err(Invalid),
    }
}

fn zip_words(mut a: Vec<u64>, b: &[u64], f: impl Fn(u64, u64) -> u64) -> Vec<u64> {
    for (x, y) in a.iter_mut().zip(b) {
        *x = f(*x, *y);
    }
    a
}

fn map(a: Arg<'_>, n: usize, f: impl Fn(f64) -> f64) -> Vec<f64> {
    match a {
        Arg::Series(x) => x.iter().map(|x| f(*x)).collect(),
        Arg::Scalar(x) => vec![f(x); n],
    }
}

fn zip(a: Arg<'_>, b: Arg<'_>, n: usize, f: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    match (a, b) {
        (Arg::Series(a), Arg::Series(b)) => a.iter().zip(b).map(|(x, y)| f(*x, *y)).collect(),
        (Arg::Series(a), Arg::Scalar(y)) => a.iter().map(|x| f(*x, y)).collect(),
        (Arg::Scalar(x), Arg::Series(b)) => b.iter().map(|y| f(x, *y)).collect(),
        (Arg::Scalar(x), Arg::Scalar(y)) => vec![f(x, y); n],
    }
}

fn unary(f: Unary) -> impl Fn(f64) -> f64 {
    move |x| fold::unary(f, x)
}

fn arithmetic(f: Binary, a: Arg<'_>, b: Arg<'_>, n: usize) -> Vec<f64> {
    // The common ones spelt out, so that the loop has no branch.
    match f {
        Binary::Add => zip(a, b, n, |x, y| x + y),
        Binary::Sub => zip(a, b, n, |x, y| x - y),
        Binary::Mul => zip(a, b, n, |x, y| x * y),
        other => zip(a, b, n, |x, y| fold::binary(other, x, y)),
    }
}

//! `ta.*` and `math.*`: their parameters, and what each becomes in the graph.
//!
//! Compositions (Bollinger bands, MACD, crossings) are written out in simpler nodes, so the engines know few indicators.

use super::{Lower, Lowered, Value, hard, soft};
use crate::ast::Arg;
use crate::graph::{Binary, Compare, Indicator as I, Kind, NodeId, Op, Price, Shape, Unary};
use crate::lexer::Span;

/// What stands for a parameter that is not given.
#[derive(Clone, Copy)]
enum Fallback {
    Needed,
    Is(f64),
    Column(Price),
}
use Fallback::{Column, Is, Needed};

/// One built-in function.
pub(super) struct Builtin {
    name: &'static str,
    parameters: &'static [(&'static str, Fallback)],
    does: Does,
}

/// How a built-in is lowered.
#[derive(Clone, Copy)]
enum Does {
    /// One indicator node over the arguments in order.
    Indicator(I),
    Unary(Unary),
    /// Folds any number of arguments.
    Fold(Binary),
    Binary(Binary),
    Composed(fn(&mut Lower, &[NodeId], Span) -> Lowered<Value>),
}
use Does::{Composed, Fold};

const SOURCE_LENGTH: &[(&str, Fallback)] = &[("source", Needed), ("length", Needed)];
const PERCENTILE: &[(&str, Fallback)] = &[("source", Needed), ("length", Needed), ("percentage", Needed)];
/// Parameters that are a number of bars, at least one.
const X: &[(&str, Fallback)] = &[("number", Needed)];
const ANGLE: &[(&str, Fallback)] = &[("angle", Needed)];
const TWO: &[(&str, Fallback)] = &[("source1", Needed), ("source2", Needed)];

const fn indicator(name: &'static str, parameters: &'static [(&'static str, Fallback)], which: I) -> Builtin {
    Builtin { name, parameters, does: Does::Indicator(which) }
}
const fn unary(name: &'static str, which: Unary) -> Builtin {
    Builtin { name, parameters: X, does: Does::Unary(which) }
}
const fn composed(
    name: &'static str,
    parameters: &'static [(&'static str, Fallback)],
    lower: fn(&mut Lower, &[NodeId], Span) -> Lowered<Value>,
) -> Builtin {
    Builtin { name, parameters, does: Composed(lower) }
}

static BUILTINS: &[Builtin] = &[
    indicator("ta.sma", SOURCE_LENGTH, I::Sma),
    indicator("ta.ema", SOURCE_LENGTH, I::Ema),
    indicator("ta.rma", SOURCE_LENGTH, I::Rma),
    indicator("ta.wma", SOURCE_LENGTH, I::Wma),
    indicator("ta.vwma", SOURCE_LENGTH, I::Vwma),
    indicator("ta.rsi", SOURCE_LENGTH, I::Rsi),
    indicator("ta.dev", SOURCE_LENGTH, I::Dev),
    composed("ta.stdev", &[("source", Needed), ("length", Needed), ("biased", Is(1.0))], stdev),
    indicator("math.sum", SOURCE_LENGTH, I::Sum),
    indicator("ta.highest", &[("source", Column(Price::High)), ("length", Needed)], I::Highest),
    indicator("ta.lowest", &[("source", Column(Price::Low)), ("length", Needed)], I::Lowest),
    indicator("ta.highestbars", &[("source", Column(Price::High)), ("length", Needed)], I::HighestBars),
    indicator("ta.lowestbars", &[("source", Column(Price::Low)), ("length", Needed)], I::LowestBars),
    indicator("ta.change", &[("source", Needed), ("length", Is(1.0))], I::Change),
    indicator("ta.mom", SOURCE_LENGTH, I::Change),
    indicator("ta.roc", SOURCE_LENGTH, I::Roc),
    composed("ta.linreg", &[("source", Needed), ("length", Needed), ("offset", Is(0.0))], linreg),
    composed("ta.tr", &[("handle_na", Is(0.0))], true_range),
    indicator("ta.atr", &[("length", Needed)], I::Atr),
    indicator("ta.cci", SOURCE_LENGTH, I::Cci),
    indicator("ta.mfi", &[("series", Needed), ("length", Needed)], I::Mfi),
    indicator("ta.stoch", &[("source", Needed), ("high", Needed), ("low", Needed), ("length", Needed)], I::Stoch),
    composed("ta.variance", &[("source", Needed), ("length", Needed), ("biased", Is(1.0))], variance),
    indicator("ta.correlation", &[("source1", Needed), ("source2", Needed), ("length", Needed)], I::Correlation),
    indicator(
        "ta.alma",
        &[("series", Needed), ("length", Needed), ("offset", Is(0.85)), ("sigma", Is(6.0)), ("floor", Is(0.0))],
        I::Alma,
    ),
    indicator("ta.cog", SOURCE_LENGTH, I::Cog),
    indicator("ta.median", SOURCE_LENGTH, I::Median),
    indicator("ta.mode", SOURCE_LENGTH, I::Mode),
    indicator("ta.percentrank", SOURCE_LENGTH, I::PercentRank),
    indicator("ta.percentile_linear_interpolation", PERCENTILE, I::PercentileLinear),
    indicator("ta.percentile_nearest_rank", PERCENTILE, I::PercentileNearest),
    indicator(
        "ta.pivothigh",
        &[("source", Column(Price::High)), ("leftbars", Needed), ("rightbars", Needed)],
        I::PivotHigh,
    ),
    indicator(
        "ta.pivotlow",
        &[("source", Column(Price::Low)), ("leftbars", Needed), ("rightbars", Needed)],
        I::PivotLow,
    ),
    indicator("ta.vwap", &[("source", Column(Price::Hlc3))], I::Vwap),
    indicator("ta.max", &[("source", Needed)], I::AllTimeMax),
    indicator("ta.min", &[("source", Needed)], I::AllTimeMin),
    composed("ta.range", SOURCE_LENGTH, range),
    composed("ta.swma", &[("source", Needed)], symmetric),
    composed("ta.cmo", &[("series", Needed), ("length", Needed)], chande),
    composed("ta.tsi", &[("source", Needed), ("short_length", Needed), ("long_length", Needed)], true_strength),
    composed(
        "ta.kcw",
        &[("series", Needed), ("length", Needed), ("mult", Needed), ("useTrueRange", Is(1.0))],
        keltner_width,
    ),
    composed("ta.wpr", &[("length", Needed)], williams_r),
    composed("ta.dmi", &[("diLength", Needed), ("adxSmoothing", Needed)], dmi),
    composed("ta.supertrend", &[("factor", Needed), ("atrPeriod", Needed)], supertrend),
    indicator("ta.sar", &[("start", Needed), ("inc", Needed), ("max", Needed)], I::Sar),
    indicator("ta.obv", &[], I::Obv),
    indicator("ta.cum", &[("source", Needed)], I::Cum),
    composed("ta.hma", SOURCE_LENGTH, hull),
    composed("ta.kama", SOURCE_LENGTH, kama),
    composed("ta.bb", &[("series", Needed), ("length", Needed), ("mult", Needed)], bollinger),
    composed("ta.bbw", &[("series", Needed), ("length", Needed), ("mult", Needed)], bollinger_width),
    composed("ta.kc", &[("series", Needed), ("length", Needed), ("mult", Needed), ("useTrueRange", Is(1.0))], keltner),
    composed("ta.macd", &[("source", Needed), ("fastlen", Needed), ("slowlen", Needed), ("siglen", Needed)], macd),
    composed("ta.crossover", TWO, |l, a, s| crossing(l, a, Compare::Gt, Compare::Le, s)),
    composed("ta.crossunder", TWO, |l, a, s| crossing(l, a, Compare::Lt, Compare::Ge, s)),
    composed("ta.cross", TWO, cross),
    composed("ta.rising", SOURCE_LENGTH, |l, a, s| monotone(l, a, Compare::Gt, s)),
    composed("ta.falling", SOURCE_LENGTH, |l, a, s| monotone(l, a, Compare::Lt, s)),
    composed("ta.barssince", &[("condition", Needed)], since),
    composed("ta.valuewhen", &[("condition", Needed), ("source", Needed), ("occurrence", Is(0.0))], value_when),
    unary("math.abs", Unary::Abs),
    unary("math.sqrt", Unary::Sqrt),
    unary("math.log", Unary::Log),
    unary("math.log10", Unary::Log10),
    unary("math.exp", Unary::Exp),
    unary("math.floor", Unary::Floor),
    unary("math.ceil", Unary::Ceil),
    unary("math.sign", Unary::Sign),
    Builtin { name: "math.sin", parameters: ANGLE, does: Does::Unary(Unary::Sin) },
    Builtin { name: "math.cos", parameters: ANGLE, does: Does::Unary(Unary::Cos) },
    Builtin { name: "math.tan", parameters: ANGLE, does: Does::Unary(Unary::Tan) },
    Builtin { name: "math.asin", parameters: ANGLE, does: Does::Unary(Unary::Asin) },
    Builtin { name: "math.acos", parameters: ANGLE, does: Does::Unary(Unary::Acos) },
    Builtin { name: "math.atan", parameters: ANGLE, does: Does::Unary(Unary::Atan) },
    composed("math.round_to_mintick", X, to_tick),
    composed("math.round", &[("number", Needed), ("precision", Is(0.0))], round),
    Builtin {
        name: "math.pow",
        parameters: &[("base", Needed), ("exponent", Needed)],
        does: Does::Binary(Binary::Pow),
    },
    Builtin { name: "math.max", parameters: &[], does: Fold(Binary::Max) },
    Builtin { name: "math.min", parameters: &[], does: Fold(Binary::Min) },
    Builtin { name: "math.avg", parameters: &[], does: Fold(Binary::Add) },
];

/// The built-in of that name.
pub(super) fn find(name: &str) -> Option<&'static Builtin> {
    BUILTINS.iter().find(|builtin| builtin.name == name)
}

/// The built-in that was perhaps meant: the same name under another prefix or without one.
pub(super) fn nearest(name: &str) -> Option<&'static str> {
    let bare = name.rsplit('.').next().unwrap_or(name);
    BUILTINS.iter().map(|b| b.name).find(|known| *known != name && known.rsplit('.').next() == Some(bare))
}

impl Lower {
    /// Binds the arguments to the parameters and lowers the call.
    pub(super) fn builtin(&mut self, builtin: &'static Builtin, args: &[Arg], span: Span) -> Lowered<Value> {
        let name = builtin.name;
        if let Fold(f) = builtin.does {
            return self.fold(name, f, args, span);
        }
        if matches!(builtin.does, Does::Indicator(_) | Composed(_)) && name.starts_with("ta.") && self.looped > 0 {
            return Err(soft(span.advises(
                format!("`{name}` inside a loop runs in the interpreter alone"),
                "move the call above the loop",
            )));
        }
        let nodes = self.bound(builtin, args, span)?;
        match builtin.does {
            Does::Indicator(which) => Ok(Value::Node(self.series(which, nodes, span)?)),
            Does::Unary(f) => Ok(Value::Node(self.add(Op::Unary(f, nodes[0]), span)?)),
            Does::Binary(f) => Ok(Value::Node(self.add(Op::Binary(f, nodes[0], nodes[1]), span)?)),
            Composed(lower) => lower(self, &nodes, span),
            Fold(_) => unreachable!("handled above"),
        }
    }

    fn bound(&mut self, builtin: &'static Builtin, args: &[Arg], span: Span) -> Lowered<Vec<NodeId>> {
        let (name, parameters) = (builtin.name, builtin.parameters);
        let positional = args.iter().filter(|arg| arg.name.is_none()).count();
        // ta.highest(n) is ta.highest(high, n), ta.pivothigh(l, r) is ta.pivothigh(high, l, r).
        let source_given = args.len() >= parameters.len() || positional < args.len();
        let skipped = usize::from(matches!(parameters.first(), Some((_, Column(_)))) && !source_given);
        if positional + skipped > parameters.len() {
            return Err(hard(
                span.says(format!("`{name}` takes {} arguments, {positional} are given", parameters.len())),
            ));
        }
        if let Some(unknown) =
            args.iter().filter_map(|a| a.name.as_ref()).find(|a| parameters.iter().all(|p| p.0 != *a))
        {
            let known: Vec<&str> = parameters.iter().map(|p| p.0).collect();
            return Err(hard(span.says(format!("`{name}` has no parameter `{unknown}`; it has {}", known.join(", ")))));
        }
        let mut bound = Vec::with_capacity(parameters.len());
        for (i, (parameter, default)) in parameters.iter().enumerate() {
            let given = match i.checked_sub(skipped) {
                Some(at) => super::calls::pick(args, at, parameter),
                None => None,
            };
            let value = match (given, default) {
                (Some(expr), _) => self.expr(expr)?,
                (None, Is(x)) => Value::Node(self.constant(*x, span)?),
                (None, Column(price)) => Value::Node(self.add(Op::Price(*price), span)?),
                (None, Needed) => {
                    return Err(hard(span.says(format!("`{name}` needs the argument `{parameter}`"))));
                }
            };
            let at = given.map_or(span, |expr| expr.span);
            let wants_truth = matches!(*parameter, "condition");
            let flag = matches!(*parameter, "biased" | "handle_na" | "useTrueRange" | "floor");
            let node = if wants_truth {
                self.truth(value, at)?
            } else if flag && matches!(&value, Value::Node(n) if self.graph().node(*n).kind == Kind::Truth) {
                let Value::Node(n) = value else { unreachable!("matched above") };
                match self.graph().node(n).op {
                    Op::Truth(b) => self.constant(f64::from(u8::from(b)), at)?,
                    _ => return Err(soft(at.says(format!("`{parameter}` must be true or false")))),
                }
            } else if *parameter == "source"
                && matches!(&value, Value::Node(n) if self.graph().node(*n).kind == Kind::Truth)
            {
                // A condition as the source of ta.change, ta.valuewhen, ...: 1 and 0.
                let node = self.truth(value, at)?;
                let (one, zero) = (self.constant(1.0, at)?, self.constant(0.0, at)?);
                self.add(Op::Select(node, one, zero), at)?
            } else {
                self.number(value, at)?
            };
            let scalar = matches!(
                *parameter,
                "length"
                    | "diLength"
                    | "adxSmoothing"
                    | "factor"
                    | "atrPeriod"
                    | "start"
                    | "inc"
                    | "max"
                    | "mult"
                    | "fastlen"
                    | "slowlen"
                    | "siglen"
                    | "occurrence"
                    | "offset"
                    | "precision"
                    | "sigma"
                    | "floor"
                    | "percentage"
                    | "leftbars"
                    | "rightbars"
                    | "short_length"
                    | "long_length"
            );
            if scalar && self.graph().node(node).shape == Shape::Series {
                return Err(soft(at.advises(
                    format!("`{parameter}` of `{name}` changes from bar to bar, which runs in the interpreter alone"),
                    "use a constant or an input",
                )));
            }
            if self.known(node).is_some_and(|n| crate::calls::unusable_length(parameter, n)) {
                return Err(hard(at.says(format!("`{parameter}` of `{name}` must be at least 1"))));
            }
            bound.push(node);
        }
        Ok(bound)
    }

    fn fold(&mut self, name: &str, f: Binary, args: &[Arg], span: Span) -> Lowered<Value> {
        let mut all = Vec::new();
        for arg in args {
            let value = self.expr(&arg.value)?;
            if matches!(value, Value::Inert) {
                return Ok(Value::Inert);
            }
            all.push(self.number(value, arg.value.span)?);
        }
        let Some((mut node, rest)) = all.split_first().map(|(first, rest)| (*first, rest)) else {
            return Err(hard(span.says(format!("`{name}` needs at least one number"))));
        };
        for next in rest {
            node = self.add(Op::Binary(f, node, *next), span)?;
        }
        if f == Binary::Add {
            let n = self.constant(all.len() as f64, span)?;
            node = self.add(Op::Binary(Binary::Div, node, n), span)?;
        }
        Ok(Value::Node(node))
    }

    fn node(&mut self, op: Op, span: Span) -> Lowered<Value> {
        Ok(Value::Node(self.add(op, span)?))
    }
    fn math(&mut self, f: Binary, a: NodeId, b: NodeId, span: Span) -> Lowered<NodeId> {
        self.add(Op::Binary(f, a, b), span)
    }
    fn price(&mut self, which: Price, span: Span) -> Lowered<NodeId> {
        self.add(Op::Price(which), span)
    }

    /// A series function. Inside a branch it advances only when the branch runs, as on TradingView.
    fn series(&mut self, which: I, args: Vec<NodeId>, span: Span) -> Lowered<NodeId> {
        match self.gate() {
            None => self.add(Op::Indicator(which, args), span),
            Some(gate) => self.draft.written_out(which, &args, Some(gate), span.line).map_err(|finding| {
                soft(crate::Diagnostic {
                    help: Some("move the call above the branch".to_owned()),
                    column: span.column,
                    ..finding
                })
            }),
        }
    }

    /// A value one bar (or one call) ago.
    fn before(&mut self, node: NodeId, span: Span) -> Lowered<NodeId> {
        let one = self.constant(1.0, span)?;
        let gate = self.gate();
        self.past(node, one, gate, span)
    }
}

fn is_zero(l: &Lower, node: NodeId) -> bool {
    matches!(l.graph().node(node).op, Op::Number(x) if x == 0.0)
}

/// Population deviation, or with `biased = false` the sample's: times sqrt(n / (n - 1)).
fn stdev(l: &mut Lower, a: &[NodeId], s: Span) -> Lowered<Value> {
    let sd = l.series(I::Stdev, vec![a[0], a[1]], s)?;
    if !is_zero(l, a[2]) {
        return Ok(Value::Node(sd));
    }
    let one = l.constant(1.0, s)?;
    let fewer = l.math(Binary::Sub, a[1], one, s)?;
    let ratio = l.math(Binary::Div, a[1], fewer, s)?;
    let root = l.add(Op::Unary(Unary::Sqrt, ratio), s)?;
    Ok(Value::Node(l.math(Binary::Mul, sd, root, s)?))
}

fn linreg(l: &mut Lower, a: &[NodeId], s: Span) -> Lowered<Value> {
    if !is_zero(l, a[2]) {
        return Ok(Value::Node(l.series(I::LinRegAt, a.to_vec(), s)?));
    }
    l.series(I::LinReg, vec![a[0], a[1]], s).map(Value::Node)
}

/// `na` on the first bar unless `handle_na`, where the high and low stand for the missing close.
fn true_range(l: &mut Lower, a: &[NodeId], s: Span) -> Lowered<Value> {
    let which = if is_zero(l, a[0]) { I::TrueRange } else { I::TrueRangeHandlingNa };
    l.series(which, vec![], s).map(Value::Node)
}

fn williams_r(l: &mut Lower, a: &[NodeId], s: Span) -> Lowered<Value> {
    let (close, high, low) = (l.price(Price::Close, s)?, l.price(Price::High, s)?, l.price(Price::Low, s)?);
    let stoch = l.series(I::Stoch, vec![close, high, low, a[0]], s)?;
    let hundred = l.constant(100.0, s)?;
    Ok(Value::Node(l.math(Binary::Sub, stoch, hundred, s)?))
}

fn dmi(l: &mut Lower, a: &[NodeId], s: Span) -> Lowered<Value> {
    let plus = l.series(I::PlusDi, vec![a[0]], s).map(Value::Node)?;
    let minus = l.series(I::MinusDi, vec![a[0]], s).map(Value::Node)?;
    let adx = l.series(I::Adx, vec![a[0], a[1]], s).map(Value::Node)?;
    Ok(Value::Tuple(vec![plus, minus, adx]))
}

fn supertrend(l: &mut Lower, a: &[NodeId], s: Span) -> Lowered<Value> {
    let line = l.series(I::Supertrend, a.to_vec(), s).map(Value::Node)?;
    let direction = l.series(I::SupertrendDirection, a.to_vec(), s).map(Value::Node)?;
    Ok(Value::Tuple(vec![line, direction]))
}

/// WMA(2 * WMA(x, n/2) - WMA(x, n), floor(sqrt(n))).
fn hull(l: &mut Lower, a: &[NodeId], s: Span) -> Lowered<Value> {
    let two = l.constant(2.0, s)?;
    let half = l.math(Binary::Div, a[1], two, s)?;
    let half = l.add(Op::Unary(Unary::Floor, half), s)?;
    let one = l.constant(1.0, s)?;
    let half = l.math(Binary::Max, half, one, s)?;
    let root = l.add(Op::Unary(Unary::Sqrt, a[1]), s)?;
    let root = l.add(Op::Unary(Unary::Floor, root), s)?;
    let fast = l.series(I::Wma, vec![a[0], half], s)?;
    let slow = l.series(I::Wma, vec![a[0], a[1]], s)?;
    let twice = l.math(Binary::Mul, two, fast, s)?;
    let raw = l.math(Binary::Sub, twice, slow, s)?;
    l.series(I::Wma, vec![raw, root], s).map(Value::Node)
}

/// TradingView writes it with a variable that remembers; here it is one call, and the reader is told.
fn kama(l: &mut Lower, a: &[NodeId], s: Span) -> Lowered<Value> {
    l.warnings.push(s.says("`ta.kama` is understood here but unknown to TradingView"));
    l.series(I::Kama, a.to_vec(), s).map(Value::Node)
}

fn bands(l: &mut Lower, a: &[NodeId], s: Span) -> Lowered<[NodeId; 3]> {
    let middle = l.series(I::Sma, vec![a[0], a[1]], s)?;
    let sd = l.series(I::Stdev, vec![a[0], a[1]], s)?;
    let width = l.math(Binary::Mul, a[2], sd, s)?;
    Ok([middle, l.math(Binary::Add, middle, width, s)?, l.math(Binary::Sub, middle, width, s)?])
}

fn three(nodes: [NodeId; 3]) -> Value {
    Value::Tuple(nodes.into_iter().map(Value::Node).collect())
}

fn bollinger(l: &mut Lower, a: &[NodeId], s: Span) -> Lowered<Value> {
    bands(l, a, s).map(three)
}

/// In percent of the middle band, as TradingView has it since version 6; a ratio before.
fn bollinger_width(l: &mut Lower, a: &[NodeId], s: Span) -> Lowered<Value> {
    let [middle, upper, lower] = bands(l, a, s)?;
    let width = l.math(Binary::Sub, upper, lower, s)?;
    let ratio = l.math(Binary::Div, width, middle, s)?;
    if l.version < 6 {
        return Ok(Value::Node(ratio));
    }
    let hundred = l.constant(100.0, s)?;
    Ok(Value::Node(l.math(Binary::Mul, ratio, hundred, s)?))
}

fn keltner(l: &mut Lower, a: &[NodeId], s: Span) -> Lowered<Value> {
    let middle = l.series(I::Ema, vec![a[0], a[1]], s)?;
    let range = if is_zero(l, a[3]) {
        let (high, low) = (l.price(Price::High, s)?, l.price(Price::Low, s)?);
        l.math(Binary::Sub, high, low, s)?
    } else {
        l.series(I::TrueRange, vec![], s)?
    };
    let range = l.series(I::Ema, vec![range, a[1]], s)?;
    let width = l.math(Binary::Mul, a[2], range, s)?;
    Ok(three([middle, l.math(Binary::Add, middle, width, s)?, l.math(Binary::Sub, middle, width, s)?]))
}

fn macd(l: &mut Lower, a: &[NodeId], s: Span) -> Lowered<Value> {
    let fast = l.series(I::Ema, vec![a[0], a[1]], s)?;
    let slow = l.series(I::Ema, vec![a[0], a[2]], s)?;
    let line = l.math(Binary::Sub, fast, slow, s)?;
    let signal = l.series(I::Ema, vec![line, a[3]], s)?;
    Ok(three([line, signal, l.math(Binary::Sub, line, signal, s)?]))
}

fn crossing(l: &mut Lower, a: &[NodeId], now: Compare, before: Compare, s: Span) -> Lowered<Value> {
    let beyond = l.add(Op::Compare(now, a[0], a[1]), s)?;
    // A scalar has the same value a bar ago, but not on a bar before the first.
    let (x, y) = (l.before(a[0], s)?, l.before(a[1], s)?);
    let was_not = l.add(Op::Compare(before, x, y), s)?;
    l.node(Op::And(beyond, was_not), s)
}

fn since(l: &mut Lower, a: &[NodeId], s: Span) -> Lowered<Value> {
    match l.gate() {
        None => l.node(Op::BarsSince(a[0]), s),
        gate => l.draft.written_out_bars_since(a[0], gate, s.line).map(Value::Node).map_err(soft),
    }
}

fn value_when(l: &mut Lower, a: &[NodeId], s: Span) -> Lowered<Value> {
    match l.gate() {
        None => l.node(Op::ValueWhen(a[0], a[1], a[2]), s),
        gate => l.draft.written_out_value_when((a[0], a[1], a[2]), gate, s.line).map(Value::Node).map_err(soft),
    }
}

fn cross(l: &mut Lower, a: &[NodeId], s: Span) -> Lowered<Value> {
    let up = crossing(l, a, Compare::Gt, Compare::Le, s)?;
    let down = crossing(l, a, Compare::Lt, Compare::Ge, s)?;
    match (up, down) {
        (Value::Node(up), Value::Node(down)) => l.node(Op::Or(up, down), s),
        _ => unreachable!("crossings are nodes"),
    }
}

/// Each of the last n values above (or below) the one before it.
fn monotone(l: &mut Lower, a: &[NodeId], than: Compare, s: Span) -> Lowered<Value> {
    let before = l.before(a[0], s)?;
    let step = l.add(Op::Compare(than, a[0], before), s)?;
    let (one, zero) = (l.constant(1.0, s)?, l.constant(0.0, s)?);
    let counted = l.add(Op::Select(step, one, zero), s)?;
    let steps = l.series(I::Sum, vec![counted, a[1]], s)?;
    let all = l.add(Op::Unary(Unary::Floor, a[1]), s)?;
    l.node(Op::Compare(Compare::Eq, steps, all), s)
}

fn round(l: &mut Lower, a: &[NodeId], s: Span) -> Lowered<Value> {
    if is_zero(l, a[1]) {
        return l.node(Op::Unary(Unary::Round, a[0]), s);
    }
    let ten = l.constant(10.0, s)?;
    let scale = l.math(Binary::Pow, ten, a[1], s)?;
    let scaled = l.math(Binary::Mul, a[0], scale, s)?;
    let rounded = l.add(Op::Unary(Unary::Round, scaled), s)?;
    Ok(Value::Node(l.math(Binary::Div, rounded, scale, s)?))
}

/// To the nearest step of the symbol's price. Steps such as 0.01 are divided by their inverse, which is whole and exact.
fn to_tick(l: &mut Lower, a: &[NodeId], s: Span) -> Lowered<Value> {
    let tick = l.add(Op::Symbol(crate::graph::SymbolFact::MinTick), s)?;
    let ticks = l.math(Binary::Div, a[0], tick, s)?;
    let whole = l.add(Op::Unary(Unary::Round, ticks), s)?;
    let one = l.constant(1.0, s)?;
    let inverse = l.math(Binary::Div, one, tick, s)?;
    let inverse = l.add(Op::Unary(Unary::Round, inverse), s)?;
    let again = l.math(Binary::Mul, inverse, tick, s)?;
    let off = l.math(Binary::Sub, again, one, s)?;
    let off = l.add(Op::Unary(Unary::Abs, off), s)?;
    let little = l.constant(1e-9, s)?;
    let exact = l.add(Op::Compare(Compare::Lt, off, little), s)?;
    let (divided, multiplied) = (l.math(Binary::Div, whole, inverse, s)?, l.math(Binary::Mul, whole, tick, s)?);
    l.node(Op::Select(exact, divided, multiplied), s)
}

/// Of the population, or of a sample of one fewer.
fn variance(l: &mut Lower, a: &[NodeId], s: Span) -> Lowered<Value> {
    Ok(Value::Node(l.series(I::Variance, a.to_vec(), s)?))
}

fn range(l: &mut Lower, a: &[NodeId], s: Span) -> Lowered<Value> {
    let top = l.series(I::Highest, a.to_vec(), s)?;
    let bottom = l.series(I::Lowest, a.to_vec(), s)?;
    Ok(Value::Node(l.math(Binary::Sub, top, bottom, s)?))
}

/// Weights 1, 2, 2, 1 over six.
fn symmetric(l: &mut Lower, a: &[NodeId], s: Span) -> Lowered<Value> {
    let gate = l.gate();
    let (two, six) = (l.constant(2.0, s)?, l.constant(6.0, s)?);
    let mut total = None;
    for (back, double) in [(3.0, false), (2.0, true), (1.0, true), (0.0, false)] {
        let back = l.constant(back, s)?;
        let x = l.past(a[0], back, gate, s)?;
        let weighted = if double { l.math(Binary::Mul, x, two, s)? } else { x };
        let part = l.math(Binary::Div, weighted, six, s)?;
        total = Some(match total {
            None => part,
            Some(total) => l.math(Binary::Add, total, part, s)?,
        });
    }
    Ok(total.map_or(Value::Na, Value::Node))
}

/// Chande's momentum oscillator: 100 * (gains - losses) / (gains + losses) over n changes.
fn chande(l: &mut Lower, a: &[NodeId], s: Span) -> Lowered<Value> {
    let before = l.before(a[0], s)?;
    let moved = l.math(Binary::Sub, a[0], before, s)?;
    let zero = l.constant(0.0, s)?;
    let fallen = l.add(Op::Unary(Unary::Neg, moved), s)?;
    let (gain, loss) = (l.math(Binary::Max, moved, zero, s)?, l.math(Binary::Max, fallen, zero, s)?);
    let (up, down) = (l.series(I::Sum, vec![gain, a[1]], s)?, l.series(I::Sum, vec![loss, a[1]], s)?);
    let (net, both) = (l.math(Binary::Sub, up, down, s)?, l.math(Binary::Add, up, down, s)?);
    let hundred = l.constant(100.0, s)?;
    let scaled = l.math(Binary::Mul, hundred, net, s)?;
    let share = l.math(Binary::Div, scaled, both, s)?;
    // The sums pass an `na` over, the oscillator shows it.
    let (missing, na) = (l.add(Op::IsNa(moved), s)?, l.constant(f64::NAN, s)?);
    l.node(Op::Select(missing, na, share), s)
}

/// True strength index: changes from number to number averaged twice, over their sizes averaged twice.
fn true_strength(l: &mut Lower, a: &[NodeId], s: Span) -> Lowered<Value> {
    let before = l.before(a[0], s)?;
    let (gap, missing) = (l.add(Op::IsNa(before), s)?, l.add(Op::IsNa(a[0]), s)?);
    let (number, one) = (l.add(Op::Not(missing), s)?, l.constant(1.0, s)?);
    let Value::Node(older) = value_when(l, &[number, a[0], one], s)? else { unreachable!("a value is a node") };
    let before = l.add(Op::Select(gap, older, before), s)?;
    let moved = l.math(Binary::Sub, a[0], before, s)?;
    let size = l.add(Op::Unary(Unary::Abs, moved), s)?;
    let mut twice = |x: NodeId| -> Lowered<NodeId> {
        let once = l.series(I::Ema, vec![x, a[2]], s)?;
        l.series(I::Ema, vec![once, a[1]], s)
    };
    let (top, bottom) = (twice(moved)?, twice(size)?);
    Ok(Value::Node(l.math(Binary::Div, top, bottom, s)?))
}

fn keltner_width(l: &mut Lower, a: &[NodeId], s: Span) -> Lowered<Value> {
    let Value::Tuple(bands) = keltner(l, a, s)? else { unreachable!("three bands") };
    let [Value::Node(middle), Value::Node(upper), Value::Node(lower)] = bands[..] else {
        unreachable!("three bands are nodes")
    };
    let width = l.math(Binary::Sub, upper, lower, s)?;
    Ok(Value::Node(l.math(Binary::Div, width, middle, s)?))
}

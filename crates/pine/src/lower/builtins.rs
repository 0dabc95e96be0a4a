//! `ta.*` and `math.*`: their parameters, and what each becomes in the graph.
//!
//! Compositions (Bollinger bands, MACD, crossings) are written out in simpler nodes, so the engines know few indicators.

use super::{Lower, Lowered, Value};
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
const X: &[(&str, Fallback)] = &[("number", Needed)];
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
    composed("ta.rising", SOURCE_LENGTH, |l, a, s| beyond(l, a, I::Highest, Compare::Gt, s)),
    composed("ta.falling", SOURCE_LENGTH, |l, a, s| beyond(l, a, I::Lowest, Compare::Lt, s)),
    composed("ta.barssince", &[("condition", Needed)], |l, a, s| l.node(Op::BarsSince(a[0]), s)),
    composed("ta.valuewhen", &[("condition", Needed), ("source", Needed), ("occurrence", Needed)], |l, a, s| {
        l.node(Op::ValueWhen(a[0], a[1], a[2]), s)
    }),
    unary("math.abs", Unary::Abs),
    unary("math.sqrt", Unary::Sqrt),
    unary("math.log", Unary::Log),
    unary("math.log10", Unary::Log10),
    unary("math.exp", Unary::Exp),
    unary("math.floor", Unary::Floor),
    unary("math.ceil", Unary::Ceil),
    unary("math.sign", Unary::Sign),
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
        let args = self.bound(builtin, args, span)?;
        let series = !matches!(builtin.does, Does::Unary(_) | Does::Binary(_)) && name != "math.round";
        if series && args.iter().any(|(_, position)| *position) {
            return Err(span.advises(
                format!("`{name}` over the past of the position is not supported yet"),
                "apply it to prices, and ask for the position in the condition",
            ));
        }
        if series && self.graph.node(self.path).op != Op::Truth(true) && self.inside_branch_warned.insert(span.line) {
            let warning = span.advises(
                format!("`{name}` inside a branch is computed on every bar here; TradingView computes it only when the branch runs"),
                "move the call above the `if`",
            );
            self.warnings.push(warning);
        }
        let position = args.iter().any(|(_, position)| *position);
        let nodes: Vec<NodeId> = args.iter().map(|(node, _)| *node).collect();
        match builtin.does {
            Does::Indicator(which) => self.node(Op::Indicator(which, nodes), span),
            Does::Unary(f) => Ok(Value::Node(self.add(Op::Unary(f, nodes[0]), span)?, position)),
            Does::Binary(f) => Ok(Value::Node(self.add(Op::Binary(f, nodes[0], nodes[1]), span)?, position)),
            Composed(lower) => lower(self, &nodes, span),
            Fold(_) => unreachable!("handled above"),
        }
    }

    fn bound(&mut self, builtin: &'static Builtin, args: &[Arg], span: Span) -> Lowered<Vec<(NodeId, bool)>> {
        let (name, parameters) = (builtin.name, builtin.parameters);
        let positional = args.iter().filter(|arg| arg.name.is_none()).count();
        // ta.highest(n) is ta.highest(high, n).
        let skipped =
            usize::from(matches!(parameters.first(), Some((_, Column(_)))) && args.len() == 1 && positional == 1);
        if positional + skipped > parameters.len() {
            return Err(span.says(format!("`{name}` takes {} arguments, {positional} are given", parameters.len())));
        }
        if let Some(unknown) =
            args.iter().filter_map(|a| a.name.as_ref()).find(|a| parameters.iter().all(|p| p.0 != *a))
        {
            let known: Vec<&str> = parameters.iter().map(|p| p.0).collect();
            return Err(span.says(format!("`{name}` has no parameter `{unknown}`; it has {}", known.join(", "))));
        }
        let mut bound = Vec::with_capacity(parameters.len());
        for (i, (parameter, default)) in parameters.iter().enumerate() {
            let given = match i.checked_sub(skipped) {
                Some(at) => super::calls::pick(args, at, parameter),
                None => None,
            };
            let value = match (given, default) {
                (Some(expr), _) => self.expr(&expr.clone())?,
                (None, Is(x)) => Value::Node(self.add(Op::Number(*x), span)?, false),
                (None, Column(price)) => Value::Node(self.add(Op::Price(*price), span)?, false),
                (None, Needed) => return Err(span.says(format!("`{name}` needs the argument `{parameter}`"))),
            };
            let at = given.map_or(span, |expr| expr.span);
            let wants_truth = matches!(*parameter, "condition");
            let flag = matches!(*parameter, "biased" | "handle_na" | "useTrueRange");
            let (node, position) = if wants_truth {
                self.truth(value, at)?
            } else if flag && matches!(&value, Value::Node(n, _) if self.graph.node(*n).kind == Kind::Truth) {
                let Value::Node(n, _) = value else { unreachable!("matched above") };
                match self.graph.node(n).op {
                    Op::Truth(b) => (self.add(Op::Number(f64::from(u8::from(b))), at)?, false),
                    _ => return Err(at.says(format!("`{parameter}` must be true or false"))),
                }
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
            );
            if scalar && self.graph.node(node).shape == Shape::Series {
                return Err(at.advises(
                    format!("`{parameter}` of `{name}` changes from bar to bar, which is not supported"),
                    "use a constant or an input",
                ));
            }
            if *parameter == "length" && matches!(self.graph.node(node).op, Op::Number(n) if n.is_nan() || n < 1.0) {
                return Err(at.says(format!("`{parameter}` of `{name}` must be at least 1")));
            }
            bound.push((node, position));
        }
        Ok(bound)
    }

    fn fold(&mut self, name: &str, f: Binary, args: &[Arg], span: Span) -> Lowered<Value> {
        let mut all = Vec::new();
        for arg in args {
            let value = self.expr(&arg.value)?;
            all.push(self.number(value, arg.value.span)?);
        }
        let Some(((mut node, mut position), rest)) = all.split_first().map(|(first, rest)| (*first, rest)) else {
            return Err(span.says(format!("`{name}` needs at least one number")));
        };
        for (next, p) in rest {
            node = self.add(Op::Binary(f, node, *next), span)?;
            position |= p;
        }
        if f == Binary::Add {
            let n = self.add(Op::Number(all.len() as f64), span)?;
            node = self.add(Op::Binary(Binary::Div, node, n), span)?;
        }
        Ok(Value::Node(node, position))
    }

    fn node(&mut self, op: Op, span: Span) -> Lowered<Value> {
        Ok(Value::Node(self.add(op, span)?, false))
    }
    fn constant_of(&mut self, x: f64, span: Span) -> Lowered<NodeId> {
        self.add(Op::Number(x), span)
    }
    fn math(&mut self, f: Binary, a: NodeId, b: NodeId, span: Span) -> Lowered<NodeId> {
        self.add(Op::Binary(f, a, b), span)
    }
    fn series(&mut self, which: I, args: Vec<NodeId>, span: Span) -> Lowered<NodeId> {
        self.add(Op::Indicator(which, args), span)
    }
    fn price(&mut self, which: Price, span: Span) -> Lowered<NodeId> {
        self.add(Op::Price(which), span)
    }
}

fn is_zero(l: &Lower, node: NodeId) -> bool {
    matches!(l.graph.node(node).op, Op::Number(x) if x == 0.0)
}

/// Population deviation, or with `biased = false` the sample's: times sqrt(n / (n - 1)).
fn stdev(l: &mut Lower, a: &[NodeId], s: Span) -> Lowered<Value> {
    let sd = l.series(I::Stdev, vec![a[0], a[1]], s)?;
    if !is_zero(l, a[2]) {
        return Ok(Value::Node(sd, false));
    }
    let one = l.constant_of(1.0, s)?;
    let fewer = l.math(Binary::Sub, a[1], one, s)?;
    let ratio = l.math(Binary::Div, a[1], fewer, s)?;
    let root = l.add(Op::Unary(Unary::Sqrt, ratio), s)?;
    Ok(Value::Node(l.math(Binary::Mul, sd, root, s)?, false))
}

fn linreg(l: &mut Lower, a: &[NodeId], s: Span) -> Lowered<Value> {
    if !is_zero(l, a[2]) {
        return Err(s.says("`ta.linreg` with an offset is not supported yet"));
    }
    l.node(Op::Indicator(I::LinReg, vec![a[0], a[1]]), s)
}

/// `na` on the first bar unless `handle_na`, where the high and low stand for the missing close.
fn true_range(l: &mut Lower, a: &[NodeId], s: Span) -> Lowered<Value> {
    let range = l.series(I::TrueRange, vec![], s)?;
    if !is_zero(l, a[0]) {
        return Ok(Value::Node(range, false));
    }
    let bar = l.add(Op::Time(crate::graph::Time::BarIndex), s)?;
    let zero = l.constant_of(0.0, s)?;
    let first = l.add(Op::Compare(Compare::Eq, bar, zero), s)?;
    let na = l.constant_of(f64::NAN, s)?;
    l.node(Op::Select(first, na, range), s)
}

fn williams_r(l: &mut Lower, a: &[NodeId], s: Span) -> Lowered<Value> {
    let (close, high, low) = (l.price(Price::Close, s)?, l.price(Price::High, s)?, l.price(Price::Low, s)?);
    let stoch = l.series(I::Stoch, vec![close, high, low, a[0]], s)?;
    let hundred = l.constant_of(100.0, s)?;
    Ok(Value::Node(l.math(Binary::Sub, stoch, hundred, s)?, false))
}

fn dmi(l: &mut Lower, a: &[NodeId], s: Span) -> Lowered<Value> {
    let plus = l.node(Op::Indicator(I::PlusDi, vec![a[0]]), s)?;
    let minus = l.node(Op::Indicator(I::MinusDi, vec![a[0]]), s)?;
    let adx = l.node(Op::Indicator(I::Adx, vec![a[0], a[1]]), s)?;
    Ok(Value::Tuple(vec![plus, minus, adx]))
}

fn supertrend(l: &mut Lower, a: &[NodeId], s: Span) -> Lowered<Value> {
    let line = l.node(Op::Indicator(I::Supertrend, a.to_vec()), s)?;
    let direction = l.node(Op::Indicator(I::SupertrendDirection, a.to_vec()), s)?;
    Ok(Value::Tuple(vec![line, direction]))
}

/// WMA(2 * WMA(x, n/2) - WMA(x, n), floor(sqrt(n))).
fn hull(l: &mut Lower, a: &[NodeId], s: Span) -> Lowered<Value> {
    let two = l.constant_of(2.0, s)?;
    let half = l.math(Binary::Div, a[1], two, s)?;
    let half = l.add(Op::Unary(Unary::Floor, half), s)?;
    let root = l.add(Op::Unary(Unary::Sqrt, a[1]), s)?;
    let root = l.add(Op::Unary(Unary::Floor, root), s)?;
    let fast = l.series(I::Wma, vec![a[0], half], s)?;
    let slow = l.series(I::Wma, vec![a[0], a[1]], s)?;
    let twice = l.math(Binary::Mul, two, fast, s)?;
    let raw = l.math(Binary::Sub, twice, slow, s)?;
    l.node(Op::Indicator(I::Wma, vec![raw, root]), s)
}

/// TradingView writes it with a variable that remembers; here it is one call, and the reader is told.
fn kama(l: &mut Lower, a: &[NodeId], s: Span) -> Lowered<Value> {
    l.warnings.push(s.says("`ta.kama` is understood here but unknown to TradingView"));
    l.node(Op::Indicator(I::Kama, a.to_vec()), s)
}

fn bands(l: &mut Lower, a: &[NodeId], s: Span) -> Lowered<[NodeId; 3]> {
    let middle = l.series(I::Sma, vec![a[0], a[1]], s)?;
    let sd = l.series(I::Stdev, vec![a[0], a[1]], s)?;
    let width = l.math(Binary::Mul, a[2], sd, s)?;
    Ok([middle, l.math(Binary::Add, middle, width, s)?, l.math(Binary::Sub, middle, width, s)?])
}

fn three(nodes: [NodeId; 3]) -> Value {
    Value::Tuple(nodes.into_iter().map(|node| Value::Node(node, false)).collect())
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
        return Ok(Value::Node(ratio, false));
    }
    let hundred = l.constant_of(100.0, s)?;
    Ok(Value::Node(l.math(Binary::Mul, ratio, hundred, s)?, false))
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
    let one = l.constant_of(1.0, s)?;
    let beyond = l.add(Op::Compare(now, a[0], a[1]), s)?;
    // A scalar has the same value a bar ago, but not on a bar before the first.
    let (x, y) = (l.add(Op::History(a[0], one), s)?, l.add(Op::History(a[1], one), s)?);
    let was_not = l.add(Op::Compare(before, x, y), s)?;
    l.node(Op::And(beyond, was_not), s)
}

fn cross(l: &mut Lower, a: &[NodeId], s: Span) -> Lowered<Value> {
    let up = crossing(l, a, Compare::Gt, Compare::Le, s)?;
    let down = crossing(l, a, Compare::Lt, Compare::Ge, s)?;
    match (up, down) {
        (Value::Node(up, _), Value::Node(down, _)) => l.node(Op::Or(up, down), s),
        _ => unreachable!("crossings are nodes"),
    }
}

/// Above (or below) every one of the n values before.
fn beyond(l: &mut Lower, a: &[NodeId], extreme: I, than: Compare, s: Span) -> Lowered<Value> {
    let one = l.constant_of(1.0, s)?;
    let before = l.add(Op::History(a[0], one), s)?;
    let extreme = l.series(extreme, vec![before, a[1]], s)?;
    l.node(Op::Compare(than, a[0], extreme), s)
}

fn round(l: &mut Lower, a: &[NodeId], s: Span) -> Lowered<Value> {
    if is_zero(l, a[1]) {
        return l.node(Op::Unary(Unary::Round, a[0]), s);
    }
    let ten = l.constant_of(10.0, s)?;
    let scale = l.math(Binary::Pow, ten, a[1], s)?;
    let scaled = l.math(Binary::Mul, a[0], scale, s)?;
    let rounded = l.add(Op::Unary(Unary::Round, scaled), s)?;
    Ok(Value::Node(l.math(Binary::Div, rounded, scale, s)?, false))
}

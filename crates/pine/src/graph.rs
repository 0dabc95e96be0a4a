//! The expression graph: what a strategy is once its text is gone.
//!
//! Nodes are in topological order (a node's operands have smaller ids) and hash-consed, so that equal expressions are one
//! node. A node is a *scalar* (the same on every bar: constants, parameters, arithmetic on them) or a *series* (one value a
//! bar), and a *number* (f64, NaN is `na`) or a *truth* (never `na`: a comparison with `na` is false, as in Pine v6).
//! `backtest` gives the nodes their values; its scalar evaluator is the meaning of each op.

use std::collections::HashMap;

/// Index of a node in [`Graph::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

/// Number or truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// f64, NaN is `na`.
    Number,
    /// bool.
    Truth,
}

/// Once a parameter set or once a bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shape {
    /// The same on every bar.
    Scalar,
    /// One value a bar.
    Series,
}

/// One node.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it computes.
    pub op: Op,
    /// Number or truth.
    pub kind: Kind,
    /// Scalar or series.
    pub shape: Shape,
    /// Bit i is set when its value depends on input i (at most 64 inputs).
    pub inputs: u64,
    /// True when its value depends, through whatever path, on a register or on the broker: it exists only bar by bar, in a
    /// run. False: a column, computed at once and shared.
    pub feedback: bool,
    /// Line in the source that it came from, from 1.
    pub line: u32,
}

/// A column of the price file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the field's own words")]
pub enum Price {
    Open,
    High,
    Low,
    Close,
    Volume,
    Hl2,
    Hlc3,
    Ohlc4,
    Hlcc4,
}

/// Something read off the bar's time, in UTC, or its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Time {
    /// Index of the bar, from 0.
    BarIndex,
    /// Milliseconds since 1970.
    Millis,
    /// The year.
    Year,
    /// 1-12.
    Month,
    /// 1-31.
    DayOfMonth,
    /// Sunday = 1.
    DayOfWeek,
    /// 0-23.
    Hour,
    /// 0-59.
    Minute,
}

/// Something of the symbol or its file of bars: the same on every bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SymbolFact {
    /// The smallest step of its price.
    MinTick,
    /// Seconds between two bars.
    IntervalSeconds,
}

/// Functions of one number. All give `na` for `na`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "Pine's math.* of the same name; Neg is the unary minus; Round is half away from zero")]
pub enum Unary {
    Neg,
    Abs,
    Sqrt,
    Log,
    Log10,
    Exp,
    Floor,
    Ceil,
    Round,
    Sign,
    Sin,
    Cos,
    Tan,
    Asin,
    Acos,
    Atan,
}

/// Arithmetic on two numbers. IEEE f64; `Mod` is Rust's `%`; division by zero gives `na`.
/// `Max` and `Min` give `na` if either is `na`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the operators")]
pub enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Pow,
    Min,
    Max,
}

/// Comparisons; false when either side is `na` (`Ne` too).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the operators")]
pub enum Compare {
    Lt,
    Le,
    Gt,
    Ge,
    Eq,
    Ne,
}

/// Built-in series functions. Arguments are listed in order; those called `n` are scalars, rounded down; n < 1 or not a
/// number makes the trial invalid. Conventions: TradingView's, also where TA-Lib has others. `na` is passed over by Sma, Sum,
/// Vwma, Stdev, Variance, Median and Mode, which look at the last n numbers and go on saying what they said on the bar of an
/// `na`; by Ema, Rma, Rsi and Wma, which show it; and by Highest, Lowest and Stoch, which start anew behind it. The others give
/// `na` while their window holds one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Indicator {
    /// (x, n): mean of the last n, by f64 prefix sums: (S[t+1]-S[t+1-n])/n.
    Sma,
    /// (x, n): SMA-seeded, a = 2/(n+1), e += a*(x-e).
    Ema,
    /// (x, n): Wilder's; SMA-seeded, (prev*(n-1)+x)/n.
    Rma,
    /// (x, n): weights 1..n, newest heaviest; in place of an `na` the number before it counts once more.
    Wma,
    /// (x, n): sum(x*volume)/sum(volume), each over its own last n numbers.
    Vwma,
    /// (x, n): Wilder's RSI; 100 where nothing moved. (TA-Lib says 0.)
    Rsi,
    /// (x, n): population standard deviation.
    Stdev,
    /// (x, n): mean absolute deviation from the n-bar mean (Pine's ta.dev).
    Dev,
    /// (x, n): sum of the last n.
    Sum,
    /// (x, n): from bar n - 1 on, of the bars since the last `na`.
    Highest,
    /// (x, n).
    Lowest,
    /// (x, n): minus the number of bars since the highest of n bars; the latest wins ties. 0 on the bar of an `na`.
    HighestBars,
    /// (x, n).
    LowestBars,
    /// (x, n): `x - x[n]`.
    Change,
    /// (x, n): `100*(x/x[n] - 1)`.
    Roc,
    /// (x, n): end point of the least-squares line over n bars.
    LinReg,
    /// (): `max(h, c[1]) - min(l, c[1])`; `na` on bar 0.
    TrueRange,
    /// (): the same; high - low on bar 0.
    TrueRangeHandlingNa,
    /// (n): Rma of TrueRangeHandlingNa. (TA-Lib leaves bar 0 out.)
    Atr,
    /// (x, n): (x - SMA)/(0.015 * Dev).
    Cci,
    /// (x, n): money flow index of x; bar 0 flows both ways. (TA-Lib leaves it out.)
    Mfi,
    /// (x, high, low, n): 100*(x - lowest low)/(highest high - lowest low); `na` when flat.
    Stoch,
    /// (n): +DI: 100 * Rma of the up moves / Rma of TrueRange. (TA-Lib seeds Wilder's sums with n - 1 values.)
    PlusDi,
    /// (n): -DI.
    MinusDi,
    /// (n, m): ADX: Rma(m) of DX(n).
    Adx,
    /// (factor, n): the Supertrend line of TradingView's ta.supertrend.
    Supertrend,
    /// (factor, n): its direction: -1 up-trend, 1 down-trend (as Pine returns it).
    SupertrendDirection,
    /// (start, step, max): Wilder's parabolic stop and reverse.
    Sar,
    /// (): on-balance volume, 0 on bar 0. (TA-Lib starts at the first volume: a constant difference.)
    Obv,
    /// (x): running sum, `na` counted as 0.
    Cum,
    /// (x, n): Kaufman's adaptive average, constants 2 and 30.
    Kama,
    /// (x, n, biased): squares about the mean over n, or over n - 1 when `biased` is 0.
    Variance,
    /// (x, y, n): Pearson's coefficient; `na` where either is flat.
    Correlation,
    /// (x, n, offset, sigma, floor): Arnaud Legoux's average.
    Alma,
    /// (x, n): Ehlers' centre of gravity.
    Cog,
    /// (x, n, back): the least-squares line over n bars, read `back` bars before its end.
    LinRegAt,
    /// (x, n): middle value, or the mean of the two.
    Median,
    /// (x, n): most frequent value, the smallest among equals.
    Mode,
    /// (x, n): percent of the n values before that are at most x.
    PercentRank,
    /// (x, n, percent): between neighbours, at n * p / 100 - 0.5.
    PercentileLinear,
    /// (x, n, percent): nearest rank.
    PercentileNearest,
    /// (x, left, right): the value `right` bars ago where it is above the `left` values before it and below none of those
    /// after it, else `na`. Both may be 0.
    PivotHigh,
    /// (x, left, right): the same of lows.
    PivotLow,
    /// (x): volume-weighted average since the day began, in UTC.
    Vwap,
    /// (x): highest so far.
    AllTimeMax,
    /// (x): lowest so far.
    AllTimeMin,
}

/// What the broker knows after this bar's fills, marked at this bar's close. All are numbers; money is in the account's
/// currency, sizes are in contracts (negative when short), bars are indices from 0. "Open" and "closed" speak of trades: one
/// entry, or the part of it that one exit took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Broker {
    /// Contracts held: positive long, negative short, 0 flat.
    PositionSize,
    /// Average price of the open entries, `na` when flat.
    AveragePrice,
    /// Starting cash, plus net profit, plus open profit.
    Equity,
    /// Unrealised profit of the position, 0 when flat.
    OpenProfit,
    /// Sum of the profits of all closed trades, after commission.
    NetProfit,
    /// Sum of the profits of winning trades.
    GrossProfit,
    /// Sum of the losses of losing trades, as a positive number.
    GrossLoss,
    /// Number of open trades.
    OpenTrades,
    /// Number of closed trades.
    ClosedTrades,
    /// Closed trades with a profit above 0.
    WinTrades,
    /// Closed trades with a profit below 0.
    LossTrades,
    /// Closed trades with a profit of exactly 0.
    EvenTrades,
    /// Starting cash.
    InitialCapital,
    /// Bar on which the oldest open trade was entered; `na` when flat, as all of these are.
    OldestOpenBar,
    /// Its entry price.
    OldestOpenPrice,
    /// Its signed size.
    OldestOpenSize,
    /// Its unrealised profit.
    OldestOpenProfit,
    /// Bar on which the newest open trade was entered.
    NewestOpenBar,
    /// Its entry price.
    NewestOpenPrice,
    /// Its signed size.
    NewestOpenSize,
    /// Its unrealised profit.
    NewestOpenProfit,
    /// Bar on which the last closed trade was entered; `na` before the first, as all of these are.
    LastClosedEntryBar,
    /// Bar on which it was left.
    LastClosedExitBar,
    /// Its entry price.
    LastClosedEntryPrice,
    /// Its exit price.
    LastClosedExitPrice,
    /// Its signed size.
    LastClosedSize,
    /// Its profit after commission.
    LastClosedProfit,
}

/// What a node computes.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// A constant number.
    Number(f64),
    /// A constant truth.
    Truth(bool),
    /// The value of input i.
    Input(u16),
    /// A fact of the symbol.
    Symbol(SymbolFact),
    /// A price column.
    Price(Price),
    /// A time field.
    Time(Time),
    /// Function of one number.
    Unary(Unary, NodeId),
    /// Function of two numbers.
    Binary(Binary, NodeId, NodeId),
    /// Comparison of two numbers: a truth.
    Compare(Compare, NodeId, NodeId),
    /// Logic on truths.
    And(NodeId, NodeId),
    /// Logic on truths.
    Or(NodeId, NodeId),
    /// Logic on truths.
    Not(NodeId),
    /// Condition, then, else; both branches of one kind.
    Select(NodeId, NodeId, NodeId),
    /// Whether a number is `na`.
    IsNa(NodeId),
    /// x\[n\]: a number n bars ago (`na` before the first) or a truth (false before the first). n is a scalar >= 0.
    History(NodeId, NodeId),
    /// A built-in series function.
    Indicator(Indicator, Vec<NodeId>),
    /// Number: bars since the truth was last true, 0 on that bar, `na` before.
    BarsSince(NodeId),
    /// (truth, number, n): the number on the n-th last bar on which the truth held, n = 0 the latest.
    ValueWhen(NodeId, NodeId, NodeId),
    /// The value that register i had at the end of the bar before (its initial value on the first bar).
    Register(u32, Kind),
    /// The broker's state after this bar's fills.
    Broker(Broker),
}

impl Op {
    /// The same function of other operands.
    pub(crate) fn map(self, mut to: impl FnMut(NodeId) -> NodeId) -> Op {
        match self {
            Op::Unary(f, a) => Op::Unary(f, to(a)),
            Op::Binary(f, a, b) => Op::Binary(f, to(a), to(b)),
            Op::Compare(f, a, b) => Op::Compare(f, to(a), to(b)),
            Op::And(a, b) => Op::And(to(a), to(b)),
            Op::Or(a, b) => Op::Or(to(a), to(b)),
            Op::Not(a) => Op::Not(to(a)),
            Op::Select(a, b, c) => Op::Select(to(a), to(b), to(c)),
            Op::IsNa(a) => Op::IsNa(to(a)),
            Op::History(a, b) => Op::History(to(a), to(b)),
            Op::Indicator(which, args) => Op::Indicator(which, args.into_iter().map(to).collect()),
            Op::BarsSince(a) => Op::BarsSince(to(a)),
            Op::ValueWhen(a, b, c) => Op::ValueWhen(to(a), to(b), to(c)),
            leaf @ (Op::Number(_)
            | Op::Truth(_)
            | Op::Input(_)
            | Op::Symbol(_)
            | Op::Price(_)
            | Op::Time(_)
            | Op::Register(..)
            | Op::Broker(_)) => leaf,
        }
    }
}

/// The nodes of one strategy.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// In topological order.
    pub nodes: Vec<Node>,
    /// Where each op stands, by its text: numbers by their bits, so that `na` constants are shared too.
    index: HashMap<String, NodeId>,
}

impl PartialEq for Graph {
    fn eq(&self, other: &Graph) -> bool {
        // `na` constants differ from themselves; their text does not.
        self.nodes.len() == other.nodes.len()
            && self.nodes.iter().zip(&other.nodes).all(|(a, b)| key(&a.op) == key(&b.op) && a.line == b.line)
    }
}

impl Graph {
    /// The node called `id`.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// Adds `op`, or finds the node that already computes it. Shape, kind and inputs follow from the operands.
    pub fn add(&mut self, op: Op, line: u32) -> NodeId {
        let key = key(&op);
        if let Some(known) = self.index.get(&key) {
            return *known;
        }
        let (kind, shape, inputs) = self.derive(&op);
        let feedback = matches!(op, Op::Register(..) | Op::Broker(_))
            || Graph::operands(&op).iter().any(|operand| self.node(*operand).feedback);
        self.nodes.push(Node { op, kind, shape, inputs, feedback, line });
        let id = NodeId(self.nodes.len() as u32 - 1);
        self.index.insert(key, id);
        id
    }

    /// The operands of `op`, in order.
    pub fn operands(op: &Op) -> Vec<NodeId> {
        match op {
            Op::Number(_)
            | Op::Truth(_)
            | Op::Input(_)
            | Op::Symbol(_)
            | Op::Price(_)
            | Op::Time(_)
            | Op::Register(..)
            | Op::Broker(_) => vec![],
            Op::Unary(_, a) | Op::Not(a) | Op::IsNa(a) | Op::BarsSince(a) => vec![*a],
            Op::Binary(_, a, b) | Op::Compare(_, a, b) | Op::And(a, b) | Op::Or(a, b) | Op::History(a, b) => {
                vec![*a, *b]
            }
            Op::Select(a, b, c) | Op::ValueWhen(a, b, c) => vec![*a, *b, *c],
            Op::Indicator(_, args) => args.clone(),
        }
    }

    fn derive(&self, op: &Op) -> (Kind, Shape, u64) {
        let operands = Graph::operands(op);
        let inputs = operands.iter().fold(0, |bits, id| bits | self.node(*id).inputs);
        let widest = operands.iter().map(|id| self.node(*id).shape).max().unwrap_or(Shape::Scalar);
        match op {
            Op::Number(_) => (Kind::Number, Shape::Scalar, 0),
            Op::Truth(_) => (Kind::Truth, Shape::Scalar, 0),
            Op::Symbol(_) => (Kind::Number, Shape::Scalar, 0),
            Op::Input(i) => (Kind::Number, Shape::Scalar, 1 << i),
            Op::Price(_) | Op::Time(_) => (Kind::Number, Shape::Series, 0),
            Op::Register(_, kind) => (*kind, Shape::Series, 0),
            Op::Broker(_) => (Kind::Number, Shape::Series, 0),
            Op::Unary(..) | Op::Binary(..) => (Kind::Number, widest, inputs),
            Op::Compare(..) | Op::And(..) | Op::Or(..) | Op::Not(_) | Op::IsNa(_) => (Kind::Truth, widest, inputs),
            Op::Select(_, then, _) => (self.node(*then).kind, widest, inputs),
            Op::History(x, _) => (self.node(*x).kind, Shape::Series, inputs),
            Op::Indicator(..) | Op::BarsSince(_) | Op::ValueWhen(..) => (Kind::Number, Shape::Series, inputs),
        }
    }
}

/// Two ops with one key are the same.
fn key(op: &Op) -> String {
    match op {
        Op::Number(x) => format!("#{:016x}", x.to_bits()),
        other => format!("{other:?}"),
    }
}

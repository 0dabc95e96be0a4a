//! The checked script: names resolved to slots, calls to built-ins with a call-site each, functions written out.
//!
//! What the plain interpreter runs. Nothing here refers to text any more, but for the line of what may fail at run time.
//! A [`Body`] runs once a bar; a script has one, and each request for another interval has one of its own.

use std::sync::Arc;

use super::ta::Ta;
use crate::graph::{Binary, Compare, Price, Time, Unary};
use crate::{Diagnostic, Input, Settings};

/// What `check` gives.
#[derive(Clone, Debug)]
pub struct Script {
    /// The title given to `strategy(...)`.
    pub title: String,
    /// Pine version of the text (1 to 6).
    pub version: u8,
    /// Parameters in the order of their declaration; at most 64.
    pub inputs: Vec<Input>,
    /// What `strategy(...)` says of execution and sizing.
    pub settings: Settings,
    /// What runs on every bar.
    pub body: Body,
    /// Where the script reads the future: it is not testable, and says so with these lines.
    pub look_ahead: Vec<Diagnostic>,
    /// Things a reader should know that do not stop the run.
    pub warnings: Vec<Diagnostic>,
}

/// How deep a history must reach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Depth {
    /// Never asked for.
    #[default]
    None,
    /// So many bars.
    Bars(u32),
    /// An offset that is only known at run time.
    Any,
}

/// A variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// How far back it is read.
    pub depth: Depth,
    /// Its history counts bars; that of a local variable counts the bars on which its block ran.
    pub global: bool,
    /// A condition of version 6, which is false before the first bar where others are `na`.
    pub truth: bool,
}

/// What runs once a bar.
#[derive(Clone, Debug, Default)]
pub struct Body {
    /// Statements in order.
    pub code: Vec<Code>,
    /// Variables.
    pub slots: Vec<Slot>,
    /// Histories of expressions: depth, and whether a missing value is false.
    pub series: Vec<(Depth, bool)>,
    /// States of built-in functions: the line of each.
    pub sites: Vec<u32>,
    /// `var` declarations: which have run.
    pub once: u32,
    /// Requests for other intervals.
    pub requests: Vec<Request>,
    /// The value of a request's body.
    pub result: Option<Box<Code>>,
}

/// Which bar of another interval a request shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The last one that has closed by this bar's close.
    Closed,
    /// The last one that had closed when this bar's period of the other interval began (`lookahead_on` with an offset).
    ClosedBefore,
    /// Every bar of a lower interval within this one, as an array.
    Within,
}

/// The same symbol on another interval.
#[derive(Clone, Debug)]
pub struct Request {
    /// What it computes there.
    pub body: Body,
    /// The interval as Pine writes it; evaluated on the first bar.
    pub interval: Code,
    /// Which bar is shown.
    pub shown: Shown,
    /// A gap (`barmerge.gaps_on`) shows `na` where no bar of the other interval closed.
    pub gaps: bool,
    /// Prices of that interval as Heikin-Ashi candles.
    pub heikin_ashi: bool,
    /// Where.
    pub line: u32,
}

/// A read of the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "Pine's strategy.* of the same name")]
pub enum Account {
    PositionSize,
    PositionAvgPrice,
    Equity,
    NetProfit,
    NetProfitPercent,
    OpenProfit,
    OpenProfitPercent,
    GrossProfit,
    GrossProfitPercent,
    GrossLoss,
    GrossLossPercent,
    ClosedTrades,
    OpenTrades,
    WinTrades,
    LossTrades,
    EvenTrades,
    AvgTrade,
    AvgTradePercent,
    AvgWinningTrade,
    AvgLosingTrade,
    AvgWinningTradePercent,
    AvgLosingTradePercent,
    MaxDrawdown,
    MaxDrawdownPercent,
    MaxRunup,
    MaxRunupPercent,
    MaxContractsHeldAll,
    MaxContractsHeldLong,
    MaxContractsHeldShort,
    InitialCapital,
    PositionEntryName,
    OpenCapitalHeld,
}

/// What is asked of one trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "Pine's strategy.closedtrades.* and strategy.opentrades.* of the same name")]
pub enum TradeField {
    EntryPrice,
    EntryBarIndex,
    EntryTime,
    EntryId,
    EntryComment,
    ExitPrice,
    ExitBarIndex,
    ExitTime,
    ExitId,
    ExitComment,
    Size,
    Profit,
    ProfitPercent,
    Commission,
    MaxRunup,
    MaxRunupPercent,
    MaxDrawdown,
    MaxDrawdownPercent,
}

/// An order command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "Pine's strategy.* of the same name")]
pub enum Order {
    Entry,
    Order,
    Exit,
    Close,
    CloseAll,
    Cancel,
    CancelAll,
    AllowEntryIn,
}

/// Parts of the bar beside its prices and its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as Pine names them")]
pub enum Fact {
    Price(Price),
    Time(Time),
    Second,
    WeekOfYear,
    TimeClose,
    TradingDay,
    IsFirst,
    IsLast,
    LastBarIndex,
    LastBarTime,
    Multiplier,
    IsIntraday,
    IsMinutes,
    IsSeconds,
    IsDaily,
    IsWeekly,
    IsMonthly,
    SessionFirst,
    SessionLast,
    MinTick,
}

/// Code: an expression or a statement. A statement's value is that of what it assigns.
#[derive(Clone, Debug)]
pub enum Code {
    /// `na` of any type.
    Na,
    /// A number.
    Number(f64),
    /// A truth.
    Truth(bool),
    /// A text.
    Text(Arc<str>),
    /// A drawing or colour: present, without effect.
    Inert,
    /// The value of input i.
    Input(u16),
    /// Something of the bar.
    Bar(Fact),
    /// With its line: a read of the end of the file, which a trader cannot know.
    At(u32, Box<Code>),
    /// Something of an earlier bar.
    BarPast(Fact, Box<Code>),
    /// The interval of the bars, as Pine writes it.
    Interval,
    /// A variable.
    Slot(u32),
    /// A variable some bars ago.
    Past(u32, Box<Code>),
    /// An expression some bars ago: which history, what, how far.
    PastOf(u32, Box<Code>, Box<Code>),
    /// Assigns.
    Set(u32, Box<Code>),
    /// `var`: assigns the first time it is reached.
    Once(u32, u32, Box<Code>),
    /// A function of one number.
    Unary(Unary, Box<Code>),
    /// Arithmetic.
    Binary(Binary, Box<Code>, Box<Code>),
    /// A comparison of numbers.
    Compare(Compare, Box<Code>, Box<Code>),
    /// `==` and `!=` of anything; true for `!=`.
    Equal(bool, Box<Code>, Box<Code>),
    /// Joins two texts.
    Join(Box<Code>, Box<Code>),
    /// The second side is only reached when it decides.
    And(Box<Code>, Box<Code>),
    /// The second side is only reached when it decides.
    Or(Box<Code>, Box<Code>),
    /// Both sides are always reached, as before version 6.
    AndBoth(Box<Code>, Box<Code>),
    /// Both sides are always reached, as before version 6.
    OrBoth(Box<Code>, Box<Code>),
    /// Logic.
    Not(Box<Code>),
    /// Whether it is `na`.
    IsNa(Box<Code>),
    /// Statements; the value is the last one's.
    Block(Vec<Code>),
    /// `if`, `?:` and `switch`.
    If(Box<Code>, Box<Code>, Box<Code>),
    /// `for counter = from to to by step`.
    For(Box<ForLoop>),
    /// `for [index, item] in of`.
    ForIn(Box<ForIn>),
    /// `while`.
    While(Box<Code>, Box<Code>, u32),
    /// Leaves the innermost loop.
    Break,
    /// Goes on with its next round.
    Continue,
    /// Several values.
    Tuple(Vec<Code>),
    /// Assigns several values; `None` for `_`.
    Unpack(Vec<Option<u32>>, Box<Code>),
    /// A series function with a state of its own.
    Ta(Ta, u32, Vec<Code>),
    /// A function without a state; `None` for an argument that is not given.
    Call(Fun, Vec<Option<Code>>, u32),
    /// A field of an object.
    Field(Box<Code>, u32, u32),
    /// Assigns a field: object, field, value, line.
    SetField(Box<Code>, u32, Box<Code>, u32),
    /// A new object of a type.
    New(u32, Vec<Code>),
    /// A shallow copy of an object.
    CopyObject(Box<Code>, u32),
    /// Reads (or, if true, changes) what values of a class share: an array, a map, the objects of a type.
    Uses(u32, bool, Box<Code>),
    /// An order; arguments in the order of `strategy::PARAMETERS`.
    Order(Order, Vec<Option<Code>>, u32),
    /// A read of the account.
    Account(Account),
    /// A read of one trade: closed or open, what, which.
    Trade(bool, TradeField, Box<Code>),
    /// The value of a request.
    Request(u32),
    /// Stops the run with a text.
    Error(Box<Code>, u32),
    /// Something that cannot run; if it is live, the script is refused with that finding.
    Refused(u32),
}

/// A counted loop.
#[derive(Clone, Debug)]
pub struct ForLoop {
    /// The counter.
    pub counter: u32,
    /// First value.
    pub from: Code,
    /// Last value; asked before each round.
    pub to: Code,
    /// Step; one towards the end when absent.
    pub by: Option<Code>,
    /// What is repeated.
    pub body: Code,
    /// Where.
    pub line: u32,
}

/// A loop over the elements of an array or a map.
#[derive(Clone, Debug)]
pub struct ForIn {
    /// The index or key.
    pub index: Option<u32>,
    /// The element.
    pub item: u32,
    /// The array or map.
    pub of: Code,
    /// What is repeated.
    pub body: Code,
    /// Where.
    pub line: u32,
}

/// Functions without a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "Pine's functions of the same name")]
pub enum Fun {
    // Numbers.
    Nz,
    Int,
    Float,
    Bool,
    Round,
    RoundToMintick,
    Sin,
    Cos,
    Tan,
    Asin,
    Acos,
    Atan,
    ToDegrees,
    ToRadians,
    Random,
    Max,
    Min,
    Avg,
    // Texts.
    ToText,
    Format,
    FormatTime,
    Length,
    Contains,
    StartsWith,
    EndsWith,
    Position,
    Substring,
    Replace,
    ReplaceAll,
    Upper,
    Lower,
    Trim,
    Split,
    Repeat,
    ToNumber,
    Match,
    // Time.
    TimeOf,
    TimeCloseOf,
    Timestamp,
    Year,
    Month,
    DayOfMonth,
    DayOfWeek,
    WeekOfYear,
    Hour,
    Minute,
    Second,
    IntervalSeconds,
    IntervalOfSeconds,
    // Arrays.
    ArrayNew,
    ArrayFrom,
    Push,
    Unshift,
    Insert,
    Pop,
    Shift,
    Remove,
    Get,
    Put,
    First,
    Last,
    Size,
    Clear,
    Fill,
    Concat,
    Copy,
    Slice,
    Reverse,
    Sort,
    SortIndices,
    Includes,
    IndexOf,
    LastIndexOf,
    BinarySearch,
    BinarySearchLeft,
    BinarySearchRight,
    JoinTexts,
    ArraySum,
    ArrayAvg,
    ArrayMin,
    ArrayMax,
    ArrayMedian,
    ArrayMode,
    ArrayRange,
    ArrayStdev,
    ArrayVariance,
    ArrayCovariance,
    ArrayPercentileLinear,
    ArrayPercentileNearest,
    ArrayPercentRank,
    ArrayAbs,
    ArrayStandardize,
    ArrayEvery,
    ArraySome,
    // Maps.
    MapNew,
    MapPut,
    MapGet,
    MapContains,
    MapRemove,
    MapSize,
    MapKeys,
    MapValues,
    MapClear,
    MapCopy,
    MapPutAll,
    // Matrices.
    MatrixNew,
    MatrixGet,
    MatrixSet,
    MatrixRows,
    MatrixColumns,
    MatrixRow,
    MatrixColumn,
    MatrixAddRow,
    MatrixAddColumn,
    MatrixRemoveRow,
    MatrixRemoveColumn,
    MatrixFill,
    MatrixCopy,
    // Drawings whose coordinates the script reads back: a record of numbers and texts.
    DrawingNew,
    DrawingSet,
    DrawingGet,
    // Account.
    ConvertCurrency,
    DefaultQuantity,
}

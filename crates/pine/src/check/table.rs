//! Built-in functions: parameters, and what a call of each becomes.
//!
//! A parameter is a name; `name?` may be missing, `name=value` has a default: a number, `true`, `false` or a price.

use super::ta::Ta;
use super::tree::Fun;
use super::types::Type;
use crate::graph::Unary;

/// What a call becomes.
#[derive(Clone, Copy)]
pub(super) enum Target {
    Ta(Ta),
    Fun(Fun),
    Unary(Unary),
    Pow,
}

/// The type of its value.
#[derive(Clone, Copy)]
pub(super) enum Gives {
    Int,
    Float,
    Bool,
    Text,
    Void,
    /// That of the first argument.
    Same,
    /// That of the second argument.
    Second,
    /// An element of the first argument, an array; the value of a map; the element of a matrix.
    Element,
    /// An array of the elements of the first argument.
    Elements,
    Texts,
    Ints,
    Floats,
    Keys,
    /// So many floats.
    Several(usize),
}

impl Gives {
    pub(super) fn of(self, args: &[Type]) -> Type {
        let first = || args.first().cloned().unwrap_or(Type::Any);
        match self {
            Gives::Int => Type::Int,
            Gives::Float => Type::Float,
            Gives::Bool => Type::Bool,
            Gives::Text => Type::Text,
            Gives::Void => Type::Void,
            Gives::Same => first(),
            Gives::Second => args.get(1).cloned().unwrap_or(Type::Any),
            Gives::Element => match first() {
                Type::Array(of) | Type::Matrix(of) => *of,
                Type::Map(pair) => pair.1,
                _ => Type::Any,
            },
            Gives::Elements => match first() {
                Type::Array(of) | Type::Matrix(of) => Type::Array(of),
                Type::Map(pair) => Type::Array(pair.1.into()),
                _ => Type::Any,
            },
            Gives::Keys => match first() {
                Type::Map(pair) => Type::Array(pair.0.into()),
                _ => Type::Any,
            },
            Gives::Texts => Type::Array(Type::Text.into()),
            Gives::Ints => Type::Array(Type::Int.into()),
            Gives::Floats => Type::Array(Type::Float.into()),
            Gives::Several(n) => Type::Tuple(vec![Type::Float; n]),
        }
    }
}

/// One built-in function.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) parameters: &'static str,
    pub(super) target: Target,
    pub(super) gives: Gives,
}

/// The function of that name.
pub(super) fn find(name: &str) -> Option<&'static Row> {
    ROWS.binary_search_by(|row| row.name.cmp(name)).ok().map(|at| &ROWS[at])
}

const fn row(name: &'static str, parameters: &'static str, target: Target, gives: Gives) -> Row {
    Row { name, parameters, target, gives }
}
const fn fun(name: &'static str, parameters: &'static str, which: Fun, gives: Gives) -> Row {
    row(name, parameters, Target::Fun(which), gives)
}
const fn ta(name: &'static str, parameters: &'static str, which: Ta, gives: Gives) -> Row {
    row(name, parameters, Target::Ta(which), gives)
}
const fn math(name: &'static str, which: Unary, gives: Gives) -> Row {
    row(name, "number", Target::Unary(which), gives)
}

use Gives::{Bool, Element, Elements, Float, Floats, Int, Ints, Keys, Same, Second, Several, Text, Texts, Void};

/// In order of name.
static ROWS: &[Row] = &[
    fun("array.abs", "id", Fun::ArrayAbs, Same),
    fun("array.avg", "id", Fun::ArrayAvg, Float),
    fun("array.binary_search", "id val", Fun::BinarySearch, Int),
    fun("array.binary_search_leftmost", "id val", Fun::BinarySearchLeft, Int),
    fun("array.binary_search_rightmost", "id val", Fun::BinarySearchRight, Int),
    fun("array.clear", "id", Fun::Clear, Void),
    fun("array.concat", "id1 id2", Fun::Concat, Same),
    fun("array.copy", "id", Fun::Copy, Same),
    fun("array.covariance", "id1 id2 biased=true", Fun::ArrayCovariance, Float),
    fun("array.every", "id", Fun::ArrayEvery, Bool),
    fun("array.fill", "id value index_from? index_to?", Fun::Fill, Void),
    fun("array.first", "id", Fun::First, Element),
    fun("array.get", "id index", Fun::Get, Element),
    fun("array.includes", "id value", Fun::Includes, Bool),
    fun("array.indexof", "id value", Fun::IndexOf, Int),
    fun("array.insert", "id index value", Fun::Insert, Void),
    fun("array.join", "id separator?", Fun::JoinTexts, Text),
    fun("array.last", "id", Fun::Last, Element),
    fun("array.lastindexof", "id value", Fun::LastIndexOf, Int),
    fun("array.max", "id nth=0", Fun::ArrayMax, Element),
    fun("array.median", "id", Fun::ArrayMedian, Float),
    fun("array.min", "id nth=0", Fun::ArrayMin, Element),
    fun("array.mode", "id", Fun::ArrayMode, Element),
    fun("array.percentile_linear_interpolation", "id percentage", Fun::ArrayPercentileLinear, Float),
    fun("array.percentile_nearest_rank", "id percentage", Fun::ArrayPercentileNearest, Float),
    fun("array.percentrank", "id index", Fun::ArrayPercentRank, Float),
    fun("array.pop", "id", Fun::Pop, Element),
    fun("array.push", "id value", Fun::Push, Void),
    fun("array.range", "id", Fun::ArrayRange, Element),
    fun("array.remove", "id index", Fun::Remove, Element),
    fun("array.reverse", "id", Fun::Reverse, Void),
    fun("array.set", "id index value", Fun::Put, Void),
    fun("array.shift", "id", Fun::Shift, Element),
    fun("array.size", "id", Fun::Size, Int),
    fun("array.slice", "id index_from index_to", Fun::Slice, Same),
    fun("array.some", "id", Fun::ArraySome, Bool),
    fun("array.sort", "id order?", Fun::Sort, Void),
    fun("array.sort_indices", "id order?", Fun::SortIndices, Ints),
    fun("array.standardize", "id", Fun::ArrayStandardize, Floats),
    fun("array.stdev", "id biased=true", Fun::ArrayStdev, Float),
    fun("array.sum", "id", Fun::ArraySum, Element),
    fun("array.unshift", "id value", Fun::Unshift, Void),
    fun("array.variance", "id biased=true", Fun::ArrayVariance, Float),
    fun("bool", "x", Fun::Bool, Bool),
    fun("dayofmonth", "time timezone?", Fun::DayOfMonth, Int),
    fun("dayofweek", "time timezone?", Fun::DayOfWeek, Int),
    ta("fixnan", "source", Ta::FixNan, Same),
    fun("float", "x", Fun::Float, Float),
    fun("hour", "time timezone?", Fun::Hour, Int),
    fun("int", "x", Fun::Int, Int),
    fun("map.clear", "id", Fun::MapClear, Void),
    fun("map.contains", "id key", Fun::MapContains, Bool),
    fun("map.copy", "id", Fun::MapCopy, Same),
    fun("map.get", "id key", Fun::MapGet, Element),
    fun("map.keys", "id", Fun::MapKeys, Keys),
    fun("map.put", "id key value", Fun::MapPut, Element),
    fun("map.put_all", "id id2", Fun::MapPutAll, Void),
    fun("map.remove", "id key", Fun::MapRemove, Element),
    fun("map.size", "id", Fun::MapSize, Int),
    fun("map.values", "id", Fun::MapValues, Elements),
    math("math.abs", Unary::Abs, Same),
    fun("math.acos", "angle", Fun::Acos, Float),
    fun("math.asin", "angle", Fun::Asin, Float),
    fun("math.atan", "angle", Fun::Atan, Float),
    math("math.ceil", Unary::Ceil, Int),
    fun("math.cos", "angle", Fun::Cos, Float),
    math("math.exp", Unary::Exp, Float),
    math("math.floor", Unary::Floor, Int),
    math("math.log", Unary::Log, Float),
    math("math.log10", Unary::Log10, Float),
    row("math.pow", "base exponent", Target::Pow, Float),
    fun("math.random", "min=0 max=1 seed?", Fun::Random, Float),
    fun("math.round", "number precision=0", Fun::Round, Same),
    fun("math.round_to_mintick", "number", Fun::RoundToMintick, Float),
    math("math.sign", Unary::Sign, Float),
    fun("math.sin", "angle", Fun::Sin, Float),
    math("math.sqrt", Unary::Sqrt, Float),
    ta("math.sum", "source length", Ta::Sum, Float),
    fun("math.tan", "angle", Fun::Tan, Float),
    fun("math.todegrees", "radians", Fun::ToDegrees, Float),
    fun("math.toradians", "degrees", Fun::ToRadians, Float),
    fun("matrix.add_col", "id column? array_id?", Fun::MatrixAddColumn, Void),
    fun("matrix.add_row", "id row? array_id?", Fun::MatrixAddRow, Void),
    fun("matrix.col", "id column", Fun::MatrixColumn, Elements),
    fun("matrix.columns", "id", Fun::MatrixColumns, Int),
    fun("matrix.copy", "id", Fun::MatrixCopy, Same),
    fun("matrix.fill", "id value from_row? to_row? from_column? to_column?", Fun::MatrixFill, Void),
    fun("matrix.get", "id row column", Fun::MatrixGet, Element),
    fun("matrix.remove_col", "id column?", Fun::MatrixRemoveColumn, Elements),
    fun("matrix.remove_row", "id row?", Fun::MatrixRemoveRow, Elements),
    fun("matrix.row", "id row", Fun::MatrixRow, Elements),
    fun("matrix.rows", "id", Fun::MatrixRows, Int),
    fun("matrix.set", "id row column value", Fun::MatrixSet, Void),
    fun("minute", "time timezone?", Fun::Minute, Int),
    fun("month", "time timezone?", Fun::Month, Int),
    fun("second", "time timezone?", Fun::Second, Int),
    fun("str.contains", "source str", Fun::Contains, Bool),
    fun("str.endswith", "source str", Fun::EndsWith, Bool),
    fun("str.format_time", "time format? timezone?", Fun::FormatTime, Text),
    fun("str.length", "string", Fun::Length, Int),
    fun("str.lower", "source", Fun::Lower, Text),
    fun("str.match", "source regex", Fun::Match, Text),
    fun("str.pos", "source str", Fun::Position, Int),
    fun("str.repeat", "source repeat separator?", Fun::Repeat, Text),
    fun("str.replace", "source target replacement occurrence=0", Fun::Replace, Text),
    fun("str.replace_all", "source target replacement", Fun::ReplaceAll, Text),
    fun("str.split", "string separator", Fun::Split, Texts),
    fun("str.startswith", "source str", Fun::StartsWith, Bool),
    fun("str.substring", "source begin_pos end_pos?", Fun::Substring, Text),
    fun("str.tonumber", "string", Fun::ToNumber, Float),
    fun("str.tostring", "value format?", Fun::ToText, Text),
    fun("str.trim", "source", Fun::Trim, Text),
    fun("str.upper", "source", Fun::Upper, Text),
    fun("strategy.convert_to_account", "value", Fun::ConvertCurrency, Float),
    fun("strategy.convert_to_symbol", "value", Fun::ConvertCurrency, Float),
    fun("strategy.default_entry_qty", "fill_price", Fun::DefaultQuantity, Float),
    fun("string", "x", Fun::ToText, Text),
    ta("ta.alma", "series length offset=0.85 sigma=6 floor=false", Ta::Alma, Float),
    ta("ta.atr", "length", Ta::Atr, Float),
    ta("ta.barssince", "condition", Ta::BarsSince, Int),
    ta("ta.bb", "series length mult", Ta::Bb, Several(3)),
    ta("ta.bbw", "series length mult", Ta::Bbw, Float),
    ta("ta.cci", "source length", Ta::Cci, Float),
    ta("ta.change", "source length=1", Ta::Change, Same),
    ta("ta.cmo", "series length", Ta::Cmo, Float),
    ta("ta.cog", "source length", Ta::Cog, Float),
    ta("ta.correlation", "source1 source2 length", Ta::Correlation, Float),
    ta("ta.cross", "source1 source2", Ta::Cross, Bool),
    ta("ta.crossover", "source1 source2", Ta::Crossover, Bool),
    ta("ta.crossunder", "source1 source2", Ta::Crossunder, Bool),
    ta("ta.cum", "source", Ta::Cum, Float),
    ta("ta.dev", "source length", Ta::Dev, Float),
    ta("ta.dmi", "diLength adxSmoothing", Ta::Dmi, Several(3)),
    ta("ta.ema", "source length", Ta::Ema, Float),
    ta("ta.falling", "source length", Ta::Falling, Bool),
    ta("ta.highest", "source=high length", Ta::Highest, Float),
    ta("ta.highestbars", "source=high length", Ta::HighestBars, Int),
    ta("ta.hma", "source length", Ta::Hma, Float),
    ta("ta.kama", "source length", Ta::Kama, Float),
    ta("ta.kc", "series length mult useTrueRange=true", Ta::Kc, Several(3)),
    ta("ta.kcw", "series length mult useTrueRange=true", Ta::Kcw, Float),
    ta("ta.linreg", "source length offset=0", Ta::Linreg, Float),
    ta("ta.lowest", "source=low length", Ta::Lowest, Float),
    ta("ta.lowestbars", "source=low length", Ta::LowestBars, Int),
    ta("ta.macd", "source fastlen slowlen siglen", Ta::Macd, Several(3)),
    ta("ta.max", "source", Ta::AllTimeMax, Float),
    ta("ta.median", "source length", Ta::Median, Float),
    ta("ta.mfi", "series length", Ta::Mfi, Float),
    ta("ta.min", "source", Ta::AllTimeMin, Float),
    ta("ta.mode", "source length", Ta::Mode, Float),
    ta("ta.mom", "source length", Ta::Change, Float),
    ta("ta.percentile_linear_interpolation", "source length percentage", Ta::PercentileLinear, Float),
    ta("ta.percentile_nearest_rank", "source length percentage", Ta::PercentileNearest, Float),
    ta("ta.percentrank", "source length", Ta::PercentRank, Float),
    ta("ta.pivothigh", "source=high leftbars rightbars", Ta::PivotHigh, Float),
    ta("ta.pivotlow", "source=low leftbars rightbars", Ta::PivotLow, Float),
    ta("ta.range", "source length", Ta::Range, Float),
    ta("ta.rising", "source length", Ta::Rising, Bool),
    ta("ta.rma", "source length", Ta::Rma, Float),
    ta("ta.roc", "source length", Ta::Roc, Float),
    ta("ta.rsi", "source length", Ta::Rsi, Float),
    ta("ta.sar", "start inc max", Ta::Sar, Float),
    ta("ta.sma", "source length", Ta::Sma, Float),
    ta("ta.stdev", "source length biased=true", Ta::Stdev, Float),
    ta("ta.stoch", "source high low length", Ta::Stoch, Float),
    ta("ta.supertrend", "factor atrPeriod", Ta::Supertrend, Several(2)),
    ta("ta.swma", "source", Ta::Swma, Float),
    ta("ta.tr", "handle_na=false", Ta::TrueRange, Float),
    ta("ta.tsi", "source short_length long_length", Ta::Tsi, Float),
    ta("ta.valuewhen", "condition source occurrence", Ta::ValueWhen, Second),
    ta("ta.variance", "source length biased=true", Ta::Variance, Float),
    ta("ta.vwma", "source length", Ta::Vwma, Float),
    ta("ta.wma", "source length", Ta::Wma, Float),
    ta("ta.wpr", "length", Ta::Wpr, Float),
    fun("time", "timeframe session? timezone? bars_back? timeframe_bars_back?", Fun::TimeOf, Int),
    fun("time_close", "timeframe session? timezone? bars_back? timeframe_bars_back?", Fun::TimeCloseOf, Int),
    ta("timeframe.change", "timeframe", Ta::IntervalChange, Bool),
    fun("timeframe.from_seconds", "seconds", Fun::IntervalOfSeconds, Text),
    fun("timeframe.in_seconds", "timeframe?", Fun::IntervalSeconds, Int),
    fun("weekofyear", "time timezone?", Fun::WeekOfYear, Int),
    fun("year", "time timezone?", Fun::Year, Int),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signatures::{self, Presence};

    #[test]
    fn the_rows_stand_in_order_of_name() {
        assert!(ROWS.windows(2).all(|pair| pair[0].name < pair[1].name));
        assert!(find("ta.sma").is_some() && find("sma").is_none());
    }

    /// [`signatures`] says what a call may give; what a row lacks of it is refused where it is given.
    #[test]
    fn rows_have_the_parameters_of_the_signatures() {
        let lacking = ["array.sort", "array.sort_indices"].map(|name| (name, "sort_field"));
        for row in ROWS {
            let signature = signatures::function(row.name).unwrap_or_else(|| panic!("{}: no signature", row.name));
            let known = signature.parameters.iter().filter(|p| !lacking.contains(&(row.name, p.name)));
            let known: Vec<_> = known.map(|p| (p.name, p.presence != Presence::Needed)).collect();
            let ours: Vec<_> = row
                .parameters
                .split_whitespace()
                .map(|p| (p.trim_end_matches('?').split('=').next().unwrap(), p.contains(['?', '='])))
                .collect();
            let names = |all: &[(&'static str, bool)]| all.iter().map(|p| p.0).collect::<Vec<_>>();
            assert_eq!(names(&ours), names(&known), "{}", row.name);
            // Several ways to call it may make optional here what each way needs.
            assert!(ours.iter().zip(&known).all(|(ours, known)| ours.1 || !known.1), "{}", row.name);
        }
    }
}

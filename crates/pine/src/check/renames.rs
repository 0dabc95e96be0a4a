//! What versions 1 to 4 called differently.

const TA: [&str; 56] = [
    "accdist",
    "alma",
    "atr",
    "barssince",
    "bb",
    "bbw",
    "cci",
    "change",
    "cmo",
    "cog",
    "correlation",
    "cross",
    "crossover",
    "crossunder",
    "cum",
    "dev",
    "dmi",
    "ema",
    "falling",
    "highest",
    "highestbars",
    "hma",
    "iii",
    "kc",
    "kcw",
    "linreg",
    "lowest",
    "lowestbars",
    "macd",
    "mfi",
    "mom",
    "nvi",
    "obv",
    "percentile_linear_interpolation",
    "percentile_nearest_rank",
    "percentrank",
    "pivothigh",
    "pivotlow",
    "pvi",
    "pvt",
    "rising",
    "rma",
    "roc",
    "rsi",
    "sar",
    "sma",
    "stdev",
    "stoch",
    "supertrend",
    "swma",
    "tr",
    "tsi",
    "valuewhen",
    "variance",
    "vwap",
    "vwma",
];
const TA_MORE: [&str; 7] = ["wad", "wma", "wpr", "wvad", "median", "mode", "range"];
const MATH: [&str; 23] = [
    "abs",
    "acos",
    "asin",
    "atan",
    "avg",
    "ceil",
    "cos",
    "exp",
    "floor",
    "log",
    "log10",
    "max",
    "min",
    "pow",
    "random",
    "round",
    "round_to_mintick",
    "sign",
    "sin",
    "sqrt",
    "sum",
    "tan",
    "todegrees",
];
const COLOURS: [&str; 17] = [
    "aqua", "black", "blue", "fuchsia", "gray", "green", "lime", "maroon", "navy", "olive", "orange", "purple", "red",
    "silver", "teal", "white", "yellow",
];

/// The name that the current version gives to a function or variable of an older one. Bare names that current versions
/// lack are read so in every version: a lazy port still means the same.
pub(super) fn current(name: &str, version: u8, call: bool) -> String {
    let old = match name {
        "tr" | "vwap" | "obv" | "accdist" | "nvi" | "pvi" | "pvt" | "wad" | "wvad" | "iii" if !call => {
            return format!("ta.{name}");
        }
        "n" => "bar_index",
        "study" => "indicator",
        "security" => "request.security",
        "tickerid" | "syminfo.tickerid" => "syminfo.tickerid",
        "ticker" if !call => "syminfo.ticker",
        "period" => "timeframe.period",
        "interval" => "timeframe.multiplier",
        "isintraday" => "timeframe.isintraday",
        "isdaily" => "timeframe.isdaily",
        "isweekly" => "timeframe.isweekly",
        "ismonthly" => "timeframe.ismonthly",
        "isdwm" => "timeframe.isdwm",
        "heikinashi" => "ticker.heikinashi",
        "tostring" => "str.tostring",
        "tonumber" => "str.tonumber",
        "tostr" => "str.tostring",
        "format" if call => "str.format",
        "split" if call => "str.split",
        "replace" if call => "str.replace",
        "toradians" => "math.toradians",
        "rgb" if call => "color.rgb",
        "color" if call && version < 5 => "color.new",
        "integer" => "int",
        "transp" if version < 4 => "transp",
        _ => "",
    };
    if !old.is_empty() {
        return old.to_owned();
    }
    if call || version < 5 {
        if TA.contains(&name) || TA_MORE.contains(&name) {
            return format!("ta.{name}");
        }
        if MATH.contains(&name) {
            return format!("math.{name}");
        }
    }
    if !call && COLOURS.contains(&name) {
        return format!("color.{name}");
    }
    name.to_owned()
}

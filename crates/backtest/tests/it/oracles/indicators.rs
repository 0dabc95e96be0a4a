//! TA-Lib: every indicator of the reference table, asked for in Pine, on the golden market and on five others. All bars are
//! compared, the leading ones without a value too, except where the two conventions differ by definition.

use serde_json::json;

use super::{Table, ask, columns, numbers, ready};
use crate::golden_indicators::column;
use crate::market;

/// Seeds of the other markets.
const SEEDS: [u64; 5] = [1, 2, 3, 5, 8];

/// TA-Lib's name, our Pine, the bar from which the two are compared, the scale below which differences count as absolute, and
/// what differs by convention.
struct Case {
    name: &'static str,
    pine: &'static str,
    from: usize,
    scale: f64,
    note: &'static str,
}

const fn case(name: &'static str, pine: &'static str, scale: f64) -> Case {
    Case { name, pine, from: 0, scale, note: "" }
}

const fn differs(name: &'static str, pine: &'static str, from: usize, scale: f64, note: &'static str) -> Case {
    Case { name, pine, from, scale, note }
}

#[test]
fn indicators_are_talibs_on_every_bar() {
    if !ready(&["TA-Lib"]) {
        return;
    }
    let cases = [
        case("SMA(20)", "ta.sma(close, 20)", 1.0),
        case("EMA(20)", "ta.ema(close, 20)", 1.0),
        case("WMA(20)", "ta.wma(close, 20)", 1.0),
        case("RSI(14)", "ta.rsi(close, 14)", 1.0),
        case("RSI(2)", "ta.rsi(close, 2)", 1.0),
        case("TRANGE", "ta.tr", 1.0),
        case("ATR(14)", "ta.rma(ta.tr, 14)", 1.0),
        case("NATR(14)", "100 * ta.rma(ta.tr, 14) / close", 1.0),
        // (13/14)^386 of the difference is left.
        differs("ATR(14)", "ta.atr(14)", 400, 1.0, "TradingView counts bar 0; forgotten by bar 400"),
        case("BBANDS upper(20, 2)", "ta.sma(close, 20) + 2 * ta.stdev(close, 20)", 1.0),
        case("BBANDS middle(20, 2)", "ta.sma(close, 20)", 1.0),
        case("BBANDS lower(20, 2)", "ta.sma(close, 20) - 2 * ta.stdev(close, 20)", 1.0),
        case("STDDEV(20)", "ta.stdev(close, 20)", 1.0),
        differs(
            "MACD line(12, 26, 9)",
            "ta.ema(close, 12) - ta.ema(close, 26)",
            500,
            1.0,
            "TA-Lib seeds the fast average on bars 14 to 25; forgotten by bar 500",
        ),
        differs("MACD signal(12, 26, 9)", "ta.ema(ta.ema(close, 12) - ta.ema(close, 26), 9)", 500, 1.0, "as the line"),
        case("CCI(20)", "ta.cci(hlc3, 20)", 1.0),
        case("WILLR(14)", "ta.wpr(14)", 1.0),
        case("ROC(10)", "ta.roc(close, 10)", 1.0),
        case("MOM(10)", "close - close[10]", 1.0),
        differs("MFI(14)", "ta.mfi(hlc3, 14)", 14, 1.0, "TradingView has one on bar 13, with bar 0 in it"),
        case("DEMA(20)", "2 * ta.ema(close, 20) - ta.ema(ta.ema(close, 20), 20)", 1.0),
        case(
            "TEMA(20)",
            "3 * ta.ema(close, 20) - 3 * ta.ema(ta.ema(close, 20), 20) + ta.ema(ta.ema(ta.ema(close, 20), 20), 20)",
            1.0,
        ),
        case("TRIX(15)", "ta.roc(ta.ema(ta.ema(ta.ema(close, 15), 15), 15), 1)", 1.0),
        case("KAMA(10)", "ta.kama(close, 10)", 1.0),
        case("LINEARREG(14)", "ta.linreg(close, 14, 0)", 1.0),
        case("LINEARREG_SLOPE(14)", "(ta.linreg(close, 14, 0) - ta.sma(close, 14)) * 2 / 13", 1.0),
        case("AROON up(25)", "100 * (25 + ta.highestbars(high, 26)) / 25", 1.0),
        case("AROON down(25)", "100 * (25 + ta.lowestbars(low, 26)) / 25", 1.0),
        case("MAX(20)", "ta.highest(high, 20)", 1.0),
        case("MIN(20)", "ta.lowest(low, 20)", 1.0),
        differs(
            "STOCH %K(14, 3, 3)",
            "ta.sma(ta.stoch(close, high, low, 14), 3)",
            17,
            1.0,
            "TA-Lib shows it from %D on",
        ),
        case("STOCH %D(14, 3, 3)", "ta.sma(ta.sma(ta.stoch(close, high, low, 14), 3), 3)", 1.0),
        differs(
            "OBV",
            "ta.valuewhen(bar_index == 0, volume, 0) + ta.obv",
            0,
            1.0,
            "TA-Lib starts at the volume of bar 0, TradingView at 0",
        ),
    ];
    let markets: Vec<_> =
        std::iter::once(market::golden()).chain(SEEDS.map(|seed| market::daily(seed, 1_200))).collect();
    let answer = ask("indicators.py", &json!({"markets": markets.iter().map(columns).collect::<Vec<_>>()}));
    let mut table = Table::new("TA-Lib 0.8.2, six markets, relative difference");
    for (bars, theirs) in markets.iter().zip(answer["markets"].as_array().unwrap()) {
        for c in &cases {
            let ours = column(c.pine, bars);
            let theirs = numbers(&theirs[c.name]);
            let row = if c.from == 0 { c.name.to_string() } else { format!("{} from bar {}", c.name, c.from) };
            table.compare(&row, &ours[c.from..], &theirs[c.from..], c.scale, 1e-9, c.note);
        }
        for (name, member) in [("+DI(14)", "p"), ("-DI(14)", "m"), ("ADX(14)", "a")] {
            let ours = crate::golden_indicators::member("[p, m, a] = ta.dmi(14, 14)", member, bars);
            let note = "TA-Lib seeds Wilder's sums with 13 values, TradingView averages with 14; forgotten by bar 500";
            let theirs = numbers(&theirs[name]);
            table.compare(&format!("{name} from bar 500"), &ours[500..], &theirs[500..], 1.0, 1e-9, note);
            let first = |x: &[f64]| x.iter().position(|v| !v.is_nan());
            assert_eq!(first(&ours), first(&theirs), "{name} starts on another bar");
        }
    }
    table.finish();
}

//! TA-Lib's values on the golden market, at the first bar that has one, at bar 500 and at the last. Each indicator is asked
//! for in Pine, so that the lowering is tested with it.

use assay_backtest::{Bars, look_ahead};
use assay_pine::graph::{NodeId, Op};
use assay_units::Seed;

use crate::{family, market, strategy};

/// The values of a Pine expression.
pub fn column(expression: &str, bars: &Bars) -> Vec<f64> {
    let program = strategy(&format!("x = {expression}"), "x > 0", "x < 0");
    let Op::Compare(_, node, _) = program.graph.node(program.entry).op else { panic!("a comparison was asked for") };
    values_of(&program, node, bars)
}

/// The values of one member of a tuple that `head` declares.
pub fn member(head: &str, member: &str, bars: &Bars) -> Vec<f64> {
    let program = strategy(head, &format!("{member} > 0"), &format!("{member} < 0"));
    let Op::Compare(_, node, _) = program.graph.node(program.entry).op else { panic!("a comparison was asked for") };
    values_of(&program, node, bars)
}

fn values_of(program: &assay_pine::Program, node: NodeId, bars: &Bars) -> Vec<f64> {
    assert_eq!(look_ahead::look_ahead(&family(program), &program.defaults(), bars, Seed(1)), Ok(None));
    assay_backtest::values(program, node, &program.defaults(), bars).unwrap()
}

struct Golden {
    pine: &'static str,
    first: usize,
    at_first: f64,
    at_500: f64,
    last: f64,
}

const fn golden(pine: &'static str, first: usize, at_first: f64, at_500: f64, last: f64) -> Golden {
    Golden { pine, first, at_first, at_500, last }
}

#[test]
fn indicators_have_talibs_values() {
    let bars = market::golden();
    for g in [
        golden("ta.sma(close, 20)", 19, 100.471645, 98.371950, 264.531245),
        golden("ta.ema(close, 20)", 19, 100.471645, 97.926025, 265.872059),
        golden("ta.wma(close, 20)", 19, 99.381480, 97.153209, 268.762059),
        golden("ta.rsi(close, 14)", 14, 45.236444, 40.033286, 62.344547),
        golden("ta.rsi(close, 2)", 2, 72.089385, 67.848255, 43.798226),
        golden("ta.tr", 1, 2.626700, 2.913300, 4.503900),
        golden("ta.atr(14)", 14, 1.972243, 1.765391, 4.501791),
        golden("ta.kama(close, 10)", 10, 103.331712, 97.805742, 270.431953),
        golden("100 * ta.atr(14) / close", 14, f64::NAN, f64::NAN, 1.6573129),
        golden("ta.stdev(close, 20)", 19, 2.890184, 2.434742, 8.582335),
        golden("ta.sma(close, 20) + 2 * ta.stdev(close, 20)", 19, 106.252014, 103.241434, 281.695916),
        golden("ta.cci(hlc3, 20)", 19, -98.474218, -121.531556, 53.534431),
        golden("ta.wpr(14)", 13, -95.969351, -68.565920, -28.481385),
        golden("ta.roc(close, 10)", 10, 4.864588, -2.140433, 3.194435),
        golden("ta.obv", 0, 8805.0, 569203.0, 2927785.0),
        golden("ta.mfi(hlc3, 14)", 14, 59.126688, 56.466733, 51.988773),
        golden("2 * ta.ema(close, 20) - ta.ema(ta.ema(close, 20), 20)", 38, 104.516986, 95.731109, 274.685258),
        golden(
            "3 * ta.ema(close, 20) - 3 * ta.ema(ta.ema(close, 20), 20) + ta.ema(ta.ema(ta.ema(close, 20), 20), 20)",
            57,
            116.239643,
            94.583867,
            275.782593,
        ),
        golden("ta.roc(ta.ema(ta.ema(ta.ema(close, 15), 15), 15), 1)", 43, 0.215658, -0.192415, 0.366465),
        golden("(ta.linreg(close, 14) - ta.sma(close, 14)) * 2 / 13", 13, 0.018959, -0.424440, 1.480002),
        golden("100 * (25 + ta.highestbars(high, 26)) / 25", 25, 40.0, 4.0, 88.0),
        golden("ta.sma(ta.stoch(close, high, low, 14), 3)", 15, f64::NAN, 11.695114, 73.528929),
        golden("ta.sma(ta.sma(ta.stoch(close, high, low, 14), 3), 3)", 17, 3.507922, 6.767233, 81.809643),
    ] {
        let x = column(g.pine, &bars);
        let near = |a: f64, b: f64, at: &str| {
            assert!(b.is_nan() || (a - b).abs() <= 6e-7 * b.abs().max(1.0), "{} at {at}: {a}, golden {b}", g.pine);
        };
        assert!(x[..g.first].iter().all(|v| v.is_nan()), "{} starts too early", g.pine);
        assert!(!x[g.first].is_nan(), "{} starts too late", g.pine);
        near(x[g.first], g.at_first, "its first bar");
        near(x[500], g.at_500, "bar 500");
        near(x[2_519], g.last, "the last bar");
    }
}

#[test]
fn directional_movement_has_talibs_values() {
    let bars = market::golden();
    for (member, first, at_first, at_500, last) in [
        ("p", 14, 22.467722, 15.311244, 28.394859),
        ("m", 14, 25.872911, 27.724380, 21.289863),
        ("a", 27, 16.746650, 22.967022, 37.345623),
    ] {
        let x = self::member("[p, m, a] = ta.dmi(14, 14)", member, &bars);
        assert!(x[first - 1].is_nan());
        for (t, golden) in [(first, at_first), (500, at_500), (2_519, last)] {
            assert!((x[t] - golden).abs() < 1e-6, "{member} at {t}: {} {golden}", x[t]);
        }
    }
}

#[test]
fn macd_meets_talibs_once_the_seeds_are_forgotten() {
    // TradingView lets every average start on its own bar; TA-Lib seeds the fast one late. The difference decays.
    let bars = market::golden();
    let line = column("ta.ema(close, 12) - ta.ema(close, 26)", &bars);
    assert!((line[500] - -1.743141).abs() < 1e-6 && (line[2_519] - 6.536803).abs() < 1e-6);
    let signal = column("ta.ema(ta.ema(close, 12) - ta.ema(close, 26), 9)", &bars);
    assert!((signal[500] - -1.347937).abs() < 1e-6 && (signal[2_519] - 6.488496).abs() < 1e-6);
    assert!(
        (line[500] - signal[500] - -0.395204).abs() < 1e-6 && (line[2_519] - signal[2_519] - 0.048307).abs() < 1e-6
    );
    // TA-Lib shows %K from where %D exists.
    let slow_k = column("ta.sma(ta.stoch(close, high, low, 14), 3)", &bars);
    assert!((slow_k[17] - 2.815657).abs() < 1e-6);
}

#[test]
fn windows_with_gaps_are_na_and_recursive_averages_go_on_behind_them() {
    let bars = market::daily(3, 40);
    let gap = "(bar_index == 20 ? na : close)";
    let sma = column(&format!("ta.sma({gap}, 3)"), &bars);
    assert!(sma[20..=22].iter().all(|v| v.is_nan()) && !sma[19].is_nan() && !sma[23].is_nan());
    assert!((sma[23] - bars.close[21..=23].iter().sum::<f64>() / 3.0).abs() < 1e-9);
    let ema = column(&format!("ta.ema({gap}, 3)"), &bars);
    assert!(ema[20].is_nan() && !ema[21].is_nan());
    let highest = column(&format!("ta.highest({gap}, 3)"), &bars);
    assert!(highest[22].is_nan() && highest[23] == bars.close[21].max(bars.close[22]).max(bars.close[23]));
}

#[test]
fn the_calendar_is_utc_and_sunday_is_day_one() {
    // 2015-01-01 was a Thursday.
    let bars = market::daily(1, 40);
    assert_eq!(column("dayofweek", &bars)[..4], [5.0, 6.0, 7.0, 1.0]);
    assert_eq!(column("dayofmonth", &bars)[30..33], [31.0, 1.0, 2.0]);
    assert_eq!(column("month", &bars)[30..33], [1.0, 2.0, 2.0]);
    assert_eq!(
        column("ta.barssince(dayofweek == dayofweek.sunday)", &bars)[2..6]
            .iter()
            .map(|x| if x.is_nan() { -1.0 } else { *x })
            .collect::<Vec<_>>(),
        [-1.0, 0.0, 1.0, 2.0]
    );
    assert_eq!(column("ta.valuewhen(dayofweek == 1, bar_index, 1)", &bars)[10], 3.0);
}

#[test]
fn parabolic_stops_and_supertrends_stay_on_their_side_of_price() {
    let bars = market::golden();
    let sar = column("ta.sar(0.02, 0.02, 0.2)", &bars);
    let (mut above, mut below) = (0, 0);
    for (t, sar) in sar.iter().enumerate().skip(2) {
        assert!(*sar <= bars.low[t] || *sar >= bars.high[t], "bar {t}: the stop lies inside the bar");
        if *sar >= bars.high[t] { above += 1 } else { below += 1 }
    }
    assert!(above > 500 && below > 500);
    let program = strategy("[line, direction] = ta.supertrend(3, 10)", "line > 0", "direction < 0");
    let Op::Compare(_, line, _) = program.graph.node(program.entry).op else { panic!() };
    let Op::Compare(_, direction, _) = program.graph.node(program.exit).op else { panic!() };
    let (line, direction) = (values_of(&program, line, &bars), values_of(&program, direction, &bars));
    for t in 10..bars.len() {
        assert!(if direction[t] < 0.0 { line[t] <= bars.close[t] } else { line[t] >= bars.close[t] }, "bar {t}");
        if direction[t] == direction[t - 1] && t > 10 {
            assert!(
                if direction[t] < 0.0 { line[t] >= line[t - 1] } else { line[t] <= line[t - 1] },
                "bar {t} loosens"
            );
        }
    }
}

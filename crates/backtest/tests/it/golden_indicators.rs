//! TA-Lib's values on the golden market, at the first bar that has one, at bar 500 and at the last. Each indicator is asked
//! for in Pine, so that the lowering is tested with it. Where TradingView's convention is another, the bars on which they part
//! are named, with our own figure there, and TA-Lib's hold from where the two must meet.

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
        // TA-Lib's ATR leaves bar 0 out; ours is below.
        golden("ta.rma(ta.tr, 14)", 14, 1.972243, 1.765391, 4.501791),
        golden("ta.kama(close, 10)", 10, 103.331712, 97.805742, 270.431953),
        golden("100 * ta.rma(ta.tr, 14) / close", 14, f64::NAN, f64::NAN, 1.6573129),
        golden("ta.stdev(close, 20)", 19, 2.890184, 2.434742, 8.582335),
        golden("ta.sma(close, 20) + 2 * ta.stdev(close, 20)", 19, 106.252014, 103.241434, 281.695916),
        golden("ta.cci(hlc3, 20)", 19, -98.474218, -121.531556, 53.534431),
        golden("ta.wpr(14)", 13, -95.969351, -68.565920, -28.481385),
        golden("ta.roc(close, 10)", 10, 4.864588, -2.140433, 3.194435),
        // TA-Lib starts at the volume of bar 0, 8,805; TradingView at 0.
        golden("8805 + ta.obv", 0, 8805.0, 569203.0, 2927785.0),
        golden("2 * ta.ema(close, 20) - ta.ema(ta.ema(close, 20), 20)", 38, 104.516986, 95.731109, 274.685258),
        golden(
            "3 * ta.ema(close, 20) - 3 * ta.ema(ta.ema(close, 20), 20) + ta.ema(ta.ema(ta.ema(close, 20), 20), 20)",
            57,
            116.239643,
            94.583867,
            275.782593,
        ),
        golden("ta.roc(ta.ema(ta.ema(ta.ema(close, 15), 15), 15), 1)", 43, 0.215658, -0.192415, 0.366465),
        golden("(ta.linreg(close, 14, 0) - ta.sma(close, 14)) * 2 / 13", 13, 0.018959, -0.424440, 1.480002),
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

/// From bar 500 on and no sooner than `first`, with TA-Lib's values at bar 500 and on the last bar.
fn meets(name: &str, x: &[f64], first: usize, at_500: f64, last: f64) {
    assert!(x[..first].iter().all(|v| v.is_nan()) && !x[first].is_nan(), "{name} does not start on bar {first}");
    assert!((x[500] - at_500).abs() < 1e-6, "{name}: {} {at_500}", x[500]);
    assert!((x[2_519] - last).abs() < 1e-6, "{name}: {} {last}", x[2_519]);
}

#[test]
fn atr_counts_bar_0_and_meets_talibs_as_bar_0_is_forgotten() {
    let bars = market::golden();
    let (ours, talibs) = (column("ta.atr(14)", &bars), column("ta.rma(ta.tr, 14)", &bars));
    meets("ta.atr(14)", &ours, 13, 1.765391, 4.501791);
    let range = column("ta.tr(true)", &bars);
    assert_eq!(range[0], bars.high[0] - bars.low[0]);
    assert!((ours[13] - range[..14].iter().sum::<f64>() / 14.0).abs() < 1e-12);
    // Both average the same ranges from then on: 13/14 of the difference is left after each bar.
    let apart = ours[14] - talibs[14];
    assert!(apart.abs() > 1e-3, "the conventions differ on this market");
    for t in 15..400 {
        assert!((ours[t] - talibs[t] - apart * (13.0f64 / 14.0).powi(t as i32 - 14)).abs() < 1e-12, "bar {t}");
    }
}

#[test]
fn directional_movement_is_averaged_by_rma_and_meets_talibs_as_the_seeds_are_forgotten() {
    // TA-Lib starts Wilder's sums with 13 values, TradingView's averages with 14.
    let bars = market::golden();
    for (member, first, talibs_first, at_500, last) in [
        ("p", 14, 22.467722, 15.311244, 28.394859),
        ("m", 14, 25.872911, 27.724380, 21.289863),
        ("a", 27, 16.746650, 22.967022, 37.345623),
    ] {
        let x = self::member("[p, m, a] = ta.dmi(14, 14)", member, &bars);
        meets(member, &x, first, at_500, last);
        assert!((x[first] - talibs_first).abs() > 1e-2, "{member} starts as TA-Lib's does");
    }
    let up = |t: usize| {
        let (up, down) = (bars.high[t] - bars.high[t - 1], bars.low[t - 1] - bars.low[t]);
        if up > down && up > 0.0 { up } else { 0.0 }
    };
    let range = column("ta.tr", &bars);
    let by_hand = 100.0 * (1..=14).map(up).sum::<f64>() / range[1..=14].iter().sum::<f64>();
    assert!((self::member("[p, m, a] = ta.dmi(14, 14)", "p", &bars)[14] - by_hand).abs() < 1e-12);
}

#[test]
fn money_flow_counts_bar_0_both_ways_and_is_talibs_from_the_next_window_on() {
    let bars = market::golden();
    let x = column("ta.mfi(hlc3, 14)", &bars);
    meets("ta.mfi(hlc3, 14)", &x, 13, 56.466733, 51.988773);
    // The window of bar 14 is the first without bar 0.
    assert!((x[14] - 59.126688).abs() < 1e-6);
    let price = |t: usize| (bars.high[t] + bars.low[t] + bars.close[t]) / 3.0;
    let side = |counts: fn(f64, f64) -> bool| -> f64 {
        (0..14).filter(|t| *t == 0 || counts(price(*t), price(*t - 1))).map(|t| price(t) * bars.volume[t]).sum()
    };
    let (up, down) = (side(|now, before| now > before), side(|now, before| now < before));
    assert!((x[13] - 100.0 * up / (up + down)).abs() < 1e-9);
}

#[test]
fn keltner_channels_average_the_true_range_from_bar_1_on() {
    let bars = market::golden();
    let head = "[middle, upper, lower] = ta.kc(close, 20, 1.5)";
    let (middle, upper) = (member(head, "middle", &bars), member(head, "upper", &bars));
    assert!(!middle[19].is_nan() && upper[19].is_nan() && !upper[20].is_nan());
    let range = column("ta.tr", &bars);
    assert!((upper[20] - middle[20] - 1.5 * range[1..=20].iter().sum::<f64>() / 20.0).abs() < 1e-9);
}

#[test]
fn series_rise_when_each_of_their_bars_does() {
    let bars = market::daily(3, 200);
    let (rising, falling) =
        (column("ta.rising(close, 3) ? 1 : 0", &bars), column("ta.falling(close, 3) ? 1 : 0", &bars));
    let steps = |t: usize, than: fn(f64, f64) -> bool| {
        t >= 3 && (0..3).all(|back| than(bars.close[t - back], bars.close[t - back - 1]))
    };
    for t in 0..200 {
        assert_eq!((rising[t] == 1.0, falling[t] == 1.0), (steps(t, |a, b| a > b), steps(t, |a, b| a < b)), "bar {t}");
    }
    assert!(rising.contains(&1.0) && falling.contains(&1.0));
}

#[test]
fn a_market_that_stands_still_has_an_rsi_and_a_money_flow_of_100() {
    // TA-Lib's RSI is 0 there.
    let mut bars = market::daily(3, 60);
    let still = bars.close[0];
    for column in [&mut bars.open, &mut bars.high, &mut bars.low, &mut bars.close] {
        column[..30].fill(still);
    }
    assert_eq!(column("ta.rsi(close, 5)", &bars)[5..30], [100.0; 25]);
    assert_eq!(column("ta.mfi(close, 5)", &bars)[5..30], [100.0; 25]);
    let program = strategy("[p, m, a] = ta.dmi(5, 5)", "p > 0", "a < 0");
    let Op::Compare(_, plus, _) = program.graph.node(program.entry).op else { panic!() };
    let plus = values_of(&program, plus, &bars);
    assert!(plus[29].is_nan() && !plus[31].is_nan(), "no range, no movement");
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
fn gaps_are_passed_over_in_their_four_ways() {
    let bars = market::daily(3, 40);
    let close = &bars.close;
    let of = |call: &str| column(&call.replace("gap", "(bar_index == 20 ? na : close)"), &bars);
    let near = |x: f64, y: f64| assert!((x - y).abs() < 1e-9, "{x} {y}");
    // The last three numbers; the bar of the gap says what the bar before it said.
    for call in ["ta.sma(gap, 3)", "math.sum(gap, 3) / 3"] {
        let mean = of(call);
        assert_eq!(mean[20].to_bits(), mean[19].to_bits());
        near(mean[21], (close[18] + close[19] + close[21]) / 3.0);
        near(mean[23], (close[21] + close[22] + close[23]) / 3.0);
    }
    for call in ["ta.stdev(gap, 3)", "ta.variance(gap, 3)", "ta.median(gap, 3)", "ta.mode(gap, 3)"] {
        let x = of(call);
        assert!(x[1].is_nan() && !x[2].is_nan() && x[20].to_bits() == x[19].to_bits(), "{call}");
    }
    // A gap that shows, and nothing behind it.
    for call in ["ta.ema(gap, 3)", "ta.rma(gap, 3)", "ta.rsi(gap, 3)"] {
        let x = of(call);
        assert!(x[20].is_nan() && !x[19].is_nan() && !x[21].is_nan(), "{call}");
    }
    let ema = of("ta.ema(gap, 3)");
    near(ema[21], (ema[19] + close[21]) / 2.0);
    // A gap that shows, and the number before it once more.
    let weighted = of("ta.wma(gap, 3)");
    assert!(weighted[20].is_nan());
    near(weighted[21], (close[19] + 2.0 * close[19] + 3.0 * close[21]) / 6.0);
    near(weighted[22], (close[19] + 2.0 * close[21] + 3.0 * close[22]) / 6.0);
    // A gap that shows, and a new start.
    let (highest, bars_since) = (of("ta.highest(gap, 3)"), of("ta.highestbars(gap, 3)"));
    assert!(highest[20].is_nan() && highest[21] == close[21] && highest[22] == close[21].max(close[22]));
    assert!(bars_since[20] == 0.0 && bars_since[21] == 0.0);
    // `na` for as long as the window holds it.
    for call in ["ta.dev(gap, 3)", "ta.cci(gap, 3)", "ta.linreg(gap, 3, 0)", "ta.alma(gap, 3, 0.85, 6)"] {
        let x = of(call);
        assert!(x[19..=23].iter().map(|v| v.is_nan()).eq([false, true, true, true, false]), "{call}");
    }
    // Averages start with their first numbers, in a row or not.
    let late = column("ta.ema(bar_index % 2 == 0 ? na : close, 3)", &bars);
    assert!(late[..5].iter().all(|v| v.is_nan()));
    near(late[5], (close[1] + close[3] + close[5]) / 3.0);
    // An extreme has a value from bar n - 1 on, of what there is.
    let late = column("ta.highest(close[3], 4)", &bars);
    assert!(late[2].is_nan() && late[3] == close[0] && late[4] == close[0].max(close[1]));
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

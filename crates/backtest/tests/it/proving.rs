//! Proofs before a judgement: deliberately bad scripts are caught by line, honest ones are not; orders that come late and
//! warm-ups mean the same on every path.

use assay_backtest::judge::TrialCount;
use assay_backtest::look_ahead::{Change, LookAhead, look_ahead, warm_up_change};
use assay_backtest::robustness::delay;
use assay_backtest::stepwise::interpreter::{UNSEEN, warm_up};
use assay_backtest::verdict::Verdict;
use assay_backtest::{Bars, Costs, Engine, Family, Fill, Strategy, examine};
use assay_pine::{check, compile, compile_steps, strategy};
use assay_units::Seed;

use crate::market::daily;

fn family<'a>(strategy: impl Into<Strategy<'a>>) -> Family<'a> {
    Family {
        strategy: strategy.into(),
        costs: Costs { fee: 0.001, slippage: 0.0005 },
        fill: Fill::NextOpen,
        engine: Engine::Scalar,
        grid_max: 1_000,
        trades_min: 0,
    }
}

fn found(text: &str, bars: &Bars) -> Option<LookAhead> {
    let strategy = strategy(text).unwrap_or_else(|refusal| panic!("{refusal}\n{text}"));
    let family = family(&strategy);
    look_ahead(&family, &family.strategy.defaults(), bars, Seed(7)).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

const ORDERS: &str = "if buy\n    strategy.entry(\"L\", strategy.long)\nelse\n    strategy.close_all()\n";

#[test]
fn scripts_that_look_ahead_are_caught_by_line() {
    let bars = daily(3, 400);
    // The text before the orders, and the line that is to blame; the head takes two lines.
    let table: &[(&str, u32)] = &[
        ("buy = (last_bar_index - bar_index) % 5 == 0\n", 3),
        // Known before, used after: the line that reads it is the one.
        ("left = last_bar_index - bar_index\nbuy = close > open and left % 3 == 0\n", 3),
        // Within a function, and a harmless read above it.
        (
            "n = last_bar_index > 0 ? 5 : 5\nf() =>\n    last_bar_time - time < 30 * 86400000\nbuy = f() and close > open\n",
            5,
        ),
        // In a branch of its own.
        ("buy = false\nif close > open\n    if last_bar_index - bar_index < 50\n        buy := true\n", 5),
        // Sizes are decisions too.
        ("buy = false\nif close > open\n    strategy.order(\"x\", strategy.long, qty=last_bar_index)\n", 5),
        // The classic: the day's end of another interval, on its first bar.
        ("w = request.security(syminfo.tickerid, \"W\", close, lookahead=barmerge.lookahead_on)\nbuy = w > close\n", 3),
        // Normalised by a length that nobody knew.
        ("var a = array.new<float>()\na.push(close)\nbuy = a.size() * 2 > last_bar_index\n", 5),
    ];
    for (body, line) in table {
        let text = format!("//@version=6\nstrategy(\"T\")\n{body}{ORDERS}");
        let ahead = found(&text, &bars).unwrap_or_else(|| panic!("not caught:\n{text}"));
        assert_eq!(ahead.line, *line, "{ahead:?}\n{text}");
    }
}

#[test]
fn honest_scripts_of_every_path_are_clean() {
    let bars = daily(3, 400);
    let table: &[(&str, &str)] = &[
        ("buy = close > ta.sma(close, 9)\n", "signals"),
        ("var n = 0\nn := close > open ? n + 1 : 0\nbuy = n > 1 and strategy.position_size == 0\n", "steps"),
        ("buy = close > nz(request.security(syminfo.tickerid, \"W\", high))\n", "script"),
        (
            "var a = array.new<float>()\na.push(close)\nif a.size() > 9\n    a.shift()\nbuy = close > a.avg()\n",
            "script",
        ),
        // It asks for the end of the file, but only to leave there, as many do.
        ("var a = array.new<float>()\na.push(close)\nbuy = close > a.avg() and not barstate.islast\n", "script"),
    ];
    for (body, path) in table {
        let text = format!("//@version=6\nstrategy(\"T\")\n{body}{ORDERS}");
        assert_eq!(strategy(&text).unwrap().path(), *path, "{text}");
        assert_eq!(found(&text, &bars), None, "{text}");
    }
}

#[test]
fn what_looks_ahead_is_not_testable_and_says_where() {
    let text =
        format!("//@version=6\nstrategy(\"T\")\nleft = last_bar_index - bar_index\nbuy = left % 3 == 0\n{ORDERS}");
    let strategy = strategy(&text).unwrap();
    let examination =
        examine(&strategy, &daily(3, 400), &crate::examining::settings(), TrialCount::default(), &|_, _| true).unwrap();
    let ruling = &examination.judgement.ruling;
    assert_eq!(ruling.verdict, Verdict::NotTestable);
    assert!(ruling.summary.contains("looks ahead at line 3"), "{}", ruling.summary);
    let ahead = examination.look_ahead.unwrap();
    assert!(matches!(ahead.change, Change::Cut) && ahead.bar < ahead.cut, "{ahead:?}");
}

#[test]
fn late_orders_mean_the_same_on_every_path() {
    let bars = daily(11, 500);
    let text = "//@version=6\nstrategy(\"T\")\nn = input.int(5, minval=3, maxval=6)\nfast = ta.sma(close, n)\n\
                slow = ta.ema(close, 12)\nif fast > slow\n    strategy.entry(\"L\", strategy.long)\nif fast < slow\n    strategy.close(\"L\")\n";
    let (program, steps, script) = (compile(text).unwrap(), compile_steps(text).unwrap(), check(text).unwrap());
    let signals = family(&program);
    for fill in [Fill::NextOpen, Fill::Close] {
        let signals = Family { fill, ..signals };
        let steps = Family { strategy: (&steps).into(), ..signals };
        let script = Family {
            strategy: Strategy::Script(&script, assay_backtest::stepwise::broker::Intrabar::Pessimistic),
            ..signals
        };
        for late in [0, 1, 2, 5] {
            for index in [0, 3] {
                let by_columns = signals.run_late(index, &bars, late).unwrap();
                assert!(by_columns.trades.len() > 10);
                assert_eq!(steps.run_late(index, &bars, late).unwrap(), by_columns, "steps, {late} bars late");
                assert_eq!(script.run_late(index, &bars, late).unwrap(), by_columns, "script, {late} bars late");
            }
        }
        let by_columns = delay(&signals, 1, &bars).unwrap().unwrap();
        assert_eq!(delay(&steps, 1, &bars).unwrap(), Some(by_columns));
        assert_eq!(delay(&script, 1, &bars).unwrap(), Some(by_columns));
    }
}

#[test]
fn stops_come_late_too() {
    // In at every close above the open; a stop 1 % below.
    let text = "//@version=6\nstrategy(\"T\")\nif close > open and strategy.position_size == 0\n    strategy.entry(\"L\", strategy.long)\n\
                strategy.exit(\"X\", \"L\", loss=100, profit=150)\n";
    let (steps, script) = (compile_steps(text).unwrap(), check(text).unwrap());
    let bars = daily(11, 500);
    let by_steps = family(&steps);
    let by_script = Family {
        strategy: Strategy::Script(&script, assay_backtest::stepwise::broker::Intrabar::Pessimistic),
        ..by_steps
    };
    let on_time = by_steps.run_late(0, &bars, 0).unwrap();
    for late in [1, 3] {
        let run = by_steps.run_late(0, &bars, late).unwrap();
        assert_eq!(by_script.run_late(0, &bars, late).unwrap(), run);
        assert_eq!(run.trades[0].entry_bar, on_time.trades[0].entry_bar + late, "the first entry is exactly so late");
        assert_ne!(run.equity, on_time.equity);
    }
}

#[test]
fn a_script_has_the_warm_up_that_its_columns_have() {
    let bars = daily(5, 900);
    for of in [
        "close",
        "close[7]",
        "ta.sma(close, 20)",
        "ta.sma(ta.sma(close, 20), 30)",
        "ta.ema(close, 20)[3]",
        "ta.hma(close, 16)",
        "ta.rsi(close, 14)",
        "ta.atr(14) * 100",
        "ta.tr + ta.sma(ta.tr(true), 3)",
        "ta.kcw(close, 11, 2)",
        "ta.kcw(close, 11, 2, false)",
        "ta.wpr(14)",
        "ta.cmo(close, 9)",
        "ta.tsi(close, 5, 9)",
        "ta.sar(0.02, 0.02, 0.2)",
        "ta.tr",
        "ta.sma(ta.tr(true), 9)",
        "ta.kcw(close, 10, 2)",
        "ta.stoch(close, high, low, 14)",
        "ta.highest(high, 20) - ta.lowest(low, 55)",
        "ta.change(close, 4)",
        "ta.linreg(close, 20, 0)",
        "ta.percentrank(close, 30)",
        "ta.cci(close, 20)",
        "ta.mfi(close, 14)",
        "ta.correlation(close, volume, 25)",
        "ta.pivothigh(high, 3, 2)",
        "ta.cum(close)",
        "ta.barssince(close > open)",
        "ta.valuewhen(close > open, ta.sma(close, 9), 0)",
    ] {
        let text = format!(
            "//@version=6\nstrategy(\"T\")\nn = input.int(2, minval=1, maxval=3)\nx = {of}\nif x > nz(x[n])\n    \
             strategy.entry(\"L\", strategy.long)\nif x < 0\n    strategy.close(\"L\")\n"
        );
        let steps = compile_steps(&text).unwrap_or_else(|refusal| panic!("{refusal}\n{text}"));
        let script = check(&text).unwrap();
        let family = family(&steps);
        for values in [vec![1.0], vec![3.0]] {
            let columns = warm_up_change(&family, &values, &bars).unwrap().unwrap();
            assert_eq!(warm_up(&script, &values, &bars) + 1, columns.bars, "{of} with {values:?}");
        }
    }
}

#[test]
fn lengths_are_followed_through_a_script() {
    let bars = daily(5, 2_000);
    let table: &[(&str, usize)] = &[
        // Inputs, arithmetic, functions, loops.
        ("n = input.int(10, minval=5, maxval=20)\nm = n * 2 + 1\nx = ta.sma(close, m)", 20),
        ("f(src, len) => ta.sma(src, len) - ta.ema(src, len * 3)\nx = f(close, 10)", 29),
        ("s = 0.0\nfor i = 0 to 29\n    s += nz(close[i])\nx = s / 30", 29),
        ("[m, u, l] = ta.bb(ta.rsi(close, 14), 20, 2)\nx = u - l", 33),
        ("[a, b, c] = ta.macd(close, 12, 26, 9)\nx = a - b", 33),
        // What a condition hangs on counts for what it sets.
        ("x = 0.0\nif close > ta.sma(close, 40)\n    x := 1.0", 39),
        // Another interval: 4 weeks warmed up and the one under way, of seven days.
        ("x = nz(request.security(syminfo.tickerid, \"W\", ta.sma(close, 5)))", 35),
        // Nobody sees how far these reach.
        ("var a = array.new<float>()\na.push(close)\nx = a.avg()", UNSEEN),
        ("x = nz(close[int(ta.valuewhen(close > open, bar_index, 0)) % 7])", UNSEEN),
    ];
    for (body, expected) in table {
        let script = check(&format!(
            "//@version=6\nstrategy(\"T\")\n{body}\nif x > 1\n    strategy.entry(\"L\", strategy.long)\n"
        ))
        .unwrap_or_else(|refusal| panic!("{refusal}\n{body}"));
        let values: Vec<f64> = script.inputs.iter().map(|input| input.default).collect();
        assert_eq!(warm_up(&script, &values, &bars), *expected, "{body}");
    }
}

#[test]
fn a_script_forgets_where_history_began() {
    let text = format!(
        "//@version=6\nstrategy(\"T\")\nvar a = array.new<float>()\na.push(close)\nbuy = ta.ema(close, 90) > a.avg() and ta.cum(1) > 3\n{ORDERS}"
    );
    let (script, bars) = (check(&text).unwrap(), daily(5, 1_500));
    let family = family(Strategy::Script(&script, assay_backtest::stepwise::broker::Intrabar::Pessimistic));
    let change = warm_up_change(&family, &[], &bars).unwrap().unwrap();
    let [one, two, five] = change.changes.map(Option::unwrap);
    assert_eq!(change.bars, UNSEEN + 1);
    // The average forgets; the count of bars, which cannot, is left out.
    assert!(one > two && two > five && one < 0.05, "{change:?}");
}

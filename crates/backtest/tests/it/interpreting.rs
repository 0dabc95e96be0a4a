//! The plain interpreter: small scripts with results worked out by hand, equality with the columns and the signals path, and
//! that no script makes it panic or hang.

use assay_backtest::stepwise::broker::Intrabar;
use assay_backtest::stepwise::interpreter::{RunError, first_change, interpret};
use assay_backtest::stepwise::{House, StepRun};
use assay_backtest::{Bars, Costs, Fill, run, values};
use assay_pine::check::tree::Script;
use assay_pine::graph::Op;
use assay_pine::{check, compile};
use assay_units::Seed;
use proptest::prelude::*;

use crate::market::daily;

const DAY_MS: i64 = 86_400_000;

fn house() -> House {
    House { costs: Costs { fee: 0.0, slippage: 0.0 }, fill: Fill::NextOpen, intrabar: Intrabar::Path }
}

fn checked(text: &str) -> Script {
    check(text).unwrap_or_else(|refusal| panic!("{refusal}\n{text}"))
}

fn ran(text: &str, bars: &Bars) -> Result<StepRun, RunError> {
    let script = checked(text);
    let values: Vec<f64> = script.inputs.iter().map(|input| input.default).collect();
    interpret(&script, &values, bars, house(), 0..bars.len())
}

/// The closes 10, 11, 9, 12, 13, 8, 14, 15 from Monday, 1 January 2024 on; open = close before.
fn week() -> Bars {
    let close = [10.0, 11.0, 9.0, 12.0, 13.0, 8.0, 14.0, 15.0];
    let open = [10.0, 10.0, 11.0, 9.0, 12.0, 13.0, 8.0, 14.0];
    Bars {
        time: (0..8).map(|d| 1_704_067_200_000 + d * DAY_MS).collect(),
        open: open.to_vec(),
        high: close.iter().zip(&open).map(|(c, o)| f64::max(*c, *o) + 1.0).collect(),
        low: close.iter().zip(&open).map(|(c, o)| f64::min(*c, *o) - 1.0).collect(),
        close: close.to_vec(),
        volume: vec![100.0; 8],
        mintick: None,
    }
}

/// What `of` is on every bar but the last, seen through the size of an order; NaN where it is `na`.
fn seen(version: u8, body: &str, of: &str) -> Vec<f64> {
    let text = format!(
        "//@version={version}\nstrategy(\"T\", initial_capital=1000000000000000)\n{body}\n\
         seen = 1000.0 + ({of})\nif not na(seen)\n    strategy.order(\"o\", strategy.long, qty=seen)\n"
    );
    let run = ran(&text, &week()).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let mut all = vec![f64::NAN; 7];
    for trade in &run.open {
        all[trade.entry_bar - 1] = trade.qty - 1000.0;
    }
    all
}

#[test]
fn scripts_give_what_their_authors_expect() {
    let na = f64::NAN;
    let table: &[(u8, &str, &str, [f64; 7])] = &[
        (6, "", "close", [10.0, 11.0, 9.0, 12.0, 13.0, 8.0, 14.0]),
        (6, "", "close[2]", [na, na, 10.0, 11.0, 9.0, 12.0, 13.0]),
        (6, "", "nz((close + 1)[1], -1)", [-1.0, 11.0, 12.0, 10.0, 13.0, 14.0, 9.0]),
        // `var` keeps, `:=` changes, a block has a value.
        (6, "var int n = 0\nif close > open\n    n += 1", "n", [0.0, 1.0, 1.0, 2.0, 3.0, 3.0, 4.0]),
        (
            6,
            "x = if close > 11\n    1\nelse if close > 9\n    2\nelse\n    3",
            "x",
            [2.0, 2.0, 3.0, 1.0, 1.0, 3.0, 1.0],
        ),
        (6, "x = switch\n    close > 11 => 1\n    => 0", "x", [0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0]),
        (6, "k = \"b\"\nx = switch k\n    \"a\" => 1\n    \"b\" => 2", "x", [2.0; 7]),
        // Loops are expressions, `break` and `continue` belong to the innermost.
        (6, "s = 0.0\nfor i = 0 to 2\n    s += nz(close[i])", "s", [10.0, 21.0, 30.0, 32.0, 34.0, 33.0, 35.0]),
        (6, "s = 0\nfor i = 10 to 1 by 3\n    s += i", "s", [22.0; 7]),
        (
            6,
            "s = 0\nfor i = 1 to 9\n    if i % 2 == 0\n        continue\n    if i > 6\n        break\n    s += i",
            "s",
            [9.0; 7],
        ),
        (6, "i = 0\nwhile i < 5\n    i += 2", "i", [6.0; 7]),
        (6, "a = array.from(3, 1, 2)\na.sort()\ns = 0\nfor [i, x] in a\n    s := s * 10 + x + i", "s", [135.0; 7]),
        // A function has its own state at each call, and several values.
        (
            6,
            "f(x) =>\n    var s = 0.0\n    s += x\n    s\na = f(1)\nb = f(2)",
            "a * 10 + b",
            [12.0, 24.0, 36.0, 48.0, 60.0, 72.0, 84.0],
        ),
        (6, "f(a, b = 5) =>\n    [a + b, a - b]\n[p, q] = f(7)", "p * 100 + q", [1202.0; 7]),
        (6, "f(x) =>\n    x[1]\ny = f(close)", "nz(y)", [0.0, 10.0, 11.0, 9.0, 12.0, 13.0, 8.0]),
        // A local history counts the bars on which its block ran.
        (
            6,
            "f(x) =>\n    x[1]\nfloat y = 0\nif close > open\n    y := nz(f(close))",
            "y",
            [0.0, 0.0, 0.0, 11.0, 12.0, 0.0, 13.0],
        ),
        // Types, methods, fields.
        (
            6,
            "type P\n    float x = 1\n    int n\nvar p = P.new(n = 3)\np.x := p.x + close\nmethod twice(P this) =>\n    this.x * 2",
            "p.twice() + p.n",
            [25.0, 47.0, 65.0, 89.0, 115.0, 131.0, 159.0],
        ),
        (6, "enum E\n    a\n    b\nx = E.b", "x == E.b ? 1 : 0", [1.0; 7]),
        (6, "m = map.new<string, float>()\nm.put(\"k\", 4)\nm.put(\"k\", 5)", "m.get(\"k\") + m.size()", [6.0; 7]),
        (
            6,
            "m = matrix.new<float>(2, 2, 1)\nm.set(1, 0, 7)\nm.add_row(1, array.from(8, 9))",
            "m.get(2, 0) * 10 + m.get(1, 1)",
            [79.0; 7],
        ),
        (
            6,
            "m = matrix.new<float>(3, 3, 1)\nm.fill(5, 1, 3, 0, 2)\nr = m.remove_row()\nc = m.remove_col()",
            "m.get(1, 0) * 1000 + r.get(1) * 100 + c.get(1) * 10 + m.rows() + m.columns()",
            [5514.0; 7],
        ),
        (6, "", "syminfo.minmove / syminfo.pricescale / syminfo.mintick", [1.0; 7]),
        // Division: whole constants keep no fraction before version 6.
        (5, "", "5 / 2", [2.0; 7]),
        (6, "", "5 / 2", [2.5; 7]),
        (5, "n = input.int(5)", "n / 2", [2.5; 7]),
        // `na`: comparisons are false, conditions of old versions are numbers too.
        (6, "", "na == na ? 1 : 0", [0.0; 7]),
        (5, "", "close[1] ? 1 : 0", [0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]),
        (6, "", "int(-2.7) + math.round(2.5) + math.ceil(1.1)", [3.0; 7]),
        (6, "", "fixnan(close > 11 ? close : na)", [na, na, na, 12.0, 13.0, 13.0, 14.0]),
        // Series functions.
        (6, "", "ta.barssince(close < 10)", [na, na, 0.0, 1.0, 2.0, 0.0, 1.0]),
        (6, "", "ta.valuewhen(close < 10, bar_index, 0)", [na, na, 2.0, 2.0, 2.0, 5.0, 5.0]),
        (6, "", "nz(ta.pivothigh(close, 1, 1))", [0.0, 0.0, 11.0, 0.0, 0.0, 13.0, 0.0]),
        (6, "", "ta.median(close, 3)", [na, na, 10.0, 11.0, 12.0, 12.0, 13.0]),
        (6, "", "ta.cum(1)", [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]),
        (6, "", "ta.change(close > 10) ? 1 : 0", [0.0, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0]),
        (6, "[m, u, l] = ta.bb(close, 2, 1)", "u - m", [na, 0.5, 1.0, 1.5, 0.5, 2.5, 3.0]),
        // Time: 1 January 2024 was a Monday.
        (6, "", "dayofweek == dayofweek.monday ? 1 : 0", [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
        (6, "", "time >= timestamp(2024, 1, 4) ? 1 : 0", [0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0]),
        (6, "", "na(time(\"D\", \"0000-2400:23456\")) ? 0 : 1", [1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0]),
        (6, "", "hour(time, \"America/New_York\")", [19.0; 7]),
        (6, "", "timeframe.in_seconds()", [86_400.0; 7]),
        (6, "", "(time - time(timeframe.period, \"\", \"\", 1)) / 86400000", [f64::NAN, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]),
        // Texts may steer.
        (6, "", "str.length(\"ab\" + str.tostring(bar_index))", [3.0; 7]),
        (6, "p = str.split(\"4,7\", \",\")", "str.tonumber(p.get(1))", [7.0; 7]),
        // Another interval: two-day bars begin on even days of the calendar, 1 January 2024 is one of day 19,723.
        (6, "x = request.security(syminfo.tickerid, \"2D\", close)", "nz(x)", [10.0, 10.0, 9.0, 9.0, 13.0, 13.0, 14.0]),
        (
            6,
            "x = request.security(syminfo.tickerid, \"2D\", close[1], lookahead = barmerge.lookahead_on)",
            "nz(x)",
            [0.0, 10.0, 10.0, 9.0, 9.0, 13.0, 13.0],
        ),
        (
            5,
            "g(n) =>\n    ta.sma(close, n)\nx = request.security(syminfo.tickerid, timeframe.period, g(2))",
            "nz(x)",
            [0.0, 10.5, 10.0, 10.5, 12.5, 10.5, 11.0],
        ),
        // Heikin-Ashi candles: the close is the mean of four prices.
        (
            6,
            "h = ticker.heikinashi(syminfo.tickerid)\nx = request.security(h, timeframe.period, close)",
            "x",
            [10.0, 10.5, 10.0, 10.5, 12.5, 10.5, 11.0],
        ),
        // Drawings may be read back.
        (6, "var l = line.new(0, 5, 2, 7)\nl.set_y2(9)\ny = line.get_price(l, 1)", "y + l.get_y1()", [12.0; 7]),
        (
            6,
            "var box[] bs = array.new<box>()\nif bar_index == 1\n    bs.push(box.new(1, high, 2, low))\nt = bs.size() > 0 ? bs.get(0).get_top() : 0",
            "t",
            [0.0, 12.0, 12.0, 12.0, 12.0, 12.0, 12.0],
        ),
        // The mean price of the day, weighted, from an anchor on.
        (6, "", "ta.vwap(close, bar_index % 2 == 0)", [10.0, 10.5, 9.0, 10.5, 13.0, 10.5, 14.0]),
        (6, "", "session.isfirstbar ? 1 : 0", [1.0; 7]),
        (6, "", "timeframe.change(\"W\") ? 1 : 0", [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
        (
            6,
            "a = array.from(4, 8, 1, 6)",
            "a.percentile_nearest_rank(50) * 100 + a.median() * 10 + a.indexof(1)",
            [452.0; 7],
        ),
        (
            6,
            "a = array.from(1, 2, 3)\nb = a.slice(1, 3)\nb.unshift(9)\na.set(-1, 7)",
            "a.sum() * 100 + b.sum()",
            [1014.0; 7],
        ),
        (6, "", "str.contains(str.format(\"{0}-{1}\", 1.5, \"ab\"), \"5-a\") ? str.pos(\"xab\", \"b\") : 0", [2.0; 7]),
        (
            6,
            "type N\n    float v\n    N next\na = N.new(1)\na.next := N.new(2)\na.next.next := a\nb = a.copy()\nb.v := 5",
            "a.next.next.v + b.v + b.next.v",
            [8.0; 7],
        ),
        (6, "f(float x) => 1\nf(string x) => 2", "f(1) * 10 + f(\"a\")", [12.0; 7]),
        (
            6,
            "x = 0\nfor i = 0 to 3\n    for j = 0 to 3\n        if j > i\n            break\n        x += 1",
            "x",
            [10.0; 7],
        ),
        (6, "varip n = 0\nn += 1\nvar bool b = false\nb := not b", "b[1] ? n : 0", [0.0, 2.0, 0.0, 4.0, 0.0, 6.0, 0.0]),
        // A method of the script's own hides a built-in one only for its type.
        (
            6,
            "type S\n    array<float> xs\nmethod push(S this, float x) =>\n    this.xs.push(x * 2)\ns = S.new(array.new<float>())\ns.push(4)",
            "s.xs.get(0) + box.all.size()",
            [8.0; 7],
        ),
        // Old names.
        (
            4,
            "x = sma(close, 2)\ny = iff(crossover(close, 10), 1, 0)",
            "nz(x) + y",
            [0.0, 11.5, 10.0, 11.5, 12.5, 10.5, 12.0],
        ),
        (2, "s = nz(s[1]) + 1", "s", [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]),
    ];
    for (version, body, of, expected) in table {
        let found = seen(*version, body, of);
        let same = found.iter().zip(expected).all(|(a, b)| (a.is_nan() && b.is_nan()) || (a - b).abs() < 1e-9);
        assert!(same, "version {version}\n{body}\n{of}\nexpected {expected:?}\nfound    {found:?}");
    }
}

#[test]
fn orders_reach_the_broker_and_its_state_is_read() {
    let text = "//@version=5\nstrategy(\"T\", default_qty_type=strategy.fixed, default_qty_value=2)\n\
                if strategy.position_size == 0 and bar_index < 6\n    strategy.entry(\"L\", strategy.long)\n\
                strategy.exit(\"X\", \"L\", profit=150, loss=400)\n";
    let run = ran(text, &week()).unwrap();
    // In at 10 on bar 1; +1.50 is reached at 11.5 on bar 1; in at 11 on bar 2, out at 12.5 on bar 3.
    let first = &run.closed[0];
    assert_eq!(
        (first.entry_bar, first.entry_price, first.exit_bar, first.exit_price, first.qty),
        (1, 10.0, 1, 11.5, 2.0)
    );
    let second = &run.closed[1];
    assert_eq!((second.entry_bar, second.entry_price, second.exit_bar, second.exit_price), (2, 11.0, 3, 12.5));
    assert_eq!(second.profit, 3.0);
    let read = "//@version=5\nstrategy(\"T\", default_qty_type=strategy.fixed, default_qty_value=2)\n\
                if bar_index == 0\n    strategy.entry(\"L\", strategy.long, comment=\"c\")\n\
                if strategy.opentrades > 0 and strategy.opentrades.entry_bar_index(0) == 1 and strategy.position_size[1] == 0\n    \
                strategy.close(\"L\", immediately=true)\n\
                if strategy.closedtrades == 1 and strategy.closedtrades.exit_price(0) == 11 and strategy.closedtrades.entry_id(0) == \"L\"\n    \
                strategy.entry(\"S\", strategy.short, qty=strategy.netprofit)\n";
    let run = ran(read, &week()).unwrap();
    assert_eq!((run.closed.len(), run.closed[0].exit_price, run.closed[0].profit), (1, 11.0, 2.0));
    assert_eq!((run.open.len(), run.open[0].entry_bar, run.open[0].qty), (1, 3, 2.0));
}

#[test]
fn drawings_and_what_feeds_them_change_nothing() {
    let plain = "//@version=5\nstrategy(\"T\")\nif close > open\n    strategy.entry(\"L\", strategy.long)\n";
    let drawn = format!(
        "{plain}var line[] lines = array.new_line()\nvar table t = table.new(position.top_right, 2, 2)\n\
         other = request.security(\"SPY\", \"D\", close)\n\
         if barstate.islast\n    table.cell(t, 0, 0, str.format(\"{{0}}\", other))\n\
         array.push(lines, line.new(bar_index, low, bar_index, high))\n\
         if array.size(lines) > 3\n    line.delete(array.shift(lines))\n\
         plot(ta.sma(close, 3), style=plot.style_line)\nalert(\"x\")\n"
    );
    assert_eq!(ran(plain, &week()).unwrap(), ran(&drawn, &week()).unwrap());
}

#[test]
fn what_cannot_run_is_refused_with_its_line() {
    let tail = "\nif close > x\n    strategy.entry(\"L\", strategy.long)\n";
    for (body, message) in [
        ("x = request.security(\"NASDAQ:AAPL\", \"D\", close)", "4:5: the symbol \"NASDAQ:AAPL\" is not available"),
        ("f(n) => f(n - 1)\nx = f(3)", "4:9: `f` calls itself"),
        ("x = ta.unheard(close)", "4:5: the function `ta.unheard` is not known"),
        ("x = y + 1", "4:5: `y` is not known"),
        ("x = 1\nx += \"a\" - 1", "5:"),
        ("import a/b/1 as b\nx = b.f(close)", "5:5: `b.f` belongs to an imported library"),
    ] {
        let text = format!("//@version=5\nstrategy(\"T\")\n\n{body}{tail}");
        let refusal = check(&text).map(|_| ()).unwrap_err();
        assert!(refusal.to_string().starts_with(message), "{refusal}\n{text}");
    }
    let ahead = checked(&format!(
        "//@version=5\nstrategy(\"T\")\nx = request.security(syminfo.tickerid, \"W\", close, lookahead=barmerge.lookahead_on){tail}"
    ));
    assert_eq!(ahead.look_ahead[0].line, 3);
}

#[test]
fn runs_stop_with_a_line_instead_of_hanging() {
    let order = "strategy.entry(\"L\", strategy.long, qty=x)\n";
    for (body, line, message) in [
        ("x = 1.0\nwhile x > 0\n    x += 1\n", 4, "loops make more than"),
        ("a = array.new_float(2)\nx = a.get(5)\n", 4, "the index 5 lies outside of an array of 2 elements"),
        ("x = 1\nif bar_index == 3\n    runtime.error(\"no\")\n", 5, "the script stops itself: no"),
        ("x = ta.sma(close, bar_index - 1)\n", 3, "a length of -1 is not usable"),
        ("s = \"abcdefgh\"\nfor i = 0 to 20\n    s += s\nx = str.length(s)\n", 0, "a text of more than"),
        (
            "x = request.security(syminfo.tickerid, \"60\", close)\n",
            3,
            "the interval \"60\" is shorter than that of the bars",
        ),
        ("type P\n    float v\nP p = na\nx = p.v\n", 6, "a field of an object that is na"),
    ] {
        let text = format!("//@version=6\nstrategy(\"T\")\n{body}{order}");
        let error = ran(&text, &week()).unwrap_err();
        assert_eq!((error.line, error.message.starts_with(message)), (line, true), "{error}\n{text}");
    }
}

#[test]
fn deep_and_wide_scripts_end() {
    let order = "strategy.entry(\"L\", strategy.long, qty=x)\n";
    let minus = |n: usize, inner: &str| format!("{}{inner}{}", "-(".repeat(n), ")".repeat(n));
    // Functions that call each other, each an expression within the last one's argument.
    let mut chain = String::from("f0(v) => v + 1\n");
    for i in 1..55 {
        chain += &format!("f{i}(v) => {}\n", minus(40, &format!("f{}(v)", i - 1)));
    }
    let arms: String = (0..290).map(|i| format!("    close == {i} => {i}\n")).collect();
    let branches: String = (0..150).map(|i| format!("else if close == {i}\n    x := {i}\n")).collect();
    let doubling: String = (1..30).map(|i| format!("g{i}(v) => g{}(v) + g{}(v)\n", i - 1, i - 1)).collect();
    let sums = format!("x = close{}\n", " + 1".repeat(390));
    for body in [
        format!("{chain}x = f54(close)\n"),
        format!("{chain}x = f8(close)\n"),
        format!("x = switch\n{arms}    => 1\n"),
        format!("x = 1.0\nif close == -1\n    x := 2\n{branches}"),
        format!("g0(v) => v\n{doubling}x = g29(close)\n"),
        sums,
    ] {
        let text = format!("//@version=5\nstrategy(\"T\")\n{body}{order}");
        match check(&text) {
            Ok(script) => drop(interpret(&script, &[], &week(), house(), 0..8)),
            Err(refusal) => assert!(refusal.0[0].line > 2, "{refusal}"),
        }
    }
}

#[test]
fn a_script_that_counts_from_the_end_is_found_out() {
    let bars = daily(3, 300);
    let order = "if x\n    strategy.entry(\"L\", strategy.long)\nelse\n    strategy.close_all()\n";
    for (x, ahead) in [
        ("close > ta.sma(close, 5)", false),
        ("(last_bar_index - bar_index) % 5 == 0", true),
        ("close > nz(request.security(syminfo.tickerid, \"W\", high))", false),
        ("ta.pivothigh(high, 2, 2) > 0", false),
    ] {
        let script = checked(&format!("//@version=6\nstrategy(\"T\")\nx = {x}\n{order}"));
        let found = first_change(&script, &[], &bars, house(), Seed(7)).unwrap();
        assert_eq!(found.is_some(), ahead, "{x}: {found:?}");
    }
}

/// Series functions that the columns know too.
const COLUMNS: [&str; 50] = [
    "ta.sma(close, 5)",
    "ta.ema(close, 7)",
    "ta.rma(close, 7)",
    "ta.wma(close, 6)",
    "ta.vwma(close, 6)",
    "ta.hma(close, 9)",
    "ta.rsi(close, 5)",
    "ta.stdev(close, 8)",
    "ta.stdev(close, 8, false)",
    "ta.dev(close, 8)",
    "math.sum(close, 4)",
    "ta.highest(close, 6)",
    "ta.lowest(6)",
    "ta.highestbars(close, 6)",
    "ta.lowestbars(6)",
    "ta.change(close, 3)",
    "ta.mom(close, 2)",
    "ta.roc(close, 4)",
    "ta.linreg(close, 9, 0)",
    "ta.tr(true)",
    "ta.tr",
    "ta.atr(5)",
    "ta.cci(hlc3, 9)",
    "ta.mfi(hlc3, 6)",
    "ta.stoch(close, high, low, 8)",
    "ta.wpr(7)",
    "ta.sar(0.02, 0.02, 0.2)",
    "ta.obv",
    "ta.cum(close - open)",
    "ta.bbw(close, 8, 2)",
    "ta.ema(ta.rsi(close, 4)[2], 3)",
    "ta.sma(ta.change(ta.ema(close, 3)), 4)",
    "ta.variance(close, 8, false)",
    "ta.correlation(close, volume, 7)",
    "ta.alma(close, 9, 0.85, 6)",
    "ta.cog(close, 6)",
    "ta.linreg(close, 9, 2)",
    "ta.pivothigh(high, 3, 2)",
    "ta.pivotlow(2, 3)",
    "ta.median(close, 6)",
    "ta.mode(math.round(close), 6)",
    "ta.percentrank(close, 9)",
    "ta.percentile_linear_interpolation(close, 9, 30)",
    "ta.percentile_nearest_rank(close, 9, 70)",
    "ta.range(close, 5)",
    "ta.cmo(close, 6)",
    "ta.tsi(close, 4, 7)",
    "ta.swma(close)",
    "ta.barssince(close > open)",
    "ta.valuewhen(close > open, close, 2)",
];

/// Of those that give several values.
const SEVERAL: [(&str, usize); 5] = [
    ("ta.bb(close, 8, 2)", 3),
    ("ta.kc(close, 8, 2)", 3),
    ("ta.macd(close, 4, 9, 3)", 3),
    ("ta.dmi(6, 4)", 3),
    ("ta.supertrend(2.5, 6)", 2),
];

fn assert_column(head: &str, of: &str, bars: &Bars) {
    let signals = format!(
        "//@version=6\nstrategy(\"T\", initial_capital=1000000000000000)\n{head}x = {of}\nif x > 0.123\n    \
         strategy.entry(\"L\", strategy.long)\nif x < -0.123\n    strategy.close(\"L\")\n"
    );
    let program = compile(&signals).unwrap_or_else(|refusal| panic!("{refusal}\n{signals}"));
    let node = match program.graph.node(program.entry).op {
        Op::Compare(_, node, _) => node,
        ref other => panic!("{other:?} for {of}"),
    };
    let column = values(&program, node, &[], bars).unwrap();
    let text = format!(
        "//@version=6\nstrategy(\"T\", initial_capital=1000000000000000)\n{head}x = {of}\n\
         if not na(x)\n    strategy.order(\"o\", strategy.long, qty=math.abs(x))\n"
    );
    let run = ran(&text, bars).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let mut seen = vec![f64::NAN; bars.len()];
    for trade in &run.open {
        seen[trade.entry_bar - 1] = trade.qty;
    }
    for t in 0..bars.len() - 1 {
        let expected = column[t].abs();
        // No order has the size zero.
        let expected = if expected == 0.0 { f64::NAN } else { expected };
        assert!(
            seen[t].to_bits() == expected.to_bits() || (seen[t].is_nan() && expected.is_nan()),
            "{of} on bar {t}: {} here, {expected} in the column",
            seen[t]
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    /// Called on every bar, each series function is its column to the bit.
    #[test]
    fn series_functions_agree_with_the_columns(seed in 0u64..1_000_000) {
        let bars = daily(seed, 160);
        for of in COLUMNS {
            assert_column("", of, &bars);
        }
        for (of, count) in SEVERAL {
            let names: Vec<String> = (0..count).map(|i| format!("v{i}")).collect();
            let head = format!("[{}] = {of}\n", names.join(", "));
            for name in &names {
                assert_column(&head, name, &bars);
            }
        }
    }
}

#[test]
fn the_catalogue_trades_as_on_the_signals_path_to_the_bit() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../catalogue");
    let mut compared = 0;
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for (i, path) in files.iter().enumerate() {
        let text = std::fs::read_to_string(path).unwrap();
        let Ok(program) = compile(&text) else { continue };
        let script = checked(&text);
        assert_eq!(script.inputs, program.inputs, "{}", path.display());
        let bars = daily(i as u64, 900);
        for fill in [Fill::NextOpen, Fill::Close] {
            let costs = Costs { fee: 0.001, slippage: 0.0005 };
            let house = House { costs, fill, ..house() };
            let point = program.defaults();
            let fast = run(&program, &point, &bars, costs, fill, 0..bars.len()).unwrap();
            let slow = interpret(&script, &point, &bars, house, fast.first_bar..bars.len()).unwrap();
            let bits = |xs: &[f64]| xs.iter().map(|x| x.to_bits()).collect::<Vec<u64>>();
            assert_eq!(slow.run.first_bar, fast.first_bar);
            assert_eq!(bits(&slow.run.equity), bits(&fast.equity), "{} {fill:?}", path.display());
            assert_eq!(bits(&slow.run.returns), bits(&fast.returns), "{} {fill:?}", path.display());
            assert_eq!(slow.run.trades.len(), fast.trades.len());
            assert_eq!(slow.run.bars_held, fast.bars_held);
            compared += 1;
        }
    }
    assert!(compared >= 80, "{compared} comparisons");
}

/// Lines that scripts are made of, so that random scripts get past the checker.
const LINES: [&str; 40] = [
    "x = close",
    "var y = 0.0",
    "y := y + 1",
    "y += x[1]",
    "x := nz(x[bar_index], y)",
    "a = array.new_float(3, 1)",
    "a.push(close)",
    "y := a.get(0)",
    "y := a.pop()",
    "y := a.sum() / a.size()",
    "a.clear()",
    "if close > open",
    "else",
    "    y := -y",
    "    strategy.entry(\"L\", strategy.long, qty=y)",
    "    strategy.entry(\"S\", strategy.short)",
    "    strategy.exit(\"X\", \"L\", stop=y, limit=x)",
    "strategy.exit(\"X\", loss=y, trail_points=3, trail_offset=1)",
    "strategy.close_all()",
    "for i = 0 to y",
    "    y -= i",
    "    break",
    "    continue",
    "while y > 0",
    "    y -= 1",
    "f(p) => p[1] + p",
    "y := f(f(y))",
    "y := ta.sma(close, y)",
    "y := ta.highest(y, 3)",
    "y := ta.linreg(x, 4, 1)",
    "[u, v] = ta.supertrend(2, 3)",
    "y := request.security(syminfo.tickerid, \"W\", ta.ema(x, 3))",
    "s = \"a\" + str.tostring(y)",
    "y := str.length(s)",
    "y := strategy.position_size[1] + strategy.closedtrades",
    "y := strategy.opentrades.profit(y)",
    "y := x / y % 0",
    "y := math.round(y, 2) + math.sum(y, 2)",
    "y := switch\n    y > 1 => 2\n    => na",
    "strategy.order(\"o\", strategy.long, 1, limit=y)",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever the script: an answer, never a panic.
    #[test]
    fn no_script_panics(picked in prop::collection::vec(0..LINES.len(), 1..14), version in 2u8..=6) {
        let body: Vec<&str> = picked.iter().map(|i| LINES[*i]).collect();
        let text = format!(
            "//@version={version}\nstrategy(\"T\")\nx = close\nvar y = 1.0\nvar a = array.new_float(1, 2.0)\n{}\n\
             strategy.entry(\"L\", strategy.long)\n",
            body.join("\n")
        );
        if let Ok(script) = check(&text) {
            let _ = interpret(&script, &[], &week(), house(), 0..8);
        }
    }
}

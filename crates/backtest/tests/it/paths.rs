//! The lowered graph and the plain interpreter are one strategy: the same trades and the same returns, to the bit. The lanes
//! have the same trial.

use assay_backtest::stepwise::broker::{Intrabar, Side};
use assay_backtest::stepwise::interpreter::interpret;
use assay_backtest::stepwise::{House, StepSweep, run_steps, sweep_steps};
use assay_backtest::{Bars, Costs, Engine, Fill, WarmUp};

fn house(closes: bool) -> House {
    House {
        costs: Costs { fee: 0.001, slippage: 0.0005 },
        fill: if closes { Fill::Close } else { Fill::NextOpen },
        intrabar: Intrabar::Pessimistic,
    }
}

/// What differs, in words; `None` when nothing does.
pub(super) fn difference(text: &str, bars: &Bars) -> Result<usize, String> {
    let steps = assay_pine::compile_steps(text).map_err(|refusal| format!("not lowered: {refusal}"))?;
    let script = assay_pine::check(text).map_err(|refusal| format!("not checked: {refusal}"))?;
    let house = house(steps.settings.process_orders_on_close);
    let lowered =
        run_steps(&steps, &steps_defaults(&steps), bars, house, 0..bars.len()).map_err(|e| format!("lowered: {e}"))?;
    let values: Vec<f64> = script.inputs.iter().map(|input| input.default).collect();
    let first = lowered.run.first_bar;
    let plain = interpret(&script, &values, bars, house, first..bars.len()).map_err(|e| format!("interpreted: {e}"))?;
    for (t, (a, b)) in lowered.run.returns.iter().zip(&plain.run.returns).enumerate() {
        if a.to_bits() != b.to_bits() {
            return Err(format!(
                "bar {}: {a} lowered, {b} interpreted; first bar {first}, trades {} {}",
                t + first,
                lowered.run.trades.len(),
                plain.run.trades.len()
            ));
        }
    }
    if lowered.run.trades != plain.run.trades {
        return Err("trades differ".into());
    }
    let swept = |engine| {
        let plan = StepSweep {
            program: &steps,
            bars,
            house,
            train: 0..bars.len(),
            warm_up: WarmUp::Longest,
            engine,
            threads: 1,
            grid_max: 100_000,
        };
        // A grid that is refused is refused on both ways.
        format!("{:?}", sweep_steps(&plan, &|_, _| true))
    };
    if swept(Engine::Scalar) != swept(Engine::Simd) {
        return Err("the lanes differ".into());
    }
    Ok(lowered.run.trades.len())
}

fn steps_defaults(steps: &assay_pine::StepProgram) -> Vec<f64> {
    steps.inputs.iter().map(|input| input.default).collect()
}

/// Daily bars, and the same as hours.
fn markets() -> [Bars; 2] {
    let daily = crate::market::daily(7, 400);
    let mut hourly = daily.clone();
    for (t, time) in hourly.time.iter_mut().enumerate() {
        *time = 1_420_070_400_000 + t as i64 * 3_600_000;
    }
    [daily, hourly]
}

fn agree(scripts: &[&str], head: &str) {
    let mut wrong = Vec::new();
    for body in scripts {
        for (which, bars) in markets().iter().enumerate() {
            match difference(&format!("{head}{body}\n"), bars) {
                Ok(trades) if trades > 0 || which == 1 => {}
                Ok(_) => wrong.push(format!("never trades:\n{body}")),
                Err(why) => wrong.push(format!("{why}:\n{body}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Orders on `buy` and `sell`.
fn orders(head: &str) -> String {
    format!("{head}\nif buy\n    strategy.entry(\"L\", strategy.long)\nif sell\n    strategy.close(\"L\")")
}

const V6: &str = "//@version=6\nstrategy(\"T\", default_qty_type=strategy.percent_of_equity, default_qty_value=50)\n";
const V5: &str = "//@version=5\nstrategy(\"T\", default_qty_type=strategy.fixed, default_qty_value=3)\n";

#[test]
fn state_is_carried_alike() {
    let bodies: Vec<String> = [
        // Registers, their past, and the past of plain variables that change within the bar.
        "var n = 0\nif close > open\n    n += 1\nelse\n    n := 0\nbuy = n == 2\nsell = n == 0 and n[1] == 0",
        "x = close\ny = x[1]\nx := open\nbuy = x > y\nsell = x[1] > x[2]",
        "var float top = na\ntop := na(top) or high > top ? high : top - 0.1\nbuy = close > nz(top[1], 1e9)\nsell = close < top[3] - 3",
        "var start = close\nbuy = close > start\nsell = close < start",
        "trend = 0\ntrend := close > ta.sma(close, 5) ? 1 : close < ta.sma(close, 9) ? -1 : nz(trend[1])\nbuy = ta.change(trend) > 0\nsell = trend < trend[1]",
        // Own averages, and built-ins over them.
        "var e = 0.0\ne := nz(e[1], close) * 0.9 + close * 0.1\nbuy = ta.crossover(close, e)\nsell = ta.crossunder(close, e)",
        "var c = 0.0\nc += close > open ? 1 : -1\nbuy = c > ta.ema(c, 4)\nsell = c < ta.sma(c, 6)",
        "var c = 0.0\nc += close > open ? 1 : -1\nbuy = c >= ta.highest(c, 4)\nsell = ta.lowestbars(c, 5) == 0",
        "var c = 0.0\nc += close - open\nbuy = ta.rsi(c, 5) > 55\nsell = ta.rma(c, 7) > c",
        "var c = 0.0\nc += close - open\nbuy = c > ta.wma(c, 6) + 0.1 * ta.stdev(c, 6)\nsell = ta.linreg(c, 5, 0) > c or ta.cci(c, 8) < -90",
        "var c = 0.0\nc += close - open\nbuy = ta.mom(c, 3) > 0 and ta.roc(c, 2) != 0\nsell = ta.dev(c, 4) > math.sum(math.abs(c), 3) / 20",
        "var c = 0.0\nc += close - open\np = ta.pivothigh(c, 2, 2)\nbuy = not na(p)\nsell = ta.barssince(buy) == 3",
        "var c = 0.0\nc += close - open\nbuy = c > ta.valuewhen(c > c[1], c, 1)\nsell = ta.rising(c, 2)",
        // Texts that change.
        "var string side = \"none\"\nif close > open and close[1] > open[1]\n    side := \"up\"\nelse if close < open\n    side := \"down\"\nbuy = side == \"up\"\nsell = side != \"up\" and side[1] == \"down\"",
        // What the position says.
        "var float entry = na\nbuy = strategy.position_size == 0 and close > open\nif strategy.position_size > 0 and strategy.position_size[1] == 0\n    entry := strategy.position_avg_price\nsell = close > entry * 1.02 or close < entry * 0.99",
        "buy = strategy.closedtrades < 5 or strategy.wintrades > strategy.losstrades\nsell = bar_index - strategy.opentrades.entry_bar_index(strategy.opentrades - 1) >= 3",
        "buy = strategy.netprofit >= 0 or close > open\nsell = strategy.openprofit > 20 or strategy.equity < strategy.initial_capital - 50",
        "buy = ta.sma(strategy.equity, 4) >= strategy.equity\nsell = close < open",
    ]
    .iter()
    .map(|head| orders(head))
    .collect();
    let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
    agree(&bodies, V6);
    agree(&bodies, V5);
}

#[test]
fn branches_advance_alike() {
    let bodies: Vec<String> = [
        "x = 0.0\nif close > open\n    x := ta.ema(close, 3)\nbuy = x > close\nsell = x == 0",
        "x = close > open ? ta.sma(close, 4) : ta.highest(low, 3)\nbuy = close > x\nsell = close < x",
        "buy = close > open and ta.crossover(close, ta.sma(close, 5))\nsell = close < open or ta.barssince(close > open) > 1",
        "buy = false\nif close > open\n    y = close - open\n    buy := y > y[1]\nsell = close < open",
        "buy = false\nsell = false\nif close > open\n    var seen = 0\n    seen += 1\n    buy := seen % 3 == 0\nelse\n    sell := ta.rsi(close, 3) < 60",
        "f(x, n) =>\n    var total = 0.0\n    total := total * 0.9 + x\n    y = total - total[n]\n    y\nbuy = f(close - open, 1) > 0\nsell = f(open - close, 2) > 0",
        "f(x) =>\n    s = x\n    s := s + nz(s[1]) * 0.5\n    s\na = close > open ? f(close) : f(open)\nbuy = a > close * 2\nsell = close < open",
        "x = 0.0\nif close > open\n    x := ta.atr(3) + ta.change(close) + ta.cum(1)\nbuy = x > 5\nsell = close < open",
        "len = input.int(4, minval=2, maxval=6)\nx = 0.0\nif strategy.position_size > 0\n    x := ta.lowest(low[1], len)\nbuy = close > open\nsell = close < x",
        "x = 0.0\nif close > open\n    if high > high[1]\n        x := ta.valuewhen(close > open, close, 1)\n    else\n        x := fixnan(ta.pivotlow(low, 1, 1))\nbuy = x > close\nsell = close < open",
    ]
    .iter()
    .map(|head| orders(head))
    .collect();
    let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
    agree(&bodies, V6);
    agree(&bodies, V5);
}

#[test]
fn loops_switches_and_functions_agree() {
    let bodies: Vec<String> = [
        "s = 0.0\nfor i = 0 to 4\n    s += close[i] - open[i]\nbuy = s > 0\nsell = s < 0",
        "n = input.int(3, minval=2, maxval=5)\ns = 0\nfor i = 1 to n\n    if close[i] < close\n        s += 1\n    else\n        break\nbuy = s == n\nsell = s == 0",
        "s = 0\nfor i = 5 to 1 by 2\n    if close[i] > open[i]\n        continue\n    s += i\nbuy = s > 5\nsell = s < 4",
        "best = 0.0\nfor i = 0 to 3\n    for j = i to 3\n        if high[i] - low[j] > best\n            best := high[i] - low[j]\n            if j == 2\n                break\nbuy = best > 2\nsell = close < open",
        "m = input.string(\"B\", options=[\"A\", \"B\"])\nx = switch m\n    \"A\" => close\n    \"B\" => ta.ema(close, 3)\nbuy = close > x\nsell = close < x",
        "x = switch\n    close > open => 1\n    close < open and volume > 5000 => -1\n    => 0\nbuy = x == 1\nsell = x == -1",
        "f(a, b = 2) => [a + b, a - b]\n[u, v] = f(close, 1)\n[w, z] = f(open)\nbuy = u > w and close > open\nsell = v < z",
        "[a, b, c] = ta.macd(close, 3, 6, 2)\n[m, t, l] = ta.bb(close, 5, 1)\nbuy = c > 0\nsell = close > t",
        "x = int(close) % 3 == 0 ? math.round(close / 7) : math.floor(-close / 3)\nbuy = x % 2 == 0\nsell = math.sin(x) > 0 and math.atan(close) > 0",
        "y = timestamp(2015, 2, 28 + 3)\nbuy = time >= y and dayofweek != dayofweek.sunday\nsell = month(time) % 2 == 0 or hour == 5",
        "inside = not na(time(timeframe.period, \"0300-0900:234567\")) or timeframe.isdaily\nbuy = inside and close > open\nsell = not inside or close < open",
        "buy = timeframe.period == \"1D\" or timeframe.period == \"60\"\nsell = close < open",
        "rank = ta.percentrank(close, 9)\nmean = ta.vwap(close)\nbuy = ta.median(close, 5) < close and rank > 50\nsell = ta.alma(close, 9, 0.85, 6) > close or mean > close",
        "buy = ta.variance(close, 4) > ta.variance(open, 4, false) * 0.5\nsell = ta.correlation(close, open, 6) > 0.5",
        "buy = ta.cmo(close, 5) > 10 or ta.swma(close) < close\nsell = ta.tsi(close, 3, 7) < 0 or ta.kcw(close, 4, 1) > 1",
        "mode = ta.mode(close, 3)\ncog = ta.cog(close, 4)\nbuy = ta.percentile_linear_interpolation(close, 7, 40) < close\nsell = ta.percentile_nearest_rank(close, 7, 60) > close or mode > close or cog > -2.4",
        "line = ta.linreg(close, 5, 2)\nbuy = ta.max(high) == high\nsell = ta.range(close, 4) > 2 or line > close",
        "buy = ta.hma(close, 9) > close\nsell = ta.pivotlow(2, 2) > 0",
    ]
    .iter()
    .map(|head| orders(head))
    .collect();
    let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
    agree(&bodies, V6);
    agree(&bodies, V5);
}

#[test]
fn orders_agree() {
    let bodies = [
        "if close > open\n    strategy.entry(\"L\", strategy.long)\nstrategy.exit(\"x\", \"L\", stop=strategy.position_avg_price * 0.98, limit=strategy.position_avg_price * 1.03)",
        "a = ta.atr(5)\nif close > open\n    strategy.entry(\"L\", strategy.long)\n    strategy.exit(\"x\", \"L\", stop=close - a, limit=close + 2 * a)\nif close < open and close[1] < open[1]\n    strategy.entry(\"S\", strategy.short)\n    strategy.exit(\"y\", \"S\", stop=close + a, limit=close - 2 * a)",
        "if close > open\n    strategy.entry(\"L\", strategy.long, stop=high + 0.1)\nelse\n    strategy.cancel(\"L\")\nstrategy.exit(\"x\", \"L\", trail_points=50, trail_offset=30, loss=200)",
        "strategy.entry(close > open ? \"U\" : \"D\", close > open ? strategy.long : strategy.short, limit=close)\nif bar_index % 7 == 0\n    strategy.close_all()\n    strategy.cancel_all()",
        "if close > open\n    strategy.order(\"O\", strategy.long, qty=2)\nelse\n    strategy.order(\"O\", strategy.short, qty=math.abs(strategy.position_size) / 2 + 1)",
        "if close > open\n    strategy.entry(\"L\", strategy.long, qty=strategy.equity * 0.01 / close)\nif close < open\n    strategy.close(\"L\", qty_percent=50)",
        "strategy.entry(\"L\", strategy.long, when=close > open)\nstrategy.entry(\"S\", strategy.short, when=close < open and strategy.losstrades < 100)",
        "strategy.risk.allow_entry_in(strategy.direction.long)\nif close > open\n    strategy.entry(\"L\", strategy.long)\nelse\n    strategy.entry(\"S\", strategy.short)",
        "for i = 1 to 3\n    if close > close[i]\n        strategy.entry(\"L\" + str.tostring(1), strategy.long)\nstrategy.exit(\"x\", profit=100, loss=80)",
    ];
    agree(&bodies[..8], V5);
    agree(&bodies[..6], V6);
    agree(
        &bodies[7..8],
        "//@version=5\nstrategy(\"T\", pyramiding=3, slippage=2, commission_type=strategy.commission.cash_per_order, commission_value=1)\n",
    );
    agree(&bodies[..4], "//@version=5\nstrategy(\"T\", process_orders_on_close=true)\n");
}

/// A list of trades must tell a short from a long, and parts of one entry from entries of their own.
#[test]
fn trades_tell_their_side_and_their_share_of_the_entry() {
    let text = format!(
        "{V6}if bar_index == 100\n    strategy.entry(\"L\", strategy.long, qty=10)\nif bar_index == 110\n    strategy.close(\"L\", qty_percent=40)\nif bar_index == 120\n    strategy.entry(\"S\", strategy.short, qty=10)\n"
    );
    let steps = assay_pine::compile_steps(&text).unwrap();
    let bars = crate::market::daily(7, 400);
    let found = run_steps(&steps, &[], &bars, house(false), 0..bars.len()).unwrap().run.trades;
    let seen: Vec<_> = found.iter().map(|t| (t.side, t.entry_bar, t.exit_bar, (t.share * 1e9).round() / 1e9)).collect();
    assert_eq!(
        seen,
        [(Side::Long, 101, Some(111), 0.4), (Side::Long, 101, Some(121), 0.6), (Side::Short, 121, None, 1.0),]
    );
}

/// Prices and ticks at a 1,024th (exact in binary) are the same market: distances in ticks, slippage and `syminfo.mintick`
/// follow the bars on every path.
#[test]
fn a_tick_is_that_of_the_bars() {
    let text = "//@version=5\nstrategy(\"T\", default_qty_type=strategy.percent_of_equity, default_qty_value=50, slippage=2)\n\
                if bar_index % 20 == 0 and close - open < 60 * syminfo.mintick\n    strategy.entry(\"L\", strategy.long)\n\
                strategy.exit(\"X\", \"L\", loss=40, profit=90, trail_points=30, trail_offset=10)\n";
    let coarse = Bars { mintick: Some(0.05), ..crate::market::daily(7, 400) };
    let small = |column: &[f64]| column.iter().map(|price| price / 1_024.0).collect();
    let fine = Bars {
        open: small(&coarse.open),
        high: small(&coarse.high),
        low: small(&coarse.low),
        close: small(&coarse.close),
        mintick: Some(0.05 / 1_024.0),
        ..coarse.clone()
    };
    assert!(difference(text, &coarse).unwrap() > 5);
    assert!(difference(text, &fine).unwrap() > 5);
    let steps = assay_pine::compile_steps(text).unwrap();
    let returns = |bars: &Bars| run_steps(&steps, &[], bars, house(false), 0..bars.len()).unwrap().run.returns;
    assert_eq!(returns(&coarse), returns(&fine));
    assert_ne!(returns(&coarse), returns(&Bars { mintick: None, ..coarse.clone() }));
}

/// Scripts on which executions once differed, and bars that no execution may compute with.
#[test]
fn what_was_found_by_fuzzing_stays_found() {
    use super::agreement::agreement;
    let market = crate::market::daily(7, 400);
    let run = |text: &str| agreement(text, &market, Intrabar::Path).unwrap_or_else(|why| panic!("{why}\n{text}"));
    let trades = |text: &str| run(text).map(|agreed| agreed.trades);
    // An order inside of what is only drawn is placed.
    let plotted = "h(x) =>\n    if x > open\n        strategy.entry(\"L\", strategy.long)\n    x\nplot(h(close))\nlabel.new(bar_index, h(low))\nif close < open\n    strategy.close(\"L\")\n";
    assert!(trades(&format!("{V6}{plotted}")).is_some_and(|trades| trades > 10));
    // An entry that is taken back on its bar is none.
    let taken = "strategy.entry(\"L\", strategy.long)\nstrategy.close(\"L\")\nstrategy.cancel(\"L\")\n";
    assert_eq!(trades(&format!("//@version=6\nstrategy(\"T\")\n{taken}")), Some(0));
    // The past of an expression is not the past of the variable in it.
    let past = "x = 0.0\nif close > open\n    x := close\nif (x[0])[2] > open\n    strategy.entry(\"L\", strategy.long)\nelse\n    strategy.close(\"L\")\n";
    assert!(trades(&format!("{V6}{past}")).is_some());
    // Before version 6 the quotient of two constants is whole; of an input, of what changes, and since, it is not.
    let quotient = |head: &str, what: &str| {
        trades(&format!(
            "{head}fast = 2\nn = input.int(2, minval=2, maxval=2)\nvar m = 2\nm += 0\nif close * 0 + {what} > 0\n    strategy.entry(\"L\", strategy.long)\nstrategy.exit(\"X\", \"L\", stop=1)\n"
        ))
    };
    for (what, before) in
        [("2 / (fast + 1)", 0), ("-1 / fast", 0), ("2 / (n + 1)", 1), ("2 / (m + 1)", 1), ("2.0 / 3", 1)]
    {
        assert_eq!(quotient(V5, what), Some(before), "{what}");
        assert_eq!(quotient(V6, what), Some(usize::from(!what.starts_with('-'))), "{what}");
    }
    // An average that infinities have made unknown stays so.
    let infinite = "e = ta.ema(math.pow(close, close > open ? 200 : 1) + strategy.position_size, 3)\nif na(e) or close > open\n    strategy.entry(\"L\", strategy.long)\nelse\n    strategy.close(\"L\")\n";
    assert!(trades(&format!("{V6}{infinite}")).is_some());
    // The past of a named constant counts the bars of the chart, also where it is read on some bars only.
    for name in ["math.pi", "syminfo.pointvalue"] {
        let constant = format!(
            "strategy.entry(\"L\", strategy.long)\nx = close > open ? nz({name}[2]) : 1.0\nif x == 0\n    strategy.close(\"L\")\n"
        );
        assert!(trades(&format!("{V6}{constant}")).is_some_and(|trades| trades <= 2), "{name}");
    }
    // The past of a variable of a branch counts the runs of that branch, whatever its value is.
    for value in ["close", "n", "2.0", "ta.pivothigh(1, 0, 0)", "math.pi", "close + n"] {
        let local = format!(
            "n = input.int(3)\nif bar_index > 5\n    strategy.entry(\"L\", strategy.long)\nx = 1.0\nif low < low[1] and bar_index > 60\n    k = {value}\n    x := nz(k[2])\nif x == 0\n    strategy.close(\"L\")\n"
        );
        // Unknown in the first two runs, on neighbouring bars: closed, and entered again once that is over.
        assert_eq!(trades(&format!("{V6}{local}")), Some(2), "{value}");
    }
    // What both branches leave is new, also where they leave the same: a value, or one that only the interpreter knows.
    let same = |value: &str| {
        trades(&format!(
            "{V6}x = 1.0\nif close > open\n    x := {value}\nelse\n    x := {value}\nif ta.cross(x, close * 1.97)\n    strategy.entry(\"L\", strategy.long)\nelse\n    strategy.close(\"L\")\n"
        ))
    };
    assert!(same("low * 2").is_some_and(|trades| trades > 10));
    assert_eq!(same("ta.sar(0.02, 0.02, 0.2)"), None);
    // A value that only some sets know: 1 to the power of `na` is 1, all others are unknown.
    for which in ["ta.lowest", "ta.highest"] {
        let some = format!(
            "k = input.float(1.5, minval=0.5, maxval=2.5, step=0.5)\nif ta.falling(ta.tr, 1)\n    strategy.close(\"B\")\nif 0.5 <= low\n    x = {which}(math.pow(k, na), 3)\n    if na(x)\n        strategy.entry(\"B\", strategy.short)\n"
        );
        assert!(trades(&format!("{V6}{some}")).is_some_and(|trades| trades > 10), "{which}");
    }
    // A leg that is infinitely far away is none: an open profit of 0 to the power of -3 is no target.
    for (entry, exit) in
        [("short", "limit=math.pow(strategy.openprofit, -3)"), ("long", "profit=1 / strategy.openprofit")]
    {
        let far = format!(
            "if close > open\n    strategy.entry(\"A\", strategy.{entry})\nif close < open[3]\n    strategy.close(\"A\")\nstrategy.exit(\"X\", \"A\", stop=close * (strategy.position_size < 0 ? 1.02 : 0.98), {exit})\n"
        );
        assert!(trades(&format!("{V6}{far}")).is_some_and(|trades| trades > 10), "{exit}");
    }
    // A length of 0 is wrong wherever it stands, also where nothing hangs on it.
    let length = "f(x) =>\n    var t = 0.0\nk = input.float(1.5)\nvar v = 0.0\nif ta.rising(k[1], 1)\n    0.0\nelse\n    v += ta.mode(year, 2) > 1 ? v[0] : 0\n    v *= f(ta.dev(close, 0))\nv := close\nif v > open\n    strategy.entry(\"L\", strategy.long)\n";
    run(&format!("{V6}{length}"));
    let refused = assay_pine::check(&format!("{V6}{length}")).unwrap_err().to_string();
    assert!(refused.contains("11:12") && refused.contains("`length` of `ta.dev` must be at least 1"), "{refused}");
    // What is known to hold is never asked for its other side.
    let known = "b1 = input.bool(true)\nn = input.int(-1)\nstrategy.entry(\"L\", strategy.long)\nif b1[0] or ta.rising(ta.tr, n)\n    strategy.close(\"L\")\n";
    assert!(trades(&format!("{V5}{known}")).is_some_and(|trades| trades > 0));
    // Infinite prices are refused by all.
    for price in [f64::INFINITY, 1e300, 5e-324] {
        let mut bars = market.clone();
        bars.high[300] = price;
        let text =
            format!("{V6}if close > open\n    strategy.entry(\"L\", strategy.long)\nelse\n    strategy.close(\"L\")\n");
        let steps = assay_pine::compile_steps(&text).unwrap();
        let error = run_steps(&steps, &[], &bars, house(false), 0..400).unwrap_err();
        assert_eq!(
            error.to_string(),
            "bar 300 has a price or volume that no market has: remove the bar, or correct it"
        );
        let script = assay_pine::check(&text).unwrap();
        assert_eq!(interpret(&script, &[], &bars, house(false), 0..400).unwrap_err().line, 0);
        let signals = assay_pine::compile("//@version=6\nstrategy(\"T\")\nif close > open\n    strategy.entry(\"L\", strategy.long)\nelse\n    strategy.close(\"L\")\n").unwrap();
        let refused = assay_backtest::run(&signals, &[], &bars, house(false).costs, Fill::NextOpen, 0..400);
        assert_eq!(refused.unwrap_err(), error);
    }
}

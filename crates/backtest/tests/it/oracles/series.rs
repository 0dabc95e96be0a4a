//! PyneCore and PineTS: what series are. History, `na`, `var`, the seeds of `ta.*`, calls that run only on some bars, state of
//! each call site, loops and other intervals, bar by bar against the interpreter.
//!
//! The interpreter draws no plots, so a script trades its series: on each bar it closes what it holds and orders as many
//! contracts as the value says, short where that is negative. The trade that the next bar opens shows it exactly.

use assay_backtest::stepwise::broker::{Intrabar, Side};
use assay_backtest::stepwise::interpreter::interpret;
use assay_backtest::{Bars, Fill};
use serde_json::{Value, json};

use super::{Table, ask, columns, house, numbers, ready};
use crate::market;

/// The contracts that stand for `na`.
const NOTHING: f64 = -12_345.0;

const PAST: &str = "a window that holds an `na` gives `na` there; the reference passes it over";
const FEW: &str = "there is a value before there are n numbers there";
const WITHIN: &str =
    "an `na` is passed over within the window there; TradingView, by PyneCore's measurement, starts anew";
const ACROSS: &str = "the bar before is the last one with two numbers there; the reference says the previous bar";
const EARLY: &str = "na before the first range there; by the reference's formula 0 on bar 0, and 1 is the direction";

/// A series with gaps, for peers in their languages.
const GAPS: &str = "g = bar_index < 2 or bar_index % 7 == 3 or bar_index % 11 == 5 ? na : close";
const GAPS_IN_PYTHON: &str =
    "g: Series[float] = na if bar_index < 2 or bar_index % 7 == 3 or bar_index % 11 == 5 else close";

/// A series in Pine, and for PyneCore in Python; lines before it; how peers differ.
struct Case {
    name: &'static str,
    head: &'static str,
    pine: &'static str,
    python_head: &'static str,
    python: &'static str,
    pynecore: Option<&'static str>,
    pinets: Option<&'static str>,
}

/// The same text in both languages.
const fn same(pine: &'static str) -> Case {
    Case { name: pine, head: "", pine, python_head: "", python: pine, pynecore: None, pinets: None }
}

/// A truth, as 1 and 0.
const fn truth(pine: &'static str) -> Case {
    Case { pine: "b ? 1 : 0", python: "1 if b else 0", head: "b = @", python_head: "b = @", ..same(pine) }
}

/// Over a series with gaps.
const fn gaps(pine: &'static str) -> Case {
    Case { head: GAPS, python_head: GAPS_IN_PYTHON, ..same(pine) }
}

/// A truth over a series with gaps.
const fn truth_of_gaps(pine: &'static str) -> Case {
    Case {
        head: "g = bar_index < 2 or bar_index % 7 == 3 or bar_index % 11 == 5 ? na : close\nb = @",
        python_head: "g: Series[float] = na if bar_index < 2 or bar_index % 7 == 3 or bar_index % 11 == 5 else close\nb = @",
        ..truth(pine)
    }
}

/// Lines of their own in each language that end in `x`.
const fn lines(name: &'static str, head: &'static str, python_head: &'static str) -> Case {
    Case { name, head, pine: "x", python_head, python: "x", pynecore: None, pinets: None }
}

impl Case {
    const fn pinets(self, why: &'static str) -> Case {
        Case { pinets: Some(why), ..self }
    }

    const fn pynecore(self, why: &'static str) -> Case {
        Case { pynecore: Some(why), ..self }
    }

    /// Both peers mean something else.
    const fn both(self, why: &'static str) -> Case {
        Case { pynecore: Some(why), pinets: Some(why), ..self }
    }

    /// The series in Python, where it reads otherwise.
    const fn and_python(self, python: &'static str) -> Case {
        Case { python, ..self }
    }

    /// Only PineTS is asked.
    const fn pinets_alone(self) -> Case {
        Case { python: "", ..self }
    }

    fn head(&self) -> String {
        self.head.replace('@', self.name)
    }

    /// The series by bar as the interpreter has it, without the last bar, whose successor does not exist.
    fn ours(&self, bars: &Bars) -> Result<Vec<f64>, String> {
        let text = format!(
            "//@version=6\nstrategy(\"T\", initial_capital=1000000000000)\n{}\nvalue = {}\nheld = na(value) ? {NOTHING:.1} : value\nstrategy.close_all()\nif held > 0\n    strategy.order(\"B\", strategy.long, qty=held)\nif held < 0\n    strategy.order(\"S\", strategy.short, qty=-held)\n",
            self.head(),
            self.pine
        );
        let script = assay_pine::check(&text).map_err(|refusal| refusal.to_string())?;
        let house = house(Fill::NextOpen, Intrabar::Path);
        let run = interpret(&script, &[], bars, house, 0..bars.len()).map_err(|e| e.to_string())?;
        let mut series = vec![0.0; bars.len() - 1];
        let closed = run.closed.iter().map(|t| (t.entry_bar, t.side, t.qty));
        for (bar, side, qty) in closed.chain(run.open.iter().map(|t| (t.entry_bar, t.side, t.qty))) {
            let value = if side == Side::Long { qty } else { -qty };
            series[bar - 1] = if value == NOTHING { f64::NAN } else { value };
        }
        Ok(series)
    }
}

const CASES: &[Case] = &[
    same("close[3]"),
    same("nz(close[5], 1.5)"),
    same("ta.sma(close, 20)"),
    same("ta.ema(close, 20)"),
    same("ta.rma(close, 14)"),
    same("ta.wma(close, 20)"),
    same("ta.vwma(close, 20)"),
    same("ta.hma(close, 16)"),
    same("ta.swma(close)"),
    same("ta.alma(close, 9, 0.85, 6)"),
    same("ta.rsi(close, 14)"),
    same("ta.atr(14)"),
    same("ta.tr").pinets("bar 0 has high - low there"),
    same("ta.tr(true)").and_python("ta.tr(True)"),
    same("ta.stdev(close, 20)"),
    same("ta.variance(close, 20)"),
    same("ta.dev(close, 20)"),
    same("ta.cci(hlc3, 20)"),
    same("ta.wpr(14)"),
    same("ta.mfi(hlc3, 14)"),
    same("ta.mom(close, 10)"),
    same("ta.roc(close, 10)"),
    same("ta.stoch(close, high, low, 14)"),
    same("ta.obv").pynecore("na on bar 0 there; ta.cum of an `na` is 0"),
    same("ta.cum(volume)"),
    same("ta.linreg(close, 14, 0)"),
    same("ta.linreg(close, 14, 2)"),
    same("ta.highest(high, 10)"),
    same("ta.lowest(low, 10)"),
    same("ta.highestbars(high, 10)"),
    same("ta.lowestbars(low, 10)"),
    same("ta.change(close)"),
    same("ta.change(close, 3)"),
    same("ta.median(close, 9)"),
    same("ta.range(close, 9)"),
    same("ta.percentrank(close, 20)"),
    same("ta.correlation(close, volume, 20)"),
    same("ta.cog(close, 10)"),
    same("ta.cmo(close, 9)"),
    same("ta.tsi(close, 5, 10)"),
    same("ta.bbw(close, 20, 2)"),
    same("ta.kcw(close, 20, 1.5)"),
    same("ta.sar(0.02, 0.02, 0.2)"),
    same("ta.pivothigh(high, 3, 2)"),
    same("ta.pivotlow(low, 3, 2)"),
    same("ta.barssince(close < close[1])"),
    same("ta.valuewhen(close > close[1], close, 0)"),
    same("ta.valuewhen(close > close[1], close, 2)"),
    truth("ta.crossover(close, ta.sma(close, 5))"),
    truth("ta.crossunder(close, ta.sma(close, 5))"),
    truth("ta.cross(close, ta.sma(close, 5))"),
    truth("ta.rising(close, 3)"),
    truth("ta.falling(close, 3)"),
    same("math.sum(volume, 5)"),
    same("math.avg(open, close)"),
    same("math.max(open, close[1])"),
    same("ta.accdist"),
    same("ta.percentile_nearest_rank(close, 10, 50)"),
    same("ta.percentile_linear_interpolation(close, 10, 40)"),
    same("dayofweek").pinets_alone(),
    same("month").pinets_alone(),
    same("dayofmonth").pinets_alone(),
    lines("ta.macd, line", "[x, s, h] = ta.macd(close, 12, 26, 9)", "x, s, h = ta.macd(close, 12, 26, 9)"),
    lines("ta.macd, signal", "[l, x, h] = ta.macd(close, 12, 26, 9)", "l, x, h = ta.macd(close, 12, 26, 9)"),
    lines("ta.bb, upper", "[m, x, l] = ta.bb(close, 20, 2)", "m, x, l = ta.bb(close, 20, 2)"),
    lines("ta.kc, lower", "[m, u, x] = ta.kc(close, 20, 1.5)", "m, u, x = ta.kc(close, 20, 1.5)"),
    lines("ta.dmi, adx", "[p, m, x] = ta.dmi(14, 14)", "p, m, x = ta.dmi(14, 14)"),
    lines("ta.dmi, plus", "[x, m, a] = ta.dmi(14, 14)", "x, m, a = ta.dmi(14, 14)"),
    lines("ta.dmi, minus", "[p, x, a] = ta.dmi(14, 14)", "p, x, a = ta.dmi(14, 14)"),
    lines(
        "ta.kc of high - low, upper",
        "[m, x, l] = ta.kc(close, 20, 1.5, false)",
        "m, x, l = ta.kc(close, 20, 1.5, False)",
    ),
    lines("ta.supertrend, line", "[x, d] = ta.supertrend(3, 10)", "x, d = ta.supertrend(3, 10)").pinets(EARLY),
    lines("ta.supertrend, direction", "[l, x] = ta.supertrend(3, 10)", "l, x = ta.supertrend(3, 10)").pinets(EARLY),
    lines(
        "var, counted on some bars",
        "var int x = 0\nif close > open\n    x += 1",
        "x: Persistent[int] = 0\nif close > open:\n    x += 1",
    ),
    lines(
        "its own history",
        "x = 0.0\nx := nz(x[1]) * 0.9 + close",
        "x: Series[float] = 0.0\nx = nz(x[1]) * 0.9 + close",
    ),
    lines(
        "state of each call site",
        "f(s) =>\n    var float m = 0.0\n    m := math.max(m, s)\n    m\na = f(close)\nb = f(200 - close)\nx = a + 1000 * b",
        "def f(s):\n    m: Persistent[float] = 0.0\n    m = math.max(m, s)\n    return m\na = f(close)\nb = f(200 - close)\nx = a + 1000 * b",
    ),
    lines(
        "ta.sma that runs on some bars",
        "float x = na\nif close > open\n    x := ta.sma(close, 3)",
        "x = na\nif close > open:\n    x = ta.sma(close, 3)",
    ),
    lines(
        "ta.ema that runs on some bars",
        "float x = na\nif close > open\n    x := ta.ema(close, 3)",
        "x = na\nif close > open:\n    x = ta.ema(close, 3)",
    ),
    lines(
        "ta.highest that runs on some bars",
        "float x = na\nif close > open\n    x := ta.highest(high, 3)",
        "x = na\nif close > open:\n    x = ta.highest(high, 3)",
    )
    .pynecore("the window holds the bars on which it ran there"),
    lines(
        "ta.crossover behind and",
        "b = close > open and ta.crossover(close, close[2])\nx = b ? 1 : 0",
        "b = close > open and ta.crossover(close, close[2])\nx = 1 if b else 0",
    )
    .pinets("both sides of `and` run there"),
    gaps("ta.sma(g, 3)").pinets(PAST),
    gaps("math.sum(g, 3)").pinets(PAST),
    gaps("ta.ema(g, 3)"),
    gaps("ta.rma(g, 3)").pinets("an `na` counts as 0 there"),
    gaps("ta.wma(g, 3)").pinets(PAST),
    gaps("ta.vwma(g, 3)").pinets(PAST),
    gaps("ta.hma(g, 4)").both(
        "neither peer is the other: `na` voids windows in PineTS, and is passed over by each average in PyneCore",
    ),
    gaps("ta.swma(g)"),
    gaps("ta.alma(g, 3, 0.85, 6)"),
    gaps("ta.rsi(g, 3)"),
    gaps("ta.stdev(g, 3)").pinets(FEW),
    gaps("ta.variance(g, 3)").pinets(PAST),
    gaps("ta.dev(g, 3)").pinets("an `na` counts as 0 there"),
    gaps("ta.cci(g, 3)").pinets(FEW),
    gaps("ta.mfi(g, 3)").pynecore("the bar behind a gap is compared with the number before it there"),
    gaps("ta.mom(g, 2)"),
    gaps("ta.roc(g, 2)").pynecore("the divisor is the number before the gap there"),
    gaps("ta.stoch(g, high, low, 3)")
        .both("neither peer is the other: the highest of high is of the bars on which g is a number there"),
    gaps("ta.stoch(close, g, g, 3)").both("neither peer is the other: here as ta.highest and ta.lowest have it"),
    gaps("ta.linreg(g, 3, 0)"),
    gaps("ta.linreg(g, 3, 1)"),
    gaps("ta.highest(g, 3)").pinets(WITHIN),
    gaps("ta.lowest(g, 3)").pinets(WITHIN),
    gaps("ta.highestbars(g, 3)").pinets(WITHIN),
    gaps("ta.lowestbars(g, 3)").pinets(WITHIN),
    gaps("ta.range(g, 3)").both("neither peer is the other: here as ta.highest and ta.lowest have it"),
    gaps("ta.median(g, 3)").pinets(FEW),
    gaps("ta.mode(g, 3)").pinets(FEW),
    gaps("ta.percentrank(g, 3)").both("neither peer is the other: the reference says that an `na` gives `na`"),
    gaps("ta.correlation(g, volume, 3)").both("neither peer is the other: an `na` gives `na` here"),
    gaps("ta.cog(g, 3)").pynecore("an `na` is passed over there, by the reference's formula it gives `na`"),
    gaps("ta.cmo(g, 3)"),
    gaps("ta.tsi(g, 2, 3)"),
    gaps("ta.cum(g)").pynecore("a gap shows as one there, and here no sum is lost"),
    gaps("ta.percentile_nearest_rank(g, 3, 50)").both("neither peer is the other: an `na` gives `na` here"),
    gaps("ta.percentile_linear_interpolation(g, 3, 40)").pynecore("the reference says that an `na` gives `na`"),
    gaps("ta.pivothigh(g, 2, 1)").both("neither peer is the other: no pivot beside an `na` here"),
    gaps("ta.pivotlow(g, 2, 1)").both("neither peer is the other: no pivot beside an `na` here"),
    gaps("ta.bbw(g, 3, 2)").pinets(FEW),
    gaps("ta.kcw(g, 3, 2)").pinets("a gap of the average is filled there"),
    gaps("ta.max(g)"),
    gaps("ta.valuewhen(close > close[1], g, 0)"),
    gaps("ta.valuewhen(g > g[1], close, 0)"),
    truth_of_gaps("ta.rising(g, 2)"),
    truth_of_gaps("ta.falling(g, 2)"),
    truth_of_gaps("ta.crossover(g, open)").pynecore(ACROSS),
    truth_of_gaps("ta.crossunder(g, open)").pynecore(ACROSS),
    truth_of_gaps("ta.cross(g, open)").pynecore(ACROSS),
    same("ta.highest(ta.sma(close, 4), 3)"),
    same("ta.sma(ta.highest(close[3], 4), 2)"),
    same("ta.sma(ta.tr, 5)").pinets("bar 0 has high - low there"),
    same("ta.rsi(bar_index < 20 ? 100.0 : close, 3)").and_python("ta.rsi(100.0 if bar_index < 20 else close, 3)"),
    same("ta.mfi(bar_index < 20 ? 100.0 : close, 3)").and_python("ta.mfi(100.0 if bar_index < 20 else close, 3)"),
    lines(
        "comparisons with na",
        "float n = na\nx = (n > 1 ? 1 : 0) + (n < 1 ? 2 : 0) + (n == n ? 4 : 0) + (not (n > 1) ? 8 : 0)",
        "n: float = na(float)\nx = (1 if n > 1 else 0) + (2 if n < 1 else 0) + (4 if n == n else 0) + (8 if not (n > 1) else 0)",
    ),
    lines(
        "a loop over history",
        "x = 0.0\nfor i = 0 to 4\n    x += nz(close[i]) * i",
        "x = 0.0\nfor i in pine_range(0, 4):\n    x += nz(close[i]) * i",
    ),
    lines(
        "a loop downwards with break",
        "x = 0.0\nfor i = 9 to 0 by 2\n    if i < 4\n        break\n    x += nz(high[i])",
        "x = 0.0\nfor i in pine_range(9, 0, 2):\n    if i < 4:\n        break\n    x += nz(high[i])",
    ),
    lines(
        "a length that changes",
        "n = bar_index % 7 + 2\nx = ta.highest(high, n)",
        "n = bar_index % 7 + 2\nx = ta.highest(high, n)",
    ),
    lines(
        "an array as a window",
        "var w = array.new_float(0)\narray.push(w, close)\nif array.size(w) > 5\n    array.shift(w)\nx = array.avg(w) + array.max(w) - array.median(w)",
        "w: Persistent[list[float]] = array.new_float(0)\narray.push(w, close)\nif array.size(w) > 5:\n    array.shift(w)\nx = array.avg(w) + array.max(w) - array.median(w)",
    ),
    lines("rounding", "x = math.round(close, 1) + math.round(open)", "x = math.round(close, 1) + math.round(open)"),
    lines("whole numbers divided", "x = bar_index / 2", "x = bar_index / 2"),
    lines("the remainder of a negative", "x = (bar_index - 50) % 7", "x = (bar_index - 50) % 7"),
    lines("weekly close", "x = request.security(syminfo.tickerid, \"W\", close)", "").pinets_alone(),
    lines("weekly average", "x = request.security(syminfo.tickerid, \"W\", ta.sma(high, 3))", "").pinets_alone(),
    lines("monthly high of the month before", "x = request.security(syminfo.tickerid, \"M\", high[1])", "")
        .pinets_alone(),
];

/// Compares with one peer; the answer holds the plots by the index of the case.
fn compare(peer: &str, bars: &Bars, differs: fn(&Case) -> Option<&'static str>, cases: &[&Case], answer: &Value) {
    assert!(answer["error"].is_null(), "{peer}: {}", answer["error"]);
    let mut table = Table::new(&format!("{peer}, series of scripts, {} bars", bars.len()));
    let mut equal = Vec::new();
    for (i, case) in cases.iter().enumerate() {
        let theirs = numbers(&answer["plots"][i.to_string()]);
        let ours = match case.ours(bars) {
            Ok(ours) => ours,
            Err(why) => {
                table.note(case.name, &why);
                continue;
            }
        };
        let theirs = &theirs[..ours.len()];
        let apart = |(a, b): (&f64, &f64)| match (a.is_nan(), b.is_nan()) {
            (true, true) => 0.0,
            (false, false) => (a - b).abs() / b.abs().max(1.0),
            _ => f64::INFINITY,
        };
        let distances: Vec<f64> = ours.iter().zip(theirs).map(apart).collect();
        let worst = distances.iter().copied().fold(0.0, f64::max);
        let first = distances.iter().position(|apart| *apart > 1e-9);
        match differs(case) {
            Some(_) if first.is_none() => equal.push(case.name),
            Some(why) => table.note(case.name, why),
            None => {
                let note = first.map(|t| format!("first on bar {t}: {} here, {} there", ours[t], theirs[t]));
                table.row(case.name, ours.len(), worst, 1e-9, &note.unwrap_or_default());
            }
        }
    }
    table.finish();
    assert!(equal.is_empty(), "{peer}: the same by now: {equal:#?}");
}

#[test]
fn series_are_those_of_pynecore() {
    if !ready(&["PyneCore"]) {
        return;
    }
    let bars = market::daily(1, 300);
    let cases: Vec<&Case> = CASES.iter().filter(|c| !c.python.is_empty()).collect();
    // Each case in a function of its own, so that names do not meet.
    let mut text = String::from(
        "\"\"\"\n@pyne\n\"\"\"\nfrom pynecore import Persistent, Series\nfrom pynecore.core.pine_range import pine_range\nfrom pynecore.lib import (array, bar_index, close, dayofmonth, dayofweek, high, hlc3, low, math, month, na, nz, open, plot,\n                          script, strategy, ta, volume)\n\n\n@script.strategy(\"series\")\ndef main():\n",
    );
    for (i, case) in cases.iter().enumerate() {
        text += &format!("    def case_{i}():\n");
        for line in case.python_head.replace('@', case.name).lines() {
            text += &format!("        {line}\n");
        }
        text += &format!("        return {}\n    plot(case_{i}(), \"{i}\")\n", case.python);
    }
    let request = json!({"bars": columns(&bars), "mintick": 1e-4, "scripts": [{"name": "series", "text": text}]});
    let answer = ask("pyne_runs.py", &request);
    compare("PyneCore 6.11.0", &bars, |c| c.pynecore, &cases, &answer["series"]);
}

#[test]
fn series_are_those_of_pinets() {
    if !ready(&["PineTS"]) {
        return;
    }
    let bars = market::daily(1, 300);
    let cases: Vec<&Case> = CASES.iter().collect();
    // A script for each case, so that names do not meet.
    let scripts = cases.iter().enumerate().map(|(i, case)| {
        let text = format!("//@version=6\nstrategy(\"T\")\n{}\nplot({}, \"{i}\")\n", case.head(), case.pine);
        json!({"name": i.to_string(), "text": text})
    });
    let request = json!({"bars": columns(&bars), "mintick": 1e-4, "scripts": scripts.collect::<Vec<_>>()});
    let answer = ask("pinets.mjs", &request);
    let mut plots = serde_json::Map::new();
    for (i, case) in cases.iter().enumerate() {
        let one = &answer[i.to_string()];
        assert!(one["error"].is_null(), "{}: {}", case.name, one["error"]);
        plots.insert(i.to_string(), one["plots"][i.to_string()].clone());
    }
    compare("PineTS 0.9.34", &bars, |c| c.pinets, &cases, &json!({"plots": plots}));
}

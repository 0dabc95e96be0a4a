//! The series on which interpreter and Pine peers are compared: indicators from their first bar on, with usual lengths and the
//! shortest, over series that start late or have holes; and what series are at all.

const PAST: &str = "a window that holds an `na` gives `na` there; the reference passes it over";
const FEW: &str = "there is a value before there are n numbers there";
const WITHIN: &str =
    "an `na` is passed over within the window there; TradingView, by PyneCore's measurement, starts anew";
const ZERO: &str = "an `na` counts as 0 there";
const RANK: &str = "neither peer is the other; the reference says that an `na` gives `na`";
const NEAREST: &str = "neither peer is the other; here an `na` gives `na`";
const CUM: &str = "the running sum of an `na` is `na` there, and here what it was before, from 0 on";
const ACROSS: &str = "the bar before is the last one with two numbers there; the reference says the previous bar";
const EARLY: &str = "na before the first range there; by the reference's formula 0 on bar 0, and 1 is the direction";

/// A series with gaps, for peers in their languages.
const GAPS: &str = "g = bar_index < 2 or bar_index % 7 == 3 or bar_index % 11 == 5 ? na : close";
const GAPS_IN_PYTHON: &str =
    "g: Series[float] = na if bar_index < 2 or bar_index % 7 == 3 or bar_index % 11 == 5 else close";

/// A series in Pine, and for PyneCore in Python; lines before it; how peers differ.
pub(super) struct Case {
    pub name: &'static str,
    pub head: &'static str,
    pub pine: &'static str,
    pub python_head: &'static str,
    pub python: &'static str,
    pub pynecore: Option<&'static str>,
    pub pinets: Option<&'static str>,
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

    pub fn head(&self) -> String {
        self.head.replace('@', self.name)
    }
}

/// What is compared.
pub(super) const CASES: &[Case] = &[
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
    same("ta.obv").pynecore(CUM),
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
    same("ta.hma(close, 7)"),
    same("ta.hma(close, 8)"),
    same("ta.hma(close, 3)"),
    same("ta.hma(close, 2)"),
    same("ta.sma(close, 1)"),
    same("ta.ema(close, 1)"),
    same("ta.rma(close, 1)"),
    same("ta.wma(close, 1)"),
    same("ta.wma(close, 2)"),
    same("ta.rsi(close, 1)"),
    same("ta.rsi(close, 2)"),
    same("ta.atr(1)"),
    same("ta.stdev(close, 1)"),
    same("ta.stdev(close, 2)"),
    same("ta.variance(close, 2)"),
    same("ta.dev(close, 1)"),
    same("ta.cci(close, 2)"),
    same("ta.stoch(close, high, low, 1)"),
    same("ta.mfi(hlc3, 1)"),
    same("ta.mfi(hlc3, 2)"),
    same("ta.linreg(close, 2, 0)"),
    same("ta.linreg(close, 2, 1)"),
    same("ta.highest(high, 1)"),
    same("ta.highestbars(high, 1)"),
    same("ta.range(close, 1)"),
    same("ta.percentrank(close, 1)"),
    same("ta.median(close, 1)"),
    same("ta.median(close, 2)"),
    same("ta.cog(close, 1)"),
    same("ta.cmo(close, 1)"),
    same("ta.tsi(close, 1, 1)"),
    same("ta.tsi(close, 1, 4)"),
    same("ta.pivothigh(high, 0, 0)"),
    same("ta.pivothigh(high, 1, 0)"),
    same("ta.pivotlow(low, 0, 3)"),
    same("ta.bbw(close, 2, 2)"),
    same("ta.kcw(close, 1, 2)"),
    same("ta.kcw(close, 2, 2)"),
    same("ta.sar(0.05, 0.1, 0.3)"),
    same("ta.alma(close, 2, 0.85, 6)"),
    same("ta.alma(close, 1, 0.5, 6)"),
    same("ta.vwma(close, 1)"),
    same("math.sum(close, 1)"),
    same("ta.mom(close, 1)"),
    same("ta.roc(close, 1)"),
    same("ta.pvt").pynecore(CUM),
    same("ta.nvi"),
    same("ta.pvi"),
    same("ta.wad"),
    same("ta.wvad"),
    same("ta.iii"),
    same("ta.mode(math.round(close), 5)"),
    same("ta.stdev(close, 9, false)").and_python("ta.stdev(close, 9, False)"),
    same("ta.variance(close, 9, false)")
        .and_python("ta.variance(close, 9, False)")
        .pinets("`biased` is not read there"),
    same("ta.percentile_nearest_rank(close, 9, 75)"),
    same("ta.percentile_linear_interpolation(close, 9, 75)"),
    same("ta.percentile_linear_interpolation(close, 9, 0)"),
    same("ta.percentile_linear_interpolation(close, 9, 100)"),
    same("ta.barssince(close > 0)"),
    same("ta.valuewhen(bar_index == 0, close, 0)"),
    same("ta.ema(ta.ema(ta.ema(close, 3), 3), 3)"),
    same("ta.sma(ta.rsi(close, 5), 3)"),
    same("ta.rsi(ta.sma(close, 5), 3)"),
    same("ta.ema(ta.atr(3), 3)"),
    same("ta.stoch(ta.rsi(close, 5), ta.rsi(close, 5), ta.rsi(close, 5), 5)").pinets(PAST),
    same("ta.wma(ta.change(close), 3)"),
    same("ta.hma(ta.change(close), 4)"),
    same("ta.stdev(ta.change(close), 5)"),
    same("ta.cci(ta.change(close), 5)"),
    same("ta.vwma(ta.change(close), 5)"),
    same("ta.linreg(ta.sma(close, 4), 4, 0)"),
    same("ta.median(ta.change(close), 4)").pinets(FEW),
    same("ta.highestbars(ta.change(close), 4)"),
    same("ta.lowest(ta.rsi(close, 5), 4)"),
    same("ta.percentrank(ta.change(close), 4)").both(RANK),
    same("ta.cum(ta.change(close))").pynecore(CUM),
    same("ta.mom(ta.sma(close, 4), 3)"),
    same("ta.mfi(ta.sma(close, 3), 4)"),
    same("ta.tsi(ta.sma(close, 3), 2, 4)"),
    same("ta.kcw(ta.sma(close, 3), 4, 2)"),
    same("ta.bbw(ta.change(close), 4, 2)"),
    same("ta.correlation(ta.change(close), close, 4)").pinets(FEW),
    same("ta.pivothigh(ta.sma(close, 3), 2, 2)"),
    same("ta.swma(ta.change(close))"),
    same("ta.alma(ta.change(close), 5, 0.85, 6)"),
    same("ta.cog(ta.sma(close, 3), 4)"),
    same("ta.mode(ta.change(close), 3)").pinets(FEW),
    same("ta.percentile_nearest_rank(ta.change(close), 4, 50)").both(NEAREST),
    same("ta.dev(ta.change(close), 4)").pinets(ZERO),
    same("ta.range(ta.change(close), 4)"),
    same("ta.roc(ta.sma(close, 4), 3)"),
    same("ta.rma(ta.change(close), 4)").pinets(ZERO),
    same("ta.variance(ta.change(close), 4)"),
    truth("ta.rising(close, 1)"),
    truth("ta.falling(ta.sma(close, 4), 2)"),
    truth("ta.crossover(ta.sma(close, 3), ta.sma(close, 7))"),
    truth("ta.cross(close, close[1])"),
    truth("ta.crossunder(ta.rsi(close, 5), 50)"),
    truth("ta.crossover(close, open)"),
    lines("ta.supertrend(1, 1), line", "[x, d] = ta.supertrend(1, 1)", "x, d = ta.supertrend(1, 1)").pinets(EARLY),
    lines("ta.supertrend(1, 1), direction", "[d, x] = ta.supertrend(1, 1)", "d, x = ta.supertrend(1, 1)").pinets(EARLY),
    lines("ta.supertrend(2, 2), line", "[x, d] = ta.supertrend(2, 2)", "x, d = ta.supertrend(2, 2)").pinets(EARLY),
    lines("ta.supertrend(2, 2), direction", "[d, x] = ta.supertrend(2, 2)", "d, x = ta.supertrend(2, 2)").pinets(EARLY),
    lines("ta.supertrend(1, 5), line", "[x, d] = ta.supertrend(1, 5)", "x, d = ta.supertrend(1, 5)").pinets(EARLY),
    lines("ta.supertrend(1, 5), direction", "[d, x] = ta.supertrend(1, 5)", "d, x = ta.supertrend(1, 5)").pinets(EARLY),
    lines("ta.dmi(1, 1), plus", "[u, v, w] = ta.dmi(1, 1)\nx = u", "u, v, w = ta.dmi(1, 1)\nx = u"),
    lines("ta.dmi(2, 3), plus", "[u, v, w] = ta.dmi(2, 3)\nx = u", "u, v, w = ta.dmi(2, 3)\nx = u"),
    lines("ta.dmi(7, 2), plus", "[u, v, w] = ta.dmi(7, 2)\nx = u", "u, v, w = ta.dmi(7, 2)\nx = u"),
    lines("ta.dmi(1, 1), minus", "[u, v, w] = ta.dmi(1, 1)\nx = v", "u, v, w = ta.dmi(1, 1)\nx = v"),
    lines("ta.dmi(2, 3), minus", "[u, v, w] = ta.dmi(2, 3)\nx = v", "u, v, w = ta.dmi(2, 3)\nx = v"),
    lines("ta.dmi(7, 2), minus", "[u, v, w] = ta.dmi(7, 2)\nx = v", "u, v, w = ta.dmi(7, 2)\nx = v"),
    lines("ta.dmi(1, 1), adx", "[u, v, w] = ta.dmi(1, 1)\nx = w", "u, v, w = ta.dmi(1, 1)\nx = w"),
    lines("ta.dmi(2, 3), adx", "[u, v, w] = ta.dmi(2, 3)\nx = w", "u, v, w = ta.dmi(2, 3)\nx = w"),
    lines("ta.dmi(7, 2), adx", "[u, v, w] = ta.dmi(7, 2)\nx = w", "u, v, w = ta.dmi(7, 2)\nx = w"),
    gaps("ta.sma(g, 3)").pinets(PAST),
    gaps("math.sum(g, 3)").pinets(PAST),
    gaps("ta.ema(g, 3)"),
    gaps("ta.rma(g, 3)").pinets(ZERO),
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
    gaps("ta.dev(g, 3)").pinets(ZERO),
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
    gaps("ta.percentrank(g, 3)").both(RANK),
    gaps("ta.correlation(g, volume, 3)").both("neither peer is the other: an `na` gives `na` here"),
    gaps("ta.cog(g, 3)").pynecore("an `na` is passed over there, by the reference's formula it gives `na`"),
    gaps("ta.cmo(g, 3)"),
    gaps("ta.tsi(g, 2, 3)"),
    gaps("ta.cum(g)").pynecore("a gap shows as one there, and here no sum is lost"),
    gaps("ta.percentile_nearest_rank(g, 3, 50)").both(NEAREST),
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

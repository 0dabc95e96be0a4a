//! Makes random scripts and random bars from a stream of small choices: a seed's for the property tests, the fuzzer's bytes
//! for the fuzzer. Shared by both, so it knows nothing of either.

use std::fmt::Write;

use assay_backtest::Bars;
use assay_units::{Seed, SplitMix64};

/// Choices below a bound. The bytes come first; when they are used up, a generator goes on that their first ones seed, so that
/// a change of a late byte changes a late choice alone.
pub struct Dice<'a> {
    bytes: std::slice::Iter<'a, u8>,
    more: SplitMix64,
}

impl<'a> Dice<'a> {
    #[allow(dead_code, reason = "the fuzzer's")]
    pub fn of_bytes(bytes: &'a [u8]) -> Dice<'a> {
        let seed = bytes.iter().take(4).fold(0, |seed, byte| seed << 8 | u64::from(*byte));
        Dice { bytes: bytes.iter(), more: SplitMix64::new(Seed(seed)) }
    }

    #[allow(dead_code, reason = "the fuzzer has bytes")]
    pub fn of_seed(seed: u64) -> Dice<'static> {
        Dice { bytes: [].iter(), more: SplitMix64::new(Seed(seed)) }
    }

    /// 0 to `n` - 1, `n` at most 256.
    pub fn below(&mut self, n: usize) -> usize {
        match self.bytes.next() {
            Some(byte) => usize::from(*byte) % n,
            None => (self.more.next_unit() * n as f64) as usize % n,
        }
    }
}

/// Prices that no market has.
const HOSTILE: [f64; 10] =
    [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, -5.0, 1e300, f64::MAX, f64::MIN_POSITIVE, 5e-324];

/// 1 to 160 bars: a walk, or constant, with gaps in time and up to seven hostile prices.
pub fn bars(dice: &mut Dice<'_>) -> Bars {
    let count = if dice.below(16) == 0 { dice.below(40) + 1 } else { dice.below(120) + 40 };
    let step_ms = [86_400_000, 3_600_000, 60_000, 7 * 86_400_000, 30 * 86_400_000, 1_000][dice.below(6)];
    let constant = dice.below(12) == 0;
    let mut walk = SplitMix64::new(Seed(dice.below(256) as u64));
    let mut bars = Bars::default();
    let (mut time, mut before) =
        (1_420_070_400_000i64 - [0, 2_000_000_000_000][usize::from(dice.below(20) == 0)], 100.0);
    let gaps = dice.below(6) == 0;
    for _ in 0..count {
        let mut unit = || if constant { 0.5 } else { walk.next_unit() };
        let close = (before * (1.0 + (unit() - 0.5) * 0.06) * 100.0f64).round() / 100.0;
        bars.time.push(time);
        bars.open.push(before + if gaps { (unit() - 0.5) * 3.0 } else { 0.0 });
        bars.high.push(f64::max(before, close) + unit() - 0.5 * f64::from(u8::from(constant)));
        bars.low.push(f64::min(before, close) - unit() + 0.5 * f64::from(u8::from(constant)));
        bars.close.push(close);
        bars.volume.push((unit() * 9_000.0).floor());
        time += if gaps && unit() > 0.8 { step_ms * 9 } else { step_ms };
        before = close;
    }
    if dice.below(3) == 0 {
        for _ in 0..dice.below(7) + 1 {
            let (at, column, price) = (dice.below(count), dice.below(6), HOSTILE[dice.below(HOSTILE.len())]);
            let all = [&mut bars.open, &mut bars.high, &mut bars.low, &mut bars.close, &mut bars.volume];
            for (which, prices) in all.into_iter().enumerate() {
                // The last choice is the whole bar.
                if which == column || column == 5 {
                    prices[at] = price;
                }
            }
        }
    }
    bars
}

/// A strategy: declarations, branches, loops and functions with state, then orders of every kind.
pub fn script(dice: &mut Dice<'_>) -> String {
    let mut maker =
        Maker { dice, text: String::new(), numbers: vec![], truths: vec![], texts: vec![], open: vec![], named: 0 };
    maker.head();
    for _ in 0..maker.dice.below(7) + 2 {
        maker.statement(0);
    }
    maker.orders();
    maker.text
}

struct Maker<'a, 'b> {
    dice: &'a mut Dice<'b>,
    text: String,
    numbers: Vec<String>,
    truths: Vec<String>,
    texts: Vec<String>,
    /// Variables that may be assigned again.
    open: Vec<String>,
    named: usize,
}

impl Maker<'_, '_> {
    fn one(&mut self, of: &[&str]) -> String {
        of[self.dice.below(of.len())].to_owned()
    }

    fn any(&mut self, of: impl Fn(&Self) -> &Vec<String>) -> String {
        let at = self.dice.below(of(self).len().min(256));
        of(self)[at].clone()
    }

    fn rarely(&mut self, one_in: usize) -> bool {
        self.dice.below(one_in) == one_in - 1
    }

    fn line(&mut self, depth: usize, text: &str) {
        let _ = writeln!(self.text, "{}{text}", "    ".repeat(depth));
    }

    fn head(&mut self) {
        let version = [6, 5, 6, 5, 4][self.dice.below(5)];
        let sizing = self.one(&[
            ", default_qty_type=strategy.fixed, default_qty_value=1",
            "",
            ", default_qty_type=strategy.percent_of_equity, default_qty_value=50",
            ", default_qty_type=strategy.cash, default_qty_value=5000",
        ]);
        let mut rest = String::new();
        for part in [
            ", pyramiding=3",
            ", process_orders_on_close=true",
            ", close_entries_rule=\"ANY\"",
            ", slippage=2",
            ", commission_type=strategy.commission.percent, commission_value=0.1",
            ", commission_type=strategy.commission.cash_per_order, commission_value=1",
            ", initial_capital=5000",
        ] {
            if self.rarely(7) && !(part.contains("commission") && rest.contains("commission")) {
                rest += part;
            }
        }
        self.line(0, &format!("//@version={version}\nstrategy(\"T\"{sizing}{rest})"));
        self.text += "f(x, y) =>\n    var t = 0.0\n    t := nz(t) * 0.5 + nz(x)\n    u = t - nz(y)\n    u + nz(u[1])\n";
        self.text += "g(x) =>\n    float y = x\n    if x > close\n        y := nz(y[1], 1)\n    y > nz(y[2])\n";
        self.text += "n1 = input.int(3, minval=1, maxval=5)\nk1 = input.float(1.5, minval=0.5, maxval=2.5, step=0.5)\nb1 = input.bool(true)\n";
        self.numbers.extend(["n1".to_owned(), "k1".to_owned()]);
        self.truths.push("b1".to_owned());
        if self.rarely(6) {
            self.line(
                0,
                "h(x) =>\n    if x > open\n        strategy.entry(\"H\", strategy.long)\n    x\nplot(h(close))",
            );
        }
    }

    fn length(&mut self) -> String {
        if self.rarely(24) {
            return self.one(&[
                "0",
                "-1",
                "1.5",
                "2.7",
                "100000",
                "n1 * 2",
                "n1 - 1",
                "bar_index % 3 + 1",
                "int(k1)",
                "n1 / 2",
            ]);
        }
        self.one(&["1", "2", "3", "4", "5", "n1"])
    }

    fn number(&mut self, depth: usize) -> String {
        if depth == 0 {
            return match self.dice.below(5) {
                0 if !self.numbers.is_empty() => self.any(|m| &m.numbers),
                1 => self.one(&["1", "0.5", "2", "100", "na", "0", "-3", "7", "1e10", "math.pi"]),
                2 => self.one(&[
                    "open",
                    "high",
                    "low",
                    "close",
                    "bar_index",
                    "strategy.position_size",
                    "strategy.equity",
                    "strategy.position_avg_price",
                    "strategy.openprofit",
                    "strategy.netprofit",
                    "strategy.closedtrades",
                    "strategy.opentrades",
                    "syminfo.mintick",
                ]),
                3 => self.one(&[
                    "ta.tr",
                    "ta.obv",
                    "ta.vwap",
                    "hlc3",
                    "ohlc4",
                    "hour",
                    "month",
                    "year",
                    "dayofweek",
                    "time",
                ]),
                _ => self.one(&["open", "high", "low", "close", "hl2", "volume", "dayofmonth"]),
            };
        }
        let d = depth - 1;
        match self.dice.below(26) {
            0 | 1 => format!("({} {} {})", self.number(d), self.one(&["+", "-", "*", "/", "%"]), self.number(d)),
            2 => format!("({} ? {} : {})", self.truth(d), self.number(d), self.number(d)),
            3 => format!("nz({}, {})", self.number(d), self.number(0)),
            4 => format!("math.{}({}, {})", self.one(&["max", "min", "avg", "pow"]), self.number(d), self.number(d)),
            5 | 6 => {
                let name = self.one(&[
                    "sma",
                    "ema",
                    "rma",
                    "wma",
                    "highest",
                    "lowest",
                    "rsi",
                    "stdev",
                    "mom",
                    "roc",
                    "cci",
                    "dev",
                    "change",
                    "hma",
                    "vwma",
                    "variance",
                    "median",
                    "cmo",
                    "percentrank",
                    "highestbars",
                    "lowestbars",
                    "mfi",
                    "cog",
                    "range",
                    "mode",
                ]);
                format!("ta.{name}({}, {})", self.number(d), self.length())
            }
            7 => format!("math.sum({}, {})", self.number(d), self.length()),
            8 => format!("ta.valuewhen({}, {}, {})", self.truth(d), self.number(d), self.dice.below(3)),
            9 => format!("ta.barssince({})", self.truth(d)),
            10 => format!(
                "ta.{}({}, {}, {})",
                self.one(&["pivothigh", "pivotlow"]),
                self.number(0),
                self.dice.below(3),
                self.dice.below(3)
            ),
            11 => format!("ta.{}({})", self.one(&["cum", "max", "min", "swma"]), self.number(d)),
            12 | 13 if !self.numbers.is_empty() => {
                let back = if self.rarely(12) {
                    self.one(&["500", "n1", "n1 - 1", "0.9", "k1"])
                } else {
                    self.one(&["0", "1", "2", "3"])
                };
                format!("{}[{back}]", self.any(|m| &m.numbers))
            }
            14 => format!("({} + 0)[{}]", self.number(d), self.dice.below(3)),
            15 => format!("f({}, {})", self.number(d), self.number(0)),
            16 => format!("fixnan({})", self.number(d)),
            17 => format!(
                "math.{}({})",
                self.one(&["abs", "floor", "ceil", "round", "sign", "sqrt", "log", "exp", "sin", "round_to_mintick"]),
                self.number(d)
            ),
            18 => format!(
                "({} {} {})",
                self.one(&["n1", "7", "bar_index", "3"]),
                self.one(&["/", "%"]),
                self.one(&["n1", "2", "4", "0"])
            ),
            19 => format!("int({})", self.number(d)),
            20 => self.bars_alone(),
            21 => format!("(({})[{}])[{}]", self.number(d), self.dice.below(3), self.dice.below(3)),
            22 => format!("-({})", self.number(d)),
            // Holes, which every function must pass over in its own way on each path.
            23 => format!("({} ? {} : na)", self.truth(d), self.number(d)),
            24 => match self.dice.below(4) {
                0 => {
                    let (source, high, low) = (self.number(d), self.number(0), self.number(0));
                    format!("ta.stoch({source}, {high}, {low}, {})", self.length())
                }
                1 => format!("ta.tsi({}, {}, {})", self.number(d), self.dice.below(3) + 1, self.dice.below(3) + 1),
                2 => format!("ta.kcw({}, {}, 1.5)", self.number(d), self.dice.below(4) + 1),
                _ => "ta.tr(true)".to_owned(),
            },
            _ => self.number(0),
        }
    }

    /// Indicators of the bars themselves.
    fn bars_alone(&mut self) -> String {
        let length = self.length();
        match self.dice.below(6) {
            0 => format!("ta.atr({length})"),
            1 => format!("ta.wpr({length})"),
            2 => "ta.sar(0.02, 0.02, 0.2)".to_owned(),
            3 => format!("ta.stoch(close, high, low, {length})"),
            4 => format!("ta.linreg(close, {length}, 0)"),
            _ => format!("ta.correlation(close, open, {length})"),
        }
    }

    fn truth(&mut self, depth: usize) -> String {
        if depth == 0 {
            return match self.dice.below(4) {
                0 if !self.truths.is_empty() => self.any(|m| &m.truths),
                1 if !self.texts.is_empty() => {
                    format!("{} {} \"{}\"", self.any(|m| &m.texts), self.one(&["==", "!="]), self.one(&["a", "b"]))
                }
                _ => format!("{} {} {}", self.number(0), self.one(&["<", ">", "<=", ">=", "==", "!="]), self.number(0)),
            };
        }
        let d = depth - 1;
        match self.dice.below(10) {
            0 | 1 => format!("({} {} {})", self.truth(d), self.one(&["and", "or"]), self.truth(d)),
            2 => format!("(not ({}))", self.truth(d)),
            3 => format!(
                "ta.{}({}, {})",
                self.one(&["crossover", "crossunder", "cross"]),
                self.number(d),
                self.number(d)
            ),
            4 => format!("ta.{}({}, {})", self.one(&["rising", "falling"]), self.number(d), self.length()),
            5 => format!("na({})", self.number(d)),
            6 => format!("g({})", self.number(d)),
            7 if !self.truths.is_empty() => format!("{}[{}]", self.any(|m| &m.truths), self.dice.below(3)),
            8 => format!("({} ? {} : {})", self.truth(d), self.truth(d), self.truth(d)),
            _ => format!("({} {} {})", self.number(d), self.one(&["<", ">", "<=", ">="]), self.number(d)),
        }
    }

    fn statement(&mut self, depth: usize) {
        self.named += 1;
        let name = format!("v{}", self.named);
        match self.dice.below(if depth < 3 { 12 } else { 5 }) {
            0 => {
                let value = self.number(2);
                self.line(depth, &format!("float {name} = {value}"));
                self.numbers.push(name);
            }
            1 => {
                let value = self.truth(2);
                self.line(depth, &format!("bool {name} = {value}"));
                self.truths.push(name);
            }
            2 | 3 if !self.open.is_empty() => {
                let target = self.any(|m| &m.open);
                let value = self.number(2);
                let sign = self.one(&[":=", "+=", ":=", "-=", "*=", "/="]);
                self.line(depth, &format!("{target} {sign} {value}"));
            }
            4 => {
                let value = self.number(1);
                let kind = self.one(&["var float", "float"]);
                self.line(depth, &format!("{kind} {name} = {value}"));
                self.numbers.push(name.clone());
                self.open.push(name);
            }
            5 | 6 => {
                let condition = self.truth(2);
                self.line(depth, &format!("if {condition}"));
                self.inner(depth + 1);
                if self.dice.below(2) == 0 {
                    self.line(depth, "else");
                    self.inner(depth + 1);
                }
            }
            7 if !self.open.is_empty() => {
                let target = self.any(|m| &m.open);
                let (from, to) = (self.dice.below(3), self.dice.below(5));
                self.line(depth, &format!("for i{depth} = {from} to {to}"));
                self.line(depth + 1, &format!("if close[i{depth}] > {target}"));
                let leave = self.one(&["break", "continue", &format!("{target} += 1")]);
                self.line(depth + 2, &leave);
                self.line(depth + 1, &format!("{target} := nz({target}) + close[i{depth}] * 0.1"));
            }
            8 => {
                let (case, a, b) = (self.truth(1), self.number(1), self.number(1));
                self.line(depth, &format!("float {name} = switch"));
                self.line(depth + 1, &format!("{case} => {a}"));
                self.line(depth + 1, &format!("=> {b}"));
                self.numbers.push(name);
            }
            9 => {
                let condition = self.truth(1);
                let kind = self.one(&["var string", "string"]);
                self.line(depth, &format!("{kind} {name} = \"a\""));
                self.line(depth, &format!("if {condition}"));
                self.line(depth + 1, &format!("{name} := \"b\""));
                self.texts.push(name);
            }
            10 => {
                let (source, length) = (self.number(1), self.length());
                let call = match self.dice.below(4) {
                    0 => format!("ta.bb({source}, {length}, 1.5)"),
                    1 => format!("ta.macd({source}, 3, 6, 2)"),
                    2 => format!("ta.kc({source}, {length}, 1.5)"),
                    _ => format!("ta.dmi({length}, 3)"),
                };
                self.line(depth, &format!("[{name}a, {name}b, {name}c] = {call}"));
                self.numbers.extend(["a", "b", "c"].map(|part| format!("{name}{part}")));
            }
            11 => {
                let value = self.one(&["0", "1", "n1", "bar_index", "7 / 2"]);
                let kind = self.one(&["var int", "int"]);
                self.line(depth, &format!("{kind} {name} = int({value})"));
                self.line(depth, &format!("{name} := {name} / 2 + 1"));
                self.numbers.push(name);
            }
            _ => {
                let value = self.number(1);
                self.line(depth, &format!("float {name} = {value}"));
                self.numbers.push(name);
            }
        }
    }

    fn inner(&mut self, depth: usize) {
        let (numbers, truths) = (self.numbers.len(), self.truths.len());
        let (texts, open) = (self.texts.len(), self.open.len());
        for _ in 0..self.dice.below(3) + 1 {
            self.statement(depth);
        }
        if self.rarely(6) {
            self.order(depth);
        }
        // A block's last statement must not be an empty declaration's type: end on a value.
        self.line(depth, "0.0");
        self.numbers.truncate(numbers);
        self.truths.truncate(truths);
        self.texts.truncate(texts);
        self.open.truncate(open);
    }

    fn orders(&mut self) {
        let (buy, sell) = (self.truth(2), self.truth(2));
        let entry = self.one(&["strategy.long", "strategy.short"]);
        self.line(0, &format!("if {buy}\n    strategy.entry(\"A\", {entry})"));
        self.line(0, &format!("if {sell}\n    strategy.close(\"A\")"));
        for _ in 0..self.dice.below(4) {
            let condition = self.truth(1);
            self.line(0, &format!("if {condition}"));
            self.order(1);
        }
    }

    fn order(&mut self, depth: usize) {
        let price = self.number(1);
        let side = self.one(&["strategy.long", "strategy.short"]);
        let text = match self.dice.below(12) {
            0 => format!("strategy.entry(\"B\", {side}, qty=2)"),
            1 => format!("strategy.entry(\"B\", {side}, stop={price})"),
            2 => format!("strategy.entry(\"A\", {side}, limit={price})"),
            3 => format!("strategy.order(\"O\", {side}, qty={price})"),
            4 => "strategy.close_all()".to_owned(),
            5 => "strategy.close(\"A\", qty_percent=50)".to_owned(),
            6 => format!("strategy.cancel(\"{}\")", self.one(&["A", "B", "X"])),
            7 => format!("strategy.exit(\"X\", \"A\", stop={price}, limit={})", self.number(1)),
            8 => "strategy.exit(\"X\", loss=300, profit=500)".to_owned(),
            9 => "strategy.exit(\"X\", trail_points=50, trail_offset=30)".to_owned(),
            10 => format!("strategy.exit(\"Y\", \"B\", qty=1, stop={price})"),
            _ => format!("strategy.entry(\"A\", {side})"),
        };
        self.line(depth, &text);
    }
}

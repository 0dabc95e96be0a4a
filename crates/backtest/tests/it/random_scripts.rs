//! Random scripts: what the lowering takes, it runs exactly as the plain interpreter does.

use std::fmt::Write;

use assay_units::{Seed, SplitMix64};
use proptest::prelude::*;

struct Maker {
    dice: SplitMix64,
    text: String,
    numbers: Vec<String>,
    truths: Vec<String>,
    /// Variables that may be assigned again.
    open: Vec<String>,
    named: usize,
}

impl Maker {
    fn below(&mut self, n: usize) -> usize {
        (self.dice.next_unit() * n as f64) as usize % n
    }

    fn one(&mut self, of: &[&str]) -> String {
        of[self.below(of.len())].to_owned()
    }

    fn any(&mut self, of: impl Fn(&Maker) -> &Vec<String>) -> String {
        let at = self.below(of(self).len());
        of(self)[at].clone()
    }

    fn number(&mut self, depth: usize) -> String {
        if depth == 0 {
            return match self.below(4) {
                0 if !self.numbers.is_empty() => self.any(|m| &m.numbers),
                1 => self.one(&["1", "0.5", "2", "100", "na"]),
                2 => self.one(&[
                    "open",
                    "high",
                    "low",
                    "close",
                    "bar_index",
                    "strategy.position_size",
                    "strategy.equity",
                ]),
                _ => self.one(&["open", "high", "low", "close", "hl2", "volume", "dayofmonth"]),
            };
        }
        let d = depth - 1;
        match self.below(16) {
            0 | 1 => format!("({} {} {})", self.number(d), self.one(&["+", "-", "*", "/"]), self.number(d)),
            2 => format!("({} ? {} : {})", self.truth(d), self.number(d), self.number(d)),
            3 => format!("nz({}, {})", self.number(d), self.number(0)),
            4 => format!("math.{}({}, {})", self.one(&["max", "min"]), self.number(d), self.number(d)),
            5 => {
                let name = self.one(&[
                    "sma", "ema", "rma", "wma", "highest", "lowest", "rsi", "stdev", "mom", "roc", "cci", "dev",
                ]);
                format!("ta.{name}({}, {})", self.number(d), self.below(5) + 1)
            }
            6 => format!("math.sum({}, {})", self.number(d), self.below(4) + 1),
            7 => format!("ta.valuewhen({}, {}, {})", self.truth(d), self.number(d), self.below(3)),
            8 => format!("ta.barssince({})", self.truth(d)),
            9 => format!(
                "ta.{}({}, {}, {})",
                self.one(&["pivothigh", "pivotlow"]),
                self.number(0),
                self.below(3),
                self.below(3)
            ),
            10 => format!("ta.{}({})", self.one(&["cum", "max", "min", "swma"]), self.number(d)),
            11 if !self.numbers.is_empty() => {
                format!("{}[{}]", self.any(|m| &m.numbers), self.below(4))
            }
            12 => format!("({} + 0)[{}]", self.number(d), self.below(3)),
            13 => format!("f({}, {})", self.number(d), self.number(0)),
            14 => format!("fixnan({})", self.number(d)),
            _ => self.number(0),
        }
    }

    fn truth(&mut self, depth: usize) -> String {
        if depth == 0 {
            return match self.below(3) {
                0 if !self.truths.is_empty() => self.any(|m| &m.truths),
                _ => format!("{} {} {}", self.number(0), self.one(&["<", ">", "<=", ">=", "==", "!="]), self.number(0)),
            };
        }
        let d = depth - 1;
        match self.below(8) {
            0 | 1 => format!("({} {} {})", self.truth(d), self.one(&["and", "or"]), self.truth(d)),
            2 => format!("(not ({}))", self.truth(d)),
            3 => format!(
                "ta.{}({}, {})",
                self.one(&["crossover", "crossunder", "cross"]),
                self.number(d),
                self.number(d)
            ),
            4 => format!("ta.{}({}, {})", self.one(&["rising", "falling"]), self.number(d), self.below(3) + 1),
            5 => format!("na({})", self.number(d)),
            6 => format!("g({})", self.number(d)),
            _ => format!("({} {} {})", self.number(d), self.one(&["<", ">", "<=", ">="]), self.number(d)),
        }
    }

    fn line(&mut self, depth: usize, text: &str) {
        let _ = writeln!(self.text, "{}{text}", "    ".repeat(depth));
    }

    fn statement(&mut self, depth: usize) {
        self.named += 1;
        let name = format!("v{}", self.named);
        match self.below(if depth < 3 { 8 } else { 4 }) {
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
                let sign = self.one(&[":=", "+=", ":="]);
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
                if self.below(2) == 0 {
                    self.line(depth, "else");
                    self.inner(depth + 1);
                }
            }
            7 if !self.open.is_empty() => {
                let target = self.any(|m| &m.open);
                let (from, to) = (self.below(3), self.below(5));
                self.line(depth, &format!("for i{depth} = {from} to {to}"));
                self.line(depth + 1, &format!("if close[i{depth}] > {target}"));
                let leave = self.one(&["break", "continue", &format!("{target} += 1")]);
                self.line(depth + 2, &leave);
                self.line(depth + 1, &format!("{target} := nz({target}) + close[i{depth}] * 0.1"));
            }
            _ => {
                let value = self.number(1);
                self.line(depth, &format!("float {name} = {value}"));
                self.numbers.push(name);
            }
        }
    }

    fn inner(&mut self, depth: usize) {
        let (numbers, truths, open) = (self.numbers.len(), self.truths.len(), self.open.len());
        for _ in 0..self.below(3) + 1 {
            self.statement(depth);
        }
        // A block's last statement must not be an empty declaration's type: end on a value.
        self.line(depth, "0.0");
        self.numbers.truncate(numbers);
        self.truths.truncate(truths);
        self.open.truncate(open);
    }
}

impl Maker {
    /// Entries by market, stop and limit, brackets and parts, closing and cancelling.
    fn orders(&mut self) {
        let (buy, sell) = (self.truth(2), self.truth(2));
        let side = self.one(&["strategy.long", "strategy.short"]);
        let by =
            self.one(&["", "", ", stop=high", ", limit=low", ", stop=close * 1.01", ", stop=high, limit=high + 1"]);
        let again = self.one(&["", ", limit=close - 1", ", stop=low", ", stop=close + 2"]);
        self.line(0, &format!("if {buy}"));
        self.line(1, &format!("strategy.entry(\"A\", {side}{by})"));
        self.line(0, &format!("if {sell}"));
        let close = self.one(&[
            "strategy.close(\"A\")",
            "strategy.close(\"A\", qty_percent=50)",
            "strategy.close_all()",
            "strategy.cancel(\"A\")",
            "strategy.cancel_all()",
            "strategy.order(\"A\", strategy.short, qty=1.5)",
        ]);
        self.line(1, &close);
        self.line(1, &format!("strategy.entry(\"B\", strategy.long, qty=2{again})"));
        let legs = [
            "loss=300, profit=500",
            "\"A\", qty_percent=40, profit=200, loss=400",
            "stop=close - 2, limit=strategy.position_avg_price + 3",
            "\"B\", qty=1, trail_points=100, trail_offset=50",
        ];
        let first = self.one(&legs);
        self.line(0, &format!("strategy.exit(\"X\", {first})"));
        if self.below(2) == 0 {
            let second = self.one(&legs);
            self.line(0, &format!("strategy.exit(\"Y\", {second})"));
        }
    }
}

fn script(seed: u64) -> String {
    let mut maker = Maker {
        dice: SplitMix64::new(Seed(seed)),
        text: String::new(),
        numbers: Vec::new(),
        truths: Vec::new(),
        open: Vec::new(),
        named: 0,
    };
    let (version, pyramiding) = (5 + maker.below(2), maker.below(3));
    let more = maker.one(&["", ", process_orders_on_close=true", ", close_entries_rule=\"ANY\""]);
    let _ = writeln!(
        maker.text,
        "//@version={version}\nstrategy(\"T\", default_qty_type=strategy.fixed, default_qty_value=1, pyramiding={pyramiding}{more})"
    );
    maker.text += "f(x, y) =>\n    var t = 0.0\n    t := nz(t) * 0.5 + nz(x)\n    u = t - nz(y)\n    u + nz(u[1])\n";
    maker.text += "g(x) =>\n    float y = x\n    if x > close\n        y := nz(y[1], 1)\n    y > nz(y[2])\n";
    for _ in 0..maker.below(7) + 3 {
        maker.statement(0);
    }
    maker.orders();
    maker.text
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn lowered_and_interpreted_runs_are_one(seed in any::<u64>()) {
        let text = script(seed);
        let bars = crate::market::daily(seed % 5, 150);
        match super::paths::difference(&text, &bars) {
            Ok(_) => {}
            // What one of them leaves to the other is no difference.
            Err(why) if why.starts_with("not lowered") || why.starts_with("lowered:") => {}
            Err(why) => prop_assert!(false, "{why}\n{text}"),
        }
    }
}

#[test]
fn most_random_scripts_are_lowered() {
    let bars = crate::market::daily(1, 150);
    let outcomes: Vec<_> = (0..100).map(|seed| super::paths::difference(&script(seed), &bars)).collect();
    let lowered = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert!(lowered >= 60, "{lowered} of 100: {outcomes:#?}");
}

//! PyneCore and PineTS: what series are. History, `na`, `var`, the seeds of `ta.*`, calls that run only on some bars, state of
//! each call site, loops and other intervals, bar by bar against the interpreter.
//!
//! The interpreter draws no plots, so a script trades its series: on each bar it closes what it holds and orders as many
//! contracts as the value says, short where that is negative. The trade that the next bar opens shows it exactly.

use assay_backtest::stepwise::broker::{Intrabar, Side};
use assay_backtest::stepwise::interpreter::interpret;
use assay_backtest::{Bars, Fill};
use serde_json::{Value, json};

use super::cases::{CASES, Case};
use super::{Table, ask, columns, house, numbers, ready};
use crate::market;

/// The contracts that stand for `na`.
const NOTHING: f64 = -12_345.0;

impl Case {
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

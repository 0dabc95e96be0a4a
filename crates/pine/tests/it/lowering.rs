//! What scripts become.

use expect_test::{Expect, expect};

use super::{program, shown};

fn check(body: &str, wanted: Expect) {
    let program = program(body);
    let inputs: Vec<String> = program
        .inputs
        .iter()
        .map(|i| format!("{}={} {:?}{}", i.name, i.default, i.grid, if i.derived { " derived" } else { "" }))
        .collect();
    let warnings: String = program.warnings.iter().map(|w| format!("warning {w}\n")).collect();
    let text = format!(
        "{}\nentry {}\nexit {}\n{warnings}",
        inputs.join("\n"),
        shown(&program.graph, program.entry),
        shown(&program.graph, program.exit)
    );
    wanted.assert_eq(&text);
}

#[test]
fn a_cross_of_averages() {
    check(
        r#"
fast = input.int(10, "Fast", minval=5, maxval=15, step=5)
slow = input.int(50, "Slow", 40, 60, 10)
up = ta.crossover(ta.sma(close, fast), ta.sma(close, slow))
if up and fast < slow
    strategy.entry("L", strategy.long)
if ta.crossunder(ta.sma(close, fast), ta.sma(close, slow))
    strategy.close("L")
plot(close, color=color.new(color.red, 50))"#,
        expect![[r#"
            fast=10 [5.0, 10.0, 15.0]
            slow=50 [40.0, 50.0, 60.0]
            entry (((sma(close, in0) gt sma(close, in1)) and (sma(close, in0)[1] le sma(close, in1)[1])) and (in0 lt in1))
            exit ((sma(close, in0) lt sma(close, in1)) and (sma(close, in0)[1] ge sma(close, in1)[1]))
        "#]],
    );
}

#[test]
fn functions_are_written_out_and_branches_become_choices() {
    check(
        r#"
n = input.int(14)
f(x, k = 2.0) =>
    y = x * k
    y + 1
level = close > open ? 1.0 : 2.0
if high > 10
    level := f(level)
else
    level := f(level, k=3)
if close > level
    strategy.entry("L", strategy.long)
if ta.rsi(close, n) > 70
    strategy.close_all()"#,
        expect![[r#"
            n=14 [4.0, 6.0, 9.0, 14.0, 22.0, 35.0, 56.0] derived
            entry (close gt ((high gt 10) ? add(mul(((close gt open) ? 1 : 2), 2), 1) : add(mul(((close gt open) ? 1 : 2), 3), 1)))
            exit (rsi(close, in0) gt 70)
            warning 4:1: `n` states no range: 4 to 56 is derived from its default 14 (give it minval, maxval and step)
        "#]],
    );
}

#[test]
fn the_sign_of_the_position_is_known_in_each_reading() {
    check(
        r#"
if strategy.position_size == 0 and close > open
    strategy.entry("L", strategy.long)
else if strategy.position_size > 0 and close < open
    strategy.close("L")"#,
        expect![[r#"

            entry (close gt open)
            exit (close lt open)
        "#]],
    );
}

#[test]
fn tuples_switches_and_drawings_are_understood() {
    check(
        r#"
kind = input.string("EMA", "Average", options=["SMA", "EMA"])
average = switch kind
    "SMA" => ta.sma(close, 20)
    "EMA" => ta.ema(close, 20)
    => close
[middle, upper, lower] = ta.bb(close, 20, 2)
var label l = label.new(bar_index, high, "x")
label.set_text(l, str.tostring(close))
if close < lower and close > average
    strategy.entry("L", strategy.long, comment="in")
    alert("bought")
if close > middle
    strategy.close("L", comment="out")"#,
        expect![[r#"

            entry ((close lt sub(sma(close, 20), mul(2, stdev(close, 20)))) and (close gt ema(close, 20)))
            exit (close gt sma(close, 20))
        "#]],
    );
}

#[test]
fn version_4_names_are_renamed() {
    let text = "//@version=4\nstrategy(\"Old\", overlay=true)\nn = input(14, title=\"n\", type=input.integer, minval=7, maxval=21, step=7)\nr = rsi(close, n)\nstrategy.entry(\"L\", true, when = crossover(r, 30))\nstrategy.close(\"L\", when = cross(r, 70))\n";
    let program = assay_pine::compile(text).unwrap();
    assert_eq!(program.inputs[0].grid, [7.0, 14.0, 21.0]);
    assert_eq!(program.title, "Old");
}

#[test]
fn the_header_says_how_orders_fill() {
    let text = "//@version=6\nstrategy(\"H\", process_orders_on_close=true, commission_type=strategy.commission.percent, commission_value=0.1, initial_capital=1000)\nif close > open\n    strategy.entry(\"L\", strategy.long)\nif close < open\n    strategy.close(\"L\")";
    let settings = assay_pine::compile(text).unwrap().settings;
    assert_eq!(
        (settings.process_orders_on_close, settings.commission_percent, settings.initial_capital),
        (true, Some(0.1), Some(1000.0))
    );
}

#[test]
fn a_grid_counts_its_points_with_the_first_input_slowest() {
    let program = program(
        "a = input.int(2, minval=1, maxval=3)\nb = input.float(0.2, minval=0.1, maxval=0.2, step=0.1)\nif close > a\n    strategy.entry(\"L\", strategy.long)\nif close < b\n    strategy.close(\"L\")",
    );
    assert_eq!(program.grid_size(), Some(6));
    let points: Vec<Vec<f64>> = (0..6).map(|i| program.point(i)).collect();
    assert_eq!(points[..3], [[1.0, 0.1], [1.0, 0.2], [2.0, 0.1]]);
    assert_eq!(program.defaults(), [2.0, 0.2]);
}

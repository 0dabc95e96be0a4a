//! What scripts with state become: registers, orders, and the path they take.

use assay_pine::{Compiled, Place, compile_any, compile_steps, explain};
use expect_test::{Expect, expect};

use super::{script, shown};

fn check(body: &str, wanted: Expect) {
    let steps = compile_steps(&script(body)).unwrap_or_else(|refusal| panic!("{refusal}\n{body}"));
    let mut text = String::new();
    for (i, register) in steps.registers.iter().enumerate() {
        let next = shown(&steps.graph, register.next);
        text += &format!("r{i} {} from {} = {next}\n", register.name, register.initial);
    }
    for order in &steps.orders {
        let reads: Vec<String> = order.kind.reads().map(|node| shown(&steps.graph, node)).collect();
        let name = format!("{:?}", order.kind);
        let name = name.split([' ', '{']).next().unwrap_or_default();
        text += &format!("{name} [{}] when {}\n", reads.join("; "), shown(&steps.graph, order.when));
    }
    wanted.assert_eq(&text);
}

#[test]
fn var_becomes_a_register_and_its_past_another() {
    check(
        "var n = 0\nif close > open\n    n += 1\nif n > 3 and n[1] < 3\n    strategy.entry(\"L\", strategy.long)\nif n % 2 == 0\n    strategy.close(\"L\")",
        expect![[r#"
            r0 n[1] from NaN = ((close gt open) ? add(r1, 1) : r1)
            r1 n from 0 = ((close gt open) ? add(r1, 1) : r1)
            Entry [] when ((((close gt open) ? add(r1, 1) : r1) gt 3) and (r0 lt 3))
            Close [] when (mod(((close gt open) ? add(r1, 1) : r1), 2) eq 0)
        "#]],
    );
}

#[test]
fn a_variable_that_only_remembers_a_column_is_one() {
    check(
        "x = close\ny = x[1] + x[2]\nx := open\nvar float kept = na\nkept := high\nif y > kept[1]\n    strategy.entry(\"L\", strategy.long)\nif x[1] > close\n    strategy.close_all()",
        expect![[r#"
            Entry [] when (add(open[1], open[1][1]) gt high[1])
            CloseAll [] when (open[1] gt close)
        "#]],
    );
}

#[test]
fn orders_stand_under_their_branches() {
    check(
        "a = ta.atr(14)\nif close > open\n    strategy.entry(\"L\", strategy.long, qty = 2)\nelse if close < open\n    strategy.entry(\"S\", strategy.short, stop = low)\nstrategy.exit(\"X\", \"L\", stop = strategy.position_avg_price - 2 * a, profit = 100, loss = na)\nif strategy.openprofit < -5\n    strategy.close(\"L\", qty_percent = 50)\n    strategy.cancel_all()",
        expect![[r#"
            Entry [2] when (close gt open)
            Entry [low] when (not (close gt open) and (close lt open))
            Exit [100; sub(averageprice, mul(2, atr(14)))] when true
            Close [50] when (openprofit lt -5)
            CancelAll [] when (openprofit lt -5)
        "#]],
    );
}

#[test]
fn what_only_draws_leaves_nothing_behind() {
    check(
        "var label l = na\nvar lines = array.new_line()\nvar int drawn = 0\nif close > open\n    drawn += 1\n    label.delete(l)\n    l := label.new(bar_index, high, \"n = \" + str.tostring(drawn))\n    array.push(lines, line.new(0, close, 1, close))\n    if array.size(lines) > 5\n        line.delete(array.shift(lines))\nif barstate.islast\n    t = table.new(position.top_right, 1, 1)\n    for i = 0 to array.size(lines) - 1\n        table.cell(t, 0, i, \"x\")\nif close > open\n    strategy.entry(\"L\", strategy.long)\nelse\n    strategy.close(\"L\")",
        expect![[r#"
            Entry [] when (close gt open)
            Close [] when not (close gt open)
        "#]],
    );
}

#[test]
fn calls_in_branches_keep_a_state_of_their_own() {
    check(
        "x = 0.0\nif close > open\n    x := ta.change(high, 2)\nif x > 1\n    strategy.entry(\"L\", strategy.long)\nelse\n    strategy.close(\"L\")",
        expect![[r#"
            r0 past from NaN = ((close gt open) ? r1 : r0)
            r1 past from NaN = ((close gt open) ? high : r1)
            Entry [] when (((close gt open) ? sub(high, r0) : 0) gt 1)
            Close [] when not (((close gt open) ? sub(high, r0) : 0) gt 1)
        "#]],
    );
}

#[test]
fn loops_are_written_out_for_their_longest_input() {
    check(
        "n = input.int(1, minval=1, maxval=2)\ns = 0.0\nfor i = 1 to n\n    s += close[i]\nif s > 1\n    strategy.entry(\"L\", strategy.long)\nif close > open\n    strategy.close(\"L\")",
        expect![[r#"
            Entry [] when (((2 le in0) ? add(((1 le in0) ? add(0, close[1]) : 0), close[2]) : ((1 le in0) ? add(0, close[1]) : 0)) gt 1)
            Close [] when (close gt open)
        "#]],
    );
    check(
        "s = 0\nfor i = 1 to 9\n    s += i\n    if i == 3\n        break\nif close > s\n    strategy.entry(\"L\", strategy.long)\nif close > open\n    strategy.close(\"L\")",
        expect![[r#"
            Entry [] when (close gt 6)
            Close [] when (close gt open)
        "#]],
    );
}

#[test]
fn the_same_script_as_signals_and_as_steps() {
    let body = "if strategy.position_size == 0 and close > open\n    strategy.entry(\"L\", strategy.long)\nif strategy.position_size > 0 and close < open\n    strategy.close(\"L\")";
    check(
        body,
        expect![[r#"
        Entry [] when ((positionsize eq 0) and (close gt open))
        Close [] when ((positionsize gt 0) and (close lt open))
    "#]],
    );
    assert!(matches!(compile_any(&script(body)), Ok(Compiled::Signals(_))));
}

#[test]
fn the_path_is_explained() {
    let text = script(
        "n = input.int(5, minval=2, maxval=9)\nvar c = 0\nc += close > ta.sma(close, n) ? 1 : 0\nif c % 2 == 1\n    strategy.entry(\"L\", strategy.long)\nif close < strategy.position_avg_price * 0.9\n    strategy.close(\"L\")",
    );
    let told = explain(&text).unwrap();
    let reason = told.reason.map(|reason| reason.to_string());
    assert_eq!(reason.as_deref(), Some("4:1: `c` is carried from bar to bar"));
    let rows: Vec<String> = told.nodes.iter().map(|n| format!("{:?} {} {:?}", n.place, n.text, n.inputs)).collect();
    let of = |place| told.nodes.iter().filter(|n| n.place == place).count();
    assert!(of(Place::Column) > 0 && of(Place::Register) > 0 && of(Place::Account) > 0 && of(Place::Scalar) > 0);
    expect![[r#"
        Scalar 1 []
        Scalar 2 []
        Scalar 0 []
        Scalar n ["n"]
        Column close []
        Column sma(close, n) ["n"]
        Column (close > sma(close, n)) ["n"]
        Column choose((close > sma(close, n)), 1, 0) ["n"]
        Register register 0 []
        Register (register 0 + choose((close > sma(close, n)), 1, 0)) ["n"]
        Register ((register 0 + choose((close > sma(close, n)), 1, 0)) % 2) ["n"]
        Register (((register 0 + choose((close > sma(close, n)), 1, 0)) % 2) == 1) ["n"]
        Scalar 0.9 []
        Account strategy.position_avg_price []
        Account (strategy.position_avg_price * 0.9) []
        Account (close < (strategy.position_avg_price * 0.9)) []"#]]
    .assert_eq(&rows.join("\n"));
    let warm: Vec<&str> = told.warm_up.iter().map(|n| n.text.as_str()).collect();
    assert_eq!(warm, ["sma(close, n)"]);
    // What the account decides makes a register its own.
    let fed = compile_steps(&script("var c = 0.0\nc += strategy.openprofit\nif c > 1\n    strategy.entry(\"L\", strategy.long)\nif c < 0\n    strategy.close_all()")).unwrap();
    assert!(!fed.places().contains(&Place::Register));
}

#[test]
fn signals_have_no_reason() {
    let told = explain(&script(
        "if close > open\n    strategy.entry(\"L\", strategy.long)\nif close < open\n    strategy.close(\"L\")",
    ))
    .unwrap();
    assert_eq!(told.reason, None);
    assert!(told.warm_up.is_empty());
}

#[test]
fn the_header_sizes_and_costs() {
    let text = "//@version=5\nstrategy(\"H\", pyramiding=2, default_qty_type=strategy.percent_of_equity, default_qty_value=10, slippage=3, commission_type=strategy.commission.cash_per_order, commission_value=1.5, close_entries_rule=\"ANY\", max_labels_count=500, margin_long=100)\nstrategy.risk.allow_entry_in(strategy.direction.long)\nif close > open\n    strategy.entry(\"L\", strategy.long, comment=\"in\", alert_message=\"x\")\nelse\n    strategy.close(\"L\", comment=\"out\", immediately=true)";
    let steps = compile_steps(text).unwrap();
    expect![[r#"
        Settings {
            process_orders_on_close: false,
            commission_percent: None,
            commission_per_order: Some(
                1.5,
            ),
            commission_per_contract: None,
            initial_capital: None,
            sizing: Some(
                PercentOfEquity(
                    10.0,
                ),
            ),
            pyramiding: 2,
            slippage_ticks: 3,
            close_any: true,
            only: Some(
                Long,
            ),
        }
    "#]]
    .assert_debug_eq(&steps.settings);
}

#[test]
fn the_language_of_versions_1_and_2_may_name_what_it_declares() {
    let text = "//@version=2\nstrategy(\"Old\")\ntrend = close > nz(trend[1]) ? close : nz(trend[1]) - 1\nstrategy.entry(\"L\", true, when = close > trend[1])\nstrategy.close(\"L\", when = close < trend)";
    assert_eq!(compile_steps(text).map(|steps| steps.registers.len()), Ok(1));
}

//! What is refused, and in which words: line, column, what, and what to do.

use assay_pine::compile;
use expect_test::{Expect, expect};

use super::script;

fn check(body: &str, wanted: Expect) {
    match compile(&script(body)) {
        Ok(_) => panic!("compiled: {body}"),
        Err(refusal) => wanted.assert_eq(&refusal.to_string()),
    }
}

const ORDERS: &str =
    "\nif close > open\n    strategy.entry(\"L\", strategy.long)\nif close < open\n    strategy.close(\"L\")";

fn with_orders(line: &str, wanted: Expect) {
    check(&format!("{line}{ORDERS}"), wanted);
}

#[test]
fn syntax_errors_name_the_place() {
    check("x = (1 + ", expect!["3:8: expected an expression, found the end of the script"]);
    check("x = = 2", expect!["3:5: expected an expression, found `=`"]);
    check("x = \"open", expect![[r#"3:5: this text never ends (close it with " on the same line)"#]]);
    check(
        "if close > open\nstrategy.entry(\"L\", strategy.long)",
        expect!["4:1: expected an indented block (indent the lines of the block by four spaces)"],
    );
    check(
        "x = 1 $ 2",
        expect!["3:7: the character $ (U+0024) has no meaning here (names are made of a-z, A-Z, 0-9 and _)"],
    );
}

#[test]
fn unsupported_things_are_refused_by_name_with_the_way_round() {
    with_orders("x = ta.vwap(close)", expect!["3:5: `ta.vwap` is not supported yet"]);
    with_orders("x = math.sma(close, 3)", expect!["3:5: `math.sma` is not supported yet (did you mean ta.sma?)"]);
    with_orders(
        "x = request.security(\"NASDAQ:AAPL\", \"D\", close)",
        expect!["3:5: other symbols are not available (use the symbol that the strategy runs on)"],
    );
    with_orders(
        "x = request.security(syminfo.tickerid, \"D\", close, lookahead=barmerge.lookahead_on)",
        expect![
            "3:5: `request.security` with lookahead_on reads the future: its back-test cannot be believed (use barmerge.lookahead_off)"
        ],
    );
    with_orders(
        "var x = 0\nx := x + 1",
        expect![
            "3:1: state carried from bar to bar by `var x` is not supported yet (express it by series: ta.barssince, ta.valuewhen, x[1])"
        ],
    );
    with_orders(
        "for i = 0 to 10\n    x = i",
        expect![
            "3:1: `for` loops are not supported yet (most loops over past bars are a ta.* call: ta.sma, math.sum, ta.highest, ta.barssince)"
        ],
    );
    with_orders(
        "while true\n    x = 1",
        expect![
            "3:1: `while` loops are not supported yet (most loops over past bars are a ta.* call: ta.sma, math.sum, ta.highest, ta.barssince)"
        ],
    );
    with_orders("x = close[-1]", expect!["3:11: a negative offset looks into the future"]);
    with_orders(
        "import a/b/1",
        expect!["3:1: imported libraries are not available (copy the functions that you need into the script)"],
    );
    with_orders(
        "strategy.exit(\"x\", \"L\", stop=1)",
        expect![
            "3:1: `strategy.exit` (stops, targets, trailing) is not supported yet (leave by a condition: strategy.close(\"Long\") under an if)"
        ],
    );
    with_orders(
        "strategy.entry(\"S\", strategy.short)",
        expect![
            "3:1: short positions are not supported yet (test the long side alone: replace the short entry by strategy.close)"
        ],
    );
    with_orders(
        "x = strategy.equity",
        expect![
            "3:5: `strategy.equity` feeds the account back into the rules, which is not supported yet (only the sign of strategy.position_size may be asked)"
        ],
    );
    with_orders(
        "x = nowhere + 1",
        expect!["3:5: `nowhere` is not known (a variable must be declared above the line that reads it)"],
    );
    with_orders(
        "n = input.int(5, minval=1, maxval=1000000000)",
        expect![
            "3:5: `n` from 1 to 1000000000 by 1 has 1000000000 values, at most 1000000 are taken (narrow minval and maxval, or raise step)"
        ],
    );
    with_orders(
        "x = ta.sma(close, bar_index)",
        expect![
            "3:19: `length` of `ta.sma` changes from bar to bar, which is not supported (use a constant or an input)"
        ],
    );
    with_orders("x = ta.sma(close, 0)", expect!["3:19: `length` of `ta.sma` must be at least 1"]);
    with_orders("x = ta.sma(close)", expect!["3:5: `ta.sma` needs the argument `length`"]);
    with_orders("x = ta.sma(close, len=3)", expect!["3:5: `ta.sma` has no parameter `len`; it has source, length"]);
}

#[test]
fn what_never_trades_is_refused() {
    check(
        "plot(close)",
        expect![
            "1:1: the script never enters a long position (call strategy.entry(\"Long\", strategy.long) under the condition to buy)"
        ],
    );
    check(
        "if close > open\n    strategy.entry(\"L\", strategy.long)",
        expect![
            "1:1: the script never leaves its position (call strategy.close(\"Long\") under the condition to sell; stops and targets of strategy.exit are not supported yet)"
        ],
    );
    let indicator = compile("//@version=6\nindicator(\"x\")\nplot(close)").unwrap_err().to_string();
    expect![
        "2:1: `indicator` has no orders to back-test (use strategy(\"name\") with strategy.entry and strategy.close)"
    ]
    .assert_eq(&indicator);
    let future = compile("//@version=7\nstrategy(\"x\")").unwrap_err().to_string();
    expect![[r#"1:1: the version "7" is not known; 1 to 6 are"#]].assert_eq(&future);
}

#[test]
fn several_findings_come_at_once_and_what_follows_from_one_is_not_reported() {
    with_orders(
        "a = ta.vwap(close)\nb = a + 1\nc = ta.alma(close, 9, 0.85, 6)",
        expect![[r#"
            3:5: `ta.vwap` is not supported yet
            5:5: `ta.alma` is not supported yet"#]],
    );
}

#[test]
fn functions_that_call_themselves_or_double_without_end_are_refused() {
    with_orders(
        "f(x) => f(x)\ny = f(close)",
        expect!["3:9: `f` is called more than 50 deep (a function may not call itself, not even through others)"],
    );
    let mut doubling = String::from("f0(x) => x + 1\n");
    for i in 1..45 {
        doubling += &format!("f{i}(x) => f{0}(x) + f{0}(x)\n", i - 1);
    }
    let refusal = compile(&script(&format!("{doubling}y = f44(close){ORDERS}"))).unwrap_err().to_string();
    assert!(refusal.contains("grows too large"), "{refusal}");
}

#[test]
fn a_megabyte_is_the_limit() {
    let refusal = compile(&" ".repeat((1 << 20) + 1)).unwrap_err().to_string();
    assert!(refusal.contains("at most 1048576"), "{refusal}");
    let deep = format!("x = {}1{}", "(".repeat(100_000), ")".repeat(100_000));
    assert!(compile(&script(&deep)).unwrap_err().to_string().contains("nested more than"));
    let long = format!("x = 1{}", " + 1".repeat(100_000));
    assert!(compile(&script(&long)).unwrap_err().to_string().contains("operators in one statement"));
    // Every level that the parser lets through, in functions inside functions: within the stack of a 2 MiB thread.
    let chain = |inner: &str| format!("{}{inner}{}", "(".repeat(30), format!("{})", " + 1".repeat(12)).repeat(30));
    let mut nested = format!("g0(x) => {}\n", chain("x"));
    for i in 1..40 {
        nested += &format!("g{i}(x) => {}\n", chain(&format!("g{}(x)", i - 1)));
    }
    let refusal = compile(&script(&format!("{nested}y = g39(close){ORDERS}"))).unwrap_err().to_string();
    assert!(refusal.contains("nested more than 500 deep"), "{refusal}");
}

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

/// With orders that hang on `x`.
fn reaching(line: &str, wanted: Expect) {
    check(
        &format!(
            "{line}\nif x > 0\n    strategy.entry(\"L\", strategy.long)\nif close < open\n    strategy.close_all()"
        ),
        wanted,
    );
}

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
fn unsupported_things_are_refused_where_an_order_hangs_on_them() {
    reaching("x = ta.vwap2(close)", expect!["3:5: the function `ta.vwap2` is not known (did you mean ta.vwap?)"]);
    reaching("x = math.sma(close, 3)", expect!["3:5: the function `math.sma` is not known (did you mean ta.sma?)"]);
    reaching(
        "x = request.security(\"NASDAQ:AAPL\", \"D\", close)",
        expect!["3:5: other symbols are not available (use the symbol that the strategy runs on)"],
    );
    reaching(
        "x = request.security(syminfo.tickerid, \"W\", close)",
        expect![
            "3:5: `request.security` on another interval runs in the interpreter alone (use the chart's own interval, or longer lengths)"
        ],
    );
    reaching(
        "x = request.security(syminfo.tickerid, \"D\", close, lookahead=barmerge.lookahead_on)",
        expect![
            "3:5: `request.security` with lookahead_on reads the future: its back-test cannot be believed (use barmerge.lookahead_off)"
        ],
    );
    reaching(
        "x = 0.0\nwhile x < 10\n    x += 1",
        expect!["4:1: `while` runs in the interpreter alone (write a `for` loop with constant bounds and a `break`)"],
    );
    reaching(
        "x = 0.0\nfor i = 0 to bar_index\n    x += close[i]",
        expect![
            "4:1: a loop whose bounds change from bar to bar runs in the interpreter alone (give it constant bounds, or inputs)"
        ],
    );
    reaching(
        "x = 0.0\nfor i = 0 to 1000\n    x += 1",
        expect!["4:1: a loop of more than 500 turns runs in the interpreter alone (narrow its bounds)"],
    );
    reaching(
        "a = array.new_float(0)\narray.push(a, close)\nx = array.size(a)",
        expect![
            "5:5: `array.size` is not supported here (collections run in the interpreter alone; use series: x[1], ta.*)"
        ],
    );
    reaching("type P\n    float y\np = P.new(close)\nx = p.y", expect!["5:5: objects run in the interpreter alone"]);
    reaching("x = strategy.max_drawdown", expect!["3:5: `strategy.max_drawdown` runs in the interpreter alone"]);
    reaching(
        "x = strategy.closedtrades.profit(3)",
        expect![
            "3:5: `strategy.closedtrades.profit` of that trade runs in the interpreter alone (ask for trade 0 or the newest one)"
        ],
    );
    reaching(
        "x = barstate.islast ? 1 : 0",
        expect!["3:5: `barstate.islast` runs in the interpreter alone (let no order hang on it)"],
    );
    reaching(
        "x = ta.sma(close, bar_index)",
        expect![
            "3:19: `length` of `ta.sma` changes from bar to bar, which runs in the interpreter alone (use a constant or an input)"
        ],
    );
    reaching(
        "x = close[bar_index]",
        expect![
            "3:11: an offset that changes from bar to bar runs in the interpreter alone (use ta.valuewhen or ta.barssince)"
        ],
    );
    reaching(
        "x = 0.0\nif close > open\n    x := ta.sma(close, 400)",
        expect![
            "5:10: a window over values with feedback, or inside a branch, has at most 300 bars here (move the call above the branch)"
        ],
    );
    reaching(
        "l = label.new(bar_index, high)\nx = label.get_y(l)",
        expect!["5:4: expected a condition, found a drawing, colour or made-up text"],
    );
    reaching(
        "x = 0.0\nif str.tostring(close) == \"1\"\n    x := 1",
        expect!["4:4: expected a condition, found a drawing, colour or made-up text"],
    );
    reaching(
        "x = ta.sma(strategy.equity, 500)",
        expect!["3:1: a window over values with feedback, or inside a branch, has at most 300 bars here"],
    );
    // None of it matters where no order hangs on it.
    for line in ["y = ta.iii", "while false\n    y = 1", "a = array.new_float(0)\narray.push(a, 1)"] {
        assert!(assay_pine::compile_any(&script(&format!("{line}{ORDERS}"))).is_ok(), "{line}");
    }
}

#[test]
fn orders_under_what_is_not_known_are_refused() {
    check(
        "a = array.new_float(0)\nif array.size(a) > 3\n    strategy.entry(\"L\", strategy.long)\nstrategy.close_all()",
        expect![
            "4:4: `array.size` is not supported here (collections run in the interpreter alone; use series: x[1], ta.*)"
        ],
    );
    check(
        "while close > 0\n    strategy.entry(\"L\", strategy.long)\nstrategy.close_all()",
        expect!["3:1: `while` runs in the interpreter alone (write a `for` loop with constant bounds and a `break`)"],
    );
    with_orders(
        "strategy.risk.max_intraday_loss(5, strategy.percent_of_equity)",
        expect![
            "3:1: `strategy.risk.max_intraday_loss` is not supported: at which price of a bar it acts is not documented (write the limit as a condition, with strategy.equity or strategy.closedtrades)"
        ],
    );
    with_orders(
        "strategy.order(\"x\", strategy.long, stop=1, oca_type=strategy.oca.cancel)",
        expect![
            "3:1: groups of orders (`oca_type`) run in the interpreter alone (cancel the other order by strategy.cancel)"
        ],
    );
    with_orders(
        "strategy.exit(str.tostring(close), \"L\", stop=1)",
        expect!["3:1: the name of an order is a text known before the run, found a drawing, colour or made-up text"],
    );
}

#[test]
fn what_is_wrong_in_itself_is_refused_wherever_it_stands() {
    with_orders("x = close[-1]", expect!["3:11: a negative offset looks into the future"]);
    with_orders(
        "import a/b/1",
        expect!["3:1: imported libraries are not available (copy the functions that you need into the script)"],
    );
    with_orders(
        "x = nowhere + 1",
        expect!["3:5: `nowhere` is not known (a variable must be declared above the line that reads it)"],
    );
    with_orders("x := 1", expect!["3:1: `x` is assigned before it is declared (declare it first: x = ...)"]);
    with_orders("break", expect!["3:1: `break` and `continue` stand inside a loop"]);
    with_orders(
        "n = input.int(5, minval=1, maxval=1000000000)",
        expect![
            "3:5: `n` from 1 to 1000000000 by 1 has 1000000000 values, at most 1000000 are taken (narrow minval and maxval, or raise step)"
        ],
    );
    with_orders("x = ta.sma(close, 0)", expect!["3:19: `length` of `ta.sma` must be at least 1"]);
    with_orders("x = ta.sma(close)", expect!["3:5: `ta.sma` needs the argument `length`"]);
    with_orders("x = ta.sma(close, len=3)", expect!["3:23: `ta.sma` has no parameter `len` (it has source, length)"]);
    with_orders("f(x) => x\ny = f(1, 2)", expect!["4:5: `f` takes 1 arguments"]);
    with_orders("f(x) => x\ny = f()", expect!["4:5: `f` needs the argument `x`"]);
}

#[test]
fn what_is_no_pair_of_signals_says_why() {
    with_orders(
        "strategy.exit(\"x\", \"L\", stop=1)",
        expect![
            "3:1: the strategy is no pair of signals: strategy.exit works stops and targets (it runs on the stepwise path)"
        ],
    );
    with_orders(
        "strategy.entry(\"S\", strategy.short)",
        expect!["3:1: the strategy is no pair of signals: it sells short (it runs on the stepwise path)"],
    );
    with_orders(
        "if strategy.equity > 5\n    strategy.close_all()",
        expect!["3:1: the strategy is no pair of signals: it reads strategy.equity (it runs on the stepwise path)"],
    );
    with_orders(
        "var x = 0\nx := x + 1\nif x > 5\n    strategy.close_all()",
        expect![
            "3:1: the strategy is no pair of signals: `x` is carried from bar to bar (it runs on the stepwise path)"
        ],
    );
    with_orders(
        "strategy.entry(\"M\", strategy.long, qty = 2)",
        expect![
            "3:1: the strategy is no pair of signals: an entry states its quantity or a price (it runs on the stepwise path)"
        ],
    );
}

#[test]
fn what_never_trades_is_refused() {
    check(
        "plot(close)",
        expect![
            "1:1: the script never enters a position (call strategy.entry(\"Long\", strategy.long) under the condition to buy)"
        ],
    );
    check(
        "if close > open\n    strategy.entry(\"L\", strategy.long)",
        expect![
            "1:1: the script never leaves its position (call strategy.close(\"Long\") under the condition to sell, or strategy.exit with a stop)"
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
        "a = nowhere\nb = a + 1\nc = ta.sma(close, 0)",
        expect![[r#"
            3:5: `nowhere` is not known (a variable must be declared above the line that reads it)
            5:19: `length` of `ta.sma` must be at least 1"#]],
    );
    // Calls are looked at before what they are given.
    with_orders(
        "a = nowhere\nb = ta.sma(close)\nc = ta.smaa(close, 5)\nd = ta.sma(close, close, length=5)",
        expect![[r#"
            4:5: `ta.sma` needs the argument `length`
            5:5: the function `ta.smaa` is not known (did you mean ta.sma?)
            6:33: the argument `length` of `ta.sma` is given twice"#]],
    );
    // In the header, in inputs and in orders too: a slip must not change a verdict in silence.
    check(
        "n = input.int(5, minvalue=2)\nif close > open\n    strategy.entry(\"L\", strategy.long)\nstrategy.close(\"L\", now=true)",
        expect![[r#"
            3:27: `input.int` has no parameter `minvalue` (did you mean `minval`?)
            6:25: `strategy.close` has no parameter `now` (it has id, comment, qty, qty_percent, alert_message, immediately, disable_alert)"#]],
    );
    let header = compile("//@version=6\nstrategy(\"x\", comission_value=0.1)").unwrap_err().to_string();
    expect!["2:31: `strategy` has no parameter `comission_value` (did you mean `commission_value`?)"]
        .assert_eq(&header);
    for (given, says) in [
        (
            "commission_type=\"percentage\"",
            expect![[
                r#"2:31: `commission_type` is a constant, one of percent, cash_per_order, cash_per_contract, not "percentage""#
            ]],
        ),
        (
            "default_qty_type=close",
            expect!["2:32: `default_qty_type` is a constant, one of fixed, cash, percent_of_equity"],
        ),
        (
            "close_entries_rule=\"LIFO\"",
            expect![[r#"2:34: `close_entries_rule` is a constant, one of FIFO, ANY, not "LIFO""#]],
        ),
    ] {
        let text = format!("//@version=6\nstrategy(\"x\", {given})\n{ORDERS}");
        let refusal = assay_pine::strategy(&text).unwrap_err().to_string();
        assert_eq!(assay_pine::check(&text).unwrap_err().to_string(), refusal);
        says.assert_eq(&refusal);
    }
    let ahead = "x = request.security(syminfo.tickerid, \"W\", close, lookahead=barmerge.lookahead_of)";
    with_orders(ahead, expect!["3:62: `barmerge.lookahead_of` is not known (did you mean barmerge.lookahead_off?)"]);
    let side = "//@version=6\nstrategy(\"x\")\nif close > open\n    strategy.entry(\"L\", \"long\")\nelse\n    strategy.close(\"L\")\n";
    expect![[r#"4:25: "long" is no direction: strategy.long or strategy.short"#]]
        .assert_eq(&assay_pine::strategy(side).unwrap_err().to_string());
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

#[test]
fn what_pine_does_not_have_is_refused_wherever_it_stands() {
    let refused = |text: &str| assay_pine::strategy(text).unwrap_err().0[0].to_string();
    let orders = "if close > open\n    strategy.entry(\"L\", strategy.long)\nelse\n    strategy.close(\"L\")\n";
    let script = |line: &str| format!("//@version=6\nstrategy(\"T\")\n{line}\n{orders}");
    // On neither path, though no order hangs on it.
    for (line, says) in [
        ("plot(ta.smaa(close, 5))", "3:6: the function `ta.smaa` is not known (did you mean ta.sma?)"),
        ("x = sma(close, 5)", "3:5: the function `sma` is not known (did you mean ta.sma?)"),
        ("f(x) => blur(x)", "3:9: the function `blur` is not known"),
        (
            "a = array.new<float>(0)\nplot(math.summ(array.get(a, 0), 3))",
            "4:6: the function `math.summ` is not known (did you mean math.sum?)",
        ),
    ] {
        assert_eq!(refused(&script(line)), says, "{line}");
    }
    // What the script calls so itself is known.
    for line in
        ["blur(x) => x\nplot(blur(close))", "type P\n    float x\nmethod m(P p) => p.x\nq = P.new(1)\nplot(q.m())"]
    {
        assert!(assay_pine::strategy(&script(line)).is_ok(), "{line}");
    }
    assert!(assay_pine::strategy(&format!("//@version=4\nstrategy(\"T\")\nplot(sma(close, 5))\n{orders}")).is_ok());
    for (said, found) in
        [("slippage=2000000", "`slippage`"), ("slippage=-1", "`slippage`"), ("pyramiding=1e7", "`pyramiding`")]
    {
        let text = format!("//@version=5\nstrategy(\"T\", {said})\n{orders}");
        let says = refused(&text);
        assert!(says.starts_with("2:") && says.contains(found), "{says}");
    }
}

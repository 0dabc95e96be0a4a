//! What built-in functions take, and what is said of arguments that they do not.

use assay_pine::ast::{ExprKind, StmtKind, TypeName};
use assay_pine::parser::parse;
use assay_pine::signatures::{
    Presence, bind, candidates, current_function, current_variable, function, functions, nearest, overloads, variable,
    variables,
};
use expect_test::{Expect, expect};

/// Binds the only call of `text`, and shows parameters with their argument's column.
fn bound(text: &str, version: u8) -> String {
    let script = parse(text).unwrap();
    let StmtKind::Expr(call) = &script[0].kind else { panic!("{text} is no expression") };
    let ExprKind::Call { name, args, .. } = &call.kind else { panic!("{text} is no call") };
    match bind(current_function(name, version), version, args, call.span) {
        Err(finding) => finding.to_string(),
        Ok(binding) => {
            let parameters = binding.signature.parameters.iter().zip(&binding.values);
            let mut shown: Vec<String> =
                parameters.filter_map(|(p, v)| v.map(|v| format!("{}@{}", p.name, v.span.column))).collect();
            shown.extend(binding.repeated.iter().map(|v| format!("*@{}", v.span.column)));
            format!("{}({})", binding.signature.name, shown.join(" "))
        }
    }
}

fn check(text: &str, version: u8, wanted: Expect) {
    wanted.assert_eq(&bound(text, version));
}

#[test]
fn every_name_is_known_once_and_in_known_types() {
    let known = |ty: &TypeName| {
        let names = "any number int float bool string color tuple line label box table linefill polyline plot hline \
                     footprint volume_row chart.point array matrix map T K V plot_display plot_style hline_style scale_type \
                     sort_order text_format";
        names.split_whitespace().any(|name| name == ty.name)
    };
    let mut count = 0;
    for name in functions() {
        for version in 1..=6 {
            for signature in overloads(name, version) {
                let types = signature.parameters.iter().map(|p| &p.ty).chain(&signature.returns.types);
                for ty in types.flat_map(|ty| [ty].into_iter().chain(&ty.args)) {
                    assert!(known(ty), "{name}: {ty:?}");
                }
                let names: Vec<&str> = signature.parameters.iter().map(|p| p.name).collect();
                for (i, parameter) in names.iter().enumerate() {
                    assert!(!names[..i].contains(parameter), "{name}: {parameter} twice");
                }
                // Only optional parameters may follow an optional one.
                let presences: Vec<Presence> = signature.parameters.iter().map(|p| p.presence).collect();
                let optional = presences.iter().position(|p| *p == Presence::Optional).unwrap_or(presences.len());
                assert!(name.starts_with("input.") || !presences[optional..].contains(&Presence::Needed), "{name}");
                count += 1;
            }
        }
        assert!(function(name).is_some());
    }
    assert!(count > 2_000, "{count}");
    assert!(variables().all(|name| variable(name).is_some_and(known)));
}

#[test]
fn every_old_name_leads_to_one_of_today() {
    for (old, new) in
        [("sma", "ta.sma"), ("study", "indicator"), ("security", "request.security"), ("tostring", "str.tostring")]
    {
        assert_eq!((current_function(old, 4), current_function(old, 5)), (new, old));
        assert!(function(new).is_some());
    }
    for (old, new) in
        [("tickerid", "syminfo.tickerid"), ("red", "color.red"), ("n", "bar_index"), ("circles", "plot.style_circles")]
    {
        assert_eq!((current_variable(old, 3), current_variable(old, 5)), (new, old));
        assert!(variable(new).is_some());
    }
    // Colours got their prefix with version 4.
    assert_eq!(current_variable("red", 4), "red");
    let text = include_str!("../../src/signatures/renames.txt");
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let rest = line.split_once("] ").unwrap().1;
        let (what, rest) = rest.split_once(' ').unwrap();
        let olds: Vec<&str> = match rest.split_once(": ") {
            Some((_, list)) => list.split(' ').collect(),
            None => vec![rest.split(' ').next().unwrap()],
        };
        for old in olds {
            let known = match what.starts_with("function") {
                true => function(current_function(old, 3)).is_some(),
                false => variable(current_variable(old, 3)).is_some(),
            };
            assert!(known, "{old} leads nowhere");
        }
    }
}

#[test]
fn arguments_find_their_parameters() {
    check("ta.sma(close, 5)", 6, expect!["ta.sma(source@8 length@15)"]);
    check("ta.sma(length=5, source=close)", 5, expect!["ta.sma(source@25 length@15)"]);
    check("sma(x=close, y=5)", 4, expect!["ta.sma(source@7 length@16)"]);
    check("ta.highest(5)", 6, expect!["ta.highest(length@12)"]);
    check("ta.highest(close, 5)", 6, expect!["ta.highest(source@12 length@19)"]);
    check("math.max(1, 2, close)", 6, expect!["math.max(*@10 *@13 *@16)"]);
    check("input.int(5, \"n\", 1, 9)", 6, expect!["input.int(defval@11 title@14 minval@19 maxval@22)"]);
    check("input.int(5, \"n\", [1, 5])", 6, expect!["input.int(defval@11 title@14 options@19)"]);
    check(
        "input.int(5, options=[1, 5], tooltip=\"t\", active=true)",
        6,
        expect!["input.int(defval@11 options@22 tooltip@38 active@50)"],
    );
    check("input(5, \"n\", input.integer, 1)", 4, expect!["input(defval@7 title@10 type@15 minval@30)"]);
    check("input(5, defval=7, title=\"n\")", 3, expect!["input(defval@17 title@26)"]);
    check("timestamp(2020, 1, 1, 0, 0)", 6, expect!["timestamp(year@11 month@17 day@20 hour@23 minute@26)"]);
    check("timestamp(\"UTC\", 2020, 1, 1)", 6, expect!["timestamp(timezone@11 year@18 month@24 day@27)"]);
    check("timestamp(\"2020-01-01\")", 6, expect!["timestamp(dateString@11)"]);
    check("strategy.entry(\"L\", true, when=up)", 4, expect!["strategy.entry(id@16 direction@21 when@32)"]);
    check("strategy.entry(id=\"L\", long=true)", 4, expect!["strategy.entry(id@19 direction@29)"]);
    check("strategy.close(\"L\", up)", 4, expect!["strategy.close(id@16 when@21)"]);
    check(
        "strategy.exit(\"x\", \"L\", stop=1, comment_loss=\"s\", disable_alert=true)",
        5,
        expect!["strategy.exit(id@15 from_entry@20 stop@30 comment_loss@46 disable_alert@65)"],
    );
    check(
        "plot(close, \"c\", red, 2, line, false, 50)",
        3,
        expect!["plot(series@6 title@13 color@18 linewidth@23 style@26 trackprice@32 transp@39)"],
    );
    check(
        "security(tickerid, resolution=\"D\", expression=close)",
        3,
        expect!["request.security(symbol@10 timeframe@31 expression@47)"],
    );
    check("label.new(bar_index, high, \"x\")", 6, expect!["label.new(x@11 y@22 text@28)"]);
}

#[test]
fn wrong_arguments_are_named_with_what_was_meant() {
    check("ta.sma(close)", 6, expect!["1:1: `ta.sma` needs the argument `length`"]);
    check("ta.sma(close, 5, 6)", 6, expect!["1:18: `ta.sma` takes 2 arguments, 3 are given"]);
    check("ta.sma(close, lenght=5)", 6, expect!["1:22: `ta.sma` has no parameter `lenght` (did you mean `length`?)"]);
    check("ta.sma(close, len=5)", 6, expect!["1:19: `ta.sma` has no parameter `len` (it has source, length)"]);
    check("ta.sma(close, 5, length=5)", 6, expect!["1:25: the argument `length` of `ta.sma` is given twice"]);
    check(
        "ta.sma(source=close, 5)",
        6,
        expect![
            "1:22: an argument of `ta.sma` without a name stands behind one with a name (name it, or move it before the named ones)"
        ],
    );
    check(
        "strategy.entry(\"L\", long=true)",
        5,
        expect!["1:26: `strategy.entry` has no parameter `long` (did you mean `direction`?)"],
    );
    check(
        "strategy.entry(\"L\", strategy.long, when=up)",
        6,
        expect![
            "1:41: `strategy.entry` has no parameter `when` (it has id, direction, qty, limit, stop, oca_name, oca_type, comment, alert_message, disable_alert)"
        ],
    );
    check("iff(a, 1, 2)", 6, expect!["1:1: `iff` is no function of version 6"]);
    check("ta.smma(close, 5)", 6, expect!["1:1: `ta.smma` is not known (did you mean ta.sma?)"]);
    check("strategy.cancel_all(1)", 6, expect!["1:21: `strategy.cancel_all` takes 0 arguments, 1 are given"]);
}

#[test]
fn names_that_were_perhaps_meant() {
    assert_eq!(nearest("math.sma"), Some("ta.sma"));
    assert_eq!(nearest("sma"), Some("ta.sma"));
    assert_eq!(nearest("strategy.entyr"), Some("strategy.entry"));
    assert_eq!(nearest("colour.red"), Some("color.red"));
    assert_eq!(nearest("nothing_like_it"), None);
    assert_eq!(nearest(&"x".repeat(100_000)), None);
}

#[test]
fn where_types_must_decide_all_ways_are_given() {
    let script = parse("timestamp(a, 2020, 1, 1)").unwrap();
    let StmtKind::Expr(call) = &script[0].kind else { panic!("no expression") };
    let ExprKind::Call { args, .. } = &call.kind else { panic!("no call") };
    assert_eq!(candidates("timestamp", 6, None, args, call.span).unwrap().len(), 2);
}

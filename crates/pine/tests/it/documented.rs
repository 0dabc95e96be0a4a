//! Every documented argument of every built-in function is taken, by name and by place, whether or not it has an effect.

use assay_pine::signatures::{Parameter, Presence, Signature, functions, overloads, variable, variables};

/// What is refused, as there are no data for it, or as nobody was seen to use it.
const REFUSED: [&str; 29] = [
    "footprint.",
    "volume_row.",
    "matrix.avg",
    "matrix.det",
    "matrix.elements_count",
    "matrix.fill",
    "matrix.is_",
    "matrix.rank",
    "request.currency_rate",
    "request.dividends",
    "request.earnings",
    "request.economic",
    "request.financial",
    "request.footprint",
    "request.quandl",
    "request.seed",
    "request.splits",
    "array.sort",
    "ta.rci",
    "strategy.default_entry_qty",
    "strategy.risk.max_",
    "input.bool",
    "input.color",
    "input.float",
    "input.integer",
    "input.price",
    "input.resolution",
    "input.s",
    "input.time",
];

/// Whether the documented thing is among those refused.
fn refused(name: &str) -> bool {
    REFUSED.iter().any(|start| name.starts_with(start))
}

/// A value that the parameter takes.
fn value(function: &str, parameter: &Parameter) -> String {
    let qualifier = parameter.ty.qualifier.as_deref();
    let text = match (function, parameter.name) {
        ("input.session" | "input.string", "options") => "[\"x\", \"y\"]",
        ("input.timeframe", "options") => "[\"x\", \"D\"]",
        ("input", "type") => "input.float",
        ("strategy.risk.allow_entry_in", _) => "strategy.direction.long",
        ("strategy.risk.max_drawdown" | "strategy.risk.max_intraday_loss", "type") => "strategy.cash",
        ("str.tostring", "format") => "\"#.#\"",
        (_, "direction") if parameter.ty.name == "string" => "strategy.long",
        (_, "oca_type") => "strategy.oca.none",
        (_, "timeframe") => "timeframe.period",
        (_, "symbol" | "ticker" | "tickerid") => "syminfo.tickerid",
        (_, "gaps") => "barmerge.gaps_off",
        (_, "lookahead") => "barmerge.lookahead_off",
        (_, "currency") => "currency.USD",
        (_, "timezone") => "\"UTC\"",
        (_, "dateString") => "\"2020-01-01\"",
        (_, "default_qty_type") => "strategy.percent_of_equity",
        (_, "commission_type") => "strategy.commission.percent",
        (_, "close_entries_rule") => "\"ANY\"",
        _ => match parameter.ty.name.as_str() {
            "float" | "number" | "any" | "T" if qualifier == Some("series") => "close",
            "float" | "number" | "any" | "T" | "int" => "2",
            "V" => "1.0",
            "bool" => "true",
            "color" => "color.red",
            "tuple" => "[2, 3]",
            "line" => "line.new(1, 2.0, 3, 4.0)",
            "label" => "label.new(1, 2.0)",
            "box" => "box.new(1, 2.0, 3, 1.0)",
            "table" => "table.new(position.top_left, 2, 2)",
            "linefill" => "linefill.new(line.new(1, 2.0, 3, 4.0), line.new(1, 2.0, 3, 4.0), color.red)",
            "polyline" => "polyline.new(array.new<chart.point>())",
            "chart.point" => "chart.point.now(close)",
            "plot_display" => "display.all",
            "plot_style" => "plot.style_line",
            "hline_style" => "hline.style_dashed",
            "scale_type" => "scale.right",
            "sort_order" => "order.ascending",
            "text_format" => "text.format_bold",
            "array" => match parameter.ty.args[0].name.as_str() {
                "bool" => "array.new<bool>(3, true)",
                "chart.point" => "array.new<chart.point>()",
                _ => "array.new<float>(3, 1.0)",
            },
            "matrix" => "matrix.new<float>(2, 2, 1.0)",
            "map" => "map.new<string, float>()",
            _ => "\"x\"",
        },
    };
    text.to_owned()
}

/// A strategy whose entry hangs on the call, so that nothing of it is passed over.
fn script(signature: &Signature, version: u8, by_name: bool) -> String {
    let name = signature.name;
    // Behind a named argument none may stand without a name, and what repeats has none.
    let by_name = by_name && signature.parameters.iter().all(|p| p.presence != Presence::Repeated);
    let mut args = Vec::new();
    for parameter in &signature.parameters {
        let value = value(name, parameter);
        match parameter.presence {
            Presence::Repeated => args.extend([value.clone(), value]),
            Presence::NamedOnly if !by_name => {}
            _ if by_name => args.push(format!("{}={value}", parameter.name)),
            _ => args.push(value),
        }
    }
    let types = match name {
        "array.new" | "matrix.new" => "<float>",
        "map.new" => "<string, float>",
        _ => "",
    };
    let call = format!("{name}{types}({})", args.join(", "));
    let head = if name == "strategy" { String::new() } else { "strategy(\"T\")\n".to_owned() };
    let (statement, condition) = match signature.returns.types.as_slice() {
        [] => (call, "close > open"),
        [one] => {
            let condition = match one.name.as_str() {
                "float" | "int" | "number" => "x > 0",
                "bool" => "x",
                _ => "close > open",
            };
            (format!("x = {call}"), condition)
        }
        several => {
            let names: Vec<String> = (0..several.len()).map(|i| format!("x{i}")).collect();
            (format!("[{}] = {call}", names.join(", ")), "x0 > 0")
        }
    };
    format!("//@version={version}\n{head}{statement}\n{}", orders(condition))
}

fn orders(condition: &str) -> String {
    format!("if {condition}\n    strategy.entry(\"L\", strategy.long)\nif close < open\n    strategy.close(\"L\")\n")
}

#[test]
fn every_documented_argument_is_taken() {
    let mut count = 0;
    for name in functions().filter(|name| !refused(name) && !matches!(*name, "indicator" | "library")) {
        let mut seen: Vec<&Signature> = Vec::new();
        for version in [6, 5, 4] {
            for signature in overloads(name, version) {
                if seen.contains(&signature) {
                    continue;
                }
                seen.push(signature);
                for by_name in [true, false] {
                    let text = script(signature, version, by_name);
                    if let Err(refusal) = assay_pine::check(&text) {
                        panic!("{refusal}\n{text}");
                    }
                    count += 1;
                }
            }
        }
    }
    assert!(count > 800, "{count}");
}

#[test]
fn every_documented_variable_is_known_in_its_type() {
    for name in variables().filter(|name| !refused(name)) {
        let (statement, condition) = match variable(name).unwrap().name.as_str() {
            "float" | "int" => (String::new(), format!("{name} > 0")),
            "bool" => (String::new(), name.to_owned()),
            "string" => (String::new(), format!("{name} == \"x\"")),
            _ => (format!("x = {name}\n"), "close > open".to_owned()),
        };
        let text = format!("//@version=6\nstrategy(\"T\")\n{statement}{}", orders(&condition));
        if let Err(refusal) = assay_pine::check(&text) {
            panic!("{refusal}\n{text}");
        }
    }
}

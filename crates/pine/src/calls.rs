//! What can be said of calls before anything is known of their values: which cannot be made, which only draw, what some
//! parameters may be, and which functions of a script place orders.

use std::collections::BTreeSet;

use crate::ast::{Arg, Block, Expr, ExprKind, Span, StmtKind};
use crate::walk::{Met, block, expression};
use crate::{Diagnostic, signatures};

/// Calls that draw, log or alert: nothing that they do or return can change a result.
const INERT: [&str; 13] = [
    "plot",
    "plotshape",
    "plotchar",
    "plotarrow",
    "plotcandle",
    "plotbar",
    "hline",
    "fill",
    "bgcolor",
    "barcolor",
    "alert",
    "alertcondition",
    "max_bars_back",
];

/// Known here although TradingView has no such function: written out there by many scripts.
const OWN: [&str; 1] = ["ta.kama"];

/// Families of constants that say how something is computed: a name that is none of them must not mean the default.
const MEANT: [&str; 7] =
    ["barmerge", "session", "order", "adjustment", "backadjustment", "settlement_as_close", "math"];

/// Parameters of series functions that say over how many bars.
const LENGTHS: [&str; 9] =
    ["length", "diLength", "adxSmoothing", "atrPeriod", "fastlen", "slowlen", "siglen", "short_length", "long_length"];

/// What a parameter of the header that takes one of some words means by `text`, which is the constant or its bare word.
///
/// # Errors
/// What it may be, where `text` is none of that or not known.
pub(crate) fn choice<'a>(parameter: &str, text: Option<&'a str>) -> Result<&'a str, String> {
    let words: &[&str] = match parameter {
        "default_qty_type" => &["fixed", "cash", "percent_of_equity"],
        "commission_type" => &["percent", "cash_per_order", "cash_per_contract"],
        _ => &["FIFO", "ANY"],
    };
    let word = text.and_then(|text| text.rsplit('.').next()).filter(|word| words.contains(word));
    word.ok_or_else(|| {
        let given = text.map(|text| format!(", not {text:?}")).unwrap_or_default();
        format!("`{parameter}` is a constant, one of {}{given}", words.join(", "))
    })
}

/// Whether `n` is no use for a series function's `parameter`: a length is at least 1.
pub(crate) fn unusable_length(parameter: &str, n: f64) -> bool {
    LENGTHS.contains(&parameter) && (n.is_nan() || n < 1.0)
}

/// Kinds of drawing.
pub(crate) const DRAWINGS: [&str; 9] =
    ["line", "label", "box", "table", "linefill", "polyline", "plot", "hline", "chart.point"];

/// Whether a call, by its name today, draws, logs or alerts and does nothing else.
pub(crate) fn is_inert(name: &str) -> bool {
    INERT.contains(&name) || name.starts_with("log.")
}

/// What TradingView would not compile, whatever hangs on it: calls of functions that neither the script nor Pine has, or with
/// arguments that Pine's own function does not take, and constants that there are not. None of that may be passed over in
/// silence. A name of the script's own in front (a variable, a type, a library) is left to whoever knows its type.
pub(crate) fn faults(script: &Block, version: u8) -> Vec<Diagnostic> {
    let own = own_names(script);
    let mut findings = Vec::new();
    block(script, &mut |met| {
        let Met::Expression(Expr { kind, span }) = met else { return };
        let (ExprKind::Call { name, .. } | ExprKind::Name(name)) = kind else { return };
        let head = name.split('.').next().unwrap_or(name);
        if own.contains(head) || own.contains(name.as_str()) || OWN.contains(&name.as_str()) {
            return;
        }
        findings.extend(match kind {
            ExprKind::Call { args, .. } => unfit_call(name, version, args, *span),
            _ => unknown_constant(name, head, version, *span),
        });
    });
    findings.sort_by_key(|finding| (finding.line, finding.column));
    findings.dedup();
    findings
}

fn unfit_call(name: &str, version: u8, args: &[Arg], span: Span) -> Option<Diagnostic> {
    let current = signatures::current_function(name, version);
    if signatures::function(current).is_some() {
        // What only draws may be drawn in a way that is newer than the table.
        let drawn =
            |kind: &&str| current.strip_prefix(*kind).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        let matters = !is_inert(current) && !DRAWINGS.iter().any(drawn);
        return if matters { signatures::bind(current, version, args, span).err() } else { None };
    }
    (!has_method(current)).then(|| not_known(format!("the function `{name}` is not known"), name, span))
}

fn unknown_constant(name: &str, family: &str, version: u8, span: Span) -> Option<Diagnostic> {
    let known = || signatures::variable(signatures::current_variable(name, version)).is_some();
    (MEANT.contains(&family) && name.contains('.') && !known())
        .then(|| not_known(format!("`{name}` is not known"), name, span))
}

fn not_known(says: String, name: &str, span: Span) -> Diagnostic {
    match signatures::nearest(name) {
        Some(near) => span.advises(says, format!("did you mean {near}?")),
        None => span.says(says),
    }
}

/// `box.all.size()`, `line.all.get(0)`: a method of a built-in list.
fn has_method(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(on, _)| on.ends_with(".all") && signatures::variable(on).is_some())
}

/// Every name that a script gives to anything, whatever its scope.
fn own_names(script: &Block) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    block(script, &mut |met| match met {
        Met::Statement(statement) => match &statement.kind {
            StmtKind::Declare { names: declared, .. } => names.extend(declared.iter().map(String::as_str)),
            StmtKind::Function { name, parameters, .. } => {
                names.insert(name.as_str());
                names.extend(parameters.iter().map(|parameter| parameter.name.as_str()));
            }
            StmtKind::Type { name, .. } | StmtKind::Enum { name, .. } => {
                names.insert(name);
            }
            StmtKind::Import { path, alias } => {
                names.insert(match alias {
                    Some(alias) => alias,
                    None => path.split('/').nth(1).unwrap_or(path),
                });
            }
            _ => {}
        },
        Met::Expression(expr) => match &expr.kind {
            ExprKind::For { counter, .. } => {
                names.insert(counter);
            }
            ExprKind::ForIn { index, item, .. } => {
                names.extend(index.iter().map(String::as_str));
                names.insert(item);
            }
            _ => {}
        },
    });
    names
}

/// Whether a call by this name gives something to the broker.
fn is_order(name: &str) -> bool {
    const ORDERS: [&str; 7] = ["entry", "order", "exit", "close", "close_all", "cancel", "cancel_all"];
    name.strip_prefix("strategy.").is_some_and(|order| ORDERS.contains(&order) || order.starts_with("risk."))
}

/// The functions and methods of a script that place orders, themselves or through others. By name alone: a stranger of the
/// same name costs speed, not truth.
pub(crate) fn ordering(script: &Block) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    // A function stands above those that call it; a method may be called on anything.
    for statement in script {
        if let StmtKind::Function { name, body, .. } = &statement.kind
            && body_orders(body, &found)
        {
            found.insert(name.clone());
        }
    }
    found
}

fn body_orders(body: &Block, ordering: &BTreeSet<String>) -> bool {
    let mut orders = false;
    block(body, &mut |met| orders |= matches!(met, Met::Expression(expr) if gives_order(expr, ordering)));
    orders
}

/// Whether computing an expression may place an order.
pub(crate) fn orders(expr: &Expr, ordering: &BTreeSet<String>) -> bool {
    let mut orders = false;
    expression(expr, &mut |met| orders |= matches!(met, Met::Expression(expr) if gives_order(expr, ordering)));
    orders
}

fn gives_order(expr: &Expr, ordering: &BTreeSet<String>) -> bool {
    match &expr.kind {
        ExprKind::Call { name, .. } => is_order(name) || ordering.contains(name.rsplit('.').next().unwrap_or(name)),
        ExprKind::Method { name, .. } => ordering.contains(name),
        _ => false,
    }
}

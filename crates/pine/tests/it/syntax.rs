//! What scripts are as trees.

use assay_pine::ast::{Arg, Block, Expr, ExprKind, Parameter, Persistence, Stmt, StmtKind, TypeName};
use assay_pine::parser::parse;
use expect_test::{Expect, expect};

/// A tree as text, fully bracketed.
fn tree(text: &str) -> String {
    match parse(text) {
        Ok(script) => block(&script),
        Err(finding) => format!("refused {finding}"),
    }
}

fn block(block: &Block) -> String {
    block.iter().map(statement).collect::<Vec<_>>().join("; ")
}

fn statement(stmt: &Stmt) -> String {
    match &stmt.kind {
        StmtKind::Declare { persistence, ty: written, names, tuple, value } => {
            let life = match persistence {
                Persistence::None => "",
                Persistence::Var => "var ",
                Persistence::Varip => "varip ",
            };
            let written = written.as_ref().map(|t| ty(t) + " ").unwrap_or_default();
            let names = if *tuple { format!("[{}]", names.join(" ")) } else { names.join(" ") };
            format!("{life}{written}{names} = {}", expr(value))
        }
        StmtKind::Assign { target, sign, value } => {
            format!("{} {}= {}", expr(target), sign.unwrap_or(":"), expr(value))
        }
        StmtKind::Expr(value) => expr(value),
        StmtKind::Function { name, method, export, parameters, body } => {
            let words = format!("{}{}", if *export { "export " } else { "" }, if *method { "method " } else { "" });
            let parameters: Vec<String> = parameters.iter().map(parameter).collect();
            format!("{words}{name}({}) => {{{}}}", parameters.join(", "), block(body))
        }
        StmtKind::Type { name, export, fields } => {
            let fields: Vec<String> = fields
                .iter()
                .map(|f| {
                    let default = f.default.as_ref().map(|d| format!(" = {}", expr(d))).unwrap_or_default();
                    format!("{}{} {}{default}", if f.varip { "varip " } else { "" }, ty(&f.ty), f.name)
                })
                .collect();
            format!("{}type {name} {{{}}}", if *export { "export " } else { "" }, fields.join(", "))
        }
        StmtKind::Enum { name, export, fields } => {
            let fields: Vec<String> = fields
                .iter()
                .map(|(name, title)| {
                    format!("{name}{}", title.as_ref().map(|t| format!(" = {}", expr(t))).unwrap_or_default())
                })
                .collect();
            format!("{}enum {name} {{{}}}", if *export { "export " } else { "" }, fields.join(", "))
        }
        StmtKind::Import { path, alias } => format!("import {path} as {alias:?}"),
        StmtKind::Break => "break".into(),
        StmtKind::Continue => "continue".into(),
    }
}

fn parameter(p: &Parameter) -> String {
    let written = p.ty.as_ref().map(|t| ty(t) + " ").unwrap_or_default();
    format!("{written}{}{}", p.name, p.default.as_ref().map(|d| format!(" = {}", expr(d))).unwrap_or_default())
}

fn ty(t: &TypeName) -> String {
    let qualifier = t.qualifier.as_ref().map(|q| format!("{q}:")).unwrap_or_default();
    format!("{qualifier}{}{}", t.name, types(&t.args))
}

fn types(args: &[TypeName]) -> String {
    let args: Vec<String> = args.iter().map(ty).collect();
    if args.is_empty() { String::new() } else { format!("<{}>", args.join(", ")) }
}

fn call_args(args: &[Arg]) -> String {
    let one = |a: &Arg| format!("{}{}", a.name.as_ref().map(|n| format!("{n}=")).unwrap_or_default(), expr(&a.value));
    args.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn expr(e: &Expr) -> String {
    match &e.kind {
        ExprKind::Number(x, whole) => format!("{x}{}", if *whole { "" } else { "f" }),
        ExprKind::Text(text) => format!("{text:?}"),
        ExprKind::Bool(b) => b.to_string(),
        ExprKind::Colour => "#".into(),
        ExprKind::Name(name) => name.clone(),
        ExprKind::Call { name, types: t, args } => format!("{name}{}({})", types(t), call_args(args)),
        ExprKind::Method { on, name, types: t, args } => {
            format!("{}->{name}{}({})", expr(on), types(t), call_args(args))
        }
        ExprKind::Field { on, name } => format!("{}->{name}", expr(on)),
        ExprKind::Unary(sign, a) => format!("({sign} {})", expr(a)),
        ExprKind::Binary(sign, a, b) => format!("({} {sign} {})", expr(a), expr(b)),
        ExprKind::Ternary(a, b, c) => format!("({} ? {} : {})", expr(a), expr(b), expr(c)),
        ExprKind::History(a, n) => format!("{}[{}]", expr(a), expr(n)),
        ExprKind::Tuple(items) => format!("[{}]", items.iter().map(expr).collect::<Vec<_>>().join(" ")),
        ExprKind::If(branches) => {
            let otherwise = branches.otherwise.as_ref().map(|b| format!(" else {{{}}}", block(b)));
            format!("if {} {{{}}}{}", expr(&branches.condition), block(&branches.then), otherwise.unwrap_or_default())
        }
        ExprKind::Switch { subject, arms } => {
            let arm = |(case, body): &(Option<Expr>, Block)| {
                format!("{} => {{{}}}", case.as_ref().map(expr).unwrap_or_default(), block(body))
            };
            let arms: Vec<String> = arms.iter().map(arm).collect();
            format!("switch {}{{{}}}", subject.as_ref().map(|s| expr(s) + " ").unwrap_or_default(), arms.join("; "))
        }
        ExprKind::For { counter, from, to, by, body } => {
            let by = by.as_ref().map(|by| format!(" by {}", expr(by))).unwrap_or_default();
            format!("for {counter} = {} to {}{by} {{{}}}", expr(from), expr(to), block(body))
        }
        ExprKind::ForIn { index, item, of, body } => {
            let index = index.as_ref().map(|i| format!("{i}, ")).unwrap_or_default();
            format!("for {index}{item} in {} {{{}}}", expr(of), block(body))
        }
        ExprKind::While { condition, body } => format!("while {} {{{}}}", expr(condition), block(body)),
    }
}

fn check(text: &str, wanted: Expect) {
    wanted.assert_eq(&tree(text));
}

#[test]
fn operators_bind_as_in_pine() {
    check("a + b * -c[1] > d and not e == f or g", expect!["((((a + (b * (- c[1]))) > d) and ((not e) == f)) or g)"]);
    check("a ? b : c ? d + 1 : e", expect!["(a ? b : (c ? (d + 1) : e))"]);
    check("x = - - 1e-3 + .5 - 5. * 2E2", expect!["x = (((- (- 0.001f)) + 0.5f) - (5f * 200f))"]);
}

#[test]
fn loops_with_their_heads() {
    check(
        "for i = 0 to n - 1 by 2\n    s += i\n    if s > 9\n        break\n    continue",
        expect!["for i = 0 to (n - 1) by 2 {s += i; if (s > 9) {break}; continue}"],
    );
    check("for [i, x] in xs\n    f(i, x)\nfor x in a.b\n    x", expect!["for i, x in xs {f(i, x)}; for x in a.b {x}"]);
    check("s = while a < 3\n    a += 1", expect!["s = while (a < 3) {a += 1}"]);
}

#[test]
fn types_enums_imports_and_methods() {
    check(
        "//@type a point\nexport type Point\n    //@field x across\n    float x = 0.5\n    varip int[] ys\n    map<string, lib.Thing> m = na\n\nenum Side\n    long = \"Long side\"\n    short\nimport 5am/my_lib/12 as m",
        expect![[
            r#"export type Point {float x = 0.5f, varip array<int> ys, map<string, lib.Thing> m = na}; enum Side {long = "Long side", short}; import 5am/my_lib/12 as Some("m")"#
        ]],
    );
    check(
        "method move(Point this, simple int by = 1, series float[] s, q) =>\n    this.x += by\n    this\nexport f(series x) => x",
        expect![
            "method move(Point this, simple:int by = 1, series:array<float> s, q) => {this.x += by; this}; export f(series: x) => {x}"
        ],
    );
}

#[test]
fn declarations_with_and_without_types() {
    check(
        "var float x = na, varip int n = 0\nfloat[] xs = array.new<float>(5, na)\nconst int k = 3\nvar array<Point> ps = array.new<Point>()\nmap<string, float> m = map.new<string, float>()\nvar [a, b] = f()\ntype = 3\nmethod = type",
        expect![
            "var float x = na; varip int n = 0; array<float> xs = array.new<float>(5, na); const:int k = 3; var array<Point> ps = array.new<Point>(); map<string, float> m = map.new<string, float>(); var [a b] = f(); type = 3; method = type"
        ],
    );
    check(
        "a < b > c",
        expect!["refused 1:9: expected `=` and a value after the variable, found the end of the script"],
    );
}

#[test]
fn fields_and_methods_of_what_is_no_name() {
    check(
        "a[1].x := f(x).m<int>(1, k=2).y.z()[3]\np.q.r += 1\nxs\n .push(1)\n .pop()",
        expect!["a[1]->x := f(x)->m<int>(1, k=2)->y->z()[3]; p.q.r += 1; xs.push(1)->pop()"],
    );
    check(
        "close[1] := 2",
        expect!["refused 1:1: the past cannot be assigned (assign the variable itself, without [..])"],
    );
    check("f(x) := 2", expect!["refused 1:1: only a variable or a field can be assigned"]);
}

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

/// Two texts mean the same: their trees differ in places alone.
pub fn assert_same_tree(a: &str, b: &str) {
    let (tree_a, tree_b) = (tree(a), tree(b));
    assert!(!tree_a.starts_with("refused"), "{tree_a}\n{a}");
    assert_eq!(tree_a, tree_b, "{a}\n---\n{b}");
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

#[test]
fn lines_go_on() {
    // By an indentation that is no multiple of four, in brackets, after and before operators, and where no block opens.
    check(
        "x = a\n  + b\ny = f(\n    1,\n        2\n)\nz = a and\n    b\n    or c",
        expect!["x = (a + b); y = f(1, 2); z = ((a and b) or c)"],
    );
    check("x = a\n    + b\n    - c\n-d", expect!["x = ((a + b) - c); (- d)"]);
    check("if a\n     and b\n    c\nelse if\n      d\n    e", expect!["if (a and b) {c} else {if d {e}}"]);
    check(
        "f(x) =>\n  x + 1\ng(x) =>\n    y = x\n      + 1\n    y",
        expect!["f(x) => {(x + 1)}; g(x) => {y = (x + 1); y}"],
    );
    check("x = a ? b :\n    c ? d :\n    e", expect!["x = (a ? b : (c ? d : e))"]);
    check("if a\n    b // said\n\n\t// more\n\n\tc\n\n\nd", expect!["if a {b; c}; d"]);
    check(
        "x = 1\n    y = 2",
        expect![
            "refused 2:5: expected the end of the line, found `y` (this line goes on the one above it: it stands deeper though nothing opens a block, or is indented by a number that is no multiple of four)"
        ],
    );
    check("  x = 1", expect!["x = 1"]);
    check(
        "    x = 1",
        expect![
            "refused 1:5: this line is indented, but nothing above it opens a block (remove the blanks before it, or indent a continued line by a number that is no multiple of four)"
        ],
    );
}

#[test]
fn several_statements_share_a_line() {
    check("a = 1, b := 2, f(x) => c = x, c + 1\nd", expect!["a = 1; b := 2; f(x) => {c = x; (c + 1)}; d"]);
    check("switch a\n    1 => x := 1, y := 2\n    => z", expect!["switch a {1 => {x := 1; y := 2};  => {z}}"]);
    check("x = if a > 1\n    1\nelse\n    2\ny = 3", expect!["x = if (a > 1) {1} else {2}; y = 3"]);
    check(
        "[a, b] = if c\n    [1, 2]\nelse if d\n    [3, 4]\nelse\n    [5, 6]",
        expect!["[a b] = if c {[1 2]} else {if d {[3 4]} else {[5 6]}}"],
    );
    check(
        "x = switch\n    a > b => 1\n    =>\n        y = 2\n        y\nz",
        expect!["x = switch {(a > b) => {1};  => {y = 2; y}}; z"],
    );
    check(
        "if a\n    for i = 0 to 3\n        if b\n            break\nelse\n    c",
        expect!["if a {for i = 0 to 3 {if b {break}}} else {c}"],
    );
}

#[test]
fn texts_colours_and_blanks() {
    check(
        r#"a = "it's \"q\" \n \\ é", b = 'say "x"', c = """#,
        expect![[r#"a = "it's \"q\" \n \\ é"; b = "say \"x\""; c = """#]],
    );
    check(
        "a = \"\"\"one\r\n  \"two\" // three\n\"\"\" + b\nc",
        expect![[r#"a = ("one\n  \"two\" // three\n" + b); c"#]],
    );
    check(
        "a = \"\"\"one\r\n  \"two\" // three\n\"\"\" + b\nc = d d",
        expect!["refused 4:7: expected the end of the line, found `d`"],
    );
    check("a = #ff00AA, b = #ff00aa80", expect!["a = #; b = #"]);
    check("a = #ff00a", expect!["refused 1:5: a colour is # and six or eight hexadecimal digits"]);
    check("\u{feff}a\u{a0}=\u{3000}1\r\n\r\nb = 2\rc = 3", expect!["a = 1; b = 2; c = 3"]);
    check(
        "a = “x”",
        expect!["refused 1:5: the character “ (U+201C) has no meaning here (write texts in straight quotes)"],
    );
    check(
        "a = \u{202e}1",
        expect!["refused 1:5: the character U+202E has no meaning here (names are made of a-z, A-Z, 0-9 and _)"],
    );
    check("a && b", expect!["refused 1:3: the character & (U+0026) has no meaning here (write and, or, not, !=)"]);
    check("a = '''x", expect!["refused 1:5: this text never ends (close it with ''')"]);
    check("a = f('x\n')", expect!["refused 1:7: this text never ends (close it with ' on the same line)"]);
}

#[test]
fn scripts_of_the_first_versions() {
    check(
        "//@version=2\nstudy(title=\"Old\", shorttitle=\"O\", overlay=true)\nup = close > open ? up[1] + 1 : 0\nup := na(up) ? 0 : up\nplot(up, color=up == 1 ? green : red, style=circles, transp=50)\nbgcolor(not up ? #FF000040 : na)",
        expect![[
            r#"study(title="Old", shorttitle="O", overlay=true); up = ((close > open) ? (up[1] + 1) : 0); up := (na(up) ? 0 : up); plot(up, color=((up == 1) ? green : red), style=circles, transp=50); bgcolor(((not up) ? # : na))"#
        ]],
    );
}

#[test]
fn names_have_a_bound() {
    let name = "n".repeat(255);
    assert_eq!(tree(&name), name);
    assert_eq!(tree(&format!("x = {name}n")), "refused 1:5: a name of 256 characters: at most 255 are taken");
    let path = vec!["a"; 32].join(".");
    assert_eq!(tree(&path), path);
    assert_eq!(tree(&format!("{path}.a")), "refused 1:64: more than 32 names joined by points");
}

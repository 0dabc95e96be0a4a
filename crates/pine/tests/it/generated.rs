//! Random scripts that are Pine: each parses, and its layout keeps its tree, its comments and itself.

use assay_pine::format::format;
use assay_pine::parser::parse;
use proptest::prelude::*;

/// A line of a script: how deep it stands, and its text.
type Lines = Vec<(usize, String)>;

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["x", "close", "ta.sma", "p.q", "type", "method", "_a1", "n"]).prop_map(str::to_owned)
}

fn type_name() -> impl Strategy<Value = String> {
    let types =
        vec!["float", "series int", "float[]", "array<Point>", "map<string, array<lib.T>>", "const string", "line"];
    prop::sample::select(types).prop_map(str::to_owned)
}

/// Blanks that may stand anywhere within a line.
fn blank() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["", "", " ", "  ", "\t"])
}

fn expr() -> BoxedStrategy<String> {
    let literals =
        vec!["1", "2.5", ".5", "5.", "1e-3", "\"a // b\"", "'it\\'s'", "#FF00aa80", "true", "na", "\"é\\n\""];
    let leaf = prop_oneof![name(), prop::sample::select(literals).prop_map(str::to_owned)].boxed();
    leaf.prop_recursive(4, 24, 3, |inner| {
        let signs = vec!["+", "-", "*", "/", "%", "<", ">", "<=", ">=", "==", "!=", " and ", " or "];
        let two = (inner.clone(), blank(), prop::sample::select(signs), blank(), inner.clone());
        let call = (name(), prop::collection::vec(inner.clone(), 0..3), blank());
        prop_oneof![
            two.prop_map(|(a, s, sign, t, b)| format!("({a}{s}{sign}{t}{b})")),
            (blank(), inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(s, a, b, c)| format!("({a}{s}?{s}{b}{s}:{s}{c})")),
            call.prop_map(|(f, args, s)| format!("{f}({s}{})", args.join(&format!("{s},")))),
            (name(), inner.clone(), blank()).prop_map(|(f, a, s)| format!("{f}{s}({s}arg{s}={s}{a}{s})")),
            (inner.clone(), blank()).prop_map(|(a, s)| format!("array.new<{s}float{s}>({a})")),
            (inner.clone(), inner.clone(), blank()).prop_map(|(a, n, s)| format!("({a})[{s}{n}]")),
            (inner.clone(), blank()).prop_map(|(a, s)| format!("f({a}){s}.{s}m({s}).g")),
            (prop::sample::select(vec!["-", "+", "not "]), inner.clone()).prop_map(|(sign, a)| format!("{sign}{a}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("[{a}, {b}]")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("g({a}, // a comment\n  {b}\n)")),
        ]
    })
    .boxed()
}

fn line(text: String) -> Lines {
    vec![(0, text)]
}

fn indented(head: String, body: Lines) -> Lines {
    let mut lines = line(head);
    lines.extend(body.into_iter().map(|(depth, text)| (depth + 1, text)));
    lines
}

fn statement() -> BoxedStrategy<Lines> {
    let simple = prop_oneof![
        (blank(), expr()).prop_map(|(s, e)| line(format!("y{s}={s}{e}"))),
        (type_name(), expr()).prop_map(|(t, e)| line(format!("var {t} y = {e}"))),
        (name(), prop::sample::select(vec![":=", "+=", "-=", "*=", "/=", "%="]), expr())
            .prop_map(|(n, sign, e)| line(format!("{n}{sign}{e}"))),
        expr().prop_map(|e| line(format!("f(1)[0].z := {e}"))),
        (expr(), blank()).prop_map(|(e, s)| line(format!("[a,{s}b]{s}={s}{e}"))),
        expr().prop_map(|e| line(format!("plot({e})"))),
        (expr(), expr()).prop_map(|(a, b)| line(format!("a = {a}, b = {b}"))),
        (expr(), expr()).prop_map(|(a, b)| line(format!("a = {a} + // on\n     {b}"))),
        (type_name(), expr()).prop_map(|(t, e)| line(format!("f({t} a, b = 2) => {e}"))),
        Just(line("import a/b/1 as c".into())),
        Just(line("// a comment alone".into())),
        Just(line(String::new())),
        (expr(), blank()).prop_map(|(e, s)| line(format!("y = {e}{s}// said at the end"))),
    ];
    simple
        .prop_recursive(3, 24, 4, |inner| {
            let block = || {
                let end = Just(line("z = 0".into()));
                (prop::collection::vec(inner.clone(), 0..3), end)
                    .prop_map(|(all, end)| all.into_iter().flatten().chain(end).collect::<Lines>())
            };
            prop_oneof![
                (expr(), block()).prop_map(|(e, b)| indented(format!("if {e}"), b)),
                (expr(), block(), expr(), block(), block()).prop_map(|(c, a, d, b, e)| {
                    let mut all = indented(format!("if {c}"), a);
                    all.extend(indented(format!("else if {d}"), b));
                    all.extend(indented("else".into(), e));
                    all
                }),
                (expr(), expr(), block()).prop_map(|(a, b, c)| indented(format!("for i = {a} to {b} by 2"), c)),
                (expr(), block()).prop_map(|(a, b)| indented(format!("for [i, v] in {a}"), b)),
                (expr(), block()).prop_map(|(a, b)| indented(format!("while {a}"), b)),
                block().prop_map(|b| indented("method m(Point this, k = 1) =>".into(), b)),
                (expr(), expr(), block()).prop_map(|(a, e, b)| {
                    let mut arms = line(format!("{a} => {e}"));
                    arms.extend(indented("=>".into(), b));
                    indented("y = switch q".into(), arms)
                }),
                Just(indented(
                    "type T".into(),
                    vec![(0, "float x = 1".into()), (0, "// of y".into()), (0, "varip array<int> y".into())]
                )),
                Just(indented("enum E".into(), vec![(0, "a = \"A\"".into()), (0, "b".into())])),
            ]
        })
        .boxed()
}

fn script() -> impl Strategy<Value = String> {
    let tab = prop::sample::select(vec!["    ", "\t"]);
    let end = prop::sample::select(vec!["\n", "\r\n"]);
    (prop::collection::vec(statement(), 0..6), tab, end).prop_map(|(statements, tab, end)| {
        let lines = statements.into_iter().flatten();
        lines.map(|(depth, text)| format!("{}{text}{end}", tab.repeat(depth))).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_script_and_its_layout_are_one_script(text in script()) {
        if let Err(finding) = parse(&text) {
            return Err(TestCaseError::fail(format!("{finding}\n{text}")));
        }
        let once = format(&text).map_err(|refusal| TestCaseError::fail(refusal.to_string()))?;
        super::syntax::assert_same_tree(&text, &once);
        prop_assert_eq!(&format(&once).unwrap(), &once);
        prop_assert_eq!(text.matches("// ").count(), once.matches("// ").count());
        for line in once.lines() {
            prop_assert_eq!(line.trim_end(), line);
        }
    }
}

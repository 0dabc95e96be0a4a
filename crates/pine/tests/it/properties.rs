//! For every text: an answer, and never a panic.

use assay_pine::compile;
use assay_pine::format::format;
use assay_pine::parser::parse;
use proptest::prelude::*;

/// Pieces that scripts are made of, so that random texts get past the lexer.
const PIECES: [&str; 75] = [
    "close",
    "open",
    "x",
    "y",
    "f",
    " = ",
    " := ",
    "(",
    ")",
    "[",
    "]",
    "[1]",
    ",",
    " ? ",
    " : ",
    " and ",
    " or ",
    "not ",
    "if ",
    "else",
    "\n",
    "\n    ",
    "\n        ",
    "=>",
    "+",
    "-",
    "*",
    "/",
    "%",
    "<",
    ">=",
    "==",
    "1",
    "14",
    "0.5",
    "na",
    "ta.sma(close, 14)",
    "ta.crossover(",
    "input.int(14",
    "strategy.entry(\"L\", strategy.long)",
    "strategy.close(\"L\")",
    "strategy(\"T\")",
    "switch ",
    "var ",
    "nz(",
    "true",
    "for ",
    "i = 0 to 9 by 2",
    "[i, v] in xs",
    "while ",
    "break",
    "type T",
    "enum E",
    "method ",
    "import a/b-c/1 as ",
    "export ",
    "float",
    "float[] ",
    "<float>",
    "array<",
    ".m(",
    ".x",
    "+=",
    "//@version=5",
    "// said",
    "\"text\"",
    "'it\\'s'",
    "#aabbcc",
    "5.",
    "1e-3",
    "\r\n\t",
    "\n   ",
    "\n      ",
    "\u{2028}",
    "é\u{200b}",
];

/// A text parses or is refused; what parses has a layout, which is its own and parses too.
fn answers(text: &str) {
    let _ = compile(text);
    if parse(text).is_err() {
        assert!(format(text).is_err());
        return;
    }
    let once = format(text).unwrap();
    assert_eq!(format(&once).unwrap(), once, "{text}");
    super::syntax::assert_same_tree(text, &once);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_panics(text in "\\PC{0,300}") {
        answers(&text);
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        answers(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn no_mixture_of_pieces_panics(pieces in proptest::collection::vec(0..PIECES.len(), 0..60)) {
        let body: String = pieces.into_iter().map(|i| PIECES[i]).collect();
        answers(&format!("//@version=6\nstrategy(\"T\")\n{body}"));
    }

    #[test]
    fn whatever_compiles_is_in_topological_order(n in 2u32..40, m in 2u32..40) {
        let text = format!("//@version=6\nstrategy(\"T\")\nn = input.int({n})\na = ta.ema(close, n)\nb = ta.sma(a, {m})\nif a > b\n    strategy.entry(\"L\", strategy.long)\nif a < b[1]\n    strategy.close(\"L\")");
        let program = compile(&text).unwrap();
        for (i, node) in program.graph.nodes.iter().enumerate() {
            for operand in assay_pine::graph::Graph::operands(&node.op) {
                prop_assert!((operand.0 as usize) < i);
            }
        }
        prop_assert!(program.inputs[0].grid.contains(&f64::from(n)));
    }
}

/// Shapes that make a careless parser recurse without end, look ahead without end, or go back and forth.
const SHAPES: [(&str, &str); 33] = [
    ("x = ", "("),
    ("", "["),
    ("x = 1", " + 1"),
    ("x = ", "a<"),
    ("", "a<b,"),
    ("", "array<"),
    ("", "a."),
    ("x = ", "a ? b : "),
    ("if a\n    b\n", "else if a\n    b\n"),
    ("", "x=1\n"),
    ("x=1", ",x=1"),
    ("f(", "1,"),
    ("", "f(x)=>"),
    ("", "f("),
    ("", "f(a),"),
    ("", "\""),
    ("", "'''a"),
    ("x = ", "9"),
    ("x = ", "not "),
    ("x = ", "-"),
    ("", "switch "),
    ("", "for i = "),
    ("import ", "a/"),
    ("", "float "),
    ("x = a", "[1]"),
    ("x = f()", ".m()"),
    ("", "[a,b]=f(),"),
    ("type T\n", "    float x = 1\n"),
    ("enum E\n", "    x\n"),
    ("//", "\u{202e}e\u{301}\u{200d}"),
    ("x = \"", "\u{1f469}\u{200d}\u{1f469}\u{0}"),
    ("", "\t\r"),
    ("", "a\u{a0}=\u{2003}1\n"),
];

#[test]
fn long_scripts_of_hostile_shapes_are_answered() {
    for (start, again) in SHAPES {
        let text = format!("{start}{}", again.repeat(30_000 / again.len()));
        answers(&text);
        // The same, closed.
        let _ = parse(&format!("{text}{}", ")".repeat(1_000)));
    }
    let mut stairs = String::new();
    for depth in 0..200 {
        stairs += &format!("{}if a\n", "    ".repeat(depth));
    }
    answers(&stairs);
}

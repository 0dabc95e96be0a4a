//! The canonical layout, and what it must not change.

use assay_pine::format::format;
use assay_pine::parser::parse;
use expect_test::{Expect, expect};

fn check(text: &str, wanted: Expect) {
    let once = format(text).unwrap();
    wanted.assert_eq(&once);
    assert_eq!(format(&once).unwrap(), once);
    super::syntax::assert_same_tree(text, &once);
}

#[test]
fn blanks_are_set_and_nothing_else() {
    check(
        "//@version=6\n\n\n\nstrategy( \"T\",overlay = true )\nx=close[ 1 ]+-y*( a-b )\nm  :=   not(a)and b?1:-2.50e3 // why\nfloat [] xs=array.new< float >(3 , na)\nmap < string,array<int>>m=na\n[ a,b ]=f( x , k=- 1 )\nfor[i,v]in xs\n\tv\n",
        expect![[r#"
            //@version=6

            strategy("T", overlay = true)
            x = close[1] + -y * (a - b)
            m := not (a) and b ? 1 : -2.50e3 // why
            float[] xs = array.new<float>(3, na)
            map<string, array<int>> m = na
            [a, b] = f(x, k = -1)
            for [i, v] in xs
                v
        "#]],
    );
}

#[test]
fn blocks_continuations_and_comments_keep_their_place() {
    check(
        "if a and\n b\n\t// first\n\tx := 1   \n\n\t\t// deeper than its block\n\t// last of the block\n// after the block\nelse\n    y := f(1, // one\n  // two\n 2,\n\n\n )\n  // of nothing\n\nz = 1\n// end\n\n",
        expect![[r#"
            if a and
                  b
                // first
                x := 1

                // deeper than its block
                // last of the block
            // after the block
            else
                y := f(1, // one
                      // two
                      2,

                      )
            // of nothing

            z = 1
            // end
        "#]],
    );
}

#[test]
fn paths_numbers_and_methods_cling() {
    check(
        "import 5am-x / my_lib/ 12 as m\nx = 1 . abs( )\ny = a [ 1 ] . b . c( ) [2]\nmethod  move( Point  this,series  float s=1. )=>this . x",
        expect![[r#"
            import 5am-x/my_lib/12 as m
            x = 1 .abs()
            y = a[1].b.c()[2]
            method move(Point this, series float s = 1.) => this.x
        "#]],
    );
}

#[test]
fn what_is_no_script_is_not_laid_out() {
    expect!["2:3: expected an expression, found the end of the script"]
        .assert_eq(&format("y = 1\nx = ").unwrap_err().to_string());
    assert_eq!(format("").unwrap(), "");
    assert_eq!(format("\n \n\t\n").unwrap(), "");
    assert_eq!(format("\u{feff}// é \r\n\rx=1\r\n").unwrap(), "// é\n\nx = 1\n");
}

#[test]
fn the_catalogue_has_one_layout() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../catalogue");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|end| end != "pine") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let once = format(&text).unwrap_or_else(|refusal| panic!("{}: {refusal}", path.display()));
        assert_eq!(format(&once).unwrap(), once, "{}", path.display());
        super::syntax::assert_same_tree(&text, &once);
        // Comments stay, each with its text and in their order.
        let comments = |text: &str| -> Vec<String> {
            text.lines().filter_map(|l| l.trim().strip_prefix("//").map(|c| c.trim_end().to_owned())).collect()
        };
        assert_eq!(comments(&text), comments(&once), "{}", path.display());
        parse(&once).unwrap();
        count += 1;
    }
    assert!(count >= 40, "{count}");
}

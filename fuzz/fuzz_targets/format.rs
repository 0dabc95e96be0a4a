//! What parses has a layout, which is its own layout and has the same tree but for places.
#![no_main]

use assay_pine::format::format;
use assay_pine::parser::parse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(before) = parse(text) else {
        assert!(format(text).is_err());
        return;
    };
    let once = format(text).expect("what parses has a layout");
    assert_eq!(format(&once).expect("a layout parses"), once);
    let after = parse(&once).expect("a layout parses");
    assert_eq!(without_places(&before), without_places(&after));
});

/// The tree as text, its lines and columns blanked out.
fn without_places(script: &assay_pine::ast::Block) -> String {
    let shown = format!("{script:?}");
    let mut out = String::with_capacity(shown.len());
    let mut rest = shown.as_str();
    while let Some(at) = rest.find("Span { line: ") {
        out.push_str(&rest[..at]);
        let end = rest[at..].find('}').map_or(rest.len(), |end| at + end + 1);
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

//! Pages as they come: nested without end, full of code, marked noindex.

use assay_corpus::extract::{BYTES_MAX, ExtractError, Format, extract};
use assay_corpus::{Document, Extractor, SourceKind};
use proptest::prelude::*;

fn page(html: &str) -> Result<Document, ExtractError> {
    extract(Format::Html, SourceKind::Page, "https://example.org/a/page.html", html)
}

#[test]
fn a_page_nested_a_hundred_thousand_deep_keeps_its_words_and_harms_nobody() {
    for (open, close) in [
        ("<div>", "</div>"),
        ("<b>", ""),
        ("<div><p><span>", ""),
        ("<table><tr><td>", "</td></tr></table>"),
        ("<svg><g>", ""),
        ("<ul><li>", "</li></ul>"),
        ("<font size=1><div>", ""),
    ] {
        let html = format!(
            "<title>Deep &amp; down</title>{}Buy when RSI(2) is below 10.{}",
            open.repeat(100_000),
            close.repeat(100_000)
        );
        let document = page(&html).unwrap();
        assert_eq!(document.quality.extractor, Extractor::Flattened, "{open}");
        assert_eq!((document.title.as_str(), document.text.as_str()), ("Deep & down", "Buy when RSI(2) is below 10."));
    }
}

#[test]
fn a_page_at_the_bound_is_still_parsed_and_one_beyond_the_size_is_refused() {
    let inner =
        "<p>Buy the close when the two-period RSI is below ten, and sell when it is above seventy.</p>".repeat(20);
    let html = format!("{}{inner}{}", "<div>".repeat(400), "</div>".repeat(400));
    assert_ne!(page(&html).unwrap().quality.extractor, Extractor::Flattened);
    assert!(matches!(page(&"x".repeat(BYTES_MAX + 1)), Err(ExtractError::TooLarge { .. })));
    assert!(matches!(page("<p> </p>"), Err(ExtractError::Empty { .. })));
}

const PINE: &str = "//@version=6\nstrategy(\"A < B & C\", overlay=true)\n\nif ta.rsi(close, 2) < 10 and close > ta.sma(close, 200)\n    strategy.entry(\"L\", strategy.long)\n\n\n    // four  spaces, \ttab\n";

#[test]
fn code_in_an_article_is_kept_to_the_byte_and_can_be_found_in_the_text() {
    let escaped = PINE.replace('&', "&amp;").replace('<', "&lt;");
    let prose = "<p>The strategy buys short-term weakness within a long-term up-trend and leaves at the next strength. It was \
                 tested on daily bars of a stock index over three decades, and the costs of trading were counted.</p>";
    let html = format!(
        "<html><head><title>Two-period RSI</title></head><body><nav><a href=/>Home</a> <a href=/b>Blog</a></nav><article>\
         <h1>Two-period RSI</h1>{}<pre><code class=\"language-pinescript\">{escaped}</code></pre>{}</article>\
         <footer>Imprint</footer></body></html>",
        prose.repeat(5),
        prose.repeat(5)
    );
    let document = page(&html).unwrap();
    assert_eq!(document.quality.extractor, Extractor::MainText);
    assert_eq!(document.title, "Two-period RSI");
    let [block] = &document.code[..] else { panic!("{:#?}", document.code) };
    assert_eq!((block.text.as_str(), block.language.as_deref()), (PINE.trim_end(), Some("pine")));
    if let Some(offset) = block.offset {
        assert!(document.text[offset..].starts_with(&block.text));
    }
    assert!(document.text.contains("short-term weakness") && !document.text.contains("Imprint"));
    for (format, source) in [
        (Format::Markdown, format!("# Two-period RSI\n\n```pine\n{PINE}```\n")),
        (Format::Pine, PINE.to_owned()),
        (Format::Pine, PINE.replace('\n', "\r\n")),
    ] {
        let document = extract(format, SourceKind::File, "a.b", &source).unwrap();
        assert_eq!(document.code[0].text.trim_end(), PINE.trim_end(), "{format:?}");
        assert!(document.text[document.code[0].offset.unwrap()..].starts_with(&document.code[0].text));
    }
}

#[test]
fn a_page_that_asks_not_to_be_indexed_is_left_and_the_operators_own_is_not() {
    let html = "<meta name=\"ROBOTS\" content=\"NoIndex, follow\"><p>Some words to read.</p>";
    assert!(matches!(page(html), Err(ExtractError::NoIndex { .. })));
    assert!(extract(Format::Html, SourceKind::File, "a.html", html).is_ok());
    assert!(page(&html.replace("ROBOTS", "googlebot")).is_ok());
}

#[test]
fn formulas_are_kept_as_tex() {
    let html = "<p>The index is <math alttext=\"100 - 100/(1+RS)\"><mi>x</mi></math> where RS is a ratio.</p>";
    assert!(page(html).unwrap().text.contains("$100 - 100/(1+RS)$"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_page_crashes_the_reader_and_the_same_page_reads_the_same(
        html in "(<(div|p|b|a href=x|table|tr|td|pre|code|script|style|textarea|svg|math|title|h1|br|li)>|</(div|p|b|a|table|td|pre|code|script|svg|title)>|RSI\\(2\\)|\n| |é|&lt;|&|<!--|-->){0,80}"
    ) {
        let first = page(&html).ok();
        prop_assert_eq!(&first, &page(&html).ok());
        for block in first.iter().flat_map(|document| &document.code) {
            if let Some(offset) = block.offset {
                prop_assert!(first.as_ref().unwrap().text[offset..].starts_with(&block.text));
            }
        }
    }
}

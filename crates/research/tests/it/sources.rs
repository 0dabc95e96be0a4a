//! What is read for a concept, and why something was not.

use assay_budget::Resource;
use assay_research::Submission;
use assay_research::propose::Origin;
use assay_research::views::{ConceptPage, SourceView};
use url::Url;

use crate::house::{House, Options, SCRIPT, on_tiny};

const PAGE: &str = "https://example.org/articles/cross.html";
const ROBOTS: &str = "https://example.org/robots.txt";
const HTML: &str = "text/html; charset=utf-8";

fn article(code: &str) -> String {
    let escaped = code.replace('&', "&amp;").replace('<', "&lt;");
    let prose = "<p>A crossover of the MACD line and its signal line is bought, and sold when they cross back. It was tested \
                 on daily bars of a stock index over three decades, and the costs of trading were counted in full.</p>";
    format!(
        "<html><head><title>The small cross</title></head><body><article><h1>The small cross</h1>{}\
         <pre><code class=\"language-pinescript\">{escaped}</code></pre>{}</article></body></html>",
        prose.repeat(4),
        prose.repeat(4)
    )
}

async fn read(house: &House, url: &str) -> (ConceptPage, SourceView) {
    let submission = Submission { urls: vec![Url::parse(url).unwrap()], ..on_tiny("MACD crossover") };
    let id = house.submit(submission).unwrap().id().clone();
    house.run().await;
    house.check_ended("read");
    let page = house.page(&id);
    let source = page.sources.iter().find(|source| source.origin == url).expect("a row for the page").clone();
    (page, source)
}

#[tokio::test]
async fn a_page_is_read_quoted_and_its_script_is_tested() {
    let house = House::new(Options::default());
    house.wire.page(ROBOTS, 200, "text/plain", "User-agent: *\nDisallow: /private/");
    house.wire.page(PAGE, 200, HTML, article(SCRIPT));
    let (page, source) = read(&house, PAGE).await;
    assert_eq!((source.status.as_str(), source.kind.as_str()), ("read", "page"));
    assert_eq!(source.title, "The small cross");
    assert!(source.detail.ends_with("words, 1 blocks of code"), "{}", source.detail);
    assert!(source.quotes.iter().any(|quote| quote.contains("MACD line and its signal line")), "{:?}", source.quotes);
    assert_eq!(house.wire.asked(), [ROBOTS, PAGE]);
    let [strategy] = &page.strategies[..] else { panic!("{:#?}", page.strategies) };
    assert_eq!((strategy.proposal.origin, strategy.proposal.from.as_str()), (Origin::Source, PAGE));
    assert_eq!(
        (strategy.proposal.title.as_str(), strategy.proposal.pine.trim_end()),
        ("Small cross", SCRIPT.trim_end())
    );
    assert_eq!(page.examinations[0].own.raw, 16);
    assert!(page.spent.contains(&("web_requests".to_owned(), 2)), "{:?}", page.spent);
}

#[tokio::test]
async fn a_broken_script_of_a_page_says_where_and_the_catalogue_stands_in() {
    let house = House::new(Options::default());
    let broken = SCRIPT.replace("ta.sma(close, slowLength)", "ta.nosuch(close)");
    house.wire.page(ROBOTS, 404, "text/plain", "");
    house.wire.page(PAGE, 200, HTML, article(&broken));
    let (page, _) = read(&house, PAGE).await;
    let [refused, stand_in, ..] = &page.strategies[..] else { panic!("{:#?}", page.strategies) };
    assert_eq!(refused.proposal.origin, Origin::Source);
    assert!(
        refused.proposal.refused.as_ref().is_some_and(|why| why.starts_with("6:8: ")),
        "{:?}",
        refused.proposal.refused
    );
    assert_eq!(stand_in.proposal.from, "catalogue:macd_signal_cross");
    assert!(page.examinations.iter().all(|item| item.ordinal > 0) && !page.examinations.is_empty());
}

#[tokio::test]
async fn a_page_that_cannot_be_had_is_a_row_with_the_reason_and_the_concept_goes_on() {
    let house = House::new(Options::default());
    house.wire.page(ROBOTS, 200, "text/plain", "User-agent: *\nDisallow: /private/");
    house.wire.page("https://example.org/gone", 404, HTML, "gone");
    house.wire.page("https://example.org/busy", 503, HTML, "busy");
    house.wire.page("https://example.org/film", 200, "video/mp4", "film");
    house.wire.page("https://example.org/empty", 200, HTML, "<p> </p>");
    for (url, reason) in [
        ("https://example.org/private/x", "robots.txt does not allow it"),
        ("https://example.org/gone", "404"),
        ("https://example.org/busy", "it may pass"),
        ("https://example.org/film", "video/mp4"),
        ("https://example.org/empty", "no text and no code found"),
        ("https://nowhere.example.net/", "robots.txt cannot be read"),
        ("http://127.0.0.1:8000/v2/keys", "refused"),
        ("http://169.254.169.254/latest/meta-data", "refused"),
    ] {
        let (page, source) = read(&house, url).await;
        assert_eq!(source.status, "refused", "{url}");
        assert!(source.detail.contains(reason), "{url}: {}", source.detail);
        assert!(
            page.timeline.iter().any(|line| line.what == "source refused" && line.detail.contains(reason)),
            "{url}"
        );
        assert_eq!(page.strategies[0].proposal.origin, Origin::Catalogue, "{url}");
    }
    let asked = house.wire.asked();
    assert!(!asked.iter().any(|url| url.contains("private") || url.contains("169.254")), "{asked:?}");
}

#[tokio::test]
async fn without_a_contact_no_page_is_fetched_and_the_row_says_what_to_set() {
    let house = House::new(Options { fetches: false, ..Options::default() });
    house.wire.page(PAGE, 200, HTML, article(SCRIPT));
    let (_, source) = read(&house, PAGE).await;
    assert_eq!(source.status, "refused");
    assert!(source.detail.contains("ASSAY_CONTACT"), "{}", source.detail);
    assert_eq!(house.wire.asked(), [""; 0]);
}

#[tokio::test]
async fn a_crawler_that_was_stopped_by_hand_fetches_nothing_and_says_so() {
    let house = House::new(Options::default());
    house.wire.page(ROBOTS, 404, "text/plain", "");
    house.wire.page(PAGE, 200, HTML, article(SCRIPT));
    house.program().ledger.stop(Resource::WebRequests, house.now()).unwrap();
    let (page, source) = read(&house, PAGE).await;
    assert_eq!((source.status.as_str(), page.concept.state.as_str()), ("refused", "done"));
    assert!(source.detail.contains("web requests: stopped by hand"), "{}", source.detail);
    assert_eq!(house.wire.asked(), [""; 0]);
}

#[tokio::test]
async fn a_second_generation_reads_a_refused_page_again() {
    let house = House::new(Options::default());
    house.wire.page(ROBOTS, 404, "text/plain", "");
    house.wire.page(PAGE, 500, HTML, "oops");
    let (page, source) = read(&house, PAGE).await;
    assert_eq!(source.status, "refused");
    house.wire.page(PAGE, 200, HTML, article(SCRIPT));
    let id = assay_units::ConceptId::parse(&page.concept.id).unwrap();
    house.retry(&id).unwrap();
    house.run().await;
    let page = house.page(&id);
    assert!(page.sources.iter().any(|source| source.origin == PAGE && source.status == "read"), "{:#?}", page.sources);
    assert_eq!(page.strategies[0].proposal.origin, Origin::Source);
}

#[tokio::test]
async fn the_operators_documents_are_read_and_quoted() {
    let folder = tempfile::tempdir().unwrap();
    let prose = "The MACD crossover buys when the MACD line crosses above its signal line. ";
    std::fs::write(folder.path().join("http-notes.md"), format!("# Notes\n\n{prose}\n")).unwrap();
    std::fs::create_dir(folder.path().join("scripts")).unwrap();
    std::fs::write(folder.path().join("scripts/macd.pine"), SCRIPT.replace("Small cross", "MACD crossover")).unwrap();
    std::fs::write(folder.path().join("broken.html"), "<p> </p>").unwrap();
    let house = House::new(Options { documents: Some(folder.path().to_owned()), ..Options::default() });
    let id = house.submit(on_tiny("MACD crossover")).unwrap().id().clone();
    house.run().await;
    let page = house.page(&id);
    let source = |origin: &str| page.sources.iter().find(|source| source.origin == origin);
    let notes = source("http-notes.md").unwrap_or_else(|| panic!("{:#?}", page.sources));
    assert_eq!((notes.kind.as_str(), notes.status.as_str()), ("file", "read"));
    assert!(notes.quotes.iter().any(|quote| quote == prose.trim()), "{:?}", notes.quotes);
    assert!(source("scripts/macd.pine").is_some() && source("broken.html").is_none());
    assert_eq!(page.strategies[0].proposal.from, "scripts/macd.pine", "a script of the folder is an exact claim");
    house.check_ended("folder");
}

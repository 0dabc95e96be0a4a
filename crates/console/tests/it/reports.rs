//! What a report holds, and what it must never hold.

use assay_console::report;
use assay_research::views::ConceptPage;
use expect_test::expect_file;

use crate::fixture;

#[test]
fn the_markdown_report_reads_as_kept() {
    expect_file!["../testdata/report.md"].assert_eq(&report::markdown(&fixture::page()));
}

#[test]
fn nothing_that_others_wrote_becomes_markup() {
    let html = report::html(&fixture::page());
    assert!(!html.contains("<script") && !html.contains("<img") && !html.contains("<b>crosses"));
    assert!(html.contains("Golden cross &lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(!html.contains("href=\"javascript:") && !html.contains("cite=\"javascript:"));
    assert!(html.contains("href=\"https://example.org/golden?a=1&amp;b=2\""));
    let markdown = report::markdown(&fixture::page());
    let outside_code: String = markdown.split("\n```").step_by(2).collect();
    assert!(
        !outside_code.contains("<script") && !outside_code.contains("<b>") && !outside_code.contains("](javascript")
    );
}

#[test]
fn the_html_report_stands_alone_and_runs_nothing() {
    let html = report::html(&fixture::page());
    for outside in ["<link", "src=\"", "@import", "url(", "<iframe", "<form", " onclick", "href=\"/", " style=\""] {
        assert!(!html.contains(outside), "{outside}");
    }
    assert!(html.contains("<style>") && html.contains("default-src 'none'"));
}

#[test]
fn a_full_page_stays_small_and_its_ids_are_unique() {
    let mut page = fixture::page();
    let model = page.examinations[1].clone();
    for ordinal in 0..3 {
        for symbol in 0..20 {
            let copy =
                assay_research::views::ExaminationView { ordinal, symbol: format!("S{symbol}"), ..model.clone() };
            page.examinations.push(copy);
        }
    }
    let html = report::html(&page);
    assert!(html.len() < 2_500_000, "{} bytes", html.len());
    let ids: Vec<&str> = html.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let unique: std::collections::BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len());
    for link in html.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(unique.contains(link), "{link} leads nowhere");
    }
}

#[test]
fn every_chart_is_there_with_words() {
    let html = report::html(&fixture::page());
    // Luck; curve, drawdown and map of two examinations.
    assert_eq!(html.matches("<svg").count(), 1 + 2 * 3);
    assert_eq!(html.matches("role=\"img\"").count(), 7);
    assert_eq!(html.matches("<desc").count(), 7);
    assert!(html.contains("walking forward"));
    // The map of the deciding examination in full, the other one pooled.
    let deciding = html.split("<svg").find(|svg| svg.contains("x0-SPX-m-t")).unwrap();
    assert_eq!(deciding.matches("<rect").count(), 30 * 12 + 2 + 7 + 3);
}

#[test]
fn a_concept_without_anything_yet_has_a_page_that_says_so() {
    let full = fixture::page();
    let mut concept = full.concept;
    (concept.state, concept.verdict, concept.why) = ("queued".into(), None, String::new());
    let page = ConceptPage {
        concept,
        note: None,
        urls: vec![],
        symbols: vec![],
        sources: vec![],
        strategies: vec![],
        examinations: vec![],
        verdict: None,
        timeline: vec![],
        spent: vec![],
    };
    let html = report::html(&page);
    for words in ["No verdict yet", "Nothing was examined yet", "No strategy was found yet", "No source was read"] {
        assert!(html.contains(words), "{words}");
    }
    assert!(report::markdown(&page).contains("no verdict yet"));
}

#[test]
fn a_file_is_named_after_its_concept() {
    let mut page = fixture::page();
    assert_eq!(report::file_stem(&page), "golden-cross-script-alert-1-script-c_0123456789ab");
    page.concept.text = "golden cross".into();
    assert_eq!(report::file_stem(&page), "golden-cross-c_0123456789ab");
    page.concept.text = "../../etc/passwd".into();
    assert_eq!(report::file_stem(&page), "etc-passwd-c_0123456789ab");
    page.concept.text = "скользящая".into();
    assert_eq!(report::file_stem(&page), "concept-c_0123456789ab");
}

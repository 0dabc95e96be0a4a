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
fn no_tag_says_an_attribute_twice() {
    // The second would be lost without a word.
    let html = report::html(&fixture::page());
    let tags = html.split("</style>").nth(1).unwrap().split('<').filter_map(|rest| rest.split('>').next());
    for tag in tags {
        assert!(tag.matches(" class=\"").count() <= 1 && tag.matches(" id=\"").count() <= 1, "<{tag}>");
    }
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
    // Luck; curve, drawdown, permuted markets, map and walk-forward of two examinations.
    assert_eq!(html.matches("<svg").count(), 1 + 2 * 5);
    assert_eq!(html.matches("role=\"img\"").count(), 11);
    assert_eq!(html.matches("<desc").count(), 11);
    assert!(html.contains("walking forward"));
    let chart = |id: &str| html.split("<svg").find(|svg| svg.contains(id)).unwrap();
    // The map of the deciding examination in full, the other one pooled.
    assert_eq!(chart("x0-SPX-m-t").matches("<rect").count(), 30 * 12 + 4 + 7 + 5);
    let equity = chart("x0-SPX-e-t");
    for class in ["luck-outer", "luck-inner", "luck-middle", "hold-line", "own-line"] {
        assert_eq!(equity.matches(&format!("class=\"{class}\"")).count(), 1, "{class}");
    }
    assert!(equity.contains("200 permuted markets end at"));
    let luck = chart("x0-SPX-l-t");
    assert!(luck.contains("real market 0.62") && luck.contains("1 permuted market shows at least as much"));
    assert_eq!(luck.matches("as-good").count(), 1);
    let walk = chart("x0-SPX-w-t");
    assert_eq!((walk.matches("\"promise\"").count(), walk.matches("\"kept lost\"").count()), (6, 1));
    assert_eq!(walk.matches("choice changed").count(), 3);
}

#[test]
fn a_trader_reads_what_was_tested_earned_and_how_likely_luck_is() {
    for text in [report::html(&fixture::page()), report::markdown(&fixture::page())] {
        for words in [
            "Simple moving average cross, with 360 parameter sets (Fast length: 10 to 120, 12 values; Slow length: 100, 200, 300)",
            "on 4,000 bars of SPX, traded from 2010-01-01 to ",
            "Orders fill at the next open. Each purchase and each sale costs 5 bp in fees and 2 bp in slippage.",
            "so it ran on the fast path",
            "The best set (Fast length 50, Slow length 200) turned 1 into 2.53, 8.1 % a year after costs",
            "In 1 of 1,000 shuffled markets",
            "the chance of luck is 1.8 %; the verdict rests on that",
        ] {
            assert!(text.contains(words), "{words}");
        }
    }
}

#[test]
fn what_two_checks_ask_for_is_said_once() {
    let mut page = fixture::page();
    let reasons = &mut page.verdict.as_mut().unwrap().reasons;
    for code in ["little_luck", "luck"] {
        let failed = assay_research::views::ReasonView { code: code.into(), passed: false, ..reasons[0].clone() };
        reasons.insert(0, failed);
    }
    assert_eq!(report::markdown(&page).matches("- A Sharpe ratio that fewer permuted markets reach").count(), 1);
}

#[test]
fn robustness_windows_and_years_stand_in_tables() {
    let html = report::html(&fixture::page());
    for words in [
        "Without the best trades",
        "3 of 4",
        "0.4 %, &lt; 0.1 %, none",
        "Fast length 60, Slow length 200",
        "Falling market",
        "stayed out",
        "the choice wanders by 10.0 % of the grid",
    ] {
        assert!(html.contains(words), "{words}");
    }
}

#[test]
fn trades_say_their_side_their_part_and_whether_they_are_open() {
    let html = report::html(&fixture::page());
    assert!(html.contains(">Part<") && report::markdown(&fixture::page()).contains("| Part |"));
    let deciding = html.split("aria-label=\"Trades\"").nth(1).unwrap().split("</table>").next().unwrap();
    assert_eq!(deciding.matches("still open").count(), 1);
    assert_eq!(deciding.matches("<td>short</td>").count(), 40);
    assert!(deciding.contains(">40.0 %<") && deciding.contains(">60.0 %<"));
    // A strategy that never closes in parts has no column for it.
    let mut page = fixture::page();
    for x in &mut page.examinations {
        x.chosen.iter_mut().flat_map(|c| &mut c.trades).for_each(|t| t.share = 1.0);
    }
    assert!(!report::html(&page).contains(">Part<") && !report::markdown(&page).contains("| Part |"));
}

/// Rows of older databases hold none of the newer figures; their charts are left out.
#[test]
fn an_older_row_is_still_a_report() {
    let mut row = serde_json::to_value(&fixture::page().examinations[0]).unwrap();
    let chosen = row["chosen"].as_object_mut().unwrap();
    for newer in [
        "permuted_bests",
        "fan",
        "windows",
        "drift",
        "regimes",
        "warm_up_changes",
        "warm_up_bars",
        "path",
        "path_because",
    ] {
        assert!(chosen.remove(newer).is_some(), "{newer}");
    }
    for trade in chosen["trades"].as_array_mut().unwrap() {
        let trade = trade.as_object_mut().unwrap();
        assert!(trade.remove("side").is_some() && trade.remove("share").is_some());
    }
    let mut page = fixture::page();
    page.examinations = vec![serde_json::from_value(row).unwrap()];
    let html = report::html(&page);
    assert_eq!(html.matches("<svg").count(), 1 + 3);
    assert!(html.contains("too few bars to be split") && !html.contains("the fast path"));
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

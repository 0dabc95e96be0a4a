//! From words and scripts to what is tested, and what cannot be.

use assay_research::Submission;
use assay_research::propose::Origin;
use assay_research::views::ConceptPage;

use crate::house::{House, Options, SCRIPT, closes_only, on_tiny};

async fn judged(house: &House, submission: Submission) -> ConceptPage {
    let id = house.submit(submission).unwrap().id().clone();
    house.run().await;
    house.check_ended("judged");
    house.page(&id)
}

#[tokio::test]
async fn a_grid_over_the_bound_is_not_testable_and_says_how_to_narrow_it() {
    let house = House::new(Options { grid_max: 15, ..Options::default() });
    let page = judged(&house, Submission { pine: Some(SCRIPT.into()), ..on_tiny("small cross") }).await;
    let verdict = page.verdict.unwrap();
    assert_eq!((verdict.verdict.as_str(), verdict.looks.raw), ("not_testable", 0));
    for part in ["the grid has 16 parameter sets, at most 15 are swept", "raise step", "fastLength has 4 values"] {
        assert!(verdict.summary.contains(part), "{}", verdict.summary);
    }
    assert_eq!(page.concept.why, verdict.summary);
}

#[tokio::test]
async fn a_strategy_is_skipped_on_data_that_lacks_what_it_reads() {
    let house = House::new(Options::default());
    house.program().prices.import(&closes_only(), "CLOSES", "Closes", "a test", house.now()).unwrap();
    let on = |text: &str, symbols: &[&str]| Submission {
        symbols: symbols.iter().map(|symbol| (*symbol).to_owned()).collect(),
        ..on_tiny(text)
    };
    for (text, missing) in [("on balance volume", "volume"), ("Supertrend", "opens, highs or lows")] {
        let page = judged(&house, on(text, &["CLOSES"])).await;
        let item = &page.examinations[0];
        assert_eq!((item.verdict.as_str(), item.own.raw), ("skipped", 0), "{text}");
        assert_eq!(item.summary, format!("Skipped: it reads {missing}, which CLOSES does not have."));
        let verdict = page.verdict.unwrap();
        assert_eq!((verdict.verdict.as_str(), &verdict.summary), ("not_testable", &item.summary), "{text}");
    }
    let page = judged(&house, on("obv trend following", &["CLOSES", "TINY"])).await;
    let skipped = page.examinations.iter().filter(|item| item.verdict == "skipped").count();
    assert!(skipped > 0 && skipped < page.examinations.len(), "{:#?}", page.examinations);
    assert_eq!(page.verdict.unwrap().best.map(|(_, symbol)| symbol).as_deref(), Some("TINY"));
}

#[tokio::test]
async fn words_without_a_testable_claim_end_with_the_nearest_entries_and_no_look_at_data() {
    let house = House::new(Options::default());
    let page = judged(&house, on_tiny("volume weighted banana")).await;
    let verdict = page.verdict.unwrap();
    assert_eq!((page.concept.state.as_str(), verdict.verdict.as_str()), ("done", "not_testable"));
    assert!(verdict.summary.starts_with("no testable claim found; nearest: "), "{}", verdict.summary);
    assert!(page.strategies.is_empty() && page.examinations.is_empty());
    assert_eq!(house.count("SELECT count(*) FROM research_trials"), 0);
    let page = judged(&house, on_tiny("xyzzy")).await;
    assert_eq!(page.verdict.unwrap().summary, "no testable claim found");
}

#[tokio::test]
async fn a_concept_without_symbols_is_tested_on_every_data_set_and_one_with_symbols_on_those() {
    let house = House::new(Options::default());
    let all: Vec<String> = house.program().prices.list().unwrap().into_iter().map(|set| set.symbol).collect();
    let page = judged(&house, Submission { pine: Some(SCRIPT.into()), symbols: vec![], ..on_tiny("everywhere") }).await;
    let mut tested: Vec<String> = page.examinations.iter().map(|item| item.symbol.clone()).collect();
    let mut wanted = all.clone();
    tested.sort();
    wanted.sort();
    assert_eq!(tested, wanted);
    assert_eq!(page.verdict.unwrap().looks.raw, 16 * all.len() as u64);
    let page = judged(&house, Submission { pine: Some(SCRIPT.into()), ..on_tiny("here only") }).await;
    assert_eq!(page.examinations.iter().map(|item| item.symbol.as_str()).collect::<Vec<_>>(), ["TINY"]);
}

#[tokio::test]
async fn a_broken_script_says_where_and_the_words_still_stand() {
    let house = House::new(Options::default());
    let broken =
        "//@version=6\nstrategy(\"Mine\")\nx = ta.nosuch(close)\nif x > 1\n    strategy.entry(\"L\", strategy.long)";
    let page = judged(&house, Submission { pine: Some(broken.into()), ..on_tiny("MACD crossover") }).await;
    let [given, stand_in, ..] = &page.strategies[..] else { panic!("{:#?}", page.strategies) };
    assert_eq!((given.proposal.origin, stand_in.proposal.origin), (Origin::Given, Origin::Catalogue));
    assert!(given.proposal.refused.as_ref().is_some_and(|why| why.starts_with("3:5: ")), "{given:#?}");
    assert!(page.examinations.iter().all(|item| item.ordinal > 0));
    let page = judged(&house, Submission { pine: Some(broken.into()), ..on_tiny("xyzzy") }).await;
    let verdict = page.verdict.unwrap();
    assert_eq!(verdict.verdict, "not_testable");
    assert!(verdict.summary.starts_with("the script from the submission cannot be read: 3:5: "), "{}", verdict.summary);
}

//! One concept from its submission to its end.

use assay_research::{SubmitError, Submitted, trials};
use expect_test::expect;

use crate::house::{House, Options, on_tiny};
use crate::wire::Webhooks;

#[tokio::test]
async fn a_concept_goes_in_and_a_verdict_comes_out() {
    let house = House::new(Options::default());
    let id = house.concept("a small golden cross");
    assert_eq!(house.state(&id), "queued");
    house.step().await;
    assert_eq!(house.state(&id), "queued", "accepted, not begun");
    house.step().await;
    assert_eq!(house.state(&id), "researched");
    house.run().await;
    let page = house.page(&id);
    expect![[r#"
        submitted
        research message published
        research message delivered
        researching
        validate message published
        validate message delivered
        validating
        strategies found
        examined
        verdict"#]]
    .assert_eq(&house.history(&id).join("\n"));
    assert_eq!((page.concept.state.as_str(), page.concept.generation), ("done", 1));
    assert_eq!(page.concept.messages, 2, "each message took one attempt, and the rest was given back");
    assert_eq!(page.spent, [("concepts".to_owned(), 1), ("qstash_messages".to_owned(), 2)]);
    assert!(page.concept.finished_at.is_some() && !page.concept.why.is_empty());
    let [strategy] = &page.strategies[..] else { panic!("{:#?}", page.strategies) };
    assert_eq!((strategy.proposal.title.as_str(), strategy.grid, strategy.inputs.len()), ("Small cross", 16, 2));
    let [examination] = &page.examinations[..] else { panic!("{:#?}", page.examinations) };
    assert_eq!((examination.symbol.as_str(), examination.bars, examination.own.raw), ("TINY", 600, 16));
    assert!(examination.chosen.as_ref().is_some_and(|chosen| chosen.test.is_some()), "{examination:#?}");
    let verdict = page.verdict.unwrap();
    assert_eq!(Some(&verdict.verdict), page.concept.verdict.as_ref());
    assert_eq!((verdict.best, verdict.looks.raw, verdict.own.raw), (Some((0, "TINY".to_owned())), 16, 16));
    assert!(!verdict.reasons.is_empty());
    assert_eq!(trials::lifetime(house.database()).unwrap().raw, 16);
    assert!(page.sources.iter().any(|source| source.kind == "catalogue"), "{:#?}", page.sources);
    house.check_ended("a quiet day");
}

#[tokio::test]
async fn the_catalogue_stands_in_for_a_concept_without_a_script() {
    let house = House::new(Options::default());
    let id = house.submit(on_tiny("MACD crossover")).unwrap().id().clone();
    house.run().await;
    let page = house.page(&id);
    assert_eq!(page.concept.state, "done");
    assert_eq!(page.strategies[0].proposal.from, "catalogue:macd_signal_cross");
    assert!(page.examinations.iter().all(|item| item.symbol == "TINY"));
    let source = page.sources.iter().find(|source| source.origin == "catalogue:macd_signal_cross");
    assert!(source.is_some_and(|source| !source.quotes.is_empty()), "{:#?}", page.sources);
}

#[tokio::test]
async fn the_same_concept_again_is_the_first_one() {
    let house = House::new(Options::default());
    let id = house.concept("a small golden cross");
    assert_eq!(house.concept("A  small golden cross."), id);
    house.run().await;
    assert_eq!(house.concept("a small golden cross"), id, "also once it is done");
    assert_eq!(house.count("SELECT count(*) FROM research_outbox"), 2);
}

#[tokio::test]
async fn a_second_generation_has_its_own_verdict_and_pays_for_the_looks_of_the_first() {
    let house = House::new(Options::default());
    let id = house.concept("a small golden cross");
    assert!(matches!(house.retry(&id), Err(SubmitError::AtWork { .. })));
    house.run().await;
    let first = house.page(&id).verdict.unwrap();
    assert_eq!(house.retry(&id).unwrap(), Submitted::Queued(id.clone()));
    assert!(house.page(&id).verdict.is_none(), "the new generation is not judged yet");
    house.run().await;
    let second = house.page(&id).verdict.unwrap();
    assert_eq!(house.count("SELECT count(*) FROM research_verdicts"), 2);
    assert_eq!((first.looks.raw, second.looks.raw, second.own.raw), (16, 32, 16));
    let (before, after) = (first.evidence.unwrap(), second.evidence.unwrap());
    assert_eq!((before.trials_raw, after.trials_raw), (16, 32));
    assert_eq!(before.sharpe, after.sharpe, "the same script on the same prices");
    assert!(after.dsr_raw < before.dsr_raw, "{:?} {:?}", before.dsr_raw, after.dsr_raw);
    house.check_ended("two generations");
}

#[tokio::test]
async fn a_message_that_the_engine_gives_up_fails_its_concept_with_a_reason_and_a_retry_works() {
    let house = House::new(Options::default());
    let id = house.concept("a small golden cross");
    house.wire.webhooks(Webhooks::Broken);
    house.run_and(|house| house.check_invariants("broken webhooks")).await;
    let row = house.page(&id).concept;
    assert_eq!((row.state.as_str(), row.messages), ("failed", 4));
    for part in ["the research message was given up after 4 attempts", "500", "assay concept retry"] {
        assert!(row.why.contains(part), "{}", row.why);
    }
    house.wire.webhooks(Webhooks::Arrive(1));
    house.retry(&id).unwrap();
    house.run().await;
    let row = house.page(&id).concept;
    assert_eq!((row.state.as_str(), row.generation, row.messages), ("done", 2, 6));
    house.check_ended("after the retry");
}

#[tokio::test]
async fn a_message_that_the_engine_refuses_for_good_fails_its_concept_instead_of_being_asked_for_ever() {
    let house = House::new(Options::default());
    let id = house.concept("a small golden cross");
    house.wire.refuse_token(true);
    house.run_and(|house| house.check_invariants("a wrong token")).await;
    let row = house.page(&id).concept;
    assert_eq!((row.state.as_str(), row.messages), ("failed", 0), "{}", row.why);
    assert!(row.why.contains("401") && row.why.contains("assay concept retry"), "{}", row.why);
    house.wire.refuse_token(false);
    house.retry(&id).unwrap();
    house.run().await;
    assert_eq!(house.page(&id).concept.state, "done");
}

#[tokio::test]
async fn a_stage_that_fails_is_sent_again_twice_and_then_its_concept_ends_with_the_reason() {
    let house = House::new(Options::default());
    let set = house.program().prices.load("TINY").unwrap().0;
    let path = house.dir.path().join("prices").join(format!("{}.bars", set.hash));
    let whole = std::fs::read(&path).unwrap();
    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    for (damage, text) in
        [(None, "deleted"), (Some(&whole[..100]), "cut short"), (Some(&flipped[..]), "one bit flipped")]
    {
        match damage {
            None => std::fs::remove_file(&path).unwrap(),
            Some(bytes) => std::fs::write(&path, bytes).unwrap(),
        }
        let id = house.concept(&format!("prices that were {text}"));
        house.run_and(|house| house.check_invariants(text)).await;
        let page = house.page(&id);
        assert_eq!(page.concept.state, "failed", "{text}");
        for part in ["validate failed 3 times", "the stored prices of TINY cannot be used", "import them again"] {
            assert!(page.concept.why.contains(part), "{text}: {}", page.concept.why);
        }
        let lines = |what: &str| page.timeline.iter().filter(|line| line.what == what).count();
        assert_eq!((lines("validate message published"), lines("stage failed"), lines("failed")), (3, 2, 1), "{text}");
        assert_eq!(page.concept.messages, 4, "{text}");
        std::fs::write(&path, &whole).unwrap();
        house.retry(&id).unwrap();
        house.run().await;
        assert_eq!(house.state(&id), "done", "{text}");
    }
    house.check_ended("after the repairs");
}

//! Concepts as people type them, and what they lead to.

use super::*;

fn ground(text: &str) -> Ground<'_> {
    Ground { text, note: None, pine: None, passages: &[], code: &[] }
}

fn ids(text: &str) -> Vec<String> {
    match propose(&ground(text)) {
        Ok(proposals) => proposals.into_iter().map(|p| p.from.trim_start_matches("catalogue:").to_owned()).collect(),
        Err(_) => Vec::new(),
    }
}

#[test]
fn what_people_type_leads_to_the_strategy_that_they_mean() {
    for (text, wanted) in [
        ("golden cross", "sma_cross"),
        ("Golden Cross 50/200", "sma_cross"),
        ("RSI mean reversion", "rsi_reversal"),
        ("oversold bounce", "rsi_reversal"),
        ("MACD crossover", "macd_signal_cross"),
        ("turtle trading", "donchian_breakout"),
        ("Donchian channel breakout", "donchian_breakout"),
        ("Bollinger band mean reversion", "bollinger_reversion"),
        ("Connors RSI-2", "connors_rsi2"),
        ("sell in May", "sell_in_may"),
        ("turn of the month effect", "turn_of_month"),
        ("52-week high momentum", "fifty_two_week_high"),
        ("internal bar strength", "internal_bar_strength"),
        ("Supertrend", "supertrend"),
        ("parabolic SAR", "parabolic_sar"),
        ("Ichimoku cloud", "ichimoku"),
        ("time series momentum", "time_series_momentum"),
        ("Williams %R", "williams_r"),
        ("gap fade", "gap_fade"),
        ("z-score mean reversion", "z_score_reversion"),
    ] {
        let found = ids(text);
        assert_eq!(found.first().map(String::as_str), Some(wanted), "{text}: {found:?}");
        assert!(found.len() <= PROPOSALS_MAX);
    }
}

#[test]
fn words_without_a_testable_claim_are_not_guessed_at() {
    for text in
        ["make money fast", "quantum banana", "best strategy", "the market is good", "buy low sell high", "xyzzy"]
    {
        let found = propose(&ground(text));
        assert!(found.is_err(), "{text}: {:?}", ids(text));
    }
    let error = propose(&ground("volume weighted banana")).unwrap_err();
    assert!(error.to_string().starts_with("no testable claim found"), "{error}");
}

#[test]
fn numbers_in_the_text_join_the_grid() {
    let proposals = propose(&ground("golden cross 55/210")).unwrap();
    let stated = &proposals[0].stated;
    assert_eq!(stated.iter().map(|(_, v)| *v).collect::<Vec<_>>(), [55.0, 210.0]);
    let strategy = strategy(&proposals[0]).unwrap();
    let inputs = strategy.inputs();
    assert!(inputs[0].grid.contains(&55.0) && inputs[1].grid.contains(&210.0));
    assert_eq!(strategy.defaults(), [55.0, 210.0]);
}

#[test]
fn a_given_script_is_the_claim_and_a_broken_one_says_why() {
    let good = "//@version=6\nstrategy(\"Mine\")\nif close > open\n    strategy.entry(\"L\", strategy.long)\nif close < open\n    strategy.close(\"L\")";
    let proposals = propose(&Ground { pine: Some(good), ..ground("whatever this is") }).unwrap();
    assert_eq!((proposals.len(), proposals[0].origin, proposals[0].title.as_str()), (1, Origin::Given, "Mine"));
    let broken =
        "//@version=6\nstrategy(\"Mine\")\nx = ta.nosuch(close)\nif x > 1\n    strategy.entry(\"L\", strategy.long)";
    let proposals = propose(&Ground { pine: Some(broken), ..ground("golden cross") }).unwrap();
    let why = proposals[0].refused.as_ref().unwrap();
    assert!(why.starts_with("3:5: ") && why.contains("`ta.nosuch`"), "{why}");
    assert_eq!(proposals[1].from, "catalogue:sma_cross", "the words still stand");
}

//! Random scripts: every execution that takes one runs it exactly as the plain interpreter does.

use assay_backtest::stepwise::broker::Intrabar;
use proptest::prelude::*;

use super::agreement::agreement;
use super::script_maker::{Dice, bars, script};

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn all_executions_of_a_script_are_one(seed in any::<u64>()) {
        let mut dice = Dice::of_seed(seed);
        let market = bars(&mut dice);
        let text = script(&mut dice);
        let intrabar = if seed % 2 == 0 { Intrabar::Pessimistic } else { Intrabar::Path };
        if let Err(why) = agreement(&text, &market, intrabar) {
            prop_assert!(false, "{why}\n{text}");
        }
    }
}

#[test]
fn most_random_scripts_are_lowered_and_trade() {
    let market = crate::market::daily(1, 150);
    let outcomes: Vec<_> = (0..100)
        .filter_map(|seed| agreement(&script(&mut Dice::of_seed(seed)), &market, Intrabar::Path).unwrap())
        .collect();
    let traded = outcomes.iter().filter(|outcome| outcome.trades > 0 && outcome.compared > 2).count();
    assert!(outcomes.len() >= 60 && traded >= 40, "{} of 100, {traded} traded", outcomes.len());
}

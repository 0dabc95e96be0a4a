//! The rule as a whole: what comes first, how it reads, and that worse figures never give a better verdict.

use proptest::prelude::*;

use super::checks::fixture::{judged, sound};
use super::*;

#[test]
fn the_gravest_reason_comes_first_and_the_summary_says_it() {
    let ruling = judged(|e| (e.pbo, e.pbo_loss, e.trades, e.plateau) = (Some(0.9), None, 3, Some(0.1)));
    let order: Vec<(&str, bool)> = ruling.reasons.iter().map(|r| (r.code, r.passed)).take(4).collect();
    assert_eq!(order, [("trades", false), ("overfitting", false), ("plateau", false), ("look_ahead", true)]);
    assert_eq!(ruling.reasons.len(), 15);
    assert_eq!(
        ruling.summary,
        "Rejected: It made only 3 trades, too few to judge (20 are needed). 2 other checks failed as well."
    );
    assert_eq!(judged(|_| ()).summary, "Plausible: all 15 checks passed. That is no promise of profit.");
}

#[test]
fn a_test_that_was_impossible_lists_no_further_figures() {
    let codes: Vec<&str> = judged(|e| e.trials_own = 0).reasons.iter().map(|r| r.code).collect();
    assert_eq!(codes, ["valid_trials", "look_ahead"]);
}

#[test]
fn the_sentences_name_their_figures() {
    let ruling = judged(|_| ());
    assert_eq!(
        ruling.reasons[2].text,
        "In 0 of 1,000 markets with the same bars in another order the same search found as much: the chance of luck is \
         0.2 %, counting every look at this data."
    );
    let deflated = ruling.reasons.iter().find(|r| r.code == "deflated_sharpe").unwrap();
    assert_eq!(
        deflated.text,
        "Its yearly Sharpe ratio of 1.27 beats the 0.58 that the best of 38 independent tries without skill would show, \
         with probability 99.0 % (50 % is needed)."
    );
    assert_eq!(
        judged(|e| (e.look_ahead_clean, e.look_ahead_line) = (false, Some(7))).summary,
        "Not testable: It looks ahead at line 7: changing later bars changes earlier values, so no back-test of it means \
         anything."
    );
}

#[test]
fn a_verdict_survives_being_written_and_read() {
    for verdict in Verdict::ALL {
        assert_eq!(Verdict::parse(verdict.as_str()), Some(verdict));
    }
    assert_eq!(Verdict::parse("great"), None);
}

/// Each makes one figure worse by `by` >= 0, or destroys it.
const WORSE: &[fn(&mut Evidence, f64)] = &[
    |e, by| e.permutation = e.permutation.map(|p| PermutationEvidence { p_looks: p.p_looks + by * 0.05, ..p }),
    |e, by| e.pbo_loss = e.pbo_loss.map(|x| x + by),
    |e, by| e.best_trades_out_sharpe = e.best_trades_out_sharpe.map(|x| x - by),
    |e, by| e.noise_kept = e.noise_kept.map(|x| x - by),
    |e, by| e.dsr_effective = e.dsr_effective.map(|x| x - by),
    |e, by| e.trades = e.trades.saturating_sub((by * 100.0) as u32),
    |e, by| e.break_even_cost = e.break_even_cost.map(|x| x - by * 0.01),
    |e, by| e.assumed_cost += by * 0.01,
    |e, by| e.walk_forward = e.walk_forward.map(|w| WalkForwardEvidence { test_sharpe: w.test_sharpe - by, ..w }),
    |e, by| {
        e.walk_forward = e.walk_forward.map(|w| WalkForwardEvidence { efficiency: w.efficiency.map(|x| x - by), ..w })
    },
    |e, by| e.pbo = e.pbo.map(|x| x + by),
    |e, by| e.plateau = e.plateau.map(|x| x - by),
    |e, by| e.min_track_record_obs = e.min_track_record_obs.map(|x| x + by * 1000.0),
    |e, by| e.observations = e.observations.saturating_sub((by * 1000.0) as usize),
    |e, by| e.sharpe_annual = e.sharpe_annual.map(|x| x - by),
    |e, by| e.buy_and_hold_sharpe = e.buy_and_hold_sharpe.map(|x| x + by),
    |e, _| e.look_ahead_clean = false,
    |e, _| e.trials_own = 0,
    |e, _| e.permutation = e.permutation.map(|p| PermutationEvidence { p_looks: f64::NAN, ..p }),
    |e, _| e.permutation = None,
    |e, _| e.best_trades_out_sharpe = Some(f64::NAN),
    |e, _| e.noise_kept = Some(f64::NAN),
    |e, _| e.dsr_effective = Some(f64::NAN),
    |e, _| e.break_even_cost = Some(f64::NAN),
    |e, _| e.assumed_cost = f64::NAN,
    |e, _| e.walk_forward = e.walk_forward.map(|w| WalkForwardEvidence { test_sharpe: f64::NAN, ..w }),
    |e, _| e.walk_forward = e.walk_forward.map(|w| WalkForwardEvidence { efficiency: Some(f64::NAN), ..w }),
    |e, _| e.walk_forward = None,
    |e, _| e.pbo = if e.trials_own == 1 { e.pbo } else { Some(f64::NAN) },
    |e, _| e.plateau = if e.trials_own == 1 { e.plateau } else { None },
    |e, _| e.min_track_record_obs = Some(f64::INFINITY),
    |e, _| e.sharpe_annual = Some(f64::NAN),
    |e, _| e.buy_and_hold_sharpe = Some(f64::NAN),
];

fn any_figure(range: std::ops::Range<f64>) -> impl Strategy<Value = Option<f64>> {
    prop_oneof![8 => range.prop_map(Some), 1 => Just(None), 1 => Just(Some(f64::NAN)), 1 => Just(Some(f64::INFINITY))]
}

prop_compose! {
    fn any_evidence()(
        luck in any_figure(0.0..0.1), loss in any_figure(0.0..0.6), rest in any_figure(-0.5..1.0),
        dsr in any_figure(0.3..1.0), pbo in any_figure(0.0..1.0), plateau in any_figure(0.0..1.2),
        break_even in any_figure(-0.001..0.01), cost in 0.0..0.005, trades in 0u32..80, own in 0u64..4,
        test in -0.5..2.0f64, kept in any_figure(-0.5..1.5), forward in any::<bool>(),
        needed in any_figure(1.0..6000.0), sharpe in any_figure(-1.0..2.0), hold in any_figure(-1.0..2.0),
    ) -> Evidence {
        Evidence {
            dsr_effective: dsr, pbo, plateau, break_even_cost: break_even, assumed_cost: cost, trades, trials_own: own,
            walk_forward: forward.then_some(WalkForwardEvidence {
                train_sharpe: 1.0, test_sharpe: test, efficiency: kept, test_bars: 100,
            }),
            permutation: luck.map(|p_looks| PermutationEvidence { p_looks, ..sound().permutation.unwrap() }),
            pbo_loss: loss, best_trades_out_sharpe: rest, noise_kept: rest,
            min_track_record_obs: needed, sharpe_annual: sharpe, buy_and_hold_sharpe: hold, ..sound()
        }
    }
}

proptest! {
    #[test]
    fn worsening_any_figure_never_improves_the_verdict(
        evidence in prop_oneof![any_evidence(), Just(sound())], which in 0..WORSE.len(), by in 0.0..2.0f64,
    ) {
        let before = rule(&evidence, &Thresholds::default()).verdict;
        let mut worse = evidence.clone();
        WORSE[which](&mut worse, by);
        let after = rule(&worse, &Thresholds::default());
        prop_assert!(after.verdict >= before, "{before:?} became {:?}: {}", after.verdict, after.summary);
    }

    #[test]
    fn a_figure_that_is_no_number_is_never_plausible(which in 18..WORSE.len()) {
        let mut evidence = sound();
        WORSE[which](&mut evidence, 0.0);
        prop_assert_ne!(rule(&evidence, &Thresholds::default()).verdict, Verdict::Plausible);
    }
}

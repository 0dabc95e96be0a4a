//! From measured figures to evidence to a ruling: where the overfitting statistics meet the rule of [`crate::verdict`].
//!
//! Two deflated Sharpe ratios are given. By raw trials, with the scatter of the Sharpe ratios that this search really showed:
//! the paper's own reading. By effective trials, with the scatter of independent trials without skill (Mertens at SR = 0): an
//! effective trial *is* an independent one, and the scatter among look-alikes would hide how lucky it can be. The second decides.

use crate::overfitting::{
    EffectiveTrials, Haircut, Pbo, SharpeSample, WalkForward, Window, deflated_sharpe, expected_maximum,
    haircut_sharpe, min_backtest_years, min_track_record, probabilistic_sharpe, sharpe_null_deviation, sharpe_sample,
    sharpe_standard_error, walk_forward,
};
use crate::verdict::{Evidence, Ruling, Thresholds, WalkForwardEvidence, rule};

/// Untouched returns below which a Sharpe ratio says nothing.
pub const TEST_RETURNS_MIN: usize = 20;

/// A number of looks at data.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TrialCount {
    /// Parameter sets times data sets.
    pub raw: u64,
    /// As many independent ones.
    pub effective: f64,
}

/// What was measured for one program on one set of bars. Returns are per bar, net of costs.
#[derive(Clone, Copy, Debug)]
pub struct JudgeInput<'a> {
    /// Bars in a year.
    pub periods_per_year: f64,
    /// Sharpe ratio per bar of each valid trial; NaN where it never traded.
    pub trial_sharpes: &'a [f64],
    /// The best trial on the bars that chose it.
    pub train_returns: &'a [f64],
    /// The best trial on the bars that did not.
    pub test_returns: &'a [f64],
    /// Buying and holding on the train bars.
    pub hold_returns: &'a [f64],
    /// Positions that the best trial opened on the train bars.
    pub trades: u32,
    /// Cross-validation of the whole family.
    pub pbo: Option<Pbo>,
    /// What the family is worth in independent trials.
    pub effective: Option<EffectiveTrials>,
    /// Cost per side at which nothing is left of the best trial.
    pub break_even_cost: Option<f64>,
    /// Cost per side that was charged.
    pub assumed_cost: f64,
    /// Median Sharpe ratio of the best trial's neighbours over its own.
    pub plateau: Option<f64>,
    /// What the prefix test found.
    pub look_ahead_clean: bool,
    /// Looks taken over the life of the database before this search.
    pub prior: TrialCount,
    /// Where the lines are drawn.
    pub thresholds: &'a Thresholds,
}

/// The ruling, its evidence, and figures shown beside it that decide nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// What the ruling rests on.
    pub evidence: Evidence,
    /// The verdict with its reasons.
    pub ruling: Ruling,
    /// Looks that this search took: to be added to the ledger.
    pub own: TrialCount,
    /// Train against untouched bars.
    pub walk_forward: Option<WalkForward>,
    /// The Sharpe ratio after a Bonferroni haircut for the effective trials.
    pub haircut: Option<Haircut>,
    /// Deviation of the Sharpe ratios of this search, per bar: what the raw deflation rests on.
    pub scatter: Option<f64>,
}

/// The same measurements judged again by another number of looks: those that were taken since count against it too.
/// `periods_per_year` and `scatter` are those of the first judgement.
pub fn judge_again(
    evidence: &Evidence,
    looks: TrialCount,
    periods_per_year: f64,
    scatter: Option<f64>,
    thresholds: &Thresholds,
) -> (Evidence, Ruling) {
    let root = periods_per_year.sqrt();
    let mut evidence = evidence.clone();
    let sample = evidence
        .sharpe
        .zip(evidence.skew)
        .zip(evidence.kurtosis)
        .map(|((sharpe, skew), kurtosis)| SharpeSample { observations: evidence.observations, sharpe, skew, kurtosis });
    let by_luck = sharpe_null_deviation(evidence.observations);
    evidence.trials_raw = looks.raw.max(evidence.trials_own);
    evidence.trials_effective = looks.effective;
    let expected = |trials: f64, deviation: Option<f64>| Some(expected_maximum(trials, deviation?)? * root);
    let deflated = |trials: f64, deviation: Option<f64>| deflated_sharpe(&sample?, trials, deviation?);
    evidence.expected_max_raw_annual = expected(evidence.trials_raw as f64, scatter);
    evidence.expected_max_effective_annual = expected(looks.effective, by_luck);
    evidence.dsr_raw = deflated(evidence.trials_raw as f64, scatter);
    evidence.dsr_effective = deflated(looks.effective, by_luck);
    evidence.min_backtest_years = evidence.sharpe_annual.and_then(|sharpe| min_backtest_years(looks.effective, sharpe));
    let ruling = rule(&evidence, thresholds);
    (evidence, ruling)
}

/// Judges one search.
pub fn judge(input: &JudgeInput) -> Judgement {
    let own = own_trials(input);
    let raw = input.prior.raw.saturating_add(own.raw);
    let effective = input.prior.effective.max(0.0) + own.effective;
    let root = input.periods_per_year.sqrt();
    let train = sharpe_sample(input.train_returns);
    let annual = train.map(|s| s.sharpe * root);
    let years = input.train_returns.len() as f64 / input.periods_per_year;

    let by_luck = sharpe_null_deviation(input.train_returns.len());
    let as_seen = standard_deviation(input.trial_sharpes).or(by_luck);
    let expected = |trials: f64, deviation: Option<f64>| Some(expected_maximum(trials, deviation?)? * root);
    let deflated = |trials: f64, deviation: Option<f64>| deflated_sharpe(&train?, trials, deviation?);
    let test =
        (input.test_returns.len() >= TEST_RETURNS_MIN).then(|| annual_or_zero(input.test_returns, root)).flatten();
    let forward = test
        .zip(annual)
        .and_then(|(test_sharpe, train_sharpe)| walk_forward(&[Window { train_sharpe, test_sharpe, chosen: vec![] }]));

    let evidence = Evidence {
        observations: input.train_returns.len(),
        sharpe: train.map(|s| s.sharpe),
        sharpe_annual: annual,
        sharpe_se_annual: train.and_then(|s| Some(sharpe_standard_error(&s)? * root)),
        skew: train.map(|s| s.skew),
        kurtosis: train.map(|s| s.kurtosis),
        psr0: train.and_then(|s| probabilistic_sharpe(&s, 0.0)),
        trials_own: own.raw,
        trials_raw: raw,
        trials_effective: effective,
        expected_max_raw_annual: expected(raw as f64, as_seen),
        expected_max_effective_annual: expected(effective, by_luck),
        dsr_raw: deflated(raw as f64, as_seen),
        dsr_effective: deflated(effective, by_luck),
        pbo: input.pbo.map(|pbo| pbo.pbo),
        pbo_splits: input.pbo.map(|pbo| pbo.splits),
        min_track_record_obs: train
            .and_then(|s: SharpeSample| min_track_record(&s, 0.0, input.thresholds.track_record_confidence)),
        min_backtest_years: annual.and_then(|sharpe| min_backtest_years(effective, sharpe)),
        years: (years.is_finite() && years > 0.0).then_some(years),
        walk_forward: forward.map(|w| WalkForwardEvidence {
            train_sharpe: w.train_sharpe,
            test_sharpe: w.test_sharpe,
            efficiency: w.efficiency,
            test_bars: input.test_returns.len(),
        }),
        trades: input.trades,
        break_even_cost: input.break_even_cost,
        assumed_cost: input.assumed_cost,
        plateau: input.plateau,
        buy_and_hold_sharpe: sharpe_sample(input.hold_returns).map(|s| s.sharpe * root),
        look_ahead_clean: input.look_ahead_clean,
    };
    let ruling = rule(&evidence, input.thresholds);
    let haircut = annual.and_then(|sharpe| haircut_sharpe(sharpe, years, effective));
    Judgement { evidence, ruling, own, walk_forward: forward, haircut, scatter: as_seen }
}

/// Every valid trial is a look. A family whose series could not be compared counts as all different, to be on the safe side.
fn own_trials(input: &JudgeInput) -> TrialCount {
    let raw = input.trial_sharpes.len() as u64;
    let effective = input.effective.map_or(raw as f64, |e| e.effective);
    TrialCount { raw, effective: effective.clamp(raw.min(1) as f64, raw as f64) }
}

/// A strategy that stays out of the untouched bars has measurably earned nothing there: 0, not absent.
fn annual_or_zero(returns: &[f64], root: f64) -> Option<f64> {
    match sharpe_sample(returns) {
        Some(sample) => Some(sample.sharpe * root),
        None => returns.iter().all(|r| *r == 0.0).then_some(0.0),
    }
}

/// Sample deviation of the Sharpe ratios that exist; `None` with fewer than two.
fn standard_deviation(sharpes: &[f64]) -> Option<f64> {
    let known: Vec<f64> = sharpes.iter().copied().filter(|s| s.is_finite()).collect();
    if known.len() < 2 {
        return None;
    }
    let mean = known.iter().sum::<f64>() / known.len() as f64;
    Some((known.iter().map(|s| (s - mean) * (s - mean)).sum::<f64>() / (known.len() as f64 - 1.0)).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::Verdict;
    use assay_units::{Seed, SplitMix64};

    /// Noise with a mean of `edge` standard deviations.
    fn returns(seed: u64, bars: usize, edge: f64) -> Vec<f64> {
        let mut stream = SplitMix64::new(Seed(seed));
        // Uniform numbers of width 0.02 have a deviation of 0.02/sqrt(12).
        (0..bars).map(|_| (stream.next_unit() - 0.5 + edge / 12f64.sqrt()) * 0.02).collect()
    }

    fn input<'a>(train: &'a [f64], test: &'a [f64], hold: &'a [f64], thresholds: &'a Thresholds) -> JudgeInput<'a> {
        JudgeInput {
            periods_per_year: 252.0,
            trial_sharpes: &[0.1, 0.09, 0.11],
            train_returns: train,
            test_returns: test,
            hold_returns: hold,
            trades: 100,
            pbo: Some(Pbo {
                pbo: 0.1,
                splits: 12_870,
                columns: 3,
                mean_logit: 1.0,
                slope: None,
                probability_of_loss: 0.0,
            }),
            effective: None,
            break_even_cost: Some(0.01),
            assumed_cost: 0.001,
            plateau: Some(0.9),
            look_ahead_clean: true,
            prior: TrialCount { raw: 0, effective: 0.0 },
            thresholds,
        }
    }

    #[test]
    fn a_real_edge_is_plausible_until_enough_has_been_tried() {
        let (train, test, hold) = (returns(1, 2500, 0.1), returns(2, 1000, 0.1), returns(3, 2500, 0.0));
        let thresholds = Thresholds::default();
        let fresh = judge(&input(&train, &test, &hold, &thresholds));
        assert_eq!(fresh.ruling.verdict, Verdict::Plausible, "{}", fresh.ruling.summary);
        assert_eq!(fresh.own, TrialCount { raw: 3, effective: 3.0 });

        let mut last = 1.0;
        for effective in [10.0, 1e3, 1e5, 1e9] {
            let prior = TrialCount { raw: effective as u64 * 10, effective };
            let late = judge(&JudgeInput { prior, ..input(&train, &test, &hold, &thresholds) });
            let dsr = late.evidence.dsr_effective.unwrap();
            assert!(dsr < last, "more looks deflate more");
            last = dsr;
            assert_eq!(late.evidence.trials_raw, prior.raw + 3);
        }
        assert!(last < 0.9, "a billion looks explain anything: {last}");
    }

    #[test]
    fn noise_that_was_chosen_is_rejected() {
        let thresholds = Thresholds::default();
        let best = (0..200).map(|seed| returns(seed, 1000, 0.0)).max_by(|a, b| {
            let sharpe = |r: &[f64]| sharpe_sample(r).unwrap().sharpe;
            sharpe(a).total_cmp(&sharpe(b))
        });
        let sharpes: Vec<f64> = (0..200).map(|seed| sharpe_sample(&returns(seed, 1000, 0.0)).unwrap().sharpe).collect();
        let (test, hold) = (returns(999, 400, 0.05), returns(998, 1000, 0.0));
        let train = best.unwrap();
        let judged = judge(&JudgeInput { trial_sharpes: &sharpes, ..input(&train, &test, &hold, &thresholds) });
        assert!(judged.evidence.psr0.unwrap() > 0.95, "alone it would look good");
        assert_eq!(judged.ruling.verdict, Verdict::Rejected, "{}", judged.ruling.summary);
        assert_eq!(judged.ruling.reasons[0].code, "deflated_sharpe");
        // 200 independent trials: both readings agree, because they scatter as luck does.
        let (raw, effective) = (judged.evidence.dsr_raw.unwrap(), judged.evidence.dsr_effective.unwrap());
        assert!((raw - effective).abs() < 0.15, "{raw} {effective}");
    }

    #[test]
    fn judging_again_by_the_same_looks_changes_nothing_and_by_more_looks_deflates() {
        let (train, test, hold) = (returns(1, 2500, 0.1), returns(2, 1000, 0.1), returns(3, 2500, 0.0));
        let thresholds = Thresholds::default();
        let first = judge(&input(&train, &test, &hold, &thresholds));
        let again =
            judge_again(&first.evidence, TrialCount { raw: 3, effective: 3.0 }, 252.0, first.scatter, &thresholds);
        assert_eq!(again, (first.evidence.clone(), first.ruling.clone()));
        let prior = TrialCount { raw: 997, effective: 97.0 };
        let later = judge(&JudgeInput { prior, ..input(&train, &test, &hold, &thresholds) });
        let looks = TrialCount { raw: 1_000, effective: 100.0 };
        assert_eq!(judge_again(&first.evidence, looks, 252.0, first.scatter, &thresholds).0, later.evidence);
    }

    #[test]
    fn what_was_not_measured_is_absent() {
        let thresholds = Thresholds::default();
        let nothing = JudgeInput { trial_sharpes: &[], trades: 0, ..input(&[], &[], &[], &thresholds) };
        let judged = judge(&nothing);
        assert_eq!(judged.ruling.verdict, Verdict::NotTestable);
        assert_eq!(judged.own, TrialCount { raw: 0, effective: 0.0 });
        let e = &judged.evidence;
        assert_eq!(
            (e.sharpe, e.psr0, e.dsr_effective, e.min_track_record_obs, e.years),
            (None, None, None, None, None)
        );
        assert!(e.walk_forward.is_none() && e.buy_and_hold_sharpe.is_none() && judged.haircut.is_none());
    }

    #[test]
    fn staying_out_of_the_untouched_bars_earns_nothing_there() {
        let (train, thresholds) = (returns(1, 2500, 0.1), Thresholds::default());
        let flat = judge(&input(&train, &[0.0; 500], &train, &thresholds));
        assert_eq!(flat.evidence.walk_forward.unwrap().test_sharpe, 0.0);
        let short = judge(&input(&train, &[0.01; 5], &train, &thresholds));
        assert!(short.evidence.walk_forward.is_none(), "five bars prove nothing");
    }
}

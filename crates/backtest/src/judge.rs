//! From measured figures to evidence to a ruling: where the statistics meet the rule of [`crate::verdict`], for one search and
//! for a concept of several.
//!
//! Luck is judged by the permutation of the whole search, which gives the chance that *this* search finds as much by luck. The
//! looks taken before and beside it count against it by their weight: of L effective looks at the same data this search took
//! e, so its share of the allowed error is e/L, and its chance of luck over all looks is 1 - (1 - p)^(L/e). That is Sidak's
//! (1967) correction with weights (Holm 1979; Genovese, Roeder and Wasserman 2006); Boole's inequality keeps the sum of the
//! shares at the level whatever the dependence. Only looks at the same prices count: a look at other data cannot have made
//! these prices look good. A concept that is tried on D data sets takes the best of D, hence once more 1 - (1 - p)^D.
//!
//! Two deflated Sharpe ratios stand beside it. By raw trials, with the scatter of the Sharpe ratios that this search really
//! showed: the paper's own reading. By effective trials, with the scatter of independent trials without skill (Mertens at
//! SR = 0): an effective trial *is* an independent one, and the scatter among look-alikes would hide how lucky it can be.

use std::collections::BTreeSet;

use crate::overfitting::{
    CvPaths, EffectiveTrials, FamilyHaircuts, Haircut, Pbo, RealityCheck, SharpeSample, Spa, WalkForward,
    deflated_sharpe, expected_maximum, family_haircuts, haircut_sharpe, min_backtest_years, min_track_record,
    probabilistic_sharpe, sharpe_null_deviation, sharpe_sample, sharpe_standard_error,
};
use crate::permutation::Permutation;
use crate::robustness::{Benchmark, BestTradesOut, Delay, Noisy};
use crate::verdict::{Evidence, PermutationEvidence, Ruling, Thresholds, WalkForwardEvidence, rule};

/// A number of looks at data.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TrialCount {
    /// Parameter sets.
    pub raw: u64,
    /// As many independent ones.
    pub effective: f64,
}

/// What a sample of the family says against cash.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SampleTests {
    /// Sets in the sample.
    pub sampled: u32,
    /// Hansen's test.
    pub spa: Option<Spa>,
    /// White's test.
    pub reality_check: Option<RealityCheck>,
    /// Sets that StepM names at 5 %.
    pub step_m: u32,
}

/// What was measured for one program on one set of bars. Returns are per bar, net of costs; Sharpe ratios are per bar. What
/// was not measured is `None`.
#[derive(Clone, Copy, Debug, Default)]
pub struct JudgeInput<'a> {
    /// Bars in a year.
    pub periods_per_year: f64,
    /// Sharpe ratio of each valid trial; NaN where it never traded.
    pub trial_sharpes: &'a [f64],
    /// The best trial.
    pub returns: &'a [f64],
    /// Buying and holding on the same bars.
    pub hold_returns: &'a [f64],
    /// Positions that the best trial opened.
    pub trades: u32,
    /// The same search on permuted markets.
    pub permutation: Option<&'a Permutation>,
    /// Cross-validation of the whole family.
    pub pbo: Option<Pbo>,
    /// What the family is worth in independent trials.
    pub effective: Option<EffectiveTrials>,
    /// Choices on earlier bars, traded on later ones; annual, with the number of bars traded.
    pub walk_forward: Option<(WalkForward, usize)>,
    /// Purged cross-validation paths over a sample of the family.
    pub cv: Option<&'a CvPaths>,
    /// A sample of the family against cash.
    pub sample: SampleTests,
    /// Cost per side at which nothing is left of the best trial.
    pub break_even_cost: Option<f64>,
    /// Cost per side that was charged.
    pub assumed_cost: f64,
    /// Median Sharpe ratio of the best trial's neighbours over its own.
    pub plateau: Option<f64>,
    /// Filled later.
    pub delay: Option<Delay>,
    /// Comparisons of the best trial that rounding decides.
    pub near_ties: Option<u64>,
    /// Without its best trades.
    pub best_trades_out: Option<BestTradesOut>,
    /// On noisy prices.
    pub noisy: Option<Noisy>,
    /// Against the market.
    pub benchmark: Option<Benchmark>,
    /// Share of the calendar years that earned.
    pub years_positive: Option<f64>,
    /// Whether it looks ahead, and at which line.
    pub looks_ahead: Option<u32>,
    /// Looks taken at the same data before this search.
    pub prior: TrialCount,
    /// Where the lines are drawn; those of [`Thresholds::default`] when absent.
    pub thresholds: Option<&'a Thresholds>,
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
    /// Choices on earlier bars, traded on later ones.
    pub walk_forward: Option<WalkForward>,
    /// The Sharpe ratio after a Bonferroni haircut for the effective trials.
    pub haircut: Option<Haircut>,
    /// The Sharpe ratio after haircuts for all trials of this search, by their own p-values.
    pub family_haircuts: Option<FamilyHaircuts>,
    /// Deviation of the Sharpe ratios of this search, per bar: what the raw deflation rests on.
    pub scatter: Option<f64>,
}

/// Judges one search.
pub fn judge(input: &JudgeInput<'_>) -> Judgement {
    let own = own_trials(input);
    let root = input.periods_per_year.sqrt();
    let sample = sharpe_sample(input.returns);
    let annual = sample.map(|s| s.sharpe * root);
    let years = input.returns.len() as f64 / input.periods_per_year;
    let default = Thresholds::default();
    let thresholds = input.thresholds.unwrap_or(&default);
    let scatter = standard_deviation(input.trial_sharpes).or(sharpe_null_deviation(input.returns.len()));
    // A share of a Sharpe ratio that is not positive says nothing.
    let kept = |part: Option<f64>| sample.filter(|s| s.sharpe > 0.0).zip(part).map(|(s, part)| part / s.sharpe);

    let evidence = Evidence {
        observations: input.returns.len(),
        sharpe: sample.map(|s| s.sharpe),
        sharpe_annual: annual,
        sharpe_se_annual: sample.and_then(|s| Some(sharpe_standard_error(&s)? * root)),
        skew: sample.map(|s| s.skew),
        kurtosis: sample.map(|s| s.kurtosis),
        psr0: sample.and_then(|s| probabilistic_sharpe(&s, 0.0)),
        trials_own: own.raw,
        trials_own_effective: own.effective,
        permutation: input.permutation.map(|permuted| PermutationEvidence {
            p: permuted.p,
            p_tail: permuted.p_tail,
            p_looks: permuted.p_tail,
            permutations: permuted.permutations,
            exceeded: permuted.exceeded,
            median_best_annual: permuted.median_best().map(|sharpe| sharpe * root),
        }),
        pbo: input.pbo.map(|pbo| pbo.pbo),
        pbo_loss: input.pbo.map(|pbo| pbo.probability_of_loss),
        pbo_splits: input.pbo.map(|pbo| pbo.splits),
        min_track_record_obs: sample.and_then(|s| min_track_record(&s, 0.0, thresholds.track_record_confidence)),
        years: (years.is_finite() && years > 0.0).then_some(years),
        walk_forward: input.walk_forward.map(|(w, test_bars)| WalkForwardEvidence {
            train_sharpe: w.train_sharpe,
            test_sharpe: w.test_sharpe,
            efficiency: w.efficiency,
            test_bars,
        }),
        trades: input.trades,
        break_even_cost: input.break_even_cost,
        assumed_cost: input.assumed_cost,
        plateau: input.plateau,
        buy_and_hold_sharpe: sharpe_sample(input.hold_returns).map(|s| s.sharpe * root),
        alpha_annual: input.benchmark.map(|b| b.alpha * input.periods_per_year),
        beta: input.benchmark.map(|b| b.beta),
        alpha_t: input.benchmark.map(|b| b.alpha_t),
        spa_p: input.sample.spa.map(|spa| spa.consistent),
        reality_check_p: input.sample.reality_check.map(|check| check.p),
        step_m: input.sample.spa.map(|_| input.sample.step_m),
        sampled: (input.sample.sampled > 0).then_some(input.sample.sampled),
        cv_median_sharpe: input.cv.map(|cv| cv.median * root),
        cv_paths_positive: input.cv.map(|cv| cv.positive),
        delay_one_kept: kept(input.delay.map(|d| d.one_bar)),
        delay_two_kept: kept(input.delay.map(|d| d.two_bars)),
        delay_break_even: input.delay.and_then(|d| d.break_even),
        near_ties: input.near_ties,
        best_trades_out_sharpe: input.best_trades_out.map(|rest| rest.sharpe * root),
        noise_kept: kept(input.noisy.map(|n| n.median)),
        years_positive: input.years_positive,
        look_ahead_clean: input.looks_ahead.is_none(),
        look_ahead_line: input.looks_ahead.filter(|line| *line > 0),
        ..Evidence::default()
    };
    let looks = TrialCount {
        raw: input.prior.raw.saturating_add(own.raw),
        effective: input.prior.effective.max(0.0) + own.effective,
    };
    let (evidence, ruling) = judge_again(&evidence, looks, input.periods_per_year, scatter, 1, thresholds);
    let haircut = annual.and_then(|sharpe| haircut_sharpe(sharpe, years, looks.effective));
    let annual_sharpes: Vec<f64> = input.trial_sharpes.iter().map(|sharpe| sharpe * root).collect();
    let family_haircuts = family_haircuts(&annual_sharpes, years);
    let walk_forward = input.walk_forward.map(|(w, _)| w);
    Judgement { evidence, ruling, own, walk_forward, haircut, family_haircuts, scatter }
}

/// The same measurements judged by another number of looks at the same data, this search's own among them, and as one of
/// `data_sets` on which its concept was tried. `periods_per_year` and `scatter` are those of the first judgement.
pub fn judge_again(
    evidence: &Evidence,
    looks: TrialCount,
    periods_per_year: f64,
    scatter: Option<f64>,
    data_sets: u32,
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
    evidence.trials_effective = looks.effective.max(evidence.trials_own_effective);
    let effective = evidence.trials_effective;
    let expected = |trials: f64, deviation: Option<f64>| Some(expected_maximum(trials, deviation?)? * root);
    let deflated = |trials: f64, deviation: Option<f64>| deflated_sharpe(&sample?, trials, deviation?);
    evidence.expected_max_raw_annual = expected(evidence.trials_raw as f64, scatter);
    evidence.expected_max_effective_annual = expected(effective, by_luck);
    evidence.dsr_raw = deflated(evidence.trials_raw as f64, scatter);
    evidence.dsr_effective = deflated(effective, by_luck);
    evidence.min_backtest_years = evidence.sharpe_annual.and_then(|sharpe| min_backtest_years(effective, sharpe));
    let share = effective / evidence.trials_own_effective.max(1.0);
    if let Some(permuted) = &mut evidence.permutation {
        permuted.p_looks = over_looks(over_looks(permuted.p_tail, share), f64::from(data_sets));
    }
    let ruling = rule(&evidence, thresholds);
    (evidence, ruling)
}

/// 1 - (1 - p)^n for n of at least 1: the chance that one of n looks, each with the chance p, is a lucky one.
pub fn over_looks(p: f64, n: f64) -> f64 {
    // By logarithms, so that small chances keep their digits.
    if p >= 1.0 { 1.0 } else { -(f64::ln_1p(-p) * n.max(1.0)).exp_m1() }
}

/// One strategy of a concept on one data set.
#[derive(Clone, Copy, Debug)]
pub struct ConceptItem<'a> {
    /// Which prices: items on the same ones share their looks.
    pub data_set: &'a str,
    /// As first judged.
    pub evidence: &'a Evidence,
    /// All looks ever taken at these prices, those of this concept among them.
    pub looks: TrialCount,
    /// Bars in a year.
    pub periods_per_year: f64,
    /// Scatter of the first judgement.
    pub scatter: Option<f64>,
}

/// A concept judged: its best item speaks.
#[derive(Clone, Debug, PartialEq)]
pub struct ConceptJudgement {
    /// Which item is the best: by verdict, then by the chance of luck; the first of equals.
    pub best: usize,
    /// Every item by all looks, in the order given.
    pub items: Vec<(Evidence, Ruling)>,
}

/// Judges all items of a concept. The best speaks, and has paid for being picked: each item has only its share of the allowed
/// error among all looks at its data, and all data sets share it once more. So a concept without an edge passes as seldom as
/// one search does, however many strategies and data sets it has. `None` without items.
pub fn concept(items: &[ConceptItem<'_>], thresholds: &Thresholds) -> Option<ConceptJudgement> {
    let tested = items.iter().filter(|item| item.evidence.trials_own > 0).map(|item| item.data_set);
    let data_sets = tested.collect::<BTreeSet<_>>().len().max(1) as u32;
    let own = |name: &str| {
        items.iter().filter(|i| i.data_set == name).fold(TrialCount::default(), |sum, i| TrialCount {
            raw: sum.raw.saturating_add(i.evidence.trials_own),
            effective: sum.effective + i.evidence.trials_own_effective,
        })
    };
    let judged: Vec<(Evidence, Ruling)> = items
        .iter()
        .map(|item| {
            // The ledger holds the concept's own looks; whoever forgot to enter them gains nothing.
            let own = own(item.data_set);
            let looks =
                TrialCount { raw: item.looks.raw.max(own.raw), effective: item.looks.effective.max(own.effective) };
            judge_again(item.evidence, looks, item.periods_per_year, item.scatter, data_sets, thresholds)
        })
        .collect();
    let rank = |i: &usize| {
        let (evidence, ruling) = &judged[*i];
        (ruling.verdict, evidence.permutation.map_or(2.0, |p| p.p_looks))
    };
    let best = (0..judged.len()).min_by(|a, b| {
        let ((va, pa), (vb, pb)) = (rank(a), rank(b));
        va.cmp(&vb).then(pa.total_cmp(&pb))
    })?;
    Some(ConceptJudgement { best, items: judged })
}

/// Every valid trial is a look. A family whose series could not be compared counts as all different, to be on the safe side.
fn own_trials(input: &JudgeInput<'_>) -> TrialCount {
    let raw = input.trial_sharpes.len() as u64;
    let effective = input.effective.map_or(raw as f64, |e| e.effective);
    TrialCount { raw, effective: effective.clamp(raw.min(1) as f64, raw as f64) }
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

    fn permuted(p_tail: f64) -> Permutation {
        Permutation {
            observed: 0.1,
            permutations: 1_000,
            exceeded: (p_tail * 1_000.0) as u32,
            stopped_early: p_tail > 0.01,
            p: p_tail.max(0.001),
            p_tail,
            bests: vec![0.02; 1_000],
            fan: None,
            computed: crate::screening::Computed::default(),
        }
    }

    fn input<'a>(returns: &'a [f64], hold: &'a [f64], permutation: &'a Permutation) -> JudgeInput<'a> {
        let forward = WalkForward {
            train_sharpe: 1.5,
            test_sharpe: 1.1,
            efficiency: Some(0.73),
            windows_positive: 1.0,
            drift: Some(0.1),
        };
        JudgeInput {
            periods_per_year: 252.0,
            trial_sharpes: &[0.1, 0.09, 0.11],
            returns,
            hold_returns: hold,
            trades: 100,
            permutation: Some(permutation),
            pbo: Some(Pbo {
                pbo: 0.1,
                splits: 12_870,
                columns: 3,
                mean_logit: 1.0,
                slope: None,
                probability_of_loss: 0.0,
            }),
            walk_forward: Some((forward, 1_500)),
            break_even_cost: Some(0.01),
            assumed_cost: 0.001,
            plateau: Some(0.9),
            best_trades_out: Some(BestTradesOut { removed: 5, sharpe: 0.05, total_return: 0.3 }),
            noisy: Some(Noisy { median: 0.09, low: 0.07 }),
            ..JudgeInput::default()
        }
    }

    #[test]
    fn a_real_edge_is_plausible_until_enough_has_been_tried() {
        let (own, hold, luck) = (returns(1, 2500, 0.1), returns(3, 2500, 0.0), permuted(1e-5));
        let fresh = judge(&input(&own, &hold, &luck));
        assert_eq!(fresh.ruling.verdict, Verdict::Plausible, "{}", fresh.ruling.summary);
        assert_eq!(fresh.own, TrialCount { raw: 3, effective: 3.0 });
        let mut last = (Verdict::Plausible, 1.0, 0.0);
        for effective in [10.0, 1e3, 1e5, 1e9] {
            let prior = TrialCount { raw: effective as u64 * 10, effective };
            let late = judge(&JudgeInput { prior, ..input(&own, &hold, &luck) });
            let now =
                (late.ruling.verdict, late.evidence.dsr_effective.unwrap(), late.evidence.permutation.unwrap().p_looks);
            assert!(now.0 >= last.0 && now.1 < last.1 && now.2 > last.2, "more looks deflate more: {last:?} {now:?}");
            last = now;
            assert_eq!(late.evidence.trials_raw, prior.raw + 3);
        }
        assert_eq!(last.0, Verdict::Rejected, "a billion looks explain anything");
    }

    #[test]
    fn luck_is_rejected_whatever_the_sharpe_ratio() {
        let (own, hold) = (returns(1, 2500, 0.1), returns(3, 2500, 0.0));
        for (p, verdict) in [(0.005, Verdict::Plausible), (0.03, Verdict::Weak), (0.3, Verdict::Rejected)] {
            let judged = judge(&input(&own, &hold, &permuted(p)));
            assert_eq!(judged.ruling.verdict, verdict, "{p}: {}", judged.ruling.summary);
        }
        let unmeasured = judge(&JudgeInput { permutation: None, ..input(&own, &hold, &permuted(0.5)) });
        assert_eq!(unmeasured.ruling.verdict, Verdict::Rejected);
    }

    #[test]
    fn the_chance_over_looks_is_sidaks_and_never_falls() {
        assert!((over_looks(0.01, 3.0) - (1.0 - 0.99f64.powi(3))).abs() < 1e-15);
        assert!((over_looks(1e-15, 1e6) - 1e-9).abs() < 1e-15);
        assert_eq!((over_looks(0.3, 0.2), over_looks(1.0, 5.0)), (over_looks(0.3, 1.0), 1.0));
        assert_eq!(over_looks(0.2, 1e60), 1.0);
    }

    #[test]
    fn judging_again_by_the_same_looks_changes_nothing_and_by_more_looks_deflates() {
        let (own, hold, luck) = (returns(1, 2500, 0.1), returns(3, 2500, 0.0), permuted(1e-5));
        let thresholds = Thresholds::default();
        let first = judge(&input(&own, &hold, &luck));
        let by = |raw, effective| {
            judge_again(&first.evidence, TrialCount { raw, effective }, 252.0, first.scatter, 1, &thresholds)
        };
        assert_eq!(by(3, 3.0), (first.evidence.clone(), first.ruling.clone()));
        let prior = TrialCount { raw: 997, effective: 97.0 };
        let later = judge(&JudgeInput { prior, ..input(&own, &hold, &luck) });
        assert_eq!(by(1_000, 100.0).0, later.evidence);
    }

    #[test]
    fn a_concept_pays_for_its_strategies_and_its_data_sets() {
        let (own, hold, luck) = (returns(1, 2500, 0.1), returns(3, 2500, 0.0), permuted(0.006));
        let none = permuted(0.6);
        let (good, bad) = (judge(&input(&own, &hold, &luck)), judge(&input(&own, &hold, &none)));
        let item = |judgement: &'_ Judgement, data_set: &'static str| (data_set, judgement.evidence.clone());
        let judged = |items: &[(&'static str, Evidence)], looks: f64| {
            let items: Vec<ConceptItem<'_>> = items
                .iter()
                .map(|(data_set, evidence)| ConceptItem {
                    data_set,
                    evidence,
                    looks: TrialCount { raw: 3, effective: looks },
                    periods_per_year: 252.0,
                    scatter: None,
                })
                .collect();
            let found = concept(&items, &Thresholds::default()).unwrap();
            let p = found.items[found.best].0.permutation.unwrap().p_looks;
            (found.best, found.items[found.best].1.verdict, p)
        };
        let (a, b) = (item(&good, "a"), item(&bad, "a"));
        assert_eq!(judged(std::slice::from_ref(&a), 3.0), (0, Verdict::Plausible, over_looks(0.006, 1.0)));
        // A second strategy on the same data counts even where the ledger forgot it.
        assert_eq!(judged(&[b.clone(), a.clone()], 3.0), (1, Verdict::Weak, over_looks(0.006, 2.0)));
        // A second data set as well.
        let other = item(&bad, "b");
        let both = judged(&[a.clone(), other], 3.0);
        assert_eq!((both.0, both.1), (0, Verdict::Weak));
        assert!((both.2 - over_looks(0.006, 2.0)).abs() < 1e-15);
        // And so do the looks of others, for ever.
        assert_eq!(judged(&[a], 30.0).1, Verdict::Rejected);
        assert_eq!(concept(&[], &Thresholds::default()), None);
    }

    #[test]
    fn what_was_not_measured_is_absent() {
        let judged = judge(&JudgeInput { periods_per_year: 252.0, ..JudgeInput::default() });
        assert_eq!(judged.ruling.verdict, Verdict::NotTestable);
        assert_eq!(judged.own, TrialCount { raw: 0, effective: 0.0 });
        let e = &judged.evidence;
        assert_eq!(
            (e.sharpe, e.psr0, e.dsr_effective, e.min_track_record_obs, e.years),
            (None, None, None, None, None)
        );
        assert!(e.walk_forward.is_none() && e.buy_and_hold_sharpe.is_none() && judged.haircut.is_none());
        let ahead = judge(&JudgeInput { looks_ahead: Some(12), trial_sharpes: &[0.1], ..JudgeInput::default() });
        assert!(ahead.ruling.summary.contains("line 12"), "{}", ahead.ruling.summary);
    }
}

//! A bounded sample of the family, in full: what statistics that need returns look at.

use assay_units::Seed;

use super::forward::longest_holding;
use crate::family::{Best, Family};
use crate::judge::SampleTests;
use crate::overfitting::effective_trials::{POINTS_MAX, SERIES_MAX};
use crate::overfitting::{
    Bootstrap, CvPaths, EffectiveTrials, Pbo, PurgedCv, Scale, block_length, effective_trials, pbo,
    probability_of_overfitting, purged_paths, reality_check, step_m, superior_predictive_ability,
};
use crate::{Bars, Run, SweepError, SweepResult};

/// Level at which StepM names sets.
const STEP_M_LEVEL: f64 = 0.05;

/// What the sample said.
pub(super) struct Sampled {
    pub effective: Option<EffectiveTrials>,
    pub tests: SampleTests,
    pub cv: Option<CvPaths>,
}

/// Runs an even sample of the valid trials, the best among them, over the bars that all of them traded.
pub(super) fn measure(
    family: &Family<'_>,
    bars: &Bars,
    swept: &SweepResult,
    (best, best_run): (Best, &Run),
    draws: u32,
    seed: Seed,
) -> Result<Sampled, SweepError> {
    let valid: Vec<u64> =
        (0u64..).zip(&swept.trials).filter(|(_, trial)| trial.valid).map(|(point, _)| point).collect();
    let n = valid.len().min(SERIES_MAX);
    let even: Vec<u64> = (0..n).map(|i| valid[i * valid.len() / n]).collect();
    let mut series = Vec::with_capacity(n);
    for point in &even {
        let run = family.run(*point, bars, swept.first_bar..bars.len())?;
        series.push(shortened(&run.returns));
    }
    // The even sample alone says how many independent trials there are: the best in it would be one look-alike more.
    let effective = effective_trials(&series, valid.len() as u64, seed);
    if !even.contains(&best.index) {
        let last = series.len() - 1;
        series[last] = shortened(&family.run(best.index, bars, swept.first_bar..bars.len())?.returns);
    }
    let rows = series[0].len();
    let stretch = stretch(bars.len() - swept.first_bar);
    let cv = PurgedCv {
        groups: 8,
        test_groups: 2,
        purge: longest_holding(best_run).div_ceil(stretch),
        embargo: rows.div_ceil(100),
    };
    let tests = if draws == 0 { SampleTests::default() } else { sample_tests(&series, best_run, stretch, draws, seed) };
    Ok(Sampled { effective, tests, cv: purged_paths(&series, &cv) })
}

fn sample_tests(series: &[Vec<f64>], best_run: &Run, stretch: usize, draws: u32, seed: Seed) -> SampleTests {
    let own: Vec<f64> = best_run.returns.chunks(stretch).map(|part| part.iter().sum()).collect();
    let block = block_length(&own).map_or(1.0, |length| length.stationary.max(1.0));
    SampleTests {
        sampled: series.len() as u32,
        spa: superior_predictive_ability(series, Scale::Studentised, block, draws, seed),
        reality_check: reality_check(series, Bootstrap::Stationary(block), draws, seed),
        step_m: step_m(series, block, STEP_M_LEVEL, draws, seed).len() as u32,
    }
}

/// CSCV over the valid trials, or an even sample of them.
pub(super) fn cross_validate(family: &Family<'_>, bars: &Bars, swept: &SweepResult) -> Result<Option<Pbo>, SweepError> {
    let valid: Vec<u64> =
        (0u64..).zip(&swept.trials).filter(|(_, trial)| trial.valid).map(|(point, _)| point).collect();
    let used = valid.len().min(pbo::COLUMNS_MAX);
    let sample: Vec<u64> = (0..used).map(|i| valid[i * valid.len() / used]).collect();
    let moments = family.moments(bars, 0..bars.len(), &sample)?;
    Ok(probability_of_overfitting(&swept.block_bars, used, |column, block| {
        let moments = moments[column][block];
        (moments.sum, moments.sum_sq)
    }))
}

/// Sums of neighbouring returns, so that many long series stay small.
fn shortened(returns: &[f64]) -> Vec<f64> {
    returns.chunks(stretch(returns.len())).map(|part| part.iter().sum()).collect()
}

/// Bars to one row.
fn stretch(returns: usize) -> usize {
    returns.div_ceil(POINTS_MAX).max(1)
}

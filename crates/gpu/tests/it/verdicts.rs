//! Whole verdicts with and without a device: not one figure may differ.

use std::sync::Arc;

use assay_backtest::judge::TrialCount;
use assay_backtest::overfitting::WalkForwardSettings;
use assay_backtest::permutation::PermutationSettings;
use assay_backtest::robustness::NoiseSettings;
use assay_backtest::screening::{Computed, Screener};
use assay_backtest::verdict::Thresholds;
use assay_backtest::{Costs, Engine, ExamineSettings, Fill, examine};
use assay_gpu::{Gpu, Policy, Wanted};
use assay_pine::Program;
use assay_units::Seed;
use assay_world::RealClock;

use crate::parity::{device, market, programs, script};

fn settings(screener: Option<Arc<dyn Screener>>, threads: usize) -> ExamineSettings {
    ExamineSettings {
        costs: Costs { fee: 0.0005, slippage: 0.0002 },
        fill: Fill::NextOpen,
        threads,
        engine: Engine::Simd,
        grid_max: 100_000,
        seed: Seed(1),
        permutation: PermutationSettings { permutations_max: 60, ..PermutationSettings::default() },
        walk_forward: WalkForwardSettings::default(),
        noise: NoiseSettings { markets: 2, ..NoiseSettings::default() },
        bootstrap_draws: 20,
        thresholds: Thresholds::default(),
        memory: None,
        screener,
    }
}

/// Everything that a report shows, as text; and who computed it.
fn examined(program: &Program, bars: u64, settings: &ExamineSettings) -> (String, Computed) {
    let bars = market(bars, 900);
    let mut examination = examine(program, &bars, settings, TrialCount::default(), &|_, _| true).unwrap();
    let permutation = examination.chosen.as_mut().and_then(|chosen| chosen.permutation.as_mut());
    let computed = permutation.map(|permutation| std::mem::take(&mut permutation.computed)).unwrap_or_default();
    (format!("{examination:?}"), computed)
}

fn on(single: bool) -> Arc<Gpu> {
    let policy = Policy { wanted: Wanted { software: true, single }, ..Policy::ON };
    Arc::new(Gpu::new(policy, Arc::new(RealClock)))
}

#[test]
fn a_verdict_is_the_same_with_a_device_and_without_in_f32_and_in_f64() {
    let test = "a_verdict_is_the_same_with_a_device_and_without_in_f32_and_in_f64";
    let mut all = programs();
    // Seldom enough entries, so that the rule of choice falls back on all sets; and an edge that is there on no market.
    all.push(script(
        "n = input.int(20, minval=10, maxval=60)\nk = input.float(2, minval=1.5, maxval=3, step=0.25)",
        "close < ta.sma(close, n) - k * ta.stdev(close, n)",
        "close > ta.sma(close, n)",
    ));
    let mut screened = 0;
    for (i, program) in all.iter().enumerate() {
        let (plain, nobody) = examined(program, i as u64, &settings(None, 2));
        assert_eq!(nobody, Computed::default());
        for single in [true, false] {
            if device(test, single).is_none() {
                return;
            }
            let gpu = on(single);
            let (with, computed) = examined(program, i as u64, &settings(Some(gpu.clone()), 2));
            assert!(with == plain, "program {i}, single {single}: another verdict; {computed:?}");
            assert_eq!(computed.because, None, "program {i}, single {single}");
            assert!(computed.device.as_ref().is_some_and(|name| name.contains(&gpu.opened().unwrap().name)));
            assert!(computed.effort.markets >= u64::from(computed.screened + computed.undecided));
            screened += computed.screened;
        }
    }
    assert!(screened > 200, "the device decided {screened} markets");
}

#[test]
fn small_searches_and_unsuitable_scripts_say_why_they_run_on_the_processor() {
    let program = &programs()[0];
    let careful = Arc::new(Gpu::new(Policy::AUTO, Arc::new(RealClock)));
    let (_, computed) = examined(program, 3, &settings(Some(careful.clone()), 1));
    assert_eq!((computed.device, computed.screened), (None, 0));
    assert!(computed.because.unwrap().contains("too few to pay for a GPU"));
    assert_eq!(careful.opened(), None, "no device is opened for what is too small");
    if device("small_searches_and_unsuitable_scripts_say_why_they_run_on_the_processor", false).is_none() {
        return;
    }
    // Each of the 90,000 pairs of lengths has its own course of one average.
    let wide = script(
        "a = input.int(3, minval=2, maxval=601)\nb = input.int(3, minval=2, maxval=601)",
        "close > ta.sma(close, math.round(1 + (a * b) % 97))",
        "close < ta.sma(close, math.round(1 + (a * b) % 97))",
    );
    let plan = assay_backtest::Sweep {
        program: &wide,
        bars: &market(1, 900),
        costs: Costs { fee: 0.0, slippage: 0.0 },
        fill: Fill::Close,
        train: 0..900,
        warm_up: assay_backtest::WarmUp::Longest,
        engine: Engine::Simd,
        threads: 1,
        grid_max: 1_000_000,
    };
    let why = on(false).prepare(&plan, 1).err().expect("it does not suit a device");
    assert!(why.contains("does not suit a GPU") && why.contains("different courses"), "{why}");
}

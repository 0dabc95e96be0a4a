//! Permutation of the whole search: memory is found, its absence is seen, and threads change nothing.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use assay_backtest::permutation::{Aids, Draw, Memory, Permutation, PermutationSettings, Scheme, permute_search};
use assay_backtest::robustness::delay;
use assay_backtest::screening::{Ceiling, Computed, Effort, Screen, ScreenError, Screener};
use assay_backtest::{Bars, Costs, Family, Sweep, SweepError, sweep};
use assay_pine::Program;
use assay_units::Seed;

use crate::examining::reverting;
use crate::{family, market, strategy};

fn reversal() -> Program {
    strategy(
        "n = input.int(5, minval=2, maxval=9)\nk = input.float(0, minval=-1, maxval=1, step=0.5)",
        "ta.roc(close, n) < -k",
        "ta.roc(close, n) > k",
    )
}

fn permuted(bars: &Bars, settings: &PermutationSettings, threads: usize) -> Result<Option<Permutation>, SweepError> {
    screened(bars, settings, threads, None)
}

fn screened(
    bars: &Bars,
    settings: &PermutationSettings,
    threads: usize,
    screener: Option<&dyn Screener>,
) -> Result<Option<Permutation>, SweepError> {
    let program = reversal();
    let family = family(&program);
    let swept = family.trials(bars, 0..bars.len(), threads, &|_, _| true)?;
    let best = family.best_of(&swept.trials).unwrap();
    let aids = Aids { screener, memory: None };
    permute_search(&family, bars, (best.sharpe, swept.first_bar), settings, threads, aids, &|_, _| true)
}

#[test]
fn memory_is_found_whatever_is_permuted_and_short_memory_survives_in_long_blocks() {
    let bars = reverting(5, 1_500);
    let settings = PermutationSettings { permutations_max: 99, seed: Seed(3), ..PermutationSettings::default() };
    for scheme in [Scheme::Bars, Scheme::Parts] {
        let found = permuted(&bars, &PermutationSettings { scheme, ..settings }, 2).unwrap().unwrap();
        assert_eq!((found.exceeded, found.permutations, found.p), (0, 99, 0.01), "{scheme:?}");
        assert!(found.median_best().unwrap() < found.observed);
        let fan = found.fan.unwrap();
        assert_eq!((fan.bars.len(), fan.markets), (120, 99));
        assert!(fan.quantiles.iter().all(|q| q.windows(2).all(|w| w[0] <= w[1])));
    }
    let blocks = permuted(&bars, &PermutationSettings { scheme: Scheme::Blocks(300), ..settings }, 2).unwrap().unwrap();
    assert!(blocks.stopped_early && blocks.p > 0.1, "{}", blocks.p);
}

#[test]
fn a_walk_costs_few_permutations_and_the_same_bits_on_any_number_of_threads() {
    let bars = market::daily(77, 800);
    let settings = PermutationSettings { seed: Seed(9), ..PermutationSettings::default() };
    let one = permuted(&bars, &settings, 1).unwrap().unwrap();
    assert_eq!(Some(one.clone()), permuted(&bars, &settings, 3).unwrap());
    assert!(one.stopped_early && one.permutations < 200, "{} {}", one.permutations, one.p);
    assert_eq!(one.bests.len(), one.permutations as usize);
    let none = PermutationSettings { permutations_max: 0, ..settings };
    assert_eq!(permuted(&bars, &none, 1).unwrap(), None);
}

/// Knows the markets below a number, and counts those that were searched.
#[derive(Debug, Default)]
struct Notebook {
    known_below: u64,
    draws: Mutex<BTreeMap<u64, Draw>>,
    searched: Mutex<Vec<u64>>,
}

impl Memory for Notebook {
    fn known(&self, number: u64) -> Option<Draw> {
        (number < self.known_below).then(|| self.draws.lock().unwrap()[&number].clone())
    }

    fn keep(&self, number: u64, draw: &Draw) {
        self.searched.lock().unwrap().push(number);
        self.draws.lock().unwrap().insert(number, draw.clone());
    }
}

#[test]
fn what_is_remembered_is_not_searched_again_and_changes_no_figure() {
    let bars = reverting(5, 600);
    let settings = PermutationSettings { permutations_max: 230, seed: Seed(3), ..PermutationSettings::default() };
    let program = reversal();
    let family = family(&program);
    let swept = family.trials(&bars, 0..bars.len(), 1, &|_, _| true).unwrap();
    let observed = (family.best_of(&swept.trials).unwrap().sharpe, swept.first_bar);
    let mut notebook = Notebook::default();
    let search = |notebook: &Notebook, cancel_at: u64| {
        let aids = Aids { memory: Some(notebook), screener: None };
        permute_search(&family, &bars, observed, &settings, 1, aids, &|done, _| done < cancel_at)
    };
    assert!(search(&notebook, 210).is_err_and(|error| error == SweepError::Cancelled));
    assert_eq!(notebook.searched.lock().unwrap().len(), 210);
    notebook.known_below = 210;
    notebook.searched.lock().unwrap().clear();
    let mut resumed = search(&notebook, u64::MAX).unwrap().unwrap();
    assert_eq!(std::mem::take(&mut resumed.computed.remembered), 210);
    assert!(Some(resumed) == permuted(&bars, &settings, 2).unwrap(), "figures differ");
    assert_eq!(*notebook.searched.lock().unwrap(), (210..230).collect::<Vec<_>>());
}

#[test]
fn an_edge_of_one_bar_is_gone_two_bars_later() {
    // Falls are followed by rises and rises by falls, bar by bar.
    let mut bars = market::daily(1, 1_000);
    for t in 1..bars.len() {
        let step = if t % 2 == 0 { 1.01 } else { 0.991 };
        (bars.open[t], bars.close[t]) = (bars.close[t - 1], bars.close[t - 1] * step);
        (bars.high[t], bars.low[t]) = (bars.open[t].max(bars.close[t]), bars.open[t].min(bars.close[t]));
    }
    let program = strategy("n = input.int(1, minval=1, maxval=2)", "ta.roc(close, n) < 0", "ta.roc(close, n) > 0");
    let family = Family { costs: Costs { fee: 0.0, slippage: 0.0 }, ..family(&program) };
    let on_time = family.run(0, &bars, 0..bars.len()).unwrap();
    assert!(on_time.equity.last().unwrap() > &50.0, "it buys before each rise");
    let late = delay(&family, 0, &bars).unwrap().unwrap();
    assert!(late.one_bar < -0.9 && late.two_bars > 0.9, "one bar late it buys before each fall: {late:?}");
    let same = family.run_late(0, &bars, 0);
    assert_eq!(same, Ok(on_time));
    assert_eq!(late.break_even, Some(1), "nothing is left at the first delay");
}

/// A device made of the processor's own sweep: its ceilings lie `above` the truth, and it fails at its `fails`-th market.
#[derive(Debug)]
struct Device {
    above: f64,
    fails: u64,
    asked: AtomicU64,
}

struct Search<'a>(&'a Device, Sweep<'a>);

impl Screener for Device {
    fn prepare<'a>(&'a self, plan: &Sweep<'a>, _: u32) -> Result<Box<dyn Screen + 'a>, String> {
        Ok(Box::new(Search(self, plan.clone())))
    }
}

impl Screen for Search<'_> {
    fn device(&self) -> String {
        "a device".into()
    }

    fn effort(&self) -> Effort {
        Effort { markets: self.0.asked.load(Ordering::Relaxed), ..Effort::default() }
    }

    fn ceilings(&self, bars: &Bars, go_on: &(dyn Fn() -> bool + Sync)) -> Result<Vec<Ceiling>, ScreenError> {
        let Search(device, plan) = self;
        if device.asked.fetch_add(1, Ordering::Relaxed) + 1 == device.fails {
            return Err(ScreenError::Failed("a device: the device was lost".into()));
        }
        let plan = Sweep { bars, ..plan.clone() };
        let swept = sweep(&plan, &|_, _| go_on()).map_err(|_| ScreenError::Cancelled)?;
        let ceiling = |trial: &assay_backtest::Trial| match trial.sharpe() {
            sharpe if trial.valid && !sharpe.is_nan() => {
                Ceiling { sharpe: sharpe + device.above, entries: Some(trial.entries) }
            }
            _ => Ceiling { sharpe: f64::NEG_INFINITY, entries: Some(0) },
        };
        Ok(swept.trials.iter().map(ceiling).collect())
    }
}

#[test]
fn a_device_that_helps_fails_or_lies_changes_no_figure() {
    let bars = reverting(5, 900);
    let settings = PermutationSettings { permutations_max: 60, seed: Seed(3), ..PermutationSettings::default() };
    let plain = permuted(&bars, &settings, 2).unwrap().unwrap();
    assert_eq!((plain.permutations, &plain.computed), (60, &Computed::default()));
    let of = |above: f64, fails: u64, threads: usize| {
        let device = Device { above, fails, asked: AtomicU64::new(0) };
        let mut found = screened(&bars, &settings, threads, Some(&device)).unwrap().unwrap();
        let computed = std::mem::take(&mut found.computed);
        assert_eq!(found, plain, "above {above}, fails {fails}, threads {threads}");
        computed
    };
    for threads in [1, 3] {
        let helped = of(1e-9, 0, threads);
        assert_eq!((helped.device.as_deref(), helped.screened, helped.undecided), (Some("a device"), 60, 0));
        assert!(helped.because.is_none() && (60..200).contains(&helped.again), "{helped:?}");
        let lost = of(1e-9, 20, threads);
        assert!(lost.screened > 0 && lost.screened < 60, "{lost:?}");
        assert_eq!(lost.because.as_deref(), Some("a device: the device was lost"));
    }
    let loose = of(10.0, 0, 2);
    assert_eq!((loose.screened, loose.undecided, loose.because), (0, 60, None), "all 40 points may be the best");
    let lies = of(-1e-9, 0, 1);
    assert_eq!((lies.device, lies.screened), (None, 0));
    assert!(lies.because.is_some_and(|why| why.contains("ceiling of point")), "found out at the first market");
}

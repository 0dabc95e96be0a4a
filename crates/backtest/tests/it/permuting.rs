//! Permutation of the whole search: memory is found, its absence is seen, and threads change nothing.

use assay_backtest::permutation::{Permutation, PermutationSettings, Scheme, permute_search};
use assay_backtest::robustness::delay;
use assay_backtest::{Bars, Costs, Family, SweepError};
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
    let program = reversal();
    let family = family(&program);
    let swept = family.trials(bars, 0..bars.len(), threads, &|_, _| true)?;
    let best = family.best_of(&swept.trials).unwrap();
    permute_search(&family, bars, (best.sharpe, swept.first_bar), settings, threads, &|_, _| true)
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

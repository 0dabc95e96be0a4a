//! Parts of a sweep, and the best of many markets, are what the whole sweep says.

use assay_backtest::{
    BLOCKS, Best, Costs, Engine, Fill, Search, SearchScratch, Selection, Sweep, SweepError, WarmUp, block_moments,
    sweep, sweep_range,
};
use proptest::prelude::*;

use crate::{market, strategy};

fn plan<'a>(program: &'a assay_pine::Program, bars: &'a assay_backtest::Bars) -> Sweep<'a> {
    Sweep {
        program,
        bars,
        costs: Costs { fee: 0.0005, slippage: 0.0002 },
        fill: Fill::NextOpen,
        train: 0..bars.len() * 7 / 10,
        warm_up: WarmUp::Longest,
        engine: Engine::Simd,
        threads: 2,
        grid_max: 1_000_000,
    }
}

fn crossing() -> assay_pine::Program {
    strategy(
        "fast = input.int(5, minval=2, maxval=12)\nslow = input.int(20, minval=-5, maxval=80, step=5)",
        "ta.crossover(ta.sma(close, fast), ta.sma(close, slow))",
        "ta.crossunder(ta.sma(close, fast), ta.sma(close, slow))",
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn ranges_join_to_the_whole(cut in 0u64..220, threads in 1usize..4) {
        let (program, bars) = (crossing(), market::daily(3, 300));
        let plan = Sweep { threads, ..plan(&program, &bars) };
        let whole = sweep(&plan, &|_, _| true).unwrap();
        let (left, right) = (sweep_range(&plan, 0..cut, &|_, _| true).unwrap(), sweep_range(&plan, cut..999, &|_, _| true).unwrap());
        prop_assert_eq!(left.trials.len() as u64, cut.min(198));
        let joined: Vec<_> = left.trials.into_iter().chain(right.trials).collect();
        prop_assert_eq!(format!("{joined:?}"), format!("{:?}", whole.trials));
    }

    #[test]
    fn a_search_finds_on_each_market_what_a_sweep_of_it_finds(seed: u64, trades_min in 0u32..8) {
        let (program, own) = (crossing(), market::daily(3, 300));
        let search = Search::new(&plan(&program, &own)).unwrap();
        let mut scratch = SearchScratch::default();
        for other in [seed, seed ^ 1, 3] {
            let bars = market::daily(other, 300);
            let found = search.best(&bars, trades_min, &mut scratch, &|| true).unwrap();
            let mut selection = Selection::new(trades_min);
            let swept = sweep(&plan(&program, &bars), &|_, _| true).unwrap();
            (0u64..).zip(&swept.trials).for_each(|(point, trial)| selection.add(point, trial));
            let expected = selection.best().map(|(point, trial)| Best { point, trial: trial.clone() });
            prop_assert_eq!(found, expected);
        }
    }
}

#[test]
fn a_search_refuses_other_lengths_and_stops_when_told() {
    let (program, bars) = (crossing(), market::daily(3, 300));
    let search = Search::new(&plan(&program, &bars)).unwrap();
    let mut scratch = SearchScratch::default();
    let short = market::daily(3, 299);
    assert_eq!(
        search.best(&short, 1, &mut scratch, &|| true).unwrap_err(),
        SweepError::OtherBars { have: 299, need: 300 }
    );
    assert_eq!(search.best(&bars, 1, &mut scratch, &|| false).unwrap_err(), SweepError::Cancelled);
}

#[test]
fn scratch_serves_one_search_after_another() {
    let bars = market::daily(8, 300);
    let other = strategy("n = input.int(5, minval=2, maxval=30)", "ta.rsi(close, n) < 40", "ta.rsi(close, n) > 60");
    let (first, other) = (crossing(), other);
    let searches = [Search::new(&plan(&first, &bars)).unwrap(), Search::new(&plan(&other, &bars)).unwrap()];
    let alone = |i: usize| searches[i].best(&bars, 1, &mut SearchScratch::default(), &|| true).unwrap();
    let mut scratch = SearchScratch::default();
    for i in [0, 1, 0, 0, 1] {
        assert_eq!(searches[i].best(&bars, 1, &mut scratch, &|| true).unwrap(), alone(i));
    }
}

#[test]
fn block_moments_add_up_to_their_trial() {
    let (program, bars) = (crossing(), market::daily(3, 300));
    let plan = plan(&program, &bars);
    let swept = sweep(&plan, &|_, _| true).unwrap();
    let points: Vec<u64> = (0..198).rev().collect();
    for (point, blocks) in points.iter().zip(block_moments(&plan, &points).unwrap()) {
        let trial = &swept.trials[*point as usize];
        assert_eq!(blocks.iter().fold(0.0, |sum, block| sum + block.sum), trial.sum);
        assert_eq!(blocks.iter().fold(0.0, |sum, block| sum + block.sum_sq), trial.sum_sq);
        assert_eq!(trial.valid, *point % 18 >= 2, "lengths below 1 are invalid");
        assert_eq!(blocks.len(), BLOCKS);
    }
}

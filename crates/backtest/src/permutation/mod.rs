//! Permutation of the whole search: would the same search have found as much in a market without memory?
//!
//! The bars are put in another order, the entire grid is swept again, and the best set found there is compared with the best
//! set of the real market: best against best, chosen by the same rule. p is the share of permuted markets whose best is at
//! least as good (`sequential` says when enough were drawn).
//!
//! What is compared is the Sharpe ratio of the best set, net of costs, on the very bars that chose it. Permutation keeps the
//! drift, the volatility and the tails of the market, so a rule that merely holds scores the same on both sides; what is
//! tested is timing. Subtracting the market first would gain nothing, since both sides would lose the same amount, and it would need a
//! measure of exposure that shorts and stops make ambiguous. As the choice is part of what is repeated, all bars may take part
//! in it: nothing has to be set aside, and the number and kinship of the trials need not be guessed.

mod fan;
mod market;
mod memory;
mod sequential;
mod tail;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use assay_units::Seed;

pub use fan::{Fan, LEVELS};
pub use market::{Scheme, Shuffler};
pub use memory::{Draw, Memory};
pub use sequential::{Sequential, sequential_p};
pub use tail::tail_p;

pub(crate) use fan::quantile;

use crate::family::Family;
use crate::screening::{By, Computed, Screener};
use crate::{Bars, SearchScratch, SweepError};

/// Permuted markets at most, whatever the settings ask for: what is kept of them stays bounded.
pub const PERMUTATIONS_MAX: u32 = 10_000;

/// How to permute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PermutationSettings {
    /// Permuted markets at most; 0 leaves the test out, and then nothing is plausible.
    pub permutations_max: u32,
    /// Permuted bests at least as good as the real one at which the search is hopeless and drawing ends.
    pub stop_at: u32,
    /// What changes places.
    pub scheme: Scheme,
    /// Makes the markets repeatable. Searches that share seed and bars see the same markets.
    pub seed: Seed,
}

/// 1,000 markets and a stop at the tenth that is as good: all that a p-value of 0.01 needs.
impl Default for PermutationSettings {
    fn default() -> PermutationSettings {
        PermutationSettings { permutations_max: 1_000, stop_at: 10, scheme: Scheme::Bars, seed: Seed(0) }
    }
}

/// What the permuted markets said.
#[derive(Clone, Debug, PartialEq)]
pub struct Permutation {
    /// Sharpe ratio per bar of the best set on the real market.
    pub observed: f64,
    /// Markets that count.
    pub permutations: u32,
    /// Those whose best set was at least as good.
    pub exceeded: u32,
    /// Whether drawing ended before the last market.
    pub stopped_early: bool,
    /// Besag and Clifford's p-value: exact.
    pub p: f64,
    /// The p-value carried past the resolution of the draws by [`tail_p`]; `p` where draws suffice.
    pub p_tail: f64,
    /// Sharpe ratio per bar of the best set of each market, in order of drawing; minus infinity where nothing traded.
    pub bests: Vec<f64>,
    /// What those best sets earned.
    pub fan: Option<Fan>,
    /// Who computed them; no figure depends on it.
    pub computed: Computed,
}

impl Permutation {
    /// What the best of luck shows in the middle case: the median of the permuted bests, per bar.
    pub fn median_best(&self) -> Option<f64> {
        let mut sorted: Vec<f64> = self.bests.iter().copied().filter(|b| b.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        (!sorted.is_empty()).then(|| quantile(&sorted, 0.5))
    }
}

/// What may spare a search work; no figure depends on it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Aids<'a> {
    /// Draws made before, and where to keep those made now.
    pub memory: Option<&'a dyn Memory>,
    /// A device that may find the best of a market faster.
    pub screener: Option<&'a dyn Screener>,
}

/// A draw and how it was made.
struct Made {
    draw: Draw,
    by: By,
}

/// Searches permuted markets until enough is known about `observed`, the Sharpe ratio per bar of the best set of `bars`.
/// `first_bar` is the first bar that the search of `bars` traded on. `progress(done, at most)` hears of each market and
/// returns false to cancel. The result does not depend on `threads`, and no figure of it on `aids`. `None` when no market is
/// to be drawn.
///
/// # Errors
/// [`SweepError::Cancelled`], and what the sweep of a permuted market meets.
pub fn permute_search(
    family: &Family<'_>,
    bars: &Bars,
    (observed, first_bar): (f64, usize),
    settings: &PermutationSettings,
    threads: usize,
    aids: Aids<'_>,
    progress: &(dyn Fn(u64, u64) -> bool + Sync),
) -> Result<Option<Permutation>, SweepError> {
    let most = settings.permutations_max.min(PERMUTATIONS_MAX);
    if most == 0 {
        return Ok(None);
    }
    let shuffler = Shuffler::new(bars, settings.scheme);
    let points = fan::points(first_bar, bars.len());
    let cancelled = AtomicBool::new(false);
    let go_on = || !cancelled.load(Ordering::Relaxed);
    let search = family.search(bars)?;
    let screening = search.screening(aids.screener, most);
    let draw = |number: u64, scratch: &mut SearchScratch| -> Result<Made, SweepError> {
        if let Some(draw) = aids.memory.and_then(|memory| memory.known(number)) {
            return Ok(Made { draw, by: By::Remembered });
        }
        let market = shuffler.market(settings.seed, number);
        let (best, by) = search.best_screened(&screening, &market, scratch, &go_on)?;
        let mut draw = Draw { best: best.map_or(f64::NEG_INFINITY, |best| best.sharpe), curve: None };
        if let (true, Some(best)) = (number < fan::MARKETS_MAX as u64, best) {
            let run = family.run(best.index, &market, first_bar..market.len())?;
            draw.curve = Some(points.iter().filter_map(|bar| run.equity.get(bar - run.first_bar).copied()).collect());
        }
        if let Some(memory) = aids.memory {
            memory.keep(number, &draw);
        }
        Ok(Made { draw, by })
    };
    let drawn = Drawn::collect(Sequential::new(observed, settings.stop_at, most), threads, &draw, &|done| {
        let on = progress(done.into(), most.into());
        if !on {
            cancelled.store(true, Ordering::Relaxed);
        }
        on
    })?;
    let curves: Vec<Vec<f64>> =
        drawn.draws.iter().filter_map(|made| made.draw.curve.clone()).filter(|c| c.len() == points.len()).collect();
    let bests: Vec<f64> = drawn.draws.iter().map(|made| made.draw.best).collect();
    let p = drawn.test.p();
    // Of the markets that count alone, so that it does not depend on the threads either.
    let mut counted = Computed::default();
    drawn.draws.iter().for_each(|made| counted.count(made.by));
    Ok(Some(Permutation {
        observed,
        permutations: drawn.test.draws(),
        exceeded: drawn.test.exceeded(),
        stopped_early: drawn.test.stopped_early(),
        p,
        p_tail: if drawn.test.exceeded() >= settings.stop_at { p } else { tail_p(observed, &bests) },
        bests,
        fan: fan::fan(points, &curves),
        computed: screening.computed(counted),
    }))
}

/// Draws in the order of their numbers.
struct Drawn {
    test: Sequential,
    draws: Vec<Made>,
    /// Draws that came before their predecessors.
    waiting: BTreeMap<u64, Result<Made, SweepError>>,
    failed: Option<SweepError>,
}

impl Drawn {
    /// Draws on all threads until the test is over. What counts is the unbroken row of numbers from 0, so draws that were
    /// under way when the test ended are dropped and the result is the same on any number of threads.
    fn collect(
        test: Sequential,
        threads: usize,
        draw: &(dyn Fn(u64, &mut SearchScratch) -> Result<Made, SweepError> + Sync),
        progress: &(dyn Fn(u32) -> bool + Sync),
    ) -> Result<Drawn, SweepError> {
        let next = AtomicU64::new(0);
        let over = AtomicBool::new(false);
        let all = Mutex::new(Drawn { test, draws: vec![], waiting: BTreeMap::new(), failed: None });
        let work = || {
            let mut scratch = SearchScratch::default();
            while !over.load(Ordering::Relaxed) {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let result = draw(number, &mut scratch);
                let mut drawn = all.lock().expect("no thread panics with the lock");
                drawn.waiting.insert(number, result);
                drawn.take_row();
                let on = progress(drawn.test.draws());
                if !on && drawn.failed.is_none() && !drawn.test.is_over() {
                    drawn.failed = Some(SweepError::Cancelled);
                }
                if drawn.failed.is_some() || drawn.test.is_over() {
                    over.store(true, Ordering::Relaxed);
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..threads.max(1) {
                scope.spawn(work);
            }
            work();
        });
        let drawn = all.into_inner().expect("no thread panics with the lock");
        match drawn.failed {
            Some(error) => Err(error),
            None => Ok(drawn),
        }
    }

    /// Counts what has come so far, in order.
    fn take_row(&mut self) {
        while !self.test.is_over() && self.failed.is_none() {
            match self.waiting.remove(&(self.draws.len() as u64)) {
                Some(Ok(made)) => {
                    self.test.add(made.draw.best);
                    self.draws.push(made);
                }
                Some(Err(error)) => self.failed = Some(error),
                None => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_units::SplitMix64;

    fn made(best: f64) -> Made {
        Made { draw: Draw { best, curve: None }, by: By::Processor }
    }

    fn draws(threads: usize, observed: f64) -> (u32, Vec<f64>) {
        let draw = |number: u64, _: &mut SearchScratch| Ok(made(SplitMix64::new(Seed(number)).next_unit()));
        let drawn = Drawn::collect(Sequential::new(observed, 10, 400), threads, &draw, &|_| true).unwrap();
        (drawn.test.draws(), drawn.draws.iter().map(|made| made.draw.best).collect())
    }

    #[test]
    fn threads_change_nothing() {
        for observed in [0.2, 0.9, 2.0] {
            let alone = draws(1, observed);
            assert_eq!(alone.0 as usize, alone.1.len());
            assert_eq!(alone, draws(4, observed));
        }
        assert_eq!(draws(3, 2.0).0, 400, "nothing reaches 2");
        assert!(draws(3, 0.2).0 < 30);
    }

    #[test]
    fn a_failure_counts_only_where_the_row_reaches_it() {
        let draw = |number: u64, _: &mut SearchScratch| {
            if number == 30 { Err(SweepError::Cancelled) } else { Ok(made(1.0)) }
        };
        let collect = |observed| Drawn::collect(Sequential::new(observed, 10, 400), 2, &draw, &|_| true);
        assert!(collect(0.5).is_ok(), "over after ten");
        assert_eq!(collect(2.0).err(), Some(SweepError::Cancelled));
        let stopped = Drawn::collect(Sequential::new(2.0, 10, 400), 2, &draw, &|done| done < 5);
        assert_eq!(stopped.err(), Some(SweepError::Cancelled));
    }
}

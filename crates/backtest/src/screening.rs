//! The seam for a device that screens a grid: it nominates, the processor decides.
//!
//! What a permutation test wants of a market is its best trial. A [`Screen`] says of each grid point how good it can be at
//! most: a [`Ceiling`] that its exact Sharpe ratio never exceeds. Points are then traded exactly, in f64 and by the oracle's own
//! code, from the highest ceiling down, until no ceiling that is left reaches the best that was found (branch and bound; Land
//! and Doig 1960). The best of all points is thereby found whatever the device computes in, and every figure that is kept is
//! the processor's own: the verdict is the same to the bit.
//!
//! What the device cannot decide costs time, never truth. Too many points near the top: the market is swept by the
//! processor. A failure, or one exact figure above its ceiling: the device is not asked again, and the reason is kept.

use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

use crate::compute::{Lane, scalar};
use crate::evaluate::signals;
use crate::fills::Factors;
use crate::layout::Layout;
use crate::sweep::seen;
use crate::{Bars, Selection, Sweep, SweepError, Trial};

/// One grid point in so many may be traded again before the whole market is swept by the processor instead: alone a point
/// costs some forty times what it costs in lock step.
const AGAIN_SHARE: usize = 64;
/// So many may be traded again in the smallest grid.
const AGAIN_MIN: usize = 32;

/// What a screen says of one grid point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ceiling {
    /// Its Sharpe ratio per bar, as [`Trial::sharpe`] gives it, is at most this; minus infinity for a point that cannot be
    /// traded or never trades, plus infinity where nothing is known.
    pub sharpe: f64,
    /// Positions that it opens; `None` where the device cannot tell.
    pub entries: Option<u32>,
}

/// A device that may screen searches. Engines: `assay-gpu`, and the tests' own.
pub trait Screener: fmt::Debug + Send + Sync {
    /// Prepares for the search that `plan` describes, to be repeated on at most `markets` markets of as many bars.
    ///
    /// # Errors
    /// Why the processor should do it, in words for the log and the report.
    fn prepare<'a>(&'a self, plan: &Sweep<'a>, markets: u32) -> Result<Box<dyn Screen + 'a>, String>;
}

/// A search that is ready to be screened on one market after another, from any number of threads.
pub trait Screen: Send + Sync {
    /// What computes, in words.
    fn device(&self) -> String;

    /// What it has done so far for this search.
    fn effort(&self) -> Effort;

    /// The ceiling of every grid point on `bars`, in the order of the grid. `go_on` is asked now and then; false cancels.
    ///
    /// # Errors
    /// [`ScreenError`]; after [`ScreenError::Failed`] it is not asked again.
    fn ceilings(&self, bars: &Bars, go_on: &(dyn Fn() -> bool + Sync)) -> Result<Vec<Ceiling>, ScreenError>;
}

/// Why there are no ceilings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScreenError {
    /// The caller said stop.
    #[error("the screen was cancelled")]
    Cancelled,
    /// The device was lost, ran out of memory, or refused.
    #[error("{0}")]
    Failed(String),
}

/// What a device did for one search, markets that were drawn in vain among it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effort {
    /// Markets.
    pub markets: u64,
    /// Time that the device worked, its copies included.
    pub computation_time: Duration,
    /// Points of one batch, as the memory allowed at last.
    pub batch: u64,
    /// Share of the batches' invocations that had a point, in percent.
    pub fill_percent: u64,
    /// How often a batch was halved because memory ran out.
    pub halved: u32,
}

/// Who computed the permuted markets that count. The figures do not depend on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Computed {
    /// The device that screened, in words; `None` when none took part.
    pub device: Option<String>,
    /// Markets that it screened.
    pub screened: u32,
    /// Points of those markets that the processor traded again.
    pub again: u64,
    /// Markets that were screened but had too many points near the top, and were swept by the processor.
    pub undecided: u32,
    /// Markets that were searched before, by whomever.
    pub remembered: u32,
    /// Why a device that was asked for did not do all of it.
    pub because: Option<String>,
    /// What the device did; it differs from run to run.
    pub effort: Effort,
}

/// How one market's best was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// Swept by the processor alone.
    Processor,
    /// Screened; so many points were traded again.
    Device { again: u64 },
    /// Screened in vain.
    Undecided,
    /// Known already.
    Remembered,
}

impl Computed {
    pub(crate) fn count(&mut self, by: By) {
        match by {
            By::Processor => {}
            By::Device { again } => {
                self.screened += 1;
                self.again += again;
            }
            By::Undecided => self.undecided += 1,
            By::Remembered => self.remembered += 1,
        }
    }
}

/// A screen with what became of it.
pub(crate) struct Screening<'a> {
    screen: Option<Box<dyn Screen + 'a>>,
    device: Option<String>,
    /// Why it is not asked, or not any more.
    because: Mutex<Option<String>>,
}

impl<'a> Screening<'a> {
    /// Nobody screens.
    pub fn none() -> Screening<'a> {
        Screening { screen: None, device: None, because: Mutex::default() }
    }

    pub fn prepare(screener: &'a dyn Screener, plan: &Sweep<'a>, markets: u32) -> Screening<'a> {
        match screener.prepare(plan, markets) {
            Ok(screen) => Screening { device: Some(screen.device()), screen: Some(screen), because: Mutex::default() },
            Err(why) => Screening::declined(why),
        }
    }

    pub fn declined(why: String) -> Screening<'a> {
        Screening { because: Mutex::new(Some(why)), ..Screening::none() }
    }

    /// The best trial of the market, and the number of points traded again; `None` when the processor must sweep it, with
    /// the way in which that came about.
    pub fn best(
        &self,
        layout: &Layout<'_>,
        bars: &Bars,
        trades_min: u32,
        go_on: &(dyn Fn() -> bool + Sync),
    ) -> Result<Result<(u64, Trial, By), By>, SweepError> {
        let Some(screen) = self.screen.as_deref().filter(|_| self.failure().is_none()) else {
            return Ok(Err(By::Processor));
        };
        let ceilings = match screen.ceilings(bars, go_on) {
            Ok(ceilings) => ceilings,
            Err(ScreenError::Cancelled) => return Err(SweepError::Cancelled),
            Err(ScreenError::Failed(why)) => {
                self.fail(why);
                return Ok(Err(By::Processor));
            }
        };
        let market = Exact::new(layout, bars);
        match nominated(&ceilings, trades_min, layout.grid.size, &mut |point| market.trial(point)) {
            Nominated::Best { point, trial, again } => Ok(Ok((point, trial, By::Device { again }))),
            Nominated::Undecided => Ok(Err(By::Undecided)),
            Nominated::Wrong(why) => {
                self.fail(why);
                Ok(Err(By::Processor))
            }
        }
    }

    fn failure(&self) -> Option<String> {
        self.because.lock().expect("no panic while noting a failure").clone()
    }

    /// The first failure is the one that is told.
    fn fail(&self, why: String) {
        self.because.lock().expect("no panic while noting a failure").get_or_insert(why);
    }

    /// Who computed what was `counted`.
    pub fn computed(self, counted: Computed) -> Computed {
        let because = self.because.into_inner().expect("no panic while noting a failure");
        let took_part = counted.screened + counted.undecided > 0;
        let effort = self.screen.map(|screen| screen.effort()).unwrap_or_default();
        Computed { device: self.device.filter(|_| took_part), because, effort, ..counted }
    }
}

/// Single points of one market, exactly.
struct Exact<'a> {
    layout: &'a Layout<'a>,
    bars: std::borrow::Cow<'a, Bars>,
    factors: Factors,
}

impl<'a> Exact<'a> {
    fn new(layout: &'a Layout<'a>, bars: &'a Bars) -> Exact<'a> {
        let bars = seen(bars, layout.plan.train.end);
        let factors = Factors::new(&bars, layout.plan.costs, layout.plan.fill);
        Exact { layout, bars, factors }
    }

    /// `None` when it cannot be traded.
    fn trial(&self, point: u64) -> Option<Trial> {
        let Exact { layout, bars, factors } = self;
        if !layout.usable(&layout.grid.cursor(point).at, point, &mut vec![]) {
            return None;
        }
        let (entry, exit) = signals(layout.plan.program, &layout.plan.program.point(point), bars).ok()?;
        Some(scalar::trade(&Lane { entry, exit }, factors, &layout.blocks, layout.lag).0)
    }
}

/// What the ceilings led to.
#[derive(Debug, PartialEq)]
enum Nominated {
    /// The best point of all, exactly.
    Best { point: u64, trial: Trial, again: u64 },
    /// Too many points may be the best, or none trades.
    Undecided,
    /// The screen said something that is not so.
    Wrong(String),
}

/// Trades points from the highest ceiling down until none that is left can be the best. The rule of choice is [`Selection`]'s:
/// first among the points with enough entries, then, when there are none, among all.
fn nominated(
    ceilings: &[Ceiling],
    trades_min: u32,
    size: u64,
    exact: &mut dyn FnMut(u64) -> Option<Trial>,
) -> Nominated {
    if ceilings.len() as u64 != size {
        return Nominated::Wrong(format!("{} ceilings were given for {size} points", ceilings.len()));
    }
    let most = (ceilings.len() / AGAIN_SHARE).max(AGAIN_MIN) as u64;
    let mut traded = vec![false; ceilings.len()];
    let mut selection = Selection::new(trades_min);
    let mut again = 0u64;
    // Enough entries: where the device cannot tell, the point may have them.
    let enough = |ceiling: &Ceiling| ceiling.entries.is_none_or(|entries| entries >= trades_min);
    for only_enough in [true, false] {
        let eligible = |i: usize| !only_enough || enough(&ceilings[i]);
        // Best so far among those that count in this round.
        let mut best = f64::NEG_INFINITY;
        loop {
            // The highest ceilings that still reach the best, a handful at a time: after each the bar may lie higher.
            let mut next: Vec<usize> = (0..ceilings.len())
                .filter(|i| !traded[*i] && eligible(*i))
                .filter(|i| ceilings[*i].sharpe >= best && ceilings[*i].sharpe > f64::NEG_INFINITY)
                .collect();
            if next.is_empty() {
                break;
            }
            next.sort_by(|a, b| ceilings[*b].sharpe.total_cmp(&ceilings[*a].sharpe).then(a.cmp(b)));
            for i in next {
                if ceilings[i].sharpe < best {
                    break;
                }
                if again == most {
                    return Nominated::Undecided;
                }
                again += 1;
                traded[i] = true;
                let Some(trial) = exact(i as u64) else { continue };
                let sharpe = trial.sharpe();
                // NaN, which never trades, ranks below all and is under every ceiling.
                if sharpe > ceilings[i].sharpe {
                    return Nominated::Wrong(format!(
                        "the screen's ceiling of point {i} is {}, its Sharpe ratio {sharpe}",
                        ceilings[i].sharpe
                    ));
                }
                if let Some(entries) = ceilings[i].entries.filter(|entries| *entries != trial.entries) {
                    return Nominated::Wrong(format!(
                        "the screen counts {entries} entries of point {i}, there are {}",
                        trial.entries
                    ));
                }
                selection.add(i as u64, &trial);
                if !only_enough || trial.entries >= trades_min {
                    best = best.max(sharpe);
                }
            }
        }
        if only_enough && best == f64::NEG_INFINITY && selection.has_enough() {
            // They trade and yet nothing varies: the rule puts them first, and the screen cannot rank them.
            return Nominated::Undecided;
        }
        if best > f64::NEG_INFINITY {
            let (point, trial) = selection.best().expect("one was traded");
            return Nominated::Best { point, trial: trial.clone(), again };
        }
    }
    // Nothing trades, so far as the screen can see: which idle point comes first is the processor's to say.
    Nominated::Undecided
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn trial(sharpe: f64, entries: u32) -> Trial {
        // Mean and deviation that give the ratio, over 101 returns.
        let n = 101.0;
        let sum = sharpe * n;
        Trial {
            valid: true,
            entries,
            exits: entries,
            equity: 1.0,
            max_drawdown: 0.0,
            sum,
            sum_sq: n - 1.0 + sharpe * sharpe * n,
            observations: 101,
        }
    }

    /// A grid with ties, idle, invalid and seldom trading points, and ceilings that lie above by up to `loose`.
    fn grid(
        points: usize,
        loose: f64,
        unsure: u32,
        draw: &mut impl FnMut() -> f64,
    ) -> (Vec<Option<Trial>>, Vec<Ceiling>) {
        let trials: Vec<Option<Trial>> = (0..points)
            .map(|_| {
                let sharpe = (draw() * 50.0).floor() / 500.0 - 0.05;
                match (draw() * 10.0) as u32 {
                    0 => None,
                    1 => Some(Trial { sum: 0.0, sum_sq: 0.0, ..trial(0.0, (draw() * 2.0) as u32 * 40) }),
                    _ => Some(trial(sharpe, (draw() * 60.0) as u32)),
                }
            })
            .collect();
        let ceilings = trials
            .iter()
            .map(|trial| match trial {
                Some(_) if draw() * 100.0 < f64::from(unsure) => Ceiling { sharpe: f64::INFINITY, entries: None },
                Some(t) if !t.sharpe().is_nan() => {
                    Ceiling { sharpe: t.sharpe() + draw() * loose, entries: Some(t.entries) }
                }
                Some(t) if t.entries > 0 => Ceiling { sharpe: f64::INFINITY, entries: Some(t.entries) },
                Some(_) | None => Ceiling { sharpe: f64::NEG_INFINITY, entries: Some(0) },
            })
            .collect();
        (trials, ceilings)
    }

    proptest! {
        #[test]
        fn under_any_true_ceilings_the_best_is_the_best_of_all(
            points in 1usize..3_000, seed in 0u64..10_000, loose in prop::sample::select(vec![0.0, 1e-9, 0.01, 0.5]),
            unsure in 0u32..3, trades_min in prop::sample::select(vec![0u32, 30, 59, 1_000]),
        ) {
            let mut stream = assay_units::SplitMix64::new(assay_units::Seed(seed));
            let (trials, ceilings) = grid(points, loose, unsure, &mut || stream.next_unit());
            let mut all = Selection::new(trades_min);
            for (point, trial) in (0u64..).zip(&trials) {
                trial.iter().for_each(|trial| all.add(point, trial));
            }
            match nominated(&ceilings, trades_min, points as u64, &mut |point| trials[point as usize].clone()) {
                Nominated::Best { point, trial, again } => {
                    prop_assert_eq!(all.best(), Some((point, &trial)));
                    prop_assert!(again <= (points / AGAIN_SHARE).max(AGAIN_MIN) as u64);
                }
                Nominated::Undecided => {}
                Nominated::Wrong(why) => prop_assert!(false, "{}", why),
            }
        }
    }

    #[test]
    fn tight_ceilings_cost_few_points_and_loose_ones_the_whole_market() {
        let trials: Vec<Trial> = (0..10_000).map(|i| trial(f64::from(i) * 1e-6, 40)).collect();
        let under = |above: f64| -> Vec<Ceiling> {
            trials.iter().map(|t| Ceiling { sharpe: t.sharpe() + above, entries: Some(40) }).collect()
        };
        let of =
            |ceilings: &[Ceiling]| nominated(ceilings, 30, 10_000, &mut |point| Some(trials[point as usize].clone()));
        let Nominated::Best { point: 9_999, again, .. } = of(&under(2.5e-6)) else { panic!("the last is the best") };
        assert!((1..=4).contains(&again), "{again}");
        assert_eq!(of(&under(1e-3)), Nominated::Undecided, "a thousand of 10,000 may be the best");
    }

    #[test]
    fn a_screen_that_is_wrong_is_found_out() {
        let trials = [trial(0.1, 40), trial(0.05, 40)];
        let of = |ceilings: &[Ceiling]| nominated(ceilings, 30, 2, &mut |point| Some(trials[point as usize].clone()));
        let right = [Ceiling { sharpe: 0.11, entries: Some(40) }, Ceiling { sharpe: 0.06, entries: Some(40) }];
        assert!(matches!(of(&right), Nominated::Best { point: 0, again: 1, .. }));
        for (wrong, says) in [
            (Ceiling { sharpe: 0.09, ..right[0] }, "ceiling of point 0"),
            (Ceiling { entries: Some(41), ..right[0] }, "41 entries"),
        ] {
            let Nominated::Wrong(why) = of(&[wrong, right[1]]) else { panic!("{wrong:?}") };
            assert!(why.contains(says), "{why}");
        }
        assert!(matches!(of(&right[..1]), Nominated::Wrong(_)), "one ceiling for two points");
    }
}

//! The device behind the searches of a verdict: opened when a search is large enough, asked for ceilings, and left at once when
//! it fails. The processor then goes on with the same verdict, and the log says why, once.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use assay_backtest::screening::{Ceiling, Effort, Screen, ScreenError, Screener};
use assay_backtest::{Bars, Sweep, SweepError};
use assay_world::Clock;

use crate::{Device, DeviceInfo, GpuError, Precision, Prepared, Wanted};

/// Bar evaluations of one market from which on a device is asked. Here the processor's own preparation for a device, the columns
/// and their layout, takes a fifth of its sweep (5 of 24 ms on one core), and less the larger the grid is; below, little is left to
/// win. `benches/results/gpu-preparation.jsonl` has the figures. What a card then takes was not measured on hardware.
pub const EVALUATIONS_MIN: u64 = 100_000_000;

/// When the verdict's searches ask a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Which adapters count.
    pub wanted: Wanted,
    /// Bar evaluations (grid points times bars) of one market from which on it is asked.
    pub evaluations_min: u64,
}

impl Policy {
    /// Hardware alone, and searches that are worth it.
    pub const AUTO: Policy =
        Policy { wanted: Wanted { software: false, single: false }, evaluations_min: EVALUATIONS_MIN };
    /// Whatever adapter there is, for every search.
    pub const ON: Policy = Policy { wanted: Wanted { software: true, single: false }, evaluations_min: 0 };
}

/// A [`Screener`] over the best device of this machine.
pub struct Gpu {
    policy: Policy,
    clock: Arc<dyn Clock>,
    /// Opened at the first search that is large enough.
    device: OnceLock<Result<Device, String>>,
    /// Why it is not asked any more.
    lost: OnceLock<String>,
    /// Whether a search that failed has been told of.
    told: AtomicBool,
}

impl fmt::Debug for Gpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gpu").field("policy", &self.policy).field("device", &self.device).finish_non_exhaustive()
    }
}

impl Gpu {
    /// Opens nothing yet. `clock` measures how long the device works.
    pub fn new(policy: Policy, clock: Arc<dyn Clock>) -> Gpu {
        Gpu { policy, clock, device: OnceLock::new(), lost: OnceLock::new(), told: AtomicBool::new(false) }
    }

    /// The device, once a search has had it opened.
    pub fn opened(&self) -> Option<&DeviceInfo> {
        self.device.get()?.as_ref().ok().map(Device::info)
    }

    /// Opens it, once; what came of that is logged.
    fn device(&self) -> Result<&Device, String> {
        let opened = self.device.get_or_init(|| match Device::open(self.policy.wanted) {
            Ok(device) => {
                tracing::info!(event = "gpu_opened", "permuted markets are screened by {}", described(device.info()));
                Ok(device)
            }
            Err(error) => {
                tracing::info!(event = "gpu_absent", "searches run on the processor, with the same verdict: {error}");
                Err(error.to_string())
            }
        });
        opened.as_ref().map_err(Clone::clone)
    }

    /// Notes a failure: a lost device is not asked again, other failures end this search alone.
    fn failed(&self, error: &GpuError) -> String {
        let why = error.to_string();
        let first = match error {
            GpuError::Lost { .. } => self.lost.set(why.clone()).is_ok(),
            // A script that does not suit a device is no fault of anybody's; its report says so.
            GpuError::Unsuitable(_) => false,
            _ => !self.told.swap(true, Ordering::Relaxed),
        };
        if first {
            tracing::warn!(event = "gpu_failed", "the processor goes on, with the same verdict: {why}");
        }
        why
    }
}

/// As logs and reports say it.
fn described(info: &DeviceInfo) -> String {
    let precision = match info.precision {
        Precision::Single => "f32",
        Precision::Double => "f64",
    };
    format!("{} ({}, {precision})", info.name, info.backend)
}

impl Screener for Gpu {
    fn prepare<'a>(&'a self, plan: &Sweep<'a>, _markets: u32) -> Result<Box<dyn Screen + 'a>, String> {
        let points = plan.program.grid_size().unwrap_or(u64::MAX);
        let evaluations = points.saturating_mul(plan.bars.len() as u64);
        if evaluations < self.policy.evaluations_min {
            return Err(format!("{points} sets on {} bars are too few to pay for a GPU", plan.bars.len()));
        }
        if let Some(why) = self.lost.get() {
            return Err(why.clone());
        }
        let device = self.device()?;
        let prepared = Prepared::new(device, plan).map_err(|error| self.failed(&error))?;
        Ok(Box::new(OnDevice { gpu: self, device, prepared, effort: Mutex::default() }))
    }
}

/// One search on the device.
struct OnDevice<'a> {
    gpu: &'a Gpu,
    device: &'a Device,
    prepared: Prepared<'a>,
    effort: Mutex<Effort>,
}

impl Screen for OnDevice<'_> {
    fn device(&self) -> String {
        described(self.device.info())
    }

    fn effort(&self) -> Effort {
        *self.effort.lock().expect("no panic while adding up")
    }

    fn ceilings(&self, bars: &Bars, go_on: &(dyn Fn() -> bool + Sync)) -> Result<Vec<Ceiling>, ScreenError> {
        // The caller spreads markets over its threads, so the columns of one are made by one.
        let (screened, report) = match self.prepared.screen(bars, 1, self.gpu.clock.as_ref(), &|_, _| go_on()) {
            Ok(screened) => screened,
            Err(GpuError::Sweep(SweepError::Cancelled)) => return Err(ScreenError::Cancelled),
            Err(error) => return Err(ScreenError::Failed(self.gpu.failed(&error))),
        };
        {
            let mut effort = self.effort.lock().expect("no panic while adding up");
            effort.markets += 1;
            effort.computation_time += report.computation_time;
            effort.halved += report.halved;
            (effort.batch, effort.fill_percent) = (report.batch, report.fill_percent);
        }
        let ceiling = |point: crate::Screened| {
            if !point.valid {
                return Ceiling { sharpe: f64::NEG_INFINITY, entries: Some(0) };
            }
            Ceiling { sharpe: point.ceiling, entries: point.sure.then_some(point.entries) }
        };
        Ok(screened.into_iter().map(ceiling).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_backtest::permutation::{Aids, Permutation, PermutationSettings, permute_search};
    use assay_backtest::screening::Computed;
    use assay_backtest::{Costs, Engine, Family, Fill};
    use assay_units::{Seed, SplitMix64};
    use assay_world::RealClock;

    fn market() -> Bars {
        let mut draw = SplitMix64::new(Seed(8));
        let mut market = Bars::default();
        let mut close = 100.0;
        for day in 0..800i64 {
            let open = close;
            close *= 1.0 + 0.02 * (draw.next_unit() - 0.49);
            market.time.push(day * 86_400_000);
            market.open.push(open);
            market.high.push(open.max(close));
            market.low.push(open.min(close));
            market.close.push(close);
            market.volume.push(1.0);
        }
        market
    }

    fn cross() -> assay_pine::Program {
        let text = "//@version=6\nstrategy(\"t\")\nf = input.int(5, minval=2, maxval=21)\n\
                    s = input.int(30, minval=10, maxval=60, step=2)\n\
                    if ta.sma(close, f) > ta.sma(close, s)\n    strategy.entry(\"L\", strategy.long)\n\
                    if ta.sma(close, f) < ta.sma(close, s)\n    strategy.close(\"L\")\n";
        assay_pine::compile(text).unwrap()
    }

    #[test]
    fn small_batches_and_many_give_what_one_gives() {
        let (program, bars) = (cross(), market());
        let gpu = Gpu::new(Policy::ON, Arc::new(RealClock));
        let device = match gpu.device() {
            Ok(device) => device,
            Err(why) => return eprintln!("NOT RUN: small_batches_and_many_give_what_one_gives: {why}"),
        };
        let plan = Sweep {
            program: &program,
            bars: &bars,
            costs: Costs { fee: 0.0005, slippage: 0.0 },
            fill: Fill::NextOpen,
            train: 0..bars.len(),
            warm_up: assay_backtest::WarmUp::Longest,
            engine: Engine::Simd,
            threads: 1,
            grid_max: 10_000,
        };
        let prepared = Prepared::new(device, &plan).unwrap();
        let (one, report) = prepared.screen(&bars, 1, &RealClock, &|_, _| true).unwrap();
        assert_eq!((one.len(), report.batches, report.batch, report.fill_percent), (520, 1, 576, 90));
        // As after halvings: 8 whole batches of 64 and one of 8 points.
        prepared.limit(64);
        let (many, report) = prepared.screen(&bars, 1, &RealClock, &|_, _| true).unwrap();
        assert_eq!((report.batches, report.batch, report.fill_percent), (9, 64, 90));
        // Debug, as NaN is not itself.
        assert_eq!(format!("{one:?}"), format!("{many:?}"));
    }

    #[test]
    fn a_device_that_is_lost_in_the_middle_changes_no_figure() {
        let (program, bars) = (cross(), market());
        let family = Family {
            strategy: (&program).into(),
            costs: Costs { fee: 0.0005, slippage: 0.0 },
            fill: Fill::NextOpen,
            engine: Engine::Simd,
            grid_max: 10_000,
            trades_min: 30,
        };
        let settings = PermutationSettings { permutations_max: 40, ..PermutationSettings::default() };
        let searched = |screener: Option<&dyn Screener>, heard: &(dyn Fn(u64, u64) -> bool + Sync)| -> Permutation {
            permute_search(&family, &bars, (1.0, 60), &settings, 2, Aids { screener, memory: None }, heard)
                .unwrap()
                .unwrap()
        };
        let plain = searched(None, &|_, _| true);
        let gpu = Gpu::new(Policy::ON, Arc::new(RealClock));
        if let Err(why) = gpu.device() {
            eprintln!("NOT RUN: a_device_that_is_lost_in_the_middle_changes_no_figure: {why}");
            return;
        }
        let lost = searched(Some(&gpu), &|done, _| {
            if done >= 10 {
                gpu.device().unwrap().device.destroy();
            }
            true
        });
        let computed = lost.computed.clone();
        assert_eq!(plain, Permutation { computed: Computed::default(), ..lost });
        assert!((1..40).contains(&computed.screened), "{computed:?}");
        assert!(computed.because.as_ref().is_some_and(|why| why.contains("was lost")), "{computed:?}");
        assert_eq!(gpu.lost.get(), computed.because.as_ref());
        let again = searched(Some(&gpu), &|_, _| true).computed;
        assert_eq!((again.device, again.because), (None, computed.because), "it is not asked again");
    }
}

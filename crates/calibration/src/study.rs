//! What is studied: kinds of markets, each with a number of markets, and how one of them becomes a record.

use assay_backtest::SweepError;
use assay_units::{ContentHash, Seed};

use crate::chance::branch;
use crate::concept::{Archetypes, Item, JudgeSettings, judge};
use crate::market::{NoEdge, RealPrices};
use crate::planted::Mechanism;
use crate::planted::amplitude::{AmplitudeError, Planted, Target, solve};
use crate::record::Terms;

/// Annual Sharpe ratios, net of costs, that are planted.
pub const STRENGTHS: [f64; 3] = [0.5, 1.0, 1.5];

/// One cell of the tables.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Study {
    /// Concepts of one to three archetypes on markets without an edge.
    Concepts(NoEdge),
    /// The whole catalogue on markets without an edge.
    Catalogue(NoEdge),
    /// An edge of one of [`STRENGTHS`], by its place there, and the concept that is meant to find it.
    Planted(Mechanism, usize),
}

impl Study {
    /// Names the study in the record file; no two share a name.
    pub fn key(self) -> String {
        match self {
            Study::Concepts(kind) => format!("concepts: {}", kind.as_str()),
            Study::Catalogue(kind) => format!("catalogue: {}", kind.as_str()),
            Study::Planted(mechanism, strength) => {
                format!("planted {:.1}: {}", STRENGTHS[strength], mechanism.as_str())
            }
        }
    }
}

/// How much to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Markets without an edge, of all kinds together.
    pub markets: u64,
    /// Markets on which the whole catalogue is searched, of all kinds together.
    pub catalogue: u64,
    /// Markets for each mechanism and strength.
    pub planted: u64,
    /// Markets that calibrate an amplitude.
    pub truth: u64,
}

/// One market to be judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Job {
    /// The cell that it counts in.
    pub study: Study,
    /// Its number there.
    pub index: u64,
}

/// All markets of a calibration. The studies take turns, so that a run that is cut short knows a little of each.
pub fn jobs(size: Size) -> Vec<Job> {
    let mut studies: Vec<(Study, u64)> = vec![];
    for (at, kind) in (0u64..).zip(NoEdge::ALL) {
        let kinds = NoEdge::ALL.len() as u64;
        studies.push((Study::Concepts(kind), (size.markets + kinds - 1 - at) / kinds));
        studies.push((Study::Catalogue(kind), (size.catalogue + kinds - 1 - at) / kinds));
    }
    for mechanism in Mechanism::ALL {
        studies.extend((0..STRENGTHS.len()).map(|strength| (Study::Planted(mechanism, strength), size.planted)));
    }
    let mut all: Vec<(f64, Job)> = studies
        .into_iter()
        .flat_map(|(study, count)| {
            (0..count).map(move |index| ((index as f64 + 0.5) / count as f64, Job { study, index }))
        })
        .collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    all.into_iter().map(|(_, job)| job).collect()
}

/// What one market taught, as a line of the record file.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Record {
    /// [`Study::key`].
    pub study: String,
    /// The market's number within the study.
    pub index: u64,
    /// The concept's verdict.
    pub verdict: String,
    /// Effective trials of the concept.
    pub trials: f64,
    /// Which of its strategies speaks for it.
    pub best: Option<usize>,
    /// Its strategies.
    pub items: Vec<Item>,
}

/// Everything that judging a market needs.
#[derive(Debug)]
pub struct Laboratory {
    seed: Seed,
    settings: JudgeSettings,
    real: RealPrices,
    archetypes: Archetypes,
    planted: Vec<(Mechanism, usize, Planted)>,
}

impl Laboratory {
    /// Compiles the catalogue and reads the bundled prices.
    pub fn new(seed: Seed, settings: JudgeSettings) -> Laboratory {
        let (real, archetypes) = (RealPrices::bundled(), Archetypes::compiled());
        Laboratory { seed, settings, real, archetypes, planted: vec![] }
    }

    /// The terms of this laboratory's verdicts: a record file holds those of one only. `truth` is the number of markets
    /// that amplitudes are calibrated on.
    pub fn terms(&self, truth: u64) -> Terms {
        let program = env!("CARGO_PKG_VERSION");
        let settings = format!("{program}\n{:?}\n{truth}\n{}", self.settings, self.archetypes.hash());
        let hash = ContentHash::of(settings.as_bytes()).to_string();
        Terms { seed: self.seed.0, fingerprint: hash.chars().take(16).collect() }
    }

    /// Finds how strong `mechanism` must be, on `truth` markets. [`Laboratory::judge`] needs it for each that it meets.
    ///
    /// # Errors
    /// As [`solve`].
    pub fn calibrate(&mut self, mechanism: Mechanism, strength: usize, truth: u64) -> Result<&Planted, AmplitudeError> {
        let archetype = self.archetypes.find(mechanism.archetype()).expect("a test names an archetype for each");
        let target = Target {
            mechanism,
            sharpe: STRENGTHS[strength],
            program: &archetype.program,
            costs: self.settings.costs,
            fill: self.settings.fill,
            markets: truth,
            seed: branch(self.seed, "truth", 0),
        };
        let planted = solve(&target, &self.real)?;
        self.planted.push((mechanism, strength, planted));
        Ok(&self.planted.last().expect("it was pushed").2)
    }

    /// What [`Laboratory::calibrate`] found.
    pub fn planted(&self, mechanism: Mechanism, strength: usize) -> Option<&Planted> {
        self.planted.iter().find(|(m, s, _)| (*m, *s) == (mechanism, strength)).map(|(.., planted)| planted)
    }

    /// Makes the market and judges it. The same seed and job give the same record.
    ///
    /// # Errors
    /// When a strategy cannot be swept.
    ///
    /// # Panics
    /// When the job's mechanism was not calibrated.
    pub fn judge(&self, job: Job) -> Result<Record, SweepError> {
        let key = job.study.key();
        let seed = branch(self.seed, &key, job.index);
        let (bars, archetypes);
        match job.study {
            Study::Concepts(kind) => {
                bars = kind.market(seed, &self.real);
                archetypes = self.archetypes.drawn(&bars, seed);
            }
            Study::Catalogue(kind) => {
                bars = kind.market(seed, &self.real);
                archetypes = self.archetypes.tradable(&bars);
            }
            Study::Planted(mechanism, strength) => {
                let planted = self.planted(mechanism, strength).expect("it was calibrated first");
                bars = mechanism.market(planted.amplitude, seed, &self.real);
                archetypes = self.archetypes.around(mechanism.archetype(), &bars, seed);
            }
        }
        let judged = judge(&archetypes, &bars, &self.settings, seed)?;
        Ok(Record {
            study: key,
            index: job.index,
            verdict: judged.verdict.as_str().to_owned(),
            trials: judged.trials,
            best: judged.best,
            items: judged.items,
        })
    }
}

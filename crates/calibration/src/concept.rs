//! A concept as a user's would be: some archetypes with their grids, judged on one market by the code that research uses.

use assay_backtest::judge::TrialCount;
use assay_backtest::verdict::{Thresholds, Verdict};
use assay_backtest::{Bars, Costs, Engine, ExamineSettings, Fill, SweepError, examine};
use assay_pine::Program;
use assay_research::propose::{PROPOSALS_MAX, catalogue};
use assay_units::Seed;

use crate::chance::{Chance, branch};

/// One strategy of the catalogue, compiled.
#[derive(Clone, Debug)]
pub struct Archetype {
    /// Its file's name.
    pub id: &'static str,
    /// With its whole grid.
    pub program: Program,
    /// Whether it reads nothing but closes.
    closes_only: bool,
}

/// Every strategy of the catalogue, compiled once.
#[derive(Clone, Debug)]
pub struct Archetypes(Vec<Archetype>);

impl Archetypes {
    /// Compiles the catalogue.
    pub fn compiled() -> Archetypes {
        let compiled = catalogue::all().iter().map(|archetype| Archetype {
            id: &archetype.id,
            program: assay_pine::compile(&archetype.pine).expect("a test compiles every file of the catalogue"),
            closes_only: archetype.needs.iter().all(|field| field == "close"),
        });
        Archetypes(compiled.collect())
    }

    /// The one called `id`.
    pub fn find(&self, id: &str) -> Option<&Archetype> {
        self.0.iter().find(|archetype| archetype.id == id)
    }

    /// Those that can trade on `bars`: prices that are only closes leave out what reads highs, lows, opens or volume.
    pub fn tradable(&self, bars: &Bars) -> Vec<&Archetype> {
        let all_columns = bars.high != bars.close && bars.volume.iter().any(|v| *v > 0.0);
        self.0.iter().filter(|archetype| all_columns || archetype.closes_only).collect()
    }

    /// One to three of them that can trade on `bars`, drawn by `seed`: as many as a concept may have.
    pub fn drawn(&self, bars: &Bars, seed: Seed) -> Vec<&Archetype> {
        let mut chance = Chance::new(branch(seed, "concept", 0));
        let mut there = self.tradable(bars);
        chance.shuffle(&mut there);
        there.truncate(1 + chance.below(PROPOSALS_MAX));
        there
    }

    /// `first`, and as many others, drawn by `seed`, as a concept may have beside it.
    pub fn around(&self, first: &str, bars: &Bars, seed: Seed) -> Vec<&Archetype> {
        let mut chance = Chance::new(branch(seed, "concept", 0));
        let mut there = self.tradable(bars);
        chance.shuffle(&mut there);
        there.sort_by_key(|archetype| archetype.id != first);
        there.truncate(PROPOSALS_MAX);
        there
    }
}

/// How a concept is judged: the settings that research uses.
#[derive(Clone, Debug)]
pub struct JudgeSettings {
    /// What trading costs.
    pub costs: Costs,
    /// When orders fill.
    pub fill: Fill,
    /// Where the lines are drawn.
    pub thresholds: Thresholds,
}

/// The defaults of the program: 5 bp of fee and 2 bp of slippage a side, filled at the next open.
impl Default for JudgeSettings {
    fn default() -> JudgeSettings {
        JudgeSettings {
            costs: Costs { fee: 0.0005, slippage: 0.0002 },
            fill: Fill::NextOpen,
            thresholds: Thresholds::default(),
        }
    }
}

/// What a concept was judged to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The word.
    pub verdict: Verdict,
    /// Effective trials of all its searches together.
    pub trials: f64,
    /// Its strategies.
    pub items: Vec<Item>,
}

/// One strategy of a concept.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Item {
    /// The archetype.
    pub archetype: String,
    /// Its own verdict.
    pub verdict: String,
    /// Checks that failed, the gravest first.
    pub failed: Vec<String>,
    /// Annual Sharpe ratio of its best parameter set.
    pub sharpe: Option<f64>,
    /// Effective trials of its search.
    pub trials: f64,
}

/// Judges `archetypes` on `bars`.
///
/// # Errors
/// When a strategy cannot be swept at all.
pub fn judge(
    archetypes: &[&Archetype],
    bars: &Bars,
    settings: &JudgeSettings,
    seed: Seed,
) -> Result<Judged, SweepError> {
    let mut items = Vec::with_capacity(archetypes.len());
    let mut best = Verdict::NotTestable;
    for archetype in archetypes {
        let examination = examine(
            &archetype.program,
            bars,
            &ExamineSettings {
                costs: settings.costs,
                fill: settings.fill,
                test_share: 0.3,
                threads: 1,
                engine: Engine::Simd,
                grid_max: 1_000_000,
                seed: branch(seed, archetype.id, 0),
                thresholds: settings.thresholds,
            },
            TrialCount::default(),
            &|_, _| true,
        )?;
        let judgement = &examination.judgement;
        best = best.min(judgement.ruling.verdict);
        items.push(Item {
            archetype: archetype.id.to_owned(),
            verdict: judgement.ruling.verdict.as_str().to_owned(),
            failed: judgement.ruling.reasons.iter().filter(|r| !r.passed).map(|r| r.code.to_owned()).collect(),
            sharpe: judgement.evidence.sharpe_annual,
            trials: judgement.own.effective,
        });
    }
    Ok(Judged { verdict: best, trials: items.iter().map(|item| item.trials).sum(), items })
}

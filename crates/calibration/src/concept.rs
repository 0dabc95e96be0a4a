//! A concept as a user's would be: some archetypes with their grids, judged on one market by the code that research uses.

use std::collections::BTreeMap;

use assay_backtest::judge::{ConceptItem, TrialCount, concept};
use assay_backtest::overfitting::WalkForwardSettings;
use assay_backtest::permutation::PermutationSettings;
use assay_backtest::robustness::NoiseSettings;
use assay_backtest::verdict::{Evidence, Ruling, Thresholds, Verdict};
use assay_backtest::{Bars, Costs, Engine, ExamineSettings, Fill, SweepError, examine};
use assay_pine::Program;
use assay_research::propose::{PROPOSALS_MAX, catalogue};
use assay_units::{ContentHash, Seed};

use crate::chance::{Chance, branch};

/// One strategy of the catalogue, compiled.
#[derive(Clone, Debug)]
pub struct Archetype {
    /// Its file's name.
    pub id: &'static str,
    /// Its file.
    pine: &'static str,
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
            pine: &archetype.pine,
            program: assay_pine::compile(&archetype.pine).expect("a test compiles every file of the catalogue"),
            closes_only: archetype.needs.iter().all(|field| field == "close"),
        });
        Archetypes(compiled.collect())
    }

    /// Names the texts of all of them: the same texts, the same name.
    pub fn hash(&self) -> ContentHash {
        let texts: Vec<&str> = self.0.iter().map(|archetype| archetype.pine).collect();
        ContentHash::of(texts.concat().as_bytes())
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

/// How a concept is judged.
#[derive(Clone, Debug)]
pub struct JudgeSettings {
    /// What trading costs.
    pub costs: Costs,
    /// When orders fill.
    pub fill: Fill,
    /// Permuted markets at most.
    pub permutations_max: u32,
    /// Where the lines are drawn.
    pub thresholds: Thresholds,
}

/// The defaults of the program: 5 bp of fee and 2 bp of slippage a side, filled at the next open.
impl Default for JudgeSettings {
    fn default() -> JudgeSettings {
        JudgeSettings {
            costs: Costs { fee: 0.0005, slippage: 0.0002 },
            fill: Fill::NextOpen,
            permutations_max: PermutationSettings::default().permutations_max,
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
    /// The strategy that speaks for it.
    pub best: Option<usize>,
    /// Its strategies.
    pub items: Vec<Item>,
}

/// One strategy of a concept, by all looks of the concept. Figures that were not measured are absent.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Item {
    /// The archetype.
    pub archetype: String,
    /// Its own verdict.
    pub verdict: String,
    /// Checks that failed, the gravest first.
    pub failed: Vec<String>,
    /// Effective trials of its search.
    pub trials: f64,
    /// Annual Sharpe ratio of its best parameter set.
    pub sharpe: Option<f64>,
    /// Permuted markets drawn.
    pub permutations: Option<u32>,
    /// Those on which the same search found as much.
    pub exceeded: Option<u32>,
    /// Chance that its search alone finds as much by luck.
    pub p: Option<f64>,
    /// The same over all looks of the concept.
    pub p_looks: Option<f64>,
    /// What the checks that stand beside it compare.
    pub figures: BTreeMap<String, f64>,
}

/// Judges `archetypes` on `bars`, as research does with the strategies of a concept on one data set that nobody has looked at
/// before.
///
/// # Errors
/// When a strategy cannot be swept at all.
pub fn judge(
    archetypes: &[&Archetype],
    bars: &Bars,
    settings: &JudgeSettings,
    seed: Seed,
) -> Result<Judged, SweepError> {
    let mut measured = Vec::with_capacity(archetypes.len());
    for archetype in archetypes {
        let settings = ExamineSettings {
            costs: settings.costs,
            fill: settings.fill,
            threads: 1,
            engine: Engine::Simd,
            grid_max: 1_000_000,
            seed: branch(seed, archetype.id, 0),
            permutation: PermutationSettings {
                permutations_max: settings.permutations_max,
                // All strategies see the same permuted markets, as in research.
                seed: branch(seed, "permutation", 0),
                ..PermutationSettings::default()
            },
            walk_forward: WalkForwardSettings::default(),
            noise: NoiseSettings::default(),
            bootstrap_draws: 0,
            thresholds: settings.thresholds,
            memory: None,
            screener: None,
        };
        // What came before counts when the concept is judged as a whole.
        measured.push(examine(&archetype.program, bars, &settings, TrialCount::default(), &|_, _| true)?.judgement);
    }
    let looks = measured.iter().fold(TrialCount::default(), |sum, judgement| TrialCount {
        raw: sum.raw + judgement.own.raw,
        effective: sum.effective + judgement.own.effective,
    });
    let items: Vec<ConceptItem<'_>> = measured
        .iter()
        .map(|judgement| ConceptItem {
            data_set: "the market",
            evidence: &judgement.evidence,
            looks,
            periods_per_year: bars.periods_per_year(),
            scatter: judgement.scatter,
        })
        .collect();
    let judgement = concept(&items, &settings.thresholds);
    let best = judgement.as_ref().map(|judgement| judgement.best);
    let judged = judgement.map_or_else(Vec::new, |judgement| judgement.items);
    Ok(Judged {
        verdict: best.map_or(Verdict::NotTestable, |best| judged[best].1.verdict),
        trials: looks.effective,
        best,
        items: archetypes
            .iter()
            .zip(&judged)
            .map(|(archetype, (evidence, ruling))| item(archetype, evidence, ruling))
            .collect(),
    })
}

fn item(archetype: &Archetype, evidence: &Evidence, ruling: &Ruling) -> Item {
    let forward = evidence.walk_forward;
    let figures = [
        ("dsr", evidence.dsr_effective),
        ("pbo", evidence.pbo),
        ("pbo_loss", evidence.pbo_loss),
        ("forward_sharpe", forward.map(|w| w.test_sharpe)),
        ("efficiency", forward.and_then(|w| w.efficiency)),
        ("trades", Some(f64::from(evidence.trades))),
        ("break_even", evidence.break_even_cost),
        ("plateau", evidence.plateau),
        ("best_trades_out", evidence.best_trades_out_sharpe),
        ("noise_kept", evidence.noise_kept),
        ("min_track_record", evidence.min_track_record_obs),
        ("hold_sharpe", evidence.buy_and_hold_sharpe),
    ];
    Item {
        archetype: archetype.id.to_owned(),
        verdict: ruling.verdict.as_str().to_owned(),
        failed: ruling.reasons.iter().filter(|r| !r.passed).map(|r| r.code.to_owned()).collect(),
        trials: evidence.trials_own_effective,
        sharpe: evidence.sharpe_annual,
        permutations: evidence.permutation.map(|p| p.permutations),
        exceeded: evidence.permutation.map(|p| p.exceeded),
        p: evidence.permutation.map(|p| p.p_tail),
        p_looks: evidence.permutation.map(|p| p.p_looks),
        // JSON has no infinity.
        figures: figures
            .into_iter()
            .filter_map(|(name, x)| Some((name.to_owned(), x.filter(|x| x.is_finite())?)))
            .collect(),
    }
}

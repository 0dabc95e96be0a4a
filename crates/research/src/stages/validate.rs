//! Validate: propose, sweep, judge. The heavy stage: all cores, no waiting, one concept at a time.
//!
//! An item is one strategy on one data set, committed on its own together with the looks that it took. At the end every item
//! is judged again by all looks at its data, and the best one speaks for the concept, corrected for having been picked.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use assay_backtest::judge::{ConceptItem, concept};
use assay_backtest::overfitting::WalkForwardSettings;
use assay_backtest::permutation::{Permutation, PermutationSettings};
use assay_backtest::robustness::{NoiseSettings, agreement};
use assay_backtest::verdict::{Evidence, Thresholds, Verdict};
use assay_backtest::{Bars, Costs, Engine, ExamineSettings, Fill, SweepError, columns_read, examine};
use assay_corpus::Corpus;
use assay_pine::Strategy;
use assay_storage::{Database, Tx, Value};
use assay_telemetry::{GpuEffort, Metrics, SearchedBy};
use assay_units::{ContentHash, Seed, Timestamp};
use assay_world::World;

use super::draws::{self, Draws};
use super::{StageError, Subject, finish};
use crate::inbox::Job;
use crate::pipeline::{Activities, ValidateSettings};
use crate::prices::{DataSet, Prices};
use crate::propose::{self, Ground, Proposal};
use crate::views::{AgreementView, ChosenView, EvidenceView, ExaminationView, Looks, VerdictView, reasons};
use crate::{timeline, trials};

/// Bootstrapped histories behind the Reality Check, SPA and StepM.
const BOOTSTRAP_DRAWS: u32 = 500;

/// What the stage works with.
pub(crate) struct Validate<'a> {
    pub database: &'a Database,
    pub corpus: &'a Corpus,
    pub prices: &'a Prices,
    pub world: &'a World,
    pub settings: &'a ValidateSettings,
    pub activities: &'a Activities,
    pub metrics: &'a Metrics,
    /// Set when the program is stopping.
    pub stop: &'a AtomicBool,
}

impl Validate<'_> {
    fn now(&self) -> Timestamp {
        self.world.clock.now()
    }

    /// Works on a job until the concept has its verdict. Returns the verdict's name.
    pub fn run(&self, job: &Job) -> Result<String, StageError> {
        let Some(subject) = Subject::load(self.database, &job.concept)? else {
            return Err(StageError::Broken(format!("concept {} is gone", job.concept)));
        };
        super::begin(self.database, job, "validating", self.now())?;
        let proposals = match self.proposals(job, &subject)? {
            Ok(proposals) => proposals,
            Err(nothing) => return self.conclude(job, VerdictView { summary: nothing, ..not_testable(self.now()) }),
        };
        let symbols = self.symbols(&subject)?;
        let strategies: Vec<(i64, &Proposal, Strategy)> = proposals
            .iter()
            .filter(|(_, proposal)| proposal.refused.is_none())
            .map(|(ordinal, proposal)| {
                (*ordinal, proposal, propose::strategy(proposal).expect("it was compiled before it was stored"))
            })
            .collect();
        let all = strategies.len() * symbols.len();
        let mut done = 0;
        for (ordinal, proposal, strategy) in &strategies {
            for symbol in &symbols {
                if !self.is_examined(job, *ordinal, &symbol.symbol)? {
                    self.item(job, *ordinal, proposal, strategy, symbol, (done, all))?;
                }
                done += 1;
            }
        }
        let verdict = self.judge(job, &proposals)?;
        self.conclude(job, verdict)
    }

    /// The concept's strategies: those stored before, or found now and stored.
    fn proposals(&self, job: &Job, subject: &Subject) -> Result<Result<Vec<(i64, Proposal)>, String>, StageError> {
        let key: [Value; 2] = [job.concept.as_str().into(), job.generation.into()];
        let stored = self.database.read(|tx| {
            tx.rows(
                "SELECT ordinal, body FROM research_strategies WHERE concept = ?1 AND generation = ?2 ORDER BY ordinal",
                &key,
                |row| Ok((row.int(0)?, row.text(1)?)),
            )
        })?;
        if !stored.is_empty() {
            let read = stored.into_iter().map(|(ordinal, body)| {
                let proposal =
                    serde_json::from_str(&body).map_err(|e| StageError::Broken(format!("stored strategy: {e}")))?;
                Ok((ordinal, proposal))
            });
            return read.collect::<Result<Vec<_>, StageError>>().map(Ok);
        }
        let passages = self.corpus.passages_of(&job.concept)?;
        let code = self.corpus.code_of(&job.concept)?;
        let ground = Ground {
            text: &subject.text,
            note: subject.note.as_deref(),
            pine: subject.pine.as_deref(),
            passages: &passages,
            code: &code,
        };
        let proposals: Vec<(i64, Proposal)> = match propose::propose(&ground) {
            Ok(proposals) => (0..).zip(proposals).collect(),
            Err(nothing) => return Ok(Err(nothing.to_string())),
        };
        self.database.write(|tx| {
            for (ordinal, proposal) in &proposals {
                let body = serde_json::to_string(proposal).expect("a proposal of plain fields");
                tx.execute(
                    "INSERT OR IGNORE INTO research_strategies (concept, generation, ordinal, body) VALUES (?1, ?2, ?3, ?4)",
                    &[job.concept.as_str().into(), job.generation.into(), (*ordinal).into(), body.into()],
                )?;
            }
            let titles: Vec<&str> = proposals.iter().map(|(_, p)| p.title.as_str()).collect();
            timeline::add(tx, &job.concept, self.now(), "strategies found", &titles.join("; "), None)
        })?;
        Ok(Ok(proposals))
    }

    fn symbols(&self, subject: &Subject) -> Result<Vec<DataSet>, StageError> {
        let all = self.prices.list()?;
        let wanted = |set: &DataSet| subject.symbols.is_empty() || subject.symbols.contains(&set.symbol);
        Ok(all.into_iter().filter(wanted).collect())
    }

    fn is_examined(&self, job: &Job, ordinal: i64, symbol: &str) -> Result<bool, StageError> {
        let found = self.database.read(|tx| {
            tx.row(
                "SELECT 1 FROM research_examinations WHERE concept = ?1 AND generation = ?2 AND ordinal = ?3 AND symbol = ?4",
                &[job.concept.as_str().into(), job.generation.into(), ordinal.into(), symbol.into()],
                |row| row.int(0),
            )
        })?;
        Ok(found.is_some())
    }

    /// One strategy on one data set.
    fn item(
        &self,
        job: &Job,
        ordinal: i64,
        proposal: &Proposal,
        strategy: &Strategy,
        set: &DataSet,
        (done, all): (usize, usize),
    ) -> Result<(), StageError> {
        let (_, bars) = self.prices.load(&set.symbol)?;
        let what = format!("{} on {}", proposal.title, set.symbol);
        let fill = if strategy.settings().process_orders_on_close { Fill::Close } else { Fill::NextOpen };
        let costs = Costs {
            // A script's own commission is part of its claim, but never below ours.
            fee: self.settings.costs.fee.max(strategy.settings().commission_percent.unwrap_or(0.0) / 100.0),
            slippage: self.settings.costs.slippage,
        };
        let mut settings = ExamineSettings {
            costs,
            fill,
            threads: self.settings.threads,
            engine: Engine::Simd,
            grid_max: self.settings.grid_max,
            seed: seed(&proposal.pine, &set.hash),
            permutation: PermutationSettings {
                permutations_max: self.settings.permutations_max,
                // From the prices alone: all strategies see the same permuted markets.
                seed: seed("", &set.hash),
                ..PermutationSettings::default()
            },
            walk_forward: WalkForwardSettings::default(),
            noise: NoiseSettings::default(),
            bootstrap_draws: BOOTSTRAP_DRAWS,
            thresholds: Thresholds::default(),
            memory: None,
            screener: self.settings.screener.clone(),
        };
        let mut view = ExaminationView {
            ordinal,
            symbol: set.symbol.clone(),
            title: proposal.title.clone(),
            verdict: "skipped".into(),
            summary: String::new(),
            reasons: vec![],
            evidence: None,
            own: Looks::default(),
            grid: strategy.grid_size().unwrap_or(u64::MAX),
            bars: bars.len(),
            test_from: None,
            periods_per_year: bars.periods_per_year(),
            mintick: Some(bars.mintick()),
            scatter: None,
            fee: costs.fee,
            slippage: costs.slippage,
            fill: fill.as_str().into(),
            computed: String::new(),
            chosen: None,
        };
        if let Some(missing) = missing_columns(strategy, &bars) {
            view.summary = format!("Skipped: it reads {missing}, which {} does not have.", set.symbol);
            return self.commit(job, proposal, set, &view);
        }
        let prior = trials::on(self.database, &set.hash)?;
        let prior = assay_backtest::judge::TrialCount { raw: prior.raw, effective: prior.effective };
        let hear = |points: u64, of: u64| {
            self.activities.set(&job.concept, &what, (done, all), (points, of));
            !self.stop.load(Ordering::Relaxed)
        };
        let search = draws::name(&proposal.pine, &set.hash, &settings);
        let draws = Arc::new(Draws::of(self.database, self.world.clock.clone(), search)?);
        if draws.count() > 0 {
            tracing::info!(event = "search_goes_on", "{what}: {} permuted markets were searched before", draws.count());
        }
        settings.memory = Some(draws.clone());
        match examine(strategy, &bars, &settings, prior, &hear) {
            Ok(examination) => {
                let judgement = &examination.judgement;
                view.verdict = judgement.ruling.verdict.as_str().into();
                view.summary = judgement.ruling.summary.clone();
                view.reasons = reasons(&judgement.ruling);
                view.evidence = Some((&judgement.evidence).into());
                view.own = judgement.own.into();
                view.grid = view.grid.max(examination.grid);
                let walked = examination.chosen.as_ref().and_then(|chosen| chosen.walk_forward.as_ref());
                view.test_from = walked.and_then(|walked| bars.time.get(walked.first_bar)).copied();
                view.scatter = judgement.scatter;
                let permutation = examination.chosen.as_ref().and_then(|chosen| chosen.permutation.as_ref());
                if let Some(permutation) = permutation {
                    view.computed = computed(permutation);
                    self.tell(&what, permutation);
                }
                view.chosen = ChosenView::of(&examination, strategy, &bars.time, view.periods_per_year);
            }
            Err(SweepError::Cancelled) => {
                draws.write();
                return Err(StageError::Stopped);
            }
            Err(error) => {
                view.verdict = Verdict::NotTestable.as_str().into();
                view.summary = format!("Not testable: {error}.");
            }
        }
        self.commit(job, proposal, set, &view)
    }

    /// Who searched the permuted markets: into the metrics, and into the log where a device was asked for.
    fn tell(&self, what: &str, permutation: &Permutation) {
        let Permutation { permutations, computed, .. } = permutation;
        let alone = permutations - computed.screened - computed.undecided - computed.remembered;
        for (by, markets) in [
            (SearchedBy::Processor, alone),
            (SearchedBy::Gpu, computed.screened),
            (SearchedBy::Both, computed.undecided),
        ] {
            self.metrics.markets_searched(by, markets.into());
        }
        if let Some(device) = &computed.device {
            let effort = computed.effort;
            let told = GpuEffort {
                computation_time: effort.computation_time,
                batch_fill: effort.fill_percent as f64 / 100.0,
                halved: effort.halved.into(),
            };
            self.metrics.gpu_worked(device, told, computed.again);
            tracing::info!(
                event = "search_screened",
                duration_ms = effort.computation_time.as_millis() as u64,
                device,
                markets = computed.screened,
                undecided = computed.undecided,
                again = computed.again,
                batch = effort.batch,
                batch_fill_percent = effort.fill_percent,
                "{what}: permuted markets screened"
            );
        }
        if let Some(why) = &computed.because {
            tracing::debug!(event = "search_on_processor", "{what}: {why}");
        }
    }

    /// The item and its looks, in one transaction: a look is never forgotten and never counted twice.
    fn commit(&self, job: &Job, proposal: &Proposal, set: &DataSet, view: &ExaminationView) -> Result<(), StageError> {
        let now = self.now();
        let evidence = serde_json::to_string(&view.evidence).expect("plain fields");
        let body = serde_json::to_string(view).expect("plain fields");
        self.database.write(|tx| {
            let key: [Value; 2] = [job.concept.as_str().into(), job.generation.into()];
            tx.execute(
                "INSERT OR IGNORE INTO research_examinations (concept, generation, ordinal, symbol, evidence, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                &[
                    key[0].clone(),
                    key[1].clone(),
                    view.ordinal.into(),
                    view.symbol.clone().into(),
                    evidence.into(),
                    body.into(),
                ],
            )?;
            if view.own.raw > 0 {
                tx.execute(
                    "INSERT OR IGNORE INTO research_trials
                     (concept, generation, strategy, strategy_hash, symbol, prices_hash, trials, effective, at)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                    &[
                        key[0].clone(),
                        key[1].clone(),
                        view.title.clone().into(),
                        ContentHash::of(proposal.pine.as_bytes()).to_string().into(),
                        view.symbol.clone().into(),
                        set.hash.clone().into(),
                        i64::try_from(view.own.raw).unwrap_or(i64::MAX).into(),
                        view.own.effective.into(),
                        now.into(),
                    ],
                )?;
            }
            draws::forget(tx)?;
            let what = format!("{} on {}", view.title, view.symbol);
            timeline::add(tx, &job.concept, now, "examined", &format!("{what}: {}", view.verdict), None)
        })?;
        self.activities.judged(view.own.raw);
        Ok(())
    }

    /// Judges every item again by all looks at its data, and lets the best one speak.
    fn judge(&self, job: &Job, proposals: &[(i64, Proposal)]) -> Result<VerdictView, StageError> {
        let key: [Value; 2] = [job.concept.as_str().into(), job.generation.into()];
        let bodies = self.database.read(|tx| {
            tx.rows(
                "SELECT body FROM research_examinations WHERE concept = ?1 AND generation = ?2 ORDER BY ordinal, symbol",
                &key,
                |row| row.text(0),
            )
        })?;
        let lifetime = trials::lifetime(self.database)?;
        let looks = Looks { raw: lifetime.raw, effective: lifetime.effective };
        let mut own = Looks::default();
        let mut reasons_not: Vec<String> = Vec::new();
        let mut judged = Vec::new();
        for body in bodies {
            let item: ExaminationView =
                serde_json::from_str(&body).map_err(|e| StageError::Broken(format!("stored examination: {e}")))?;
            own.raw += item.own.raw;
            own.effective += item.own.effective;
            let Some(evidence) = &item.evidence else {
                reasons_not.push(item.summary.clone());
                continue;
            };
            let prices = trials::prices_of(self.database, job.concept.as_str(), job.generation, &item.symbol)?;
            let count = match &prices {
                Some(hash) => trials::on(self.database, hash)?,
                None => trials::Count::default(),
            };
            let evidence = Evidence::from(evidence);
            judged.push((prices.unwrap_or_else(|| item.symbol.clone()), evidence, count, item));
        }
        let items: Vec<ConceptItem<'_>> = judged
            .iter()
            .map(|(data_set, evidence, count, item)| ConceptItem {
                data_set,
                evidence,
                looks: Looks { raw: count.raw, effective: count.effective }.into(),
                periods_per_year: item.periods_per_year,
                scatter: item.scatter,
            })
            .collect();
        Ok(match concept(&items, &Thresholds::default()) {
            Some(judgement) => {
                let (evidence, ruling) = &judgement.items[judgement.best];
                let item = &judged[judgement.best].3;
                let elsewhere: Vec<f64> = judged
                    .iter()
                    .filter(|(_, _, _, other)| other.ordinal == item.ordinal && other.symbol != item.symbol)
                    .filter_map(|(_, evidence, _, _)| evidence.permutation.map(|permuted| permuted.p))
                    .collect();
                VerdictView {
                    verdict: ruling.verdict.as_str().into(),
                    summary: ruling.summary.clone(),
                    best: Some((item.ordinal, item.symbol.clone())),
                    reasons: reasons(ruling),
                    evidence: Some(EvidenceView::from(evidence)),
                    looks,
                    own,
                    agreement: agreement(&elsewhere).map(|a| AgreementView {
                        others: a.others,
                        agree: a.agree,
                        p: a.p,
                    }),
                    at: self.now().to_string(),
                }
            }
            None => {
                reasons_not.extend(proposals.iter().filter_map(|(_, p)| {
                    p.refused.as_ref().map(|why| format!("the script from {} cannot be read: {why}", p.from))
                }));
                let why = match reasons_not.first() {
                    Some(first) => first.clone(),
                    None => "There are no prices to test it on.".into(),
                };
                VerdictView { summary: why, own, looks, ..not_testable(self.now()) }
            }
        })
    }

    /// The verdict, the concept's end and the job's, in one transaction. A verdict that is there already stands.
    fn conclude(&self, job: &Job, verdict: VerdictView) -> Result<String, StageError> {
        let now = self.now();
        let body = serde_json::to_string(&verdict).expect("plain fields");
        let statistic = verdict.evidence.as_ref().and_then(|e| e.dsr_effective);
        let why = verdict.reasons.iter().find(|r| !r.passed).map_or(&verdict.summary, |r| &r.text).clone();
        self.database.write(|tx: &Tx<'_>| {
            let added = tx.execute(
                "INSERT OR IGNORE INTO research_verdicts (concept, generation, verdict, statistic, why, body, at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                &[
                    job.concept.as_str().into(),
                    job.generation.into(),
                    verdict.verdict.clone().into(),
                    statistic.into(),
                    why.clone().into(),
                    body.into(),
                    now.into(),
                ],
            )?;
            if added > 0 {
                tx.execute(
                    "UPDATE research_concepts SET state = 'done', why = ?3, finished_at = ?4
                     WHERE id = ?1 AND generation = ?2 AND state <> 'failed'",
                    &[job.concept.as_str().into(), job.generation.into(), why.into(), now.into()],
                )?;
                timeline::add(tx, &job.concept, now, "verdict", &verdict.summary, None)?;
            }
            finish(tx, job, now)
        })?;
        Ok(verdict.verdict)
    }
}

fn not_testable(now: Timestamp) -> VerdictView {
    VerdictView {
        verdict: Verdict::NotTestable.as_str().into(),
        summary: String::new(),
        best: None,
        reasons: vec![],
        evidence: None,
        looks: Looks::default(),
        own: Looks::default(),
        agreement: None,
        at: now.to_string(),
    }
}

/// Who searched the permuted markets, in words.
fn computed(permutation: &Permutation) -> String {
    let Permutation { permutations, computed, .. } = permutation;
    let because = computed.because.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
    match &computed.device {
        None => format!("the processor{because}"),
        Some(device) => format!(
            "{device}, which decided {} of {permutations} permuted markets by nominating {} sets; every figure is the processor's{because}",
            computed.screened, computed.again
        ),
    }
}

/// The same strategy on the same prices draws the same numbers.
fn seed(pine: &str, prices: &str) -> Seed {
    let hash = ContentHash::of(format!("{pine}\n{prices}").as_bytes());
    Seed(u64::from_le_bytes(hash.0[..8].try_into().expect("eight bytes")))
}

/// What the strategy reads and the data set lacks: volume that is always 0, or highs and lows that are the close.
fn missing_columns(strategy: &Strategy, bars: &Bars) -> Option<&'static str> {
    let no_volume = bars.volume.iter().all(|v| *v == 0.0);
    let close_only = bars.high == bars.close && bars.low == bars.close;
    if !no_volume && !close_only {
        return None;
    }
    let read = columns_read(strategy.into(), bars);
    match () {
        () if no_volume && read.volume => Some("volume"),
        () if close_only && read.range => Some("opens, highs or lows"),
        () => None,
    }
}

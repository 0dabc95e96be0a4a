//! The metric catalogue: one typed method for each thing that is counted or gauged.
//!
//! Names after the Prometheus conventions: prefix `pipeline_`, base units, `_total` on counters only. Labels come from closed
//! enums (`labels`), so the number of series is fixed when the program is built.

mod exposition;
mod labels;
mod series;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use assay_units::{ConceptId, Timestamp};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::exemplar::HistogramWithExemplars;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

pub use exposition::{Exposition, exposition_for};
pub use labels::{ConceptOutcome, Denial, QueueState, Resource, SearchedBy, SignatureFault, Stage};
use series::{MaybeGauge, MaybeInfo, PerLabel};

/// Upper bounds in seconds. Stages promise to end within 300 s and concepts within 600 s; both lie on a bound.
const SECONDS: [f64; 13] = [0.05, 0.25, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 450.0, 600.0, 900.0];

/// The concept that an observation belongs to: an exemplar leads from a slow bucket to that concept's page.
type Exemplar = Vec<(String, String)>;
type Seconds = HistogramWithExemplars<Exemplar>;

/// Every metric of the program. Cheap to clone; all clones count together.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Catalogue>);

#[derive(Debug)]
struct Catalogue {
    registry: Registry,
    concepts: PerLabel<ConceptOutcome, Counter>,
    concept_seconds: Seconds,
    stage_seconds: PerLabel<Stage, Seconds>,
    queue_depth: PerLabel<QueueState, Gauge>,
    dead_letters: Gauge,
    oldest_pending: MaybeGauge,
    deferred: PerLabel<Denial, Gauge>,
    budget_limit: PerLabel<Resource, Gauge>,
    budget_committed: PerLabel<Resource, Gauge>,
    budget_reserved: PerLabel<Resource, Gauge>,
    budget_orphaned: PerLabel<Resource, Gauge>,
    budget_denied: PerLabel<(Resource, Denial), Counter>,
    budget_unaccounted: PerLabel<Resource, Counter>,
    signature_failures: PerLabel<SignatureFault, Counter>,
    trials: Counter,
    log_dropped: Counter,
    markets: PerLabel<SearchedBy, Counter>,
    again: Counter,
    gpu: MaybeInfo,
    gpu_seconds: Counter<f64, AtomicU64>,
    gpu_halved: Counter,
    gpu_batch_fill: MaybeGauge,
    gpu_utilization: MaybeGauge,
    gpu_memory_used: MaybeGauge,
    gpu_memory: MaybeGauge,
    gpu_temperature: MaybeGauge,
    gpu_power: MaybeGauge,
}

/// What a GPU did for one search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GpuEffort {
    /// Time that it worked, copies included.
    pub computation_time: Duration,
    /// Share of the batches' invocations that had a point, 0 to 1.
    pub batch_fill: f64,
    /// How often a batch was halved because memory ran out.
    pub halved: u64,
}

/// What a card's driver says of it now. What it does not say is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GpuLevels {
    /// Share of the last sampling period in which a kernel ran, 0 to 1.
    pub utilization: Option<f64>,
    /// Memory in use, in bytes.
    pub memory_used: Option<f64>,
    /// All memory, in bytes.
    pub memory: Option<f64>,
    /// Degrees Celsius.
    pub temperature: Option<f64>,
    /// Watts.
    pub power: Option<f64>,
}

/// What the ledger says of one resource today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetLevels {
    /// The cap.
    pub limit: u64,
    /// Spent for certain.
    pub committed: u64,
    /// Set aside for calls that are under way.
    pub reserved: u64,
    /// Counted as spent because nobody can prove otherwise.
    pub orphaned: u64,
}

impl Metrics {
    /// All metrics at 0. `version` is shown by `pipeline_build_info`.
    pub fn new(version: &str) -> Metrics {
        let mut registry = Registry::with_prefix("pipeline");
        let seconds = || Seconds::new(SECONDS.into_iter());
        let concepts = PerLabel::new(Counter::default);
        let concept_seconds = seconds();
        let stage_seconds = PerLabel::new(seconds);
        let queue_depth = PerLabel::new(Gauge::default);
        let dead_letters = Gauge::default();
        let oldest_pending = MaybeGauge::default();
        let deferred = PerLabel::new(Gauge::default);
        let [budget_limit, budget_committed, budget_reserved, budget_orphaned] =
            [(); 4].map(|()| PerLabel::new(Gauge::default));
        let budget_denied = PerLabel::new(Counter::default);
        let budget_unaccounted = PerLabel::new(Counter::default);
        let signature_failures = PerLabel::new(Counter::default);
        let (trials, log_dropped) = (Counter::default(), Counter::default());
        let (markets, again) = (PerLabel::new(Counter::default), Counter::default());
        let (gpu, gpu_seconds, gpu_halved) = (MaybeInfo::default(), Counter::default(), Counter::default());
        let [gpu_batch_fill, gpu_utilization, gpu_memory_used, gpu_memory, gpu_temperature, gpu_power] =
            [(); 6].map(|()| MaybeGauge::default());

        let r = &mut registry;
        r.register("build", "The version that runs", Info::new(vec![("version".to_owned(), version.to_owned())]));
        r.register("concepts", "Concepts that came to an end, by what became of them", concepts.clone());
        r.register("concept_duration_seconds", "From submission to the end of a concept", concept_seconds.clone());
        r.register("stage_duration_seconds", "Time that one attempt at a stage took", stage_seconds.clone());
        r.register("queue_depth", "Messages in the queue", queue_depth.clone());
        r.register("dlq_depth", "Messages given up, waiting for a person", dead_letters.clone());
        r.register("oldest_pending_timestamp_seconds", "When the oldest waiting message came", oldest_pending.clone());
        r.register("deferred_depth", "Concepts put off to a later day, by reason", deferred.clone());
        r.register("budget_limit", "Cap of the day in units", budget_limit.clone());
        r.register("budget_committed", "Units spent today", budget_committed.clone());
        r.register("budget_reserved", "Units set aside for calls under way", budget_reserved.clone());
        r.register("budget_orphaned", "Units counted as spent for want of proof", budget_orphaned.clone());
        r.register("budget_denied", "Requests for units that were refused", budget_denied.clone());
        r.register("budget_unaccounted", "Units spent beyond their reservation", budget_unaccounted.clone());
        r.register("webhook_signature_failures", "Deliveries refused for their signature", signature_failures.clone());
        r.register("trials", "Parameter sets tried on price data", trials.clone());
        r.register("log_dropped", "Log lines that could not be written", log_dropped.clone());
        r.register(
            "permuted_markets",
            "Permuted markets that were searched, by who found the best set",
            markets.clone(),
        );
        r.register("gpu_points_again", "Points that a GPU nominated and the processor traded again", again.clone());
        r.register("gpu", "The GPU that screens permuted markets", gpu.clone());
        r.register("gpu_computation_time_seconds", "Time that the GPU worked, copies included", gpu_seconds.clone());
        r.register("gpu_batches_halved", "Batches that were halved because memory ran out", gpu_halved.clone());
        r.register("gpu_batch_fill_ratio", "Share of the last batches' invocations with work", gpu_batch_fill.clone());
        r.register("gpu_utilization_ratio", "Share of the time in which a kernel ran", gpu_utilization.clone());
        r.register("gpu_memory_used_bytes", "Memory of the GPU in use", gpu_memory_used.clone());
        r.register("gpu_memory_bytes", "Memory of the GPU", gpu_memory.clone());
        r.register("gpu_temperature_celsius", "Temperature of the GPU", gpu_temperature.clone());
        r.register("gpu_power_watts", "Power that the GPU draws", gpu_power.clone());

        Metrics(Arc::new(Catalogue {
            registry,
            concepts,
            concept_seconds,
            stage_seconds,
            queue_depth,
            dead_letters,
            oldest_pending,
            deferred,
            budget_limit,
            budget_committed,
            budget_reserved,
            budget_orphaned,
            budget_denied,
            budget_unaccounted,
            signature_failures,
            trials,
            log_dropped,
            markets,
            again,
            gpu,
            gpu_seconds,
            gpu_halved,
            gpu_batch_fill,
            gpu_utilization,
            gpu_memory_used,
            gpu_memory,
            gpu_temperature,
            gpu_power,
        }))
    }

    /// A concept came to an end, `took` after it was submitted.
    pub fn concept_finished(&self, concept: &ConceptId, outcome: ConceptOutcome, took: Duration) {
        self.0.concepts.at(outcome).inc();
        self.0.concept_seconds.observe(took.as_secs_f64(), Some(exemplar(concept)), None);
    }

    /// One attempt at a stage ended.
    pub fn stage_finished(&self, concept: &ConceptId, stage: Stage, took: Duration) {
        self.0.stage_seconds.at(stage).observe(took.as_secs_f64(), Some(exemplar(concept)), None);
    }

    /// How many messages are in `state`.
    pub fn set_queue_depth(&self, state: QueueState, messages: u64) {
        self.0.queue_depth.at(state).set(level(messages));
    }

    /// How many dead letters wait.
    pub fn set_dead_letters(&self, messages: u64) {
        self.0.dead_letters.set(level(messages));
    }

    /// When the oldest waiting message came; with none waiting the series is absent.
    pub fn set_oldest_pending(&self, since: Option<Timestamp>) {
        self.0.oldest_pending.set(since.map(|at| at.millis() as f64 / 1000.0));
    }

    /// How many concepts are put off for `reason`.
    pub fn set_deferred(&self, reason: Denial, concepts: u64) {
        self.0.deferred.at(reason).set(level(concepts));
    }

    /// Where a resource stands today.
    pub fn set_budget(&self, resource: Resource, levels: BudgetLevels) {
        self.0.budget_limit.at(resource).set(level(levels.limit));
        self.0.budget_committed.at(resource).set(level(levels.committed));
        self.0.budget_reserved.at(resource).set(level(levels.reserved));
        self.0.budget_orphaned.at(resource).set(level(levels.orphaned));
    }

    /// The budget refused a request.
    pub fn budget_denied(&self, resource: Resource, reason: Denial) {
        self.0.budget_denied.at((resource, reason)).inc();
    }

    /// More was spent than had been reserved.
    pub fn budget_unaccounted(&self, resource: Resource, units: u64) {
        self.0.budget_unaccounted.at(resource).inc_by(units);
    }

    /// A delivery was refused for its signature.
    pub fn signature_failed(&self, fault: SignatureFault) {
        self.0.signature_failures.at(fault).inc();
    }

    /// Parameter sets were tried on price data.
    pub fn trials_done(&self, trials: u64) {
        self.0.trials.inc_by(trials);
    }

    /// Permuted markets were searched.
    pub fn markets_searched(&self, by: SearchedBy, markets: u64) {
        self.0.markets.at(by).inc_by(markets);
    }

    /// A GPU, named once, did its part of a search, after which the processor traded `again` points.
    pub fn gpu_worked(&self, device: &str, effort: GpuEffort, again: u64) {
        self.0.gpu.set(vec![("device", device.to_owned())]);
        self.0.gpu_seconds.inc_by(effort.computation_time.as_secs_f64());
        self.0.gpu_halved.inc_by(effort.halved);
        self.0.gpu_batch_fill.set(Some(effort.batch_fill));
        self.0.again.inc_by(again);
    }

    /// How the card is doing that screens permuted markets.
    pub fn set_gpu(&self, levels: GpuLevels) {
        self.0.gpu_utilization.set(levels.utilization);
        self.0.gpu_memory_used.set(levels.memory_used);
        self.0.gpu_memory.set(levels.memory);
        self.0.gpu_temperature.set(levels.temperature);
        self.0.gpu_power.set(levels.power);
    }

    /// A log line was lost.
    pub fn log_dropped(&self) {
        self.0.log_dropped.inc();
    }

    /// The text of a scrape.
    pub fn render(&self, exposition: Exposition) -> String {
        exposition::render(&self.0.registry, exposition)
    }
}

fn exemplar(concept: &ConceptId) -> Exemplar {
    vec![("concept_id".to_owned(), concept.as_str().to_owned())]
}

fn level(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A gauge of f64, as `series` wraps it.
type Real = Gauge<f64, AtomicU64>;

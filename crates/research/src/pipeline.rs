//! The shells: a message arrives, is verified, accepted and answered; its stage works; what follows is published.
//!
//! [`Pipeline::deliver`] answers the webhook, [`Pipeline::turn`] does whatever is due. The loop around it lives in the app.
//! All that matters is in the database: a program that is killed anywhere goes on where it stopped.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use assay_backtest::Costs;
use assay_backtest::screening::Screener;
use assay_budget::{Door, Ledger, Unbilled};
use assay_corpus::Corpus;
use assay_corpus::fetch::Fetcher;
use assay_messages::{Client, Verifier, VerifyError};
use assay_storage::{Database, DatabaseError};
use assay_telemetry::{ConceptOutcome, Metrics};
use assay_units::{ConceptId, Timestamp, UtcDay};
use assay_world::World;
use http::HeaderMap;
use tokio::sync::Notify;
use url::Url;

use crate::inbox::{self, Accepted, Job};
use crate::outbox::{self, Body, Relay, chain};
use crate::prices::Prices;
use crate::settle::Settle;
use crate::stages::research::{Folder, Research, index_catalogue};
use crate::stages::validate::Validate;
use crate::stages::{self, StageError};
use crate::{Stage, submit};

/// Concepts whose sources are read at once.
const RESEARCH_AT_ONCE: usize = 4;
/// Messages of one stage of one concept, repetitions after a failure included.
const ROUNDS_MAX: i64 = 3;
/// Open jobs looked at.
const JOBS_MAX: i64 = 64;

/// What the app decides.
pub struct Settings {
    /// Where our webhooks are, seen from the engine; ends in a slash.
    pub webhooks: Url,
    /// Folder of documents to read.
    pub documents: Option<PathBuf>,
    /// The back-test's settings.
    pub validate: ValidateSettings,
    /// How asking the engine for its log is paid: not at all, for one of these reasons.
    pub unbilled: Unbilled,
    /// Pause between two looks at the engine's log.
    pub settle_every: Duration,
}

/// Settings of the validate stage.
#[derive(Clone, Debug)]
pub struct ValidateSettings {
    /// What trading costs.
    pub costs: Costs,
    /// Threads of a sweep.
    pub threads: usize,
    /// Largest grid.
    pub grid_max: u64,
    /// Permuted markets a search at most; without any nothing is plausible.
    pub permutations_max: u32,
    /// A device that may search permuted markets faster; no figure depends on it.
    pub screener: Option<Arc<dyn Screener>>,
}

/// What the pipeline works with.
pub struct Parts {
    /// The truth.
    pub database: Database,
    /// The budget's book.
    pub ledger: Ledger,
    /// How anything leaves.
    pub door: Door,
    /// Speaks to the message engine.
    pub client: Client,
    /// Checks deliveries.
    pub verifier: Verifier,
    /// Price data.
    pub prices: Prices,
    /// Sources.
    pub corpus: Corpus,
    /// Fetches pages; absent without a contact address.
    pub fetcher: Option<Fetcher>,
    /// Clock and chance.
    pub world: World,
    /// Counters.
    pub metrics: Metrics,
    /// The app's decisions.
    pub settings: Settings,
}

/// What is being worked on right now: for progress displays, lost with the process.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Activity {
    /// In words.
    pub what: String,
    /// Items done, and all of them.
    pub items: (usize, usize),
    /// Grid points of the current item done, and all of them.
    pub points: (u64, u64),
}

/// All activities.
#[derive(Default)]
pub struct Activities {
    running: Mutex<BTreeMap<String, Activity>>,
    trials: AtomicU64,
}

impl Activities {
    pub(crate) fn set(&self, concept: &ConceptId, what: &str, items: (usize, usize), points: (u64, u64)) {
        let mut running = self.running.lock().expect("no panic while noting progress");
        running.insert(concept.to_string(), Activity { what: what.to_owned(), items, points });
    }

    pub(crate) fn judged(&self, trials: u64) {
        self.trials.fetch_add(trials, Ordering::Relaxed);
    }

    fn clear(&self, concept: &ConceptId) {
        self.running.lock().expect("no panic while noting progress").remove(concept.as_str());
    }

    /// By concept.
    pub fn all(&self) -> BTreeMap<String, Activity> {
        self.running.lock().expect("no panic while noting progress").clone()
    }
}

/// What a webhook call was.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// Not from the engine: 401.
    #[error("the delivery is refused: {0}")]
    Forged(#[from] VerifyError),
    /// From the engine, and not one of ours: 489, so that it is not tried again.
    #[error("the delivery cannot be read: {0}")]
    Malformed(String),
    /// The database failed: 503, so that it is tried again.
    #[error("the delivery could not be accepted")]
    Database(#[from] DatabaseError),
}

/// The life of all concepts. Cheap to clone.
#[derive(Clone)]
pub struct Pipeline(Arc<Inner>);

struct Inner {
    parts: Parts,
    folder: Option<Folder>,
    activities: Activities,
    /// Jobs that somebody works on in this process.
    taken: Mutex<BTreeSet<(String, i64, &'static str, i64)>>,
    settle_at: Mutex<Timestamp>,
    pruned: Mutex<Option<UtcDay>>,
    wake: Notify,
    stop: AtomicBool,
}

impl Pipeline {
    /// Prepares the pipeline: the catalogue is indexed, reservations of a run that was killed are counted as spent.
    ///
    /// # Errors
    /// When the database fails.
    pub fn new(parts: Parts) -> Result<Pipeline, DatabaseError> {
        let now = parts.world.clock.now();
        index_catalogue(&parts.database, &parts.corpus, now)?;
        parts.ledger.recover(now)?;
        let folder = parts.settings.documents.clone().map(Folder::new);
        Ok(Pipeline(Arc::new(Inner {
            parts,
            folder,
            activities: Activities::default(),
            taken: Mutex::default(),
            settle_at: Mutex::new(now),
            pruned: Mutex::default(),
            wake: Notify::new(),
            stop: AtomicBool::new(false),
        })))
    }

    /// What is being worked on.
    pub fn activities(&self) -> &Activities {
        &self.0.activities
    }

    /// Says that there may be something to do.
    pub fn wake(&self) {
        self.0.wake.notify_one();
    }

    /// Waits until there may be something to do.
    pub async fn woken(&self) {
        self.0.wake.notified().await;
    }

    /// Begins the end: sweeps stop at their next batch and their jobs stay open for the next start.
    pub fn stop(&self) {
        self.0.stop.store(true, Ordering::Relaxed);
        self.wake();
    }

    /// Whether somebody works on a job.
    pub fn is_idle(&self) -> bool {
        self.0.taken.lock().expect("no panic while taking jobs").is_empty()
    }

    /// Answers one delivery: verifies it over its exact bytes and address, then accepts it durably.
    ///
    /// # Errors
    /// See [`DeliveryError`], each with the status that the engine understands.
    pub fn deliver(&self, stage: &str, headers: &HeaderMap, body: &[u8]) -> Result<Accepted, DeliveryError> {
        let parts = &self.0.parts;
        let now = parts.world.clock.now();
        let url = parts.settings.webhooks.join(stage).map_err(|e| DeliveryError::Malformed(e.to_string()))?;
        let info = parts.verifier.verify_delivery(headers, url.as_str(), body, now)?;
        let body: Body = serde_json::from_slice(body).map_err(|e| DeliveryError::Malformed(e.to_string()))?;
        if body.stage.as_str() != stage {
            return Err(DeliveryError::Malformed(format!("a {} message came to {stage}", body.stage.as_str())));
        }
        let accepted = inbox::accept(&parts.database, &body, &info.message_id, info.retried, now)?;
        self.wake();
        Ok(accepted)
    }

    /// Does what is due: admits deferred concepts, publishes, settles, starts jobs. Returns how long nothing is due for certain.
    ///
    /// # Errors
    /// When the database fails; calling again later is right.
    pub async fn turn(&self) -> Result<(), DatabaseError> {
        let parts = &self.0.parts;
        if self.0.stop.load(Ordering::Relaxed) {
            return Ok(());
        }
        submit::admit_deferred(&parts.database, &parts.ledger, parts.world.clock.now())?;
        let relay = Relay {
            database: &parts.database,
            ledger: &parts.ledger,
            door: &parts.door,
            client: &parts.client,
            webhooks: &parts.settings.webhooks,
            metrics: &parts.metrics,
        };
        relay.publish_due(parts.world.clock.now()).await?;
        self.start_jobs()?;
        self.settle().await
    }

    async fn settle(&self) -> Result<(), DatabaseError> {
        let parts = &self.0.parts;
        let now = parts.world.clock.now();
        self.prune(now)?;
        {
            let mut at = self.0.settle_at.lock().expect("no panic while settling");
            if now < *at {
                return Ok(());
            }
            *at = now + parts.settings.settle_every;
        }
        let settle = Settle {
            database: &parts.database,
            ledger: &parts.ledger,
            door: &parts.door,
            client: &parts.client,
            unbilled: parts.settings.unbilled,
            metrics: &parts.metrics,
        };
        settle.settle_open(now).await.map(|_| ())
    }

    /// Once a day: the budget's book forgets what is long over.
    fn prune(&self, now: Timestamp) -> Result<(), DatabaseError> {
        let mut pruned = self.0.pruned.lock().expect("no panic while pruning");
        if *pruned != Some(now.utc_day()) {
            self.0.parts.ledger.prune(now)?;
            *pruned = Some(now.utc_day());
        }
        Ok(())
    }

    fn start_jobs(&self) -> Result<(), DatabaseError> {
        for (stage, at_once) in [(Stage::Research, RESEARCH_AT_ONCE), (Stage::Validate, 1)] {
            for job in inbox::open_jobs(&self.0.parts.database, stage, JOBS_MAX)? {
                let key = (job.concept.to_string(), job.generation, stage.as_str(), job.round);
                {
                    let mut taken = self.0.taken.lock().expect("no panic while taking jobs");
                    if taken.iter().filter(|(_, _, of, _)| *of == stage.as_str()).count() >= at_once {
                        break;
                    }
                    if !taken.insert(key.clone()) {
                        continue;
                    }
                }
                let pipeline = self.clone();
                tokio::spawn(async move {
                    pipeline.work(&job).await;
                    pipeline.0.activities.clear(&job.concept);
                    pipeline.0.taken.lock().expect("no panic while taking jobs").remove(&key);
                    pipeline.wake();
                });
            }
        }
        Ok(())
    }

    async fn work(&self, job: &Job) {
        match inbox::is_open(&self.0.parts.database, job) {
            Ok(true) => {}
            Ok(false) => return,
            // The job stays open and is found again by the next turn.
            Err(error) => return tracing::error!(event = "stage_failed", "{}", chain(&error)),
        }
        let begun = self.0.parts.world.clock.now();
        let span = tracing::info_span!("stage", concept_id = job.concept.as_str(), stage = job.stage.as_str());
        let outcome = match job.stage {
            Stage::Research => self.research(job).await,
            Stage::Validate => self.validate(job).await,
        };
        let _in_span = span.enter();
        let parts = &self.0.parts;
        let took = parts.world.clock.now().since(begun);
        match outcome {
            Ok(verdict) => {
                let stage = match job.stage {
                    Stage::Research => assay_telemetry::Stage::Research,
                    Stage::Validate => assay_telemetry::Stage::Validate,
                };
                parts.metrics.stage_finished(&job.concept, stage, took);
                if let Some(outcome) = verdict.as_deref().and_then(ConceptOutcome::parse) {
                    let since = self.submitted_at(&job.concept).unwrap_or(begun);
                    parts.metrics.concept_finished(&job.concept, outcome, parts.world.clock.now().since(since));
                }
                tracing::info!(
                    event = "stage_finished",
                    duration_ms = took.as_millis() as u64,
                    verdict,
                    "stage finished"
                );
            }
            Err(StageError::Stopped) => {
                tracing::info!(event = "stage_stopped", "stopped; the work goes on at the next start")
            }
            Err(error) => {
                tracing::warn!(event = "stage_failed", "{}", chain(&error));
                if let Err(error) = self.again(job, &error) {
                    // The job stays open and is found again by the next turn.
                    tracing::error!(event = "stage_failed", "{}", chain(&error));
                }
            }
        }
    }

    fn submitted_at(&self, concept: &ConceptId) -> Option<Timestamp> {
        let read: Result<_, DatabaseError> = self.0.parts.database.read(|tx| {
            let sql = "SELECT created_at FROM research_concepts WHERE id = ?1";
            tx.row(sql, &[concept.as_str().into()], |row| row.time(0))
        });
        read.ok().flatten()
    }

    async fn research(&self, job: &Job) -> Result<Option<String>, StageError> {
        let (pipeline, job) = (self.clone(), job.clone());
        // A task of its own, so that a panic is a failed stage like any other.
        let work = tokio::spawn(async move {
            let parts = &pipeline.0.parts;
            let stage = Research {
                database: &parts.database,
                corpus: &parts.corpus,
                fetcher: parts.fetcher.as_ref(),
                folder: pipeline.0.folder.as_ref(),
                world: &parts.world,
                activities: &pipeline.0.activities,
            };
            stage.run(&job).await
        });
        work.await.map_err(|e| StageError::Broken(e.to_string()))?.map(|()| None)
    }

    async fn validate(&self, job: &Job) -> Result<Option<String>, StageError> {
        let (pipeline, job) = (self.clone(), job.clone());
        let work = tokio::task::spawn_blocking(move || {
            let parts = &pipeline.0.parts;
            let before = pipeline.0.activities.trials.load(Ordering::Relaxed);
            let stage = Validate {
                database: &parts.database,
                corpus: &parts.corpus,
                prices: &parts.prices,
                world: &parts.world,
                settings: &parts.settings.validate,
                activities: &pipeline.0.activities,
                metrics: &parts.metrics,
                stop: &pipeline.0.stop,
            };
            let verdict = stage.run(&job);
            parts.metrics.trials_done(pipeline.0.activities.trials.load(Ordering::Relaxed) - before);
            verdict
        });
        work.await.map_err(|e| StageError::Broken(e.to_string()))?.map(Some)
    }

    /// A stage that failed is sent again as a new message, later each time; then its concept ends with the reason.
    fn again(&self, job: &Job, error: &StageError) -> Result<(), DatabaseError> {
        let parts = &self.0.parts;
        let now = parts.world.clock.now();
        let why = chain(error);
        let failed = parts.database.write(|tx| {
            stages::finish(tx, job, now)?;
            if job.round + 1 < ROUNDS_MAX {
                let later = now + Duration::from_secs(5 << (2 * job.round));
                outbox::put(tx, &job.concept, job.generation, job.stage, job.round + 1, later, now)?;
                crate::timeline::add(tx, &job.concept, now, "stage failed", &format!("{why}; again at {later}"), None)?;
                return Ok(false);
            }
            let why = format!("{} failed {ROUNDS_MAX} times: {why}", job.stage.as_str());
            stages::fail(tx, &job.concept, job.generation, &why, now)
        })?;
        if failed {
            parts.metrics.concept_finished(&job.concept, ConceptOutcome::Failed, Duration::ZERO);
        }
        Ok(())
    }
}

//! The whole program on one directory, in one process, on a clock that only we move.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use assay_backtest::Costs;
use assay_budget::{Caps, Door, Ledger, Resource, Unbilled};
use assay_corpus::Corpus;
use assay_corpus::fetch::{Fetcher, Settings as FetchSettings};
use assay_market::{CsvLimits, PriceFile, read_csv};
use assay_messages::{Client, Destinations, Engine, EngineSettings, Secret, SigningKeys, Verifier};
use assay_research::pipeline::{Parts, Pipeline, Settings, ValidateSettings};
use assay_research::prices::Prices;
use assay_research::views::ConceptPage;
use assay_research::{Submission, SubmitError, Submitted, Views};
use assay_storage::{Database, Schema};
use assay_telemetry::Metrics;
use assay_units::{ConceptId, Seed, SplitMix64, Timestamp};
use assay_world::{Clock, SimulatedClock, SimulatedEntropy, World};
use tempfile::TempDir;
use url::Url;

use crate::wire::{OWN, Wire};

/// The published test credentials of the hosted service's local development server.
pub const CURRENT_KEY: &str = "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r";
const NEXT_KEY: &str = "sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs";
/// More moves than any story of ours needs.
const STEPS_MAX: usize = 5_000;
/// A stage that works longer hangs. Never waited for in a test that passes.
const STAGE_TIME_MAX: Duration = Duration::from_secs(120);

/// A script whose sweep takes a moment only: 4 x 4 points.
pub const SCRIPT: &str = r#"//@version=6
strategy("Small cross")
fastLength = input.int(5, "Fast", minval=3, maxval=9, step=2)
slowLength = input.int(20, "Slow", minval=15, maxval=30, step=5)
fast = ta.sma(close, fastLength)
slow = ta.sma(close, slowLength)
if fast > slow
    strategy.entry("Long", strategy.long)
if fast < slow
    strategy.close("Long")
"#;

/// What a world may have.
pub struct Options {
    pub caps: Caps,
    pub grid_max: u64,
    pub fetches: bool,
    pub documents: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Options {
        let caps = Caps { qstash_messages: 450, web_requests: 100, concepts: 50 };
        Options { caps, grid_max: 10_000, fetches: true, documents: None }
    }
}

/// The program while it runs: all of this is lost in a crash.
pub struct Program {
    pub database: Database,
    pub ledger: Ledger,
    pub views: Views,
    pub prices: Prices,
    pub engine: Engine,
    pub pipeline: Pipeline,
}

/// The world: what a crash leaves behind, and the program in it.
pub struct House {
    pub dir: TempDir,
    pub clock: Arc<SimulatedClock>,
    pub wire: Arc<Wire>,
    world: World,
    options: Options,
    program: Option<Program>,
}

pub fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn schemas() -> [Schema; 4] {
    [assay_budget::SCHEMA, assay_messages::SCHEMA, assay_corpus::SCHEMA, assay_research::SCHEMA]
}

impl House {
    pub fn new(options: Options) -> House {
        let (clock, wire) = (Arc::new(SimulatedClock::new(at("2026-03-02T10:00Z"))), Wire::new());
        let world =
            World { clock: clock.clone(), entropy: Arc::new(SimulatedEntropy::new(Seed(7))), network: wire.clone() };
        let mut house = House { dir: tempfile::tempdir().unwrap(), clock, wire, world, options, program: None };
        house.start();
        house.program().prices.import(&tiny(), "TINY", "A small walk", "a test", house.now()).unwrap();
        house
    }

    pub fn program(&self) -> &Program {
        self.program.as_ref().expect("it runs")
    }

    pub fn database(&self) -> &Database {
        &self.program().database
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn start(&mut self) {
        let database = Database::open(self.dir.path(), &schemas()).unwrap();
        let ledger = Ledger::new(database.clone(), self.options.caps);
        let door = Door::of(&self.world, ledger.clone());
        let keys = SigningKeys { current: Secret::new(CURRENT_KEY), next: Secret::new(NEXT_KEY) };
        let settings = EngineSettings {
            destinations: Destinations::Only(vec![OWN.to_owned()]),
            ..EngineSettings::local(Secret::new("token"))
        };
        let engine = Engine::new(database.clone(), self.world.clone(), keys, settings);
        engine.take_over(self.now()).unwrap();
        let fetcher = self.options.fetches.then(|| {
            let contact = "mailto:operator@example.org".to_owned();
            let settings = FetchSettings { contact, delay: Duration::ZERO, also: vec![] };
            Fetcher::new(Arc::new(door.clone()), database.clone(), self.clock.clone(), settings).unwrap()
        });
        let base = Url::parse(&format!("http://{OWN}/")).unwrap();
        let prices = Prices::new(database.clone(), self.dir.path());
        let pipeline = Pipeline::new(Parts {
            database: database.clone(),
            ledger: ledger.clone(),
            door,
            client: Client::new(base.clone(), Secret::new("token")),
            verifier: Verifier::new(Secret::new(CURRENT_KEY), Secret::new(NEXT_KEY), Duration::from_secs(30)),
            prices: prices.clone(),
            corpus: Corpus::new(database.clone()),
            fetcher,
            world: self.world.clone(),
            metrics: Metrics::new("0"),
            settings: Settings {
                webhooks: base.join("webhooks/").unwrap(),
                documents: self.options.documents.clone(),
                validate: ValidateSettings {
                    costs: Costs { fee: 0.0005, slippage: 0.0002 },
                    threads: 1,
                    grid_max: self.options.grid_max,
                    permutations_max: 20,
                    screener: None,
                },
                unbilled: Unbilled::Loopback,
                settle_every: Duration::from_secs(1),
            },
        })
        .unwrap();
        self.wire.connect(Some((engine.clone(), pipeline.clone())));
        let views = Views::new(database.clone(), ledger.clone());
        self.program = Some(Program { database, ledger, views, prices, engine, pipeline });
    }

    /// The program is gone, with all that it had in memory, and starts again on the same directory.
    pub async fn crash(&mut self) {
        let program = self.program.take().expect("it runs");
        // Work that a real crash would cut off in the middle ends here as a stop ends it: a sweep breaks off.
        program.pipeline.stop();
        idle(&program.pipeline).await;
        self.wire.connect(None);
        drop(program);
        self.start();
    }

    /// Other settings, as after an edit of the configuration and a restart.
    pub async fn restart_with(&mut self, edit: impl FnOnce(&mut Options)) {
        edit(&mut self.options);
        self.crash().await;
    }

    pub fn submit(&self, submission: Submission) -> Result<Submitted, SubmitError> {
        let program = self.program();
        let entropy = self.world.entropy.as_ref();
        assay_research::submit(&program.database, &program.ledger, entropy, submission, self.now())
    }

    /// A concept with the small script, tested on the small data set.
    pub fn concept(&self, text: &str) -> ConceptId {
        let small = Submission { pine: Some(SCRIPT.into()), ..on_tiny(text) };
        self.submit(small).unwrap().id().clone()
    }

    pub fn retry(&self, id: &ConceptId) -> Result<Submitted, SubmitError> {
        assay_research::retry(&self.program().database, &self.program().ledger, id.as_str(), self.now())
    }

    /// The three moves of the program, in order: whatever is due at this instant.
    pub async fn step(&self) {
        let Program { pipeline, engine, .. } = self.program();
        pipeline.turn().await.unwrap();
        idle(pipeline).await;
        engine.deliver_due().await.unwrap();
    }

    /// The same, broken off when the program dies on the wire.
    pub async fn step_or_die(&mut self) {
        let died = {
            let wire = self.wire.clone();
            tokio::select! {
                biased;
                () = wire.died() => true,
                () = self.step() => false,
            }
        };
        if died {
            self.crash().await;
        }
    }

    /// When something is due next; `None` when all is done, settled and quiet.
    pub fn next_due(&self) -> Option<Timestamp> {
        let soon = self.now() + Duration::from_secs(1);
        let of_ours = self
            .database()
            .read(|tx| {
                tx.row(
                    "SELECT (SELECT min(not_before) FROM research_outbox WHERE sent_at IS NULL),
                            (SELECT min(runs_at) FROM research_concepts c WHERE state = 'deferred' AND NOT EXISTS
                             (SELECT 1 FROM research_outbox o WHERE o.concept = c.id AND o.generation = c.generation)),
                            (SELECT min(accepted_at) FROM research_inbox WHERE finished_at IS NULL),
                            (SELECT ?1 FROM budget_reservations r JOIN messages_events e ON e.message_id = r.message_id
                             WHERE r.state = 'sent' AND e.state IN ('DELIVERED', 'FAILED'))",
                    &[soon.into()],
                    |row| (0..4).map(|i| row.opt_time(i)).collect::<Result<Vec<_>, _>>(),
                )
            })
            .unwrap();
        let of_engine = self.program().engine.next_due().unwrap();
        of_ours.unwrap().into_iter().flatten().chain(of_engine).min()
    }

    /// Moves the clock to what is due next. False when nothing is.
    pub fn sleep(&self) -> bool {
        let Some(at) = self.next_due() else { return false };
        self.clock.set(at.max(self.now()));
        true
    }

    /// Lives until nothing is left to do.
    pub async fn run(&self) {
        self.run_and(|_| {}).await;
    }

    /// The same, with a look at the world after each step.
    pub async fn run_and(&self, look: impl Fn(&House)) {
        for _ in 0..STEPS_MAX {
            self.step().await;
            look(self);
            if !self.sleep() {
                return;
            }
        }
        panic!("no end after {STEPS_MAX} steps: {:?}", self.program().views.states());
    }

    /// The same, dying wherever the wire was told to and after every `crash_every` steps.
    pub async fn run_and_crash(&mut self, crash_every: usize, look: impl Fn(&House)) {
        for step in 1..STEPS_MAX {
            self.step_or_die().await;
            look(self);
            if step % crash_every == 0 {
                self.crash().await;
                look(self);
            }
            if !self.sleep() {
                return;
            }
        }
        panic!("no end after {STEPS_MAX} steps: {:?}", self.program().views.states());
    }

    pub fn page(&self, id: &ConceptId) -> ConceptPage {
        self.program().views.page(id.as_str()).unwrap().expect("the concept is there")
    }

    pub fn state(&self, id: &ConceptId) -> String {
        self.page(id).concept.state
    }

    /// The history in short: what happened, without the details.
    pub fn history(&self, id: &ConceptId) -> Vec<String> {
        self.page(id).timeline.into_iter().map(|line| line.what).collect()
    }

    /// One number out of the database.
    pub fn count(&self, sql: &str) -> i64 {
        self.database().read(|tx| tx.row(sql, &[], |row| row.int(0))).unwrap().expect("an aggregate has one row")
    }

    /// Every row of every table but the history's.
    pub fn everything(&self) -> String {
        let database = self.database();
        let texts = |sql: &str| database.read(|tx| tx.rows(sql, &[], |row| row.text(0))).unwrap();
        let mut all = String::new();
        for table in texts(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'research_timeline'
             AND (name LIKE 'research_%' OR name LIKE 'budget_%' OR name LIKE 'messages_%') ORDER BY name",
        ) {
            let columns = texts(&format!("SELECT 'quote(' || name || ')' FROM pragma_table_info('{table}')"));
            let rows = texts(&format!("SELECT {} FROM {table} ORDER BY 1", columns.join(" || '|' || ")));
            writeln!(all, "{table}\n{}", rows.join("\n")).unwrap();
        }
        all
    }

    /// What must hold at every instant, however unlucky the world.
    pub fn check_invariants(&self, story: &str) {
        for usage in self.program().ledger.usages(self.now()).unwrap() {
            let taken = usage.settled + usage.reserved;
            assert!(taken <= usage.cap, "{story}: {taken} of {} {} taken", usage.cap, usage.resource);
            assert_eq!(usage.unaccounted, 0, "{story}: {} past the door", usage.resource);
        }
        let attempts = "SELECT coalesce(max(n), 0) FROM
            (SELECT count(*) AS n FROM messages_events WHERE state = 'ACTIVE' GROUP BY message_id)";
        assert!(self.count(attempts) <= 4, "{story}: a message was attempted {} times", self.count(attempts));
        let twice = "SELECT count(*) FROM (SELECT 1 FROM research_timeline WHERE what = 'verdict'
            GROUP BY concept HAVING count(*) > (SELECT generation FROM research_concepts c WHERE c.id = concept))";
        assert_eq!(self.count(twice), 0, "{story}: a concept was judged twice");
        let unjudged = "SELECT count(*) FROM research_concepts c WHERE (state = 'done') <> EXISTS
            (SELECT 1 FROM research_verdicts v WHERE v.concept = c.id AND v.generation = c.generation)";
        assert_eq!(self.count(unjudged), 0, "{story}: done and judged are not the same");
    }

    /// What must hold once nothing is left to do.
    pub fn check_ended(&self, story: &str) {
        self.check_invariants(story);
        for row in self.program().views.concepts().unwrap() {
            let ended = row.state == "done" || (row.state == "failed" && !row.why.is_empty());
            assert!(ended, "{story}: {} ended as {} ({})", row.text, row.state, row.why);
            assert_eq!(row.runs_at, None, "{story}: {} has ended and is still to run", row.text);
        }
        let usage = self.program().ledger.usage(Resource::QstashMessages, self.now()).unwrap();
        assert_eq!(usage.reserved, 0, "{story}: a reservation was left open");
    }
}

/// Waits until nobody works on a job.
pub async fn idle(pipeline: &Pipeline) {
    let wait = async {
        while !pipeline.is_idle() {
            pipeline.woken().await;
        }
    };
    tokio::time::timeout(STAGE_TIME_MAX, wait).await.expect("a stage ends");
}

pub fn on_tiny(text: &str) -> Submission {
    Submission { text: text.into(), symbols: vec!["TINY".into()], ..Submission::default() }
}

/// 600 daily bars of a seeded walk.
pub fn tiny() -> PriceFile {
    let mut chance = SplitMix64::new(Seed(11));
    let mut csv = String::from("time,open,high,low,close,volume\n");
    let (start, mut close) = (at("2020-01-01").seconds(), 100.0f64);
    for day in 0..600i64 {
        let open = close * (1.0 + (chance.next_unit() - 0.5) * 0.01);
        close = open * (1.0 + (chance.next_unit() - 0.49) * 0.03);
        let (high, low) = (open.max(close) * 1.004, open.min(close) * 0.996);
        let volume = 1_000 + chance.below(500);
        writeln!(csv, "{},{open:.4},{high:.4},{low:.4},{close:.4},{volume}", start + day * 86_400).unwrap();
    }
    file(&csv)
}

/// The same walk with closes only.
pub fn closes_only() -> PriceFile {
    let bars = tiny().bars;
    let mut csv = String::from("time,close\n");
    for (time, close) in bars.time.iter().zip(&bars.close) {
        writeln!(csv, "{},{close}", time / 1000).unwrap();
    }
    file(&csv)
}

fn file(csv: &str) -> PriceFile {
    read_csv(csv.as_bytes(), CsvLimits::STANDARD).unwrap()
}

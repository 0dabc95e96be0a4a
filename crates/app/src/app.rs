//! What every command opens: configuration, the database with all its parts, the budget's book.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use assay_budget::{Caps, Door, Ledger};
use assay_corpus::Corpus;
use assay_gpu::Gpu;
use assay_research::Views;
use assay_research::prices::Prices;
use assay_storage::{Database, Schema};
use assay_telemetry::Metrics;
use assay_world::network::RealNetwork;
use assay_world::{RealClock, RealEntropy, World};

use crate::cli::Global;
use crate::config::{Config, Given, Source, environment, read_dotenv, read_toml};
use crate::error::{AppError, Exit};

/// Everything but what runs and listens.
#[derive(Clone)]
pub struct App {
    /// What the operator chose.
    pub config: Config,
    /// The machine.
    pub world: World,
    /// The truth.
    pub database: Database,
    /// The budget's book.
    pub ledger: Ledger,
    /// How anything leaves.
    pub door: Door,
    /// Price data.
    pub prices: Prices,
    /// Sources.
    pub corpus: Corpus,
    /// What people see.
    pub views: Views,
    /// Counters.
    pub metrics: Metrics,
    /// The device that helps to search permuted markets, if it may.
    pub gpu: Option<Arc<Gpu>>,
}

/// The tables of all parts.
fn schemas() -> [Schema; 4] {
    [assay_budget::SCHEMA, assay_messages::SCHEMA, assay_corpus::SCHEMA, assay_research::SCHEMA]
}

/// Reads the configuration: `assay.toml` < `.env` < environment < flags.
pub fn configuration(global: &Global) -> Result<Config, AppError> {
    let mut layers = Vec::new();
    let toml = global.config.clone().unwrap_or_else(|| PathBuf::from("assay.toml"));
    if let Some(text) = read_optional(&toml, global.config.is_some())? {
        layers.push(read_toml(&toml, &text)?);
    }
    let dotenv = PathBuf::from(".env");
    if let Some(text) = read_optional(&dotenv, false)? {
        layers.push(read_dotenv(&dotenv, &text)?);
    }
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    let variables: Vec<(String, String)> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let home = home(&variables);
    layers.push(environment(variables.into_iter())?);
    let mut flags: Vec<Given> = Vec::new();
    let mut flag = |key: &str, value: Option<String>, name: &'static str| {
        if let Some(value) = value {
            let key = crate::config::KEYS.iter().find(|k| k.name == key).expect("flags name known keys");
            flags.push(Given { key, value, source: Source::Flag(name) });
        }
    };
    flag("ASSAY_DIR", global.dir.as_ref().map(|dir| dir.display().to_string()), "--dir");
    flag("ASSAY_LISTEN", global.listen.clone(), "--listen");
    layers.push(flags);
    Ok(Config::from_layers(layers, home)?)
}

fn read_optional(path: &Path, wanted: bool) -> Result<Option<String>, AppError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound && !wanted => Ok(None),
        Err(e) => Err(AppError::text(Exit::Config, format!("{}: cannot be read: {e}", path.display()))),
    }
}

/// Where data goes when nobody says: the XDG directory, or its usual place.
fn home(variables: &[(String, String)]) -> PathBuf {
    let of = |name: &str| variables.iter().find(|(n, v)| n == name && !v.is_empty()).map(|(_, v)| PathBuf::from(v));
    let data = of("XDG_DATA_HOME").or_else(|| of("HOME").map(|home| home.join(".local/share")));
    data.unwrap_or_else(|| PathBuf::from(".")).join("assay")
}

impl App {
    /// Opens the data directory of `config`. Several processes may do so; only one may run the pipeline.
    pub fn open(config: Config) -> Result<App, AppError> {
        let world =
            World { clock: Arc::new(RealClock), entropy: Arc::new(RealEntropy), network: Arc::new(RealNetwork::new()) };
        let database = Database::open(&config.dir, &schemas())?;
        let caps = Caps {
            qstash_messages: config.qstash_daily_limit,
            web_requests: config.web_requests_per_day,
            concepts: config.concepts_per_day,
        };
        let ledger = Ledger::new(database.clone(), caps);
        Ok(App {
            door: Door::of(&world, ledger.clone()),
            prices: Prices::new(database.clone(), &config.dir),
            corpus: Corpus::new(database.clone()),
            views: Views::new(database.clone(), ledger.clone()),
            metrics: Metrics::new(env!("CARGO_PKG_VERSION")),
            gpu: config.gpu.map(|policy| Arc::new(Gpu::new(policy, world.clock.clone()))),
            config,
            world,
            database,
            ledger,
        })
    }
}

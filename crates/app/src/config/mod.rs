//! What the operator chose: defaults < `assay.toml` < `.env` < environment < flags, with the source of each value kept.
//!
//! The only place that reads the environment and configuration files. Every key is known by name: an unknown or misspelt
//! one is refused with the nearest name, because a cap that is silently ignored is a bill.

mod keys;
mod read;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use assay_backtest::Costs;
use assay_gpu::Policy;
use assay_messages::Secret;
use assay_units::BasisPoints;
use url::Url;

pub use keys::{KEYS, Key};
pub use read::{Given, environment, read_dotenv, read_toml};

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Ours.
    Default,
    /// A line of a file.
    File(PathBuf, usize),
    /// A variable of the process.
    Environment,
    /// The command line.
    Flag(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Default => f.write_str("default"),
            Source::File(path, line) => write!(f, "{}:{line}", path.display()),
            Source::Environment => f.write_str("environment"),
            Source::Flag(flag) => f.write_str(flag),
        }
    }
}

/// Why a configuration was refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ConfigError {
    /// Nobody knows this key.
    #[error("{place}: unknown key {key}{}", nearest.as_ref().map(|n| format!("; did you mean {n}?")).unwrap_or_else(|| "; `assay config show` lists the keys".into()))]
    UnknownKey {
        /// File and line, or "environment".
        place: String,
        /// As written.
        key: String,
        /// The known key most like it.
        nearest: Option<String>,
    },
    /// The value does not fit its key.
    #[error("{place}: {key} = {shown}: {problem}")]
    BadValue {
        /// File and line, or "environment".
        place: String,
        /// The key.
        key: &'static str,
        /// The value, or `[secret]`.
        shown: String,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// The file cannot be read or is not of its format.
    #[error("{path}:{line}: {problem}")]
    BadFile {
        /// The file.
        path: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// Two keys that only make sense together.
    #[error("{0}")]
    Incomplete(String),
}

/// The checked configuration.
#[derive(Clone)]
pub struct Config {
    /// Where the database and reports live.
    pub dir: PathBuf,
    /// What the console and the engine listen on.
    pub listen: SocketAddr,
    /// New concepts a UTC day.
    pub concepts_per_day: u64,
    /// Billed message attempts a UTC day.
    pub qstash_daily_limit: u64,
    /// Requests to web sites a UTC day.
    pub web_requests_per_day: u64,
    /// Stored gigabytes at which the backup alert fires.
    pub r2_storage_alert_gb: u64,
    /// The hosted message service; `None` means the built-in engine.
    pub qstash: Option<Upstash>,
    /// Where documents to read lie.
    pub documents: Option<PathBuf>,
    /// Who answers for our requests to web sites: an address for the User-Agent.
    pub contact: Option<String>,
    /// Fees and slippage of every back-test.
    pub costs: Costs,
    /// Threads of a sweep; 0 means all cores.
    pub threads: usize,
    /// Largest grid that is swept.
    pub grid_max: u64,
    /// Permuted markets a search at most; without any nothing is plausible.
    pub permutations_max: u32,
    /// When permuted markets are searched with the help of a GPU; `None` is never.
    pub gpu: Option<Policy>,
    /// error, warn, info, debug, trace.
    pub log_level: String,
    /// Where each value came from.
    pub sources: BTreeMap<&'static str, (String, Source)>,
}

/// How to reach Upstash.
#[derive(Clone)]
pub struct Upstash {
    /// Its base address.
    pub url: Url,
    /// The publish token.
    pub token: Secret,
    /// Verifies deliveries.
    pub current_signing_key: Secret,
    /// Verifies deliveries after a rotation.
    pub next_signing_key: Secret,
    /// Where Upstash reaches our webhooks.
    pub public_url: Url,
}

impl Config {
    /// Puts the layers together, later ones winning. `home` is where data goes when no directory is named.
    pub fn from_layers(layers: Vec<Vec<Given>>, home: PathBuf) -> Result<Config, ConfigError> {
        let mut values: BTreeMap<&'static str, Given> = BTreeMap::new();
        for given in layers.into_iter().flatten() {
            values.insert(given.key.name, given);
        }
        let read = Reader(&values);
        let qstash = upstash(&read)?;
        let config = Config {
            dir: read.text("ASSAY_DIR").map_or(home, PathBuf::from),
            listen: read.parsed("ASSAY_LISTEN", "an address such as 127.0.0.1:8000")?,
            concepts_per_day: read.whole("MAX_CONCEPTS_PER_DAY", 1, 100_000)?,
            qstash_daily_limit: read.whole("QSTASH_DAILY_LIMIT", 1, 10_000_000)?,
            web_requests_per_day: read.whole("WEB_REQUESTS_PER_DAY", 0, 10_000_000)?,
            r2_storage_alert_gb: read.whole("R2_STORAGE_ALERT_GB", 1, 10)?,
            qstash,
            documents: read.text("ASSAY_DOCUMENTS").map(PathBuf::from),
            contact: read.text("ASSAY_CONTACT"),
            costs: Costs {
                fee: BasisPoints(read.number("ASSAY_FEE_BP", 0.0, 1_000.0)?).rate(),
                slippage: BasisPoints(read.number("ASSAY_SLIPPAGE_BP", 0.0, 1_000.0)?).rate(),
            },
            threads: read.whole("ASSAY_THREADS", 0, 1_024)? as usize,
            grid_max: read.whole("ASSAY_GRID_MAX", 1, 100_000_000)?,
            permutations_max: read.whole("ASSAY_PERMUTATIONS_MAX", 0, 10_000)? as u32,
            gpu: match read.choice("ASSAY_GPU", &["auto", "on", "off"])?.as_str() {
                "auto" => Some(Policy::AUTO),
                "on" => Some(Policy::ON),
                _ => None,
            },
            log_level: read.choice("ASSAY_LOG", &["error", "warn", "info", "debug", "trace"])?,
            sources: KEYS.iter().map(|key| (key.name, read.shown(key))).collect(),
        };
        Ok(config)
    }

    /// Every secret, for the log's redaction.
    pub fn secrets(&self) -> Vec<String> {
        let Some(upstash) = &self.qstash else { return Vec::new() };
        [&upstash.token, &upstash.current_signing_key, &upstash.next_signing_key].map(|s| s.expose().to_owned()).into()
    }
}

struct Reader<'a>(&'a BTreeMap<&'static str, Given>);

impl Reader<'_> {
    fn text(&self, name: &'static str) -> Option<String> {
        let key = keys::known(name);
        let given = self.0.get(name).map(|given| given.value.trim().to_owned());
        given.or_else(|| key.default.map(str::to_owned)).filter(|text| !text.is_empty())
    }

    fn bad(&self, name: &'static str, problem: impl Into<String>) -> ConfigError {
        let (shown, source) = self.shown(keys::known(name));
        ConfigError::BadValue { place: source.to_string(), key: name, shown, problem: problem.into() }
    }

    fn shown(&self, key: &Key) -> (String, Source) {
        match self.0.get(key.name) {
            Some(given) if key.secret => ("[secret]".into(), given.source.clone()),
            Some(given) => (given.value.clone(), given.source.clone()),
            None => (key.default.unwrap_or_default().to_owned(), Source::Default),
        }
    }

    fn parsed<T: std::str::FromStr>(&self, name: &'static str, wanted: &str) -> Result<T, ConfigError> {
        self.text(name).and_then(|text| text.parse().ok()).ok_or_else(|| self.bad(name, format!("must be {wanted}")))
    }

    fn whole(&self, name: &'static str, min: u64, max: u64) -> Result<u64, ConfigError> {
        let wanted = format!("must be a whole number from {min} to {max}");
        let value: u64 = self.text(name).and_then(|t| t.parse().ok()).ok_or_else(|| self.bad(name, &wanted))?;
        if (min..=max).contains(&value) { Ok(value) } else { Err(self.bad(name, wanted)) }
    }

    fn number(&self, name: &'static str, min: f64, max: f64) -> Result<f64, ConfigError> {
        let wanted = format!("must be a number from {min} to {max}");
        let value: f64 = self.text(name).and_then(|t| t.parse().ok()).ok_or_else(|| self.bad(name, &wanted))?;
        if (min..=max).contains(&value) { Ok(value) } else { Err(self.bad(name, wanted)) }
    }

    fn choice(&self, name: &'static str, choices: &[&str]) -> Result<String, ConfigError> {
        let text = self.text(name).unwrap_or_default();
        if choices.contains(&text.as_str()) {
            return Ok(text);
        }
        Err(self.bad(name, format!("must be one of {}", choices.join(", "))))
    }
}

fn upstash(read: &Reader<'_>) -> Result<Option<Upstash>, ConfigError> {
    let Some(url) = read.text("QSTASH_URL") else {
        // A token without an address would be a misunderstanding that costs a day: say so.
        if read.text("QSTASH_TOKEN").is_some() {
            return Err(ConfigError::Incomplete(
                "QSTASH_TOKEN is set but QSTASH_URL is not: set QSTASH_URL to use Upstash, or remove the token to use the built-in engine".into(),
            ));
        }
        return Ok(None);
    };
    let need = |name: &'static str| {
        read.text(name)
            .ok_or_else(|| ConfigError::Incomplete(format!("QSTASH_URL is set but {name} is not: Upstash needs it")))
    };
    let address = |name: &'static str, text: &str| {
        Url::parse(text)
            .ok()
            .filter(|url| url.scheme().starts_with("http"))
            .ok_or_else(|| read.bad(name, "must be an http or https address"))
    };
    Ok(Some(Upstash {
        url: address("QSTASH_URL", &url)?,
        token: Secret::new(need("QSTASH_TOKEN")?),
        current_signing_key: Secret::new(need("QSTASH_CURRENT_SIGNING_KEY")?),
        next_signing_key: Secret::new(need("QSTASH_NEXT_SIGNING_KEY")?),
        public_url: address("ASSAY_PUBLIC_URL", &need("ASSAY_PUBLIC_URL")?)?,
    }))
}

#[cfg(test)]
mod tests;

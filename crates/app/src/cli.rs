//! What may be typed. Commands are nouns with few verbs; results go to standard output, everything else to standard error.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

const AFTER: &str = "\
Exit codes:
  0  done            1  failed, may work later     2  the input is at fault
  3  the configuration is at fault                 4  what was named does not exist
  5  the directory or the port is in use, or cannot be written

Examples:
  assay demo --exit                       real verdicts in a minute, no network, no account
  assay serve                             run unattended; console at http://127.0.0.1:8000
  assay run \"golden cross\"                one concept, here and now
  assay concept add \"RSI mean reversion\" --symbol SPX
  assay concept list --json | jq '.[] | select(.verdict == \"plausible\")'";

/// Trading concepts in, honest verdicts out.
#[derive(Debug, Parser)]
#[command(name = "assay", version, about, after_help = AFTER, max_term_width = 110)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// For every command.
    #[command(flatten)]
    pub global: Global,
}

/// Flags of every command.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// Results as JSON on standard output.
    #[arg(long, global = true)]
    pub json: bool,
    /// Directory of the database and the reports [default: $ASSAY_DIR, or assay in the user's data directory].
    #[arg(long, global = true, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Configuration file [default: assay.toml, if there is one here].
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Address of the console and the message engine [default: 127.0.0.1:8000].
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub listen: Option<String>,
}

/// Commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Take a dozen real concepts through the whole pipeline on bundled prices, without network or account.
    #[command(after_help = "Example:\n  assay demo --exit --json > verdicts.json")]
    Demo(Demo),
    /// Run unattended: console, message engine, pipeline.
    #[command(
        after_help = "Example:\n  assay serve --listen 127.0.0.1:8080\n\nCtrl-C loses nothing: what is under way goes on at the next start."
    )]
    Serve,
    /// Judge one concept in the foreground and print its report.
    #[command(
        after_help = "Examples:\n  assay run \"golden cross\"\n  assay run \"my idea\" --pine idea.pine --symbol SPX --json"
    )]
    Run(Submit),
    /// Add, list, show and retry concepts.
    #[command(subcommand)]
    Concept(Concept),
    /// Import and list price data.
    #[command(subcommand)]
    Data(Data),
    /// Check Pine scripts, list the catalogue.
    #[command(subcommand)]
    Strategy(Strategy),
    /// What graphics processor there is, and what it is worth.
    #[command(subcommand)]
    Gpu(Gpu),
    /// Every look at data that was ever taken: what a verdict is deflated by.
    #[command(
        after_help = "Examples:\n  assay trials                 one line a data set\n  assay trials SPX --limit 5   the latest searches of one\n\nA look is never forgotten: judging an idea again makes its verdict stricter."
    )]
    Trials {
        /// A data set: its latest searches instead of all sums.
        symbol: Option<String>,
        /// Most searches shown.
        #[arg(long, default_value_t = 20)]
        limit: u32,
    },
    /// Search everything that was read, with quotes.
    #[command(after_help = "Example:\n  assay search \"oversold bounce\"")]
    Search {
        /// Words to look for.
        query: String,
        /// Most passages shown.
        #[arg(long, default_value_t = 10)]
        limit: usize,
    },
    /// What was spent today, and what is left.
    Budget,
    /// Switch a part off, durably: `crawler` fetches no page any more.
    Stop {
        /// Which part.
        part: Part,
    },
    /// Switch a part on again.
    Resume {
        /// Which part.
        part: Part,
    },
    /// Show and check the configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Completions for a shell, on standard output.
    #[command(after_help = "Example:\n  assay completions bash > ~/.local/share/bash-completion/completions/assay")]
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
}

/// `assay demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// End when the verdicts are there, instead of serving the console.
    #[arg(long)]
    pub exit: bool,
    /// Begin anew: delete the demo's earlier results.
    #[arg(long)]
    pub fresh: bool,
}

/// A concept.
#[derive(Debug, Args)]
pub struct Submit {
    /// The concept in a few words: "RSI mean reversion".
    pub text: String,
    /// Anything to add.
    #[arg(long)]
    pub note: Option<String>,
    /// A page to read; may be given several times.
    #[arg(long = "url", value_name = "URL")]
    pub urls: Vec<String>,
    /// A Pine strategy to test as it stands; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    pub pine: Option<PathBuf>,
    /// A data set to test on; may be given several times [default: all].
    #[arg(long = "symbol", value_name = "SYMBOL")]
    pub symbols: Vec<String>,
}

/// `assay concept`.
#[derive(Debug, Subcommand)]
pub enum Concept {
    /// Add a concept; a running `assay serve` works on it at once.
    Add(Submit),
    /// All concepts, newest first.
    List,
    /// One concept with its verdict, strategies, sources and history.
    Show {
        /// Its id.
        id: String,
        /// The report as Markdown or HTML.
        #[arg(long, value_enum)]
        report: Option<ReportFormat>,
    },
    /// Judge a finished concept again; its earlier looks stay counted.
    Retry {
        /// Its id.
        id: String,
    },
}

/// Formats of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ReportFormat {
    /// Markdown.
    Markdown,
    /// One self-contained page.
    Html,
}

/// `assay data`.
#[derive(Debug, Subcommand)]
pub enum Data {
    /// Import a CSV file of prices; `-` reads standard input.
    #[command(
        after_help = "Reads exports of TradingView, Yahoo, Stooq, Binance, MetaTrader, HistData, FRED and the like.\n\nExample:\n  assay data import prices.csv --symbol AAPL"
    )]
    Import {
        /// The file.
        file: PathBuf,
        /// What to call it: A-Z, 0-9, '.', '_', '-'.
        #[arg(long)]
        symbol: String,
        /// In words.
        #[arg(long)]
        name: Option<String>,
    },
    /// All data sets.
    List,
}

/// `assay strategy`.
#[derive(Debug, Subcommand)]
pub enum Strategy {
    /// Compile a Pine script and show its grid, or what is not supported and where.
    #[command(after_help = "Example:\n  assay strategy check idea.pine")]
    Check {
        /// The script; `-` reads standard input.
        file: PathBuf,
    },
    /// Say what becomes of a script: the path that executes it and why, its grid, its warm-up, where each expression is computed.
    #[command(
        after_help = "Example:\n  assay strategy explain idea.pine\n\nPaths, from fast to general: signals (columns), steps (many parameter sets in lock step), script (interpreted)."
    )]
    Explain {
        /// The script; `-` reads standard input.
        file: PathBuf,
    },
    /// Lay a Pine script out in the canonical way; comments stay, and so does its meaning.
    #[command(
        after_help = "Examples:\n  assay strategy fmt idea.pine               on standard output\n  assay strategy fmt --write *.pine          in place\n  assay strategy fmt --check *.pine          names those that would change; exit code 2 if there are any"
    )]
    Fmt {
        /// The scripts; `-` reads standard input.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Rewrite the files instead of printing them.
        #[arg(long, conflicts_with = "check")]
        write: bool,
        /// Only say which files would change.
        #[arg(long)]
        check: bool,
    },
    /// The bundled catalogue.
    List,
}

/// `assay gpu`.
#[derive(Debug, Subcommand)]
pub enum Gpu {
    /// The device that sweeps would run on, its precision and its state.
    Info {
        /// Take a software renderer too.
        #[arg(long)]
        software: bool,
    },
    /// Sweep a seeded market on the device and on all processor cores, side by side, and compare.
    #[command(after_help = "Example:\n  assay gpu bench --sets 1000000 --bars 2520 --json > gpu.json")]
    Bench {
        /// Parameter sets: a moving-average cross of about this many.
        #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(100..=100_000_000))]
        sets: u64,
        /// Bars of the market.
        #[arg(long, default_value_t = 2_520, value_parser = clap::value_parser!(u32).range(1_000..=5_000_000))]
        bars: u32,
        /// Rounds; the fastest of each side counts.
        #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=20))]
        rounds: u32,
        /// Compute in f32 even where the device has f64.
        #[arg(long)]
        single: bool,
        /// Take a software renderer too.
        #[arg(long)]
        software: bool,
    },
}

/// Parts that can be switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// Fetching pages.
    Crawler,
}

/// `assay config`.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Every key with its value and where it came from.
    Show,
    /// Whether the configuration is right; says what is not.
    Check,
}

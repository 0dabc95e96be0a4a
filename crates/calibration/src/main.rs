//! The calibration as one command: `cargo run --release -p assay-calibration -- --markets 2000`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use assay_backtest::SweepError;
use assay_calibration::concept::JudgeSettings;
use assay_calibration::planted::Mechanism;
use assay_calibration::planted::amplitude::AmplitudeError;
use assay_calibration::record::{RecordError, RecordFile};
use assay_calibration::report::Report;
use assay_calibration::study::{Job, Laboratory, Record, STRENGTHS, Size, jobs};
use assay_units::Seed;
use clap::Parser;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Shows how often the verdict is wrong, on markets without an edge and on markets with one.
#[derive(Debug, Parser)]
#[command(name = "assay-calibration", version)]
struct Arguments {
    /// Markets without an edge, of all kinds together
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u64).range(0..=1_000_000))]
    markets: u64,
    /// Markets on which the whole catalogue is searched
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u64).range(0..=100_000))]
    catalogue: u64,
    /// Markets for each mechanism and strength of a planted edge
    #[arg(long, default_value_t = 400, value_parser = clap::value_parser!(u64).range(0..=100_000))]
    planted: u64,
    /// Markets that calibrate the strength of an edge
    #[arg(long, default_value_t = 400, value_parser = clap::value_parser!(u64).range(2..=100_000))]
    truth: u64,
    /// A tenth of the markets that are judged
    #[arg(long)]
    quick: bool,
    /// Makes all markets repeatable
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Threads; 0 means all cores
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=1_024))]
    threads: u16,
    /// Where each judged market is recorded; a run that is cut off goes on from there
    #[arg(long, default_value = "target/calibration.jsonl")]
    record: PathBuf,
    /// Where the figures go as JSON
    #[arg(long)]
    json: Option<PathBuf>,
    /// Where the tables go as Markdown; standard output without it
    #[arg(long)]
    markdown: Option<PathBuf>,
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error("the strength of an edge cannot be calibrated")]
    Amplitude(#[from] AmplitudeError),
    #[error("{study}, market {index}: cannot be judged")]
    Judge {
        study: String,
        index: u64,
        #[source]
        cause: SweepError,
    },
    #[error("{}: cannot be written", path.display())]
    Write {
        path: PathBuf,
        #[source]
        cause: std::io::Error,
    },
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let mut cause: &dyn std::error::Error = &failure;
            eprint!("assay-calibration: {cause}");
            while let Some(next) = cause.source() {
                eprint!(": {next}");
                cause = next;
            }
            eprintln!();
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let share = |n: u64| if arguments.quick { n.div_ceil(10) } else { n };
    let size = Size {
        markets: share(arguments.markets),
        catalogue: share(arguments.catalogue),
        planted: share(arguments.planted),
        // With fewer, an edge of a Sharpe ratio of 1.5 may be out of reach by chance alone.
        truth: arguments.truth,
    };
    let mut laboratory = Laboratory::new(Seed(arguments.seed), JudgeSettings::default());
    let terms = laboratory.terms(size.truth);
    let (mut file, mut records) = RecordFile::open(&arguments.record, &terms)?;
    let bar = progress(1);
    if size.planted > 0 {
        bar.set_length((Mechanism::ALL.len() * STRENGTHS.len()) as u64);
        bar.set_message("calibrating the edges");
        for mechanism in Mechanism::ALL {
            for strength in 0..STRENGTHS.len() {
                laboratory.calibrate(mechanism, strength, size.truth)?;
                bar.inc(1);
            }
        }
    }
    let wanted = jobs(size);
    let there: BTreeSet<(String, u64)> = records.iter().map(|r| (r.study.clone(), r.index)).collect();
    let todo: Vec<Job> = wanted.iter().copied().filter(|job| !there.contains(&(job.study.key(), job.index))).collect();
    bar.set_length(todo.len() as u64);
    bar.set_position(0);
    bar.reset_eta();
    bar.set_message("judging markets");
    let threads = match arguments.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        n => usize::from(n),
    };
    judge_all(&laboratory, &todo, threads, &mut |record| {
        file.append(&record)?;
        records.push(record);
        bar.inc(1);
        Ok(())
    })?;
    bar.finish_and_clear();
    // Records of a larger run under the same terms do not count in a smaller one.
    let wanted: BTreeSet<(String, u64)> = wanted.iter().map(|job| (job.study.key(), job.index)).collect();
    records.retain(|record| wanted.contains(&(record.study.clone(), record.index)));
    let report = Report::of(&terms, &records, &|mechanism, strength| laboratory.planted(mechanism, strength).cloned());
    if let Some(path) = &arguments.json {
        let body = serde_json::to_string_pretty(&report).expect("plain fields") + "\n";
        std::fs::write(path, body).map_err(|cause| Failure::Write { path: path.clone(), cause })?;
    }
    match &arguments.markdown {
        Some(path) => {
            std::fs::write(path, report.markdown()).map_err(|cause| Failure::Write { path: path.clone(), cause })
        }
        None => {
            print!("{}", report.markdown());
            Ok(())
        }
    }
}

/// Judges `todo` on all threads; `take` gets each record as it comes. The first failure ends it.
fn judge_all(
    laboratory: &Laboratory,
    todo: &[Job],
    threads: usize,
    take: &mut dyn FnMut(Record) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let next = AtomicUsize::new(0);
    let (send, receive) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..threads.min(todo.len()) {
            let (send, next) = (send.clone(), &next);
            scope.spawn(move || {
                while let Some(job) = todo.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let failed = |cause| Failure::Judge { study: job.study.key(), index: job.index, cause };
                    // Nobody listens any more once something failed.
                    if send.send(laboratory.judge(*job).map_err(failed)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(send);
        let mut outcome = Ok(());
        for result in receive {
            outcome = result.and_then(&mut *take);
            if outcome.is_err() {
                // The markets under way are finished and dropped; no more are begun.
                next.store(todo.len(), Ordering::Relaxed);
                break;
            }
        }
        outcome
    })
}

/// A bar on standard error; nothing where that is no terminal.
fn progress(length: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{bar:32} {pos}/{len}  {msg}  {elapsed}, {eta} to go");
    bar.set_style(style.expect("a template of plain fields"));
    bar
}

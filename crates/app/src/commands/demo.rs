//! `assay demo`: the whole pipeline on real prices, without network or account. The same code as `serve`, on a directory of
//! its own. Started again after a crash it goes on; started again after its end it shows what it found.

use std::process::ExitCode;
use std::time::Duration;

use assay_research::{Submission, submit};

use super::{runtime, start_log, verdicts};
use crate::app::App;
use crate::cli::Demo;
use crate::config::Config;
use crate::error::{AppError, Exit};
use crate::output;
use crate::progress::{Progress, is_over};
use crate::service::Service;

/// What people believe, from the well-tested to the untestable.
const CONCEPTS: [&str; 14] = [
    "golden cross 50/200",
    "RSI mean reversion",
    "MACD signal line crossover",
    "turtle trading Donchian breakout",
    "Bollinger band mean reversion",
    "Connors RSI-2",
    "52-week high momentum",
    "time series momentum",
    "turn of the month",
    "sell in May",
    "internal bar strength",
    "Supertrend",
    "volume breakout",
    "trading by the phases of the moon",
];

/// How often the display is drawn.
const DRAW_EVERY: Duration = Duration::from_millis(150);

/// Runs the demo.
pub fn demo(mut config: Config, demo: &Demo, json: bool) -> Result<ExitCode, AppError> {
    config.dir = config.dir.join("demo");
    if demo.fresh {
        forget(&config)?;
    }
    let app = App::open(config)?;
    start_log(&app.config, &app.metrics, true)?;
    runtime()?.block_on(run(app, demo, json))
}

/// Deletes an earlier demo, but never one that is running.
fn forget(config: &Config) -> Result<(), AppError> {
    if !config.dir.exists() {
        return Ok(());
    }
    let lock = assay_storage::InstanceLock::take(&config.dir)?;
    let failed = |e: std::io::Error| {
        AppError::text(Exit::Unavailable, format!("{}: cannot be cleared: {e}", config.dir.display()))
    };
    std::fs::remove_dir_all(&config.dir).map_err(failed)?;
    drop(lock);
    Ok(())
}

async fn run(app: App, demo: &Demo, json: bool) -> Result<ExitCode, AppError> {
    let service = Service::start(&app).await?;
    eprintln!("console at http://{}   data in {}", service.address, app.config.dir.display());
    let mut ids = Vec::new();
    for text in CONCEPTS {
        let submission = Submission { text: text.into(), ..Submission::default() };
        let now = app.world.clock.now();
        ids.push(submit(&app.database, &app.ledger, app.world.entropy.as_ref(), submission, now)?.id().to_string());
    }
    service.pipeline.wake();
    let mut progress = Progress::new(ids.len());
    let rows = loop {
        let rows = ids.iter().map(|id| app.views.concept(id)).collect::<Result<Vec<_>, _>>()?;
        let rows: Vec<_> = rows.into_iter().flatten().collect();
        progress.show(&rows, Some(&service.pipeline));
        if rows.iter().all(is_over) {
            break rows;
        }
        tokio::select! {
            () = tokio::time::sleep(DRAW_EVERY) => {}
            _ = tokio::signal::ctrl_c() => {
                progress.end();
                service.stop().await;
                eprintln!("stopped; `assay demo` goes on from here");
                return Ok(ExitCode::from(130));
            }
        }
    };
    progress.end();
    settled(&app).await?;
    let rows = {
        let again = ids.iter().map(|id| app.views.concept(id)).collect::<Result<Vec<_>, _>>()?;
        let again: Vec<_> = again.into_iter().flatten().collect();
        if again.len() == rows.len() { again } else { rows }
    };
    let mut reports = Vec::new();
    for row in &rows {
        reports.extend(verdicts::write_reports(&app, &row.id)?.into_iter().next());
    }
    if json {
        output::json(&rows);
    } else {
        output::print(&verdicts::table(&rows));
        let looks = assay_research::trials::lifetime(&app.database)?;
        output::print(&format!(
            "\nThe verdict rests on permuted markets: the same bars in another order, searched anew. {} looks were taken (worth {:.0}\nindependent ones), and all at the same prices count. DSR, the deflated Sharpe ratio, stands beside it.\n\nReports:\n",
            looks.raw, looks.effective
        ));
        for path in &reports {
            output::print(&format!("  {}\n", path.display()));
        }
    }
    let failed = rows.iter().any(|row| row.state == "failed");
    if !demo.exit {
        eprintln!("\nconsole at http://{} until Ctrl-C", service.address);
        tokio::signal::ctrl_c().await?;
    }
    service.stop().await;
    Ok(if failed { ExitCode::from(Exit::Failed as u8) } else { ExitCode::SUCCESS })
}

/// Waits a little until the engine has told what its messages really cost; what is not settled then is shown as reserved.
async fn settled(app: &App) -> Result<(), AppError> {
    for _ in 0..20 {
        if app.ledger.open_messages(1)?.is_empty() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
    Ok(())
}

//! `assay serve`: runs unattended until it is told to stop.

use std::process::ExitCode;

use super::{runtime, start_log};
use crate::app::App;
use crate::config::Config;
use crate::error::AppError;
use crate::service::Service;

/// Serves until Ctrl-C or SIGTERM.
pub fn serve(config: Config) -> Result<ExitCode, AppError> {
    let app = App::open(config)?;
    start_log(&app.config, &app.metrics, false)?;
    runtime()?.block_on(async {
        let service = Service::start(&app).await?;
        eprintln!("console at http://{}   data in {}", service.address, app.config.dir.display());
        ended().await?;
        eprintln!("stopping");
        service.stop().await;
        Ok(ExitCode::SUCCESS)
    })
}

async fn ended() -> Result<(), AppError> {
    #[cfg(unix)]
    {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            done = tokio::signal::ctrl_c() => done?,
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await?;
    Ok(())
}

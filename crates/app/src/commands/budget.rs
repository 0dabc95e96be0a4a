//! `assay budget`, `assay stop`, `assay resume`: what was spent, and the switches.

use std::process::ExitCode;

use assay_budget::Resource;
use serde_json::json;

use crate::app::App;
use crate::cli::Part;
use crate::config::Config;
use crate::error::AppError;
use crate::output;

/// What was spent today, and what is left.
pub fn show(config: Config, json: bool) -> Result<ExitCode, AppError> {
    let app = App::open(config)?;
    let usages = app.ledger.usages(app.world.clock.now())?;
    if json {
        let views: Vec<_> = usages
            .iter()
            .map(|u| {
                json!({
                    "resource": u.resource.as_str(), "cap": u.cap, "settled": u.settled, "reserved": u.reserved,
                    "assumed": u.assumed, "left": u.left, "resets_at": u.resets_at.to_string(),
                    "stopped_since": u.stopped_since.map(|at| at.to_string()),
                })
            })
            .collect();
        output::json(&json!({ "resources": views, "r2_storage_alert_gb": app.config.r2_storage_alert_gb }));
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<Vec<String>> = usages
        .iter()
        .map(|u| {
            let state = match u.stopped_since {
                Some(since) => format!("stopped since {since}; `assay resume crawler` switches it on"),
                None => format!("resets at {}", u.resets_at),
            };
            vec![
                u.resource.to_string(),
                u.cap.to_string(),
                u.settled.to_string(),
                u.reserved.to_string(),
                u.left.to_string(),
                state,
            ]
        })
        .collect();
    output::print(&output::table(&["RESOURCE", "CAP", "SPENT", "RESERVED", "LEFT", ""], &rows));
    let alert = app.config.r2_storage_alert_gb;
    output::print(&format!(
        "\nNothing is stored outside this machine; a bucket would raise an alert at {alert} GB of R2's free 10.\n"
    ));
    Ok(ExitCode::SUCCESS)
}

/// Switches a part off or on.
pub fn switch(config: Config, part: Part, on: bool, json: bool) -> Result<ExitCode, AppError> {
    let app = App::open(config)?;
    let (name, resource) = match part {
        Part::Crawler => ("crawler", Resource::WebRequests),
    };
    match on {
        true => app.ledger.resume(resource)?,
        false => app.ledger.stop(resource, app.world.clock.now())?,
    }
    if json {
        output::json(&json!({ "part": name, "on": on }));
    } else if on {
        eprintln!("{name}: on");
    } else {
        eprintln!("{name}: off, also after a restart; `assay resume {name}` switches it on");
    }
    Ok(ExitCode::SUCCESS)
}

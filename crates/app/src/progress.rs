//! How far the concepts are: a line each and a bar for the whole on a terminal, plain lines when it is none.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::time::Duration;

use assay_research::pipeline::Pipeline;
use assay_research::views::ConceptRow;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// Concepts that have a line of their own at once; the bar counts the rest.
const LINES_MAX: usize = 20;

/// A display on standard error.
pub struct Progress {
    terminal: Option<Terminal>,
    said: BTreeMap<String, String>,
    total: usize,
}

struct Terminal {
    all: MultiProgress,
    whole: ProgressBar,
    lines: BTreeMap<String, ProgressBar>,
}

impl Progress {
    /// For `total` concepts.
    pub fn new(total: usize) -> Progress {
        let terminal = std::io::stderr().is_terminal().then(|| {
            let all = MultiProgress::new();
            let whole = all.add(ProgressBar::new(total as u64 * 100));
            let style = ProgressStyle::with_template("{bar:32} {percent:>3} %  {msg}  {elapsed}, {eta} to go");
            whole.set_style(style.expect("a template that a test draws"));
            whole.enable_steady_tick(Duration::from_millis(250));
            Terminal { all, whole, lines: BTreeMap::new() }
        });
        Progress { terminal, said: BTreeMap::new(), total }
    }

    /// Shows where the concepts stand.
    pub fn show(&mut self, rows: &[ConceptRow], pipeline: Option<&Pipeline>) {
        let activities = pipeline.map(|p| p.activities().all()).unwrap_or_default();
        let mut hundredths = 0;
        for row in rows {
            let activity = activities.get(&row.id);
            let share = match (row.state.as_str(), activity) {
                ("done" | "failed" | "deferred", _) => 100,
                ("validating", Some(a)) if a.items.1 > 0 => {
                    let within = if a.points.1 > 0 { a.points.0 as f64 / a.points.1 as f64 } else { 0.0 };
                    20 + (80.0 * (a.items.0 as f64 + within) / a.items.1 as f64) as u64
                }
                ("researched" | "validating", _) => 20,
                ("researching", _) => 10,
                _ => 0,
            };
            hundredths += share;
            let stage = match &row.verdict {
                Some(verdict) if row.state == "done" => format!("{}: {}", verdict.replace('_', " "), row.why),
                _ if row.state == "failed" || row.state == "deferred" => format!("{}: {}", row.state, row.why),
                _ => row.state.clone(),
            };
            match &mut self.terminal {
                Some(terminal) => terminal.line(row, &stage, activity.map(|a| a.what.as_str()), share),
                None => {
                    if self.said.get(&row.id) != Some(&stage) {
                        let done = rows.iter().filter(|r| is_over(r)).count();
                        eprintln!("[{done:>2}/{}] {}: {stage}", self.total, row.text);
                        self.said.insert(row.id.clone(), stage);
                    }
                }
            }
        }
        if let Some(terminal) = &self.terminal {
            let done = rows.iter().filter(|r| is_over(r)).count();
            terminal.whole.set_position(hundredths);
            terminal.whole.set_message(format!("{done} of {} concepts judged", self.total));
        }
    }

    /// Clears the display.
    pub fn end(self) {
        if let Some(terminal) = self.terminal {
            terminal.whole.finish_and_clear();
            let _ = terminal.all.clear();
        }
    }
}

impl Terminal {
    fn line(&mut self, row: &ConceptRow, stage: &str, what: Option<&str>, share: u64) {
        let known = self.lines.len();
        if known >= LINES_MAX && !self.lines.contains_key(&row.id) {
            return;
        }
        let bar = self.lines.entry(row.id.clone()).or_insert_with(|| {
            let bar = self.all.insert_before(&self.whole, ProgressBar::new(100));
            let style = ProgressStyle::with_template("{prefix:28!} {bar:20} {wide_msg}");
            bar.set_style(style.expect("a template that a test draws"));
            bar.set_prefix(row.text.clone());
            bar
        });
        bar.set_position(share);
        bar.set_message(match what {
            Some(what) if row.state == "validating" || row.state == "researching" => format!("{stage}: {what}"),
            _ => stage.to_owned(),
        });
    }
}

/// Whether nothing more will happen to it by itself today.
pub fn is_over(row: &ConceptRow) -> bool {
    matches!(row.state.as_str(), "done" | "failed" | "deferred")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_right() {
        for template in ["{bar:32} {percent:>3} %  {msg}  {elapsed}, {eta} to go", "{prefix:28!} {bar:20} {wide_msg}"] {
            ProgressStyle::with_template(template).unwrap();
        }
    }
}

//! The text of a scrape, in the two formats that scrapers ask for.
//!
//! OpenMetrics 1.0 as the library writes it. The classic Prometheus format 0.0.4 is made from it: no exemplars, no `# UNIT`,
//! no `# EOF`; `# HELP` and `# TYPE` carry the `_total` or `_info` of their samples; an info is a gauge.

use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

/// Which text a scraper gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exposition {
    /// Prometheus text format 0.0.4: what every scraper reads.
    Classic,
    /// OpenMetrics 1.0.0, with exemplars.
    OpenMetrics,
}

impl Exposition {
    /// The `Content-Type` to answer with. Prometheus 3 refuses a scrape without a known one.
    pub const fn content_type(self) -> &'static str {
        match self {
            Exposition::Classic => "text/plain; version=0.0.4; charset=utf-8",
            Exposition::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// The exposition that an `Accept` header asks for: OpenMetrics if it is named with a weight above zero that no plain text
/// exceeds, else classic.
pub fn exposition_for(accept: Option<&str>) -> Exposition {
    let weight = |wanted: &str| {
        accept
            .unwrap_or("")
            .split(',')
            .filter(|range| range.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(wanted)))
            .map(|range| {
                let q = range.split(';').skip(1).find_map(|p| p.trim().strip_prefix("q="));
                q.map_or(1.0, |q| q.trim().parse::<f64>().unwrap_or(0.0))
            })
            .fold(0.0, f64::max)
    };
    let open = weight("application/openmetrics-text");
    if open > 0.0 && open >= weight("text/plain") { Exposition::OpenMetrics } else { Exposition::Classic }
}

pub(super) fn render(registry: &Registry, exposition: Exposition) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail, and our metrics do not either.
    let _ = encode(&mut text, registry);
    match exposition {
        Exposition::OpenMetrics => text,
        Exposition::Classic => classic(&text),
    }
}

fn classic(open_metrics: &str) -> String {
    let mut out = String::with_capacity(open_metrics.len());
    let mut help = "";
    for line in open_metrics.lines() {
        if line.starts_with("# HELP ") {
            // The type, on the next line, decides the name that the help text goes by.
            help = line;
        } else if let Some(described) = line.strip_prefix("# TYPE ") {
            let (name, kind) = described.split_once(' ').unwrap_or((described, "untyped"));
            let (suffix, kind) = match kind {
                "counter" => ("_total", "counter"),
                "info" => ("_info", "gauge"),
                "unknown" => ("", "untyped"),
                other => ("", other),
            };
            let said = help.splitn(4, ' ').nth(3).unwrap_or("");
            out.push_str(&format!("# HELP {name}{suffix} {said}\n# TYPE {name}{suffix} {kind}\n"));
        } else if !line.starts_with('#') {
            out.push_str(line.split_once(" # {").map_or(line, |(sample, _exemplar)| sample));
            out.push('\n');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_accept_header_decides() {
        let prometheus_3 = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
                            application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;q=0.4,*/*;q=0.2";
        for (accept, expected) in [
            (None, Exposition::Classic),
            (Some(""), Exposition::Classic),
            (Some("*/*"), Exposition::Classic),
            (Some("text/html,application/xhtml+xml"), Exposition::Classic),
            (Some(prometheus_3), Exposition::OpenMetrics),
            (Some("application/openmetrics-text"), Exposition::OpenMetrics),
            (Some("application/openmetrics-text; q=0"), Exposition::Classic),
            (Some("text/plain, application/openmetrics-text;q=0.5"), Exposition::Classic),
            (Some("application/openmetrics-text;q=bad"), Exposition::Classic),
        ] {
            assert_eq!(exposition_for(accept), expected, "{accept:?}");
        }
    }
}

//! Answers to GET: reads the views off the serving threads and renders them there.

use assay_budget::Ledger;
use assay_messages::EventFilter;
use assay_research::pipeline::Activity;
use assay_research::propose::catalogue;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use std::collections::BTreeMap;

use super::problem::Problem;
use super::{blocking, guard, parameter};
use crate::pages::{self, concepts, messages::Log, search};
use crate::{Console, assets, report};

/// Lines of the log on a page.
const EVENTS_MAX: u32 = 100;
/// Dead letters on a page.
const DEAD_LETTERS_MAX: u32 = 50;

type Answer = Result<Html<String>, Problem>;

fn activities(console: &Console) -> BTreeMap<String, Activity> {
    console.pipeline.as_ref().map(|pipeline| pipeline.activities().all()).unwrap_or_default()
}

fn no_concept(id: &str) -> Problem {
    Problem::NotFound(format!("There is no concept {id}."))
}

pub(super) async fn concepts(State(console): State<Console>, RawQuery(query): RawQuery) -> Answer {
    blocking(move || {
        let query = query.as_deref();
        let wanted = parameter(query, "verdict").unwrap_or_default();
        let verdict = concepts::FILTERS.iter().find(|(value, _)| *value == wanted);
        let (verdict, _) = verdict.ok_or_else(|| Problem::Bad(format!("There is no verdict {wanted:?}.")))?;
        let page = parameter(query, "page").and_then(|n| n.parse::<usize>().ok()).unwrap_or(1);
        let list = concepts::List {
            concepts: console.views.concepts()?,
            activities: activities(&console),
            verdict: (*verdict).to_owned(),
            page: page.saturating_sub(1),
            held: parameter(query, "live").as_deref() == Some("off"),
            symbols: symbols(&console)?,
        };
        Ok(Html(concepts::render(&list).into_string()))
    })
    .await
}

/// All symbols that prices are at hand for.
pub(super) fn symbols(console: &Console) -> Result<Vec<String>, Problem> {
    Ok(console.prices.list()?.into_iter().map(|set| set.symbol).collect())
}

pub(super) async fn new_concept(State(console): State<Console>) -> Answer {
    blocking(move || Ok(Html(concepts::new(&concepts::Draft::default(), None, &symbols(&console)?).into_string())))
        .await
}

pub(super) async fn concept(
    State(console): State<Console>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer {
    blocking(move || {
        let page = console.views.page(&id)?.ok_or_else(|| no_concept(&id))?;
        let running = activities(&console);
        let held = parameter(query.as_deref(), "live").as_deref() == Some("off");
        Ok(Html(pages::concept::render(&page, running.get(&id), held, console.engine.is_some()).into_string()))
    })
    .await
}

pub(super) async fn report(
    State(console): State<Console>,
    Path((id, file)): Path<(String, String)>,
) -> Result<Response, Problem> {
    blocking(move || {
        let write: fn(&assay_research::views::ConceptPage) -> String = match file.as_str() {
            "report.html" => report::html,
            "report.md" => report::markdown,
            "report.json" => |page| serde_json::to_string_pretty(page).expect("views are plain fields"),
            _ => {
                return Err(Problem::NotFound(format!(
                    "There is no report {file}; there are report.html, report.md and report.json."
                )));
            }
        };
        let page = console.views.page(&id)?.ok_or_else(|| no_concept(&id))?;
        let (kind, ending) = match file.as_str() {
            "report.html" => ("text/html; charset=utf-8", "html"),
            "report.md" => ("text/markdown; charset=utf-8", "md"),
            _ => ("application/json", "json"),
        };
        // A stem holds only letters, digits, '-' and '_'.
        let name = format!("inline; filename=\"{}.{ending}\"", report::file_stem(&page));
        let mut response = ([(header::CONTENT_TYPE, kind)], write(&page)).into_response();
        let headers = response.headers_mut();
        if let Ok(name) = HeaderValue::try_from(name) {
            headers.insert(header::CONTENT_DISPOSITION, name);
        }
        if ending == "html" {
            headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(guard::CSP_REPORT));
        }
        Ok(response)
    })
    .await
}

pub(super) async fn budget(State(console): State<Console>) -> Answer {
    blocking(move || {
        let now = console.world.clock.now();
        let ledger: &Ledger = &console.ledger;
        Ok(Html(pages::budget::render(&ledger.usages(now)?, &ledger.denials_today(now)?).into_string()))
    })
    .await
}

pub(super) async fn messages(State(console): State<Console>, RawQuery(query): RawQuery) -> Answer {
    blocking(move || {
        let Some(engine) = &console.engine else { return Ok(Html(pages::messages::render(None).into_string())) };
        let query = query.as_deref();
        let plain = |id: &String| !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
        let message = parameter(query, "message").filter(plain);
        let cursor = parameter(query, "cursor").and_then(|text| text.parse().ok());
        let filter = EventFilter {
            message_ids: message.iter().cloned().collect(),
            cursor,
            count: EVENTS_MAX,
            ..EventFilter::default()
        };
        let log = Log {
            counts: engine.counts()?,
            events: engine.events(&filter)?,
            dead: engine.dead_letters(DEAD_LETTERS_MAX)?,
            message,
        };
        Ok(Html(pages::messages::render(Some(&log)).into_string()))
    })
    .await
}

pub(super) async fn data(State(console): State<Console>) -> Answer {
    blocking(move || Ok(Html(pages::data::render(&console.prices.list()?).into_string()))).await
}

pub(super) async fn strategies() -> Answer {
    // The first call compiles the catalogue.
    blocking(|| Ok(Html(pages::strategies::list().into_string()))).await
}

pub(super) async fn strategy(Path(id): Path<String>) -> Answer {
    blocking(move || {
        let entry = catalogue::find(&id);
        let entry = entry.ok_or_else(|| Problem::NotFound(format!("The catalogue has no strategy {id}.")))?;
        Ok(Html(pages::strategies::one(entry).into_string()))
    })
    .await
}

pub(super) async fn search(State(console): State<Console>, RawQuery(query): RawQuery) -> Answer {
    blocking(move || {
        let asked = parameter(query.as_deref(), "q").unwrap_or_default();
        let asked: String = asked.trim().chars().take(search::QUERY_CHARS_MAX).collect();
        if asked.is_empty() {
            return Ok(Html(search::render("", None).into_string()));
        }
        let hits = console.corpus.search(&asked, search::HITS_MAX)?;
        Ok(Html(search::render(&asked, Some(&hits)).into_string()))
    })
    .await
}

pub(super) async fn css() -> ([(HeaderName, &'static str); 2], &'static str) {
    let kept = (header::CACHE_CONTROL, "public, max-age=31536000, immutable");
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), kept], assets::CSS)
}

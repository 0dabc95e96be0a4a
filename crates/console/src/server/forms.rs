//! Answers to POST: what a person may change here. Each ends in a redirect to the page that shows what came of it.

use assay_budget::Resource;
use assay_research::{Submission, SubmitError, Submitted};
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use url::Url;

use super::problem::{Problem, chain};
use super::{blocking, reads};
use crate::Console;
use crate::pages::concepts::{self, Draft};

pub(super) async fn add(
    State(console): State<Console>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::TooLarge,
        _ => Problem::Bad("The form broke off on its way.".into()),
    })?;
    blocking(move || {
        let draft = draft(&body);
        let symbols = reads::symbols(&console)?;
        let refused = |why: String| {
            let page = concepts::new(&draft, Some(&why), &symbols).into_string();
            Ok((StatusCode::BAD_REQUEST, Html(page)).into_response())
        };
        let submission = match submission(&draft, &symbols) {
            Ok(submission) => submission,
            Err(why) => return refused(why),
        };
        let (clock, entropy) = (&console.world.clock, &console.world.entropy);
        match assay_research::submit(&console.database, &console.ledger, entropy.as_ref(), submission, clock.now()) {
            Ok(submitted) => Ok(shown(&console, &submitted)),
            Err(SubmitError::Database(error)) => Err(error.into()),
            Err(error) => refused(chain(&error)),
        }
    })
    .await
}

pub(super) async fn retry(State(console): State<Console>, Path(id): Path<String>) -> Result<Response, Problem> {
    blocking(move || {
        let now = console.world.clock.now();
        match assay_research::retry(&console.database, &console.ledger, &id, now) {
            Ok(submitted) => Ok(shown(&console, &submitted)),
            Err(SubmitError::Database(error)) => Err(error.into()),
            Err(SubmitError::UnknownConcept { id }) => Err(Problem::NotFound(format!("There is no concept {id}."))),
            Err(error) => Err(Problem::Conflict(chain(&error))),
        }
    })
    .await
}

pub(super) async fn stop(State(console): State<Console>, Path(resource): Path<String>) -> Result<Redirect, Problem> {
    blocking(move || {
        let resource = known(&resource)?;
        console.ledger.stop(resource, console.world.clock.now())?;
        Ok(Redirect::to("/budget"))
    })
    .await
}

pub(super) async fn resume(State(console): State<Console>, Path(resource): Path<String>) -> Result<Redirect, Problem> {
    blocking(move || {
        console.ledger.resume(known(&resource)?)?;
        wake(&console);
        Ok(Redirect::to("/budget"))
    })
    .await
}

pub(super) async fn replay(State(console): State<Console>, Path(id): Path<String>) -> Result<Redirect, Problem> {
    blocking(move || {
        let engine = console.engine.as_ref().ok_or_else(elsewhere)?;
        engine.replay_dead_letter(&id)?.ok_or_else(|| no_letter(&id))?;
        Ok(Redirect::to("/messages"))
    })
    .await
}

pub(super) async fn delete(State(console): State<Console>, Path(id): Path<String>) -> Result<Redirect, Problem> {
    blocking(move || {
        let engine = console.engine.as_ref().ok_or_else(elsewhere)?;
        if !engine.delete_dead_letter(&id)? {
            return Err(no_letter(&id));
        }
        Ok(Redirect::to("/messages"))
    })
    .await
}

fn known(resource: &str) -> Result<Resource, Problem> {
    Resource::parse(resource).ok_or_else(|| Problem::NotFound(format!("There is no budget for {resource}.")))
}

fn elsewhere() -> Problem {
    Problem::NotFound("Dead letters are kept by the hosted engine.".into())
}

fn no_letter(id: &str) -> Problem {
    Problem::NotFound(format!("There is no dead letter {id}; it may have been replayed or deleted already."))
}

fn wake(console: &Console) {
    console.pipeline.iter().for_each(|pipeline| pipeline.wake());
}

fn shown(console: &Console, submitted: &Submitted) -> Response {
    wake(console);
    Redirect::to(&format!("/concepts/{}", submitted.id())).into_response()
}

fn draft(body: &[u8]) -> Draft {
    let mut draft = Draft::default();
    for (name, value) in url::form_urlencoded::parse(body) {
        // Browsers send line ends as CR LF; scripts and addresses are kept as they were typed.
        let value = value.replace("\r\n", "\n");
        match name.as_ref() {
            "text" => draft.text = value,
            "note" => draft.note = value,
            "urls" => draft.urls = value,
            "symbols" => draft.symbols = value,
            "pine" => draft.pine = value,
            _ => {}
        }
    }
    draft
}

/// Reads what was typed; an error says what to change.
fn submission(draft: &Draft, symbols: &[String]) -> Result<Submission, String> {
    let given = |text: &str| (!text.trim().is_empty()).then(|| text.to_owned());
    let address = |line: &str| match Url::parse(line) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(url),
        Ok(url) => Err(format!(
            "{line}: the address begins with {}: give one that begins with https:// or http://",
            url.scheme()
        )),
        Err(error) => {
            Err(format!("{line}: this is no address ({error}): give one a line, such as https://example.org/page"))
        }
    };
    let lines = draft.urls.lines().map(str::trim).filter(|line| !line.is_empty());
    let urls = lines.map(address).collect::<Result<Vec<_>, _>>()?;
    let names = draft.symbols.split([' ', ',', ';', '\n', '\t']).filter(|name| !name.is_empty());
    let wanted: Vec<String> = names.map(str::to_uppercase).collect();
    if let Some(symbol) = wanted.iter().find(|symbol| !symbols.contains(symbol)) {
        let error = SubmitError::UnknownSymbol { symbol: symbol.clone(), known: symbols.to_vec() };
        return Err(error.to_string());
    }
    Ok(Submission {
        text: draft.text.clone(),
        note: given(&draft.note),
        urls,
        pine: given(&draft.pine),
        symbols: wanted,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_becomes_a_submission() {
        let draft =
            draft(b"text=golden+cross&urls=https%3A%2F%2Fexample.org%2F%0D%0A%0D%0A&symbols=spx%2C+BTC&note=+&extra=1");
        let submission = submission(&draft, &["SPX".into(), "BTC".into()]).unwrap();
        assert_eq!(submission.text, "golden cross");
        assert_eq!(submission.urls, [Url::parse("https://example.org/").unwrap()]);
        assert_eq!(
            (submission.symbols, submission.note, submission.pine),
            (vec!["SPX".into(), "BTC".into()], None, None)
        );
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let refused = |draft: Draft| submission(&draft, &["SPX".into()]).unwrap_err();
        assert!(
            refused(Draft { urls: "javascript:alert(1)".into(), ..Draft::default() })
                .contains("begins with javascript")
        );
        assert!(refused(Draft { urls: "example".into(), ..Draft::default() }).contains("no address"));
        assert!(refused(Draft { symbols: "XYZ".into(), ..Draft::default() }).contains("XYZ"));
    }
}

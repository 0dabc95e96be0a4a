//! The console over HTTP: which address shows which page.
//!
//! `guard` stands before everything (host, origin, headers); `reads` answers GET; `forms` answers POST; `problem` turns what
//! went wrong into a page.

mod forms;
mod guard;
mod problem;
mod reads;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{get, post};

use crate::{Console, assets};
use problem::Problem;

/// Largest form: a Pine script of one MiB, and the rest.
const BODY_BYTES_MAX: usize = 1_200_000;

/// All pages and forms.
pub fn router(console: Console) -> Router {
    Router::new()
        .route("/", get(reads::concepts))
        .route("/concepts/new", get(reads::new_concept))
        .route("/concepts", post(forms::add))
        .route("/concepts/{id}", get(reads::concept))
        .route("/concepts/{id}/retry", post(forms::retry))
        .route("/concepts/{id}/{report}", get(reads::report))
        .route("/budget", get(reads::budget))
        .route("/budget/{resource}/stop", post(forms::stop))
        .route("/budget/{resource}/resume", post(forms::resume))
        .route("/messages", get(reads::messages))
        .route("/messages/dead/{id}/replay", post(forms::replay))
        .route("/messages/dead/{id}/delete", post(forms::delete))
        .route("/data", get(reads::data))
        .route("/strategies", get(reads::strategies))
        .route("/strategies/{id}", get(reads::strategy))
        .route("/search", get(reads::search))
        .route(assets::css_path(), get(reads::css))
        .fallback(|| async { Problem::NotFound("There is no page at this address.".into()) })
        .method_not_allowed_fallback(|| async { Problem::Method })
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn_with_state(console.clone(), guard::guard))
        .with_state(console)
}

/// Runs what reads or writes the database, or takes long, off the threads that serve.
async fn blocking<T: Send + 'static>(f: impl FnOnce() -> Result<T, Problem> + Send + 'static) -> Result<T, Problem> {
    match tokio::task::spawn_blocking(f).await {
        Ok(answer) => answer,
        Err(error) => Err(Problem::Broken(error.to_string())),
    }
}

/// The parameters of a query, leniently: the last value of a name counts, unknown names do nothing.
fn parameter(query: Option<&str>, name: &str) -> Option<String> {
    let pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    pairs.filter(|(key, _)| key == name).map(|(_, value)| value.into_owned()).last()
}

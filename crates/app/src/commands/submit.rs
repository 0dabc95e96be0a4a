//! From arguments to a submission.

use assay_research::{Submission, SubmitError, Submitted, submit as store};
use url::Url;

use crate::app::App;
use crate::cli::Submit;
use crate::error::{AppError, Exit};

/// Checks the arguments and stores the concept.
pub fn submit(app: &App, given: Submit) -> Result<Submitted, AppError> {
    let mut urls = Vec::new();
    for text in &given.urls {
        let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let bad = || {
            AppError::text(Exit::Input, format!("{text:?} is no address of a page"))
                .hint("give a whole one: https://example.org/page")
        };
        urls.push(url.ok_or_else(bad)?);
    }
    let known: Vec<String> = app.prices.list()?.into_iter().map(|set| set.symbol).collect();
    let symbols: Vec<String> = given.symbols.iter().map(|s| s.trim().to_uppercase()).collect();
    if let Some(symbol) = symbols.iter().find(|symbol| !known.contains(symbol)) {
        return Err(SubmitError::UnknownSymbol { symbol: symbol.clone(), known }.into());
    }
    let pine = given.pine.as_deref().map(super::read_text).transpose()?;
    let submission = Submission { text: given.text, note: given.note, urls, pine, symbols };
    let now = app.world.clock.now();
    Ok(store(&app.database, &app.ledger, app.world.entropy.as_ref(), submission, now)?)
}

//! An HTML page: its main text by dom_smoothie, behind the guard, on a thread that may fail without harm.

use std::sync::mpsc;
use std::time::Duration;

use dom_query::Document;
use dom_smoothie::{Config, Readability, TextMode};

use super::guard::{self, Shape};
use super::{ExtractError, Found, anchor, code_blocks, entities};
use crate::document::{Extractor, count_words};

/// A page that takes longer is given up; its thread ends by itself, since the guard has bounded what it has to do.
const TIME_MAX: Duration = Duration::from_secs(20);
/// Trees are walked by recursion; 512 levels need far less.
const STACK_BYTES: usize = 16 << 20;
/// A main text of fewer words is doubted when the whole page has more than three times as many.
const WORDS_DOUBTFUL: usize = 80;

/// Reads a page.
pub fn read(origin: &str, html: String) -> Result<Found, ExtractError> {
    if !matches!(guard::inspect(&html), Shape::Sound { .. }) {
        return Ok(flattened(&html));
    }
    let (answer, wait) = mpsc::sync_channel(1);
    let parser = std::thread::Builder::new().name("extract".into()).stack_size(STACK_BYTES).spawn(move || {
        // Nobody listens any more when time is up.
        let _ = answer.send(parse(html));
    });
    let failed = || ExtractError::Parser { origin: origin.to_owned() };
    parser.map_err(|_| failed())?;
    match wait.recv_timeout(TIME_MAX) {
        Ok(found) => Ok(found),
        Err(mpsc::RecvTimeoutError::Timeout) => {
            Err(ExtractError::TooSlow { origin: origin.to_owned(), time_max: TIME_MAX })
        }
        // The thread ended without an answer: it panicked.
        Err(mpsc::RecvTimeoutError::Disconnected) => Err(failed()),
    }
}

fn flattened(html: &str) -> Found {
    Found {
        title: guard::title(html),
        text: tidy(&guard::flatten(html)),
        code: Vec::new(),
        extractor: Extractor::Flattened,
        link_density: 0.0,
        noindex: false,
    }
}

fn parse(html: String) -> Found {
    let document = Document::from(html);
    let noindex = document.select("meta[name='robots' i], meta[name='assay' i]").iter().any(|meta| {
        let content = meta.attr_or("content", "").to_ascii_lowercase();
        content.split([',', ' ']).any(|rule| matches!(rule, "noindex" | "none"))
    });
    let heading = document.select_single("h1").text().trim().to_owned();
    formulas_to_text(&document);
    document.select("template, noscript, [hidden]").remove();
    let mut code = code_blocks::normalise(&document);

    let whole = document.clone();
    let config = Config { text_mode: TextMode::Formatted, ..Config::default() };
    let article = Readability::with_document(document, None, Some(config)).ok().and_then(|mut page| page.parse().ok());
    let main = article.as_ref().map(|article| tidy(&article.text_content)).unwrap_or_default();

    whole.select("head, script, style, nav, header, footer, aside, form, button, iframe").remove();
    let page = whole.body().map(|body| tidy(&body.formatted_text())).unwrap_or_default();
    let main_words = count_words(&main);
    let doubtful = main_words < WORDS_DOUBTFUL && count_words(&page) > 3 * main_words;
    let (text, extractor, link_density) = match &article {
        Some(article) if !doubtful => {
            (main, Extractor::MainText, link_density(&Document::fragment(article.content.clone())))
        }
        _ => (page, Extractor::WholePage, link_density(&whole)),
    };
    anchor(&mut code, &text);
    let title = article.map(|article| article.title).filter(|title| !title.trim().is_empty());
    Found { title: title.or((!heading.is_empty()).then_some(heading)), text, code, extractor, link_density, noindex }
}

/// Formulas that carry their TeX become `$...$`.
fn formulas_to_text(document: &Document) {
    for script in document.select("script[type^='math/tex']").nodes() {
        let tex = script.text();
        script.replace_with_html(format!("<span>${}$</span>", entities::escape(tex.trim())));
    }
    for math in document.select("math").nodes() {
        let annotation = math.descendants_it().find(|node| {
            node.node_name().is_some_and(|name| &*name == "annotation")
                && node.attr("encoding").is_some_and(|encoding| encoding.to_ascii_lowercase().contains("tex"))
        });
        let tex = annotation.map(|node| node.text()).or_else(|| math.attr("alttext"));
        if let Some(tex) = tex.filter(|tex| !tex.trim().is_empty()) {
            math.replace_with_html(format!("<span>${}$</span>", entities::escape(tex.trim())));
        }
    }
}

fn link_density(document: &Document) -> f64 {
    let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).count();
    let linked: usize = document.select("a").iter().map(|link| letters(&link.text())).sum();
    let all = letters(&document.text());
    if all == 0 { 0.0 } else { (linked as f64 / all as f64).min(1.0) }
}

/// At most one blank line in a row, outside code none of which is touched here since it has its own record.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut blank = 0;
    for line in text.lines() {
        // Indentation is kept: it may be code.
        let line = line.trim_end();
        blank = if line.is_empty() { blank + 1 } else { 0 };
        if blank <= 1 && !(line.is_empty() && out.is_empty()) {
            out.push_str(line);
            out.push('\n');
        }
    }
    out.truncate(out.trim_end().len());
    out
}

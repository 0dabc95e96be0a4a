//! Bytes of a source -> a [`Document`]: text that can be quoted, and code apart from it.
//!
//! Nothing that a page holds may crash, stall or fill this program: `guard` looks at the tags before any tree is built, and
//! trees are built on a thread of their own. What is in a page is data; none of it is ever run.

pub(crate) mod charset;
mod code_blocks;
mod entities;
pub mod guard;
mod html;
mod markdown;
mod pine;
mod text;

use std::path::Path;
use std::time::Duration;

use crate::document::{CodeBlock, Document, Extractor, Quality, SourceKind, count_words};

/// Bytes of a source; longer ones are refused.
pub const BYTES_MAX: usize = 5 << 20;
/// Bytes of a title; the rest is cut.
const TITLE_BYTES_MAX: usize = 300;
/// Blocks of code kept of one document.
const CODE_BLOCKS_MAX: usize = 500;

/// What a source is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// HTML.
    Html,
    /// Markdown.
    Markdown,
    /// Plain text.
    Text,
    /// A Pine Script file.
    Pine,
}

impl Format {
    /// By the ending of a file's name; `None` for files that we do not read.
    pub fn of_path(path: &Path) -> Option<Format> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "html" | "htm" | "xhtml" => Some(Format::Html),
            "md" | "markdown" => Some(Format::Markdown),
            "txt" => Some(Format::Text),
            "pine" => Some(Format::Pine),
            _ => None,
        }
    }
}

/// Why a source gave no document.
#[derive(Debug, thiserror::Error)]
pub enum ExtractError {
    /// Too long.
    #[error("{origin}: {bytes} bytes are more than the {BYTES_MAX} that are read")]
    TooLarge {
        /// The source.
        origin: String,
        /// Its length.
        bytes: usize,
    },
    /// It asks not to be indexed.
    #[error("{origin}: its robots tag says noindex")]
    NoIndex {
        /// The source.
        origin: String,
    },
    /// There is nothing to read in it.
    #[error("{origin}: no text and no code found")]
    Empty {
        /// The source.
        origin: String,
    },
    /// The parser failed on it.
    #[error("{origin}: the parser failed; the source is left out")]
    Parser {
        /// The source.
        origin: String,
    },
    /// The parser took too long.
    #[error("{origin}: not read within {} s; the source is left out", time_max.as_secs())]
    TooSlow {
        /// The source.
        origin: String,
        /// The bound.
        time_max: Duration,
    },
}

/// What an engine found, before it becomes a document.
struct Found {
    title: Option<String>,
    text: String,
    code: Vec<CodeBlock>,
    extractor: Extractor,
    link_density: f64,
    noindex: bool,
}

/// Reads a source. A page fetched from the web that says `noindex` is refused; the operator's own file is not.
pub fn extract(format: Format, kind: SourceKind, origin: &str, source: &str) -> Result<Document, ExtractError> {
    if source.len() > BYTES_MAX {
        return Err(ExtractError::TooLarge { origin: origin.to_owned(), bytes: source.len() });
    }
    // One spelling of line ends, and no byte-order mark: offsets count what is stored.
    let source = source.strip_prefix('\u{feff}').unwrap_or(source).replace("\r\n", "\n").replace(['\r', '\0'], "\n");
    let found = match format {
        Format::Html => html::read(origin, source)?,
        Format::Markdown => markdown::read(&source),
        Format::Text => text::read(&source),
        Format::Pine => pine::read(&source),
    };
    if found.noindex && kind == SourceKind::Page {
        return Err(ExtractError::NoIndex { origin: origin.to_owned() });
    }
    if found.text.trim().is_empty() && found.code.is_empty() {
        return Err(ExtractError::Empty { origin: origin.to_owned() });
    }
    let title = found
        .title
        .map(|title| title.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|title| !title.is_empty());
    let mut title = title.unwrap_or_else(|| name_of(origin));
    title.truncate(title.floor_char_boundary(TITLE_BYTES_MAX));
    let mut code = found.code;
    code.truncate(CODE_BLOCKS_MAX);
    let quality =
        Quality { extractor: found.extractor, words: count_words(&found.text), link_density: found.link_density };
    Ok(Document { kind, origin: origin.to_owned(), title, text: found.text, code, quality })
}

/// The last part of a path or URL, without its ending.
fn name_of(origin: &str) -> String {
    let last = origin.trim_end_matches('/').rsplit('/').next().unwrap_or(origin);
    last.rsplit_once('.').map_or(last, |(stem, _)| if stem.is_empty() { last } else { stem }).to_owned()
}

/// One name for each language; only Pine has several.
fn language_name(name: &str) -> Option<String> {
    let name = name.trim().to_ascii_lowercase();
    match name.as_str() {
        "" => None,
        "pine" | "pinescript" | "pine-script" | "pine_script" | "tradingview" => Some("pine".to_owned()),
        _ => Some(name),
    }
}

/// Finds each block in the text, one after the other.
fn anchor(code: &mut [CodeBlock], text: &str) {
    let mut from = 0;
    for block in code {
        let place = text[from..].find(&block.text).map(|at| from + at).or_else(|| text.find(&block.text));
        block.offset = place.filter(|_| !block.text.is_empty());
        if let Some(at) = block.offset {
            from = at + block.text.len();
        }
    }
}

//! A document as every source hands it on: plain text, and its code apart from the text.

use assay_units::ContentHash;

/// Where a document came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// Fetched over the network; its origin is a URL.
    Page,
    /// Read from the operator's folder; its origin is a path within it.
    File,
    /// Shipped with the program; its origin is the entry's name.
    Catalogue,
}

impl SourceKind {
    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            SourceKind::Page => "page",
            SourceKind::File => "file",
            SourceKind::Catalogue => "catalogue",
        }
    }
    /// Reads what `as_str` wrote.
    pub fn parse(text: &str) -> Option<SourceKind> {
        [SourceKind::Page, SourceKind::File, SourceKind::Catalogue].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// How the text was found in the bytes: the first thing to ask when a text looks wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extractor {
    /// The main part of an HTML page.
    MainText,
    /// The whole of an HTML page, since no main part stood out.
    WholePage,
    /// An HTML page nested too deeply to be parsed: its tags were cut away. Code is not told from text.
    Flattened,
    /// Markdown.
    Markdown,
    /// Plain text.
    Plain,
    /// A Pine file: all code.
    Code,
}

impl Extractor {
    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Extractor::MainText => "main_text",
            Extractor::WholePage => "whole_page",
            Extractor::Flattened => "flattened",
            Extractor::Markdown => "markdown",
            Extractor::Plain => "plain",
            Extractor::Code => "code",
        }
    }
}

/// How far a document's text may be trusted to be what its author wrote.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quality {
    /// How the text was found.
    pub extractor: Extractor,
    /// Words in the text.
    pub words: usize,
    /// Share of the text's characters that are link labels; high for menus and lists of links. Zero where links cannot be told.
    pub link_density: f64,
}

/// One piece of code, byte for byte as its author wrote it (line ends are `\n`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeBlock {
    /// The language that the page names, in lower case.
    pub language: Option<String>,
    /// The code.
    pub text: String,
    /// Where the code stands in the document's text; `None` when the text was taken without it.
    pub offset: Option<usize>,
}

/// A document, ready to be stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Where it came from.
    pub kind: SourceKind,
    /// URL, path or catalogue name.
    pub origin: String,
    /// Its title; the file's name when it has none.
    pub title: String,
    /// Its text. All offsets count bytes of this string.
    pub text: String,
    /// Its code, in order.
    pub code: Vec<CodeBlock>,
    /// How the text was found.
    pub quality: Quality,
}

impl Document {
    /// The name of what it says. The same words from two places are one document with two origins.
    pub fn hash(&self) -> ContentHash {
        let mut bytes = Vec::with_capacity(self.text.len() + 64);
        for part in [&self.title, &self.text].into_iter().chain(self.code.iter().map(|block| &block.text)) {
            // Lengths first, so that no two lists of parts read alike.
            bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        ContentHash::of(&bytes)
    }
}

/// A catalogue entry, handed over by whoever holds the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceDocument {
    /// The entry's name.
    pub origin: String,
    /// Its title.
    pub title: String,
    /// What it says.
    pub text: String,
    /// Its Pine code, if it has any.
    pub code: Option<String>,
}

impl From<SourceDocument> for Document {
    fn from(entry: SourceDocument) -> Document {
        let quality = Quality { extractor: Extractor::Plain, words: count_words(&entry.text), link_density: 0.0 };
        let code = entry.code.map(|text| CodeBlock { language: Some("pine".into()), text, offset: None });
        Document {
            kind: SourceKind::Catalogue,
            origin: entry.origin,
            title: entry.title,
            text: entry.text,
            code: code.into_iter().collect(),
            quality,
        }
    }
}

pub(crate) fn count_words(text: &str) -> usize {
    text.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).count()
}

//! Parts of a concept's page that its report holds too. Each takes views and gives markup.

pub(crate) mod checks;
pub(crate) mod examination;
pub(crate) mod history;
pub(crate) mod marks;
pub(crate) mod outlook;
pub(crate) mod robustness;
pub(crate) mod sources;
pub(crate) mod statistics;
pub(crate) mod strategies;
pub(crate) mod verdict;
pub(crate) mod words;

use assay_research::views::{ConceptPage, ExaminationView};

/// Where a section will stand: links that lead to other pages of the console are of no use in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Face {
    /// On a page, with the message log at hand or not.
    Page {
        /// Whether `/messages` can show a message.
        messages: bool,
    },
    /// In a file.
    File,
}

/// The examination that the verdict rests on.
pub(crate) fn deciding(page: &ConceptPage) -> Option<&ExaminationView> {
    let (ordinal, symbol) = page.verdict.as_ref()?.best.as_ref()?;
    page.examinations.iter().find(|x| x.ordinal == *ordinal && x.symbol == *symbol)
}

/// The id of an examination's section. Symbols hold only `A-Z0-9._-`, but an id must hold for any text.
pub(crate) fn anchor(examination: &ExaminationView) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_".contains(c) { c } else { '_' };
    format!("x{}-{}", examination.ordinal, examination.symbol.chars().map(plain).collect::<String>())
}

//! Reports: one concept as a file that stands alone, in HTML or Markdown. The JSON report is the view itself.

pub(crate) mod html;
mod markdown;

use assay_research::views::ConceptPage;

/// Longest part of a file's name that comes from the concept's words.
const SLUG_CHARS_MAX: usize = 40;

/// A page with its style inside and nothing loaded from anywhere.
pub fn html(page: &ConceptPage) -> String {
    html::render(page).into_string()
}

/// The same in Markdown. What others wrote is escaped: it cannot become markup.
pub fn markdown(page: &ConceptPage) -> String {
    markdown::render(page)
}

/// A name for the file: `golden-cross-c_0123456789ab`. Safe on every file system.
pub fn file_stem(page: &ConceptPage) -> String {
    let mut slug = String::new();
    for c in page.concept.text.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() >= SLUG_CHARS_MAX {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    format!("{}-{}", if slug.is_empty() { "concept" } else { slug }, page.concept.id)
}

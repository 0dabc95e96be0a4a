//! The style sheet: one file, named by its content so that it can be cached for ever, and inlined into reports.

use std::sync::LazyLock;

use assay_units::ContentHash;

/// The style sheet.
pub(crate) const CSS: &str = include_str!("console.css");

/// Where pages find it.
pub(crate) fn css_path() -> &'static str {
    static PATH: LazyLock<String> = LazyLock::new(|| {
        let hash = ContentHash::of(CSS.as_bytes()).to_string();
        format!("/assets/console-{}.css", &hash[..12])
    });
    &PATH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_sheet_can_stand_inside_a_page_and_loads_nothing() {
        for forbidden in ["</style", "url(", "@import", "expression("] {
            assert!(!CSS.contains(forbidden), "{forbidden}");
        }
        assert!(CSS.len() < 40_000, "{} bytes", CSS.len());
    }
}

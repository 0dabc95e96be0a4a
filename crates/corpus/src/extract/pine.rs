//! A Pine file: one block of code, which is also its text.

use super::Found;
use crate::document::{CodeBlock, Extractor};

/// Reads a file. Its title is the one that its declaration gives.
pub fn read(source: &str) -> Found {
    let text = source.trim_end().to_owned();
    let code = CodeBlock { language: Some("pine".into()), text: text.clone(), offset: Some(0) };
    Found {
        title: declared_title(&text),
        code: if text.trim().is_empty() { Vec::new() } else { vec![code] },
        text,
        extractor: Extractor::Code,
        link_density: 0.0,
        noindex: false,
    }
}

/// The first string of the `strategy`, `indicator`, `study` or `library` call.
fn declared_title(code: &str) -> Option<String> {
    let declaration = code.lines().map(str::trim_start).find_map(|line| {
        let rest = ["strategy", "indicator", "study", "library"].iter().find_map(|name| line.strip_prefix(name))?;
        rest.trim_start().strip_prefix('(')
    })?;
    let from = declaration.find(['"', '\''])?;
    let quote = &declaration[from..=from];
    declaration[from + 1..].split(quote).next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_title_is_the_declared_one() {
        for (code, title) in [
            ("//@version=6\nstrategy(\"RSI reversion\", overlay=true)\n", Some("RSI reversion")),
            ("indicator(title = 'A \"b\"')", Some("A \"b\"")),
            ("x = 1", None),
        ] {
            let found = read(code);
            assert_eq!(found.title.as_deref(), title);
            assert_eq!(found.code[0].text, code.trim_end());
        }
    }
}

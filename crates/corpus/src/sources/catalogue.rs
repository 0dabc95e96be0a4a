//! The header of a catalogue file: what a well-known strategy is called, who described it and what it claims.
//!
//! A catalogue file is a Pine script whose leading comments hold one `// @tag value` line for each tag. Pure.

use crate::document::{Document, SourceDocument};

/// Lines at the top of a file in which tags may stand.
const HEADER_LINES_MAX: usize = 50;

/// A strategy of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archetype {
    /// Its file's name without the ending.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// What kind of strategy it is: trend, mean reversion, ...
    pub family: String,
    /// What else it is called, in lower case.
    pub aliases: Vec<String>,
    /// Who described it first, as a citation.
    pub source: String,
    /// What it claims, in one sentence.
    pub claim: String,
    /// The indicators it uses, by their Pine names; [`crate::mentions::indicator_named`] knows most of them.
    pub indicators: Vec<String>,
    /// The price fields it reads.
    pub needs: Vec<String>,
    /// The whole file.
    pub pine: String,
}

/// A header that is not as it should be.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{id}, line {line}: {problem}")]
pub struct ArchetypeError {
    /// The file's name without the ending.
    pub id: String,
    /// Counted from 1; 1 for what is missing altogether.
    pub line: usize,
    /// What is wrong.
    pub problem: String,
}

const TAGS: [&str; 7] = ["name", "family", "aliases", "source", "claim", "indicators", "needs"];

/// Reads a catalogue file.
pub fn parse_archetype(id: &str, text: &str) -> Result<Archetype, ArchetypeError> {
    let failed = |line, problem: String| ArchetypeError { id: id.to_owned(), line, problem };
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if id.is_empty() || !id.bytes().all(plain) {
        return Err(failed(1, "the file's name is not of lower-case letters, digits and underscores".into()));
    }
    let mut values: [Option<&str>; TAGS.len()] = [None; TAGS.len()];
    let header = text.lines().take(HEADER_LINES_MAX).enumerate().map(|(at, line)| (at + 1, line.trim()));
    for (number, line) in header.take_while(|(_, line)| line.is_empty() || line.starts_with("//")) {
        let Some(tagged) = line.trim_start_matches('/').trim_start().strip_prefix('@') else { continue };
        // `//@version=6` is Pine's own.
        if tagged.starts_with("version=") {
            continue;
        }
        let (tag, value) = tagged.split_once(char::is_whitespace).unwrap_or((tagged, ""));
        let at = TAGS.iter().position(|known| *known == tag);
        let at = at.ok_or_else(|| failed(number, format!("@{tag} is not a tag; known are @{}", TAGS.join(", @"))))?;
        if value.trim().is_empty() {
            return Err(failed(number, format!("@{tag} says nothing")));
        }
        if values[at].replace(value.trim()).is_some() {
            return Err(failed(number, format!("@{tag} is said twice")));
        }
    }
    if let Some(missing) = values.iter().position(Option::is_none) {
        return Err(failed(1, format!("@{} is missing", TAGS[missing])));
    }
    let [name, family, aliases, source, claim, indicators, needs] = values.map(|value| value.unwrap_or_default());
    let words = |text: &str| -> Vec<String> {
        text.split([' ', ',', ';']).filter(|word| !word.is_empty() && *word != "none").map(str::to_owned).collect()
    };
    let aliases = aliases.split(';').map(|alias| alias.trim().to_lowercase()).filter(|alias| !alias.is_empty());
    Ok(Archetype {
        id: id.to_owned(),
        name: name.to_owned(),
        family: family.to_owned(),
        aliases: aliases.collect(),
        source: source.to_owned(),
        claim: claim.to_owned(),
        indicators: words(indicators),
        needs: words(needs),
        pine: text.to_owned(),
    })
}

/// The entry as a document that can be indexed and quoted, under the origin `catalogue:<id>`.
pub fn as_document(archetype: &Archetype) -> Document {
    let Archetype { name, family, aliases, source, claim, .. } = archetype;
    let mut text = format!("{name} is a {family} strategy.\n\n{}", sentence(claim));
    if !aliases.is_empty() {
        text.push_str(&format!("\n\nIt is also known as {}.", aliases.join(", ")));
    }
    text.push_str(&format!("\n\nSource: {}", sentence(source)));
    Document::from(SourceDocument {
        origin: format!("catalogue:{}", archetype.id),
        title: name.clone(),
        text,
        code: Some(archetype.pine.clone()),
    })
}

fn sentence(text: &str) -> String {
    let stop = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{text}{stop}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    const FILE: &str = "//@version=6\n// @name Golden cross\n// @family trend\n// @aliases golden cross; Death Cross ;\n// @source Somebody (1970). A book\n// @claim Trends go on.\n// @indicators sma\n// @needs close\nstrategy(\"Golden cross\")\n\n// @name is only a comment here\nx = 1\n";

    #[test]
    fn a_header_is_read_and_said_again_in_sentences() {
        let archetype = parse_archetype("golden_cross", FILE).unwrap();
        assert_eq!(archetype.aliases, ["golden cross", "death cross"]);
        assert_eq!((archetype.indicators.len(), archetype.needs.len()), (1, 1));
        let document = as_document(&archetype);
        assert_eq!((document.origin.as_str(), document.title.as_str()), ("catalogue:golden_cross", "Golden cross"));
        assert_eq!(document.code[0].text, FILE);
        expect![[r#"
            Golden cross is a trend strategy.

            Trends go on.

            It is also known as golden cross, death cross.

            Source: Somebody (1970). A book."#]]
        .assert_eq(&document.text);
    }

    #[test]
    fn a_faulty_header_is_named_by_its_line() {
        let check = |text: &str| parse_archetype("x", text).unwrap_err().to_string();
        let without = |tag: &str| FILE.lines().filter(|line| !line.contains(tag)).collect::<Vec<_>>().join("\n");
        assert_eq!(check(&without("@claim")), "x, line 1: @claim is missing");
        assert_eq!(check(&FILE.replace("@family trend", "@family")), "x, line 3: @family says nothing");
        assert_eq!(check(&FILE.replace("@family", "@name")), "x, line 3: @name is said twice");
        assert!(check(&FILE.replace("@family", "@kind")).starts_with("x, line 3: @kind is not a tag"));
        assert!(check("").contains("@name is missing"));
        assert!(parse_archetype("../x", FILE).is_err());
        assert!(
            parse_archetype("x", &FILE.replace("@indicators sma", "@indicators none")).unwrap().indicators.is_empty()
        );
    }
}

//! From words to exact strategies: what was given, what sources hold as code, and what the catalogue has for the claim.
//!
//! Deterministic and explainable: every proposal says which words led to it. A concept that matches nothing well enough ends
//! in [`NoProposal`] with the nearest entries, never in a random strategy.

pub mod catalogue;
mod rank;
mod stated;

use assay_corpus::{CodeRecord, PassageRecord};
use assay_pine::Strategy;

pub use rank::Match;

/// Strategies that one concept is turned into, at most: every one more is one more look at the data.
pub const PROPOSALS_MAX: usize = 3;
/// Pine scripts from sources that are tried, at most, beside the one that was given.
pub const SOURCE_SCRIPTS_MAX: usize = 3;

/// Where a strategy's text came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// With the submission.
    Given,
    /// Found as code in a source.
    Source,
    /// From the catalogue.
    Catalogue,
}

/// A strategy to test, or a script that could not be read.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Proposal {
    /// Its title.
    pub title: String,
    /// Where its text came from.
    pub origin: Origin,
    /// The source's address, or the catalogue entry.
    pub from: String,
    /// Family of the catalogue entry.
    pub family: Option<String>,
    /// What it claims.
    pub claim: Option<String>,
    /// The literature.
    pub literature: Option<String>,
    /// The words that led to it.
    pub because: String,
    /// A sentence of a source that led to it, and where it stands.
    pub quote: Option<(String, String)>,
    /// Pine Script.
    pub pine: String,
    /// Values that the text states, by input: part of the grid beside the usual range.
    pub stated: Vec<(String, f64)>,
    /// What a reader should know of the script.
    pub warnings: Vec<String>,
    /// Why it was not tested: each finding of the compiler.
    pub refused: Option<String>,
}

/// What a concept gives to go on.
#[derive(Debug)]
pub struct Ground<'a> {
    /// The concept's words.
    pub text: &'a str,
    /// The note, if any.
    pub note: Option<&'a str>,
    /// The script that came with it.
    pub pine: Option<&'a str>,
    /// Passages of its sources, in reading order.
    pub passages: &'a [PassageRecord],
    /// Code of its sources.
    pub code: &'a [CodeRecord],
}

/// Why nothing can be tested.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("no testable claim found{}", if nearest.is_empty() { String::new() } else { format!("; nearest: {}", nearest.join(", ")) })]
pub struct NoProposal {
    /// Catalogue entries that share something with the concept.
    pub nearest: Vec<String>,
}

/// Proposes strategies, the likeliest first. Scripts that cannot be read are among them, with their refusal.
///
/// # Errors
/// When there is nothing to test: no readable script and no entry of the catalogue that fits.
pub fn propose(ground: &Ground<'_>) -> Result<Vec<Proposal>, NoProposal> {
    let mut proposals = Vec::new();
    if let Some(pine) = ground.pine {
        proposals.push(script(pine, Origin::Given, "the submission", "given with the concept"));
    }
    let mut tried = 0;
    for code in ground.code.iter().filter(|code| code.kind != "catalogue" && looks_like_a_strategy(&code.text)) {
        if tried == SOURCE_SCRIPTS_MAX || proposals.iter().any(|p| p.pine == code.text) {
            continue;
        }
        tried += 1;
        proposals.push(script(&code.text, Origin::Source, &code.origin, &format!("code in \"{}\"", code.title)));
    }
    let readable = proposals.iter().filter(|p| p.refused.is_none()).count();
    // A script is an exact claim; the catalogue only stands in where there is none.
    if readable > 0 {
        return Ok(proposals);
    }
    let ranking = rank::rank(ground);
    let fits: Vec<&Match> = rank::fitting(&ranking).collect();
    if fits.is_empty() {
        if proposals.is_empty() {
            let nearest = ranking.iter().take(3).filter(|m| m.score > 0.0);
            return Err(NoProposal { nearest: nearest.map(|m| m.archetype.name.clone()).collect() });
        }
        return Ok(proposals);
    }
    proposals.extend(fits.into_iter().take(PROPOSALS_MAX).map(|m| from_catalogue(m, ground)));
    Ok(proposals)
}

/// Compiles a proposal as it will be tested: with the stated values in its grid.
///
/// # Errors
/// The compiler's findings.
pub fn strategy(proposal: &Proposal) -> Result<Strategy, assay_pine::Refusal> {
    read(&proposal.pine, &proposal.stated).map(|(strategy, _)| strategy)
}

/// Points that a grid of derived ranges may have on each path: what runs in a minute or so with its permutations. A range that
/// the text states is swept whole, up to the operator's bound.
const DERIVED_POINTS: [(&str, u64); 3] = [("signals", 20_000), ("steps", 2_000), ("script", 100)];

/// Coarsens derived ranges as every proposal's are. Says what was left out.
pub fn fit(strategy: &mut Strategy) -> Vec<assay_pine::Diagnostic> {
    let (_, points) = DERIVED_POINTS.iter().find(|(path, _)| *path == strategy.path()).expect("each path has a line");
    strategy.fit(*points)
}

/// A script with the stated values in its grid, and what a reader should know of it.
fn read(pine: &str, values: &[(String, f64)]) -> Result<(Strategy, Vec<String>), assay_pine::Refusal> {
    let mut strategy = assay_pine::strategy(pine)?;
    stated::apply(strategy.inputs_mut(), values);
    let coarsened = fit(&mut strategy);
    let warnings = strategy.warnings().iter().chain(&coarsened).map(ToString::to_string).collect();
    Ok((strategy, warnings))
}

fn looks_like_a_strategy(code: &str) -> bool {
    code.contains("strategy(") && code.contains("strategy.entry")
}

fn script(pine: &str, origin: Origin, from: &str, because: &str) -> Proposal {
    let compiled = read(pine, &[]);
    let title =
        compiled.as_ref().map_or_else(|_| "Pine script".to_owned(), |(strategy, _)| strategy.title().to_owned());
    Proposal {
        title,
        origin,
        from: from.to_owned(),
        family: None,
        claim: None,
        literature: None,
        because: because.to_owned(),
        quote: None,
        pine: pine.to_owned(),
        stated: Vec::new(),
        warnings: compiled.iter().flat_map(|(_, warnings)| warnings.clone()).collect(),
        refused: compiled.err().map(|refusal| refusal.to_string()),
    }
}

fn from_catalogue(found: &Match, ground: &Ground<'_>) -> Proposal {
    let archetype = found.archetype;
    let program = assay_pine::compile(&archetype.pine).expect("a test compiles every file of the catalogue");
    let texts = [Some(ground.text), ground.note].into_iter().flatten();
    let stated = texts.map(|text| stated::read(text, &program.inputs)).find(|values| !values.is_empty());
    let from_quote = || {
        let (quote, _) = found.quote.as_ref()?;
        let values = stated::read(quote, &program.inputs);
        (!values.is_empty()).then_some(values)
    };
    Proposal {
        title: archetype.name.clone(),
        origin: Origin::Catalogue,
        from: format!("catalogue:{}", archetype.id),
        family: Some(archetype.family.clone()),
        claim: Some(archetype.claim.clone()),
        literature: Some(archetype.source.clone()),
        because: found.because.clone(),
        quote: found.quote.clone(),
        pine: archetype.pine.to_string(),
        stated: stated.or_else(from_quote).unwrap_or_default(),
        warnings: Vec::new(),
        refused: None,
    }
}

#[cfg(test)]
mod tests;

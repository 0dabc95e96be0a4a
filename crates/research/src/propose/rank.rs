//! Which entries of the catalogue a concept speaks of.
//!
//! Words weigh by how rare they are in the catalogue (inverse document frequency). A whole alias found in the concept is
//! nearly an answer; single words shared with the name, aliases or family are hints; a sentence of a source that holds a
//! whole alias supports an entry and is quoted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use assay_corpus::passages::sentences;
use assay_corpus::sources::catalogue::Archetype;

use super::{Ground, catalogue};

/// Share of the concept's weight that must be found in an entry's words for it to fit.
const COVERED_MIN: f64 = 0.6;
/// Entries below this share of the best score are other ideas.
const OF_BEST_MIN: f64 = 0.6;
/// Sentences of sources looked at.
const SENTENCES_MAX: usize = 5_000;

/// How well an entry fits.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    /// The entry.
    pub archetype: &'static Archetype,
    /// Higher is better; 0 shares nothing.
    pub score: f64,
    /// Share of the concept's weight that the entry's words cover, or 1 for a whole alias.
    pub covered: f64,
    /// Why, in words.
    pub because: String,
    /// A sentence of a source that speaks of it, and its origin.
    pub quote: Option<(String, String)>,
}

/// Words that any concept may hold: they distinguish nothing.
const EMPTY: &[&str] = &[
    "strategy",
    "strategie",
    "trade",
    "trading",
    "trader",
    "buy",
    "sell",
    "market",
    "stock",
    "price",
    "signal",
    "system",
    "rule",
    "indicator",
    "use",
    "using",
    "work",
    "test",
    "money",
    "profit",
    "make",
    "best",
    "simple",
    "long",
    "day",
    "daily",
    "enter",
    "exit",
    "entry",
    "idea",
    "low",
    "high",
    "good",
    "new",
];

struct Entry {
    archetype: &'static Archetype,
    /// Name and aliases as stems in order.
    phrases: Vec<(Vec<String>, String)>,
    words: BTreeSet<String>,
}

struct Lexicon {
    entries: Vec<Entry>,
    weight: BTreeMap<String, f64>,
    /// Of a word that no entry has.
    unknown: f64,
}

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    let entries: Vec<Entry> = catalogue::all().iter().map(entry).collect();
    let mut counts: BTreeMap<String, f64> = BTreeMap::new();
    for word in entries.iter().flat_map(|entry| &entry.words) {
        *counts.entry(word.clone()).or_default() += 1.0;
    }
    let all = entries.len() as f64;
    let weight = counts.into_iter().map(|(word, n)| (word, (all / n).ln() + 0.5)).collect();
    // Rarer than any word of ours.
    Lexicon { entries, weight, unknown: all.ln() + 1.5 }
});

fn entry(archetype: &'static Archetype) -> Entry {
    let names = std::iter::once(&archetype.name).chain(&archetype.aliases);
    let phrases: Vec<(Vec<String>, String)> =
        names.map(|name| (stems(name), name.clone())).filter(|(stems, _)| !stems.is_empty()).collect();
    let mut words: BTreeSet<String> = phrases.iter().flat_map(|(stems, _)| stems.iter().cloned()).collect();
    words.extend(stems(&archetype.family));
    words.retain(|word| !EMPTY.contains(&word.as_str()));
    Entry { archetype, phrases, words }
}

/// Lower-case stems, with "meanreversion", "crossover" and such brought to one form.
fn stems(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words
        .filter(|word| {
            !matches!(
                *word,
                "the"
                    | "a"
                    | "an"
                    | "of"
                    | "and"
                    | "or"
                    | "in"
                    | "on"
                    | "to"
                    | "with"
                    | "is"
                    | "for"
                    | "by"
                    | "its"
                    | "when"
            )
        })
        .map(stem)
        .collect()
}

fn stem(word: &str) -> String {
    let word = match word {
        "crossover" | "crossovers" | "crosses" | "crossing" | "crossings" | "crossed" => "cross",
        "reversal" | "reversals" | "reverting" | "reverts" | "revert" => "reversion",
        "averages" | "ma" => "average",
        "breakouts" | "breaks" | "break" => "breakout",
        other => other,
    };
    for ending in ["ing", "es", "s"] {
        if let Some(root) = word.strip_suffix(ending)
            && root.len() >= 4
            && !root.ends_with('s')
        {
            return root.to_owned();
        }
    }
    word.to_owned()
}

/// All entries, best first; equals in the order of the catalogue.
pub(super) fn rank(ground: &Ground<'_>) -> Vec<Match> {
    let concept = stems(ground.text);
    let note = ground.note.map(stems).unwrap_or_default();
    let support = support(ground);
    let mut all: Vec<Match> = LEXICON
        .entries
        .iter()
        .map(|entry| {
            let mut found = match_entry(entry, &concept, &note);
            if let Some((sentence, origin, alias)) = support.get(entry.archetype.id.as_str()) {
                found.quote = Some((sentence.clone(), origin.clone()));
                // Sources support what the concept's own words already point at, or speak for it alone when named whole.
                found.score += if found.score > 0.0 { 2.0 } else { 1.0 };
                if found.because.is_empty() {
                    found.because = format!("a source speaks of \"{alias}\"");
                }
            }
            found
        })
        .collect();
    all.sort_by(|a, b| b.score.total_cmp(&a.score));
    all
}

/// Those that fit well enough to be tested.
pub(super) fn fitting(ranking: &[Match]) -> impl Iterator<Item = &Match> {
    let best = ranking.iter().filter(|m| m.covered >= COVERED_MIN).map(|m| m.score).fold(0.0, f64::max);
    ranking.iter().filter(move |m| m.covered >= COVERED_MIN && m.score > 0.0 && m.score >= best * OF_BEST_MIN)
}

fn match_entry(entry: &Entry, concept: &[String], note: &[String]) -> Match {
    let lexicon = &*LEXICON;
    let weight = |word: &String| match lexicon.weight.get(word) {
        Some(weight) => *weight,
        None if EMPTY.contains(&word.as_str()) || word.chars().all(|c| c.is_ascii_digit()) => 0.0,
        None => lexicon.unknown,
    };
    let told: BTreeSet<&String> = concept.iter().filter(|w| !EMPTY.contains(&w.as_str())).collect();
    let total: f64 = told.iter().map(|word| weight(word)).sum();
    let shared: Vec<&String> = told.iter().copied().filter(|word| entry.words.contains(*word)).collect();
    let shared_weight: f64 = shared.iter().map(|word| weight(word)).sum();

    // The longest alias that stands whole in the concept.
    let whole = entry
        .phrases
        .iter()
        .filter(|(phrase, _)| contains(concept, phrase))
        .max_by(|a, b| phrase_weight(&a.0, &weight).total_cmp(&phrase_weight(&b.0, &weight)));
    let in_note = || entry.phrases.iter().find(|(phrase, _)| phrase.len() > 1 && contains(note, phrase));
    let covered = if total > 0.0 { shared_weight / total } else { 0.0 };
    match whole {
        Some((phrase, name)) if phrase_weight(phrase, &weight) > 0.0 => {
            let exact = phrase.len() == concept.len();
            let said = phrase_weight(phrase, &weight);
            // A whole alias answers what it covers; the rest of the concept must not speak of something else entirely.
            let of_all = if total > 0.0 { said / total } else { 1.0 };
            Match {
                archetype: entry.archetype,
                score: said + shared_weight + if exact { 4.0 } else { 0.0 },
                covered: covered.max(if of_all >= 0.4 { 1.0 } else { of_all }),
                because: format!("the concept says \"{name}\""),
                quote: None,
            }
        }
        _ => {
            let noted = in_note();
            let words = shared.iter().map(|w| w.as_str()).collect::<Vec<_>>().join(", ");
            let because = match (&noted, shared.is_empty()) {
                (Some((_, name)), _) => format!("the note says \"{name}\""),
                (None, false) => format!("the concept shares the words {words}"),
                (None, true) => String::new(),
            };
            let bonus = if noted.is_some() { 3.0 } else { 0.0 };
            // Words alone must be distinctive: two at least, or nothing is fitting.
            let covered = if noted.is_some() {
                covered.max(COVERED_MIN)
            } else if shared.len() >= 2 {
                covered
            } else {
                covered.min(COVERED_MIN / 2.0)
            };
            Match { archetype: entry.archetype, score: shared_weight * covered + bonus, covered, because, quote: None }
        }
    }
}

fn phrase_weight(phrase: &[String], weight: &dyn Fn(&String) -> f64) -> f64 {
    phrase.iter().filter(|w| !EMPTY.contains(&w.as_str())).map(weight).sum()
}

fn contains(text: &[String], phrase: &[String]) -> bool {
    !phrase.is_empty() && text.windows(phrase.len()).any(|window| window == phrase)
}

/// For each entry, the first sentence of a source outside the catalogue that holds one of its aliases whole.
fn support(ground: &Ground<'_>) -> BTreeMap<&'static str, (String, String, String)> {
    let mut found = BTreeMap::new();
    let outside = ground.passages.iter().filter(|p| !p.origin.starts_with("catalogue:"));
    let all = outside.flat_map(|p| sentences(&p.text).into_iter().map(move |range| (p, &p.text[range])));
    for (passage, sentence) in all.take(SENTENCES_MAX) {
        let words = stems(sentence);
        for entry in &LEXICON.entries {
            if found.contains_key(entry.archetype.id.as_str()) {
                continue;
            }
            let alias = entry.phrases.iter().find(|(phrase, _)| phrase.len() > 1 && contains(&words, phrase));
            if let Some((_, name)) = alias {
                let quote = (sentence.trim().to_owned(), passage.origin.clone(), name.clone());
                found.insert(entry.archetype.id.as_str(), quote);
            }
        }
    }
    found
}

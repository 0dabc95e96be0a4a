//! What a text is like, without a model: hashed words and character pieces in 256 dimensions, with a small table of the
//! trade's synonyms, so that "reversal" is found by "mean reversion".
//!
//! Pure and stable: the same text gives the same bytes on every machine, so they may be stored. A change to the recipe needs a
//! migration that computes them anew.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

/// Dimensions of a vector.
pub const DIMENSIONS: usize = 256;

/// A vector of whole numbers from -127 to 127; only its direction means anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Features(pub [i8; DIMENSIONS]);

/// Phrases (lower case, words parted by one space) and the notion that each stands for.
const SYNONYMS: &[(&str, &str)] = &[
    ("rsi", "rsi"),
    ("relative strength index", "rsi"),
    ("sma", "moving_average"),
    ("ema", "moving_average"),
    ("moving average", "moving_average"),
    ("moving averages", "moving_average"),
    ("bollinger", "bollinger"),
    ("bollinger bands", "bollinger"),
    ("volatility bands", "bollinger"),
    ("macd", "macd"),
    ("moving average convergence", "macd"),
    ("atr", "atr"),
    ("average true range", "atr"),
    ("stochastic", "stochastic"),
    ("stochastics", "stochastic"),
    ("mean reversion", "mean_reversion"),
    ("mean reverting", "mean_reversion"),
    ("reversal", "mean_reversion"),
    ("reversals", "mean_reversion"),
    ("contrarian", "mean_reversion"),
    ("oversold", "mean_reversion"),
    ("overbought", "mean_reversion"),
    ("overreaction", "mean_reversion"),
    ("buy the dip", "mean_reversion"),
    ("pullback", "mean_reversion"),
    ("trend following", "trend"),
    ("trend", "trend"),
    ("trends", "trend"),
    ("time series momentum", "trend"),
    ("momentum", "momentum"),
    ("relative strength", "momentum"),
    ("rate of change", "momentum"),
    ("breakout", "breakout"),
    ("breakouts", "breakout"),
    ("donchian", "breakout"),
    ("turtle", "breakout"),
    ("new high", "breakout"),
    ("channel", "breakout"),
    ("crossover", "crossover"),
    ("golden cross", "crossover"),
    ("death cross", "crossover"),
    ("crosses above", "crossover"),
    ("crosses below", "crossover"),
    ("turn of the month", "seasonality"),
    ("seasonality", "seasonality"),
    ("seasonal", "seasonality"),
    ("calendar effect", "seasonality"),
    ("sell in may", "seasonality"),
    ("halloween", "seasonality"),
    ("day of the week", "seasonality"),
    ("volatility", "volatility"),
    ("variance", "volatility"),
    ("vix", "volatility"),
    ("stop loss", "stop"),
    ("trailing stop", "stop"),
    ("stop", "stop"),
    ("long", "long"),
    ("buy", "long"),
    ("short", "short"),
    ("sell", "short"),
];

/// Words that say nothing about a subject.
const STOP_WORDS: &[&str] = &[
    "a", "an", "and", "are", "as", "at", "be", "by", "can", "for", "from", "has", "have", "in", "is", "it", "its",
    "not", "of", "on", "or", "that", "the", "their", "then", "there", "these", "they", "this", "to", "was", "we",
    "were", "which", "will", "with", "you",
];

/// The longest phrase of the table, in words.
const PHRASE_WORDS_MAX: usize = 4;

/// The vector of `text`; all zero for a text without words.
pub fn features(text: &str) -> Features {
    static NOTIONS: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| SYNONYMS.iter().copied().collect());
    let notions = &*NOTIONS;
    let words = words(text);
    let mut sums = [0f32; DIMENSIONS];
    let mut counts = BTreeMap::<String, (f32, f32)>::new();
    let mut note = |token: String, weight: f32| counts.entry(token).or_insert((0.0, weight)).0 += 1.0;
    for (i, word) in words.iter().enumerate() {
        if STOP_WORDS.contains(&word.as_str()) {
            continue;
        }
        note(format!("w:{}", stem(word)), 1.0);
        if let Some(next) = words.get(i + 1).filter(|next| !STOP_WORDS.contains(&next.as_str())) {
            note(format!("b:{} {}", stem(word), stem(next)), 0.5);
        }
        let letters: Vec<char> = word.chars().take(40).collect();
        for piece in letters.windows(4) {
            note(format!("c:{}", piece.iter().collect::<String>()), 0.25);
        }
    }
    for length in 1..=PHRASE_WORDS_MAX {
        for phrase in words.windows(length) {
            let phrase = phrase.join(" ");
            if let Some(notion) = notions.get(phrase.as_str()) {
                note(format!("s:{notion}"), 2.0);
            }
        }
    }
    for (token, (count, weight)) in counts {
        let hash = fnv1a(token.as_bytes());
        let sign = if hash >> 63 == 0 { 1.0 } else { -1.0 };
        // Square roots, so that a word said ten times does not drown nine others.
        sums[(hash % DIMENSIONS as u64) as usize] += sign * weight * count.sqrt();
    }
    let largest = sums.iter().fold(0f32, |max, x| max.max(x.abs()));
    let scale = if largest > 0.0 { 127.0 / largest } else { 0.0 };
    Features(sums.map(|x| (x * scale).round() as i8))
}

impl Features {
    /// The cosine of the angle between two vectors; zero when one of them is zero.
    pub fn cosine(&self, other: &Features) -> f64 {
        let dot = |a: &Features, b: &Features| -> i64 {
            a.0.iter().zip(&b.0).map(|(x, y)| i64::from(i32::from(*x) * i32::from(*y))).sum()
        };
        let norms = dot(self, self) as f64 * dot(other, other) as f64;
        if norms > 0.0 { dot(self, other) as f64 / norms.sqrt() } else { 0.0 }
    }
    /// As stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().map(|x| x.cast_unsigned()).collect()
    }
    /// Reads what `to_bytes` wrote; `None` for another length.
    pub fn from_bytes(bytes: &[u8]) -> Option<Features> {
        let bytes: [u8; DIMENSIONS] = bytes.try_into().ok()?;
        Some(Features(bytes.map(u8::cast_signed)))
    }
}

/// Words in lower case: runs of letters and digits.
pub fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// Whether a word says something about a subject.
pub fn is_content_word(word: &str) -> bool {
    !STOP_WORDS.contains(&word)
}

/// Cuts the commonest English endings: enough for "reverts" to meet "revert".
pub fn stem(word: &str) -> &str {
    for ending in ["ing", "ed", "es", "s"] {
        if let Some(root) = word.strip_suffix(ending)
            && root.chars().count() >= 3
            && !root.ends_with('s')
        {
            return root;
        }
    }
    word
}

/// Fowler, Noll and Vo's 64-bit hash, variant 1a, with a final mix so that the low bits may be used alone.
fn fnv1a(bytes: &[u8]) -> u64 {
    let mut hash =
        bytes.iter().fold(0xcbf2_9ce4_8422_2325u64, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3));
    hash ^= hash >> 32;
    hash = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    hash ^ (hash >> 29)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_on_one_subject_are_closer_than_texts_on_two() {
        let query = features("RSI mean reversion");
        let near = features("A contrarian rule buys when the relative strength index shows an oversold market.");
        let far = features("A breakout system buys new highs of the Donchian channel and follows the trend.");
        assert!(query.cosine(&near) > query.cosine(&far) + 0.1, "{} {}", query.cosine(&near), query.cosine(&far));
    }

    #[test]
    fn a_text_is_most_like_itself_and_bytes_bring_it_back() {
        let text = features("Buy at the close when RSI(2) is below 10.");
        assert!((text.cosine(&text) - 1.0).abs() < 1e-12);
        assert_eq!(Features::from_bytes(&text.to_bytes()), Some(text.clone()));
        assert_eq!(features(" ... ").cosine(&text), 0.0);
        assert_eq!(Features::from_bytes(b"short"), None);
    }
}

//! The vocabulary: what indicators are called in prose, and what Pine calls them.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::tokens::Token;

/// The longest name, in tokens.
const NAME_TOKENS_MAX: usize = 6;

/// Names as tokens parted by one space: lower case, no hyphens, digits apart from letters, numbers as digits or as words.
const NAMES: &[(&str, &[&str])] = &[
    ("rsi", &["rsi", "relative strength index", "relative strength indicator"]),
    (
        "sma",
        &[
            "sma",
            "smas",
            "ma",
            "mas",
            "dma",
            "dmas",
            "moving average",
            "moving averages",
            "simple moving average",
            "simple moving averages",
            "golden cross",
            "death cross",
            "golden crossover",
        ],
    ),
    (
        "ema",
        &[
            "ema",
            "emas",
            "exponential moving average",
            "exponential moving averages",
            "exponentially weighted moving average",
        ],
    ),
    ("wma", &["wma", "weighted moving average", "linearly weighted moving average"]),
    ("hull", &["hma", "hull", "hull ma", "hull moving average"]),
    (
        "kama",
        &["kama", "adaptive moving average", "kaufman adaptive moving average", "kaufman s adaptive moving average"],
    ),
    ("tema", &["tema", "dema", "triple exponential moving average", "double exponential moving average"]),
    ("vwap", &["vwap", "volume weighted average price"]),
    (
        "macd",
        &[
            "macd",
            "moving average convergence divergence",
            "moving average convergence / divergence",
            "macd histogram",
            "macd line",
        ],
    ),
    ("trix", &["trix"]),
    ("bollinger", &["bollinger", "bollinger band", "bollinger bands", "bbands", "volatility bands"]),
    (
        "donchian",
        &[
            "donchian",
            "donchian channel",
            "donchian channels",
            "turtle",
            "turtles",
            "turtle trading",
            "day high",
            "day highs",
            "day low",
            "day lows",
            "bar high",
            "bar low",
            "week high",
            "week low",
            "period high",
            "period low",
            "month high",
            "month low",
            "channel breakout",
        ],
    ),
    ("52_week_high", &["52 week high", "52 week highs", "fifty two week high", "yearly high", "one year high"]),
    ("keltner", &["keltner", "keltner channel", "keltner channels", "keltner band", "keltner bands"]),
    ("squeeze", &["squeeze", "ttm squeeze", "bollinger squeeze", "volatility squeeze"]),
    ("atr", &["atr", "atrs", "average true range", "true range"]),
    (
        "adx",
        &[
            "adx",
            "dmi",
            "average directional index",
            "directional movement",
            "directional movement index",
            "directional index",
        ],
    ),
    ("vortex", &["vortex", "vortex indicator"]),
    ("supertrend", &["supertrend", "super trend"]),
    ("sar", &["sar", "psar", "parabolic sar", "parabolic stop and reverse", "stop and reverse"]),
    ("ichimoku", &["ichimoku", "ichimoku cloud", "ichimoku kinko hyo", "kumo", "tenkan", "kijun"]),
    (
        "momentum",
        &[
            "momentum",
            "tsmom",
            "time series momentum",
            "absolute momentum",
            "relative momentum",
            "cross sectional momentum",
        ],
    ),
    ("roc", &["roc", "rate of change", "price rate of change"]),
    (
        "stochastic",
        &["stochastic", "stochastics", "stochastic oscillator", "slow stochastic", "fast stochastic", "% k", "% d"],
    ),
    ("williams_r", &["williams r", "williams % r", "williams percent r", "% r", "percent r", "williams percent range"]),
    ("cci", &["cci", "commodity channel index"]),
    ("ibs", &["ibs", "internal bar strength"]),
    ("gap", &["gap", "gaps", "gap up", "gap down", "gap ups", "gap downs", "opening gap", "gap fill", "gap fade"]),
    ("mfi", &["mfi", "money flow index"]),
    ("obv", &["obv", "on balance volume"]),
    ("cmf", &["cmf", "chaikin money flow"]),
    ("force_index", &["force index", "elder force index", "elder s force index"]),
    ("volume", &["volume", "volumes", "trading volume", "volume spike", "volume surge"]),
    (
        "seasonal",
        &[
            "seasonal",
            "seasonality",
            "turn of the month",
            "turn of month",
            "month end effect",
            "day of the week",
            "day of week",
            "sell in may",
            "halloween effect",
            "halloween indicator",
            "weekend effect",
            "monday effect",
            "january effect",
            "santa claus rally",
            "calendar effect",
            "calendar effects",
        ],
    ),
    ("z_score", &["z score", "z scores", "zscore", "standard score"]),
    ("stdev", &["realized volatility", "realised volatility", "historical volatility"]),
    ("linreg", &["linear regression", "linear regression slope", "regression slope"]),
    (
        "down_days",
        &[
            "down days",
            "down day",
            "days down",
            "consecutive down closes",
            "lower closes",
            "consecutive lower closes",
            "losing streak",
        ],
    ),
    ("narrow_range", &["nr 7", "nr 4", "narrow range", "narrowest range", "inside day"]),
    (
        "candlestick",
        &[
            "candlestick",
            "candlesticks",
            "engulfing",
            "bullish engulfing",
            "bearish engulfing",
            "engulfing pattern",
            "engulfing candle",
            "hammer candle",
            "hammer pattern",
            "doji",
            "morning star",
            "evening star",
        ],
    ),
];

/// Pine's names where they are no words of prose.
const PINE_NAMES: &[(&str, &str)] = &[
    ("bb", "bollinger"),
    ("bbw", "bollinger"),
    ("kc", "keltner"),
    ("kcw", "keltner"),
    ("stoch", "stochastic"),
    ("wpr", "williams_r"),
    ("mom", "momentum"),
    ("highest", "donchian"),
    ("lowest", "donchian"),
    ("tr", "atr"),
    ("stdev", "stdev"),
    ("linreg", "linreg"),
];

static VOCABULARY: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    NAMES.iter().flat_map(|(indicator, names)| names.iter().map(move |name| (*name, *indicator))).collect()
});

/// The indicator called `name` in prose, in Pine or in our own vocabulary: `bb`, `Bollinger bands` and `bollinger` are one.
pub fn indicator_named(name: &str) -> Option<&'static str> {
    let name = name.trim().to_lowercase();
    let ours = NAMES.iter().map(|(indicator, _)| *indicator).find(|indicator| *indicator == name);
    let pine = || PINE_NAMES.iter().find(|(pine, _)| *pine == name).map(|(_, indicator)| *indicator);
    ours.or_else(pine).or_else(|| {
        let tokens = super::tokens::of(&name, 0..name.len());
        at(&tokens).filter(|(_, length)| *length == tokens.len()).map(|(indicator, _)| indicator)
    })
}

/// The longest name that `tokens` begin with, and its length.
pub fn at(tokens: &[Token<'_>]) -> Option<(&'static str, usize)> {
    let mut phrase = String::new();
    let mut best = None;
    for (i, token) in tokens.iter().take(NAME_TOKENS_MAX).enumerate() {
        // No name holds a longer word, and a text may.
        if token.text.len() > 24 {
            break;
        }
        if i > 0 {
            phrase.push(' ');
        }
        phrase.push_str(&token.text);
        if let Some(indicator) = VOCABULARY.get(phrase.as_str()) {
            best = Some((*indicator, i + 1));
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mentions::tokens;

    #[test]
    fn every_name_is_spelt_as_its_tokens_are() {
        let mut seen = std::collections::BTreeMap::new();
        for (indicator, names) in NAMES {
            for name in *names {
                let tokens = tokens::of(name, 0..name.len());
                assert_eq!(at(&tokens), Some((*indicator, tokens.len())), "{name}");
                assert!(tokens.len() <= NAME_TOKENS_MAX, "{name}");
                assert_eq!(seen.insert(*name, *indicator), None, "{name} is listed twice");
            }
        }
    }

    #[test]
    fn prose_pine_and_our_own_names_meet() {
        for (name, indicator) in [
            ("bb", Some("bollinger")),
            ("Bollinger Bands", Some("bollinger")),
            ("bollinger", Some("bollinger")),
            ("williams_r", Some("williams_r")),
            ("52_week_high", Some("52_week_high")),
            ("52-week high", Some("52_week_high")),
            ("wpr", Some("williams_r")),
            ("rsi and sma", None),
            ("highest", Some("donchian")),
            ("", None),
        ] {
            assert_eq!(indicator_named(name), indicator, "{name}");
        }
    }
}

//! What a text names: indicators, and the numbers that go with each.
//!
//! Pure, and linear in the text's length: each mention looks at a bounded number of tokens around it. It finds what is said,
//! not what is meant: "RSI(2) falls below 10" gives `rsi` with 2 and 10, and which is the length is for the reader to decide.
//! `names` holds the vocabulary, `tokens` cuts the text.

mod names;
mod tokens;

use std::ops::Range;

use crate::passages;
pub use names::indicator_named;
use tokens::{Kind, Token};

/// Mentions reported of one text; the rest of a longer list is left out.
pub const MENTIONS_MAX: usize = 1_000;
/// A sentence is looked at in pieces of this size, so that a text without full stops takes no more memory than another.
const PIECE_BYTES_MAX: usize = 1 << 16;
/// Numbers kept of one mention.
const NUMBERS_MAX: usize = 8;
/// Tokens after a name among which its numbers are looked for.
const TOKENS_AFTER_MAX: usize = 20;
/// A bare number beside a name is a year or a price when it is larger.
const BARE_NUMBER_MAX: f64 = 1_000.0;

/// An indicator named in a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Mention {
    /// Its name in our vocabulary, such as `rsi` or `bollinger`.
    pub indicator: &'static str,
    /// The numbers said of it, in the order of the text: lengths, multipliers, thresholds.
    pub numbers: Vec<f64>,
    /// Where it stands, from the first word or number that belongs to it to the last: `text[range]` can be quoted.
    pub range: Range<usize>,
}

/// The indicators that `text` names, in order.
pub fn mentions(text: &str) -> Vec<Mention> {
    let mut found = Vec::new();
    for mut sentence in passages::sentences(text) {
        while !sentence.is_empty() && found.len() < MENTIONS_MAX {
            let end = text.floor_char_boundary(sentence.end.min(sentence.start + PIECE_BYTES_MAX));
            in_sentence(&tokens::of(text, sentence.start..end), &mut found);
            sentence.start = end;
        }
    }
    found.truncate(MENTIONS_MAX);
    found
}

/// A name in a sentence: its tokens, and where the numbers before it begin.
struct Named {
    indicator: &'static str,
    name: Range<usize>,
    before: usize,
}

fn in_sentence(tokens: &[Token<'_>], found: &mut Vec<Mention>) {
    let mut named: Vec<Named> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let Some((indicator, length)) = names::at(&tokens[at..]) else {
            at += 1;
            continue;
        };
        let mut name = at..at + length;
        at = name.end;
        // "relative strength index (RSI)" is said once.
        if is_symbol(tokens, at, '(')
            && let Some((same, length)) = names::at(&tokens[at + 1..])
            && same == indicator
            && is_symbol(tokens, at + 1 + length, ')')
        {
            name.end = at + length + 2;
            at = name.end;
        }
        let floor = named.last().map_or(0, |last: &Named| last.name.end);
        let before = begin_of_numbers(tokens, floor, name.start);
        named.push(Named { indicator, name, before });
    }
    for (i, this) in named.iter().enumerate() {
        let end = named.get(i + 1).map_or(tokens.len(), |next| next.before);
        let mut numbers: Vec<f64> = tokens[this.before..this.name.start].iter().filter_map(Token::number).collect();
        let mut last = this.name.end - 1;
        after(tokens, this.name.end..end.min(this.name.end + TOKENS_AFTER_MAX), &mut numbers, &mut last);
        numbers.truncate(NUMBERS_MAX);
        let range = tokens[this.before].range.start..tokens[last].range.end;
        found.push(Mention { indicator: this.indicator, numbers, range });
    }
}

/// Words between a number and the name it belongs to: "200-day simple ...", "3 consecutive down days".
const FILLERS: &[&str] = &[
    "long",
    "short",
    "term",
    "fast",
    "slow",
    "daily",
    "weekly",
    "monthly",
    "upper",
    "lower",
    "middle",
    "standard",
    "consecutive",
    "straight",
    "x",
    "times",
    "rolling",
    "classic",
    "simple",
    "line",
];
const UNITS: &[&str] = &[
    "day", "days", "period", "periods", "bar", "bars", "week", "weeks", "month", "months", "hour", "hours", "minute",
    "minutes", "session", "sessions", "d",
];

/// Walks back over "50-day and 200-day", "20/50", "2 period"; gives where that begins, or `name` when there is none.
fn begin_of_numbers(tokens: &[Token<'_>], floor: usize, name: usize) -> usize {
    let mut at = name;
    for _ in 0..2 {
        if at > floor && is_word(tokens, at - 1, FILLERS) {
            at -= 1;
        }
    }
    let mut begin = name;
    for _ in 0..NUMBERS_MAX {
        let united = at > floor && is_word(tokens, at - 1, UNITS);
        let number = if united { at.checked_sub(2) } else { at.checked_sub(1) };
        let Some(number) = number.filter(|number| *number >= floor) else { break };
        let Some(value) = tokens[number].number() else { break };
        if !united && (value.abs() > BARE_NUMBER_MAX || tokens[number].follows_currency) {
            break;
        }
        (begin, at) = (number, number);
        if at > floor && is_separator(&tokens[at - 1]) {
            at -= 1;
        } else if !(at > floor && tokens[at - 1].number().is_some()) {
            break;
        }
    }
    begin
}

/// What introduces a threshold: the number may be anything but a span of time.
const COMPARATORS: &[&str] = &[
    "below", "above", "under", "over", "than", "beneath", "exceeds", "exceed", "reaches", "hits", "between", "through",
];
/// What introduces a setting.
const SETTINGS: &[&str] = &[
    "of",
    "to",
    "with",
    "at",
    "from",
    "using",
    "length",
    "period",
    "periods",
    "lookback",
    "window",
    "threshold",
    "and",
];
/// Words that may stand between an introduction and its number.
const ARTICLES: &[&str] = &["the", "a", "an", "about", "around", "level", "value", "or", "equal", "its"];
/// After these the sentence speaks of something else.
const TURNS: &[&str] = &["price", "prices", "hold", "holding", "stop", "profit", "target"];
/// A number before one of these counts something else.
const COUNTED: &[&str] =
    &["percent", "pct", "year", "years", "trades", "stocks", "markets", "times", "points", "dollars", "th", "am", "pm"];
const DEVIATIONS: &[&str] = &["standard", "std", "deviation", "deviations", "sigma", "stdev", "sd"];

/// Collects the numbers after a name: in brackets or beside it, and after words that introduce them.
fn after(tokens: &[Token<'_>], within: Range<usize>, numbers: &mut Vec<f64>, last: &mut usize) {
    let mut at = within.start;
    if is_symbol(tokens, at, '(') && at < within.end {
        at = in_brackets(tokens, at, within.end, numbers, last);
    }
    // Whether the token before this one was a number that was taken, and whether nothing else stood in between.
    let mut beside = true;
    while at < within.end {
        let token = &tokens[at];
        if is_word(tokens, at, TURNS) {
            break;
        }
        let Some(value) = token.number() else {
            beside = beside && is_separator(token) && at + 1 < within.end && tokens[at + 1].number().is_some();
            at += 1;
            continue;
        };
        let introduced = introduction(tokens, within.start, at);
        let next = at + 1;
        let percent = is_symbol(tokens, next, '%');
        let timed = is_word(tokens, next, UNITS);
        let deviations = is_word(tokens, next, DEVIATIONS);
        let counted = is_word(tokens, next, COUNTED) || is_symbol(tokens, next, ':') || token.follows_currency;
        let taken = !counted
            && match introduced {
                _ if deviations => true,
                // "over 20 days" is no threshold but a length.
                Introduction::Comparator => !timed || is_word(tokens, at - 1, &["over"]),
                Introduction::Setting => !percent,
                Introduction::None => beside && !percent && value.abs() <= BARE_NUMBER_MAX,
            };
        if taken {
            numbers.push(value);
            *last = at;
            if timed || (percent && introduced == Introduction::Comparator) {
                at += 1;
                *last = at;
            }
            while deviations && at + 1 < within.end && is_word(tokens, at + 1, DEVIATIONS) {
                at += 1;
                *last = at;
            }
        }
        beside = taken;
        at += 1;
    }
}

/// `(12, 26, 9)`, `(length 14)`: everything up to the closing bracket. Gives where to go on.
fn in_brackets(tokens: &[Token<'_>], open: usize, end: usize, numbers: &mut Vec<f64>, last: &mut usize) -> usize {
    let Some(close) = (open + 1..end).find(|at| is_symbol(tokens, *at, ')')) else { return open + 1 };
    let inside: Vec<f64> =
        tokens[open..close].iter().filter_map(Token::number).filter(|n| n.abs() <= BARE_NUMBER_MAX).collect();
    if !inside.is_empty() {
        *last = close;
        numbers.extend(inside);
    }
    close + 1
}

#[derive(Clone, Copy, PartialEq)]
enum Introduction {
    Comparator,
    Setting,
    None,
}

/// The word that introduces the number at `at`, through a list and a few articles.
fn introduction(tokens: &[Token<'_>], floor: usize, at: usize) -> Introduction {
    let mut before = at;
    for _ in 0..4 {
        if before == floor {
            break;
        }
        before -= 1;
        if is_word(tokens, before, COMPARATORS) || tokens[before].is_one_of(&['<', '>', '=', '≤', '≥']) {
            return Introduction::Comparator;
        }
        // "below 30 or above 70", "between 30 and 70": the list goes on.
        let listed = is_word(tokens, before, &["and", "or"]) && before > floor && tokens[before - 1].number().is_some();
        if listed {
            before -= 1;
            continue;
        }
        if is_word(tokens, before, SETTINGS) && !is_word(tokens, before, &["and"]) {
            return Introduction::Setting;
        }
        if !is_word(tokens, before, ARTICLES) {
            break;
        }
    }
    Introduction::None
}

fn is_word(tokens: &[Token<'_>], at: usize, list: &[&str]) -> bool {
    tokens.get(at).is_some_and(|token| matches!(token.kind, Kind::Word) && list.contains(&&*token.text))
}

fn is_symbol(tokens: &[Token<'_>], at: usize, symbol: char) -> bool {
    tokens.get(at).is_some_and(|token| token.is_one_of(&[symbol]))
}

fn is_separator(token: &Token<'_>) -> bool {
    token.is_one_of(&['/', ',', ';', '&'])
        || matches!(token.kind, Kind::Word) && ["and", "or", "to"].contains(&&*token.text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    fn check(text: &str, expected: Expect) {
        let lines: Vec<String> = mentions(text)
            .into_iter()
            .map(|m| format!("{} {:?} {:?}", m.indicator, m.numbers, &text[m.range]))
            .collect();
        expected.assert_eq(&lines.join("\n"));
    }

    #[test]
    fn a_rule_names_its_indicators_with_their_numbers() {
        check(
            "Buy when RSI(2) falls below 10 and price is above the 200-day moving average.",
            expect![[r#"
                rsi [2.0, 10.0] "RSI(2) falls below 10"
                sma [200.0] "200-day moving average""#]],
        );
        check(
            "buy when the 2-period RSI is under 5, exit above its 5-day SMA",
            expect![[r#"
            rsi [2.0, 5.0] "2-period RSI is under 5"
            sma [5.0] "5-day SMA""#]],
        );
        check(
            "The relative strength index (RSI) with a length of 14 crosses above 30.",
            expect![[r#"rsi [14.0, 30.0] "relative strength index (RSI) with a length of 14 crosses above 30""#]],
        );
        check(
            "RSI between 30 and 70; then RSI2 < 10 or RSI-14 >= 70",
            expect![[r#"
            rsi [30.0, 70.0] "RSI between 30 and 70"
            rsi [2.0, 10.0] "RSI2 < 10"
            rsi [14.0, 70.0] "RSI-14 >= 70""#]],
        );
        check("two-period RSI below thirty", expect![[r#"rsi [2.0, 30.0] "two-period RSI below thirty""#]]);
        check(
            "Williams %R(14) below -90 or %R under −80",
            expect![[r#"
            williams_r [14.0, -90.0] "Williams %R(14) below -90"
            williams_r [-80.0] "%R under −80""#]],
        );
        check(
            "Stochastic (14, 3, 3) drops below 20%",
            expect![[r#"stochastic [14.0, 3.0, 3.0, 20.0] "Stochastic (14, 3, 3) drops below 20%""#]],
        );
        check("the IBS is less than or equal to 0.2", expect![[r#"ibs [0.2] "IBS is less than or equal to 0.2""#]]);
    }

    #[test]
    fn averages_are_read_in_every_spelling() {
        check("golden cross 50/200", expect![[r#"sma [50.0, 200.0] "golden cross 50/200""#]]);
        check(
            "the 50-day and 200-day moving average",
            expect![[r#"sma [50.0, 200.0] "50-day and 200-day moving average""#]],
        );
        check(
            "The 50-day moving average crosses above the 200-day moving average",
            expect![[r#"
            sma [50.0] "50-day moving average"
            sma [200.0] "200-day moving average""#]],
        );
        check(
            "20/50 EMA cross, or EMA 12 over EMA 26",
            expect![[r#"
            ema [20.0, 50.0] "20/50 EMA"
            ema [12.0] "EMA 12"
            ema [26.0] "EMA 26""#]],
        );
        check("close above the 200dma", expect![[r#"sma [200.0] "200dma""#]]);
        check(
            "a 10-month simple moving average and the 55-day Hull moving average",
            expect![[r#"
            sma [10.0] "10-month simple moving average"
            hull [55.0] "55-day Hull moving average""#]],
        );
        check(
            "two hundred day exponential moving average",
            expect![[r#"ema [200.0] "two hundred day exponential moving average""#]],
        );
        check("since 2009 the moving average of 1,000 stocks", expect![[r#"sma [] "moving average""#]]);
    }

    #[test]
    fn bands_channels_and_the_rest() {
        check(
            "20-day Bollinger bands with 2 standard deviations",
            expect![[r#"bollinger [20.0, 2.0] "20-day Bollinger bands with 2 standard deviations""#]],
        );
        check("MACD(12,26,9)", expect![[r#"macd [12.0, 26.0, 9.0] "MACD(12,26,9)""#]]);
        check("MACD 12/26/9 turns up", expect![[r#"macd [12.0, 26.0, 9.0] "MACD 12/26/9""#]]);
        check(
            "Bollinger Bands (20, 2.5) inside the Keltner channel of 20 days",
            expect![[r#"
            bollinger [20.0, 2.5] "Bollinger Bands (20, 2.5)"
            keltner [20.0] "Keltner channel of 20 days""#]],
        );
        check(
            "Supertrend 10 3 with a 14-day ATR; a stop of 3 ATR",
            expect![[r#"
            supertrend [10.0, 3.0] "Supertrend 10 3"
            atr [14.0] "14-day ATR"
            atr [3.0] "3 ATR""#]],
        );
        check(
            "breakout of the 20-day high, exit at the 10-day low (Donchian channel)",
            expect![[r#"
            donchian [20.0] "20-day high"
            donchian [10.0] "10-day low (Donchian channel)""#]],
        );
        check("near its 52-week high", expect![[r#"52_week_high [] "52-week high""#]]);
        check(
            "three down days in a row, or 4 consecutive down days",
            expect![[r#"
            down_days [3.0] "three down days"
            down_days [4.0] "4 consecutive down days""#]],
        );
        check("12-month momentum above 0", expect![[r#"momentum [12.0, 0.0] "12-month momentum above 0""#]]);
        check(
            "ADX above 25 with the parabolic SAR (0.02, 0.2)",
            expect![[r#"
            adx [25.0] "ADX above 25"
            sar [0.02, 0.2] "parabolic SAR (0.02, 0.2)""#]],
        );
        check("z-score below -2 over 20 days", expect![[r#"z_score [-2.0, 20.0] "z-score below -2 over 20 days""#]]);
        check(
            "buy on the turn of the month and sell in May",
            expect![[r#"
            seasonal [] "turn of the month"
            seasonal [] "sell in May""#]],
        );
        check(
            "on-balance volume rises while volume is 2 times its average",
            expect![[r#"
            obv [] "on-balance volume"
            volume [] "volume""#]],
        );
        check("a gap down of 1 % at the open", expect![[r#"gap [] "gap down""#]]);
    }

    #[test]
    fn numbers_of_other_things_are_left_alone() {
        check("RSI worked in 2009 on 500 stocks and made 12% a year", expect![[r#"rsi [] "RSI""#]]);
        check("RSI is low. Below 30 it is cold outside.", expect![[r#"rsi [] "RSI""#]]);
        check("sell at $50 when the MACD falls, with a profit target of 3", expect![[r#"macd [] "MACD""#]]);
        check("The market was calm.", expect![[r#""#]]);
    }

    #[test]
    fn a_long_text_is_bounded_in_count() {
        assert_eq!(mentions(&"RSI(2) below 10. ".repeat(5_000)).len(), MENTIONS_MAX);
        assert_eq!(mentions(&"rsi ".repeat(5_000)).len(), MENTIONS_MAX);
        assert!(mentions(&"14 ".repeat(100_000)).is_empty());
    }

    proptest! {
        #[test]
        fn every_mention_can_be_quoted(text in "(rsi|RSI|sma|moving average|bollinger|\\(|\\)|,|/|and|below|with|of|day|-|−|%|14|2.5|1,000|two|hundred|\\. |\n|é|\\$| ){0,60}") {
            let mut last = 0;
            for mention in mentions(&text) {
                prop_assert!(mention.range.start >= last && mention.range.end > mention.range.start);
                prop_assert!(text.get(mention.range.clone()).is_some());
                prop_assert!(mention.numbers.len() <= NUMBERS_MAX && mention.numbers.iter().all(|n| n.is_finite()));
                last = mention.range.end;
            }
        }

        #[test]
        fn no_text_is_too_strange(text in "\\PC{0,200}") {
            mentions(&text);
        }
    }
}

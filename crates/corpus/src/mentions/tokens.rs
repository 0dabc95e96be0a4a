//! A sentence in words, numbers and signs. "RSI2" is two tokens and "200-day" is two; "two hundred" is one number.

use std::borrow::Cow;
use std::ops::Range;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Word,
    Number(f64),
    Sign(char),
}

/// A piece of a text.
#[derive(Clone, Debug)]
pub struct Token<'a> {
    pub kind: Kind,
    /// In lower case.
    pub text: Cow<'a, str>,
    /// Where it stands in the whole text.
    pub range: Range<usize>,
    /// Whether it is an amount of money.
    pub follows_currency: bool,
}

impl Token<'_> {
    /// Its value, if it is a number.
    pub fn number(&self) -> Option<f64> {
        match self.kind {
            Kind::Number(value) => Some(value),
            _ => None,
        }
    }

    /// Whether it is one of these signs.
    pub fn is_one_of(&self, signs: &[char]) -> bool {
        matches!(self.kind, Kind::Sign(sign) if signs.contains(&sign))
    }
}

/// The tokens of `text[within]`.
pub fn of(text: &str, within: Range<usize>) -> Vec<Token<'_>> {
    let mut tokens: Vec<Token<'_>> = Vec::new();
    let mut at = within.start;
    let mut previous = None;
    while let Some(c) = text[at..within.end].chars().next() {
        let rest = &text[at..within.end];
        let after = |first: usize, keep: fn(char) -> bool| {
            rest[first..].find(|c| !keep(c)).map_or(rest.len(), |length| first + length)
        };
        let negative = is_minus(c)
            && rest[c.len_utf8()..].starts_with(|next: char| next.is_ascii_digit())
            && previous.is_none_or(|before: char| before.is_whitespace() || "(<>=≤≥,".contains(before));
        let length = if c.is_ascii_digit() || negative {
            let sign = if negative { c.len_utf8() } else { 0 };
            let length = number_length(&rest[sign..]) + sign;
            // At most a few hundred digits are a number; what is longer is infinite, and no number of ours.
            let value = rest[sign..length].replace(',', "").parse::<f64>().ok().filter(|value| value.is_finite());
            if let Some(value) = value {
                let value = if negative { -value } else { value };
                let follows_currency = previous.is_some_and(|before| "$€£¥".contains(before));
                let (kind, text) = (Kind::Number(value), Cow::Borrowed(&rest[sign..length]));
                tokens.push(Token { kind, text, range: at..at + length, follows_currency });
            }
            length
        } else if c.is_alphabetic() {
            let length = after(0, char::is_alphabetic);
            let word = rest[..length].to_lowercase();
            push_word(&mut tokens, word, at..at + length);
            length
        } else {
            // A hyphen joins words and says nothing itself.
            if !c.is_whitespace() && !is_minus(c) {
                let (kind, text) = (Kind::Sign(c), Cow::Borrowed(&rest[..c.len_utf8()]));
                tokens.push(Token { kind, text, range: at..at + c.len_utf8(), follows_currency: false });
            }
            c.len_utf8()
        };
        previous = rest[..length].chars().next_back();
        at += length;
    }
    tokens
}

fn is_minus(c: char) -> bool {
    matches!(c, '-' | '−' | '–' | '‐' | '‑')
}

/// Digits, thousands and a fraction. "12,26" is two numbers and "50,200" may be; only a group that begins with a nought, or one
/// after another such group, can be nothing but thousands.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut end = digits(0);
    let mut grouped = false;
    while end <= 9 && bytes.get(end) == Some(&b',') && digits(end + 1) == 3 && (grouped || bytes[end + 1] == b'0') {
        end += 4;
        grouped = true;
    }
    if bytes.get(end) == Some(&b'.') && digits(end + 1) > 0 {
        end += 1 + digits(end + 1);
    }
    end
}

const ONES: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

/// A word, or a number in words: "fifty" "five" and "two" "hundred" grow together.
fn push_word(tokens: &mut Vec<Token<'_>>, word: String, range: Range<usize>) {
    let one = ONES.iter().position(|name| *name == word).map(|n| n as f64);
    let ten = TENS.iter().position(|name| *name == word).map(|n| (n as f64 + 2.0) * 10.0);
    let last = tokens.last_mut().filter(|last| last.text.starts_with(|c: char| c.is_alphabetic()));
    if let Some(last) = last
        && let Some(value) = last.number()
    {
        let grown = match one {
            Some(one) if (1.0..10.0).contains(&one) && value >= 20.0 && value % 10.0 == 0.0 => Some(value + one),
            _ if word == "hundred" && (1.0..10.0).contains(&value) => Some(value * 100.0),
            _ => ten.filter(|_| value >= 100.0 && value % 100.0 == 0.0).map(|ten| value + ten),
        };
        if let Some(grown) = grown {
            last.kind = Kind::Number(grown);
            last.range.end = range.end;
            last.text = Cow::Owned(format!("{} {word}", last.text));
            return;
        }
    }
    let kind = one.or(ten).map_or(Kind::Word, Kind::Number);
    tokens.push(Token { kind, text: Cow::Owned(word), range, follows_currency: false });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_numbers_and_signs_are_told_apart() {
        let shown = |text: &str| {
            let tokens = of(text, 0..text.len());
            let shown = tokens.iter().map(|token| match token.kind {
                Kind::Number(value) => format!("#{value}"),
                _ => token.text.to_string(),
            });
            shown.collect::<Vec<_>>().join(" ")
        };
        for (text, expected) in [
            ("RSI2 200dma NR7", "rsi #2 #200 dma nr #7"),
            ("50-day, 50/200 20-50", "#50 day , #50 / #200 #20 #50"),
            ("below -90 (−5) x=-1 RSI-2", "below #-90 ( #-5 ) x = #-1 rsi #2"),
            ("1,000 12,26,9 50,200 1,000,000.5 2.", "#1000 #12 , #26 , #9 #50 , #200 #1000000.5 #2 ."),
            ("fifty-five two hundred and two-hundred-fifty nine ten", "#55 #200 and #259 #10"),
            ("%R é–ü", "% r é ü"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
        assert_eq!(shown(&"9".repeat(500)), "");
    }
}

//! A text in passages: pieces of some 120 to 200 words that end where a sentence or a paragraph ends.
//!
//! Pure. A passage is a range of bytes, so it can always be found again: `text[start..end]` is the passage, and passages do
//! not overlap. [`sentences`] cuts finer, for quotes.

use std::ops::Range;

/// A passage is closed at the first good place after this many words.
pub const WORDS_MIN: usize = 120;
/// A passage is closed at the latest after this many words, mid-sentence if need be.
pub const WORDS_MAX: usize = 200;
/// A word longer than this is cut: no word may make a passage without bound.
const WORD_BYTES_MAX: usize = 400;

/// The passages of `text`, in order. White space between them belongs to none.
pub fn split(text: &str) -> Vec<Range<usize>> {
    let mut passages = Vec::new();
    let (mut start, mut end, mut words) = (None, 0, 0);
    let mut close = |start: &mut Option<usize>, end: usize, words: &mut usize| {
        if let Some(from) = start.take() {
            passages.push(from..end);
        }
        *words = 0;
    };
    for sentence in sentences(text) {
        let new_paragraph = text[end..sentence.start].matches('\n').count() >= 2;
        let length = word_ranges(&text[sentence.clone()]).count();
        let full = words >= WORDS_MIN || words + length > WORDS_MAX || (new_paragraph && words >= WORDS_MIN * 3 / 4);
        if full {
            close(&mut start, end, &mut words);
        }
        for word in word_ranges(&text[sentence.clone()]) {
            if words >= WORDS_MAX {
                close(&mut start, end, &mut words);
            }
            start.get_or_insert(sentence.start + word.start);
            end = sentence.start + word.end;
            words += 1;
        }
    }
    close(&mut start, end, &mut words);
    passages
}

/// The sentences of `text`, in order and without white space around them. A blank line always ends one, a list item or a
/// line of code is one.
pub fn sentences(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut push = |range: Range<usize>| {
        let piece = &text[range.clone()];
        let kept = piece.trim();
        if !kept.is_empty() {
            let from = range.start + (piece.len() - piece.trim_start().len());
            found.push(from..from + kept.len());
        }
    };
    let mut characters = text.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        let after = at + c.len_utf8();
        let ends = match c {
            '\n' => true,
            '.' | '!' | '?' | '…' | '。' => {
                // Closing quotes and brackets belong to the sentence.
                let mut stop = after;
                while let Some(&(next_at, next)) = characters.peek() {
                    if !matches!(next, '"' | '\'' | ')' | ']' | '”' | '’' | '.' | '!' | '?') {
                        break;
                    }
                    stop = next_at + next.len_utf8();
                    characters.next();
                }
                let rest = &text[stop..];
                let ends =
                    c == '。' || rest.is_empty() || (rest.starts_with(char::is_whitespace) && begins_sentence(rest));
                if ends && !(c == '.' && is_abbreviation(&text[start..at])) {
                    push(start..stop);
                    start = stop;
                }
                false
            }
            _ => false,
        };
        if ends {
            push(start..after);
            start = after;
        }
    }
    push(start..text.len());
    found
}

/// A sentence begins with anything but a lower-case letter.
fn begins_sentence(rest: &str) -> bool {
    rest.trim_start().chars().next().is_none_or(|c| !c.is_lowercase())
}

fn is_abbreviation(before: &str) -> bool {
    let word = before.rsplit(|c: char| c.is_whitespace() || c == '(').next().unwrap_or("");
    let single_letter = word.chars().count() == 1 && word.chars().all(|c| c.is_alphabetic() && c != 'I');
    single_letter
        || word.contains('.') && word.chars().all(|c| c.is_alphabetic() || c == '.')
        || ["vs", "Fig", "fig", "Eq", "eq", "Dr", "Mr", "Mrs", "al", "No", "approx", "cf", "resp", "Inc", "St"]
            .contains(&word)
}

fn word_ranges(text: &str) -> impl Iterator<Item = Range<usize>> {
    let base = text.as_ptr() as usize;
    text.split_whitespace().flat_map(move |word| {
        let start = word.as_ptr() as usize - base;
        pieces(word).into_iter().map(move |piece| start + piece.start..start + piece.end)
    })
}

fn pieces(word: &str) -> Vec<Range<usize>> {
    let mut cuts = Vec::new();
    let mut start = 0;
    for (at, c) in word.char_indices() {
        if at + c.len_utf8() - start > WORD_BYTES_MAX {
            cuts.push(start..at);
            start = at;
        }
    }
    cuts.push(start..word.len());
    cuts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts<'a>(text: &'a str, ranges: &[Range<usize>]) -> Vec<&'a str> {
        ranges.iter().map(|range| &text[range.clone()]).collect()
    }

    #[test]
    fn sentences_end_where_a_reader_would_end_them() {
        for (text, expected) in [
            ("Buy low. Sell high!", vec!["Buy low.", "Sell high!"]),
            ("RSI below 2.5 is rare. It works.", vec!["RSI below 2.5 is rare.", "It works."]),
            ("See e.g. Connors et al. 2009 for more.", vec!["See e.g. Connors et al. 2009 for more."]),
            ("U.S. stocks fell. \"Buy!\" he said.", vec!["U.S. stocks fell.", "\"Buy!\" he said."]),
            ("- enter at the open\n- exit after 5 bars", vec!["- enter at the open", "- exit after 5 bars"]),
            ("One\n\nTwo", vec!["One", "Two"]),
            ("  \n ", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(texts(text, &sentences(text)), expected, "{text:?}");
        }
    }

    #[test]
    fn a_long_text_is_cut_at_sentences_into_passages_of_the_promised_size() {
        let text = "The market falls for ten days in a row. ".repeat(100);
        let passages = split(&text);
        assert!(passages.len() > 1);
        for passage in &passages[..passages.len() - 1] {
            let words = text[passage.clone()].split_whitespace().count();
            assert!((WORDS_MIN..=WORDS_MAX).contains(&words), "{words}");
            assert!(text[passage.clone()].ends_with('.'));
        }
    }

    #[test]
    fn a_word_without_end_is_cut() {
        let text = "é".repeat(1_000_000);
        assert!(split(&text).iter().all(|p| p.len() <= (WORD_BYTES_MAX + 1) * WORDS_MAX));
    }

    proptest! {
        #[test]
        fn every_word_lies_in_exactly_one_passage(text in "(\\PC|\n|\u{a0}){0,2000}") {
            let passages = split(&text);
            let mut last = 0;
            for passage in &passages {
                prop_assert!(passage.start >= last && passage.end > passage.start);
                prop_assert!(text[last..passage.start].trim().is_empty());
                prop_assert!(text.is_char_boundary(passage.start) && text.is_char_boundary(passage.end));
                last = passage.end;
            }
            prop_assert!(text[last..].trim().is_empty());
        }
    }
}

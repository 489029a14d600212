//! The text that a user types to search: words, phrases, and the places of both in a text.

use std::ops::Range;

use crate::error::HistoryError;
use crate::words::{self, Word};

/// The most words of a search.
pub const MAX_WORDS: usize = 64;

/// Characters from which on the last word of a phrase may go on. Too many words begin with fewer.
const LEAST_PREFIX: usize = 3;

/// Parsed text of a search: a passage must have all phrases, in any order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Terms(Vec<Phrase>);

/// Words that follow each other.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Phrase {
    words: Vec<String>,
    /// True if the last word may go on.
    goes_on: bool,
}

impl Terms {
    /// Parses a text. What stands between two quotes is a phrase, and so is what stands between two
    /// spaces: `path/to/file.rs` has four words in a row. With `prefix`, the last word of a phrase
    /// without quotes may go on.
    pub(crate) fn parse(text: &str, prefix: bool) -> Result<Terms, HistoryError> {
        let mut phrases: Vec<Phrase> = Vec::new();
        for (number, part) in text.split('"').enumerate() {
            let is_quoted = number % 2 == 1;
            let parts: Vec<&str> = if is_quoted { vec![part] } else { part.split_whitespace().collect() };
            for part in parts {
                let words: Vec<String> = words::words(part).into_iter().map(|word| word.text).collect();
                let Some(last) = words.last() else { continue };
                let goes_on = prefix && !is_quoted && last.chars().count() >= LEAST_PREFIX;
                let phrase = Phrase { words, goes_on };
                if !phrases.contains(&phrase) {
                    phrases.push(phrase);
                }
            }
        }
        let words: usize = phrases.iter().map(|phrase| phrase.words.len()).sum();
        match words {
            0 => Err(HistoryError::NoWords(text.to_owned())),
            words if words > MAX_WORDS => Err(HistoryError::TooManyWords { words, max: MAX_WORDS }),
            _ => Ok(Terms(phrases)),
        }
    }

    /// Returns the query for FTS5.
    pub(crate) fn fts(&self) -> String {
        self.0.iter().map(Phrase::fts).collect::<Vec<_>>().join(" AND ")
    }

    /// Returns the bytes of all words.
    pub(crate) fn bytes(&self) -> usize {
        self.0.iter().flat_map(|phrase| &phrase.words).map(String::len).sum()
    }

    /// Returns the number of phrases.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Finds the phrases among the words of a text: the number of the phrase, and its place. In the
    /// order of their places.
    pub(crate) fn find(&self, words: &[Word]) -> Vec<(usize, Range<usize>)> {
        let mut found = Vec::new();
        for start in 0..words.len() {
            for (number, phrase) in self.0.iter().enumerate() {
                let length = phrase.words.len();
                let Some(here) = words.get(start..start + length) else { continue };
                if phrase.is_at(here) {
                    found.push((number, here[0].place.start..here[length - 1].place.end));
                }
            }
        }
        found
    }
}

impl Phrase {
    /// Returns the phrase for FTS5. Its words have letters and digits alone.
    fn fts(&self) -> String {
        format!("\"{}\"{}", self.words.join(" "), if self.goes_on { " *" } else { "" })
    }

    fn is_at(&self, words: &[Word]) -> bool {
        let last = self.words.len() - 1;
        self.words.iter().zip(words).enumerate().all(|(number, (wanted, word))| {
            word.text == *wanted || number == last && self.goes_on && word.text.starts_with(wanted)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fts(text: &str, prefix: bool) -> String {
        Terms::parse(text, prefix).map_or_else(|error| error.to_string(), |terms| terms.fts())
    }

    #[test]
    fn each_typed_word_is_a_phrase() {
        assert_eq!(fts("Fix build", true), r#""fix" * AND "build" *"#);
        assert_eq!(fts("Fix build", false), r#""fix" AND "build""#);
        assert_eq!(fts("snake_case --flag a/b.rs", true), r#""snake case" * AND "flag" * AND "a b rs""#);
        assert_eq!(fts("请列出", true), r#""请 列 出""#);
    }

    #[test]
    fn quoted_words_are_one_phrase_and_end_there() {
        assert_eq!(fts(r#"a "the build" fails"#, true), r#""a" AND "the build" AND "fails" *"#);
        assert_eq!(fts(r#""never closed"#, true), r#""never closed""#);
        assert_eq!(fts(r#"same same"#, true), r#""same" *"#);
    }

    #[test]
    fn a_text_without_words_is_named() {
        assert_eq!(fts(r#" -- "" "#, true), r#"there is no word to search for in " -- \"\" ""#);
        let many = vec!["word"; 65].join(" a");
        assert!(fts(&format!("\"{many}\""), true).contains("at most 64 words"));
    }

    #[test]
    fn phrases_are_found_at_their_places() {
        let text = "Build it: re-build the buildings";
        let terms = Terms::parse("build \"re build\"", true).expect("it has words");
        let found = terms.find(&words::words(text));
        let texts: Vec<(usize, &str)> = found.into_iter().map(|(n, place)| (n, &text[place])).collect();
        assert_eq!(texts, [(0, "Build"), (1, "re-build"), (0, "build"), (0, "buildings")]);
    }
}

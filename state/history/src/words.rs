//! Splits text into words. One rule serves the index, queries, snippets and tests.
//!
//! A word is a run of letters and digits, in lower case and without accents. A character of a
//! script that puts no spaces between words is a word of its own.

use std::ops::Range;

use unicode_normalization::char::{decompose_canonical, is_combining_mark};

/// A word, and its place in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) text: String,
    pub(crate) place: Range<usize>,
}

/// Kind of a character.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It is part of a word.
    Letter,
    /// It is a word.
    Alone,
    /// It belongs to the letter before it, and does not count.
    Mark,
    /// It stands between words.
    Other,
}

fn kind(c: char) -> Kind {
    match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' => Kind::Letter,
        '\0'..='\x7f' => Kind::Other,
        c if is_combining_mark(c) => Kind::Mark,
        c if c.is_alphanumeric() && stands_alone(c) => Kind::Alone,
        c if c.is_alphanumeric() => Kind::Letter,
        _ => Kind::Other,
    }
}

/// Returns true for scripts without spaces between words: Chinese, Japanese, Korean, Thai, Lao,
/// Burmese and Khmer.
fn stands_alone(c: char) -> bool {
    matches!(u32::from(c),
        0x0e00..=0x0eff | 0x1000..=0x109f | 0x1100..=0x11ff | 0x1780..=0x17ff | 0x2e80..=0x9fff
        | 0xa960..=0xa97f | 0xac00..=0xd7ff | 0xf900..=0xfaff | 0xff66..=0xffdc | 0x20000..=0x3ffff)
}

/// Adds a letter as words have it.
fn fold(c: char, word: &mut String) {
    if c.is_ascii() {
        return word.push(c.to_ascii_lowercase());
    }
    for lower in c.to_lowercase() {
        decompose_canonical(lower, |part| {
            if !is_combining_mark(part) {
                word.push(part);
            }
        });
    }
}

/// Adds the words of a text to `joined`, with a space before each but the first of all.
#[cfg(any(feature = "backfill", test))]
pub(crate) fn join_words(text: &str, joined: &mut String) {
    let bytes = text.as_bytes();
    let (mut at, mut in_word) = (0, false);
    joined.reserve(text.len());
    while let Some(&byte) = bytes.get(at) {
        let c = if byte.is_ascii() {
            char::from(byte)
        } else {
            text[at..].chars().next().unwrap_or(char::REPLACEMENT_CHARACTER)
        };
        at += c.len_utf8();
        let kind = kind(c);
        if kind == Kind::Mark {
            continue;
        }
        let begins = kind == Kind::Alone || kind == Kind::Letter && !in_word;
        if begins && !joined.is_empty() {
            joined.push(' ');
        }
        match kind {
            Kind::Letter => fold(c, joined),
            Kind::Alone => joined.push(c),
            Kind::Mark | Kind::Other => {}
        }
        in_word = kind == Kind::Letter;
    }
}

/// Returns the words of a text, each with its place.
pub(crate) fn words(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut in_word = false;
    for (at, c) in text.char_indices() {
        let (kind, end) = (kind(c), at + c.len_utf8());
        match (kind, words.last_mut().filter(|_| in_word)) {
            (Kind::Mark, _) => {
                if let Some(word) = words.last_mut().filter(|word| word.place.end == at) {
                    word.place.end = end;
                }
                continue;
            }
            (Kind::Letter, Some(word)) => {
                fold(c, &mut word.text);
                word.place.end = end;
            }
            (Kind::Letter, None) => {
                let mut text = String::new();
                fold(c, &mut text);
                words.push(Word { text, place: at..end });
            }
            (Kind::Alone, _) => words.push(Word { text: c.to_string(), place: at..end }),
            (Kind::Other, _) => {}
        }
        in_word = kind == Kind::Letter;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(text: &str) -> String {
        let mut joined = String::new();
        join_words(text, &mut joined);
        let words: Vec<String> = words(text).into_iter().map(|word| word.text).collect();
        assert_eq!(words.join(" "), joined, "both ways give the same words of {text:?}");
        joined
    }

    #[test]
    fn words_are_runs_of_letters_and_digits() {
        assert_eq!(joined("Fix the `build`!"), "fix the build");
        assert_eq!(
            joined("snake_case path/to/File.rs --no-default-features"),
            "snake case path to file rs no default features"
        );
        assert_eq!(joined("x86_64 v1.2"), "x86 64 v1 2");
        assert_eq!(joined("  \t…—"), "");
    }

    #[test]
    fn accents_and_case_do_not_count() {
        assert_eq!(joined("Über ÉCOLE e\u{301}te\u{301}"), "uber ecole ete");
        assert_eq!(joined("İstanbul ΣΊΣΥΦΟΣ"), "istanbul σισυφοσ");
    }

    #[test]
    fn scripts_without_spaces_have_a_word_a_character() {
        assert_eq!(joined("请列出src文件"), "请 列 出 src 文 件");
        assert_eq!(joined("ภาษา 한국"), "ภ า ษ า 한 국");
    }

    #[test]
    fn places_are_those_of_the_words() {
        let text = "Die Ka\u{308}se, 文件";
        let found: Vec<&str> = words(text).iter().map(|word| &text[word.place.clone()]).collect();
        assert_eq!(found, ["Die", "Ka\u{308}se", "文", "件"]);
    }
}

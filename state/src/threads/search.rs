//! Search terms: all of them must be in a thread's text, in any order.

use std::collections::HashMap;

use unicode_normalization::char::decompose_canonical;

/// Terms of a search: words, and phrases in double quotes, without regard to case and accents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SearchTerms(Vec<String>);

/// Number of trigrams that the index is asked for. The rarest decide; more cost time and exclude
/// little.
const MOST_TRIGRAMS: usize = 3;

impl SearchTerms {
    /// Splits a text into terms. Returns `None` if it has none. A quote that is not closed counts
    /// to the end.
    pub(super) fn new(text: &str) -> Option<SearchTerms> {
        let mut terms = Vec::new();
        for (n, part) in text.split('"').enumerate() {
            // Every second part is between quotes.
            if n % 2 == 1 {
                terms.push(fold(part.trim()));
            } else {
                terms.extend(part.split_whitespace().map(fold));
            }
        }
        terms.retain(|term| !term.is_empty());
        (!terms.is_empty()).then_some(SearchTerms(terms))
    }

    /// Returns true if a text has all terms.
    pub(super) fn are_in(&self, text: &str) -> bool {
        let text = fold(text);
        self.0.iter().all(|term| text.contains(term.as_str()))
    }

    /// Makes the query for the trigram index: those trigrams of the terms that are rarest in a
    /// sample of texts. Returns `None` if every term is shorter.
    pub(super) fn trigrams(&self, sample: &[&str]) -> Option<String> {
        let mut found: HashMap<String, usize> = HashMap::new();
        for term in &self.0 {
            let chars: Vec<char> = term.chars().collect();
            found.extend(chars.windows(3).map(|three| (three.iter().collect(), 0)));
        }
        for text in sample {
            let text = fold(text);
            for (trigram, count) in &mut found {
                *count += usize::from(text.contains(trigram.as_str()));
            }
        }
        let mut found: Vec<(usize, String)> = found.into_iter().map(|(trigram, n)| (n, trigram)).collect();
        found.sort();
        found.truncate(MOST_TRIGRAMS);
        // Within a string of FTS5 nothing is an operator.
        let quoted = found.iter().map(|(_, trigram)| format!("\"{}\"", trigram.replace('"', "\"\"")));
        let query = quoted.collect::<Vec<_>>().join(" AND ");
        (!query.is_empty()).then_some(query)
    }
}

/// Returns a text in lower case and without accents, as the tokenizer of the index folds it.
fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(text.len());
    for char in text.chars().filter(|char| !is_accent(*char)) {
        folded.extend(without_accents(char).to_lowercase());
    }
    folded
}

/// Returns true for the combining marks that the tokenizer drops (`sqlite3Fts5UnicodeIsdiacritic`).
fn is_accent(char: char) -> bool {
    ('\u{300}'..='\u{331}').contains(&char)
}

fn without_accents(char: char) -> char {
    let (mut base, mut has_only_accents) = (None, true);
    decompose_canonical(char, |part| match base {
        None => base = Some(part),
        Some(_) => has_only_accents &= is_accent(part),
    });
    base.filter(|_| has_only_accents).unwrap_or(char)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_words_and_phrases_in_any_order() {
        let is_in = |search: &str, text: &str| SearchTerms::new(search).is_some_and(|s| s.are_in(text));
        assert!(is_in("parser fix", "Fix the Parser"));
        assert!(is_in("\"fix the\" pars", "Fix the Parser"));
        assert!(!is_in("\"the fix\"", "Fix the Parser"));
        assert!(is_in("\"not closed", "it is not closed"));
        assert!(is_in("cafe RAUM", "Räum das Café"));
        assert!(is_in("caf\u{e9}", "cafe\u{301}"));
        assert!(is_in("列出", "请列出文件"));
        assert!(is_in("한국", "한국어"));
        assert!(!is_in("", "anything") && !is_in(" \"\" ", "anything"));
    }

    #[test]
    fn the_rarest_trigrams_are_asked_for() -> Result<(), &'static str> {
        let terms = SearchTerms::new("abcd xyz").ok_or("no terms")?;
        let sample = ["abc abc", "bcd", "abc"];
        assert_eq!(terms.trigrams(&sample).as_deref(), Some("\"xyz\" AND \"bcd\" AND \"abc\""));
        assert_eq!(SearchTerms::new("ab c").ok_or("no terms")?.trigrams(&sample), None);
        Ok(())
    }
}

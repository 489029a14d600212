//! Snippets: the part of a passage around the words that were searched for.

use std::ops::Range;

use threadkeep_redact::redact;

use crate::query::Terms;
use crate::words::words;

/// Characters of a snippet before the first mark, and altogether.
const BEFORE: usize = 60;
const MAX: usize = 240;

/// Part of a passage, with the words that were searched for. Secrets are redacted, and white space
/// is one space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// The text. It may have control characters other than white space.
    pub text: String,
    /// Places in the text, in bytes, that were searched for. In order, and apart from each other.
    pub marks: Vec<Range<usize>>,
    /// True if the passage begins before the text.
    pub is_cut_before: bool,
    /// True if the passage goes on after the text.
    pub is_cut_after: bool,
}

impl Snippet {
    /// Cuts a snippet from the text of a passage. `None` if the passage does not have all phrases:
    /// it has changed.
    pub(crate) fn cut(passage: &str, terms: &Terms) -> Option<Snippet> {
        let text = redact(passage);
        let text: &str = &text;
        let found = terms.find(&words(text));
        let best = best_start(&found, terms.len(), text)?;
        let from = back(text, found[best].1.start, BEFORE);
        let marks = found[best..].iter().map(|(_, place)| place.clone());
        Some(collapse(text, from, marks))
    }
}

/// Returns the find from which on a snippet has the most phrases. `None` if a phrase is missing.
fn best_start(found: &[(usize, Range<usize>)], phrases: usize, text: &str) -> Option<usize> {
    let missing = (0..phrases).any(|phrase| found.iter().all(|(number, _)| *number != phrase));
    if missing {
        return None;
    }
    let fits = |from: usize| {
        let end = forth(text, found[from].1.start, MAX - BEFORE);
        let mut numbers: Vec<usize> = found[from..]
            .iter()
            .take_while(|(_, place)| place.end <= end)
            .map(|(number, _)| *number)
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers.len()
    };
    // The first of the best. Passages are bounded, but a word may be in one thousands of times.
    let starts = 0..found.len().min(200);
    starts.rev().max_by_key(|from| fits(*from))
}

/// Returns the place so many characters before another, at the beginning of a word if one is near.
fn back(text: &str, at: usize, characters: usize) -> usize {
    let from = text[..at].char_indices().rev().take(characters).last().map_or(at, |(place, _)| place);
    let space = text[from..at].char_indices().take(characters / 2).find(|(_, c)| c.is_whitespace());
    if from == 0 { 0 } else { space.map_or(from, |(place, c)| from + place + c.len_utf8()) }
}

/// Returns the place so many characters after another.
fn forth(text: &str, at: usize, characters: usize) -> usize {
    text[at..].char_indices().nth(characters).map_or(text.len(), |(place, _)| at + place)
}

fn collapse(text: &str, from: usize, marks: impl Iterator<Item = Range<usize>>) -> Snippet {
    let mut snippet = Snippet {
        text: String::new(),
        marks: Vec::new(),
        is_cut_before: !text[..from].trim().is_empty(),
        is_cut_after: false,
    };
    let mut marks = marks.peekable();
    let (mut characters, mut open) = (0, None);
    for (at, c) in text[from..].char_indices().map(|(at, c)| (from + at, c)) {
        if open.as_ref().is_some_and(|(_, end)| *end <= at) {
            snippet.close(&mut open);
        }
        if characters >= MAX && open.is_none() || characters >= 2 * MAX {
            snippet.is_cut_after = !text[at..].trim().is_empty();
            break;
        }
        while let Some(mark) = marks.next_if(|mark| mark.start <= at) {
            // Phrases may overlap: then their marks are one.
            let (start, end) = open.take().unwrap_or((snippet.text.len(), mark.end));
            open = Some((start, end.max(mark.end)));
        }
        let is_space = c.is_whitespace();
        if !is_space || !(snippet.text.is_empty() || snippet.text.ends_with(' ')) {
            snippet.text.push(if is_space { ' ' } else { c });
            characters += 1;
        }
    }
    snippet.close(&mut open);
    snippet.text.truncate(snippet.text.trim_end().len());
    snippet
}

impl Snippet {
    fn close(&mut self, open: &mut Option<(usize, usize)>) {
        if let Some((start, _)) = open.take() {
            self.marks.push(start..self.text.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(passage: &str, query: &str) -> Option<String> {
        let terms = Terms::parse(query, true).expect("the query has words");
        let snippet = Snippet::cut(passage, &terms)?;
        let mut shown = String::new();
        let mut at = 0;
        for mark in &snippet.marks {
            shown += &format!("{}[{}]", &snippet.text[at..mark.start], &snippet.text[mark.clone()]);
            at = mark.end;
        }
        shown += &snippet.text[at..];
        let dots = |cut: bool| if cut { "…" } else { "" };
        Some(format!("{}{shown}{}", dots(snippet.is_cut_before), dots(snippet.is_cut_after)))
    }

    #[test]
    fn words_are_marked() {
        let shown = cut("Fix the\n\n  build, and re-build it", "build fix");
        assert_eq!(shown.as_deref(), Some("[Fix] the [build], and re-[build] it"));
        assert_eq!(cut("请列出文件", "列出").as_deref(), Some("请[列出]文件"));
        assert_eq!(cut("a b c", r#""a b" "b c""#).as_deref(), Some("[a b c]"), "overlapping marks are one");
    }

    #[test]
    fn a_passage_that_has_changed_has_no_snippet() {
        assert_eq!(cut("Fix the build", "build test"), None);
    }

    #[test]
    fn the_place_with_most_words_is_shown() {
        let passage = format!("needle {} needle in a haystack {}", "x ".repeat(300), "y ".repeat(300));
        let shown = cut(&passage, "needle haystack").expect("it has both");
        assert!(shown.starts_with('…') && shown.ends_with('…'), "{shown}");
        assert!(shown.contains("[needle] in a [haystack] y y"), "{shown}");
        assert!(shown.chars().count() < 300, "{shown}");
    }

    #[test]
    fn secrets_are_redacted() {
        let shown = cut("the key is sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGH here", "key here");
        assert!(shown.is_some_and(|shown| !shown.contains("abcdefghijklmnop")));
    }
}

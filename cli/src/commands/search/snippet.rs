//! Snippets for people: their text made safe, their marks in a style, in a line or two.

use std::ops::Range;

use anstyle::{AnsiColor, Style};
use threadkeep_app::text::{clean, width};
use threadkeep_history::Snippet;

use crate::output::color::paint;

/// Words that were searched for.
const MARK: Style = AnsiColor::Red.on_default().bold();
/// Share of a line that may stand before the first mark.
const BEFORE: usize = 3;

/// A snippet that is safe to print. Its marks are places in its characters.
pub(super) struct Shown {
    text: Vec<char>,
    marks: Vec<Range<usize>>,
    is_cut_before: bool,
    is_cut_after: bool,
}

/// Returns the marks as places in the characters of the text.
pub(super) fn character_marks(snippet: &Snippet) -> Vec<Range<usize>> {
    let position = |byte: usize| snippet.text[..byte].chars().count();
    snippet.marks.iter().map(|mark| position(mark.start)..position(mark.end)).collect()
}

impl Shown {
    pub(super) fn new(snippet: &Snippet) -> Shown {
        Shown {
            // A character becomes one character.
            text: clean(&snippet.text).chars().collect(),
            marks: character_marks(snippet),
            is_cut_before: snippet.is_cut_before,
            is_cut_after: snippet.is_cut_after,
        }
    }

    /// Renders all of it on one line.
    pub(super) fn line(&self) -> String {
        self.whole(0..self.text.len())
    }

    /// Renders at most so many lines of a width, from shortly before the first mark.
    pub(super) fn lines(&self, room: usize, most: usize) -> Vec<String> {
        let mut from = self.start(room / BEFORE);
        let mut lines = Vec::new();
        while from < self.text.len() && lines.len() < most {
            // Room for both ellipses.
            let end = self.end_of_line(from, room.saturating_sub(2).max(1));
            lines.push(from..end);
            from = end + self.text[end..].iter().take_while(|c| **c == ' ').count();
        }
        let last = lines.len().saturating_sub(1);
        let lines = lines.into_iter().enumerate();
        lines
            .map(|(n, line)| {
                let before = n == 0 && (self.is_cut_before || line.start > 0);
                let after = n == last && (self.is_cut_after || line.end < self.text.len());
                self.painted(line, before, after)
            })
            .collect()
    }

    fn whole(&self, range: Range<usize>) -> String {
        self.painted(range, self.is_cut_before, self.is_cut_after)
    }

    /// Returns the place from which on the first mark has so much room before it: a word's
    /// beginning.
    fn start(&self, room: usize) -> usize {
        let mark = self.marks.first().map_or(0, |mark| mark.start);
        let mut start = mark;
        while start > 0 && self.width(start - 1..mark) <= room {
            start -= 1;
        }
        if start == 0 {
            return 0;
        }
        let space = self.text[start..mark].iter().position(|c| *c == ' ');
        space.map_or(mark, |space| start + space + 1)
    }

    /// Returns the end of a line: after the last word that has room, or within a long one.
    fn end_of_line(&self, from: usize, room: usize) -> usize {
        let mut end = from;
        while end < self.text.len() && (end == from || self.width(from..end + 1) <= room) {
            end += 1;
        }
        if end == self.text.len() || self.text[end] == ' ' {
            return end;
        }
        let space = self.text[from..end].iter().rposition(|c| *c == ' ');
        space.filter(|space| *space > 0).map_or(end, |space| from + space)
    }

    fn width(&self, range: Range<usize>) -> usize {
        width(&self.text[range].iter().collect::<String>())
    }

    fn painted(&self, range: Range<usize>, before: bool, after: bool) -> String {
        let mut text = String::from(if before { "…" } else { "" });
        let mut at = range.start;
        let plain = |range: Range<usize>| self.text[range].iter().collect::<String>();
        for mark in self.marks.iter().filter(|mark| mark.end > range.start && mark.start < range.end) {
            let (start, end) = (mark.start.max(at), mark.end.min(range.end));
            text.push_str(&plain(at..start));
            text.push_str(&paint(MARK, &plain(start..end)));
            at = end;
        }
        text.push_str(&plain(at..range.end));
        text.push_str(if after { "…" } else { "" });
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, mark: Range<usize>, cut: bool) -> Shown {
        Shown { text: text.chars().collect(), marks: vec![mark], is_cut_before: cut, is_cut_after: cut }
    }

    fn plain(lines: Vec<String>) -> Vec<String> {
        lines.iter().map(|line| anstream::adapter::strip_str(line).to_string()).collect()
    }

    #[test]
    fn lines_begin_shortly_before_the_first_mark_and_end_between_words() {
        let text = "one two three four five six seven eight nine ten eleven twelve";
        let snippet = shown(text, 28..33, false);
        assert_eq!(plain(snippet.lines(26, 2)), ["…six seven eight nine ten", "eleven twelve"]);
        assert_eq!(plain(snippet.lines(26, 1)), ["…six seven eight nine ten…"]);
        assert_eq!(plain(snippet.lines(200, 2)), [text]);
    }

    #[test]
    fn words_without_spaces_are_cut_where_they_must() {
        let snippet = shown(&"字".repeat(30), 20..21, true);
        let lines = plain(snippet.lines(20, 2));
        assert!(lines.iter().all(|line| width(line) <= 20), "{lines:?}");
        assert!(lines[0].starts_with('…') && lines[1].ends_with('…'), "{lines:?}");
    }

    #[test]
    fn marks_are_painted_also_across_lines() {
        let snippet = shown("aa bb cc", 0..8, false);
        let lines = snippet.lines(7, 2);
        assert_eq!(lines, [paint(MARK, "aa bb"), paint(MARK, "cc")]);
    }
}

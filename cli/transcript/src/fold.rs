//! Long texts, folded to their beginning and end.

use threadkeep_app::text::{count, counted, fit, width};

/// Most lines of a text that is shown whole.
const MOST: usize = 20;
/// Lines at the beginning and the end of a longer one. Errors are mostly at the end.
const HEAD: usize = 10;
const TAIL: usize = 6;
/// Columns of a line that are shown.
const COLUMNS: usize = 400;

/// Lines of a text, with a mark where lines are hidden.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    Text(std::borrow::Cow<'a, str>),
    /// Lines are hidden here; says how many, and how to see them.
    Hidden(String),
}

/// Returns the lines of a text: all of them, or its beginning and end.
pub(crate) fn lines(text: &str, full: bool) -> Vec<Line<'_>> {
    let text = text.trim_end_matches('\n');
    if text.is_empty() {
        return Vec::new();
    }
    let all: Vec<&str> = text.split('\n').collect();
    if full {
        return all.into_iter().map(|line| Line::Text(line.into())).collect();
    }
    let (head, tail) = if all.len() > MOST { (HEAD, TAIL) } else { (all.len(), 0) };
    let hidden = all.len() - head - tail;
    let mut lines: Vec<Line<'_>> = all[..head].iter().map(|line| short(line)).collect();
    if hidden > 0 {
        lines.push(Line::Hidden(format!("… {} hidden: --full shows all", counted(hidden as u64, "line"))));
    }
    lines.extend(all[all.len() - tail..].iter().map(|line| short(line)));
    lines
}

/// Shortens a line that is far wider than any terminal.
fn short(line: &str) -> Line<'_> {
    if line.len() <= COLUMNS || width(line) <= COLUMNS {
        return Line::Text(line.into());
    }
    let shown = fit(line, COLUMNS);
    let hidden = line.chars().count().saturating_sub(shown.chars().count());
    Line::Text(format!("{shown} ({} more characters: --full shows all)", count(hidden as u64)).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_shows_its_beginning_and_end() {
        let text: String = (1..=100).map(|n| format!("{n}\n")).collect();
        let folded = lines(&text, false);
        assert_eq!(folded.len(), HEAD + 1 + TAIL);
        assert_eq!(folded[HEAD], Line::Hidden("… 84 lines hidden: --full shows all".into()));
        assert_eq!(folded.last(), Some(&Line::Text("100".into())));
        assert_eq!(
            (lines(&text, true).len(), lines("", false).len(), lines("a\n\nb", false).len()),
            (100, 0, 3)
        );
        let wide = "x".repeat(1_000);
        let [Line::Text(cut)] = &lines(&wide, false)[..] else { panic!("one line") };
        assert!(cut.ends_with("… (600 more characters: --full shows all)"), "{cut}");
    }
}

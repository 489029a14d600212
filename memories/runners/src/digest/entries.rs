//! Lines of memories: what models wrote, taken apart into single lines with a subject each.

use super::text::one_line;

/// Most characters of a line.
const MAX_LINE: usize = 400;
/// Most characters of a subject.
const MAX_SUBJECT: usize = 60;
/// Subject of lines without a heading.
const NOTES: &str = "Notes";

/// Line of a memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Heading above it.
    pub(crate) subject: String,
    /// Text, on one line.
    pub(crate) text: String,
}

/// Takes Markdown apart: headings are subjects, and each list item or paragraph is a line.
pub(crate) fn entries(markdown: &str) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut subject = NOTES.to_owned();
    let mut open = String::new();
    let mut close = |open: &mut String, subject: &str| {
        let text = one_line(open, MAX_LINE);
        open.clear();
        // A cut list ends with "… 3 more".
        if text.chars().any(char::is_alphanumeric) && !text.starts_with('…') {
            entries.push(Entry { subject: subject.to_owned(), text });
        }
    };
    for line in markdown.lines() {
        let trimmed = line.trim();
        if trimmed.starts_with("```") {
            continue;
        }
        if let Some(heading) = heading(trimmed) {
            close(&mut open, &subject);
            let heading = one_line(heading, MAX_SUBJECT);
            subject = if heading.is_empty() { NOTES.to_owned() } else { heading };
        } else if let Some(item) = item(trimmed) {
            close(&mut open, &subject);
            open += item;
        } else if trimmed.is_empty() {
            close(&mut open, &subject);
        } else {
            open.push(' ');
            open += trimmed;
        }
    }
    close(&mut open, &subject);
    entries
}

/// Returns the text of a heading. A line in bold counts as a heading.
fn heading(line: &str) -> Option<&str> {
    let text = line.trim_start_matches('#');
    let level = line.len() - text.len();
    if (1..=6).contains(&level) && (text.is_empty() || text.starts_with(' ')) {
        return Some(text.trim().trim_end_matches(['#', ':', ' ']));
    }
    let bold = line.strip_prefix("**")?;
    let text = bold.strip_suffix("**").or_else(|| bold.strip_suffix("**:"))?;
    (!text.contains("**")).then_some(text.trim_end_matches(':'))
}

/// Returns the text of a list item.
fn item(line: &str) -> Option<&str> {
    if let Some(text) = ["- ", "* ", "+ "].iter().find_map(|mark| line.strip_prefix(mark)) {
        return Some(text.trim());
    }
    let (number, text) = line.split_once(['.', ')'])?;
    let is_number = !number.is_empty() && number.len() <= 3 && number.bytes().all(|b| b.is_ascii_digit());
    (is_number && text.starts_with(' ')).then(|| text.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_is_taken_apart() {
        let markdown = "First\nparagraph.\n\n## Preferences:\n- Use tabs,\n  not spaces\n* one\n1. two\n---\n\
                        **Build**\n```sh\nmake all\n```\n#hash\n-\n";
        let found: Vec<String> =
            entries(markdown).iter().map(|entry| format!("{}: {}", entry.subject, entry.text)).collect();
        insta::assert_snapshot!(found.join("\n"), @r"
        Notes: First paragraph.
        Preferences: Use tabs, not spaces
        Preferences: one
        Preferences: two ---
        Build: make all #hash -
        ");
    }
}

//! Texts of a thread, made fit for a line of Markdown.

/// Puts a text on one line and cuts it to about `max` characters, at a word. A code block becomes
/// `[code]`.
pub(crate) fn one_line(text: &str, max: usize) -> String {
    let mut words = Vec::new();
    let mut chars = 0;
    let mut in_code = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
            if in_code {
                words.push("[code]");
                chars += "[code] ".len();
            }
            continue;
        }
        for word in line.split_whitespace().filter(|_| !in_code) {
            words.push(word);
            chars += word.chars().take(max + 1).count() + 1;
            if chars > max + 1 {
                return cut(&inert(&words.join(" ")), max);
            }
        }
    }
    inert(&words.join(" "))
}

/// Renders a command as a code span: its first line, at most about `max` characters.
pub(crate) fn code(command: &str, max: usize) -> String {
    let mut lines = command.trim().lines();
    let mut first = cut(&inert(lines.next().unwrap_or_default().trim()), max);
    if lines.next().is_some() && !first.ends_with('…') {
        first.push('…');
    }
    if first.contains('`') { format!("`` {first} ``") } else { format!("`{first}`") }
}

/// Quotes a text of several lines, at most about `max` characters of it, cut at a line if possible.
pub(crate) fn quote(text: &str, max: usize) -> String {
    let mut quoted = String::new();
    let mut chars = 0;
    for line in text.trim().lines() {
        let line = cut(&inert(line.trim_end()), max);
        chars += line.chars().count() + 1;
        if chars > max + 1 {
            return quoted + "> …\n";
        }
        quoted += if line.is_empty() { ">" } else { "> " };
        quoted += &line;
        quoted.push('\n');
    }
    quoted
}

/// Cuts a text to `max` bytes, after the last line that fits, and marks the cut.
pub(crate) fn whole_lines(mut text: String, max: usize) -> String {
    const MARK: &str = "…\n";
    if text.len() > max {
        let end = (0..=max.saturating_sub(MARK.len())).rev().find(|&end| text.is_char_boundary(end));
        let end = text[..end.unwrap_or(0)].rfind('\n').map_or(0, |newline| newline + 1);
        text.truncate(end);
        text += MARK;
    }
    text
}

/// Cuts a text to at most `max` characters, at a space if one is near, and marks the cut.
pub(crate) fn cut(text: &str, max: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(max) else { return text.to_owned() };
    let start = &text[..end];
    let end = start.rfind(' ').filter(|&space| space * 4 > start.len() * 3).unwrap_or(start.len());
    format!("{}…", start[..end].trim_end())
}

/// Makes comments of HTML harmless: a mark of ours within a text would end the block.
fn inert(text: &str) -> String {
    text.replace("<!--", "&lt;!--")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_becomes_one_line() {
        assert_eq!(
            one_line(" Fix\n\n the  bug\n```rust\nfn a() {}\n```\nplease", 99),
            "Fix the bug [code] please"
        );
        assert_eq!(one_line("one two three four", 14), "one two three…");
        assert_eq!(one_line(&"ü".repeat(1000), 5), "üüüüü…");
        assert_eq!(one_line("a <!-- threadkeep:end --> b", 99), "a &lt;!-- threadkeep:end --> b");
        assert_eq!(one_line("exactly", 7), "exactly");
    }

    #[test]
    fn code_has_no_open_span() {
        assert_eq!(code("cargo test\n--all", 99), "`cargo test…`");
        assert_eq!(code("echo `date`", 99), "`` echo `date` ``");
    }

    #[test]
    fn cuts_are_at_lines() {
        assert_eq!(quote("a\n\nbb\ncc", 4), "> a\n>\n> …\n");
        assert_eq!(whole_lines("één\ntwee\n".to_owned(), 10), "één\n…\n");
        assert_eq!(whole_lines("one\n".to_owned(), 4), "one\n");
    }
}

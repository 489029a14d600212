//! The text that a model reads: a thread's items, cut to a budget.

use std::fmt::Write as _;

use crate::{MemoryItem, ThreadFacts, ThreadText};

/// Bytes of a token, about.
pub(super) const BYTES_PER_TOKEN: usize = 4;

/// Renders a thread as text of at most about `limit` bytes. Keeps head and tail, and marks every
/// cut.
pub(super) fn render(thread: &ThreadFacts, text: &ThreadText, limit: usize) -> String {
    let mut input = String::new();
    for (name, value) in [("title", &thread.title), ("folder", &thread.cwd), ("branch", &thread.git_branch)] {
        if let Some(value) = value {
            let _ = writeln!(input, "{name}: {value}");
        }
    }
    let _ = writeln!(input, "last activity: {:.0}", thread.updated_at);
    text.head.iter().for_each(|item| push(&mut input, item));
    if text.omitted > 0 {
        let _ = write!(input, "\n[… {} items left out …]\n", text.omitted);
    }
    text.tail.iter().for_each(|item| push(&mut input, item));
    cut(&input, limit)
}

fn push(input: &mut String, item: &MemoryItem) {
    // Writing to a string cannot fail.
    let _ = match item {
        MemoryItem::User { text } => write!(input, "\n## user\n{text}\n"),
        MemoryItem::Agent { text } => write!(input, "\n## agent\n{text}\n"),
        MemoryItem::Command { command, exit_code, failed, output } => {
            let end = match (exit_code, failed) {
                (Some(0), false) | (None, false) => String::new(),
                (Some(code), _) => format!(", exit code {code}"),
                (None, true) => ", failed".to_owned(),
            };
            write!(input, "\n## command{end}\n$ {command}\n{output}\n")
        }
        MemoryItem::Files { paths } => write!(input, "\n## changed files\n{}\n", paths.join("\n")),
    };
}

/// Cuts the middle out of a text that is longer than `limit` bytes.
fn cut(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let head = &text[..text.floor_char_boundary(limit / 2)];
    let tail = &text[text.ceil_char_boundary(text.len() - limit / 2)..];
    let left_out = text.len() - head.len() - tail.len();
    format!("{head}\n[… {left_out} bytes left out …]\n{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_keeps_head_and_tail_and_says_so() {
        let text = format!("{}{}", "ä".repeat(50), "ö".repeat(50));
        let cut_text = cut(&text, 21);
        assert_eq!(cut_text, "äääää\n[… 180 bytes left out …]\nööööö");
        assert_eq!(cut(&text, 200), text);
    }
}

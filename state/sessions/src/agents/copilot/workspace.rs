//! `workspace.yaml` of a session: one map of plain values, of which four are read.
//!
//! Only the YAML that such a map needs: plain, quoted and block values on one line or several.

use std::path::Path;

use crate::files;

/// Values of `workspace.yaml`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Workspace {
    pub(super) name: Option<String>,
    pub(super) user_named: bool,
    pub(super) cwd: Option<String>,
    pub(super) branch: Option<String>,
}

impl Workspace {
    /// Reads a file; empty, if there is none, or it cannot be read.
    pub(super) fn read(path: &Path) -> Self {
        let bytes = files::contents(path).ok().flatten().unwrap_or_default();
        Self::parse(&String::from_utf8_lossy(&bytes))
    }

    fn parse(text: &str) -> Self {
        let mut workspace = Self::default();
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            let Some((key, first)) = line.split_once(':') else { continue };
            let mut value = vec![first.trim()];
            let goes_on = |line: &&str| line.is_empty() || line.starts_with(' ');
            while let Some(more) = lines.next_if(goes_on) {
                value.push(more);
            }
            match key {
                "name" => workspace.name = scalar(&value),
                "user_named" => workspace.user_named = scalar(&value).as_deref() == Some("true"),
                "cwd" => workspace.cwd = scalar(&value),
                "branch" => workspace.branch = scalar(&value),
                _ => {}
            }
        }
        workspace
    }
}

/// Returns a value; `None` if it is empty or cut off.
fn scalar(lines: &[&str]) -> Option<String> {
    let first = *lines.first()?;
    let value = match first.chars().next() {
        Some(style @ ('|' | '>')) => Some(block(style, first, &lines[1..])),
        Some('\'') => {
            let text = folded(lines);
            let quoted = text.strip_prefix('\'')?.strip_suffix('\'')?;
            Some(quoted.replace("''", "'"))
        }
        Some('"') => double_quoted(&folded(lines)),
        _ => Some(plain(&folded(lines))).filter(|text| !matches!(text.as_str(), "null" | "~")),
    };
    value.filter(|value| !value.is_empty())
}

/// Joins the lines of a value: a line end is a space, an empty line is a line end.
fn folded(lines: &[&str]) -> String {
    let mut text = String::new();
    let mut breaks = 0;
    for line in lines.iter().map(|line| line.trim()) {
        if line.is_empty() {
            breaks += 1;
            continue;
        }
        // A backslash at the end joins two lines of a quoted value.
        if text.ends_with('\\') && text.starts_with('"') {
            text.pop();
        } else if !text.is_empty() {
            text.push_str(&if breaks == 0 { " ".to_owned() } else { "\n".repeat(breaks) });
        }
        text.push_str(line);
        breaks = 0;
    }
    text
}

/// Returns a plain value without a comment.
fn plain(text: &str) -> String {
    text.split_once(" #").map_or(text, |(value, _)| value).trim_end().to_owned()
}

/// Returns the text of a block (`|`, `>`), without the line ends after it.
fn block(style: char, header: &str, lines: &[&str]) -> String {
    let spaces = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let given = header.chars().find_map(|c| c.to_digit(10)).map(|digit| digit as usize);
    let filled = lines.iter().find(|line| !line.trim().is_empty());
    let indent = given.or_else(|| filled.map(|line| spaces(line))).unwrap_or(0);
    let stripped: Vec<_> = lines.iter().map(|line| line.get(indent..).unwrap_or_default()).collect();
    let text = if style == '|' { stripped.join("\n") } else { folded(&stripped) };
    text.trim_end_matches('\n').to_owned()
}

/// Returns a value in double quotes; `None` if it is not closed. Its escapes are those of JSON, and
/// a few more, which are translated.
fn double_quoted(text: &str) -> Option<String> {
    let (mut json, mut chars) = (String::new(), text.chars());
    while let Some(c) = chars.next() {
        if c != '\\' {
            json.push(c);
            continue;
        }
        match chars.next()? {
            '0' => json.push_str("\\u0000"),
            'e' => json.push_str("\\u001b"),
            'x' => json.push_str("\\u00"),
            'U' => {
                let hex: String = chars.by_ref().take(8).collect();
                json.push(u32::from_str_radix(&hex, 16).ok().and_then(char::from_u32)?);
            }
            same => json.extend(['\\', same]),
        }
    }
    serde_json::from_str(&json).ok()
}

#[cfg(test)]
mod tests {
    use super::{Workspace, scalar};

    #[test]
    fn a_name_is_read_in_every_style() {
        let right = [
            ("Hand given title", "Hand given title"),
            ("it's \"quoted\" # and a comment", "it's \"quoted\""),
            ("a#b: c", "a#b: c"),
            ("'it''s: #1'", "it's: #1"),
            (
                "\"tab\\t, \\\"quote\\\", \\u00e9, \\x41, \\U0001F600, \\ud83d\\ude00\"",
                "tab\t, \"quote\", é, A, 😀, 😀",
            ),
            ("one\n  two\n\n  three", "one two\nthree"),
            ("'one\n  two'", "one two"),
            ("\"one \\\n  two\"", "one two"),
            ("|-\n  one\n    two\n  three", "one\n  two\nthree"),
            (">-\n  one\n  two", "one two"),
            ("|2-\n    one", "  one"),
            ("'größe 日本'", "größe 日本"),
        ];
        for (yaml, text) in right {
            let workspace = Workspace::parse(&format!("id: x\nname: {yaml}\nuser_named: true\ncwd: /a b\n"));
            assert_eq!(workspace.name.as_deref(), Some(text), "{yaml}");
            assert!(workspace.user_named, "{yaml}");
            assert_eq!(workspace.cwd.as_deref(), Some("/a b"), "{yaml}");
        }
    }

    #[test]
    fn a_value_that_is_empty_or_cut_off_is_none() {
        for yaml in ["", "null", "~", "''", "\"\"", "'open", "\"open", "\"bad \\", "'", "\"", "|-"] {
            assert_eq!(scalar(&[yaml]), None, "{yaml}");
        }
        assert_eq!(Workspace::parse("name"), Workspace::default());
    }
}

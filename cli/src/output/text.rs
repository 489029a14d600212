//! Text from elsewhere, made fit to print: harmless to a terminal, one line, no wider than there is room.

use std::borrow::Cow;
use std::ffi::OsStr;

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

const ELLIPSIS: &str = "…";

/// Whether a terminal would obey a character, or a reader be misled by it, instead of seeing it.
pub(crate) fn is_hazard(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}'
                | '\u{200b}'
                | '\u{200e}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// Makes a text one harmless line: white space becomes a space, other controls become visible (`␛`), what could reorder or
/// hide text becomes `�`.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hazard) {
        return Cow::Borrowed(text);
    }
    let visible = |c: char| match c {
        '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => ' ',
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        c if is_hazard(c) => '\u{fffd}',
        c => c,
    };
    Cow::Owned(text.chars().map(visible).collect())
}

/// Makes a text one harmless line without runs of spaces.
pub(crate) fn one_line(text: &str) -> String {
    clean(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// How many columns a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// Shortens a text at its end.
pub(crate) fn fit(text: &str, room: usize) -> Cow<'_, str> {
    if width(text) <= room {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("{}{ELLIPSIS}", head(text, room.saturating_sub(1)).trim_end()))
}

/// Shortens a text in its middle, keeping more of its end: the end of a path says most.
pub(crate) fn fit_middle(text: &str, room: usize) -> Cow<'_, str> {
    if width(text) <= room {
        return Cow::Borrowed(text);
    }
    let room = room.saturating_sub(1);
    let tail = tail(text, room - room / 3);
    Cow::Owned(format!("{}{ELLIPSIS}{tail}", head(text, room - width(tail))))
}

/// Shortens a path at its front: the names at its end say most.
pub(crate) fn fit_path(path: &str, room: usize) -> Cow<'_, str> {
    if width(path) <= room {
        return Cow::Borrowed(path);
    }
    let ends = path.match_indices('/').map(|(at, _)| &path[at..]);
    let longest = ends.filter(|end| end.len() > 1).find(|end| width(end) < room);
    longest.map_or_else(|| fit_middle(path, room), |end| Cow::Owned(format!("{ELLIPSIS}{end}")))
}

/// Fills a text up with spaces.
pub(crate) fn pad(text: &str, room: usize, right: bool) -> String {
    let spaces = " ".repeat(room.saturating_sub(width(text)));
    if right { spaces + text } else { text.to_owned() + &spaces }
}

/// Breaks a text into lines between words, and a word only where it is wider than a line.
pub(crate) fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for mut word in text.split_inclusive(' ') {
        let last = lines.len() - 1;
        if !lines[last].is_empty() && width(&lines[last]) + width(word.trim_end()) > room {
            lines.push(String::new());
        }
        // A style is never cut in two.
        while !word.contains('\u{1b}') && width(word.trim_end()) > room && !head(word, room).is_empty() {
            let (begins, rest) = word.split_at(head(word, room).len());
            let last = lines.len() - 1;
            lines[last].push_str(begins);
            lines.push(String::new());
            word = rest;
        }
        let last = lines.len() - 1;
        lines[last].push_str(word);
    }
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

fn head(text: &str, room: usize) -> &str {
    let mut end = 0;
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        used += width(grapheme);
        if used > room {
            break;
        }
        end = at + grapheme.len();
    }
    &text[..end]
}

fn tail(text: &str, room: usize) -> &str {
    let mut start = text.len();
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true).rev() {
        used += width(grapheme);
        if used > room {
            break;
        }
        start = at;
    }
    &text[start..]
}

/// A number with its thousands apart: `12,345`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of things: `1 thread`, `2 threads`.
pub(crate) fn things(number: u64, thing: &str) -> String {
    format!("{} {thing}{}", count(number), if number == 1 { "" } else { "s" })
}

/// A number of bytes: `86.7 MB`.
pub(crate) fn bytes(bytes: u64) -> String {
    let mut rest = bytes as f64;
    let mut units = ["B", "kB", "MB", "GB", "TB"].iter();
    let mut unit = units.next().unwrap_or(&"B");
    while rest >= 999.5 {
        let Some(next) = units.next() else { break };
        rest /= 1_000.0;
        unit = next;
    }
    if *unit == "B" || rest >= 99.95 { format!("{rest:.0} {unit}") } else { format!("{rest:.1} {unit}") }
}

/// A shell's word: as it is, or in quotes.
pub(crate) fn shell_word(word: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    // zsh looks a word up that begins with `=`.
    if !word.is_empty() && !word.starts_with('=') && word.chars().all(plain) {
        return Cow::Borrowed(word);
    }
    Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")))
}

/// A word for a shell, whatever is in it: bytes that no terminal should see, or that are no text, are written in digits.
pub(crate) fn shell_os_word(word: &OsStr) -> String {
    let bytes = match word.to_str() {
        Some(text) if clean(text) == text => return shell_word(text).into_owned(),
        _ => word.as_encoded_bytes(),
    };
    let mut digits = String::from("\"$(printf '");
    for byte in bytes {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'.' | b'/' | b'=' | b',' | b' ' => {
                digits.push(char::from(*byte));
            }
            byte => digits.push_str(&format!("\\{byte:03o}")),
        }
    }
    digits + "')\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_is_left() {
        assert_eq!(clean("a\u{1b}[31mb\u{7}\u{9b}m"), "a␛[31mb␇\u{fffd}m");
        assert_eq!(clean("user\u{202e}gnp.exe\u{200f}"), "user\u{fffd}gnp.exe\u{fffd}");
        assert_eq!(one_line("  two\n\n lines\t "), "two lines");
        let family = "👩‍👩‍👧";
        assert_eq!(clean(family), family);
    }

    #[test]
    fn texts_are_cut_between_characters_and_measured_in_columns() {
        assert_eq!(fit("日本語です", 7), "日本語…");
        assert_eq!(fit("日本語です", 10), "日本語です");
        assert_eq!(fit("e\u{301}e\u{301}e\u{301}", 2), "e\u{301}…");
        assert_eq!(fit("two words", 5), "two…");
        assert_eq!(fit_middle("~/code/some/very/long/project", 16), "~/cod…ng/project");
        assert_eq!(width(&fit_middle("日本語日本語日本語", 10)), 9);
        assert_eq!(fit_path("~/code/long/project", 16), "…/long/project");
        assert_eq!(fit_path("~/code/a-project-with-a-name", 16), "~/cod…ith-a-name");
        assert_eq!(pad("日本", 6, false), "日本  ");
        assert_eq!(pad("7", 3, true), "  7");
    }

    #[test]
    fn lines_break_between_words_and_lose_nothing() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("a bcdefghij kl", 4), ["a", "bcde", "fghi", "j kl"]);
        assert_eq!(wrap("日本語", 1), ["日本語"]);
        assert_eq!(wrap("", 4), [""]);
    }

    #[test]
    fn figures_are_read_at_a_glance() {
        assert_eq!(
            [count(0), count(999), count(1_000), count(1_234_567)],
            ["0", "999", "1,000", "1,234,567"]
        );
        assert_eq!(
            [bytes(0), bytes(999), bytes(1_000), bytes(86_700_000)],
            ["0 B", "999 B", "1.0 kB", "86.7 MB"]
        );
        assert_eq!([bytes(999_600), bytes(123_456_789)], ["1.0 MB", "123 MB"]);
        assert_eq!([things(1, "thread"), things(2, "thread")], ["1 thread", "2 threads"]);
    }

    #[test]
    fn a_command_can_be_pasted() {
        assert_eq!(shell_word("--limit=5"), "--limit=5");
        assert_eq!(shell_word("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(shell_word(""), "''");
        assert_eq!(shell_word("~ada"), "'~ada'");
        assert_eq!(shell_os_word(OsStr::new("it's")), r"'it'\''s'");
        assert_eq!(shell_os_word(OsStr::new("-a\u{1b}[m")), r#""$(printf '\055a\033\133m')""#);
    }
}

//! Text from elsewhere, made safe to print: harmless to a terminal, one line, no wider than there
//! is room.

use std::borrow::Cow;
use std::ffi::OsStr;

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

const ELLIPSIS: &str = "…";

/// Returns true if a terminal would obey a character, or a reader be misled by it, instead of
/// seeing it.
pub fn is_hazard(c: char) -> bool {
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

/// Makes a text one harmless line: white space becomes a space, other controls become visible
/// (`␛`), what could reorder or hide text becomes `�`.
pub fn clean(text: &str) -> Cow<'_, str> {
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
pub fn one_line(text: &str) -> String {
    clean(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Counts the columns that a text takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// Shortens a text at its end.
pub fn fit(text: &str, room: usize) -> Cow<'_, str> {
    if width(text) <= room {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("{}{ELLIPSIS}", head(text, room.saturating_sub(1)).trim_end()))
}

/// Shortens a text in its middle, keeping more of its end: the end of a path says most.
pub fn fit_middle(text: &str, room: usize) -> Cow<'_, str> {
    if width(text) <= room {
        return Cow::Borrowed(text);
    }
    let room = room.saturating_sub(1);
    let tail = tail(text, room - room / 3);
    Cow::Owned(format!("{}{ELLIPSIS}{tail}", head(text, room - width(tail))))
}

/// Shortens a path at its front: the names at its end say most.
pub fn fit_path(path: &str, room: usize) -> Cow<'_, str> {
    if width(path) <= room {
        return Cow::Borrowed(path);
    }
    let ends = path.match_indices('/').map(|(at, _)| &path[at..]);
    let longest = ends.filter(|end| end.len() > 1).find(|end| width(end) < room);
    longest.map_or_else(|| fit_middle(path, room), |end| Cow::Owned(format!("{ELLIPSIS}{end}")))
}

/// Fills a text up with spaces.
pub fn pad(text: &str, room: usize, right: bool) -> String {
    let spaces = " ".repeat(room.saturating_sub(width(text)));
    if right { spaces + text } else { text.to_owned() + &spaces }
}

/// Breaks a text into lines between words, and a word only where it is wider than a line. A command
/// in backticks is one word that is never broken, because it is copied.
pub fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for mut word in words(text) {
        let last = lines.len() - 1;
        if !lines[last].is_empty() && width(&lines[last]) + width(word.trim_end()) > room {
            lines.push(String::new());
        }
        // A style is never cut in two.
        while !word.contains(['\u{1b}', '`']) && width(word.trim_end()) > room && !head(word, room).is_empty()
        {
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

/// Splits a text after the spaces that are not between two backticks.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut from = 0;
        let mut end = rest.len();
        while let Some(space) = rest[from..].find(' ').map(|at| from + at) {
            let closing = rest[from..space].find('`').and_then(|at| {
                let opening = from + at + 1;
                rest[opening..].find('`').map(|at| opening + at + 1)
            });
            match closing {
                Some(closing) => from = closing,
                None => {
                    end = space + 1;
                    break;
                }
            }
        }
        let (word, after) = rest.split_at(end);
        rest = after;
        (!word.is_empty()).then_some(word)
    })
}

fn head(text: &str, room: usize) -> &str {
    let last = last_with_room(text.grapheme_indices(true), room);
    &text[..last.map_or(0, |(at, grapheme)| at + grapheme.len())]
}

fn tail(text: &str, room: usize) -> &str {
    let first = last_with_room(text.grapheme_indices(true).rev(), room);
    &text[first.map_or(text.len(), |(at, _)| at)..]
}

/// Returns the last grapheme up to which all have room next to each other.
fn last_with_room<'a>(
    graphemes: impl Iterator<Item = (usize, &'a str)>,
    mut room: usize,
) -> Option<(usize, &'a str)> {
    let has_room = |(_, grapheme): &(usize, &str)| {
        room.checked_sub(width(grapheme)).inspect(|left| room = *left).is_some()
    };
    graphemes.take_while(has_room).last()
}

/// Renders a number with its thousands apart: `12,345`.
pub fn count(number: u64) -> String {
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

/// Renders a number of things: `1 thread`, `2 threads`.
pub fn counted(number: u64, thing: &str) -> String {
    format!("{} {thing}{}", count(number), if number == 1 { "" } else { "s" })
}

/// Renders a number of bytes: `86.7 MB`.
pub fn bytes(bytes: u64) -> String {
    let (mut rest, mut unit) = (bytes as f64, "B");
    for larger in ["kB", "MB", "GB", "TB"] {
        if rest >= 999.5 {
            (rest, unit) = (rest / 1_000.0, larger);
        }
    }
    if unit == "B" || rest >= 99.95 { format!("{rest:.0} {unit}") } else { format!("{rest:.1} {unit}") }
}

/// Renders a word for a shell: as it is, or in quotes.
pub fn shell_word(word: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    // zsh looks up a word that begins with `=`.
    if !word.is_empty() && !word.starts_with('=') && word.chars().all(plain) {
        return Cow::Borrowed(word);
    }
    Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")))
}

/// Renders any word for a shell: bytes that no terminal should see, or that are not text, are
/// written in digits.
pub fn shell_os_word(word: &OsStr) -> String {
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

/// Renders a number in three digits at most: `950`, `1.2k`, `12k`, `3.4M`.
pub fn short(number: i64) -> String {
    let (size, _) = unit_of(number);
    let step = if number / size < 10 { (size / 10).max(1) } else { size };
    short_floor(number.saturating_add(step / 2) / step * step)
}

/// Renders a number as [`short`], but rounded down: a budget is not used up before it is.
pub fn short_floor(number: i64) -> String {
    let (size, unit) = unit_of(number);
    let whole = number / size;
    match number / (size / 10).max(1) % 10 {
        tenths @ 1.. if size > 1 && whole < 10 => format!("{whole}.{tenths}{unit}"),
        _ => format!("{whole}{unit}"),
    }
}

/// Returns the unit of a short number, and its letter.
fn unit_of(number: i64) -> (i64, &'static str) {
    let (mut size, mut unit) = (1, "");
    for larger in ["k", "M", "G", "T", "P", "E"] {
        if number / size >= 1_000 {
            (size, unit) = (size * 1_000, larger);
        }
    }
    (size, unit)
}

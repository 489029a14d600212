//! The unified diff of one file, as git writes it, so that `git apply` and `patch` accept it.

use std::io::{self, Write as _};

use gix_hash::Kind as Hash;
use gix_imara_diff::sources::byte_lines;
use gix_imara_diff::{Algorithm, Diff, Hunk, InternedInput, Token};

use super::change::{Delta, Side};
use super::content::Contents;
use super::quote::quote;
use super::rename::similarity;
use crate::workspace::snapshot::{Entry, Kind};
use crate::workspace::text::is_binary;

/// Unchanged lines before and after a change.
const CONTEXT: u32 = 3;
/// Digits of an id in a header.
const DIGITS: usize = 7;

/// Appends the diff of a change. An empty folder has none.
pub(super) fn append(out: &mut Vec<u8>, delta: &Delta<'_>, contents: &Contents<'_>) -> io::Result<()> {
    let is_folder = |side: Side<'_>| side.is_some_and(|(_, entry)| entry.kind == Kind::Folder);
    if is_folder(delta.old.or(delta.new)) {
        return Ok(());
    }
    match (delta.old, delta.new) {
        // As git: what has another type is removed and added.
        (Some((_, old)), Some((_, new))) if !old.kind.is_like(new.kind) => {
            append_file(out, Delta { old: delta.old, new: None }, contents)?;
            append_file(out, Delta { old: None, new: delta.new }, contents)
        }
        _ => append_file(out, *delta, contents),
    }
}

fn append_file(out: &mut Vec<u8>, delta: Delta<'_>, contents: &Contents<'_>) -> io::Result<()> {
    let (old_content, new_content) = (contents.before(delta.old), contents.after(delta.new));
    let old = delta.old.map(|_| old_content.as_deref());
    let new = delta.new.map(|_| new_content);
    let (Some((old_path, _)), Some((new_path, _))) = (delta.old.or(delta.new), delta.new.or(delta.old))
    else {
        return Ok(());
    };
    let (a, b) = (quote(b"a/", old_path), quote(b"b/", new_path));
    append_all(out, &[b"diff --git ", &a, b" ", &b, b"\n"]);
    append_header(out, &delta, old.flatten().zip(new.flatten()))?;
    let id = |side: Side<'_>| match side {
        Some((_, entry)) => entry.id.to_hex_with_len(DIGITS).to_string(),
        None => Hash::Sha1.null().to_hex_with_len(DIGITS).to_string(),
    };
    let (old_id, new_id) = (id(delta.old), id(delta.new));
    if old_id == new_id {
        return Ok(());
    }
    let same_mode = match (delta.old, delta.new) {
        (Some((_, old)), Some((_, new))) if old.kind == new.kind => format!(" {}", mode(new)),
        _ => String::new(),
    };
    writeln!(out, "index {old_id}..{new_id}{same_mode}")?;
    // A side without an entry is empty. One without content is too large or damaged.
    let (old, new) = (old.unwrap_or(Some(&[])), new.unwrap_or(Some(&[])));
    let label = |side: Side<'_>, quoted: &[u8]| {
        if side.is_none() {
            return b"/dev/null".to_vec();
        }
        // `patch` takes a name with a space up to the tab only.
        let tab: &[u8] = if quoted.contains(&b' ') && !quoted.starts_with(b"\"") { b"\t" } else { b"" };
        [quoted, tab].concat()
    };
    let (from, to) = (label(delta.old, &a), label(delta.new, &b));
    match (old, new) {
        (Some(old), Some(new)) if !is_binary(old) && !is_binary(new) => {
            if old != new {
                append_all(out, &[b"--- ", &from, b"\n+++ ", &to, b"\n"]);
            }
            append_hunks(out, old, new)
        }
        _ => {
            append_all(out, &[b"Binary files ", &from, b" and ", &to, b" differ\n"]);
            Ok(())
        }
    }
}

fn append_header(out: &mut Vec<u8>, delta: &Delta<'_>, contents: Option<(&[u8], &[u8])>) -> io::Result<()> {
    match (delta.old, delta.new) {
        (None, Some((_, new))) => writeln!(out, "new file mode {}", mode(new)),
        (Some((_, old)), None) => writeln!(out, "deleted file mode {}", mode(old)),
        (Some((from, old)), Some((to, new))) => {
            if old.kind != new.kind {
                writeln!(out, "old mode {}\nnew mode {}", mode(old), mode(new))?;
            }
            if from != to {
                let percent =
                    if old.id == new.id { 100 } else { contents.map_or(0, |(a, b)| similarity(a, b)) };
                writeln!(out, "similarity index {percent}%")?;
                append_all(
                    out,
                    &[b"rename from ", &quote(b"", from), b"\nrename to ", &quote(b"", to), b"\n"],
                );
            }
            Ok(())
        }
        (None, None) => Ok(()),
    }
}

fn append_hunks(out: &mut Vec<u8>, old: &[u8], new: &[u8]) -> io::Result<()> {
    let input = InternedInput::new(byte_lines(old), byte_lines(new));
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_lines(&input);
    let changes: Vec<Hunk> = diff.hunks().collect();
    // Changes whose contexts meet are one hunk.
    let meet = |one: &Hunk, next: &Hunk| next.before.start - one.before.end <= 2 * CONTEXT;
    for hunk in changes.chunk_by(meet) {
        append_hunk(out, &input, hunk)?;
    }
    Ok(())
}

/// Appends changes with the unchanged lines around and between them.
fn append_hunk(out: &mut Vec<u8>, input: &InternedInput<&[u8]>, changes: &[Hunk]) -> io::Result<()> {
    let (Some(first), Some(last)) = (changes.first(), changes.last()) else { return Ok(()) };
    let lines = u32::try_from(input.before.len()).unwrap_or(u32::MAX);
    let (before, after) = (CONTEXT.min(first.before.start), CONTEXT.min(lines - last.before.end));
    let old = range(first.before.start - before, last.before.end + after);
    let new = range(first.after.start - before, last.after.end + after);
    writeln!(out, "@@ -{old} +{new} @@")?;
    let mut append = |prefix: u8, lines: &[Token]| {
        for line in lines {
            append_line(out, prefix, input.interner[*line]);
        }
    };
    let mut at = first.before.start - before;
    for change in changes {
        append(b' ', &input.before[at as usize..change.before.start as usize]);
        append(b'-', &input.before[change.before.start as usize..change.before.end as usize]);
        append(b'+', &input.after[change.after.start as usize..change.after.end as usize]);
        at = change.before.end;
    }
    append(b' ', &input.before[at as usize..(at + after) as usize]);
    Ok(())
}

fn append_line(out: &mut Vec<u8>, prefix: u8, line: &[u8]) {
    out.push(prefix);
    out.extend_from_slice(line);
    if !line.ends_with(b"\n") {
        out.extend_from_slice(b"\n\\ No newline at end of file\n");
    }
}

/// Writes a range of lines, counted from 0, as git does: without lines, it begins after the line
/// before.
fn range(start: u32, end: u32) -> String {
    match end - start {
        0 => format!("{start},0"),
        1 => (start + 1).to_string(),
        length => format!("{},{length}", start + 1),
    }
}

fn mode(entry: Entry) -> &'static str {
    match entry.kind {
        Kind::File => "100644",
        Kind::Executable => "100755",
        Kind::Link => "120000",
        Kind::Folder => "040000",
    }
}

fn append_all(out: &mut Vec<u8>, parts: &[&[u8]]) {
    for part in parts {
        out.extend_from_slice(part);
    }
}

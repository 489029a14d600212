//! The unified diff of one file, as git writes it, so that `git apply` and `patch` accept it.

use std::io::{self, Write as _};

use gix::diff::blob::unified_diff::{ConsumeHunk, ContextSize, DiffLineKind, HunkHeader};
use gix::diff::blob::{Algorithm, Diff, InternedInput, UnifiedDiff, sources::byte_lines};
use gix::hash::Kind as Hash;

use super::change::{Delta, Side};
use super::content::Contents;
use super::quote::quote;
use super::rename::similarity;
use crate::workspace::snapshot::{Entry, Kind};
use crate::workspace::text::is_binary;

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
    UnifiedDiff::new(&diff, &input, Hunks(out), ContextSize::symmetrical(3)).consume()
}

struct Hunks<'o>(&'o mut Vec<u8>);

impl ConsumeHunk for Hunks<'_> {
    type Out = ();

    fn consume_hunk(&mut self, header: HunkHeader, lines: &[(DiffLineKind, &[u8])]) -> io::Result<()> {
        let old = range(header.before_hunk_start, header.before_hunk_len);
        let new = range(header.after_hunk_start, header.after_hunk_len);
        writeln!(self.0, "@@ -{old} +{new} @@")?;
        for (kind, line) in lines {
            let prefix = match kind {
                DiffLineKind::Context => b" ",
                DiffLineKind::Add => b"+",
                DiffLineKind::Remove => b"-",
            };
            append_all(self.0, &[prefix, line]);
            if !line.ends_with(b"\n") {
                self.0.extend_from_slice(b"\n\\ No newline at end of file\n");
            }
        }
        Ok(())
    }

    fn finish(self) {}
}

/// Writes the lines of a hunk as git does: without lines, it begins after the line before.
fn range(start: u32, length: u32) -> String {
    match length {
        0 => format!("{},0", start - 1),
        1 => start.to_string(),
        _ => format!("{start},{length}"),
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

//! The file of decisions: one line each, with a number and a checksum.
//!
//! A line is the CRC-32 of the rest in eight hexadecimal digits, a space, and the JSON array
//! `[number, kind, id, record]`. Numbers grow. The first line has the kind `file`, the database's
//! label as its id, the id of the database as its record, and the number after which the file is
//! whole: it has all decisions of that moment. Only a process that holds the database's
//! write lock writes to the file, so there is one writer.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::value::RawValue;

use super::Decision;
use crate::paths::{PARTIAL, beside};
use crate::system::regular_file::{check, create_private, open, sync_folder};

/// Bytes that are read from the end first. A line is seldom longer.
const TAIL: u64 = 4096;

/// Most bytes of the first line.
const HEAD: u64 = 200;

/// The fields of a line.
type Fields<'a> = (i64, String, String, Option<&'a RawValue>);

/// The last decision of each kind and id; `None` where it was withdrawn.
pub(crate) type Latest = HashMap<(String, String), Option<Arc<str>>>;

/// Kind of the first line.
const FILE: &str = "file";

/// Database to which a file belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owner {
    /// Label of its spec.
    pub(crate) label: String,
    /// Id that no other database has.
    pub(crate) id: String,
}

/// First line of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) owner: Owner,
    /// Number after which the file is whole.
    pub(crate) whole_after: i64,
}

/// Content of the file.
#[derive(Debug, Default)]
pub(crate) struct Content {
    /// First line, if it can be read.
    pub(crate) head: Option<Head>,
    /// Number and decision of each line that can be read, in their order.
    pub(crate) lines: Vec<(i64, Decision)>,
    /// Number of lines that cannot be read.
    pub(crate) damaged: usize,
}

impl Content {
    /// Returns the last decision of each kind and id that stands after a line number.
    pub(crate) fn latest(self, after: i64) -> Latest {
        let lines = self.lines.into_iter().filter(|(number, _)| *number > after);
        lines.map(|(_, Decision { kind, id, record })| ((kind, id), record)).collect()
    }

    /// Returns true if a line has words of a decision that a later line withdraws.
    pub(crate) fn has_withdrawn_words(&self) -> bool {
        let mut withdrawn = HashSet::new();
        self.lines.iter().rev().any(|(_, Decision { kind, id, record })| match record {
            Some(_) => withdrawn.contains(&(kind, id)),
            None => {
                withdrawn.insert((kind, id));
                false
            }
        })
    }

    /// Returns true if the whole file was written after a line number, so that it has no lines of
    /// decisions that were withdrawn before.
    pub(crate) fn is_written_since(&self, number: i64) -> bool {
        self.damaged == 0 && self.head.as_ref().is_some_and(|head| head.whole_after > number)
    }

    /// Returns true if every line can be read and none is missing.
    pub(crate) fn is_whole(&self) -> bool {
        let Some(head) = &self.head else { return false };
        self.damaged == 0
            && (head.whole_after + 1..).zip(&self.lines).all(|(expected, (number, _))| expected == *number)
    }

    /// Returns the number of the last line; 0 if there is none.
    pub(crate) fn last(&self) -> i64 {
        let head = self.head.iter().map(|head| head.whole_after);
        self.lines.iter().map(|(number, _)| *number).chain(head).max().unwrap_or(0)
    }
}

/// Reads the whole file. A missing file has no lines.
pub(crate) fn read(path: &Path) -> io::Result<Content> {
    let mut bytes = Vec::new();
    match open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Content::default()),
        opened => opened?.read_to_end(&mut bytes)?,
    };
    Ok(content_of(&bytes))
}

fn content_of(bytes: &[u8]) -> Content {
    let mut content = Content::default();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        // A line without an end was being written when its process died.
        let Some(line) = line.strip_suffix(b"\n") else { continue };
        match parse(line) {
            Some((whole_after, kind, label, id)) if kind == FILE => {
                let id = id.and_then(|id| serde_json::from_str(id.get()).ok()).unwrap_or_default();
                content.head = Some(Head { owner: Owner { label, id }, whole_after });
            }
            Some((number, kind, id, record)) => {
                let record = record.map(|record| record.get().into());
                let decision = Decision { kind, id, record };
                content.lines.push((number, decision));
            }
            None => content.damaged += 1,
        }
    }
    content
}

/// Returns the number of the last line, reading no more than the beginning and the end of the file.
/// `None` if that line cannot be read, or if the file belongs to another database; 0 if the file is
/// missing or empty.
pub(crate) fn last_number(path: &Path, owner: &Owner) -> io::Result<Option<i64>> {
    let mut file = match open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Some(0)),
        opened => opened?,
    };
    let mut begin = Vec::new();
    (&mut file).take(HEAD).read_to_end(&mut begin)?;
    if content_of(&begin).head.is_some_and(|head| head.owner != *owner) {
        return Ok(None);
    }
    let length = file.metadata()?.len();
    let mut wanted = TAIL;
    loop {
        let from = length.saturating_sub(wanted);
        file.seek(SeekFrom::Start(from))?;
        let mut end = Vec::new();
        (&mut file).take(length - from).read_to_end(&mut end)?;
        let Some(whole) = end.iter().rposition(|byte| *byte == b'\n') else {
            if from == 0 {
                return Ok(Some(0));
            }
            wanted *= 4;
            continue;
        };
        let begin = end[..whole].iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        if begin > 0 || from == 0 {
            return Ok(parse(&end[begin..whole]).map(|(number, ..)| number));
        }
        wanted *= 4;
    }
}

/// Lines that were appended and can be taken back. Dropping it takes them back, unless they were
/// confirmed.
#[derive(Debug)]
pub(crate) struct Appended {
    file: File,
    length: u64,
    confirmed: bool,
}

impl Appended {
    /// Keeps the lines.
    pub(crate) fn confirm(mut self) {
        self.confirmed = true;
    }
}

impl Drop for Appended {
    fn drop(&mut self) {
        if !self.confirmed {
            // If this fails, the next opening applies what was not committed.
            let _ = self.file.set_len(self.length);
        }
    }
}

/// Appends decisions with the numbers after `last`, and waits until they are on the disk. Cuts the
/// line that a killed process left unfinished. A new file belongs to `owner`.
pub(crate) fn append(path: &Path, owner: &Owner, last: i64, decisions: &[Decision]) -> io::Result<Appended> {
    let is_new = !path.exists();
    let file = create_private(path)?;
    check(&file.metadata()?)?;
    let length = whole_lines(path)?;
    let mut appended = Appended { file, length, confirmed: false };
    let head = if length == 0 { head(owner, last) } else { String::new() };
    let text = head + &lines(last, decisions);
    appended.file.set_len(length)?;
    appended.file.seek(SeekFrom::Start(length))?;
    appended.file.write_all(text.as_bytes())?;
    appended.file.sync_data()?;
    if is_new {
        sync_folder(path)?;
    }
    Ok(appended)
}

/// Writes a new file in place of the old one: all decisions of the database `owner`, with the
/// numbers after `last`. Keeps the file of another database as `….other`.
pub(crate) fn replace(path: &Path, owner: &Owner, last: i64, decisions: &[Decision]) -> io::Result<()> {
    let partial: PathBuf = beside(path, PARTIAL);
    let mut file = create_private(&partial)?;
    file.set_len(0)?;
    file.write_all((head(owner, last) + &lines(last, decisions)).as_bytes())?;
    file.sync_all()?;
    let old = read(path).ok().and_then(|content| content.head);
    if old.is_some_and(|head| head.owner != *owner) {
        std::fs::rename(path, beside(path, ".other"))?;
    }
    std::fs::rename(&partial, path)?;
    sync_folder(path)
}

/// Returns the length of the file without an unfinished last line.
fn whole_lines(path: &Path) -> io::Result<u64> {
    let mut file = open(path)?;
    let length = file.metadata()?.len();
    let mut end = length;
    let mut block = [0; TAIL as usize];
    while end > 0 {
        let from = end.saturating_sub(TAIL);
        let part = &mut block[..usize::try_from(end - from).unwrap_or(0)];
        file.seek(SeekFrom::Start(from))?;
        file.read_exact(part)?;
        if let Some(newline) = part.iter().rposition(|byte| *byte == b'\n') {
            return Ok(from + newline as u64 + 1);
        }
        end = from;
    }
    Ok(0)
}

/// Returns the first line.
fn head(Owner { label, id }: &Owner, last: i64) -> String {
    let record = quoted(id).to_string().into();
    line(last, &Decision { kind: FILE.to_owned(), id: label.clone(), record: Some(record) })
}

fn lines(last: i64, decisions: &[Decision]) -> String {
    (last + 1..).zip(decisions).map(|(number, decision)| line(number, decision)).collect()
}

fn line(number: i64, Decision { kind, id, record }: &Decision) -> String {
    let record = record.as_deref().unwrap_or("null");
    let fields = format!("[{number},{},{},{record}]", quoted(kind), quoted(id));
    format!("{:08x} {fields}\n", crc32fast::hash(fields.as_bytes()))
}

fn quoted(text: &str) -> serde_json::Value {
    text.into()
}

fn parse(line: &[u8]) -> Option<Fields<'_>> {
    let (sum, rest) = line.split_at_checked(9)?;
    let sum = sum.strip_suffix(b" ").and_then(|sum| std::str::from_utf8(sum).ok())?;
    if u32::from_str_radix(sum, 16).ok()? != crc32fast::hash(rest) {
        return None;
    }
    serde_json::from_slice(rest).ok()
}

#[cfg(test)]
mod tests;

//! The schema of a database and its log, read with plain reads
//! (<https://www.sqlite.org/fileformat2.html>, sections 1.6 and 2).
//!
//! SQLite cannot read a log that no program has open without leaving a trace. This module reads
//! just what a refusal depends on. It gives up at anything unusual, and SQLite then decides.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use super::header::{HEADER, Header, word};
use super::schema::{Schema, TABLE};
use super::wal::committed_pages;
use crate::paths::DbPaths;
use crate::system::{kept_handle, regular_file};

/// Largest depth of a table's tree. SQLite's own limit is 20.
const MOST_LEVELS: u32 = 20;

/// Reads the schema of a database, with its log. `header` is the one after the log.
pub(crate) fn schema(paths: &DbPaths, header: &Header) -> Option<Schema> {
    let mut log = regular_file::open(&paths.wal).ok();
    let logged = log.as_mut().map_or_else(|| Ok(HashMap::new()), committed_pages).ok()?;
    let size = header.page_size as usize;
    let mut pages = Pages { database: &paths.database, log, logged, size };
    let (mut objects, mut root) = (0, None);
    pages.each_row(1, 0, &mut |row| {
        objects += 1;
        if matches!(row, [Value::Bytes(b"table"), Value::Bytes(name), ..] if *name == TABLE.as_bytes()) {
            root = row.get(3).and_then(Value::number);
        }
        Some(())
    })?;
    let mut applied = Vec::new();
    if let Some(root) = root {
        pages.each_row(u32::try_from(root).ok()?, 0, &mut |row| {
            let Some(Value::Bytes(checksum)) = row.get(4) else { return None };
            applied.push((row.first()?.number()?, checksum.to_vec()));
            Some(())
        })?;
    }
    applied.sort_unstable();
    let (application_id, user_version) = (header.application_id, header.user_version.into());
    Some(Schema { application_id, user_version, objects, applied })
}

/// A value of a row.
enum Value<'a> {
    Number(i64),
    /// A text or a blob.
    Bytes(&'a [u8]),
    Other,
}

impl Value<'_> {
    fn number(&self) -> Option<i64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }
}

/// The pages of a database, each in its newest committed version.
struct Pages<'a> {
    database: &'a Path,
    log: Option<File>,
    /// Place in the log, by page number.
    logged: HashMap<u32, u64>,
    size: usize,
}

type Visit<'a> = &'a mut dyn FnMut(&[Value<'_>]) -> Option<()>;

impl Pages<'_> {
    fn page(&mut self, number: u32) -> Option<Vec<u8>> {
        let Some(at) = self.logged.get(&number) else {
            let at = u64::from(number.checked_sub(1)?) * self.size as u64;
            return kept_handle::read(self.database, at, self.size).ok();
        };
        let mut page = vec![0; self.size];
        let log = self.log.as_mut()?;
        log.seek(SeekFrom::Start(*at)).ok()?;
        log.read_exact(&mut page).ok()?;
        Some(page)
    }

    /// Visits the rows of a table by the number of its first page.
    fn each_row(&mut self, number: u32, level: u32, visit: Visit<'_>) -> Option<()> {
        let page = self.page(number).filter(|_| level < MOST_LEVELS)?;
        let begin = if number == 1 { HEADER } else { 0 };
        let is_leaf = match page.get(begin)? {
            5 => false,
            13 => true,
            _ => return None,
        };
        let cells = begin + if is_leaf { 8 } else { 12 };
        for cell in 0..half(&page, begin + 3)? {
            let at = half(&page, cells + 2 * cell)?;
            if is_leaf {
                let (_length, at) = varint(&page, at)?;
                let (_rowid, at) = varint(&page, at)?;
                visit(&row(page.get(at..)?)?)?;
            } else {
                self.each_row(word(&page, at), level + 1, visit)?;
            }
        }
        if is_leaf { Some(()) } else { self.each_row(word(&page, begin + 8), level + 1, visit) }
    }
}

/// Reads the values of a row, as far as they are on its first page.
fn row(record: &[u8]) -> Option<Vec<Value<'_>>> {
    let (end, mut at) = varint(record, 0)?;
    let (end, mut values) = (usize::try_from(end).ok()?, Vec::new());
    let mut body = end;
    while at < end {
        let (kind, next) = varint(record, at)?;
        let length = match kind {
            0 | 8 | 9 => 0,
            1..=4 => kind,
            5 => 6,
            6 | 7 => 8,
            _ => kind.checked_sub(12)? / 2,
        };
        let after = body.checked_add(usize::try_from(length).ok()?)?;
        let Some(bytes) = record.get(body..after) else { break };
        values.push(match kind {
            0 | 7 => Value::Other,
            8 | 9 => Value::Number(i64::from(kind == 9)),
            1..=6 => {
                let sign = if bytes[0] & 0x80 == 0 { 0 } else { -1 };
                Value::Number(bytes.iter().fold(sign, |number, byte| number << 8 | i64::from(*byte)))
            }
            _ => Value::Bytes(bytes),
        });
        (at, body) = (next, after);
    }
    Some(values)
}

/// Reads a big-endian number of two bytes.
fn half(page: &[u8], at: usize) -> Option<usize> {
    let bytes = page.get(at..at + 2)?;
    Some(usize::from(bytes[0]) << 8 | usize::from(bytes[1]))
}

/// Reads a number of one to nine bytes. Returns it, and the place after it.
fn varint(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let mut value = 0;
    for n in 0..8 {
        let byte = *bytes.get(at + n)?;
        value = value << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((value, at + n + 1));
        }
    }
    Some((value << 8 | u64::from(*bytes.get(at + 8)?), at + 9))
}

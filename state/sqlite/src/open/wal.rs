//! A write-ahead log, read with plain reads, and compared with its database.
//!
//! SQLite replays a log that has the right name. So the log is walked as SQLite's recovery does it
//! (<https://www.sqlite.org/fileformat2.html#walformat>), and its newest committed first page is
//! compared with the file's.
//!
//! Mismatches are another page size, and a first page of another program or with a change counter
//! that does not follow on the file's. Without a first page, the size must be the file's, because a
//! transaction that changes the size writes the first page. Two logs of other databases of the same
//! kind go unnoticed: with counters that happen to follow, and without a first page for as many
//! pages.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use super::header::{HEADER, Header, PAGE_SIZES, word};
use super::leftover::{Leftover, Origin, fill};
use crate::paths::DbPaths;
use crate::system::holders;

/// Length of a log's header in bytes.
const LOG_HEADER: usize = 32;
const FRAME_HEADER: usize = 24;
const MAGIC: u32 = 0x377f_0682;
const VERSION: u32 = 3_007_000;
const BUFFER: usize = 1 << 18;

/// Returns true if a write-ahead log holds any page.
///
/// A log of its header alone says nothing that the database does not. SQLite, when it may not
/// write, waits ten seconds over such a log and then fails.
pub(crate) fn holds_pages(log: &Path) -> bool {
    std::fs::metadata(log).is_ok_and(|metadata| metadata.len() > LOG_HEADER as u64)
}

/// Committed content of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wal {
    /// Database after the newest commit.
    newest: Origin,
    /// Oldest version of the first page, if the log has any.
    oldest: Option<Option<Header>>,
}

impl Leftover for Wal {
    fn path(paths: &DbPaths) -> &Path {
        &paths.wal
    }

    fn is_pending(paths: &DbPaths) -> bool {
        // A program that has it open has replayed it, and SQLite goes by the log's index now.
        holds_pages(&paths.wal) && !holders::has_locks(&paths.shm)
    }

    fn read(file: &mut File, _: u32) -> io::Result<Option<Self>> {
        let (mut committed, mut oldest, mut first_page) = (None, None, None);
        walk(file, |page_size, frame| {
            if frame.number == 1 {
                first_page = Some(Header::parse(&frame.page[..HEADER]));
                oldest = oldest.or(first_page);
            }
            if frame.commit != 0 {
                let newest = Origin { page_size, pages: frame.commit, first_page };
                committed = Some(Self { newest, oldest });
            }
        })?;
        Ok(committed)
    }

    fn mismatch(&self, header: &Header, _: bool) -> Option<String> {
        if let found @ Some(_) = self.newest.mismatch(header) {
            return found;
        }
        let (oldest, newest) = self.oldest.zip(self.newest.first_page)?;
        let Some((oldest, newest)) = oldest.zip(newest) else {
            return Some("its first page is not SQLite's".to_owned());
        };
        // A transaction in a log counts from the first page that its connection read: one up, or
        // the same again if the connection wrote that page itself. A checkpoint moves the file's
        // counter along, up to the newest.
        let since = |from: u32, to: u32| to.wrapping_sub(from) as i32;
        let follows = since(oldest.changes.wrapping_sub(1), header.changes) >= 0;
        (!follows || since(header.changes, newest.changes) < 0).then(|| {
            format!(
                "it takes a database from change {} to {}, and this one is at {}",
                oldest.changes, newest.changes, header.changes
            )
        })
    }

    fn applied_to(&self, header: Header) -> Header {
        let newest = self.newest.first_page.flatten().unwrap_or(header);
        Header { journal: header.journal, ..newest }
    }
}

/// A frame of a log: one version of one page.
struct Frame<'a> {
    /// Number of the page, from 1.
    number: u32,
    /// Number of the database's pages after a commit that ends here; 0 if none does.
    commit: u32,
    page: &'a [u8],
    /// Place of the page in the log, in bytes.
    at: u64,
}

/// Visits the frames of a log that SQLite would replay, with the size of a page. Visits none if
/// SQLite would ignore the log.
fn walk(file: &mut File, mut visit: impl FnMut(u32, Frame<'_>)) -> io::Result<()> {
    let mut file = BufReader::with_capacity(BUFFER, file);
    let mut header = [0; LOG_HEADER];
    if !fill(&mut file, &mut header)? {
        return Ok(());
    }
    let (magic, page_size) = (word(&header, 0), word(&header, 8));
    if magic & !1 != MAGIC || !page_size.is_power_of_two() || !PAGE_SIZES.contains(&page_size) {
        return Ok(());
    }
    let mut checksum = Checksum { sums: (0, 0), big_endian: magic & 1 == 1 };
    checksum.add(&header[..24]);
    if !checksum.is_at(&header, 24) || word(&header, 4) != VERSION {
        return Ok(());
    }
    let mut frame = vec![0; FRAME_HEADER + page_size as usize];
    let mut at = (LOG_HEADER + FRAME_HEADER) as u64;
    while fill(&mut file, &mut frame)? {
        let (number, commit) = (word(&frame, 0), word(&frame, 4));
        checksum.add(&frame[..8]);
        checksum.add(&frame[FRAME_HEADER..]);
        // The log ends at a frame with the salts of an earlier round, or at a torn one, whose
        // checksum is wrong.
        if number == 0 || frame[8..16] != header[16..24] || !checksum.is_at(&frame, 16) {
            break;
        }
        visit(page_size, Frame { number, commit, page: &frame[FRAME_HEADER..], at });
        at += frame.len() as u64;
    }
    Ok(())
}

/// Finds the newest committed version of each page in a log: its place in bytes, by page number.
pub(crate) fn committed_pages(file: &mut File) -> io::Result<HashMap<u32, u64>> {
    let (mut committed, mut pending) = (HashMap::new(), Vec::new());
    walk(file, |_, frame| {
        pending.push((frame.number, frame.at));
        if frame.commit != 0 {
            committed.extend(pending.drain(..));
        }
    })?;
    Ok(committed)
}

/// Running checksum of a log.
struct Checksum {
    sums: (u32, u32),
    big_endian: bool,
}

impl Checksum {
    fn add(&mut self, bytes: &[u8]) {
        if self.big_endian {
            self.add_words(bytes, u32::from_be_bytes);
        } else {
            self.add_words(bytes, u32::from_le_bytes);
        }
    }

    fn add_words(&mut self, bytes: &[u8], word: impl Fn([u8; 4]) -> u32) {
        let (mut one, mut two) = self.sums;
        for pair in bytes.chunks_exact(8) {
            one = one.wrapping_add(word([pair[0], pair[1], pair[2], pair[3]])).wrapping_add(two);
            two = two.wrapping_add(word([pair[4], pair[5], pair[6], pair[7]])).wrapping_add(one);
        }
        self.sums = (one, two);
    }

    fn is_at(&self, bytes: &[u8], at: usize) -> bool {
        self.sums == (word(bytes, at), word(bytes, at + 4))
    }
}

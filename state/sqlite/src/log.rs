//! A write-ahead log, read with plain reads: what it would make of the database beside it.
//!
//! SQLite knows a log by its name alone. One that is left from another database, or from another state of this one, is
//! replayed over the file all the same, and at the next checkpoint nothing is left of it. So a log is walked as SQLite's
//! recovery does it (<https://www.sqlite.org/fileformat2.html#walformat>), and its newest committed first page is held
//! against the file's.
//!
//! What can be told: another page size; a first page of another program, or of none; a first page that does not follow on
//! the file's, by their change counters; and without a first page, a size other than the file's, because every transaction
//! that changes the size writes the first page. What cannot be told: a log of another database of the same kind whose
//! counters happen to follow, or one without a first page for a database that happens to have as many pages.

use std::fs::File;
use std::io::{self, BufReader};

use crate::look::{HEADER, Header};

/// The bytes of a log's header.
pub(crate) const LOG_HEADER: usize = 32;
const FRAME_HEADER: usize = 24;
const MAGIC: u32 = 0x377f_0682;
const VERSION: u32 = 3_007_000;
const BUFFER: usize = 1 << 18;

/// What is committed in a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Log {
    page_size: u32,
    /// The pages of the database after the newest commit.
    pages: u32,
    /// The oldest and the newest version of the database's first page, if it was written.
    first_page: Option<(FirstPage, FirstPage)>,
}

/// The header on a first page; `None` when it is not SQLite's.
type FirstPage = Option<Header>;

impl Log {
    /// Reads a log; `None` when nothing is committed in it: SQLite passes over such a log.
    pub(crate) fn read(file: &mut File) -> io::Result<Option<Self>> {
        let mut file = BufReader::with_capacity(BUFFER, file);
        let mut header = [0; LOG_HEADER];
        if !fill(&mut file, &mut header)? {
            return Ok(None);
        }
        let (magic, page_size) = (word(&header, 0), word(&header, 8));
        let sizes = 512..=65_536;
        if magic & !1 != MAGIC || !page_size.is_power_of_two() || !sizes.contains(&page_size) {
            return Ok(None);
        }
        let mut checksum = Checksum { sums: (0, 0), big_endian: magic & 1 == 1 };
        checksum.add(&header[..24]);
        if !checksum.is_at(&header, 24) || word(&header, 4) != VERSION {
            return Ok(None);
        }
        let mut frame = vec![0; FRAME_HEADER + page_size as usize];
        let mut committed = None;
        let mut first_page = None;
        while fill(&mut file, &mut frame)? {
            let (number, pages) = (word(&frame, 0), word(&frame, 4));
            checksum.add(&frame[..8]);
            checksum.add(&frame[FRAME_HEADER..]);
            // The frames of an earlier round have its salts, and a torn one does not add up: there the log ends.
            if number == 0 || frame[8..16] != header[16..24] || !checksum.is_at(&frame, 16) {
                break;
            }
            if number == 1 {
                let page = Header::parse(&frame[FRAME_HEADER..][..HEADER]);
                first_page = Some((first_page.map_or(page, |(oldest, _)| oldest), page));
            }
            if pages != 0 {
                committed = Some(Self { page_size, pages, first_page });
            }
        }
        Ok(committed)
    }

    /// Returns the newest version of the database's header, if the log has one.
    pub(crate) fn header(&self) -> Option<Header> {
        self.first_page.and_then(|(_, newest)| newest)
    }

    /// Says why this log is not the database's, as far as that can be told.
    pub(crate) fn stranger(&self, header: &Header) -> Option<String> {
        if self.page_size != header.page_size {
            return Some(format!(
                "its pages have {} bytes, and the database's have {}",
                self.page_size, header.page_size
            ));
        }
        let Some((oldest, newest)) = self.first_page else {
            return header.pages.filter(|pages| *pages != self.pages).map(|pages| {
                format!("it is of a database of {} pages, and this one has {pages}", self.pages)
            });
        };
        let (Some(oldest), Some(newest)) = (oldest, newest) else {
            return Some("what it has for the first page is not SQLite's".to_owned());
        };
        if newest.application_id != header.application_id {
            return Some(match newest.application_id {
                0 => "it is of a SQLite database without an application id".to_owned(),
                other => format!("it is of a SQLite database with application id {other:#010x}"),
            });
        }
        // A transaction in a log counts from the first page that its connection read: one up, or the same again if the
        // connection wrote that page itself. A checkpoint moves the file's along, up to the newest.
        let since = |from: u32, to: u32| to.wrapping_sub(from) as i32;
        let follows = since(oldest.changes.wrapping_sub(1), header.changes) >= 0;
        if !follows || since(header.changes, newest.changes) < 0 {
            return Some(format!(
                "it takes a database from change {} to {}, and this one is at {}",
                oldest.changes, newest.changes, header.changes
            ));
        }
        None
    }
}

/// Reads as many bytes as there is room for; `false` when the file ends before that.
fn fill(file: &mut impl io::Read, buffer: &mut [u8]) -> io::Result<bool> {
    match file.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map_or(0, u32::from_be_bytes)
}

/// The running checksum of a log.
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

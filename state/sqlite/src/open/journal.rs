//! A rollback journal, read with plain reads, and compared with its database.
//!
//! SQLite recognises a *hot* journal, which a killed program left, by its name alone. It cuts the
//! file to the size that the journal names and writes the journal's pages over it. So the journal
//! is walked as SQLite's playback does it (<https://www.sqlite.org/fileformat2.html>, section 3).
//!
//! Mismatches are another page size, a first page of another program or with a change counter that
//! is not the file's or one less, and the journal of a new database next to one with tables.
//! Without a first page, the size must be the file's, because the first page is in the journal
//! before it changes. Two journals of other databases of the same kind go unnoticed: with a counter
//! that happens to fit, and without a first page for as many pages. SQLite and this module ignore a
//! journal that begins with zeros: its header is not on the disk yet.

use std::fs::File;
use std::io::{self, BufReader, Read as _};
use std::ops::RangeInclusive;
use std::path::Path;

use super::header::{HEADER, Header, PAGE_SIZES, word};
use super::leftover::{Leftover, Origin, fill};
use crate::paths::DbPaths;
use crate::system::holders;
use crate::system::regular_file::has_content;

const MAGIC: &[u8; 8] = &[0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
/// Length of the fields of a journal's header; zeros fill its sector.
const FIELDS: usize = 28;
/// Number of records that stands for "up to the file's end".
const ALL: u32 = u32::MAX;
const SECTORS: RangeInclusive<u32> = 32..=65_536;
const BUFFER: usize = 1 << 18;

/// Content of a hot journal: the database before the transaction. Playback cuts the file to its
/// pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Journal(Origin);

impl Journal {
    /// Returns the number of pages that the database had.
    pub(crate) fn pages(&self) -> u32 {
        self.0.pages
    }
}

impl Leftover for Journal {
    fn path(paths: &DbPaths) -> &Path {
        &paths.journal
    }

    fn is_pending(paths: &DbPaths) -> bool {
        has_content(&paths.journal) && !holders::has_writer(&paths.database)
    }

    fn read(file: &mut File, page_size: u32) -> io::Result<Option<Self>> {
        let length = file.metadata()?.len();
        let mut reader = Reader { file: BufReader::with_capacity(BUFFER, file), at: 0, length };
        let Some(mut segment) = reader.segment(None)? else { return Ok(None) };
        let page_size = if segment.page_size == 0 { page_size } else { segment.page_size };
        let fits = |size: u32, sizes: RangeInclusive<u32>| size.is_power_of_two() && sizes.contains(&size);
        if !fits(page_size, PAGE_SIZES) || !fits(segment.sector, SECTORS) {
            return Ok(None);
        }
        let mut before = Origin { page_size, pages: segment.pages, first_page: None };
        let sector = segment.sector;
        let mut page = vec![0; page_size as usize];
        loop {
            reader.skip_to_sector(sector)?;
            for _ in 0..segment.records {
                let Some(number) = reader.record(&mut page, segment.nonce)? else {
                    return Ok(Some(Self(before)));
                };
                // The first version of a page counts.
                if number == 1 {
                    before.first_page = Some(Header::parse(&page[..HEADER]));
                    return Ok(Some(Self(before)));
                }
            }
            // A transaction that outgrows its cache is written in segments, each with a header of
            // its own.
            reader.skip_to_sector(sector)?;
            let Some(next) = reader.segment(Some(sector))? else { return Ok(Some(Self(before))) };
            segment = next;
        }
    }

    fn mismatch(&self, header: &Header, blank: bool) -> Option<String> {
        let Self(before) = self;
        if before.pages == 0 && before.page_size == header.page_size {
            let created = "it is of a new database, and this one has tables";
            return (!blank).then(|| created.to_owned());
        }
        if let found @ Some(_) = before.mismatch(header) {
            return found;
        }
        let (before, now) = (before.first_page.flatten()?.changes, header.changes);
        let follows = now == before || now == before.wrapping_add(1);
        (!follows).then(|| format!("it takes a database back to change {before}, and this one is at {now}"))
    }

    fn applied_to(&self, header: Header) -> Header {
        self.0.first_page.flatten().unwrap_or(header)
    }
}

/// Header of a segment.
struct Segment {
    records: u32,
    nonce: u32,
    pages: u32,
    sector: u32,
    page_size: u32,
}

/// Reader of a journal, from its beginning on.
struct Reader<'a> {
    file: BufReader<&'a mut File>,
    at: u64,
    length: u64,
}

impl Reader<'_> {
    /// Reads the header of a segment; `None` when there is none, or its sector is not whole.
    fn segment(&mut self, sector: Option<u32>) -> io::Result<Option<Segment>> {
        let mut fields = [0; FIELDS];
        let begin = self.at;
        if !self.fill(&mut fields)? || !fields.starts_with(MAGIC) {
            return Ok(None);
        }
        let sector = sector.unwrap_or_else(|| word(&fields, 20));
        let page_size = word(&fields, 24);
        let content = self.length.checked_sub(begin + u64::from(sector));
        let Some(content) = content else { return Ok(None) };
        let records = match word(&fields, 8) {
            // SQLite writes this where a file system appends safely. The number only has to be
            // large enough.
            ALL => u32::try_from(content / 8).unwrap_or(ALL),
            records => records,
        };
        Ok(Some(Segment { records, nonce: word(&fields, 12), pages: word(&fields, 16), sector, page_size }))
    }

    /// Reads one record; `None` where playback ends: at the file's end, or at a wrong checksum.
    fn record(&mut self, page: &mut [u8], nonce: u32) -> io::Result<Option<u32>> {
        let (mut number, mut checksum) = ([0; 4], [0; 4]);
        if !self.fill(&mut number)? || !self.fill(page)? || !self.fill(&mut checksum)? {
            return Ok(None);
        }
        let number = u32::from_be_bytes(number);
        let adds_up = u32::from_be_bytes(checksum) == sum(page, nonce);
        Ok((number != 0 && adds_up).then_some(number))
    }

    /// Skips to the next sector.
    fn skip_to_sector(&mut self, sector: u32) -> io::Result<()> {
        let next = self.at.next_multiple_of(sector.into());
        self.at += io::copy(&mut (&mut self.file).take(next - self.at), &mut io::sink())?;
        Ok(())
    }

    fn fill(&mut self, buffer: &mut [u8]) -> io::Result<bool> {
        let is_full = fill(&mut self.file, buffer)?;
        self.at += if is_full { buffer.len() as u64 } else { 0 };
        Ok(is_full)
    }
}

/// Computes the checksum of a record: every 200th byte of the page, from its end.
fn sum(page: &[u8], nonce: u32) -> u32 {
    let samples = (1..page.len().saturating_sub(199)).rev().step_by(200);
    samples.fold(nonce, |sum, at| sum.wrapping_add(page[at].into()))
}

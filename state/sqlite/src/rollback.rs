//! A rollback journal, read with plain reads: what it would make of the database beside it.
//!
//! SQLite knows a journal by its name alone. One that a killed program left is *hot*: whoever opens the database next
//! cuts the file to the size that the journal names and writes the journal's pages over it, were they another
//! database's. So a journal is walked as SQLite's playback does it (<https://www.sqlite.org/fileformat2.html>, section 3),
//! and what it has for the first page, and for the size, is held against the file's.
//!
//! What can be told: another page size; a first page of another program, or of none; a first page that is not the one
//! before the file's, by their change counters, which a transaction raises by one; the journal of a database that was
//! just being created, beside one that has tables; and without a first page, a size other than the file's, because the
//! first page is in the journal before it changes. What cannot be told: a journal of another database of the same kind
//! whose counter happens to be the file's or one less, or one without a first page (its program was killed in the middle
//! of a transaction larger than its cache) for a database that happens to have as many pages. A journal whose header is
//! not on the disk yet begins with zeros, and SQLite passes over it; so does this.

use std::fs::File;
use std::io::{self, BufReader, Read as _};

use crate::look::{HEADER, Header};

const MAGIC: &[u8; 8] = &[0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
/// The bytes of a journal's header that say something; zeros fill its sector.
const FIELDS: usize = 28;
/// A number of records that says: as many as there are.
const ALL: u32 = u32::MAX;
const SECTORS: std::ops::RangeInclusive<u32> = 32..=65_536;
const PAGES: std::ops::RangeInclusive<u32> = 512..=65_536;
const BUFFER: usize = 1 << 18;

/// What a hot journal would be played back for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rollback {
    page_size: u32,
    /// The pages of the database before the transaction: the file is cut to that size.
    pages: u32,
    /// The database's first page before the transaction, if it is in the journal; `None` inside when it is not SQLite's.
    first_page: Option<Option<Header>>,
}

impl Rollback {
    /// Reads the journal of a database with this page size; `None` when SQLite would play nothing back.
    pub(crate) fn read(file: &mut File, page_size: u32) -> io::Result<Option<Self>> {
        let length = file.metadata()?.len();
        let mut reader = Reader { file: BufReader::with_capacity(BUFFER, file), at: 0, length };
        let Some(mut segment) = reader.segment(None)? else { return Ok(None) };
        let page_size = if segment.page_size == 0 { page_size } else { segment.page_size };
        let fits =
            |size: u32, sizes: std::ops::RangeInclusive<u32>| size.is_power_of_two() && sizes.contains(&size);
        if !fits(page_size, PAGES) || !fits(segment.sector, SECTORS) {
            return Ok(None);
        }
        let mut journal = Self { page_size, pages: segment.pages, first_page: None };
        let sector = segment.sector;
        let mut page = vec![0; page_size as usize];
        loop {
            reader.skip_to_sector(sector)?;
            for _ in 0..segment.records {
                let Some(number) = reader.record(&mut page, segment.nonce)? else { return Ok(Some(journal)) };
                // The first version of a page is the one that counts.
                if number == 1 {
                    journal.first_page = Some(Header::parse(&page[..HEADER]));
                    return Ok(Some(journal));
                }
            }
            // A transaction that outgrows its cache is written in segments, each with a header of its own.
            reader.skip_to_sector(sector)?;
            let Some(next) = reader.segment(Some(sector))? else { return Ok(Some(journal)) };
            segment = next;
        }
    }

    /// Returns the database's header as it will be, if the journal has it.
    pub(crate) fn header(&self) -> Option<Header> {
        self.first_page.flatten()
    }

    /// Returns the pages that the database had.
    pub(crate) fn pages(&self) -> u32 {
        self.pages
    }

    /// Says why this journal is not the database's, as far as that can be told. A `blank` database has no tables.
    pub(crate) fn stranger(&self, header: &Header, blank: bool) -> Option<String> {
        if self.page_size != header.page_size {
            let (its, ours) = (self.page_size, header.page_size);
            return Some(format!("its pages have {its} bytes, and the database's have {ours}"));
        }
        if self.pages == 0 {
            let created = "it is of a database that was just being created, and this one has tables";
            return (!blank).then(|| created.to_owned());
        }
        let Some(first_page) = self.first_page else {
            let other = header.pages.filter(|pages| *pages != self.pages);
            return other.map(|pages| {
                format!("it is of a database of {} pages, and this one has {pages}", self.pages)
            });
        };
        let Some(first_page) = first_page else {
            return Some("what it has for the first page is not SQLite's".to_owned());
        };
        if first_page.application_id != header.application_id {
            return Some(match first_page.application_id {
                0 => "it is of a SQLite database without an application id".to_owned(),
                other => format!("it is of a SQLite database with application id {other:#010x}"),
            });
        }
        let (before, now) = (first_page.changes, header.changes);
        let follows = now == before || now == before.wrapping_add(1);
        (!follows).then(|| format!("it takes a database back to change {before}, and this one is at {now}"))
    }
}

/// The header of a segment.
struct Segment {
    records: u32,
    nonce: u32,
    pages: u32,
    sector: u32,
    page_size: u32,
}

/// Reads a journal from its beginning on.
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
            // SQLite writes this where a file system appends safely. The number only has to be large enough.
            ALL => u32::try_from(content / 8).unwrap_or(ALL),
            records => records,
        };
        Ok(Some(Segment { records, nonce: word(&fields, 12), pages: word(&fields, 16), sector, page_size }))
    }

    /// Reads one record; `None` where playback ends: at the file's end, or at what does not add up.
    fn record(&mut self, page: &mut [u8], nonce: u32) -> io::Result<Option<u32>> {
        let (mut number, mut checksum) = ([0; 4], [0; 4]);
        if !self.fill(&mut number)? || !self.fill(page)? || !self.fill(&mut checksum)? {
            return Ok(None);
        }
        let number = u32::from_be_bytes(number);
        let adds_up = u32::from_be_bytes(checksum) == sum(page, nonce);
        Ok((number != 0 && adds_up).then_some(number))
    }

    /// Goes on to where the next sector begins.
    fn skip_to_sector(&mut self, sector: u32) -> io::Result<()> {
        let next = self.at.next_multiple_of(sector.into());
        self.at += io::copy(&mut (&mut self.file).take(next - self.at), &mut io::sink())?;
        Ok(())
    }

    /// Reads as many bytes as there is room for; `false` when the file ends before that.
    fn fill(&mut self, buffer: &mut [u8]) -> io::Result<bool> {
        match self.file.read_exact(buffer) {
            Ok(()) => {
                self.at += buffer.len() as u64;
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Makes the checksum of a record, which takes in each two hundredth byte of the page, from its end.
fn sum(page: &[u8], nonce: u32) -> u32 {
    let samples = (1..page.len().saturating_sub(199)).rev().step_by(200);
    samples.fold(nonce, |sum, at| sum.wrapping_add(page[at].into()))
}

fn word(bytes: &[u8; FIELDS], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

//! Writes the committed pages of a write-ahead log into a database.
//!
//! SQLite finds a log by its name, and copies have no names. The constants and the checksum are
//! those of <https://www.sqlite.org/fileformat2.html#walformat>.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom, Write};

/// Bytes of the log's header ("WAL Header Format").
const HEADER: usize = 32;
/// Bytes of a frame's header ("WAL Frame Header Format").
const FRAME: usize = 24;
/// First number of a log. Its last bit is set if the checksums read numbers as big-endian.
const MAGIC: u32 = 0x377f_0682;
/// Byte in the database's header where the versions for writing and reading stand ("The Database
/// Header"): 2 with a log, 1 without one.
const VERSIONS: u64 = 18;

/// Puts all whole transactions of a log into a database, which then needs no log.
pub(super) fn apply(log: &mut File, database: &mut File) -> io::Result<()> {
    log.rewind()?;
    let (pages, count, size) = committed(&mut BufReader::new(&mut *log))?;
    let mut page = vec![0; size];
    for (number, offset) in pages.range(..=count) {
        log.seek(SeekFrom::Start(*offset))?;
        log.read_exact(&mut page)?;
        database.seek(SeekFrom::Start(u64::from(number - 1) * size as u64))?;
        database.write_all(&page)?;
    }
    if count > 0 {
        database.set_len(u64::from(count) * size as u64)?;
    }
    // An empty or a foreign file stays as it is.
    let mut name = [0; 16];
    database.rewind()?;
    if database.read_exact(&mut name).is_ok() && &name == b"SQLite format 3\0" {
        database.seek(SeekFrom::Start(VERSIONS))?;
        database.write_all(&[1, 1])?;
    }
    database.flush()
}

/// Place in the log of the last committed form of each page, by the page's number.
type Pages = BTreeMap<u32, u64>;

/// Returns the committed pages, the number of pages of the database, and the bytes of a page.
fn committed(log: &mut impl Read) -> io::Result<(Pages, u32, usize)> {
    let none = (Pages::new(), 0, 0);
    let mut header = [0; HEADER];
    if !fill(log, &mut header)? {
        return Ok(none);
    }
    let (magic, size) = (number(&header, 0), number(&header, 8) as usize);
    let mut sum = Sum { is_big: magic & 1 == 1, sums: [0; 2] };
    sum.add(&header[..24]);
    let is_size = size.is_power_of_two() && (512..=65_536).contains(&size);
    if magic & !1 != MAGIC || !is_size || !sum.is_at(&header, 24) {
        return Ok(none);
    }
    let (mut pages, mut count, mut next) = (Pages::new(), 0, Pages::new());
    let (mut frame, mut page, mut offset) = ([0; FRAME], vec![0; size], HEADER as u64);
    while fill(log, &mut frame)? && fill(log, &mut page)? {
        sum.add(&frame[..8]);
        sum.add(&page);
        if frame[8..16] != header[16..24] || !sum.is_at(&frame, 16) || number(&frame, 0) == 0 {
            break;
        }
        next.insert(number(&frame, 0), offset + FRAME as u64);
        offset += (FRAME + size) as u64;
        // The last frame of a transaction has the size of the database.
        if number(&frame, 4) > 0 {
            count = number(&frame, 4);
            pages.append(&mut next);
        }
    }
    Ok((pages, count, size))
}

/// Reads so many bytes; false if there are fewer.
fn fill(log: &mut impl Read, bytes: &mut [u8]) -> io::Result<bool> {
    match log.read_exact(bytes) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

fn number(bytes: &[u8], at: usize) -> u32 {
    bytes[at..at + 4].iter().fold(0, |number, &byte| number << 8 | u32::from(byte))
}

/// Checksum of all frames so far.
struct Sum {
    is_big: bool,
    sums: [u32; 2],
}

impl Sum {
    fn add(&mut self, bytes: &[u8]) {
        let [mut one, mut two] = self.sums;
        for pair in bytes.chunks_exact(8) {
            let number = |at| if self.is_big { number(pair, at) } else { number(pair, at).swap_bytes() };
            one = one.wrapping_add(number(0)).wrapping_add(two);
            two = two.wrapping_add(number(4)).wrapping_add(one);
        }
        self.sums = [one, two];
    }

    /// Returns true if this is the sum that stands at a place.
    fn is_at(&self, bytes: &[u8], at: usize) -> bool {
        self.sums == [number(bytes, at), number(bytes, at + 4)]
    }
}

//! Detects changes of a file without reading it.

use std::fmt;
use std::fs::Metadata;

/// Length and times of a file. If it differs, the file may have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint {
    /// Length in bytes.
    pub len: u64,
    /// Time of the last write, in nanoseconds since 1970.
    pub modified_ns: i64,
    /// Time of the inode's last change, in nanoseconds since 1970, which programs cannot set back.
    /// 0 except on Unix.
    pub changed_ns: i64,
}

impl Fingerprint {
    /// Takes the fingerprint from a file's metadata.
    #[cfg(unix)]
    pub fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        let nanoseconds =
            |seconds: i64, rest: i64| seconds.saturating_mul(1_000_000_000).saturating_add(rest);
        Self {
            len: metadata.len(),
            modified_ns: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            changed_ns: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// Takes the fingerprint from a file's `stat`.
    #[cfg(target_os = "linux")]
    pub(super) fn of_stat(stat: &rustix::fs::Stat) -> Self {
        let nanoseconds = |seconds: i64, rest: u64| {
            seconds.saturating_mul(1_000_000_000).saturating_add(i64::try_from(rest).unwrap_or(0))
        };
        Self {
            len: stat.st_size.try_into().unwrap_or(0),
            modified_ns: nanoseconds(stat.st_mtime, stat.st_mtime_nsec),
            changed_ns: nanoseconds(stat.st_ctime, stat.st_ctime_nsec),
        }
    }

    /// Takes the fingerprint from a file's metadata.
    #[cfg(not(unix))]
    pub fn of(metadata: &Metadata) -> Self {
        let since = metadata.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
        let modified_ns = since.and_then(|since| i64::try_from(since.as_nanos()).ok()).unwrap_or(0);
        Self { len: metadata.len(), modified_ns, changed_ns: 0 }
    }
}

impl Fingerprint {
    /// Returns a text to store in an index: the length, and a checksum of the rest and of the
    /// `recipe`, everything apart from the file that its entry depends on. Each file has one, so it
    /// is short.
    pub fn short(&self, recipe: &[u8]) -> String {
        let mut checksum = crc32fast::Hasher::new();
        let times = [self.modified_ns.to_le_bytes(), self.changed_ns.to_le_bytes()];
        checksum.update(times.as_flattened());
        checksum.update(recipe);
        // The same as `format!("{:x}:{:08x}")`, several times faster: a pass does it for each file.
        let mut text = String::with_capacity(24);
        push_hex(&mut text, self.len, 1);
        text.push(':');
        push_hex(&mut text, checksum.finalize().into(), 8);
        text
    }
}

/// Writes a number in hexadecimal digits, at least `least` of them.
fn push_hex(text: &mut String, number: u64, least: u32) {
    let digits = number.checked_ilog2().map_or(1, |log| log / 4 + 1).max(least);
    let digit = |place: u32| char::from(b"0123456789abcdef"[(number >> (4 * place)) as usize & 15]);
    text.extend((0..digits).rev().map(digit));
}

/// Compact and stable text, to store in an index.
impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The same as `{:x}:{:x}:{:x}`, several times faster: a pass formats the fingerprint of
        // each file.
        let mut text = String::with_capacity(51);
        for number in [self.len, self.modified_ns.cast_unsigned(), self.changed_ns.cast_unsigned()] {
            push_hex(&mut text, number, 1);
            text.push(':');
        }
        f.write_str(text.trim_end_matches(':'))
    }
}

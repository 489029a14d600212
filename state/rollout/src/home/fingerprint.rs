//! Detects changes of a file without reading it.

use std::fmt;
use std::fs::Metadata;
use std::str::FromStr;

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

/// Error for a text that is no fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a fingerprint (three hexadecimal numbers with a colon between them)")]
#[non_exhaustive]
pub struct FingerprintError;

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

    /// Takes the fingerprint from a file's metadata.
    #[cfg(not(unix))]
    pub fn of(metadata: &Metadata) -> Self {
        let since = metadata.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
        let modified_ns = since.and_then(|since| i64::try_from(since.as_nanos()).ok()).unwrap_or(0);
        Self { len: metadata.len(), modified_ns, changed_ns: 0 }
    }
}

/// Compact and stable text, to store in an index.
impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}:{:x}:{:x}", self.len, self.modified_ns, self.changed_ns)
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let mut parts =
            text.split(':').map(|part| u64::from_str_radix(part, 16).map_err(|_| FingerprintError));
        let mut next = || parts.next().unwrap_or(Err(FingerprintError));
        // A time before 1970 is written as its two's complement.
        let this = Self { len: next()?, modified_ns: next()? as i64, changed_ns: next()? as i64 };
        if parts.next().is_some() { Err(FingerprintError) } else { Ok(this) }
    }
}

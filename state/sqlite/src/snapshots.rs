//! The snapshots that are kept next to a database, and their names.

use std::path::PathBuf;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

const FORMAT: &str = "%Y%m%dT%H%M%SZ";

/// A whole copy of a database, next to it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Snapshot {
    /// Occasion.
    pub taken: Taken,
    /// The file.
    pub path: PathBuf,
}

/// Occasion of a snapshot. Those of upgrades come before all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Taken {
    /// Before the upgrade to this version.
    BeforeUpgrade(i64),
    /// At this time, to a second.
    At(Timestamp),
}

impl Taken {
    /// Returns the rest of the file name of a snapshot that is taken at this time.
    pub(crate) fn suffix(time: Timestamp) -> String {
        format!(".snapshot-{}", time.strftime(FORMAT))
    }

    /// Reads the rest of a file name after the database's name. Only names that we write: the
    /// user's `.before-v3.keep` is not ours.
    pub(crate) fn parse(rest: &str) -> Option<Self> {
        if let Some(digits) = rest.strip_prefix(".before-v") {
            let all_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            return all_digits.then(|| digits.parse().ok()).flatten().map(Self::BeforeUpgrade);
        }
        let time = DateTime::strptime(FORMAT, rest.strip_prefix(".snapshot-")?).ok()?;
        Some(Self::At(time.to_zoned(TimeZone::UTC).ok()?.timestamp()))
    }
}

//! What the layer and its writer can be told.

use std::time::Duration;

use crate::error::LogError;
use crate::filter::LogFilter;

/// How events are taken, kept and written.
#[derive(Clone, Debug)]
pub struct LogOptions {
    /// Which events are kept. Default: `info,sqlx=warn`.
    pub filter: LogFilter,
    /// The most bytes of a row's texts; what is longer is cut, and marked. Default: 64 KiB, at least 256 bytes.
    pub row_bytes: usize,
    /// The most rows of each thread, of each process's threadless rows, and of rows with neither. Default: 1,000.
    pub keep_rows: u64,
    /// The most bytes of each of those, at least one row's. Default: 10 MiB.
    pub keep_bytes: u64,
    /// How long rows are kept. Looked at when the writer first writes. Default: 90 days.
    pub keep_age: Duration,
    /// The most rows that wait to be written, of 32 MiB of texts at most; others are dropped and counted. Default: 4,096.
    pub queue_rows: usize,
    /// The most rows of one commit. Fewer make more writes of a row: see *Performance*. Default: 512.
    pub batch_rows: usize,
    /// How long a row waits at most for others to be committed with it. Default: 2 s.
    pub batch_interval: Duration,
}

impl Default for LogOptions {
    fn default() -> LogOptions {
        LogOptions {
            filter: LogFilter::default(),
            row_bytes: 64 << 10,
            keep_rows: 1_000,
            keep_bytes: 10 << 20,
            keep_age: Duration::from_secs(90 * 24 * 60 * 60),
            queue_rows: 4_096,
            batch_rows: 512,
            batch_interval: Duration::from_secs(2),
        }
    }
}

/// The bounds of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[doc(hidden)]
pub struct Keep {
    /// The most rows.
    pub rows: u64,
    /// The most bytes of their texts.
    pub bytes: u64,
}

impl LogOptions {
    pub(crate) fn keep(&self) -> Keep {
        Keep { rows: self.keep_rows, bytes: self.keep_bytes }
    }

    pub(crate) fn check(&self) -> Result<(), LogError> {
        let least = |option, value: u64, least: u64, needs| {
            if value < least { Err(LogError::BadOption { option, value, needs }) } else { Ok(()) }
        };
        // What a row has beside its message: ids, a target, a module, a file.
        least("row_bytes", self.row_bytes as u64, 256, "a row has at least 256 bytes")?;
        least("keep_rows", self.keep_rows, 1, "at least one row is kept")?;
        least(
            "keep_bytes",
            self.keep_bytes,
            self.row_bytes as u64,
            "at least one row (`row_bytes`) is kept",
        )?;
        least("queue_rows", self.queue_rows as u64, 1, "at least one row waits")?;
        least("batch_rows", self.batch_rows as u64, 1, "a commit has at least one row")
    }
}

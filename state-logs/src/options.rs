//! Options of the layer and its writer.

use std::time::Duration;

use crate::error::LogError;
use crate::filter::LogFilter;

/// Options for capturing, keeping and writing events.
#[derive(Clone, Debug)]
pub struct LogOptions {
    /// Filter of events. Default: `info,sqlx=warn`.
    pub filter: LogFilter,
    /// Limit of a row's texts in bytes; longer rows are cut and marked. Default: 64 KiB, at least
    /// 256 bytes.
    pub row_bytes: usize,
    /// Limit of rows of each thread, of each process's threadless rows, and of rows with neither.
    /// Default: 1,000.
    pub keep_rows: u64,
    /// Limit of bytes of each of those, at least one row's. Default: 10 MiB.
    pub keep_bytes: u64,
    /// Age at which rows are deleted, when a writer first writes. Default: 90 days.
    pub keep_age: Duration,
    /// Limit of waiting rows, with at most 32 MiB of texts; more rows are dropped and counted.
    /// Default: 4,096.
    pub queue_rows: usize,
    /// Limit of rows in one commit. Small commits write more bytes per row: see *Performance*.
    /// Default: 512.
    pub batch_rows: usize,
    /// Longest wait of a row for others to be committed with it. Default: 2 s.
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

/// Limits of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[doc(hidden)]
pub struct Keep {
    /// Limit of rows.
    pub rows: u64,
    /// Limit of their texts in bytes.
    pub bytes: u64,
}

impl LogOptions {
    pub(crate) fn keep(&self) -> Keep {
        Keep { rows: self.keep_rows, bytes: self.keep_bytes }
    }

    pub(crate) fn check(&self) -> Result<(), LogError> {
        let row_bytes = self.row_bytes as u64;
        for (option, value, least, needs) in [
            ("row_bytes", row_bytes, 256, "at least 256 bytes, for a row's ids, target, module and file"),
            ("keep_rows", self.keep_rows, 1, "at least 1"),
            ("keep_bytes", self.keep_bytes, row_bytes, "at least `row_bytes`, for one row"),
            ("queue_rows", self.queue_rows as u64, 1, "at least 1"),
            ("batch_rows", self.batch_rows as u64, 1, "at least 1"),
        ] {
            if value < least {
                return Err(LogError::BadOption { option, value, needs });
            }
        }
        Ok(())
    }
}

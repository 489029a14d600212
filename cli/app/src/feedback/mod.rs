//! Bundle for a bug report: the doctor's report, tags, and on request log rows, without secrets.
//!
//! *Collect → show → write → send.* A [`Bundle`] is complete before the user is asked, so that the
//! sizes that are shown are exact. [`write()`] makes the zip file of it. With the
//! feature `sentry`, a `Destination` takes it to a server.

mod archive;
mod bundle;
mod clean;
mod logs;
mod tags;
#[cfg(feature = "sentry")]
mod upload;

pub use archive::{check, write};
pub use bundle::{Bundle, Entry, REPORT};
pub use clean::Clean;
pub use logs::{LogRows, of_own_runs, of_thread};
pub use tags::Report;
#[cfg(feature = "sentry")]
pub use upload::{Destination, Sent};

//! Which SQLite is linked.

/// The oldest SQLite that is safe to use: before it, a WAL database can be corrupted when a checkpoint and a writer race
/// (the WAL-reset bug of 3.7.0 to 3.51.2).
pub const MIN_SQLITE_VERSION: &str = "3.51.3";

/// Returns the version of the SQLite that this program was built with, such as `3.51.3`.
///
/// SQLite is compiled in, so this is the version that runs; a test compares it with what `sqlite_version()` answers.
#[must_use]
pub fn sqlite_version() -> &'static str {
    libsqlite3_sys::SQLITE_VERSION.to_str().unwrap_or("unknown")
}

//! Version of the linked SQLite.

/// The oldest SQLite that is safe to use: before it, a WAL database can be corrupted when a
/// checkpoint and a writer race (the WAL-reset bug of 3.7.0 to 3.51.2).
pub const MIN_SQLITE_VERSION: &str = "3.51.3";

/// Returns the version of SQLite that is compiled in, such as `3.51.3`.
#[must_use]
pub fn sqlite_version() -> &'static str {
    libsqlite3_sys::SQLITE_VERSION.to_str().unwrap_or("unknown")
}

//! Version of the linked SQLite.

/// Returns the version of SQLite that is compiled in, such as `3.51.3`.
#[must_use]
pub fn sqlite_version() -> &'static str {
    libsqlite3_sys::SQLITE_VERSION.to_str().unwrap_or("unknown")
}

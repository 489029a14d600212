//! Classes of errors, URIs, and statements for many rows.

use std::io;
use std::path::Path;

use crate::error::ErrorClass;
use crate::open::connect::uri;
use crate::rows::{value_columns, values_of};

#[test]
fn codes_are_sorted() {
    for (code, class) in [
        (0, ErrorClass::Other),
        (1, ErrorClass::Other),
        (5, ErrorClass::Busy),
        (517, ErrorClass::Busy),
        (11, ErrorClass::Corrupt),
        (26, ErrorClass::Corrupt),
        (10 | (33 << 8), ErrorClass::Corrupt),
        (13, ErrorClass::Full),
        // A log's index that cannot grow; then codes that may mean a full disk, which only the
        // file system knows.
        (4874, ErrorClass::Full),
        (4618, ErrorClass::Io),
        (778, ErrorClass::Io),
        (10, ErrorClass::Io),
        (14, ErrorClass::Io),
        (2067, ErrorClass::Other),
    ] {
        assert_eq!(ErrorClass::of_code(code), class, "{code}");
    }
    for (kind, class) in [
        (io::ErrorKind::StorageFull, ErrorClass::Full),
        (io::ErrorKind::QuotaExceeded, ErrorClass::Full),
        (io::ErrorKind::PermissionDenied, ErrorClass::Io),
    ] {
        assert_eq!(ErrorClass::of_io(&kind.into()), class, "{kind}");
    }
}

#[test]
fn a_uri_escapes_what_would_end_the_path() {
    assert_eq!(uri(Path::new("/a b/c?d#e%é"), "immutable=1"), "file:/a%20b/c%3fd%23e%25%c3%a9?immutable=1");
}

#[test]
fn few_numbers_of_rows_make_different_statements() {
    assert_eq!(values_of(1, 3), "VALUES (?,?,?)");
    assert_eq!(values_of(5, 2), values_of(8, 2));
    assert_eq!(values_of(1000, 1).matches('?').count(), 1000);
    assert_eq!(value_columns(2), "column1, column2");
}

//! Tests of `settings/nearest.rs`, next to which its private items are in scope.

use super::*;

#[test]
fn a_key_is_looked_for_where_it_stands_and_then_elsewhere() {
    let leaves = [("features", "goals"), ("features", "logs"), ("logs", "keep_rows"), ("logs", "keep_days")];
    let meant = |section, key| {
        nearest(section, key, ["features", "logs"].into_iter(), leaves.into_iter()).unwrap_or_default()
    };
    assert_eq!(meant(Some("logs"), "keep_row"), "keep_rows");
    assert_eq!(meant(Some("logs"), "keep_adys"), "keep_days");
    assert_eq!(meant(Some("features"), "keep_rows"), "logs.keep_rows");
    assert_eq!(meant(None, "keep_rows"), "logs.keep_rows");
    assert_eq!(meant(None, "featuers"), "[features]");
    assert_eq!(meant(None, "log"), "[logs]");
    assert_eq!(meant(Some("logs"), "colour"), "");
}

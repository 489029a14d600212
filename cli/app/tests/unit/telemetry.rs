//! Tags of a report as fields of an event.

use super::*;

#[test]
fn every_tag_of_a_report_finds_its_field() {
    let tags: Tags<'_> = &[("db", "state"), ("error", "io")];
    assert_eq!(
        ["db", "status", "phase", "error"].map(|tag| value_of(tags, tag)),
        [Some("state"), None, None, Some("io")]
    );
}

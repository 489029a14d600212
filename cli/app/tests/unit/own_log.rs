//! Limits of the log of the tool itself.

use super::*;

#[test]
fn a_row_is_never_longer_than_the_log_keeps() {
    let logs = Logs { keep_bytes: 4_096, ..Logs::default() };
    assert_eq!(options(&logs).map(|options| options.row_bytes), Some(4_096));
}

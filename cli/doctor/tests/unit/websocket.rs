//! The key of a handshake.

use super::{APPENDIX, Key};

#[test]
fn every_key_is_new_and_has_16_bytes() {
    let (one, other) = (Key::new(), Key::new());
    assert_ne!(one.0, other.0);
    assert_eq!(one.0.len(), 24);
    assert_eq!(APPENDIX.len(), 36);
}

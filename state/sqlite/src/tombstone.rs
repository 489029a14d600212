//! Tombstones: how something that was deleted is known again without being named.

use sha2::{Digest as _, Sha256};

/// Returns the digest by which a deleted thread is known again: the first 128 bits of a SHA-256, as 32 hexadecimal digits.
///
/// Every store that has a table of tombstones keeps this of a thread, so that one may learn from another what was deleted.
/// An id is random enough to be found by nobody who does not know it.
#[must_use]
pub fn tombstone_digest(thread: &[u8; 16]) -> String {
    let hash = Sha256::new().chain_update(b"threadkeep deleted thread\0").chain_update(thread).finalize();
    hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_digest_never_changes() {
        // It is in databases: another one would bring back what was deleted.
        assert_eq!(super::tombstone_digest(&[7; 16]), "6c38e1c6102fc02aaae4cdf149f7e3af");
    }
}

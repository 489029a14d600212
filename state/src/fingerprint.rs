//! Fingerprints of files, as the index stores them.

use threadkeep_rollout::Fingerprint;

/// Part of every fingerprint. It grows when the extraction learns something new, and then
/// everything is read again.
const EXTRACTION: u32 = 4;

/// Everything apart from a file that its metadata depends on.
#[derive(Clone, Debug)]
pub(crate) struct Recipe(String);

impl Recipe {
    /// Makes the recipe of a home. If its provider changes, everything is read again.
    pub(crate) fn new(default_provider: &str) -> Recipe {
        Recipe(format!("{EXTRACTION}:{}", default_provider.replace('\0', " ")))
    }

    /// Returns a fingerprint as it is stored: the length and a checksum of the rest. Each file has
    /// one, so it is short.
    pub(crate) fn stored(&self, fingerprint: &Fingerprint) -> String {
        let mut checksum = crc32fast::Hasher::new();
        let times = [fingerprint.modified_ns.to_le_bytes(), fingerprint.changed_ns.to_le_bytes()];
        checksum.update(times.as_flattened());
        checksum.update(self.0.as_bytes());
        // The same as `format!("{:x}:{:08x}")`, several times faster: a pass does it for each file.
        let mut text = String::with_capacity(24);
        push_hex(&mut text, fingerprint.len, 1);
        text.push(':');
        push_hex(&mut text, checksum.finalize().into(), 8);
        text
    }
}

/// Returns the length in bytes of a file with this stored fingerprint.
pub(crate) fn length_of(fingerprint: &str) -> Option<u64> {
    u64::from_str_radix(fingerprint.split_once(':')?.0, 16).ok()
}

/// Writes a number in hexadecimal digits, at least `least` of them.
fn push_hex(text: &mut String, number: u64, least: u32) {
    let digits = number.checked_ilog2().map_or(1, |log| log / 4 + 1).max(least);
    let digit = |place: u32| char::from(b"0123456789abcdef"[(number >> (4 * place)) as usize & 15]);
    text.extend((0..digits).rev().map(digit));
}

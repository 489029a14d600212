//! Fingerprints of files, as the index stores them.

use threadkeep_rollout::Fingerprint;

/// Part of every fingerprint. It grows when the extraction learns something new, and then
/// everything is read again.
const EXTRACTION: u32 = 5;

/// Everything apart from a file that its metadata depends on.
#[derive(Clone, Debug)]
pub(crate) struct Recipe(String);

impl Recipe {
    /// Makes the recipe of a home. If its provider changes, everything is read again.
    pub(crate) fn new(default_provider: &str) -> Recipe {
        Recipe(format!("{EXTRACTION}:{}", default_provider.replace('\0', " ")))
    }

    /// Returns a fingerprint as it is stored.
    pub(crate) fn stored(&self, fingerprint: &Fingerprint) -> String {
        fingerprint.short(self.0.as_bytes())
    }
}

/// Returns the length in bytes of a file with this stored fingerprint.
pub(crate) fn length_of(fingerprint: &str) -> Option<u64> {
    u64::from_str_radix(fingerprint.split_once(':')?.0, 16).ok()
}

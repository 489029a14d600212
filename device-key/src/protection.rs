//! Protection classes: the places of a key's private part. Policies: the classes that a caller
//! takes.

use std::fmt;

/// Place of a key's private part, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProtectionClass {
    /// A secure enclave: hardware that never gives the key out.
    HardwareSecureEnclave,
    /// A TPM 2.0: hardware that never gives the key out.
    HardwareTpm,
    /// The operating system, which uses the key and does not give it out.
    OsProtectedNonextractable,
    /// A file of the user: everything that can read the user's files can copy the key.
    Software,
}

impl ProtectionClass {
    /// All classes, the strongest first.
    pub const ALL: [Self; 4] =
        [Self::HardwareSecureEnclave, Self::HardwareTpm, Self::OsProtectedNonextractable, Self::Software];

    /// Returns the word for the class, such as `hardware_tpm`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HardwareSecureEnclave => "hardware_secure_enclave",
            Self::HardwareTpm => "hardware_tpm",
            Self::OsProtectedNonextractable => "os_protected_nonextractable",
            Self::Software => "software",
        }
    }

    /// Returns the beginning of the ids of its keys, such as `dk_tpm_`.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            Self::HardwareSecureEnclave => "dk_hse_",
            Self::HardwareTpm => "dk_tpm_",
            Self::OsProtectedNonextractable => "dk_osn_",
            Self::Software => "dk_sw_",
        }
    }

    /// Returns the strictest policy that allows the class.
    #[must_use]
    pub fn policy(self) -> ProtectionPolicy {
        match self {
            Self::HardwareSecureEnclave | Self::HardwareTpm => ProtectionPolicy::HardwareOnly,
            Self::OsProtectedNonextractable => ProtectionPolicy::AllowOsProtectedNonextractable,
            Self::Software => ProtectionPolicy::AllowSoftware,
        }
    }
}

impl fmt::Display for ProtectionClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Classes that a caller takes for a new key, the strictest policy first. Of the classes that are
/// available and allowed, a new key gets the strongest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProtectionPolicy {
    /// Hardware alone. The default.
    #[default]
    HardwareOnly,
    /// The operating system, too.
    AllowOsProtectedNonextractable,
    /// Every class, files included.
    AllowSoftware,
}

impl ProtectionPolicy {
    /// Returns the word for the policy, such as `hardware_only`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HardwareOnly => "hardware_only",
            Self::AllowOsProtectedNonextractable => "allow_os_protected_nonextractable",
            Self::AllowSoftware => "allow_software",
        }
    }

    /// Returns true if a key of the class may be made.
    #[must_use]
    pub fn allows(self, class: ProtectionClass) -> bool {
        class.policy() <= self
    }
}

impl fmt::Display for ProtectionPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

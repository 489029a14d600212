//! `device-key`: commands for keys of this device.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use threadkeep_device_key::ProtectionPolicy;

#[derive(Clone, Debug, Args)]
pub(crate) struct DeviceKeyArgs {
    #[command(subcommand)]
    pub(crate) command: DeviceKeyCommand,
}

/// Commands for keys of this device. KEY is an id, as `list` prints it.
#[derive(Clone, Debug, Subcommand)]
#[command(mut_subcommands(|each| each.after_help(super::DEVICE_KEY_CODES)))]
pub(crate) enum DeviceKeyCommand {
    /// Make a key for an account and a client
    Create {
        /// Id of the account that the key signs for
        #[arg(long, value_name = "ID")]
        account: String,
        /// Id of the client that the key signs for
        #[arg(long, value_name = "ID")]
        client: String,
        /// Weakest protection that you accept; the strongest available one is taken
        #[arg(long, value_enum, default_value_t)]
        policy: Policy,
    },
    /// List the keys and what they are bound to
    List {
        /// Look for keys without a binding, and for bindings without a key
        #[arg(long)]
        check: bool,
    },
    /// Print a key's public part
    Public {
        /// The key
        key: String,
        /// Form of the public part
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Sign a payload for the key's account and client
    Sign {
        /// The key
        key: String,
        /// The payload, a JSON file; - for stdin
        #[arg(value_name = "FILE")]
        payload: PathBuf,
    },
    /// Make a new key with the binding of another one, and delete that
    Rotate {
        /// The key
        key: String,
        /// Weakest protection that you accept [default: that of the old key]
        #[arg(long, value_enum)]
        policy: Option<Policy>,
    },
    /// Delete a key and its binding
    Delete {
        /// The key
        key: String,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
}

/// Weakest protection of a new key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Policy {
    /// A secure enclave or a TPM
    #[default]
    HardwareOnly,
    /// Also a key that the operating system keeps and does not give out
    AllowOsProtectedNonextractable,
    /// Also a file that programs of yours can copy
    AllowSoftware,
}

impl From<Policy> for ProtectionPolicy {
    fn from(policy: Policy) -> ProtectionPolicy {
        match policy {
            Policy::HardwareOnly => ProtectionPolicy::HardwareOnly,
            Policy::AllowOsProtectedNonextractable => ProtectionPolicy::AllowOsProtectedNonextractable,
            Policy::AllowSoftware => ProtectionPolicy::AllowSoftware,
        }
    }
}

/// Form of a public key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// PEM, for openssl and most libraries
    #[default]
    Pem,
    /// JSON Web Key
    Jwk,
}

//! Device keys: their folder, and the store that the settings make of it.

use std::path::PathBuf;
use std::sync::Arc;

use threadkeep_device_key::{
    AllowedTargets, BadKeyId, DeviceKeyOptions, DeviceKeyProvider, DeviceKeyStore, KeyId, ProviderError,
    SoftwareProvider, UsedNonces,
};
use threadkeep_state::StateRuntime;

use crate::dirs::Dirs;
use crate::fault::Fault;
use crate::message::{command, typed};
use crate::settings::DeviceKeys;

/// Folder of the keys in the SQLite home, unless the settings name another.
pub(crate) const FOLDER: &str = "device-keys";

/// Argument with which the tool starts itself as the helper that speaks to a TPM.
pub const TPM_HELPER: &str = "tpm-helper";

/// Returns the folder of the keys: the one of the settings, otherwise `device-keys/` in the SQLite
/// home.
#[must_use]
pub fn folder(dirs: &Dirs, settings: &DeviceKeys) -> PathBuf {
    let folder = if settings.folder.is_empty() { FOLDER } else { &settings.folder };
    dirs.absolute().sqlite_home.join(folder)
}

/// Reads a typed key id.
///
/// # Errors
///
/// Fails if it has another form.
pub fn key_id(word: &str) -> Result<KeyId, Fault> {
    let list = || (command("device-key list"), " lists the keys");
    word.parse().map_err(|error: BadKeyId| Fault::new((typed(word), format!(" is {error}")), list()))
}

/// Returns why other users may have the keys: their folder is open to them. `None` if it is closed,
/// or does not exist.
#[must_use]
pub fn exposed(dirs: &Dirs, settings: &DeviceKeys) -> Option<Fault> {
    let checked = SoftwareProvider::new(folder(dirs, settings)).check_folder();
    checked.err().filter(|error| matches!(error, ProviderError::Exposed { .. })).map(Fault::from)
}

/// Makes the store of keys over an index.
#[must_use]
pub fn store(dirs: &Dirs, settings: &DeviceKeys, state: &StateRuntime) -> DeviceKeyStore {
    let folder = folder(dirs, settings);
    let providers = vec![
        hardware(&folder, settings),
        Arc::new(SoftwareProvider::new(&folder)) as Arc<dyn DeviceKeyProvider>,
    ];
    let targets = AllowedTargets {
        origins: settings.allowed_origins.clone(),
        paths: settings.allowed_paths.clone(),
        loopback: settings.allow_loopback,
    };
    let options = DeviceKeyOptions { targets, ..DeviceKeyOptions::default() };
    let (bindings, nonces) = (Arc::new(state.device_key_bindings()), UsedNonces::new(folder.join("nonces")));
    DeviceKeyStore::new(bindings, providers, nonces, options)
}

#[cfg(all(feature = "tpm", target_os = "linux"))]
fn hardware(folder: &std::path::Path, settings: &DeviceKeys) -> Arc<dyn DeviceKeyProvider> {
    use threadkeep_device_key::tpm::{DEFAULT_TCTI, TpmProvider};
    let tcti = if settings.tpm.is_empty() { DEFAULT_TCTI } else { &settings.tpm };
    let program = std::env::current_exe().unwrap_or_default();
    Arc::new(TpmProvider::new(folder, program, [TPM_HELPER.into()]).with_tcti(tcti))
}

#[cfg(not(all(feature = "tpm", target_os = "linux")))]
fn hardware(_: &std::path::Path, _: &DeviceKeys) -> Arc<dyn DeviceKeyProvider> {
    use threadkeep_device_key::{ProtectionClass, UnavailableProvider};
    let reason = if cfg!(target_os = "linux") {
        "this build cannot use a TPM (its feature `tpm` is off)"
    } else {
        "hardware keys cannot be used on this platform yet"
    };
    Arc::new(UnavailableProvider::new(ProtectionClass::HardwareTpm, reason))
}

/// Serves as the helper that speaks to a TPM.
///
/// # Errors
///
/// Stdin has no call, or stdout cannot be written.
#[cfg(all(feature = "tpm", target_os = "linux"))]
pub fn help() -> std::io::Result<()> {
    threadkeep_device_key::tpm::help(std::io::stdin(), std::io::stdout())
}

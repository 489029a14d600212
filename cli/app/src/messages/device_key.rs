//! Errors of device keys in words.

use jiff::Timestamp;
use threadkeep_device_key::{DeviceKeyError, KeyId, PayloadError, ProtectionPolicy, ProviderError};

use super::{of_boxed, of_io};
use crate::fault::Fault;
use crate::message::{Message, Part, command};

const NEW_PAYLOAD: &str = "ask the server for a new payload";

impl From<DeviceKeyError> for Fault {
    fn from(error: DeviceKeyError) -> Fault {
        of_device_key(&error).because(&error)
    }
}

impl From<ProviderError> for Fault {
    fn from(error: ProviderError) -> Fault {
        Fault { hint: remedy(&error), ..Fault::without_hint(of_provider(&error)) }.because(&error)
    }
}

impl From<PayloadError> for Fault {
    fn from(error: PayloadError) -> Fault {
        of_payload(&error)
    }
}

fn of_device_key(error: &DeviceKeyError) -> Fault {
    let list = || Message::from((command("device-key list"), " shows the account and client of each key"));
    match error {
        DeviceKeyError::Payload(error) => of_payload(error),
        DeviceKeyError::NotBound(key) => Fault::new(
            ("the key ", id(key), " has no binding here, and signs nothing"),
            (
                command("device-key list").append("--check"),
                " shows if its half is there; delete that, create a new key and enrol it again",
            ),
        ),
        DeviceKeyError::OtherAccount(key) => {
            Fault::new(("the payload is for another account than the key ", id(key)), list())
        }
        DeviceKeyError::OtherClient(key) => {
            Fault::new(("the payload is for another client than the key ", id(key)), list())
        }
        DeviceKeyError::Replayed => Fault::new(error.to_string(), NEW_PAYLOAD),
        DeviceKeyError::Nonces { source, .. } => Fault::new(
            format!("{error}: {}", of_io(source)),
            "nothing is signed until this user can write there",
        ),
        DeviceKeyError::NoncesLocked { path, .. } => Fault::new(
            error.to_string(),
            format!("end the process that `fuser {}` shows, and try again", path.display()),
        ),
        DeviceKeyError::Policy { policy, available, reason } => {
            let option = |policy: ProtectionPolicy| policy.as_str().replace('_', "-");
            let hint = available.map(|class| {
                format!("a {class} key can be made here: --policy {} allows it", option(class.policy()))
                    .into()
            });
            let message = format!("no key of the policy {} can be made: {reason}", option(*policy));
            Fault { hint, ..Fault::without_hint(message) }
        }
        DeviceKeyError::Provider { source, .. } => {
            let message = format!("{error}: {}", of_provider(source));
            Fault { hint: remedy(source), ..Fault::without_hint(message) }
        }
        DeviceKeyError::Bindings { source, .. } => of_boxed(&**source),
        other => Fault::plain(other),
    }
}

fn of_payload(error: &PayloadError) -> Fault {
    let setting = |key: &str| -> Message {
        let add = format!("add it to `{key}` in the section [device_keys] of the settings if you trust it; ");
        (add, command("config path"), " prints where they are").into()
    };
    match error {
        PayloadError::OriginNotAllowed { .. } => Fault::new(error.to_string(), setting("allowed_origins")),
        PayloadError::PathNotAllowed { .. } => Fault::new(error.to_string(), setting("allowed_paths")),
        PayloadError::NotHttps { .. } => Fault::new(
            error.to_string(),
            "for a server on this machine, `allow_loopback = true` in the section [device_keys] allows http",
        ),
        PayloadError::Expired { at_ms } | PayloadError::TooLong { at_ms } => {
            let at = Timestamp::from_millisecond(*at_ms)
                .map_or_else(|_| at_ms.to_string(), |at| format!("{at:.0}"));
            Fault::new(format!("{error} ({at})"), NEW_PAYLOAD)
        }
        other => Fault::without_hint(other.to_string()),
    }
}

/// Returns a provider's error with the system's words.
fn of_provider(error: &ProviderError) -> String {
    match error {
        ProviderError::Io { source, .. } => format!("{error}: {}", of_io(source)),
        other => other.to_string(),
    }
}

fn remedy(error: &ProviderError) -> Option<Message> {
    let hint: Message = match error {
        ProviderError::NoSuchKey => (
            "if the keys are elsewhere, name their folder in the settings (`folder` in [device_keys]); otherwise ",
            command("device-key delete"),
            " removes the binding",
        )
            .into(),
        ProviderError::Exposed { path } => {
            let mode = if path.is_dir() { "700" } else { "600" };
            format!("other users may have copied it; if not, `chmod {mode} {}`", path.display()).into()
        }
        ProviderError::Damaged { .. } => "restore the file from a backup, or create a new key and enrol it".into(),
        ProviderError::OtherTpm => "create a new key and enrol it; this one is lost unless its TPM comes back".into(),
        ProviderError::Lockout => "wait until the TPM lets go, or reset it: `tpm2_dictionarylockout -c`".into(),
        ProviderError::Busy => "try again when the other programs have ended".into(),
        ProviderError::OtherKey => "try again; if it stays, create a new key and enrol it".into(),
        ProviderError::TimedOut { .. } => "try again; another program may use the TPM".into(),
        _ => return None,
    };
    Some(hint)
}

/// Makes a part of a key id, which the log leaves out.
fn id(key: &KeyId) -> Part {
    Part::Private(key.to_string())
}

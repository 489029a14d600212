//! `device-key`: keys of this device.

mod create;
mod delete;
mod list;
mod public;
mod rotate;
mod sign;

use serde_json::{Value, json};
use threadkeep_app::device_keys;
use threadkeep_app::opening::Index;
use threadkeep_device_key::{DeviceKey, DeviceKeyStore, ProtectionClass, StoredBinding};

use crate::args::{DeviceKeyArgs, DeviceKeyCommand};
use crate::command::{Context, Run};
use crate::output::json::{at, ms};
use crate::output::sheet::Sheet;

pub(super) fn of(args: &DeviceKeyArgs) -> Box<dyn Run + '_> {
    match &args.command {
        DeviceKeyCommand::Create { account, client, policy } => {
            Box::new(create::Create { account, client, policy: (*policy).into() })
        }
        DeviceKeyCommand::List { check } => Box::new(list::List { check: *check }),
        DeviceKeyCommand::Public { key, format } => Box::new(public::Public { key, format: *format }),
        DeviceKeyCommand::Sign { key, payload } => Box::new(sign::Sign { key, payload }),
        DeviceKeyCommand::Rotate { key, policy } => {
            Box::new(rotate::Rotate { key, policy: policy.map(Into::into) })
        }
        DeviceKeyCommand::Delete { key, yes } => Box::new(delete::Delete { key, yes: *yes }),
    }
}

fn store(context: &Context<'_>, index: &Index) -> DeviceKeyStore {
    device_keys::store(&context.dirs, &context.settings.device_keys, &index.state)
}

/// Returns what a class means, in a few words.
fn protection(class: ProtectionClass) -> &'static str {
    match class {
        ProtectionClass::HardwareSecureEnclave => "hardware (secure enclave)",
        ProtectionClass::HardwareTpm => "hardware (TPM)",
        ProtectionClass::OsProtectedNonextractable => "operating system",
        ProtectionClass::Software => "software (a file)",
    }
}

/// Returns the same in a word or two, for a column.
fn protection_in_short(class: ProtectionClass) -> &'static str {
    match class {
        ProtectionClass::HardwareSecureEnclave => "secure enclave",
        ProtectionClass::HardwareTpm => "TPM",
        ProtectionClass::OsProtectedNonextractable => "operating system",
        ProtectionClass::Software => "software",
    }
}

fn of_stored(stored: &StoredBinding) -> Value {
    json!({
        "key_id": stored.key_id.as_str(),
        "protection_class": stored.key_id.class().as_str(),
        "account_user_id": stored.binding.account_user_id,
        "client_id": stored.binding.client_id,
        "created_at": at(stored.created_at),
        "created_at_ms": ms(stored.created_at),
        "updated_at": at(stored.updated_at),
        "updated_at_ms": ms(stored.updated_at),
    })
}

fn of_key(key: &DeviceKey) -> Value {
    let mut value = of_stored(&key.stored);
    value["public_key_pem"] = key.public_key.to_pem().into();
    value["public_key_jwk"] = key.public_key.to_jwk();
    value
}

/// Adds what is known of a key.
fn describe(sheet: &mut Sheet, stored: &StoredBinding) {
    sheet.whole("key", stored.key_id.as_str());
    sheet.row("protection", protection(stored.key_id.class()));
    sheet.row("account", threadkeep_app::text::clean(&stored.binding.account_user_id));
    sheet.row("client", threadkeep_app::text::clean(&stored.binding.client_id));
}

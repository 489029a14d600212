//! The calls of libtss2, in the helper process.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;
use std::str::FromStr as _;

use tss_esapi::attributes::ObjectAttributesBuilder;
use tss_esapi::constants::CapabilityType;
use tss_esapi::constants::response_code::Tss2ResponseCodeKind as Kind;
use tss_esapi::constants::tss::{TPM2_RH_NULL, TPM2_ST_HASHCHECK};
use tss_esapi::handles::KeyHandle;
use tss_esapi::interface_types::algorithm::{HashingAlgorithm, PublicAlgorithm};
use tss_esapi::interface_types::ecc::EccCurve;
use tss_esapi::interface_types::resource_handles::Hierarchy;
use tss_esapi::structures::{
    CapabilityData, CreateKeyResult, Digest, EccPoint, EccScheme, HashScheme, HashcheckTicket, Private,
    Public, PublicBuilder, PublicEccParametersBuilder, Signature, SignatureScheme, SymmetricDefinitionObject,
};
use tss_esapi::traits::{Marshall as _, UnMarshall as _};
use tss_esapi::tss2_esys::TPMT_TK_HASHCHECK;
use tss_esapi::{Context, Error, TctiNameConf};

use super::protocol::{Blob, Call, Refusal, Reply};
use crate::private;

/// First handles of objects and of sessions that are loaded.
const LOADED: [u32; 2] = [0x8000_0000, 0x0200_0000];
/// Most handles that are asked for; a TPM has room for a few.
const MOST_HANDLES: u32 = 64;

/// Does what a call asks for, alone among the processes with the same lock.
pub(super) fn serve(tcti: &str, lock: &Path, call: Call) -> Result<Reply, Refusal> {
    let locked = private::open_or_create(lock).and_then(|file| file.lock().map(|()| file));
    let _lock = locked.map_err(|error| Refusal::Other(format!("cannot lock {}: {error}", lock.display())))?;
    match with_session(tcti, &call) {
        // Objects and sessions of killed processes stay in a TPM without a resource manager.
        Err(Refusal::Busy) => {
            flush_all(&mut connect(tcti)?);
            with_session(tcti, &call)
        }
        done => done,
    }
}

/// Does a call in an HMAC session. It names the key to the TPM, so that a stale handle never means
/// another key. Dropping the context flushes all that it has loaded.
fn with_session(tcti: &str, call: &Call) -> Result<Reply, Refusal> {
    let mut context = connect(tcti)?;
    context.execute_with_nullauth_session(|context| match call {
        Call::Probe => Ok(Reply::Ready),
        Call::Create => create(context),
        Call::Sign { blob, digest } => {
            let key = load(context, blob)?;
            sign(context, key, digest)
        }
    })
}

fn connect(tcti: &str) -> Result<Context, Refusal> {
    if let Some(device) = tcti.strip_prefix("device:") {
        // libtss2 has one number for all reasons.
        File::options().read(true).write(true).open(device).map_err(|error| {
            Refusal::Unavailable(match error.kind() {
                ErrorKind::NotFound => format!("there is no TPM at {device}"),
                ErrorKind::PermissionDenied => format!("this user may not use the TPM at {device}"),
                _ => format!("the TPM at {device} cannot be used: {error}"),
            })
        })?;
    }
    let unavailable = |error| Refusal::Unavailable(format!("the TPM at {tcti} cannot be used: {error}"));
    Context::new(TctiNameConf::from_str(tcti).map_err(unavailable)?).map_err(unavailable)
}

/// Makes a key, and the public point of it.
fn create(context: &mut Context) -> Result<Reply, Refusal> {
    let parent = primary(context)?;
    let CreateKeyResult { out_public, out_private, .. } =
        context.create(parent, signing_key()?, None, None, None, None)?;
    let Public::Ecc { unique, .. } = &out_public else {
        return Err(Refusal::Other("the TPM made a key of another kind".to_owned()));
    };
    // Coordinates may lack zeros at their beginning.
    let padded = |bytes: &[u8]| [&vec![0; 32_usize.saturating_sub(bytes.len())], bytes].concat();
    let point = [vec![4], padded(unique.x().value()), padded(unique.y().value())].concat();
    let blob = Blob { public: out_public.marshall()?, private: out_private.value().to_vec() };
    Ok(Reply::Created { point, blob })
}

/// Loads a key.
fn load(context: &mut Context, blob: &Blob) -> Result<KeyHandle, Refusal> {
    let (public, private) = (Public::unmarshall(&blob.public), Private::try_from(blob.private.clone()));
    let (Ok(public), Ok(private)) = (public, private) else { return Err(Refusal::OtherTpm) };
    let parent = primary(context)?;
    context.load(parent, private, public).map_err(|error| match kind(&error) {
        Some(Kind::Integrity | Kind::Size | Kind::Value | Kind::Binding) => Refusal::OtherTpm,
        _ => error.into(),
    })
}

/// Signs with a loaded key.
fn sign(context: &mut Context, key: KeyHandle, digest: &[u8]) -> Result<Reply, Refusal> {
    let no_check = TPMT_TK_HASHCHECK {
        tag: TPM2_ST_HASHCHECK,
        hierarchy: TPM2_RH_NULL,
        digest: tss_esapi::tss2_esys::TPM2B_DIGEST::default(),
    };
    let signed = context.sign(
        key,
        Digest::try_from(digest)?,
        SignatureScheme::Null,
        HashcheckTicket::try_from(no_check)?,
    );
    match signed {
        Ok(Signature::EcDsa(signature)) => {
            let [r, s] =
                [signature.signature_r(), signature.signature_s()].map(|number| number.value().to_vec());
            Ok(Reply::Signed { r, s })
        }
        Ok(_) => Err(Refusal::Other("the TPM made a signature of another kind".to_owned())),
        Err(error) if kind(&error) == Some(Kind::BadAuth) => Err(Refusal::OtherKey),
        Err(error) => Err(error.into()),
    }
}

/// Makes the storage key below which our keys are: always the same one in the same TPM.
fn primary(context: &mut Context) -> Result<KeyHandle, Refusal> {
    let attributes = ObjectAttributesBuilder::new()
        .with_fixed_tpm(true)
        .with_fixed_parent(true)
        .with_sensitive_data_origin(true)
        .with_user_with_auth(true)
        .with_no_da(true)
        .with_restricted(true)
        .with_decrypt(true)
        .build()?;
    let parameters = PublicEccParametersBuilder::new_restricted_decryption_key(
        SymmetricDefinitionObject::AES_128_CFB,
        EccCurve::NistP256,
    );
    let public = PublicBuilder::new()
        .with_public_algorithm(PublicAlgorithm::Ecc)
        .with_name_hashing_algorithm(HashingAlgorithm::Sha256)
        .with_object_attributes(attributes)
        .with_ecc_parameters(parameters.build()?)
        .with_ecc_unique_identifier(EccPoint::default())
        .build()?;
    let made = context.create_primary(Hierarchy::Owner, public, None, None, None, None);
    made.map(|made| made.key_handle).map_err(|error| match kind(&error) {
        Some(Kind::BadAuth) => Refusal::Unavailable("the TPM's owner hierarchy has a password".to_owned()),
        Some(Kind::Hierarchy) => Refusal::Unavailable("the TPM's owner hierarchy is switched off".to_owned()),
        _ => error.into(),
    })
}

/// Describes a key that never leaves its TPM and signs digests.
fn signing_key() -> Result<Public, Error> {
    let attributes = ObjectAttributesBuilder::new()
        .with_fixed_tpm(true)
        .with_fixed_parent(true)
        .with_sensitive_data_origin(true)
        .with_user_with_auth(true)
        // Otherwise three power cuts after a signature would lock the TPM.
        .with_no_da(true)
        .with_sign_encrypt(true)
        .build()?;
    let scheme = EccScheme::EcDsa(HashScheme::new(HashingAlgorithm::Sha256));
    let parameters = PublicEccParametersBuilder::new_unrestricted_signing_key(scheme, EccCurve::NistP256);
    PublicBuilder::new()
        .with_public_algorithm(PublicAlgorithm::Ecc)
        .with_name_hashing_algorithm(HashingAlgorithm::Sha256)
        .with_object_attributes(attributes)
        .with_ecc_parameters(parameters.build()?)
        .with_ecc_unique_identifier(EccPoint::default())
        .build()
}

/// Frees the room in a TPM without a resource manager: what is loaded there was left by killed
/// processes, or belongs to a program that will meet the same lack of room. What cannot be flushed
/// stays.
fn flush_all(context: &mut Context) {
    for first in LOADED {
        let Ok((CapabilityData::Handles(handles), _)) =
            context.get_capability(CapabilityType::Handles, first, MOST_HANDLES)
        else {
            continue;
        };
        for handle in handles.as_ref() {
            if let Ok(object) = context.tr_from_tpm_public(*handle) {
                let _ = context.flush_context(object);
            }
        }
    }
}

/// Returns the kind of a TPM's error. Errors of its driver have none.
fn kind(error: &Error) -> Option<Kind> {
    match error {
        Error::Tss2Error(code) => code.kind(),
        Error::WrapperError(_) => None,
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match kind(&error) {
            Some(Kind::ObjectMemory | Kind::SessionMemory | Kind::SessionHandles | Kind::ReferenceH0) => {
                Self::Busy
            }
            Some(Kind::Lockout) => Self::Lockout,
            _ => Self::Other(format!("the TPM failed: {error}")),
        }
    }
}

#[cfg(test)]
#[path = "../../../tests/unit/tpm_device.rs"]
mod tests;

//! Tests of `provider/tpm/device.rs`, next to which its private items are in scope.

#[allow(dead_code, reason = "the integration tests use all of it")]
#[path = "../it/swtpm.rs"]
mod swtpm;

use tss_esapi::Error;

use self::swtpm::Swtpm;
use super::*;

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

fn made(tpm: &Swtpm) -> Result<Blob> {
    match with_session(&tpm.tcti(), &Call::Create) {
        Ok(Reply::Created { blob, .. }) => Ok(blob),
        _ => Err("no key was made".into()),
    }
}

/// Flushes all objects, as another program may, and leaves the sessions.
fn flush_objects(context: &mut Context) -> std::result::Result<(), Error> {
    let (handles, _) = context.get_capability(CapabilityType::Handles, LOADED[0], MOST_HANDLES)?;
    let CapabilityData::Handles(handles) = handles else { return Ok(()) };
    for handle in handles.as_ref() {
        let object = context.tr_from_tpm_public(*handle)?;
        context.flush_context(object)?;
    }
    Ok(())
}

#[test]
fn another_key_at_the_same_handle_does_not_sign() -> Result {
    let tpm = Swtpm::start()?;
    let (ours, others) = (made(&tpm)?, made(&tpm)?);
    let mut context = connect(&tpm.tcti()).map_err(|_| "no TPM")?;
    let signed = context.execute_with_nullauth_session(|context| {
        let key = load(context, &ours)?;
        let mut other = connect(&tpm.tcti())?;
        flush_objects(&mut other)?;
        let replaced = other.execute_with_nullauth_session(|other| load(other, &others));
        replaced?;
        let signed = sign(context, key, &[7; 32]);
        drop(other);
        signed
    });
    assert_eq!(signed.err(), Some(Refusal::OtherKey));
    Ok(())
}

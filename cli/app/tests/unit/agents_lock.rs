//! Waiting for a lock, with a clock that the test moves on.

use std::path::Path;

use super::patiently;
use crate::fault::{Fault, FaultKind};

#[tokio::test(start_paused = true)]
async fn a_lock_is_waited_for_and_not_for_ever() -> Result<(), Fault> {
    let mut tries = 0;
    let third = patiently(Path::new("a"), || {
        tries += 1;
        Ok((tries == 3).then_some(tries))
    });
    assert_eq!(third.await?, 3);
    let never = patiently::<()>(Path::new("a"), || Ok(None)).await;
    assert!(never.is_err_and(|fault| fault.kind == FaultKind::Locked));
    Ok(())
}

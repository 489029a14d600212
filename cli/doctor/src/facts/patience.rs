//! Reads of databases that other processes are using.

use threadkeep_app::{Fault, FaultKind};

/// Limit of reads of one database while others write to it.
const READS: u32 = 5;

/// Reads again while others are using a database.
pub(crate) async fn patiently<T>(read: impl AsyncFn() -> Result<T, Fault>) -> Result<T, Fault> {
    for _ in 1..READS {
        match read().await {
            Err(fault) if !is_broken(&fault) => {}
            read => return read,
        }
    }
    read().await
}

/// Returns true unless something could not be read only because others are using it.
pub(crate) fn is_broken(fault: &Fault) -> bool {
    fault.kind != FaultKind::Locked
}

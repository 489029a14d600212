//! Programs that are writing a thread are seen, and not disturbed.

#![cfg(target_os = "linux")]

use std::fs::{self, File, OpenOptions};

use threadkeep_rollout::AgentHome;

use crate::{ID, NAME, Result};

#[test]
fn a_held_lock_or_an_open_rollout_tells_of_a_writer() -> Result {
    let folder = tempfile::tempdir()?;
    let home = AgentHome::open(folder.path())?;
    let rollout = folder.path().join(NAME);
    let is_written = || -> Result<bool> { Ok(home.has_writer(ID.parse()?, &rollout)) };
    assert!(!is_written()?, "there is no file");
    fs::write(&rollout, "{}\n")?;
    let reader = File::open(&rollout)?;
    assert!(!is_written()?, "a reader writes nothing");
    let writer = OpenOptions::new().append(true).open(&rollout)?;
    assert!(is_written()? && !home.is_locked(ID.parse()?));
    drop((reader, writer));
    assert!(!is_written()?);

    fs::create_dir(folder.path().join("thread-writer-locks"))?;
    let lock = File::create(folder.path().join(format!("thread-writer-locks/{ID}.lock")))?;
    assert!(!is_written()?, "a killed agent leaves its lock behind, unlocked");
    lock.lock()?;
    assert!(is_written()? && home.is_locked(ID.parse()?));
    assert!(!home.has_writer(uuid::Uuid::nil(), &rollout), "another thread has no writer");
    lock.unlock()?;
    assert!(!is_written()?);
    Ok(())
}

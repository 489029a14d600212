//! Forgetting an agent while another process works, with a clock that the test moves on.

use std::fs;

use threadkeep_state::{StateOptions, StateRuntime};

use super::*;
use crate::agents::vault;
use crate::fault::FaultKind;

#[tokio::test]
async fn nothing_is_forgotten_while_the_vault_is_locked() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let state = StateRuntime::open(&StateOptions::new(folder.path())).await?;
    let (mirrored, vault) = (folder.path().join("agents/claude"), vault(folder.path()));
    fs::create_dir_all(&mirrored)?;
    fs::create_dir_all(vault.folder().join("claude"))?;
    let held = vault.lock()?.ok_or("a lock")?;
    tokio::time::pause();
    let refused = forget(&state, "claude").await;
    tokio::time::resume();
    assert!(refused.is_err_and(|fault| fault.kind == FaultKind::Locked));
    assert!(mirrored.exists());
    drop(held);
    forget(&state, "claude").await.map_err(|fault| fault.message.to_string())?;
    assert!(!mirrored.exists() && !vault.folder().join("claude").exists());
    Ok(())
}

#[tokio::test]
async fn what_could_not_be_forgotten_is_forgotten_later() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let options = StateOptions::new(folder.path());
    let unusable = StateRuntime::open(&options).await?;
    unusable.clone().close().await?;
    let mirrored = folder.path().join("agents/claude");
    fs::create_dir_all(&mirrored)?;
    fs::write(folder.path().join("agents/claude.json"), "{\"version\":1}")?;
    assert!(forget(&unusable, "claude").await.is_err());
    assert!(!mirrored.exists() && to_forget(folder.path(), "claude").is_ok());
    let state = StateRuntime::open(&options).await?;
    forget(&state, "claude").await.map_err(|fault| fault.message.to_string())?;
    assert!(to_forget(folder.path(), "claude").is_err());
    Ok(())
}

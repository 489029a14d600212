//! The crate's tests, over the rollouts of the bundled home.

mod corpus;

use std::error::Error;
use std::path::PathBuf;

use threadkeep_rollout::{AgentHome, Extraction, Extractor, RolloutFile};

type Result<T = (), E = Box<dyn Error>> = std::result::Result<T, E>;

/// The bundled home: rollouts that real agents wrote.
fn home() -> Result<AgentHome> {
    Ok(AgentHome::open(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/home"))?)
}

/// Extracts a rollout of `home` from its start.
fn extract(home: &AgentHome, file: &RolloutFile) -> Result<Extraction> {
    let path = home.absolute(&file.path);
    Ok(Extractor::new().extract(&path, file.compressed, file.name.as_ref(), None)?)
}

//! The crate's tests, over the rollouts of the bundled home.

mod agents;
mod bad_lines;
mod bounds;
mod chain;
mod chain_rules;
mod chain_turns;
mod copied;
mod corpus;
mod discover;
mod find;
mod git_url;
mod home;
mod items;
mod lines;
mod marks;
mod odd_json;
mod oldest;
mod other_usage;
mod outcomes;
mod projection;
mod projection_resume;
mod quick;
mod recorder;
mod resume;
mod rules;
mod settings;
mod shapes;
mod titles;
mod tokens;
mod torn;
mod turns;
mod usage;
mod words;
mod writers;
mod written;

use std::error::Error;
use std::path::{Path, PathBuf};

use threadkeep_rollout::{
    AgentHome, Checkpoint, ExtractError, Extraction, Extractor, RolloutFile, RolloutName,
};

type Result<T = (), E = Box<dyn Error>> = std::result::Result<T, E>;

/// The name of a rollout that the tests write.
const NAME: &str = "rollout-2026-11-22T13-24-59-01a2036e-72f3-74e0-aaf8-16e5fd86f01a.jsonl";
/// The id in it.
const ID: &str = "01a2036e-72f3-74e0-aaf8-16e5fd86f01a";

/// The bundled home: rollouts that real agents wrote.
fn bundled() -> Result<AgentHome> {
    Ok(AgentHome::open(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/home"))?)
}

/// Every bundled rollout, with its bytes.
fn rollouts() -> Result<Vec<(RolloutFile, Vec<u8>)>> {
    let home = bundled()?;
    let files = home.discover().files.into_iter();
    files.map(|file| Ok((file.clone(), std::fs::read(home.absolute(&file.path))?))).collect()
}

/// Extracts a rollout of `home` from its start.
fn extract(home: &AgentHome, file: &RolloutFile) -> Result<Extraction> {
    let path = home.absolute(&file.path);
    Ok(Extractor::new().extract(&path, file.compressed, file.name.as_ref(), None)?)
}

/// Puts another file in place of the one at `path`, as a program does that renames its new version.
fn replace(path: &Path, bytes: &[u8]) -> Result {
    let new = path.with_extension("new");
    std::fs::write(&new, bytes)?;
    Ok(std::fs::rename(new, path)?)
}

/// Extracts a plain file, named as the tests' rollouts are.
fn extract_file(path: &Path, from: Option<&Checkpoint>) -> Result<Extraction, ExtractError> {
    Extractor::new().extract(path, false, RolloutName::parse(NAME).ok().as_ref(), from)
}

/// Extracts `bytes`, written to a file of the tests' name.
fn extract_bytes(bytes: impl AsRef<[u8]>) -> Result<Extraction> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join(NAME);
    std::fs::write(&path, bytes)?;
    Ok(extract_file(&path, None)?)
}

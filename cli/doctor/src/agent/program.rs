//! The agent's program: its files and its version. It is never run, because it writes into its home
//! when it starts.

use std::path::{Path, PathBuf};

use serde_json::Value;
use threadkeep_rollout::untouched;

use crate::context::Context;

/// Longest `package.json` that is read, in bytes.
const LIMIT: u64 = 1 << 20;
/// Bytes of a session's first lines that are read.
const FIRST_BYTES: u64 = 64 << 10;
/// Folders above the program in which files of its package are looked for.
const LEVELS: usize = 6;

/// Version of the agent, and its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AgentVersion {
    /// The version.
    pub(crate) version: String,
    /// Source in words.
    pub(crate) source: &'static str,
}

/// Finds the version of the agent: of the program on `PATH`, or of the newest session.
pub(crate) fn version(context: &Context) -> Option<AgentVersion> {
    let program = context.machine.programs("codex").into_iter().next();
    let of_program = program.and_then(|program| version_of(&program));
    of_program.or_else(|| of_newest_session(&context.dirs.home.join("sessions")))
}

/// Finds the version of a program of the agent in its package, or in its path.
pub(crate) fn version_of(program: &Path) -> Option<AgentVersion> {
    let real = program.canonicalize().ok()?;
    let in_package = real.ancestors().skip(1).take(LEVELS).find_map(|folder| {
        let bytes = untouched::read(&folder.join("package.json"), LIMIT).ok()?;
        let package: Value = serde_json::from_slice(&bytes).ok()?;
        let is_agent = package["name"].as_str()?.starts_with("@openai/codex");
        package["version"].as_str().filter(|_| is_agent).and_then(plain)
    });
    if let Some(version) = in_package {
        // Packages of a platform have it as an ending.
        return Some(AgentVersion { version, source: "its package" });
    }
    let parts = real.components().rev().skip(1).take(LEVELS);
    let version = parts.filter_map(|part| part.as_os_str().to_str()).find_map(plain)?;
    Some(AgentVersion { version, source: "its path" })
}

/// Returns the version at the beginning of a text, without the name of a platform behind it.
fn plain(text: &str) -> Option<String> {
    let version = text.trim().trim_start_matches("rust-").trim_start_matches('v');
    let version = ["-linux", "-darwin", "-win32", "-x86_64", "-aarch64"]
        .into_iter()
        .filter_map(|platform| version.find(platform))
        .min()
        .map_or(version, |at| &version[..at]);
    threadkeep_app::version::Version::parse(version).map(|_| version.to_owned())
}

/// Reads the version in the newest session. Folders and files are named by their time.
fn of_newest_session(sessions: &Path) -> Option<AgentVersion> {
    let mut folder = sessions.to_owned();
    for _ in 0..3 {
        folder = newest(&folder, |name| name.bytes().all(|byte| byte.is_ascii_digit()))?;
    }
    let file = newest(&folder, |name| name.starts_with("rollout-") && name.ends_with(".jsonl"))?;
    let bytes = untouched::read(&file, FIRST_BYTES).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let after = text.split("\"cli_version\":").nth(1)?.trim_start().strip_prefix('"')?;
    let version = plain(after.split('"').next()?)?;
    Some(AgentVersion { version, source: "the newest session" })
}

fn newest(folder: &Path, fits: impl Fn(&str) -> bool) -> Option<PathBuf> {
    let names = untouched::entries(folder).ok()?.into_iter().map(|entry| entry.name);
    let names = names.filter_map(|name| name.into_string().ok()).filter(|name| fits(name));
    Some(folder.join(names.max()?))
}

/// Returns the search program that the agent's package on `PATH` brings.
pub(crate) fn bundled_search(context: &Context) -> Option<PathBuf> {
    let program = context.machine.programs("codex").into_iter().next()?.canonicalize().ok()?;
    let name = format!("rg{}", std::env::consts::EXE_SUFFIX);
    program.ancestors().skip(1).take(LEVELS).find_map(|folder| {
        let vendor = folder.join("vendor");
        let triples = untouched::entries(&vendor).unwrap_or_default();
        let triples = triples.into_iter().map(|triple| vendor.join(triple.name));
        std::iter::once(folder.to_owned())
            .chain(triples)
            .flat_map(|place| [place.join("codex-path"), place.join("path")])
            .map(|place| place.join(&name))
            .find(|program| program.is_file())
    })
}

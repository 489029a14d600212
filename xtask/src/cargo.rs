//! Cargo's view of the workspace: its members, what their manifests name, and what each reaches.
//!
//! Cargo itself is asked, with the features of one crate at a time. Resolved together, a feature
//! that one member turns on would seem to be on for every other member.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub struct Workspace {
    #[serde(rename = "packages")]
    pub members: Vec<Member>,
    workspace_root: PathBuf,
}

#[derive(Debug, Deserialize)]
pub struct Member {
    pub name: String,
    /// Lines of its dependency tables.
    pub dependencies: Vec<Dependency>,
    manifest_path: PathBuf,
}

/// Line of a dependency table.
#[derive(Debug, Deserialize)]
pub struct Dependency {
    pub name: String,
    /// Name of the table: `dev`, `build`, or `None` for a normal dependency.
    pub kind: Option<String>,
    /// True for a dependency that a feature turns on.
    pub optional: bool,
    /// True unless it says `default-features = false`.
    pub uses_default_features: bool,
}

/// Names of reachable packages, each with the names on the way to it.
pub type Reach = BTreeMap<String, Vec<String>>;

impl Workspace {
    pub fn load(root: &Path) -> Result<Self> {
        let output = cargo()
            .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
            .current_dir(root)
            .output()
            .context("could not run cargo")?;
        if !output.status.success() {
            bail!("`cargo metadata` failed: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        serde_json::from_slice(&output.stdout).context("`cargo metadata` printed unknown JSON")
    }

    pub fn member(&self, name: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.name == name)
    }

    /// Returns a member's folder, relative to the root, with `/` between its parts.
    pub fn folder(&self, member: &Member) -> String {
        let folder = member.manifest_path.parent().unwrap_or(&member.manifest_path);
        let folder = folder.strip_prefix(&self.workspace_root).unwrap_or(folder);
        folder.to_string_lossy().replace('\\', "/")
    }

    /// Lists what a member reaches over normal and build dependencies, with the features of `flag`.
    pub fn reach(&self, member: &Member, flag: &str) -> Result<Reach> {
        let is_locked = self.workspace_root.join("Cargo.lock").exists();
        let ask = |network: Option<&str>| {
            cargo()
                .args(["tree", "--package", &member.name, flag, "--edges", "normal,build"])
                .args(["--prefix", "depth", "--format", "{p}"])
                .args(is_locked.then_some("--locked").into_iter().chain(network))
                .current_dir(&self.workspace_root)
                .output()
                .context("could not run cargo")
        };
        let mut output = ask(Some("--offline"))?;
        if !output.status.success() {
            output = ask(None)?;
        }
        if !output.status.success() {
            bail!("`cargo tree` failed: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(parse_tree(&String::from_utf8_lossy(&output.stdout)))
    }
}

/// Reads lines such as `2regex v1.12.2`: depth, name, version.
fn parse_tree(text: &str) -> Reach {
    let (mut reach, mut way) = (Reach::new(), Vec::new());
    for line in text.lines() {
        let digits = line.find(|c: char| !c.is_ascii_digit()).unwrap_or(0);
        let (Ok(depth), Some(name)) =
            (line[..digits].parse::<usize>(), line[digits..].split_whitespace().next())
        else {
            continue;
        };
        way.truncate(depth);
        way.push(name.to_owned());
        let known = reach.entry(name.to_owned()).or_insert_with(|| way.clone());
        if way.len() < known.len() {
            known.clone_from(&way);
        }
    }
    reach
}

/// Makes a command of the Cargo that runs this tool, without the variables that Cargo set for it.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // Build scripts that read these would run again, and everything after them.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

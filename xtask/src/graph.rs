//! Cargo's dependency graph, walked with the features of one crate alone.
//!
//! `cargo metadata` resolves the whole workspace at once, so a feature that one member asks for seems to be on for
//! everyone. What a *user of one crate* gets has to be walked: from that crate, with chosen features, over normal and
//! build dependencies. A test holds the walk against `cargo tree`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use cargo_metadata::cargo_platform::Cfg;
use cargo_metadata::{Dependency, DependencyKind, Metadata, MetadataCommand, Package, PackageId};

/// Holds the packages of a workspace and the edges between them.
#[derive(Debug)]
pub struct Graph {
    metadata: Metadata,
    edges: BTreeMap<PackageId, Vec<PackageId>>,
    host: Host,
}

/// Chooses the features a crate is looked at with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Features {
    /// `--no-default-features`.
    None,
    /// The default ones.
    Default,
    /// `--all-features`.
    All,
}

/// Holds what is reachable from one crate: every package with the path that leads to it.
pub type Reach = BTreeMap<PackageId, Vec<PackageId>>;

impl Graph {
    /// Runs `cargo metadata`: against the lock file, and without the network where that is enough.
    ///
    /// # Errors
    ///
    /// When Cargo refuses the manifests or the lock file.
    pub fn load(root: &Path) -> Result<Self> {
        let host = Host::ask()?;
        let mut flags = vec!["--filter-platform".to_owned(), host.name.clone()];
        if root.join("Cargo.lock").exists() {
            flags.push("--locked".to_owned());
        }
        let mut command = MetadataCommand::new();
        command.manifest_path(root.join("Cargo.toml")).features(cargo_metadata::CargoOpt::AllFeatures);
        let offline = [&flags[..], &["--offline".to_owned()]].concat();
        let metadata = command
            .other_options(offline)
            .exec()
            .or_else(|_| command.other_options(flags).exec())
            .context("`cargo metadata` failed")?;
        let nodes = metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
        let edges = nodes.map(|node| (node.id.clone(), node.dependencies.clone())).collect();
        Ok(Self { metadata, edges, host })
    }

    /// Lists the members of the workspace.
    pub fn members(&self) -> Vec<&Package> {
        self.metadata.workspace_packages()
    }

    /// Finds a member by name.
    pub fn member(&self, name: &str) -> Option<&Package> {
        self.members().into_iter().find(|package| package.name.as_str() == name)
    }

    /// Returns the package of an id that came out of this graph.
    pub fn package(&self, id: &PackageId) -> &Package {
        &self.metadata[id]
    }

    /// Walks from one package over normal and build dependencies, turning on only the features that lead there.
    pub fn reach(&self, from: &Package, features: Features) -> Reach {
        let mut walk = Walk { graph: self, on: BTreeMap::new(), reach: BTreeMap::new() };
        let on = match features {
            Features::None => BTreeSet::new(),
            Features::Default => BTreeSet::from(["default".to_owned()]),
            Features::All => from.features.keys().cloned().collect(),
        };
        walk.on.insert(from.id.clone(), on);
        walk.reach.insert(from.id.clone(), vec![from.id.clone()]);
        while walk.round() {}
        walk.reach
    }

    /// Finds what a dependency resolved to; nothing when it is for another platform.
    fn resolved(&self, from: &PackageId, dependency: &Dependency) -> impl Iterator<Item = &Package> {
        let edges = self.edges.get(from).map(Vec::as_slice).unwrap_or_default();
        // One crate can be named for several platforms: only the lines for this one count.
        let here =
            dependency.target.as_ref().is_none_or(|target| target.matches(&self.host.name, &self.host.cfg));
        edges.iter().filter(move |_| here).map(|id| self.package(id)).filter(move |package| {
            package.name.as_str() == dependency.name && dependency.req.matches(&package.version)
        })
    }
}

/// Holds a walk in progress: the features that are on for every package reached so far.
struct Walk<'g> {
    graph: &'g Graph,
    on: BTreeMap<PackageId, BTreeSet<String>>,
    reach: Reach,
}

impl Walk<'_> {
    /// Goes once over everything reached so far, and says whether anything was added.
    fn round(&mut self) -> bool {
        let before: usize = self.on.values().map(|on| on.len() + 1).sum();
        for id in self.on.keys().cloned().collect::<Vec<_>>() {
            self.visit(&id);
        }
        before != self.on.values().map(|on| on.len() + 1).sum::<usize>()
    }

    fn visit(&mut self, id: &PackageId) {
        let package = self.graph.package(id);
        let asked =
            expand(package, self.on.get_mut(id).expect("only packages with a set of features are visited"));
        let wanted = |dependency: &&Dependency| {
            let name = dependency.rename.as_ref().unwrap_or(&dependency.name);
            dependency.kind != DependencyKind::Development
                && (!dependency.optional || asked.dependencies.contains(name))
        };
        for dependency in package.dependencies.iter().filter(wanted) {
            let name = dependency.rename.as_ref().unwrap_or(&dependency.name);
            let mut on: BTreeSet<String> = dependency.features.iter().cloned().collect();
            on.extend(dependency.uses_default_features.then(|| "default".to_owned()));
            on.extend(asked.features.iter().filter(|(to, _)| to == name).map(|(_, feature)| feature.clone()));
            for to in self.graph.resolved(id, dependency) {
                self.on.entry(to.id.clone()).or_default().extend(on.iter().cloned());
                if !self.reach.contains_key(&to.id) {
                    let path = [&self.reach[id][..], std::slice::from_ref(&to.id)].concat();
                    self.reach.insert(to.id.clone(), path);
                }
            }
        }
    }
}

/// Holds what a package's features ask of its dependencies.
#[derive(Default)]
struct Asked {
    /// Optional dependencies that are on.
    dependencies: BTreeSet<String>,
    /// Features of dependencies.
    features: BTreeSet<(String, String)>,
}

/// Follows a package's features through its `[features]` table: `a`, `dep:a`, `a/b` and `a?/b`.
fn expand(package: &Package, on: &mut BTreeSet<String>) -> Asked {
    let mut asked = Asked::default();
    let mut queue: Vec<String> = on.iter().cloned().collect();
    while let Some(feature) = queue.pop() {
        for value in package.features.get(&feature).into_iter().flatten() {
            if let Some(dependency) = value.strip_prefix("dep:") {
                asked.dependencies.insert(dependency.to_owned());
            } else if let Some((dependency, feature)) = value.split_once('/') {
                let weak = dependency.strip_suffix('?');
                let name = weak.unwrap_or(dependency);
                if weak.is_none() {
                    asked.dependencies.insert(name.to_owned());
                }
                asked.features.insert((name.to_owned(), feature.to_owned()));
            } else if on.insert(value.clone()) {
                queue.push(value.clone());
            }
        }
    }
    asked
}

/// Describes the platform that the graph is looked at for, which is the one at hand.
#[derive(Debug)]
struct Host {
    name: String,
    cfg: Vec<Cfg>,
}

impl Host {
    fn ask() -> Result<Self> {
        let version = rustc(&["-vV"])?;
        let name = version.lines().find_map(|line| line.strip_prefix("host: "));
        let name = name.context("`rustc -vV` names no host")?.to_owned();
        // A cfg of a newer compiler that cannot be parsed is one that no dependency asks for yet.
        let cfg = rustc(&["--print", "cfg"])?.lines().filter_map(|line| line.parse().ok()).collect();
        Ok(Self { name, cfg })
    }
}

fn rustc(arguments: &[&str]) -> Result<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).args(arguments).output().context("could not run rustc")?;
    String::from_utf8(output.stdout).context("rustc printed something that is not UTF-8")
}

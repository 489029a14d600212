//! The walk over the graph finds what Cargo itself finds.

use std::collections::BTreeSet;

use xtask::graph::{Features, Graph};
use xtask::layers::dependencies::names_reached;
use xtask::lint::cargo;
use xtask::repo::Repo;

/// Asks `cargo tree` for the packages behind one.
fn tree(repo: &Repo, package: &str, features: Features) -> BTreeSet<String> {
    let flag = match features {
        Features::None => Some("--no-default-features"),
        Features::Default => None,
        Features::All => Some("--all-features"),
    };
    let ask = |offline: Option<&str>| {
        let arguments =
            ["tree", "--locked", "--edges", "normal,build", "--prefix", "none", "--package", package];
        cargo().args(arguments).args(flag).args(offline).current_dir(repo.root()).output().unwrap()
    };
    let mut output = ask(Some("--offline"));
    if !output.status.success() {
        output = ask(None);
    }
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let words = |line: &str| line.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
    String::from_utf8(output.stdout).unwrap().lines().map(words).filter(|line| !line.is_empty()).collect()
}

#[test]
fn agrees_with_cargo_tree() -> anyhow::Result<()> {
    let repo = Repo::find()?;
    let graph: Graph = repo.graph()?;
    for member in graph.members() {
        for features in [Features::None, Features::Default, Features::All] {
            let ours: BTreeSet<String> = names_reached(&graph, &member.name, features).into_iter().collect();
            let theirs = tree(&repo, &member.name, features);
            let (more, less) = (&ours - &theirs, &theirs - &ours);
            assert!(more.is_empty() && less.is_empty(), "{}, {features:?}: +{more:?} -{less:?}", member.name);
        }
    }
    Ok(())
}

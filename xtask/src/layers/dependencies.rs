//! Checks who depends on whom: what a manifest names, and what its features can reach.

use cargo_metadata::{Dependency, DependencyKind, Package};

use crate::finding::Finding;
use crate::graph::{Features, Graph, Reach};
use crate::house::{Bar, HOUSE, Kind, LIBRARY_BAR, PORTS_BAR, Room, Under, room};

/// Checks every member that is a row of the table.
pub fn check(graph: &Graph) -> Vec<Finding> {
    let mut found = Vec::new();
    for room in HOUSE {
        if let Some(package) = graph.member(room.package) {
            found.extend(package.dependencies.iter().filter_map(|dependency| named(room, dependency)));
            found.extend(package.dependencies.iter().filter_map(|dependency| ports(room, dependency)));
            found.extend(only(room, package));
            found.extend(reached(graph, room, package));
        }
    }
    found
}

fn manifest(room: &Room) -> String {
    format!("{}/Cargo.toml", room.folder)
}

/// Checks one line of a manifest, whichever table it stands in.
fn named(room: &Room, dependency: &Dependency) -> Option<Finding> {
    let name = dependency.name.as_str();
    if crate::house::room(name).is_some() {
        // A crate may name itself in `[dev-dependencies]`: that is how its own tests turn a feature on.
        let known = name == room.package || room.knows.contains(&name);
        return (!known).then(|| {
            let may = match room.knows {
                [] => "no crate of this workspace".to_owned(),
                names => format!("only {}", names.join(", ")),
            };
            Finding::new(
                manifest(room),
                "layers/knows",
                format!("{} may know {may}; it names {name}", room.package),
                "turn the arrow round: own a port here, and implement it in the crate that knows both",
            )
        });
    }
    let (_, why, instead) = LIBRARY_BAR.iter().find(|(barred, ..)| *barred == name)?;
    room.is_library().then(|| {
        Finding::new(
            manifest(room),
            "layers/libraries",
            format!("{} names {name}: {why}", room.package),
            *instead,
        )
    })
}

/// Checks that a crate that owns ports is taken without its default features, and by a feature where that is asked.
fn ports(room: &Room, dependency: &Dependency) -> Option<Finding> {
    let to = crate::house::room(&dependency.name).filter(|to| to.kind == Kind::Ports)?;
    if !room.is_library() || dependency.kind == DependencyKind::Development || to.package == room.package {
        return None;
    }
    let reason = if dependency.uses_default_features {
        "with its default features, so that what they bring is in everyone's graph"
    } else if !dependency.optional {
        "without a feature, so that nobody can leave it out"
    } else {
        return None;
    };
    let mend = format!("write `{} = {{ workspace = true, optional = true }}`, with", to.package);
    Some(Finding::new(
        manifest(room),
        "layers/ports",
        format!("{} takes {} {reason}", room.package, to.package),
        format!("{mend} `default-features = false` in the workspace's table"),
    ))
}

/// Checks a crate that may depend on a closed list alone.
fn only(room: &Room, package: &Package) -> Vec<Finding> {
    let Some(allowed) = room.only else { return Vec::new() };
    let others = package.dependencies.iter().filter(|dependency| {
        dependency.kind != DependencyKind::Development && !allowed.contains(&dependency.name.as_str())
    });
    let finding = |dependency: &Dependency| {
        Finding::new(
            manifest(room),
            "layers/only",
            format!("{} depends on {} alone; it names {}", room.package, allowed.join(", "), dependency.name),
            "do without it, or do the work in the caller",
        )
    };
    others.map(finding).collect()
}

/// Checks that nothing barred can be reached.
fn reached(graph: &Graph, room: &Room, package: &Package) -> Vec<Finding> {
    let for_ports = if room.kind == Kind::Ports { PORTS_BAR } else { &[] };
    let bars: Vec<&Bar> = room.bars.iter().chain(for_ports).collect();
    let mut found = Vec::new();
    for (under, features, flag) in [
        (Under::NoFeatures, Features::None, "--no-default-features"),
        (Under::AllFeatures, Features::All, "--all-features"),
    ] {
        let bars: Vec<&&Bar> = bars.iter().filter(|bar| bar.under == under).collect();
        if bars.is_empty() {
            continue;
        }
        let reach = graph.reach(package, features);
        for bar in bars {
            // One finding a bar is enough: the shortest way in. What lies behind it goes when it goes.
            let ways = reach.iter().filter(|(id, _)| bar.matches(graph.package(id).name.as_str()));
            if let Some((_, way)) =
                ways.min_by_key(|(id, way)| (way.len(), graph.package(id).name.to_string()))
            {
                found.push(Finding::new(
                    manifest(room),
                    "layers/reach",
                    format!("{} reaches {}: {}", room.package, names(graph, way), bar.why),
                    format!(
                        "cut that path; see it with `cargo tree -p {} {flag} -e normal,build -i {}`",
                        room.package,
                        graph.package(way.last().expect("a path ends where it leads")).name
                    ),
                ));
            }
        }
    }
    found
}

fn names(graph: &Graph, way: &[cargo_metadata::PackageId]) -> String {
    let names: Vec<String> = way[1..].iter().map(|id| graph.package(id).name.to_string()).collect();
    names.join(" → ")
}

/// Returns the names of all packages that a member reaches with the given features, for comparison with `cargo tree`.
pub fn names_reached(graph: &Graph, member: &str, features: Features) -> Vec<String> {
    let Some(package) = room(member).and_then(|room| graph.member(room.package)) else { return Vec::new() };
    let reach: Reach = graph.reach(package, features);
    let mut names: Vec<String> = reach.keys().map(|id| graph.package(id)).map(describe).collect();
    names.sort();
    names
}

fn describe(package: &Package) -> String {
    format!("{} v{}", package.name, package.version)
}

//! Checks dependencies: what a manifest names, and what its features can reach.

use anyhow::Result;

use crate::cargo::{Dependency, Member, Workspace};
use crate::crates::{CRATES, CrateRule, FORBIDDEN_TO_PORTS, Forbidden, Kind, find, is_meant};
use crate::finding::Finding;

/// Checks every member that has a row in the table.
pub fn check(workspace: &Workspace) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    for krate in CRATES {
        if let Some(member) = workspace.member(krate.package) {
            for dependency in &member.dependencies {
                found.extend(named(krate, dependency));
                found.extend(ports(krate, dependency));
                found.extend(only(krate, dependency));
            }
            found.extend(reached(workspace, krate, member)?);
        }
    }
    Ok(found)
}

/// Checks one line of a manifest, in whichever table.
fn named(krate: &CrateRule, dependency: &Dependency) -> Option<Finding> {
    let name = dependency.name.as_str();
    if let Some(other) = find(name) {
        return (!krate.may_know(other)).then(|| {
            let may = match krate.knows {
                [] => "no crate of this workspace".to_owned(),
                names => format!("only {}", names.join(", ")),
            };
            Finding::new(
                krate.manifest(),
                "layers/knows",
                format!("{} may know {may}; it names {name}", krate.package),
                "turn the arrow round: own a port here, and implement it in the crate that knows both",
            )
        });
    }
    let (why, instead) = krate.refuses(name)?;
    let reason = format!("{} names {name}: {why}", krate.package);
    Some(Finding::new(krate.manifest(), "layers/libraries", reason, instead))
}

/// Checks that a crate with ports is taken without its default features, and by a feature.
fn ports(krate: &CrateRule, dependency: &Dependency) -> Option<Finding> {
    let to = find(&dependency.name).filter(|to| to.kind == Kind::Ports)?;
    let is_free = !matches!(krate.kind, Kind::Library | Kind::Ports)
        || is_dev(dependency)
        || to.package == krate.package
        // A crate inside the folder of the ports is there to implement them.
        || krate.folder.starts_with(&format!("{}/", to.folder));
    if is_free {
        return None;
    }
    let reason = if dependency.uses_default_features {
        "with its default features, so every user gets what they bring"
    } else if !dependency.optional {
        "without a feature, so no user can leave it out"
    } else {
        return None;
    };
    Some(Finding::new(
        krate.manifest(),
        "layers/ports",
        format!("{} takes {} {reason}", krate.package, to.package),
        format!(
            "write `{} = {{ workspace = true, optional = true }}`, with `default-features = false` in the \
             workspace's table",
            to.package
        ),
    ))
}

fn is_dev(dependency: &Dependency) -> bool {
    dependency.kind.as_deref() == Some("dev")
}

/// Checks a crate that may depend on a closed list alone.
fn only(krate: &CrateRule, dependency: &Dependency) -> Option<Finding> {
    let (allowed, name) = (krate.only?, dependency.name.as_str());
    (!is_dev(dependency) && !allowed.contains(&name)).then(|| {
        Finding::new(
            krate.manifest(),
            "layers/only",
            format!("{} depends on {} alone; it names {name}", krate.package, allowed.join(", ")),
            "do without it, or do the work in the caller",
        )
    })
}

/// Checks that no forbidden package is reachable.
fn reached(workspace: &Workspace, krate: &CrateRule, member: &Member) -> Result<Vec<Finding>> {
    let for_ports = if krate.kind == Kind::Ports { FORBIDDEN_TO_PORTS } else { &[] };
    let mut found = Vec::new();
    for flag in ["--no-default-features", "--all-features"] {
        let all = krate.forbidden.iter().chain(for_ports);
        let forbidden: Vec<&Forbidden> = all.filter(|one| one.under == flag).collect();
        if forbidden.is_empty() {
            continue;
        }
        let reach = workspace.reach(member, flag)?;
        for one in forbidden {
            // The shortest way is enough: what lies behind it goes when it goes.
            let ways = reach.iter().filter(|(name, _)| is_meant(one.package, name));
            if let Some((name, way)) = ways.min_by_key(|(name, way)| (way.len(), *name)) {
                let way = way[1..].join(" → ");
                found.push(Finding::new(
                    krate.manifest(),
                    "layers/reach",
                    format!("{} reaches {way}: {}", krate.package, one.why),
                    format!(
                        "cut that path; see it with `cargo tree -p {} {flag} -e normal,build -i {name}`",
                        krate.package
                    ),
                ));
            }
        }
    }
    Ok(found)
}

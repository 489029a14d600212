//! Checks what belongs to one crate alone: database files, and the terminal.

use anyhow::Result;

use crate::crates::{CRATES, CrateRule};
use crate::finding::Finding;
use crate::repo::Repo;
use crate::source::{Source, arguments, strings};

/// Checks the file names that sources contain, and that no library prints.
pub fn check(repo: &Repo) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    for krate in CRATES.iter().filter(|krate| krate.package != "xtask") {
        for source in Source::of_crate(repo, krate.folder)? {
            for one in strings(&source) {
                let others = database_names(&one.text).into_iter();
                let others = others.filter(|name| krate.database != Some(&**name));
                found.extend(others.map(|name| foreign_name(&source.path, one.line, &name)));
            }
            found.extend(prints(krate, &source));
        }
    }
    Ok(found)
}

fn foreign_name(path: &str, line: usize, name: &str) -> Finding {
    let (reason, fix) = match CRATES.iter().find(|krate| krate.database == Some(name)) {
        Some(owner) => (
            format!("it names {name}, the file of {}", owner.package),
            format!("take the name from {}'s public API", owner.package),
        ),
        None => (
            format!("it names {name}, which no crate of the design owns"),
            "use the database of this crate; a new one is a row in xtask/src/crates.rs".to_owned(),
        ),
    };
    Finding::new(format!("{path}:{line}"), "layers/databases", reason, fix)
}

/// Refuses a library that lifts the lints against printing.
fn prints(krate: &CrateRule, source: &Source) -> Option<Finding> {
    let lifted = |attribute| arguments(attribute, "allow").or_else(|| arguments(attribute, "expect"));
    let mut lifted = source.attributes.iter().filter_map(lifted);
    (krate.is_library() && lifted.any(|lints| lints.contains("print_std"))).then(|| {
        Finding::new(
            format!("{}:1", source.path),
            "layers/prints",
            format!("{} is a library, and allows itself to print", krate.package),
            "return the text, and let `cli` print it",
        )
    })
}

/// Finds names like `state_5.sqlite` in a text.
fn database_names(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, end) in text.match_indices(".sqlite") {
        let after = text[at + end.len()..].chars().next();
        let start = text[..at].rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_').map_or(0, |at| at + 1);
        if start < at && !after.is_some_and(|c| c.is_ascii_alphanumeric()) {
            found.push(text[start..at + end.len()].to_owned());
        }
    }
    found
}

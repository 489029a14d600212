//! Checks that the files named in ARCHITECTURE.md exist.

use crate::crates::CRATES;
use crate::finding::Finding;
use crate::repo::Repo;

/// Document that names files.
const DOCUMENT: &str = "ARCHITECTURE.md";

/// Endings that make a word without a `/` a path.
const ENDINGS: [&str; 4] = [".rs", ".sql", ".md", ".toml"];

/// Example of an agent home, for paths within one.
const HOME: &str = "examples/home";

/// Checks every path between backticks, outside of blocks of code.
///
/// A path may be relative to the repository, to a crate or its `src/`, or to the folder that the
/// same paragraph named last (`threads/`: `list.rs`). A section whose heading names the folders of
/// crates is about these crates alone.
pub fn check(repo: &Repo) -> anyhow::Result<Vec<Finding>> {
    if !repo.has_file(DOCUMENT) {
        return Ok(Vec::new());
    }
    let text = repo.text(DOCUMENT)?;
    let mut places = Places::of_section("");
    let mut found = Vec::new();
    let mut in_code = false;
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if in_code {
            continue;
        } else if let Some(heading) = line.strip_prefix("## ") {
            places = Places::of_section(heading);
        } else if line.trim().is_empty() || line.starts_with("* ") || line.starts_with("- ") {
            places.last = None;
        }
        for path in backticked(line).filter(|word| is_path(word)) {
            match places.find(repo, path) {
                Some(there) if path.ends_with('/') => places.last = Some(there),
                Some(_) => {}
                None => found.push(Finding::new(
                    format!("{DOCUMENT}:{number}"),
                    "tidy/paths",
                    format!("`{path}` is not there"),
                    "write where it is now, from the `src/` of the section's crate or from the root",
                )),
            }
        }
    }
    Ok(found)
}

/// Folders in which a section's paths may be.
struct Places {
    /// Folders of the section's crates, or of all.
    folders: Vec<&'static str>,
    /// Folder that was named last.
    last: Option<String>,
}

impl Places {
    fn of_section(heading: &str) -> Self {
        let is_named = |folder: &&str| heading.split([' ', ',', ':', '`']).any(|word| word == *folder);
        let all: Vec<&str> = CRATES.iter().map(|krate| krate.folder).collect();
        let named: Vec<&str> = all.iter().copied().filter(is_named).collect();
        Self { folders: if named.is_empty() { all } else { named }, last: None }
    }

    /// Finds a path from the root; for a pattern, the folder before its first `*`.
    fn find(&self, repo: &Repo, path: &str) -> Option<String> {
        let fixed = match path.find('*') {
            Some(star) => &path[..path[..star].rfind('/').map_or(0, |slash| slash + 1)],
            None => path,
        };
        let last = self.last.iter().map(|folder| format!("{folder}{fixed}"));
        let ours = self
            .folders
            .iter()
            .flat_map(|folder| ["/src/", "/"].map(|in_it| format!("{folder}{in_it}{fixed}")));
        // The root is last: `backfill/` is a folder there and in `state`.
        let mut candidates = last.chain(ours).chain([fixed.to_owned(), format!("{HOME}/{fixed}")]);
        candidates.find(|path| match path.strip_suffix('/') {
            Some(folder) => repo.path(folder).is_dir(),
            None => !path.is_empty() && repo.path(path).exists(),
        })
    }
}

/// Returns true if a word between backticks means a file or a folder of the project.
fn is_path(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./*".contains(c);
    let named = word.contains('/') || ENDINGS.iter().any(|ending| word.ends_with(ending) && word != *ending);
    named && !word.starts_with('/') && word.chars().all(plain)
}

/// Lists the words between backticks in a line.
fn backticked(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

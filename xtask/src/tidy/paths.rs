//! Checks that the files named in ARCHITECTURE.md exist.

use crate::crates::{CRATES, CrateRule};
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
/// A path may be relative to the repository, to the section's crate or its `src/`, or to the folder
/// that the same paragraph named last (`threads/`: `list.rs`). A section has a crate if its heading
/// begins with the crate's folder and a colon. In other sections a path may be any crate's.
pub fn check(repo: &Repo) -> anyhow::Result<Vec<Finding>> {
    if !repo.has_file(DOCUMENT) {
        return Ok(Vec::new());
    }
    let text = repo.text(DOCUMENT)?;
    let mut places = Places::of_section(None);
    let mut found = Vec::new();
    let mut in_code = false;
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if in_code {
            continue;
        } else if let Some(heading) = line.strip_prefix("## ") {
            places = Places::of_section(heading.split_once(':').map(|(folder, _)| folder.trim_matches('`')));
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
                    format!("`{path}` is not there: looked in {}", places.shown()),
                    "write where it is now, from the crate's `src/` or from the repository's root",
                )),
            }
        }
    }
    Ok(found)
}

/// Folders in which a section's paths may be.
struct Places {
    folders: Vec<String>,
    /// Folder that was named last.
    last: Option<String>,
    krate: Option<&'static CrateRule>,
}

impl Places {
    fn of_section(folder: Option<&str>) -> Self {
        let krate = folder.and_then(|folder| CRATES.iter().find(|krate| krate.folder == folder));
        let mut folders = Vec::new();
        for krate in CRATES.iter().filter(|other| krate.is_none_or(|krate| krate.folder == other.folder)) {
            folders.extend([format!("{}/src/", krate.folder), format!("{}/", krate.folder)]);
        }
        // The root is last: `backfill/` is a folder there and in `state`.
        folders.extend([String::new(), format!("{HOME}/")]);
        Self { folders, last: None, krate }
    }

    /// Finds a path from the root; for a pattern, the folder before its first `*`.
    fn find(&self, repo: &Repo, path: &str) -> Option<String> {
        let fixed = match path.find('*') {
            Some(star) => &path[..path[..star].rfind('/').map_or(0, |slash| slash + 1)],
            None => path,
        };
        let mut candidates = self.last.iter().chain(&self.folders).map(|folder| format!("{folder}{fixed}"));
        candidates.find(|path| match path.strip_suffix('/') {
            Some(folder) => repo.path(folder).is_dir(),
            None => !path.is_empty() && repo.path(path).exists(),
        })
    }

    fn shown(&self) -> String {
        let named = self.last.as_ref().map_or_else(String::new, |folder| format!("{folder}, "));
        match self.krate {
            Some(krate) => format!("{named}{0}/src/, {0}/ and the repository", krate.folder),
            None => format!("{named}every crate and the repository"),
        }
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

//! Checks bytes: line endings, stray blanks, developers' own paths, files too large for git.

use anyhow::Result;

use crate::finding::Finding;
use crate::repo::Repo;
use crate::source::is_test_file;

/// Largest file outside of `examples/`, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// Endings of files that people write. Snapshots and data keep their blanks.
const WRITTEN: [&str; 8] = [".rs", ".toml", ".md", ".sql", ".yml", ".yaml", ".sh", ".lock"];
/// Files that people write and that have no ending.
const WRITTEN_NAMES: [&str; 5] = [".ci/run", ".gitattributes", ".gitignore", "LICENSE-APACHE", "LICENSE-MIT"];

/// Starts of paths on one developer's machine. Split, so that this file is not its own finding.
const HOMES: [&str; 2] = [concat!("/", "Users/"), concat!(":\\", "Users\\")];

pub fn check(repo: &Repo, files: &[String]) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    for path in files.iter().filter(|path| !path.starts_with("examples/")) {
        let size = std::fs::symlink_metadata(repo.path(path))?.len();
        if size > MAX_BYTES {
            found.push(Finding::new(
                path,
                "tidy/weight",
                format!(
                    "it is {size} bytes, which every clone would carry for ever; {MAX_BYTES} are allowed"
                ),
                "generate it in the test that needs it, or put it into examples/",
            ));
        } else if WRITTEN.iter().any(|ending| path.ends_with(ending)) || WRITTEN_NAMES.contains(&&**path) {
            found.extend(written(repo, path)?);
        }
    }
    Ok(found)
}

fn written(repo: &Repo, path: &str) -> Result<Vec<Finding>> {
    let Ok(text) = String::from_utf8(repo.bytes(path)?) else {
        return Ok(vec![Finding::new(path, "tidy/utf8", "it is not UTF-8", "save it as UTF-8")]);
    };
    let mut found = Vec::new();
    // One finding a rule and file is enough: an editor fixes all of them at once.
    let mut first = |rule, bad: &dyn Fn(&str) -> bool, reason: &str, fix: &str| {
        if let Some(line) = text.split('\n').position(bad) {
            found.push(Finding::new(format!("{path}:{}", line + 1), rule, reason, fix));
        }
    };
    let is_migration = path.contains("/migrations/");
    if !is_migration {
        // The check of migrations looks at their bytes.
        first("tidy/crlf", &|line| line.ends_with('\r'), "the line ends with CRLF", "save the file with LF");
    }
    first("tidy/tabs", &|line| line.contains('\t'), "there is a tab", "write spaces, or `\\t` in a string");
    // A test may expect them in a table; elsewhere rustfmt would remove them.
    let may_trail = path.ends_with(".rs") && is_test_file(path);
    first(
        "tidy/trailing",
        &|line| !may_trail && line.trim_end_matches('\r').ends_with(' '),
        "there are blanks at the end of the line",
        "remove them",
    );
    let here = repo.root().to_string_lossy().into_owned();
    let homes: Vec<&str> = HOMES.into_iter().chain((here.len() > 3).then_some(&*here)).collect();
    first(
        "tidy/paths",
        &|line| homes.iter().any(|home| line.contains(home)),
        "there is a path of one machine",
        "make it relative, or take it from the environment",
    );
    if !text.is_empty() && !text.ends_with('\n') && !is_migration {
        found.push(Finding::new(path, "tidy/newline", "the last line does not end", "end it with a newline"));
    }
    Ok(found)
}

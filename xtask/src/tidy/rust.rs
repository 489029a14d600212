//! Checks Rust files: a header, the size of tests, no ignored test.

use anyhow::Result;

use crate::finding::Finding;
use crate::repo::Repo;

/// Longest file of tests or benches, in lines. [`figures`](super::figures) limits the others.
const LENGTH: usize = 800;

pub fn check(repo: &Repo, files: &[String]) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    for path in files.iter().filter(|path| path.ends_with(".rs")) {
        let text = repo.text(path)?;
        let mut refuse = |line: usize, rule, reason: &str, fix| {
            found.push(Finding::new(format!("{path}:{line}"), rule, reason, fix));
        };
        let first = text.lines().next().unwrap_or_default();
        if first.strip_prefix("//! ").is_none_or(|rest| rest.trim().is_empty()) {
            let fix = "write one there: what this file is, and why it is a file of its own";
            refuse(1, "tidy/header", "the file does not open with a `//!` sentence", fix);
        }
        let lines = text.lines().count();
        if lines > LENGTH {
            let reason = format!("it has {lines} lines; no file has more than {LENGTH}");
            refuse(LENGTH + 1, "tidy/size", &reason, "split it: one idea a file");
        }
        // rustfmt gives an attribute its line. Clippy refuses unwritten code and debugging.
        for (line, _) in (1..).zip(text.lines()).filter(|(_, line)| line.trim().starts_with("#[ignore")) {
            let fix = "make it fast and certain, or delete it: a test that does not run proves nothing";
            refuse(line, "tidy/unfinished", "there is an `#[ignore]`", fix);
        }
    }
    Ok(found)
}

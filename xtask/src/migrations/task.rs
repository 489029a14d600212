//! What every part of the check is given.

use std::path::Path;

use anyhow::Result;

use super::Owner;
use crate::finding::Finding;
use crate::repo::Repo;

/// Holds what a part looks at, and how.
#[derive(Clone, Copy)]
pub struct Task<'a> {
    /// The checkout.
    pub repo: &'a Repo,
    /// The crate.
    pub owner: &'a Owner,
    /// Whether snapshots are written anew rather than compared.
    pub bless: bool,
    /// This tool, to be started again as another process.
    pub program: &'a Path,
    /// How often processes race.
    pub rounds: u32,
}

impl Task<'_> {
    /// Compares a committed file with what it should say, or writes it.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or written.
    pub fn snapshot(&self, path: &str, fresh: &str, rule: &'static str, what: &str) -> Result<Vec<Finding>> {
        let committed = if self.repo.has_file(path) { self.repo.text(path)? } else { String::new() };
        if committed == fresh {
            return Ok(Vec::new());
        }
        if self.bless {
            std::fs::write(self.repo.path(path), fresh)?;
            return Ok(Vec::new());
        }
        let (line, difference) = difference(&committed, fresh);
        let mend =
            format!("cargo xtask migrations check {} --bless, and read the diff", self.owner.room.folder);
        Ok(vec![Finding::new(
            format!("{path}:{line}"),
            rule,
            format!("it is not {what}: {difference}"),
            mend,
        )])
    }
}

/// Tells where two texts first differ: the line, and what it is in each.
fn difference(committed: &str, fresh: &str) -> (usize, String) {
    let (mut old, mut new) = (committed.lines(), fresh.lines());
    for line in 1.. {
        match (old.next(), new.next()) {
            (Some(old), Some(new)) if old == new => {}
            (Some(old), Some(new)) => return (line, format!("`{}` should be `{}`", old.trim(), new.trim())),
            (Some(old), None) => return (line, format!("`{}` is too much", old.trim())),
            (None, Some(new)) => return (line, format!("`{}` is missing", new.trim())),
            (None, None) => break,
        }
    }
    (1, "the ends of lines differ".to_owned())
}

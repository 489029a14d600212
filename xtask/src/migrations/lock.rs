//! The lock: the checksum of every migration when it was committed.
//!
//! `migrations.lock` has one line a migration: version, name, SHA-384. Above the lines is a mark,
//! `# released: N`. Migrations up to N have run on users' machines, and nothing here rewrites them.

use std::collections::BTreeMap;

use anyhow::{Result, bail, ensure};

use crate::crates::CrateRule;
use crate::finding::Finding;
use crate::migrations::Owner;
use crate::migrations::folder::{Folder, Migration, file_name};
use crate::repo::Repo;

const MARK: &str = "# released: ";

#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Lock {
    /// Last released version; 0 before the first release.
    pub released: u32,
    /// Locked migrations by version.
    pub lines: BTreeMap<u32, Line>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub name: String,
    /// SHA-384 of its bytes, in hex.
    pub digest: String,
}

impl From<&Migration> for Line {
    fn from(migration: &Migration) -> Self {
        Self { name: migration.name.clone(), digest: migration.digest() }
    }
}

pub fn path(krate: &CrateRule) -> String {
    format!("{}/migrations.lock", krate.folder)
}

impl Lock {
    /// Reads a crate's lock; `None` if it has none.
    pub fn read(repo: &Repo, krate: &CrateRule) -> Result<Option<Self>> {
        let path = path(krate);
        if !repo.has_file(&path) {
            return Ok(None);
        }
        Self::parse(&path, &repo.text(&path)?).map(Some)
    }

    /// Parses a lock's text; `path` is for messages.
    pub fn parse(path: &str, text: &str) -> Result<Self> {
        let mut lock = Self::default();
        let mut marks = 0;
        for (number, line) in (1..).zip(text.lines()) {
            let is_good = if let Some(version) = line.strip_prefix(MARK) {
                marks += 1;
                version.trim().parse().map(|version| lock.released = version).is_ok() && marks == 1
            } else if line.starts_with('#') || line.trim().is_empty() {
                true
            } else {
                parse_line(line).is_some_and(|(version, line)| lock.lines.insert(version, line).is_none())
            };
            ensure!(is_good, "{path}:{number}: `{line}` cannot stand here; restore the file from git");
        }
        ensure!(marks == 1, "{path}: there is no `{MARK}N` line; restore the file from git");
        let is_locked = (1..=lock.released).all(|version| lock.lines.contains_key(&version));
        ensure!(is_locked, "{path}: a released version has no line; restore the file from git");
        Ok(lock)
    }

    pub fn render(&self, krate: &CrateRule) -> String {
        let mut text = format!(
            "# The migrations of {}, as committed; written by `cargo xtask migrations lock`, never by hand.\n\
             # A line: version, name, SHA-384 of the file's bytes (which sqlx stores in a database with the version).\n\
             # Versions up to this mark have been released and never change:\n\
             {MARK}{}\n",
            krate.package, self.released
        );
        let width = self.lines.values().map(|line| line.name.len()).max().unwrap_or(0);
        for (version, Line { name, digest }) in &self.lines {
            text += &format!("{version:04} {name:width$} {digest}\n");
        }
        text
    }
}

fn parse_line(line: &str) -> Option<(u32, Line)> {
    let mut words = line.split_whitespace();
    let (version, name, digest) = (words.next()?, words.next()?, words.next()?);
    let is_digest = digest.len() == 96 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_digest && words.next().is_none()).then_some(())?;
    Some((version.parse().ok()?, Line { name: name.to_owned(), digest: digest.to_owned() }))
}

pub fn audit(repo: &Repo, owner: &Owner) -> Result<Vec<Finding>> {
    let (krate, folder) = (owner.krate, &owner.folder);
    let update = format!("cargo xtask migrations lock {}", krate.folder);
    let Some(lock) = Lock::read(repo, krate)? else {
        let reason =
            format!("{} has migrations and no lock, so that an edit would pass unseen", krate.package);
        let missing = Finding::new(path(krate), "migrations/lock", reason, update);
        return Ok(if folder.migrations.is_empty() { Vec::new() } else { vec![missing] });
    };
    let mut found = changes(krate, folder, &lock);
    for migration in folder.migrations.iter().filter(|one| !lock.lines.contains_key(&one.version)) {
        let reason = format!("{} is not locked yet", migration.file());
        found.push(Finding::new(path(krate), "migrations/lock", reason, update.clone()));
    }
    Ok(found)
}

/// Lists the locked migrations that were edited, renamed, or removed.
pub fn changes(krate: &CrateRule, folder: &Folder, lock: &Lock) -> Vec<Finding> {
    let mut found = Vec::new();
    for (&version, line) in &lock.lines {
        let file = file_name(version, &line.name);
        let now: Vec<&Migration> = folder.migrations.iter().filter(|one| one.version == version).collect();
        let reason = match now[..] {
            [] => "it is locked, and the file is gone".to_owned(),
            [one] if one.name != line.name => {
                format!("it is locked under this name, and is now {}", one.file())
            }
            [one] if one.digest() != line.digest => {
                "its bytes are not those that are locked: every database that ran it would refuse this build"
                    .to_owned()
            }
            _ => continue,
        };
        let restore = format!("git checkout HEAD -- {}", folder.place(&file));
        let fix = if version <= lock.released {
            format!(
                "it has been released: {restore}; then write a new one with `cargo xtask migrations new {} NAME`",
                krate.folder
            )
        } else {
            format!(
                "{restore}; or, if it was meant (it is not released): cargo xtask migrations lock {} \
                 --rewrite-unreleased",
                krate.folder
            )
        };
        found.push(Finding::new(folder.place(&file), "migrations/changed", reason, fix));
    }
    found
}

/// Brings a crate's lock up to date, and returns the files whose lines were written.
///
/// New migrations are appended. Locked ones that changed are refused; with `rewrite_unreleased`,
/// those above the mark are locked again.
pub fn update(repo: &Repo, krate: &'static CrateRule, rewrite_unreleased: bool) -> Result<Vec<String>> {
    let owner = Owner::read(repo, krate)?;
    let wrong = super::folder::audit(&owner);
    if !wrong.is_empty() {
        bail!("nothing was locked: the folder is not in order\n{}", crate::finding::render(&wrong));
    }
    let before = Lock::read(repo, krate)?.unwrap_or_default();
    let mut lock = before.clone();
    if rewrite_unreleased {
        lock.lines.retain(|version, _| *version <= before.released);
    }
    let changed = changes(krate, &owner.folder, &lock);
    if !changed.is_empty() {
        bail!("nothing was locked: locked migrations changed\n{}", crate::finding::render(&changed));
    }
    for migration in &owner.folder.migrations {
        lock.lines.entry(migration.version).or_insert_with(|| migration.into());
    }
    if lock != before || !repo.has_file(&path(krate)) {
        std::fs::write(repo.path(&path(krate)), lock.render(krate))?;
    }
    let is_new = |one: &&Migration| before.lines.get(&one.version) != lock.lines.get(&one.version);
    Ok(owner.folder.migrations.iter().filter(is_new).map(Migration::file).collect())
}

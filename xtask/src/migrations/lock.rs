//! The lock: what every migration was when it was committed.
//!
//! `migrations.lock` has one line a migration: version, name, SHA-384. Above the lines stands a mark,
//! `# released: N`: what is at or below it has run on machines that we shall never see, and nothing here rewrites it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Result, bail};

use crate::finding::Finding;
use crate::house::Room;
use crate::migrations::Owner;
use crate::migrations::folder::{Folder, Migration, file_name};
use crate::repo::Repo;

const MARK: &str = "# released: ";

/// Holds a lock file.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Lock {
    /// The last version that has been released; 0 before the first release.
    pub released: u32,
    /// The locked migrations by version.
    pub lines: BTreeMap<u32, Line>,
}

/// Holds what is locked of one migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its name.
    pub name: String,
    /// The SHA-384 of its bytes, in hex.
    pub digest: String,
}

impl From<&Migration> for Line {
    fn from(migration: &Migration) -> Self {
        Self { name: migration.name.clone(), digest: migration.digest() }
    }
}

/// Returns the path of a crate's lock.
pub fn path(room: &Room) -> String {
    format!("{}/migrations.lock", room.folder)
}

impl Lock {
    /// Reads a crate's lock; `None` when it has none.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or is not a lock.
    pub fn read(repo: &Repo, room: &Room) -> Result<Option<Self>> {
        let path = path(room);
        if !repo.has_file(&path) {
            return Ok(None);
        }
        Self::parse(&path, &repo.text(&path)?).map(Some)
    }

    /// Reads a lock's text; `path` is for messages.
    ///
    /// # Errors
    ///
    /// When it is not a lock, naming the line.
    pub fn parse(path: &str, text: &str) -> Result<Self> {
        let mut lock = Self::default();
        let mut mark = None;
        for (number, line) in (1..).zip(text.lines()) {
            if let Some(version) = line.strip_prefix(MARK) {
                if mark.is_some() {
                    bail!("{path}:{number}: a second `{}`; restore the file from git", MARK.trim_end());
                }
                mark = Some(version.trim().parse::<u32>().map_err(|_| {
                    anyhow::anyhow!("{path}:{number}: `{version}` is no version; restore the file from git")
                })?);
            } else if !line.starts_with('#') && !line.trim().is_empty() {
                let (version, line) = parse_line(line).ok_or_else(|| {
                    anyhow::anyhow!("{path}:{number}: not `version name sha384`; restore the file from git")
                })?;
                if lock.lines.insert(version, line).is_some() {
                    bail!("{path}:{number}: version {version:04} is locked twice; restore the file from git");
                }
            }
        }
        let Some(released) = mark else {
            bail!("{path}: there is no `{MARK}N` line; restore the file from git");
        };
        lock.released = released;
        Ok(lock)
    }

    /// Returns the newest version that is locked; 0 when there is none.
    pub fn newest(&self) -> u32 {
        self.lines.keys().next_back().copied().unwrap_or(0)
    }

    /// Writes the lock's text.
    pub fn render(&self, room: &Room) -> String {
        let mut text = format!(
            "# The migrations of {}, as committed; written by `cargo xtask migrations lock`, never by hand.\n\
             # A line: version, name, SHA-384 of the file's bytes (what sqlx stores in a database beside the version).\n\
             # Versions up to this mark have been released and never change:\n\
             {MARK}{}\n",
            room.package, self.released
        );
        let width = self.lines.values().map(|line| line.name.len()).max().unwrap_or(0);
        for (version, Line { name, digest }) in &self.lines {
            writeln!(text, "{version:04} {name:width$} {digest}").expect("writing to a string does not fail");
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

/// Checks that the lock and the folder say the same.
///
/// # Errors
///
/// When the lock cannot be read.
pub fn audit(repo: &Repo, owner: &Owner) -> Result<Vec<Finding>> {
    let (room, folder) = (owner.room, &owner.folder);
    let update = format!("cargo xtask migrations lock {}", room.folder);
    let Some(lock) = Lock::read(repo, room)? else {
        let reason =
            format!("{} has migrations and no lock, so that an edit would pass unseen", room.package);
        let missing = Finding::new(path(room), "migrations/lock", reason, update);
        return Ok(if folder.migrations.is_empty() { Vec::new() } else { vec![missing] });
    };
    let mut found = changes(room, folder, &lock);
    for migration in folder.migrations.iter().filter(|one| !lock.lines.contains_key(&one.version)) {
        let reason = format!("{} is not locked yet", migration.file());
        found.push(Finding::new(path(room), "migrations/lock", reason, update.clone()));
    }
    if let Some(missing) = (1..=lock.released).rev().find(|version| !lock.lines.contains_key(version)) {
        found.push(Finding::new(
            path(room),
            "migrations/mark",
            format!("the mark is at {:04}, and there is no line {missing:04}", lock.released),
            format!("git checkout HEAD -- {}", path(room)),
        ));
    }
    found.extend(super::tag::audit(repo, room, &lock)?);
    Ok(found)
}

/// Lists where locked migrations are not what they were: edited, renamed, or gone.
pub fn changes(room: &Room, folder: &Folder, lock: &Lock) -> Vec<Finding> {
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
        let mend = if version <= lock.released {
            format!(
                "it has been released: {restore}; then write a new one with `cargo xtask migrations new {} NAME`",
                room.folder
            )
        } else {
            format!(
                "{restore}; or, if it was meant (it is not released): cargo xtask migrations lock {} \
                 --rewrite-unreleased",
                room.folder
            )
        };
        found.push(Finding::new(folder.place(&file), "migrations/changed", reason, mend));
    }
    found
}

/// Brings a crate's lock up to date, and returns the files whose lines were written.
///
/// New migrations are appended. Locked ones that changed are refused; with `rewrite_unreleased`, those above the
/// mark, and above what the last release tag has, are locked anew.
///
/// # Errors
///
/// When a locked migration changed, or a file cannot be read or written.
pub fn update(repo: &Repo, room: &'static Room, rewrite_unreleased: bool) -> Result<Vec<String>> {
    let owner = Owner::read(repo, room)?;
    let wrong = super::folder::audit(repo, &owner)?;
    if !wrong.is_empty() {
        bail!("nothing was locked: the folder is not in order\n{}", crate::finding::render(&wrong));
    }
    let before = Lock::read(repo, room)?.unwrap_or_default();
    let mut lock = before.clone();
    if rewrite_unreleased {
        let tagged = super::tag::released(repo, room)?.map_or(0, |(_, lock)| lock.newest());
        lock.lines.retain(|version, _| *version <= before.released.max(tagged));
    }
    let changed = changes(room, &owner.folder, &lock);
    if !changed.is_empty() {
        bail!("nothing was locked: locked migrations changed\n{}", crate::finding::render(&changed));
    }
    for migration in &owner.folder.migrations {
        lock.lines.entry(migration.version).or_insert_with(|| migration.into());
    }
    if lock != before || !repo.has_file(&path(room)) {
        std::fs::write(repo.path(&path(room)), lock.render(room))?;
    }
    let is_new = |one: &&Migration| before.lines.get(&one.version) != lock.lines.get(&one.version);
    Ok(owner.folder.migrations.iter().filter(is_new).map(Migration::file).collect())
}

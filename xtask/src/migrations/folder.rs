//! A `migrations/` folder on the disk: numbers, names, bytes.

use anyhow::Result;
use sha2::{Digest, Sha384};

use crate::crates::CrateRule;
use crate::finding::Finding;
use crate::migrations::Owner;
use crate::repo::Repo;

/// Migrations of one crate, and other files in their folder.
#[derive(Debug, Clone)]
pub struct Folder {
    /// Path, relative to the root.
    pub path: String,
    /// Files with the name of a migration, ordered by version.
    pub migrations: Vec<Migration>,
    /// Names of all other files.
    pub strangers: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// Version: the number of the file.
    pub version: u32,
    pub name: String,
    pub bytes: Vec<u8>,
}

impl Migration {
    /// Reads a file's name: `0001_threads.sql` is version 1, `threads`.
    pub fn parse_name(file: &str) -> Option<(u32, String)> {
        let (number, name) = file.strip_suffix(".sql")?.split_once('_')?;
        let is_number = number.len() == 4 && number.bytes().all(|byte| byte.is_ascii_digit());
        (is_number && is_snake_case(name)).then(|| (number.parse().unwrap_or(0), name.to_owned()))
    }

    pub fn file(&self) -> String {
        file_name(self.version, &self.name)
    }

    /// Computes the SHA-384 of the bytes, in hex. sqlx stores it in a database with the version.
    pub fn digest(&self) -> String {
        Sha384::digest(&self.bytes).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

pub fn file_name(version: u32, name: &str) -> String {
    format!("{version:04}_{name}.sql")
}

/// Returns true for lower-case words of letters and digits, joined by single underscores.
pub fn is_snake_case(name: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    name.starts_with(|c: char| c.is_ascii_lowercase()) && name.split('_').all(is_word)
}

impl Folder {
    /// Reads a crate's folder; a missing one is empty.
    pub fn read(repo: &Repo, krate: &CrateRule) -> Result<Self> {
        let path = format!("{}/migrations", krate.folder);
        let mut folder = Self { path, migrations: Vec::new(), strangers: Vec::new() };
        for (file, is_folder) in repo.entries(&folder.path)? {
            match Migration::parse_name(&file).filter(|_| !is_folder) {
                Some((version, name)) => {
                    let bytes = repo.bytes(&format!("{}/{file}", folder.path))?;
                    folder.migrations.push(Migration { version, name, bytes });
                }
                None => folder.strangers.push(file),
            }
        }
        folder.migrations.sort_by(|a, b| (a.version, &a.name).cmp(&(b.version, &b.name)));
        Ok(folder)
    }

    /// Returns the path of one of its files.
    pub fn place(&self, file: &str) -> String {
        format!("{}/{file}", self.path)
    }
}

pub fn audit(owner: &Owner) -> Vec<Finding> {
    let folder = &owner.folder;
    let mut found = Vec::new();
    if folder.migrations.is_empty() {
        found.push(Finding::new(
            format!("{}/", folder.path),
            "migrations/missing",
            format!("{} owns a database and has no migrations", owner.krate.package),
            format!("cargo xtask migrations new {} NAME", owner.krate.folder),
        ));
    }
    found.extend(folder.strangers.iter().map(|stranger| {
        Finding::new(
            folder.place(stranger),
            "migrations/name",
            "only files named NNNN_snake_case.sql belong here",
            "rename it, or move it out of the folder",
        )
    }));
    // Everything after the first wrong number is wrong for the same reason.
    let mut numbered = (1..).zip(&folder.migrations);
    if let Some((expected, migration)) = numbered.find(|(expected, one)| one.version != *expected) {
        let (version, file) = (migration.version, migration.file());
        let what = if version < expected { "is there twice" } else { "leaves a gap" };
        let (from, to) = (folder.place(&file), folder.place(&file_name(expected, &migration.name)));
        found.push(Finding::new(
            &from,
            "migrations/numbering",
            format!(
                "{version:04} {what}: versions go up from 0001 one by one, and this should be {expected:04}"
            ),
            format!("git mv {from} {to}"),
        ));
    }
    found.extend(folder.migrations.iter().filter_map(|migration| text(folder, migration)));
    found
}

/// Checks that a file's bytes are the same on every machine.
fn text(folder: &Folder, migration: &Migration) -> Option<Finding> {
    let bytes = &migration.bytes;
    let place = folder.place(&migration.file());
    let (rule, reason, fix) = if std::str::from_utf8(bytes).is_err() {
        let reason = "it is not UTF-8, and SQLite would read it differently from you";
        ("migrations/utf8", reason, "save it as UTF-8".to_owned())
    } else if bytes.starts_with(b"\xEF\xBB\xBF") {
        let reason = "it opens with a byte order mark, which would be part of its checksum";
        ("migrations/bom", reason, "save it as UTF-8 without BOM".to_owned())
    } else if bytes.contains(&b'\r') {
        let reason = "it has carriage returns: a checkout with LF would have another checksum";
        ("migrations/crlf", reason, format!("sed -i 's/\\r$//' {place}"))
    } else if !bytes.ends_with(b"\n") {
        let reason = "it does not end with a newline, which the next editor will add";
        ("migrations/newline", reason, format!("echo >> {place}"))
    } else {
        return None;
    };
    Some(Finding::new(place, rule, reason, fix))
}

//! Description of a database in one constant: names, kind, application id and migrations.

use std::borrow::Cow;

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType};

use crate::decisions::kind::DecisionKind;
use crate::form::TextForm;

/// Description of a database.
///
/// A store declares one `static` of this type. Opening, telemetry, status, checks, snapshots and
/// repair all work from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct DbSpec {
    /// Short name in telemetry and messages, such as `state`.
    pub label: &'static str,
    /// File name, such as `state_5.sqlite`. A schema change is a migration, never a new name.
    pub file_name: &'static str,
    /// Kind, which decides the durability of commits.
    pub kind: DbKind,
    /// `application_id` in the file's header. A file with another id is never written to.
    pub application_id: u32,
    /// All migrations in order. The position from 1 is the version.
    pub migrations: &'static [MigrationFile],
    /// Kinds of decisions that are kept in a file next to the database. Default: none.
    pub decisions: &'static [DecisionKind],
    /// Forms of texts that a check of the database looks for. Default: none.
    pub forms: &'static [TextForm],
}

/// Kind of a database by its origin, which decides if a commit waits for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DbKind {
    /// Can be rebuilt from other files: `synchronous=NORMAL`. A power cut may lose the last
    /// commits, never the file.
    ///
    /// Use [`Durability::Durable`](crate::Durability::Durable) for the few writes that cannot be
    /// rebuilt.
    Rebuildable,
    /// Exists nowhere else: `synchronous=FULL`, or `EXTRA` with a rollback journal. A commit
    /// survives a power cut.
    Durable,
}

/// A migration: a file of a `migrations/` folder, never edited after its release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MigrationFile {
    /// Number at the front of the file name, equal to its position from 1.
    pub version: i64,
    /// Rest of the file name, with its underscores.
    pub description: &'static str,
    /// Text of the file. Every database stores its SHA-384.
    pub sql: &'static str,
}

impl DbSpec {
    /// Describes a database. In a `static`, a mistake in the list is a compile error.
    ///
    /// # Panics
    ///
    /// If `application_id` is 0 (the value of unmarked SQLite files), a name is empty, the file
    /// name has a path separator, or a migration's version is not its position.
    #[must_use]
    pub const fn new(
        label: &'static str,
        file_name: &'static str,
        kind: DbKind,
        application_id: u32,
        migrations: &'static [MigrationFile],
    ) -> Self {
        assert!(application_id != 0, "application id 0 is every SQLite file's");
        assert!(!label.is_empty() && !file_name.is_empty(), "a database has a label and a file name");
        let name = file_name.as_bytes();
        let mut at = 0;
        while at < name.len() {
            assert!(name[at] != b'/' && name[at] != b'\\', "a file name is no path");
            at += 1;
        }
        let mut position = 0;
        while position < migrations.len() {
            assert!(
                migrations[position].version == position as i64 + 1,
                "a migration's number is its position, from 0001"
            );
            position += 1;
        }
        Self { label, file_name, kind, application_id, migrations, decisions: &[], forms: &[] }
    }

    /// Keeps the user's decisions of these kinds in a file next to the database. See
    /// [`DecisionKind`].
    #[must_use]
    pub const fn with_decisions(mut self, decisions: &'static [DecisionKind]) -> Self {
        self.decisions = decisions;
        self
    }

    /// Has checks of the database look for texts without these forms. Name only columns for which
    /// no index, constraint or decision does.
    #[must_use]
    pub const fn with_forms(mut self, forms: &'static [TextForm]) -> Self {
        self.forms = forms;
        self
    }

    /// Returns the newest version that this program knows; 0 when there are no migrations.
    #[must_use]
    pub const fn newest_version(&self) -> i64 {
        self.migrations.len() as i64
    }
}

impl MigrationFile {
    /// Makes a migration from a file's stem, such as `0001_threads`, and its text.
    ///
    /// # Panics
    ///
    /// If the stem is not four or more digits, an underscore and a name. In a `static` that is a
    /// compile error.
    #[must_use]
    pub const fn new(stem: &'static str, sql: &'static str) -> Self {
        let bytes = stem.as_bytes();
        let mut version = 0_i64;
        let mut digits = 0;
        while digits < bytes.len() && bytes[digits].is_ascii_digit() {
            version = version * 10 + (bytes[digits] - b'0') as i64;
            digits += 1;
        }
        assert!(digits >= 4, "a migration's name begins with four digits");
        assert!(
            bytes.len() > digits + 1 && bytes[digits] == b'_',
            "after the number come an underscore and a name"
        );
        let (_, description) = stem.split_at(digits + 1);
        Self { version, description, sql }
    }

    /// Returns the SHA-384 of the text, as `_sqlx_migrations.checksum` stores it.
    #[must_use]
    pub fn checksum(&self) -> Vec<u8> {
        self.to_migration().checksum.into_owned()
    }

    pub(crate) fn to_migration(self: &MigrationFile) -> Migration {
        Migration::new(
            self.version,
            Cow::Owned(self.description.replace('_', " ")),
            MigrationType::Simple,
            self.sql.into_sql_str(),
            false,
        )
    }
}

/// Lists migrations by the stems of their files in the calling crate's `migrations/` folder.
///
/// A store writes `migrations!["0001_notes", "0002_tags"]`, which expands to a
/// `[MigrationFile; N]`. [`DbSpec::new`] checks the numbers at compile time. The crate needs a
/// `build.rs` with `cargo:rerun-if-changed=migrations`. Tests give the text in place with
/// `=> text`, as in the crate's example.
#[macro_export]
macro_rules! migrations {
    ($($stem:literal),+ $(,)?) => {
        [$($crate::MigrationFile::new(
            $stem,
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/", $stem, ".sql")),
        )),+]
    };
    ($($stem:literal => $sql:expr),+ $(,)?) => {
        [$($crate::MigrationFile::new($stem, $sql)),+]
    };
}

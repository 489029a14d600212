//! Applied migrations of a database, compared with this program's.

use sqlx::sqlite::SqliteConnection;

use super::header::describe_foreign;
use crate::error::{DbError, OpenError};
use crate::paths::DbPaths;
use crate::spec::{DbSpec, MigrationFile};

/// sqlx's table of applied migrations.
pub(crate) const TABLE: &str = "_sqlx_migrations";

/// Identity and migrations of a database, read through SQLite and so with its log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Schema {
    pub(crate) application_id: u32,
    /// Compatibility floor: the oldest version that a program must know to use the file.
    pub(crate) user_version: i64,
    /// Number of tables, views, indexes and triggers.
    pub(crate) objects: i64,
    /// Version and checksum, in order of version.
    pub(crate) applied: Vec<(i64, Vec<u8>)>,
}

impl Schema {
    pub(crate) async fn read(connection: &mut SqliteConnection) -> Result<Self, sqlx::Error> {
        let (application_id, user_version, objects, migrated): (i64, i64, i64, bool) = sqlx::query_as(
            "SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version), \
             count(*), coalesce(sum(type = 'table' AND name = '_sqlx_migrations'), 0) > 0 FROM sqlite_schema",
        )
        .fetch_one(&mut *connection)
        .await?;
        let applied = if migrated {
            sqlx::query_as("SELECT version, checksum FROM _sqlx_migrations ORDER BY version")
                .fetch_all(connection)
                .await?
        } else {
            Vec::new()
        };
        // The header holds 32 bits that SQLite shows as signed.
        Ok(Self { application_id: application_id as u32, user_version, objects, applied })
    }

    /// Returns true if no program has written anything yet, this one included.
    pub(crate) fn is_blank(&self) -> bool {
        self.application_id == 0 && self.objects == 0 && self.user_version == 0
    }

    /// Returns why the database is not ours; `None` when it is.
    ///
    /// A first start is one transaction, and migrations are only ever added. So a database of ours
    /// with any table has the oldest migration, whatever version made it.
    fn mismatch(&self, spec: &DbSpec) -> Option<String> {
        if self.application_id != spec.application_id {
            return Some(describe_foreign(self.application_id));
        }
        let is_ours = self.objects == 0 || self.pending(spec).len() < spec.migrations.len();
        (!is_ours)
            .then(|| "a SQLite database with our application id, and tables of another program".to_owned())
    }

    /// Refuses a schema that this program must not use.
    pub(crate) fn check(&self, spec: &DbSpec, paths: &DbPaths) -> Result<(), OpenError> {
        let path = || paths.database.clone();
        if let Some(found) = self.mismatch(spec) {
            return Err(OpenError::Foreign { path: path(), label: spec.label, found });
        }
        if self.user_version > spec.newest_version() {
            let (needs, knows) = (self.user_version, spec.newest_version());
            return Err(DbError::Newer { path: path(), needs, knows }.into());
        }
        match self.mismatches(spec).first() {
            // Every line of releases begins with the same first migration.
            Some(1) => Err(OpenError::Development(path())),
            Some(&version) => Err(OpenError::Checksum { path: path(), version }),
            None => Ok(()),
        }
    }

    /// Lists this program's migrations that are not applied.
    pub(crate) fn pending(&self, spec: &DbSpec) -> Vec<&'static MigrationFile> {
        spec.migrations.iter().filter(|migration| self.checksum(migration.version).is_none()).collect()
    }

    /// Lists the versions that are applied with another checksum.
    pub(crate) fn mismatches(&self, spec: &DbSpec) -> Vec<i64> {
        let differs = |migration: &&MigrationFile| {
            self.checksum(migration.version).is_some_and(|applied| applied != migration.checksum())
        };
        spec.migrations.iter().filter(differs).map(|migration| migration.version).collect()
    }

    /// Lists the applied versions that this program does not know.
    pub(crate) fn unknown(&self, spec: &DbSpec) -> Vec<i64> {
        let known = |version: i64| spec.migrations.iter().any(|migration| migration.version == version);
        self.applied.iter().map(|(version, _)| *version).filter(|version| !known(*version)).collect()
    }

    /// Returns the newest applied version; 0 for none.
    pub(crate) fn version(&self) -> i64 {
        self.applied.last().map_or(0, |(version, _)| *version)
    }

    fn checksum(&self, version: i64) -> Option<&[u8]> {
        let at = self.applied.binary_search_by_key(&version, |(applied, _)| *applied).ok()?;
        self.applied.get(at).map(|(_, checksum)| checksum.as_slice())
    }
}

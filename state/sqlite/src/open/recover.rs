//! Makes a lost or damaged database again: from its newest snapshot or empty, and in any case with
//! the user's decisions.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

use sqlx::{Connection as _, Executor as _};

use super::aside::move_aside;
use super::connect::{Access, connect};
use super::examine::examine;
use super::header::{Content, content};
use super::lock::FileLock;
use super::schema::Schema;
use super::seal::Check;
use super::{Opening, seal};
use crate::database::Database;
use crate::database::durability::Durability;
use crate::database::retry::Retry;
use crate::decisions::file::Latest;
use crate::decisions::salvage;
use crate::error::{DbError, OpenError};
use crate::options::{JournalMode, OpenOptions};
use crate::paths::{DbPaths, beside};
use crate::recovery::Recovery;
use crate::spec::DbSpec;
use crate::system::regular_file::{has_content, sync_folder};
use crate::system::{file_system, holders, kept_handle};

/// Largest number of bits in which a damaged application id may differ from ours.
const MOST_BITS: u32 = 8;

/// Bytes at the beginning of a file that show whether it is a text.
const PAGE: usize = 4096;

/// Bytes in a row that a damaged checksum still has of ours, perhaps at another place. The checksum
/// of another migration has no such row.
const LEAST_COMMON: usize = 8;

impl Opening<'_> {
    /// Returns true if this error means that our database is damaged, and not that something else
    /// is in its place. Asked only for a database that is not sealed and that no process has open.
    pub(super) async fn is_damage(&self, error: &OpenError) -> bool {
        let was_ours = seal::exists(&self.paths) || self.paths.decisions.exists();
        match error {
            OpenError::Database(DbError::Corrupt(..)) => true,
            _ if !was_ours => false,
            OpenError::ForeignLog { .. }
            | OpenError::Migration { .. }
            | OpenError::Database(DbError::Statement(..)) => true,
            OpenError::Foreign { .. } => !self.is_of_another_program(),
            OpenError::Database(DbError::Newer { .. }) => !self.is_newer().await,
            OpenError::Checksum { .. } | OpenError::Development(_) => !self.is_another_build().await,
            _ => false,
        }
    }

    /// Returns true if the file begins with a text: neither most of a header nor one byte repeated,
    /// which a disk makes of a page.
    fn is_text(&self) -> bool {
        const MAGIC: &[u8] = b"SQLite format 3\0";
        let begin = kept_handle::read(&self.paths.database, 0, PAGE).unwrap_or_default();
        let same = begin.iter().zip(MAGIC).filter(|(byte, magic)| byte == magic).count();
        let is_header = same * 2 >= begin.len().min(MAGIC.len());
        let is_worn = begin.iter().all(|byte| *byte == begin[0]);
        let is_utf8 = std::str::from_utf8(&begin).is_ok_and(|text| !text.contains('\0'));
        is_utf8 && !is_header && !is_worn
    }

    /// Returns true if what is there was never ours: a database with quite another application id,
    /// or a text. Other bytes are what damage leaves of a database.
    fn is_of_another_program(&self) -> bool {
        match content(&self.paths.database) {
            Ok(Content::Sqlite(header)) => {
                let differs = header.application_id ^ self.spec.application_id;
                differs.count_ones() > MOST_BITS
            }
            _ => self.is_text(),
        }
    }

    /// Returns true if a migration of a newer program is applied, as a raised floor says.
    async fn is_newer(&self) -> bool {
        let is_raised = |schema: Schema| schema.user_version > 0 && schema.version() >= schema.user_version;
        self.schema().await.is_some_and(is_raised)
    }

    /// Returns true if an applied migration is quite another one. Damage changes a byte or two of a
    /// checksum, or moves its row's columns.
    async fn is_another_build(&self) -> bool {
        let Some(schema) = self.schema().await else { return false };
        self.spec.migrations.iter().any(|ours| {
            let theirs = schema.applied.iter().find(|(version, _)| *version == ours.version);
            theirs.is_some_and(|(_, theirs)| is_another(&ours.checksum(), theirs))
        })
    }

    async fn schema(&self) -> Option<Schema> {
        let (path, timeout) = (&self.paths.database, self.options.busy_timeout);
        let mut connection = connect(self.spec, path, timeout, Access::Immutable).await.ok()?;
        let schema = Schema::read(&mut connection).await.ok();
        let _ = connection.close().await;
        schema
    }

    /// Moves the damaged or empty database aside, if there is one, and makes it again. Waits for
    /// other processes that have it open. Returns `None` if one of them still has, or has put a new
    /// file in its place since it was looked at.
    ///
    /// The new database is made under another name, and takes its place when it is whole. So a
    /// killed recovery leaves no database, and the next opening begins it again.
    pub(super) async fn recover(
        &mut self,
        damage: String,
        seen: Option<(u64, u64)>,
    ) -> Result<Option<Database>, OpenError> {
        let mut retry = Retry::new(self.options.busy_timeout);
        let lock = loop {
            let lock = match FileLock::acquire(&self.paths.lock, self.options.lock_timeout).await {
                // It cannot be made again here, and the damage is what a user must know.
                Err(OpenError::Database(DbError::Io { .. })) => {
                    let path = self.paths.database.clone();
                    let found = damage.strip_prefix(&*path.to_string_lossy()).map(|rest| format!("it{rest}"));
                    return Err(DbError::Corrupt(path, found.unwrap_or(damage).into()).into());
                }
                lock => lock?,
            };
            if self.identity() != seen {
                return Ok(None);
            }
            if !seal::is_in_use(&self.paths) {
                break lock;
            }
            drop(lock);
            if !retry.again().await {
                return Ok(None);
            }
        };
        let moved_to = move_aside(&self.paths)?;
        seal::break_open(&self.paths);
        let mut recovery = self.make(moved_to.as_deref()).await?;
        drop(lock);
        recovery.damage = Some(damage);
        recovery.moved_to = moved_to;
        let found = self.look().await?;
        let mut database = self.writable(found).await?;
        database.recovery = Some(recovery);
        Ok(Some(database))
    }

    /// Makes the database in a new file, which takes its place at the end.
    async fn make(&self, moved_to: Option<&Path>) -> Result<Recovery, OpenError> {
        let Self { spec, paths: place, options, .. } = self;
        let (lock, decisions) = (place.lock.clone(), place.decisions.clone());
        let new = DbPaths { lock, decisions, ..DbPaths::at(&beside(&place.database, ".recovering")) };
        for left in [&new.database, &new.wal, &new.shm, &new.journal] {
            let _ = std::fs::remove_file(left);
        }
        let mut making = Opening { spec, paths: new.clone(), options, phase: "recover" };
        let snapshot = self.copy_snapshot(&new.database).await;
        let of_folder = || JournalMode::for_file_system(file_system::of(&place.folder));
        let (mut connection, journal) = making.prepare(options.journal.unwrap_or_else(of_folder)).await?;
        // The whole file is synced once, before it takes its place.
        let unsynced = connection.execute("PRAGMA synchronous = OFF").await;
        unsynced.map_err(|error| DbError::sqlx(&new, options.busy_timeout, error))?;
        let database = making.opened(journal, connection);
        let salvaged = match self.readable(moved_to, snapshot.as_deref()) {
            Some(damaged) => salvage::read(spec, &damaged).await,
            None => Latest::default(),
        };
        let recovery = database.take_over(salvaged).await?;
        database.end(Some(Check::AtClosing)).await?;
        let failed = |error| DbError::io("put in place", &place.database, error);
        if has_content(&new.wal) {
            return Err(failed(std::io::ErrorKind::ResourceBusy.into()).into());
        }
        // Copies from before the upgrade of the snapshot, which is still there.
        for copy in new.snapshots().unwrap_or_default() {
            let _ = std::fs::remove_file(copy.path);
        }
        File::open(&new.database).and_then(|file| file.sync_all()).map_err(failed)?;
        std::fs::rename(&new.database, &place.database).map_err(failed)?;
        sync_folder(&place.database).map_err(failed)?;
        Ok(Recovery { snapshot, ..recovery })
    }

    /// Returns the damaged database whose readable decisions are newer than all others. It was
    /// just moved aside, or a killed recovery moved it.
    fn readable(&self, moved_to: Option<&Path>, snapshot: Option<&Path>) -> Option<PathBuf> {
        if let Some(moved) = moved_to.filter(|moved| has_content(moved)) {
            return Some(moved.to_owned());
        }
        let damaged = self.paths.damaged().ok()?.into_iter().next()?;
        let time = |path: &Path| std::fs::metadata(path).and_then(|file| file.modified()).ok();
        let is_older = snapshot.is_some_and(|snapshot| time(&damaged) < time(snapshot));
        (!is_older).then_some(damaged)
    }

    /// Returns the file in the database's place: another process that has made it again has put
    /// another there.
    pub(super) fn identity(&self) -> Option<(u64, u64)> {
        let found = std::fs::metadata(&self.paths.database).ok()?;
        #[cfg(unix)]
        return Some((
            std::os::unix::fs::MetadataExt::dev(&found),
            std::os::unix::fs::MetadataExt::ino(&found),
        ));
        #[cfg(not(unix))]
        return Some((found.len(), 0));
    }

    /// Copies the newest sound snapshot to a new file. Returns the snapshot.
    async fn copy_snapshot(&self, to: &Path) -> Option<PathBuf> {
        for snapshot in self.paths.snapshots().unwrap_or_default() {
            let snapshot = snapshot.path;
            let paths = DbPaths::at(&snapshot);
            let timeout = self.options.busy_timeout;
            let Ok(mut connection) = connect(self.spec, &snapshot, timeout, Access::Immutable).await else {
                continue;
            };
            let examined = examine(&mut connection, self.spec, &paths).await;
            let _ = connection.close().await;
            if examined.is_ok() && std::fs::copy(&snapshot, to).is_ok() {
                return Some(snapshot);
            }
            let _ = std::fs::remove_file(to);
        }
        None
    }
}

impl Database {
    /// Makes a database again, whatever state it is in. `open` keeps other processes from doing the
    /// same until it is known which file is meant. Returns `None` if one of them did it afterwards.
    pub(crate) async fn make_again(
        spec: &'static DbSpec,
        folder: &Path,
        options: &OpenOptions,
        damage: &str,
        open: Option<Self>,
    ) -> Result<Option<Self>, OpenError> {
        let paths = DbPaths::new(spec, folder);
        let mut opening = Opening { spec, paths, options, phase: "recover" };
        let seen = opening.identity();
        if let Some(open) = open {
            open.end(None).await?;
        }
        let begun = Instant::now();
        let made = opening.recover(damage.to_owned(), seen).await?;
        if made.is_none() && opening.identity() == seen {
            let (path, holder) = (opening.paths.database.clone(), holders::of_database(&opening.paths));
            return Err(DbError::Busy { path, holder, waited: begun.elapsed() }.into());
        }
        Ok(made)
    }

    /// Stores the decisions of the file and, where they are not in it, the decisions that were
    /// salvaged from the damaged database.
    async fn take_over(&self, mut salvaged: Latest) -> Result<Recovery, DbError> {
        let Some(decisions) = self.inner.decisions() else { return Ok(Recovery::default()) };
        // The file is on the disk, and the database takes its place only when it is there, too.
        let mut tx = self.begin(Durability::Usual).await?;
        let content = decisions.inherit(tx.conn()).await?;
        let is_complete = content.damaged == 0 && (content.head.is_some() || content.last() > 0);
        let (last, lines) = (content.last(), content.lines.len());
        let has_withdrawn_words = content.has_withdrawn_words();
        let mut ours = content.latest(0);
        if is_complete {
            // What the file does not have was withdrawn, or is itself damage.
            salvaged.retain(|key, _| ours.get(key).is_some_and(Option::is_some));
        }
        let further = salvaged.keys().filter(|key| !ours.contains_key(*key)).count();
        let kept = ours.values().flatten().count();
        if is_complete {
            // A snapshot may have decisions that were withdrawn later.
            for key in decisions.keys(tx.conn()).await? {
                ours.entry(key).or_insert(None);
            }
        }
        let refused = decisions.fill(tx.conn(), [salvaged, ours]).await?;
        // Most lines of the file still hold.
        let is_short = lines <= 1000 + 4 * kept;
        if is_complete && is_short && refused == 0 && !has_withdrawn_words {
            decisions.know_all(tx.conn(), last, kept).await?;
        } else {
            decisions.rewrite(tx.conn(), last).await?;
        }
        tx.commit().await?;
        Ok(Recovery { decisions: kept, salvaged: further, refused, is_complete, ..Recovery::default() })
    }
}

/// Returns true if a checksum is that of another migration, and not what damage left of ours.
fn is_another(ours: &[u8], theirs: &[u8]) -> bool {
    let is_kept = |row| theirs.windows(LEAST_COMMON).any(|other| other == row);
    ours.len() == theirs.len() && !ours.windows(LEAST_COMMON).any(is_kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_checksum_is_not_another_migrations() {
        let ours: Vec<u8> = (0..48).map(|n| n * 5).collect();
        let other: Vec<u8> = (0..48).map(|n| 255 - n).collect();
        assert!(is_another(&ours, &other));
        assert!(!is_another(&ours, &ours));
        let mut worn = ours.clone();
        for n in [3, 12, 27, 40] {
            worn[n] ^= 0xff;
        }
        assert!(!is_another(&ours, &worn));
        let moved = [&[1, 2, 3], &ours[..45]].concat();
        assert!(!is_another(&ours, &moved));
        assert!(!is_another(&ours, &ours[1..]), "no migration has a shorter one");
    }
}

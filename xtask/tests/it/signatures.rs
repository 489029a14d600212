//! No public signature shows a hidden crate, however it is spelt.

use insta::assert_snapshot;

use crate::fixture::Fixture;

#[test]
fn whatever_is_public_shows() {
    let house = Fixture::new();
    house.append(
        "state/src/lib.rs",
        r#"
use sqlx::{SqlitePool, sqlite::SqliteRow as Row};
type Quiet = sqlx::Error;
pub fn by_path() -> Result<(), sqlx::Error> { Ok(()) }
pub fn by_import(pool: &SqlitePool) {}
pub fn by_other_name(rows: Vec<Row>) {}
pub fn by_private_alias(error: Quiet) {}
pub fn by_bound<E: sqlx::Executor>(e: E) {}
pub fn by_impl() -> impl Iterator<Item = gix_hash::ObjectId> { [].into_iter() }
pub fn by_reexport() -> threadkeep_sqlite::sqlx::Pool { todo() }
pub struct Fields { pub pool: SqlitePool, hidden: SqlitePool }
pub struct Tuple(pub gix::Repository);
pub enum Error { Backend(sqlx::Error), Other { why: anyhow::Error } }
pub trait Store { fn pool(&self) -> &SqlitePool; }
pub type Result<T> = anyhow::Result<T>;
pub use sqlx::Sqlite;
pub use gix::*;
impl From<sqlx::Error> for Error { fn from(e: sqlx::Error) -> Self { Self::Backend(e) } }
impl Fields { pub fn row(&self) -> Row { todo() } }
pub mod inner { pub static POOL: Option<rusqlite::Connection> = None; }
"#,
    );
    assert_snapshot!(house.layers(), @r"
    state/src/lib.rs:11 [layers/signatures]
        `Result` shows a type of `anyhow` to every caller of threadkeep-state
        → take or return a type of this crate; an error's cause is `Box<dyn Error + Send + Sync>`
    state/src/lib.rs:11 [layers/signatures]
        `sqlx::Error` shows a type of `sqlx` to every caller of threadkeep-state
        → take or return a type of this crate; an error's cause is `Box<dyn Error + Send + Sync>`
    state/src/lib.rs:12 [layers/signatures]
        `SqlitePool` shows a type of `sqlx` to every caller of threadkeep-state
        → take or return a type of this crate; an error's cause is `Box<dyn Error + Send + Sync>`
    state/src/lib.rs:13 [layers/signatures]
        `Row` shows a type of `sqlx` to every caller of threadkeep-state
        → take or return a type of this crate; an error's cause is `Box<dyn Error + Send + Sync>`
    state/src/lib.rs:14 [layers/signatures]
        `Quiet` shows a type of `sqlx` to every caller of threadkeep-state
        → take or return a type of this crate; an error's cause is `Box<dyn Error + Send + Sync>`
    state/src/lib.rs:15 [layers/signatures]
        `sqlx::Executor` shows a type of `sqlx` to every caller of threadkeep-state
        → take or return a type of this crate; an error's cause is `Box<dyn Error + Send + Sync>`
    state/src/lib.rs:16 [layers/signatures]
        `gix_hash::ObjectId` shows a type of `gix` to every caller of threadkeep-state
        → take or return a type of this crate; an error's cause is `Box<dyn Error + Send + Sync>`
    state/src/lib.rs:17 [layers/signatures]
        `threadkeep_sqlite::sqlx::Pool` shows a type of `sqlx` to every caller of threadkeep-state
        → take or return a type of this crate; an error's cause is `Box<dyn Error + Send + Sync>`
    state/src/lib.rs:18 [layers/signatures]
        `SqlitePool` shows a type of `sqlx` to every caller of threadkeep-state
        → take or return a type of this crate; an error's cause is `Box<dyn Error + Send + Sync>`
    state/src/lib.rs:19 [layers/signatures]
        `gix::Repository` shows a type of `gix` to every caller of threadkeep-state
        → take or return a type of this crate; an error's cause is `Box<dyn Error + Send + Sync>`
    state/src/lib.rs:20 [layers/signatures]
        `anyhow::Error` shows a type of `anyhow` to every caller of threadkeep-state
        → take or return a type of this crate; an error's cause is `Box<dyn Error + Send + Sync>`
    state/src/lib.rs:20 [layers/signatures]
        `sqlx::Error` shows a type of `sqlx` to every caller of threadkeep-state
        → take or return a type of this crate; an error's cause is `Box<dyn Error + Send + Sync>`
    state/src/lib.rs:21 [layers/signatures]
        `SqlitePool` shows a type of `sqlx` to every caller of threadkeep-state
        → take or return a type of this crate; an error's cause is `Box<dyn Error + Send + Sync>`
    state/src/lib.rs:22 [layers/signatures]
        `anyhow::Result` shows a type of `anyhow` to every caller of threadkeep-state
        → take or return a type of this crate; an error's cause is `Box<dyn Error + Send + Sync>`
    state/src/lib.rs:23 [layers/signatures]
        `pub use sqlx::Sqlite` shows a type of `sqlx` to every caller of threadkeep-state
        → take or return a type of this crate; an error's cause is `Box<dyn Error + Send + Sync>`
    state/src/lib.rs:24 [layers/signatures]
        `pub use gix::*` shows a type of `gix` to every caller of threadkeep-state
        → take or return a type of this crate; an error's cause is `Box<dyn Error + Send + Sync>`
    state/src/lib.rs:25 [layers/signatures]
        `sqlx::Error` shows a type of `sqlx` to every caller of threadkeep-state
        → take or return a type of this crate; an error's cause is `Box<dyn Error + Send + Sync>`
    state/src/lib.rs:26 [layers/signatures]
        `Row` shows a type of `sqlx` to every caller of threadkeep-state
        → take or return a type of this crate; an error's cause is `Box<dyn Error + Send + Sync>`
    state/src/lib.rs:27 [layers/signatures]
        `rusqlite::Connection` shows a type of `rusqlite` to every caller of threadkeep-state
        → take or return a type of this crate; an error's cause is `Box<dyn Error + Send + Sync>`
    ");
}

#[test]
fn what_nobody_can_see_may_be_anything() {
    let house = Fixture::new();
    house.append(
        "state/src/lib.rs",
        r#"
use sqlx::SqlitePool;
pub struct Store { pool: SqlitePool }
pub(crate) struct Inner { pub pool: SqlitePool }
struct Cause(sqlx::Error);
pub(crate) fn open() -> Result<SqlitePool, sqlx::Error> { todo() }
impl Inner { pub fn pool(&self) -> &SqlitePool { &self.pool } }
impl Store { pub(crate) fn pool(&self) -> &SqlitePool { &self.pool } fn new(pool: SqlitePool) -> Self { todo() } }
impl From<sqlx::Error> for Cause { fn from(e: sqlx::Error) -> Self { Self(e) } }
trait Ext { fn row(&self) -> sqlx::Row; }
impl Ext for Store { fn row(&self) -> sqlx::Row { todo() } }
/// Not even [`sqlx::Pool`] in a comment.
pub fn list(store: &Store) -> u32 { let pool: &sqlx::SqlitePool = &store.pool; 0 }
pub trait Count { fn count(&self) -> u32 { let pool: &sqlx::SqlitePool = todo(); 0 } }
mod detail { pub(crate) fn f() -> sqlx::Error { todo() } }
#[cfg(test)]
pub mod tests { pub fn pool() -> sqlx::SqlitePool { todo() } }
"#,
    );
    assert_eq!(house.layers(), "");
}

#[test]
fn the_plumbing_may_show_sqlx_and_nothing_else() {
    let house = Fixture::new();
    house.append(
        "state/sqlite/src/lib.rs",
        "pub fn pool() -> sqlx::SqlitePool { loop {} }\npub fn error() -> anyhow::Error { loop {} }\n",
    );
    assert_snapshot!(house.layers(), @r"
    state/sqlite/src/lib.rs:8 [layers/signatures]
        `anyhow::Error` shows a type of `anyhow` to every caller of threadkeep-sqlite
        → take or return a type of this crate; an error's cause is `Box<dyn Error + Send + Sync>`
    ");
}

#[test]
fn what_is_not_rust_is_an_error() {
    let house = Fixture::new();
    house.append("backfill/src/lib.rs", "fn broken( {}\n");
    assert_snapshot!(house.layers(), @"error: the source could not be parsed: backfill/src/lib.rs:7:10: cannot parse string into token stream");
}

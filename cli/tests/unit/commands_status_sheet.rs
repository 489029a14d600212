//! Tests of `commands/status/sheet.rs`, next to which its private items are in scope.

use threadkeep_sqlite::{Database, DbSpec, MigrationFile, OpenOptions, inspect};
use threadkeep_state::STATE_DB;

use super::*;

#[tokio::test]
async fn a_migration_of_a_newer_threadkeep_is_no_trouble() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let known = STATE_DB.migrations.len();
    let name: &'static str = format!("{:04}_added", known + 1).leak();
    let added = MigrationFile::new(name, "CREATE TABLE added (id INTEGER PRIMARY KEY) STRICT");
    let mut newer: DbSpec = STATE_DB;
    newer.migrations = Box::leak([STATE_DB.migrations, &[added]].concat().into_boxed_slice());
    let newer: &'static DbSpec = Box::leak(Box::new(newer));
    Database::open(newer, folder.path(), &OpenOptions::new()).await?.close().await?;

    let database = inspect(&STATE_DB, folder.path()).await;
    let screen = Screen::new(&crate::args::Global::default());
    assert_eq!(
        state_of(&database, None, &screen),
        paint(GREEN, "usable; a newer threadkeep has added to it")
    );
    let schema = schema_of(&database).unwrap_or_default();
    assert_eq!(schema, format!("version {}, this one knows {known}", known + 1));
    Ok(())
}

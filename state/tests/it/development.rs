//! Databases that a development version from before the first release made.

use std::fs;

use threadkeep_sqlite::{Database, DbSpec, ErrorClass, MigrationFile, OpenOptions, StoreError, migrations};
use threadkeep_state::{DATABASES, StateOptions, StateRuntime};

use crate::common::{Result, id};

/// First migrations of such a version, by the label of their database.
fn development(label: &str) -> &'static [MigrationFile] {
    static THREADS: [MigrationFile; 1] = migrations![
        "0001_threads" => "CREATE TABLE threads (id TEXT NOT NULL PRIMARY KEY, title TEXT) STRICT; \
            CREATE TABLE deleted_threads (thread_id TEXT NOT NULL PRIMARY KEY) STRICT;"
    ];
    static GOALS: [MigrationFile; 1] = migrations![
        "0001_goals" => "CREATE TABLE thread_goals (thread_id TEXT NOT NULL PRIMARY KEY, objective TEXT) STRICT;"
    ];
    static LOGS: [MigrationFile; 1] = migrations![
        "0001_logs" => "CREATE TABLE log_rows (place INTEGER PRIMARY KEY, message TEXT NOT NULL) STRICT;"
    ];
    static HISTORY: [MigrationFile; 1] = migrations![
        "0001_history" => "CREATE TABLE history_files (path TEXT NOT NULL PRIMARY KEY) STRICT;"
    ];
    match label {
        "state" => &THREADS,
        "goals" => &GOALS,
        "history" => &HISTORY,
        _ => &LOGS,
    }
}

#[tokio::test]
async fn a_database_of_a_development_version_is_refused_untouched() -> Result {
    for database in DATABASES {
        let folder = tempfile::tempdir()?;
        let DbSpec { label, file_name, kind, application_id, .. } = **database;
        let old = DbSpec::new(label, file_name, kind, application_id, development(label));
        let old: &'static DbSpec = Box::leak(Box::new(old));
        Database::open(old, folder.path(), &OpenOptions::new()).await?.close().await?;
        let before = fs::read(folder.path().join(file_name))?;

        let opened = StateRuntime::open(&StateOptions::new(folder.path())).await;
        let class = match (label, &opened) {
            ("state", opened) => opened.as_ref().err().and_then(StoreError::class),
            ("goals", Ok(state)) => {
                state.thread_goals().get(id(1)).await.err().and_then(|error| error.class())
            }
            ("history", Ok(state)) => state.history().indexed().await.err().and_then(|error| error.class()),
            (_, Ok(state)) => state.logs().inventory().await.err().and_then(|error| error.class()),
            (_, Err(_)) => None,
        };
        assert_eq!(class, Some(ErrorClass::Checksum), "{label}");
        assert_eq!(fs::read(folder.path().join(file_name))?, before, "{label}");
    }
    Ok(())
}

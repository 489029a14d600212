//! The database file: name, application id, migrations.

use threadkeep_sqlite::{DbKind, DbSpec, migrations};

/// Description of the logs' database.
pub static LOGS_DB: DbSpec = DbSpec::new(
    "logs",
    "logs_2.sqlite",
    DbKind::Rebuildable,
    // Threadkeep, logs.
    u32::from_be_bytes(*b"TKlg"),
    &migrations!["0001_logs"],
);

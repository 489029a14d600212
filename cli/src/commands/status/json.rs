//! The facts of `status` for programs.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use threadkeep_app::settings::Problem;
use threadkeep_backfill::ProgressState;
use threadkeep_doctor::facts::is_over;
use threadkeep_sqlite::{DbStatus, JournalMode, Snapshot, Taken, sqlite_version};

use super::figures;
use super::report::{Report, application_id, status_word};
use crate::commands::problems::PlaceProblem;
use crate::output::json::{at, ms};

impl Report {
    /// Returns all facts as one document.
    pub(super) fn document(&self) -> Value {
        let facts = &self.facts;
        let contents = facts.contents.as_ref().ok().and_then(Option::as_ref);
        json!({
            "home": self.dirs.home.display().to_string(),
            "home_error": facts.home_fault.as_ref().map(ToString::to_string),
            "sqlite_home": self.dirs.sqlite_home.display().to_string(),
            "sqlite_version": sqlite_version(),
            "obstacle": facts.obstacle,
            "config": json!({
                "path": self.config.path.display().to_string(),
                "exists": self.config.exists,
                "problems": self.config.problems.iter().map(Problem::json).collect::<Vec<_>>(),
            }),
            "databases": facts.databases.iter().map(|database| self.json_of_database(database)).collect::<Vec<_>>(),
            "index_error": facts.contents.as_ref().err().map(ToString::to_string),
            "backfill": contents.map(|contents| json_of_progress(&contents.progress)),
            "inventory": contents.map(|contents| contents.inventory),
            "others": contents.map(|contents| {
                let others = contents.others().map(|(kind, number)| (kind.as_str().to_owned(), number.into()));
                others.collect::<Map<_, Value>>()
            }),
            "goals": figures::json_of_goals(facts),
            "logs": figures::json_of_logs(facts),
            "history": figures::json_of_history(facts),
            "problems": contents
                .map(|_| self.problems.iter().map(PlaceProblem::json).collect::<Vec<_>>()),
        })
    }

    fn json_of_database(&self, database: &DbStatus) -> Value {
        let decisions = self.facts.decisions_of(database.label);
        json!({
            "label": database.label,
            "path": database.paths.database.display().to_string(),
            "enabled": self.is_enabled(database),
            "state": database.state.as_str(),
            "detail": database.state.detail(),
            "size": database.size,
            "wal_size": database.wal_size,
            "journal_mode": database.journal.map(JournalMode::as_str),
            "application_id": database.application_id,
            "application_id_ok": database.application_id.map(|found| Some(found) == application_id(database)),
            "file_system": database.file_system.as_str(),
            "writable": database.writable,
            "schema": database.schema,
            "decisions": decisions.map(|found| json!({
                "in_database": found.in_database,
                "in_file": found.in_file,
                "different": found.different,
                "damaged_lines": found.damaged_lines,
            })),
            "snapshots": database.snapshots.iter().map(json_of_snapshot).collect::<Vec<_>>(),
        })
    }
}

fn json_of_snapshot(snapshot: &Snapshot) -> Value {
    let (time, version) = match snapshot.taken {
        Taken::At(time) => (Some(time), None),
        Taken::BeforeUpgrade(version) => (None, Some(version)),
    };
    json!({
        "path": snapshot.path.display().to_string(),
        "taken_at": at(time),
        "taken_at_ms": ms(time),
        "before_version": version,
    })
}

fn json_of_progress(progress: &ProgressState) -> Value {
    let lease = progress.lease.as_ref().map(|lease| {
        json!({
            "owner": lease.owner,
            "is_over": is_over(lease, Timestamp::now()),
            "expires_at": at(lease.expires_at),
            "expires_at_ms": ms(lease.expires_at),
        })
    });
    json!({
        "status": status_word(progress.status),
        "watermark": progress.watermark,
        "last_success_at": at(progress.last_success_at),
        "last_success_at_ms": ms(progress.last_success_at),
        "lease": lease,
    })
}

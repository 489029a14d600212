//! `status`: the two directories, the databases, and how far the index is. Changes not one byte.

use jiff::Timestamp;
use serde_json::{Value, json};
use threadkeep_backfill::{Progress as _, ProgressState, Status as BackfillStatus};
use threadkeep_rollout::AgentHome;
use threadkeep_sqlite::{DbState, DbStatus, inspect, sqlite_version};
use threadkeep_state::{DATABASES, Inventory};

use super::problems::{self, PlaceProblem};
use crate::exit::{Code, Fault};
use crate::homes::Homes;
use crate::index;
use crate::output::color::{DIM, GREEN, RED, YELLOW, paint};
use crate::output::sheet::Sheet;
use crate::output::text::{bytes, clean, count, things};
use crate::output::time::Clock;
use crate::output::{Answer, Screen, json::put_time};

/// Everything there is to say about the state of things.
pub(super) struct Status {
    homes: Homes,
    /// What is wrong with the agent's home.
    home_fault: Option<Fault>,
    databases: Vec<(DbStatus, u32)>,
    contents: Result<Option<Contents>, Fault>,
}

/// What a healthy index says of itself.
struct Contents {
    progress: ProgressState,
    inventory: Inventory,
    problems: Vec<PlaceProblem>,
}

/// Looks at everything. Whatever is wrong is the answer.
pub(super) async fn status(homes: &Homes) -> Status {
    let home_fault = AgentHome::open(&homes.home).err().map(|error| Fault::of(&error.into(), false));
    let mut databases = Vec::new();
    for spec in DATABASES {
        databases.push((inspect(spec, &homes.sqlite_home).await, spec.application_id));
    }
    let is_healthy = databases.iter().all(|(database, _)| database.state == DbState::Current);
    let contents = if is_healthy {
        contents(homes).await.map(Some).map_err(|error| Fault::of(&error, false))
    } else {
        Ok(None)
    };
    Status { homes: homes.absolute(), home_fault, databases, contents }
}

async fn contents(homes: &Homes) -> anyhow::Result<Contents> {
    let state = index::read_only(homes).await?;
    let progress = state.backfill_progress().state().await.map_err(anyhow::Error::from_boxed)?;
    let contents = Contents {
        progress,
        inventory: state.inventory().await?,
        problems: problems::remembered(&state).await?,
    };
    state.close().await?;
    Ok(contents)
}

/// Whether a database keeps threadkeep from working until someone does something.
fn is_trouble(state: &DbState) -> bool {
    !matches!(state, DbState::Missing | DbState::Current | DbState::Pending)
}

impl Answer for Status {
    fn json(&self) -> Value {
        let contents = self.contents.as_ref().ok().and_then(Option::as_ref);
        json!({
            "home": self.homes.home.display().to_string(),
            "home_error": self.home_fault.as_ref().map(|fault| &fault.message),
            "sqlite_home": self.homes.sqlite_home.display().to_string(),
            "sqlite_version": sqlite_version(),
            "databases": self.databases.iter().map(json_of_database).collect::<Vec<_>>(),
            "index_error": self.contents.as_ref().err().map(|fault| &fault.message),
            "backfill": contents.map(|contents| json_of_progress(&contents.progress)),
            "inventory": contents.map(|contents| json_of_inventory(&contents.inventory)),
            "problems": contents
                .map(|contents| contents.problems.iter().map(PlaceProblem::json).collect::<Vec<_>>()),
        })
    }

    fn text(&self, screen: &Screen) -> String {
        let clock = Clock::system();
        let mut sheet = Sheet::default();
        sheet.row("home", clean(&self.homes.home.display().to_string()));
        if let Some(fault) = &self.home_fault {
            sheet.row("", paint(RED, &clean(&fault.message)));
            sheet.maybe("", fault.hint.as_deref().map(|hint| paint(DIM, &clean(hint))));
        }
        sheet.row("SQLite home", clean(&self.homes.sqlite_home.display().to_string()));
        sheet.row("SQLite", sqlite_version());
        for (database, application_id) in &self.databases {
            add_database(&mut sheet, database, *application_id);
        }
        match &self.contents {
            Ok(None) => {}
            Ok(Some(contents)) => add_contents(&mut sheet, contents, &clock),
            Err(fault) => {
                sheet.heading("index");
                sheet.row("state", paint(RED, &clean(&fault.message)));
            }
        }
        let mut text = sheet.render(screen);
        if let Ok(Some(contents)) = &self.contents
            && !contents.problems.is_empty()
        {
            text.push_str(&problems::render(&contents.problems, screen));
        }
        text
    }

    fn code(&self) -> Code {
        let trouble = self.databases.iter().any(|(database, _)| is_trouble(&database.state));
        if trouble || self.home_fault.is_some() || self.contents.is_err() {
            Code::Problems
        } else {
            Code::Fine
        }
    }
}

fn json_of_database((database, application_id): &(DbStatus, u32)) -> Value {
    let schema = database.schema.as_ref().map(|schema| {
        json!({
            "applied": schema.applied,
            "known": schema.known,
            "needs": schema.needs,
            "pending": schema.pending,
            "unknown": schema.unknown,
            "mismatched": schema.mismatched,
        })
    });
    json!({
        "label": database.label,
        "path": database.paths.database.display().to_string(),
        "state": database.state.as_str(),
        "detail": database.state.detail(),
        "size": database.size,
        "wal_size": database.wal_size,
        "journal_mode": database.journal.map(|journal| journal.as_str()),
        "application_id": database.application_id,
        "application_id_ok": database.application_id.map(|found| found == *application_id),
        "file_system": database.file_system.as_str(),
        "writable": database.writable,
        "schema": schema,
        "snapshots": database.snapshots.iter().map(|(_, path)| path.display().to_string()).collect::<Vec<_>>(),
    })
}

fn status_word(status: BackfillStatus) -> &'static str {
    match status {
        BackfillStatus::Pending => "pending",
        BackfillStatus::Running => "running",
        BackfillStatus::Complete => "complete",
    }
}

fn json_of_progress(progress: &ProgressState) -> Value {
    let mut object = serde_json::Map::new();
    object.insert("status".to_owned(), status_word(progress.status).into());
    object.insert("watermark".to_owned(), progress.watermark.clone().into());
    put_time(&mut object, "last_success_at", progress.last_success_at);
    let lease = progress.lease.as_ref().map_or(Value::Null, |lease| {
        let mut object = serde_json::Map::new();
        object.insert("owner".to_owned(), lease.owner.clone().into());
        put_time(&mut object, "expires_at", Some(lease.expires_at));
        object.into()
    });
    object.insert("lease".to_owned(), lease);
    object.into()
}

fn json_of_inventory(inventory: &Inventory) -> Value {
    json!({
        "current": inventory.current,
        "archived": inventory.archived,
        "missing": inventory.missing,
        "deleted": inventory.deleted,
        "files": inventory.files,
        "files_with_problems": inventory.files_with_problems,
    })
}

fn add_database(sheet: &mut Sheet, database: &DbStatus, application_id: u32) {
    sheet.heading(format!("database {}", database.label));
    sheet.row("file", clean(&database.paths.database.display().to_string()));
    let state = match &database.state {
        DbState::Missing => "missing: the first `threadkeep backfill` makes it".to_owned(),
        DbState::Current => paint(GREEN, "current"),
        DbState::Pending => paint(YELLOW, "older than this threadkeep: the next command upgrades it"),
        DbState::Newer => paint(RED, "newer than this threadkeep: update it"),
        DbState::Checksum => paint(RED, "made by a build of another line: use that build, or a released one"),
        DbState::Foreign(what) => {
            paint(RED, &format!("of another program: {}; choose another --sqlite-home", clean(what)))
        }
        DbState::Corrupt(what) => {
            paint(RED, &format!("damaged: {}; `threadkeep threads` says what to do", clean(what)))
        }
        other => paint(RED, &format!("{}: {}", other.as_str(), clean(other.detail().unwrap_or_default()))),
    };
    sheet.row("state", state);
    let log =
        database.wal_size.filter(|size| *size > 0).map(|size| format!(", and {} in its log", bytes(size)));
    sheet.maybe("size", database.size.map(|size| bytes(size) + &log.unwrap_or_default()));
    sheet.maybe(
        "schema",
        database.schema.as_ref().map(|schema| {
            let pending = match schema.pending.len() {
                0 => String::new(),
                pending => format!(", {}", things(pending as u64, "migration") + " pending"),
            };
            let unknown = match schema.unknown.len() {
                0 => String::new(),
                unknown => format!(", {} from a newer threadkeep", things(unknown as u64, "migration")),
            };
            format!("version {} of {}{pending}{unknown}", schema.applied, schema.known)
        }),
    );
    sheet.maybe("journal", database.journal.map(|journal| journal.as_str()));
    sheet.maybe(
        "application",
        database.application_id.map(|found| {
            if found == application_id {
                format!("{found:#010x}, ours")
            } else {
                format!("{found:#010x}, not ours ({application_id:#010x})")
            }
        }),
    );
    if !database.writable && database.state != DbState::Missing {
        sheet.row("access", "read-only");
    }
}

fn add_contents(sheet: &mut Sheet, contents: &Contents, clock: &Clock) {
    let Contents { progress, inventory, .. } = contents;
    sheet.heading("index");
    let state = match (&progress.lease, progress.status) {
        (Some(lease), _) if lease.expires_at > Timestamp::now() => {
            format!("running: {}, until {}", clean(&lease.owner), clock.full(lease.expires_at))
        }
        (Some(lease), _) => format!("left behind by {}: the next run takes over", clean(&lease.owner)),
        (None, status) => status_word(status).to_owned(),
    };
    sheet.row("backfill", state);
    sheet.maybe("done up to", progress.watermark.as_deref().map(|watermark| clean(watermark).into_owned()));
    let last = progress.last_success_at.map(|at| clock.full(at));
    sheet.row("last complete", last.unwrap_or_else(|| "never: `threadkeep backfill` makes it so".to_owned()));
    let mut threads = vec![
        format!("{} current", count(inventory.current)),
        format!("{} archived", count(inventory.archived)),
    ];
    for (number, what) in [(inventory.missing, "missing"), (inventory.deleted, "deleted")] {
        if number > 0 {
            threads.push(format!("{} {what}", count(number)));
        }
    }
    sheet.row("threads", threads.join(", "));
    let troubled = match inventory.files_with_problems {
        0 => String::new(),
        files => paint(YELLOW, &format!(", {} with problems", count(files))),
    };
    sheet.row("files", format!("{}{troubled}", count(inventory.files)));
}

//! The sheet that `status` shows to people.

use jiff::Timestamp;
use threadkeep_app::settings::{ConfigFile, Feature, Origin, Severity};
use threadkeep_app::text::{bytes, clean, count, counted};
use threadkeep_app::time::Clock;
use threadkeep_app::{command, messages};
use threadkeep_doctor::facts::{Contents, is_over, is_trouble};
use threadkeep_sqlite::{DbState, DbStatus, Decisions, JournalMode, Taken, sqlite_version};
use threadkeep_state::owner_is_dead;

use super::figures;
use super::report::{Report, application_id, status_word};
use crate::commands::problems;
use crate::commands::threads::of_kind;
use crate::output::Screen;
use crate::output::color::{DIM, GREEN, RED, YELLOW, paint};
use crate::output::sheet::Sheet;

/// Renders all facts.
pub(super) fn render(status: &Report, screen: &Screen) -> String {
    let clock = Clock::system();
    let mut sheet = Sheet::default();
    sheet.row("home", clean(&status.dirs.home.display().to_string()));
    if let Some(fault) = &status.facts.home_fault {
        sheet.row("", paint(RED, &fault.to_string()));
        sheet.maybe("", fault.hint.as_ref().map(|hint| paint(DIM, &hint.render(&screen.given))));
    }
    sheet.row("SQLite home", clean(&status.dirs.sqlite_home.display().to_string()));
    sheet.row("SQLite", sqlite_version());
    add_config(&mut sheet, &status.config, screen);
    for database in &status.facts.databases {
        add_database(&mut sheet, status, database, screen);
        figures::add(&status.facts, &mut sheet, database.label, &clock);
    }
    match &status.facts.contents {
        Ok(None) => {}
        Ok(Some(contents)) => add_contents(&mut sheet, contents, status.problems.len(), &clock, screen),
        Err(fault) => {
            sheet.heading("index");
            sheet.row("state", paint(RED, &fault.to_string()));
            sheet.maybe("remedy", fault.hint.as_ref().map(|hint| hint.render(&screen.given)));
        }
    }
    let mut text = sheet.render(screen);
    if !status.problems.is_empty() {
        text.push_str(&problems::render(&status.problems, screen));
    }
    text
}

/// Adds the number of settings in the file, and its problems.
fn add_config(sheet: &mut Sheet, config: &ConfigFile, screen: &Screen) {
    let set = config.settings.iter().filter(|setting| setting.origin != Origin::Default).count();
    sheet.row(
        "settings",
        match (config.exists, set) {
            (false, 0) => "defaults (no config.toml)".to_owned(),
            (_, set) => {
                screen.render((format!("{} set; ", count(set as u64)), command("config show"), " shows them"))
            }
        },
    );
    for problem in &config.problems {
        let style = if problem.severity == Severity::Error { RED } else { YELLOW };
        sheet.row("", paint(style, &screen.render(problem.located(&config.path))));
        sheet.maybe("", problem.hint.as_ref().map(|hint| paint(DIM, &hint.render(&screen.given))));
    }
}

fn add_database(sheet: &mut Sheet, status: &Report, database: &DbStatus, screen: &Screen) {
    sheet.heading(format!("database {}", database.label));
    sheet.row("file", clean(&database.paths.database.display().to_string()));
    match Feature::of_database(database.label).filter(|feature| status.config.is_off(*feature)) {
        // Its trouble is shown all the same: deleted threads must also be erased from it.
        Some(feature) => {
            sheet.row("state", paint(YELLOW, &format!("off: [features] {} = false", feature.key())));
            sheet.maybe("", is_trouble(&database.state).then(|| state_of(database, None, screen)));
        }
        None => sheet.row("state", state_of(database, status.facts.obstacle.as_deref(), screen)),
    }
    if matches!(database.state, DbState::Corrupt(_)) {
        let remedy = (command("repair"), " makes it again, with your decisions");
        sheet.row("remedy", screen.render(remedy));
    }
    let log =
        database.wal_size.filter(|size| *size > 0).map(|size| format!(", and {} in its log", bytes(size)));
    sheet.maybe("size", database.size.map(|size| bytes(size) + &log.unwrap_or_default()));
    sheet.maybe("schema", schema_of(database));
    sheet.maybe(
        "decisions",
        status.facts.decisions_of(database.label).map(|found| decisions_of(found, screen)),
    );
    sheet.maybe("snapshots", snapshots_of(database));
    sheet.maybe("journal", database.journal.map(JournalMode::as_str));
    sheet.maybe(
        "application",
        database.application_id.filter(|_| screen.verbose).map(|found| match application_id(database) {
            Some(ours) if found != ours => format!("{found:#010x}, not ours ({ours:#010x})"),
            _ => format!("{found:#010x}, ours"),
        }),
    );
    if !database.writable && database.state != DbState::Missing {
        sheet.row("access", "read-only");
    }
}

/// Renders the state of a database, and what to do about it.
fn state_of(database: &DbStatus, obstacle: Option<&str>, screen: &Screen) -> String {
    match &database.state {
        DbState::Missing => match (database.label, obstacle) {
            ("goals", _) => "not created yet; the first goal creates it".to_owned(),
            ("history", _) => "not created yet; the first search creates it".to_owned(),
            ("logs", _) => "not created yet; the first logged row creates it".to_owned(),
            (_, None) => format!("not created yet; {} creates it", screen.render(command("backfill"))),
            (_, Some(obstacle)) => {
                paint(RED, &format!("not created yet, and cannot be: {}", clean(obstacle)))
            }
        },
        DbState::Current if has_additions(database) => {
            paint(GREEN, "usable; a newer threadkeep has added to it")
        }
        DbState::Current => paint(GREEN, "current"),
        DbState::Pending => paint(YELLOW, "older than this threadkeep; the next command upgrades it"),
        DbState::Newer => paint(RED, "newer than this threadkeep; update threadkeep"),
        DbState::Development if database.label != "state" => {
            paint(RED, "made by a development version; move it away, but keep it")
        }
        DbState::Development => {
            let again = screen.render(command("backfill"));
            paint(RED, &format!("made by a development version; move it away, then run {again}"))
        }
        DbState::Checksum => paint(RED, "made by another build; use that build, or a released one"),
        DbState::Foreign(what) => {
            paint(RED, &format!("a file of another program: {}; choose another --sqlite-home", clean(what)))
        }
        DbState::Corrupt(what) => paint(RED, &format!("damaged: {}", clean(what))),
        DbState::NeedsRecovery(_) => {
            let repair = screen.render(messages::recovery(&database.paths.database));
            paint(RED, &format!("was not closed cleanly; {repair} repairs it"))
        }
        DbState::Changing(_) => {
            let again = screen.render(command("status"));
            paint(YELLOW, &format!("in use: it is being written to just now; run {again} again"))
        }
        DbState::Locked(holder) => paint(YELLOW, &format!("in use: {} has locked it", clean(holder))),
        other => paint(RED, &format!("{}: {}", other.as_str(), clean(other.detail().unwrap_or_default()))),
    }
}

/// Renders the numbers of decisions, and whether the database and its file agree.
fn decisions_of(found: Decisions, screen: &Screen) -> String {
    let number = count(found.in_database as u64);
    let lines = counted(found.damaged_lines as u64, "line");
    match (found.different, found.damaged_lines) {
        (0, 0) if found.in_database == 0 => "none".to_owned(),
        (0, 0) => format!("{number}, also in the file next to it"),
        (0, _) => {
            paint(YELLOW, &format!("{number}, also in the file next to it; {lines} of that cannot be read"))
        }
        (different, _) => {
            let differ = format!("{number}; {} not as in the file next to it", count(different as u64));
            let repair = screen.render(command("repair"));
            paint(YELLOW, &format!("{differ}; {repair} brings them in line"))
        }
    }
}

/// Renders the number of snapshots and the time of the newest.
fn snapshots_of(database: &DbStatus) -> Option<String> {
    let newest = database.snapshots.first()?;
    let number = count(database.snapshots.len() as u64);
    Some(match newest.taken {
        Taken::At(time) => format!("{number}, the newest of {}", Clock::system().full(time)),
        Taken::BeforeUpgrade(version) => format!("{number}, the newest from before version {version}"),
    })
}

/// Renders the schema version; nothing if it could not be read.
fn schema_of(database: &DbStatus) -> Option<String> {
    let schema = database.schema.as_ref()?;
    let pending = match schema.pending.len() {
        0 => String::new(),
        pending => format!(", {}", counted(pending as u64, "migration") + " pending"),
    };
    let known = if schema.applied == schema.known {
        String::new()
    } else {
        format!(", this one knows {}", schema.known)
    };
    Some(format!("version {}{known}{pending}", schema.applied))
}

/// Returns true if a newer threadkeep has migrated the database and this one can still use it.
fn has_additions(database: &DbStatus) -> bool {
    database.schema.as_ref().is_some_and(|schema| !schema.unknown.is_empty())
}

fn add_contents(sheet: &mut Sheet, contents: &Contents, troubled: usize, clock: &Clock, screen: &Screen) {
    let backfill = || screen.render(command("backfill"));
    let Contents { progress, inventory, .. } = contents;
    sheet.heading("index");
    let state = match (&progress.lease, progress.status) {
        (Some(lease), _) if is_over(lease, Timestamp::now()) => {
            let owner = clean(&lease.owner);
            let why = if owner_is_dead(&lease.owner) { "has ended" } else { "did not renew its lease" };
            paint(YELLOW, &format!("interrupted: {owner} {why}; {} continues it", backfill()))
        }
        (Some(lease), _) => {
            format!("running: {}, lease ends {}", clean(&lease.owner), clock.short(lease.expires_at))
        }
        (None, status) => status_word(status).to_owned(),
    };
    sheet.row("backfill", state);
    sheet.maybe("done up to", progress.watermark.as_deref().map(|watermark| clean(watermark).into_owned()));
    let last = progress.last_success_at.map(|at| clock.full(at));
    sheet.row("last complete", last.unwrap_or_else(|| format!("never; {} completes it", backfill())));
    let mut threads = vec![
        format!("{} current", count(inventory.current)),
        format!("{} archived", count(inventory.archived)),
    ];
    threads.extend(contents.others().map(|(kind, number)| of_kind(kind, number)));
    for (number, label) in [(inventory.missing, "missing"), (inventory.deleted, "deleted")] {
        if number > 0 {
            threads.push(format!("{} {label}", count(number)));
        }
    }
    sheet.row("threads", threads.join(", "));
    let troubled = match troubled as u64 {
        0 => String::new(),
        files => paint(YELLOW, &format!(", {} with problems", count(files))),
    };
    sheet.row("files", format!("{}{troubled}", count(inventory.files)));
}

#[cfg(test)]
#[path = "../../../tests/unit/commands_status_sheet.rs"]
mod tests;

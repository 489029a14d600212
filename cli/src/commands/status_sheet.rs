//! The sheet that `status` shows to people.

use jiff::Timestamp;
use threadkeep_sqlite::{DbState, DbStatus, JournalMode, sqlite_version};

use super::problems;
use super::status::{Contents, Status, status_word};
use crate::output::Screen;
use crate::output::color::{DIM, GREEN, RED, YELLOW, paint};
use crate::output::sheet::Sheet;
use crate::output::text::{bytes, clean, count, things};
use crate::output::time::Clock;

/// Renders everything there is to say.
pub(super) fn render(status: &Status, screen: &Screen) -> String {
    let clock = Clock::system();
    let mut sheet = Sheet::default();
    sheet.row("home", clean(&status.homes.home.display().to_string()));
    if let Some(fault) = &status.home_fault {
        sheet.row("", paint(RED, &clean(&fault.message)));
        sheet.maybe("", fault.hint.as_deref().map(|hint| paint(DIM, &clean(hint))));
    }
    sheet.row("SQLite home", clean(&status.homes.sqlite_home.display().to_string()));
    sheet.row("SQLite", sqlite_version());
    for (database, application_id) in &status.databases {
        add_database(&mut sheet, database, *application_id);
    }
    match &status.contents {
        Ok(None) => {}
        Ok(Some(contents)) => add_contents(&mut sheet, contents, &clock),
        Err(fault) => {
            sheet.heading("index");
            sheet.row("state", paint(RED, &clean(&fault.message)));
        }
    }
    let mut text = sheet.render(screen);
    if let Ok(Some(contents)) = &status.contents
        && !contents.problems.is_empty()
    {
        text.push_str(&problems::render(&contents.problems, screen));
    }
    text
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
    sheet.maybe("journal", database.journal.map(JournalMode::as_str));
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

//! The sheet that `status` shows to people.

use threadkeep_sqlite::{DbState, DbStatus, JournalMode, sqlite_version};
use threadkeep_state::backfill::owner_is_dead;

use super::problems;
use super::status::{Contents, Status, application_id, is_over, is_trouble, status_word};
use crate::config::{ConfigFile, Feature, Origin, Severity};
use crate::exit::{plain_sql, rebuild};
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
    add_config(&mut sheet, &status.config);
    for database in &status.databases {
        add_database(&mut sheet, status, database, screen);
        status.figures.add(&mut sheet, database.label, &clock);
    }
    match &status.contents {
        Ok(None) => {}
        Ok(Some(contents)) => add_contents(&mut sheet, contents, &clock),
        Err(fault) => {
            sheet.heading("index");
            sheet.row("state", paint(RED, &clean(&fault.message)));
            sheet.maybe("remedy", fault.hint.as_deref().map(clean));
        }
    }
    let mut text = screen.typable(&sheet.render(screen));
    if let Ok(Some(contents)) = &status.contents
        && !contents.problems.is_empty()
    {
        text.push_str(&problems::render(&contents.problems, screen));
    }
    text
}

/// Where the settings are, and what is wrong with them.
fn add_config(sheet: &mut Sheet, config: &ConfigFile) {
    let set = config.settings.iter().filter(|setting| setting.origin != Origin::Default).count();
    sheet.row(
        "settings",
        match (config.exists, set) {
            (false, 0) => "as by default".to_owned(),
            (_, set) => format!("{} set; `threadkeep config show` shows them", count(set as u64)),
        },
    );
    for problem in &config.problems {
        let style = if problem.severity == Severity::Error { RED } else { YELLOW };
        sheet.row("", paint(style, &clean(&problem.located(&config.path))));
        sheet.maybe("", problem.hint.as_deref().map(|hint| paint(DIM, &clean(hint))));
    }
}

fn add_database(sheet: &mut Sheet, status: &Status, database: &DbStatus, screen: &Screen) {
    sheet.heading(format!("database {}", database.label));
    sheet.row("file", clean(&database.paths.database.display().to_string()));
    match Feature::of_database(database.label).filter(|feature| status.config.is_off(*feature)) {
        // Trouble in it is told all the same: a thread that is deleted has to go out of it, too.
        Some(feature) => {
            sheet.row("state", paint(YELLOW, &format!("off: [features] {} = false", feature.key())));
            sheet.maybe("", is_trouble(&database.state).then(|| state_of(database, None)));
        }
        None => sheet.row("state", state_of(database, status.obstacle.as_deref())),
    }
    if matches!(database.state, DbState::Corrupt(_)) {
        sheet.row("remedy", clean(&rebuild(&database.paths.database, &screen.homes)));
    }
    let log =
        database.wal_size.filter(|size| *size > 0).map(|size| format!(", and {} in its log", bytes(size)));
    sheet.maybe("size", database.size.map(|size| bytes(size) + &log.unwrap_or_default()));
    sheet.maybe("schema", schema_of(database));
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

/// What the database is, and what to do about it.
fn state_of(database: &DbStatus, obstacle: Option<&str>) -> String {
    match &database.state {
        DbState::Missing => match (database.label, obstacle) {
            ("goals", _) => "not made yet: the first goal makes it".to_owned(),
            ("logs", _) => "not made yet: the first row that is logged makes it".to_owned(),
            (_, None) => "not made yet: `threadkeep backfill` makes it".to_owned(),
            (_, Some(obstacle)) => paint(RED, &format!("not made yet, and cannot be: {}", clean(obstacle))),
        },
        DbState::Current if has_additions(database) => {
            paint(GREEN, "usable; a newer threadkeep has added to it")
        }
        DbState::Current => paint(GREEN, "current"),
        DbState::Pending => paint(YELLOW, "older than this threadkeep: the next command upgrades it"),
        DbState::Newer => paint(RED, "newer than this threadkeep: update it"),
        DbState::Development => {
            paint(RED, "made by a development version: move it away and let it be made again")
        }
        DbState::Checksum => paint(RED, "made by a build of another line: use that build, or a released one"),
        DbState::Foreign(what) => {
            paint(RED, &format!("of another program: {}; choose another --sqlite-home", clean(what)))
        }
        DbState::Corrupt(what) => paint(RED, &format!("damaged: {}", clean(plain_sql(what)))),
        other => paint(RED, &format!("{}: {}", other.as_str(), clean(other.detail().unwrap_or_default()))),
    }
}

/// Which migrations are applied; nothing when that could not be read.
fn schema_of(database: &DbStatus) -> Option<String> {
    let schema = database.schema.as_ref()?;
    let pending = match schema.pending.len() {
        0 => String::new(),
        pending => format!(", {}", things(pending as u64, "migration") + " pending"),
    };
    let known = if schema.applied == schema.known {
        String::new()
    } else {
        format!(", this one knows {}", schema.known)
    };
    Some(format!("version {}{known}{pending}", schema.applied))
}

/// Whether a newer threadkeep has migrated the database without keeping this one from using it.
fn has_additions(database: &DbStatus) -> bool {
    database.schema.as_ref().is_some_and(|schema| !schema.unknown.is_empty())
}

fn add_contents(sheet: &mut Sheet, contents: &Contents, clock: &Clock) {
    let Contents { progress, inventory, problems } = contents;
    sheet.heading("index");
    let state = match (&progress.lease, progress.status) {
        (Some(lease), _) if is_over(lease) => {
            let owner = clean(&lease.owner);
            let why = if owner_is_dead(&lease.owner) { "is gone" } else { "has let its lease end" };
            paint(YELLOW, &format!("interrupted: {owner} {why}; `threadkeep backfill` goes on"))
        }
        (Some(lease), _) => {
            format!("running: {}, lease ends {}", clean(&lease.owner), clock.short(lease.expires_at))
        }
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
    let troubled = match problems.len() as u64 {
        0 => String::new(),
        files => paint(YELLOW, &format!(", {} with problems", count(files))),
    };
    sheet.row("files", format!("{}{troubled}", count(inventory.files)));
}

#[cfg(test)]
mod tests {
    use threadkeep_sqlite::{DbSpec, inspect};
    use threadkeep_state::{STATE_DB, StateOptions, StateRuntime};

    use super::*;

    #[tokio::test]
    async fn what_a_newer_threadkeep_added_is_no_trouble() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        StateRuntime::open(&StateOptions::new(folder.path())).await?.close().await?;
        let mut older: DbSpec = STATE_DB;
        older.migrations = &STATE_DB.migrations[..1];
        let database = inspect(Box::leak(Box::new(older)), folder.path()).await;
        let (known, newest) = (older.newest_version(), STATE_DB.newest_version());
        assert_eq!(state_of(&database, None), paint(GREEN, "usable; a newer threadkeep has added to it"));
        let schema = schema_of(&database).unwrap_or_default();
        assert_eq!(schema, format!("version {newest}, this one knows {known}"));
        Ok(())
    }
}

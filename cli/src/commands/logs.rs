//! `logs`: the newest rows, or rows as they come.

use std::time::Duration;

use threadkeep_sqlite::OpenOptions;
use threadkeep_state_logs::{LevelMatch, LogError, LogQuery, LogRow, LogStore, MAX_LIMIT, Order};

use super::log_line;
use super::resolve::resolve;
use crate::args::{self, LogsArgs};
use crate::config::Settings;
use crate::exit::fault;
use crate::homes::Homes;
use crate::interrupt::Interrupt;
use crate::output::color::{DIM, paint};
use crate::output::time::Clock;
use crate::output::{Answer, Screen, pipe};

/// How many rows there are unless more are asked for.
const ROWS: u32 = 100;
/// How long `--follow` waits until it looks again.
const INTERVAL: Duration = Duration::from_millis(200);

/// The rows of one look, the oldest first.
pub(super) struct Rows {
    rows: Vec<LogRow>,
    compact: bool,
    /// What to say to people where there are none.
    none: Option<String>,
}

/// Shows the newest rows; with `--follow`, prints what comes until nobody wants it any more, and answers nothing.
pub(super) async fn logs(
    homes: &Homes,
    args: &LogsArgs,
    settings: &Settings,
    screen: &Screen,
) -> anyhow::Result<Rows> {
    let query = query(homes, args, screen).await?;
    let store = for_reading(homes).await?;
    if args.follow {
        follow(&store, query, args.compact, screen).await?;
        store.close().await?;
        return Ok(Rows { rows: Vec::new(), compact: args.compact, none: None });
    }
    let mut rows = store.query(&query).await?;
    rows.reverse();
    let none = if rows.is_empty() { Some(why_none(&store, settings).await?) } else { None };
    store.close().await?;
    Ok(Rows { rows, compact: args.compact, none })
}

/// The logs for who reads them: as they are, where they cannot be written to or no space is left.
async fn for_reading(homes: &Homes) -> Result<LogStore, LogError> {
    let store = LogStore::new(&homes.sqlite_home, &OpenOptions::new());
    match store.database().existing().await {
        Err(error) if error.is_unwritable() => {
            Ok(LogStore::new(&homes.sqlite_home, &OpenOptions::new().read_only(true)))
        }
        Err(error) => Err(error.into()),
        Ok(_) => Ok(store),
    }
}

/// The newest rows that were asked for.
async fn query(homes: &Homes, args: &LogsArgs, screen: &Screen) -> anyhow::Result<LogQuery> {
    if args.from.zip(args.to).is_some_and(|(from, to)| from >= to) {
        return Err(fault(
            "nothing can be between --from and --to, which is not after it",
            "give the earlier time first",
        ));
    }
    let mut threads = Vec::with_capacity(args.threads.len());
    for typed in &args.threads {
        threads.push(resolve(homes, typed, screen).await?);
    }
    let at_least = args.level.map(|level| LevelMatch::AtLeast(level.into()));
    let exactly = args.only_level.map(|level| LevelMatch::Exactly(level.into()));
    Ok(LogQuery {
        level: at_least.or(exactly),
        from: args.from,
        to: args.to,
        module: args.module.clone(),
        file: args.file.clone(),
        text: args.search.clone(),
        threads,
        threadless: args.threadless,
        after_id: None,
        order: Order::NewestFirst,
        limit: args.limit.unwrap_or(ROWS),
    })
}

/// Prints the newest rows and those that come, until Ctrl-C, or until nobody reads any more.
async fn follow(store: &LogStore, newest: LogQuery, compact: bool, screen: &Screen) -> anyhow::Result<()> {
    let interrupt = Interrupt::listen();
    let stop = interrupt.stop_handle();
    let mut seen = store.last_id().await?;
    let mut rows = match newest.limit {
        // Only what is new.
        0 => Vec::new(),
        _ => store.query(&newest).await?,
    };
    rows.reverse();
    let mut query = LogQuery { order: Order::OldestFirst, limit: MAX_LIMIT, ..newest };
    loop {
        let text: String = rows.iter().map(|row| line(row, compact, screen)).collect();
        if !screen.part(&text)? {
            return Ok(());
        }
        // What was met and printed is behind, and so is what was met and did not match.
        seen = rows.last().map_or(seen, |row| seen.max(row.id));
        query.after_id = Some(seen);
        let last = loop {
            if stop.is_stopped() || !pipe::is_read() {
                return Ok(());
            }
            let last = store.last_id().await?;
            if last > seen {
                break last;
            }
            tokio::time::sleep(INTERVAL).await;
        };
        rows = store.query(&query).await?;
        if (rows.len() as u64) < u64::from(MAX_LIMIT) {
            seen = last;
        }
    }
}

/// Why there is nothing to see, and what to do about it.
async fn why_none(store: &LogStore, settings: &Settings) -> Result<String, LogError> {
    let is_empty = store.last_id().await? == 0;
    let (what, remedy) = match (is_empty, settings.logs.enabled) {
        (true, true) => ("Nothing has been logged yet.", "Commands that change something log what they did."),
        (true, false) => ("Nothing has been logged.", "`logs.enabled` is false in the settings."),
        (false, _) => ("No row matches.", "Leave out a filter to see more."),
    };
    Ok(format!("{what}\n{}\n", paint(DIM, remedy)))
}

fn line(row: &LogRow, compact: bool, screen: &Screen) -> String {
    if screen.json { log_line::json(row) } else { log_line::text(row, compact, &Clock::system(), screen) }
}

impl Answer for Rows {
    fn json(&self) -> serde_json::Value {
        self.rows.iter().map(log_line::value).collect::<Vec<_>>().into()
    }

    fn text(&self, screen: &Screen) -> String {
        let none = self.none.clone().filter(|_| !screen.quiet);
        none.unwrap_or_else(|| self.rows.iter().map(|row| line(row, self.compact, screen)).collect())
    }

    /// Each row is a document of its own.
    fn rendered(&self, screen: &Screen) -> String {
        if screen.json { self.rows.iter().map(log_line::json).collect() } else { self.text(screen) }
    }
}

impl From<args::Level> for threadkeep_state_logs::Level {
    fn from(level: args::Level) -> Self {
        match level {
            args::Level::Error => Self::Error,
            args::Level::Warn => Self::Warn,
            args::Level::Info => Self::Info,
            args::Level::Debug => Self::Debug,
            args::Level::Trace => Self::Trace,
        }
    }
}

//! `logs`: the newest rows, or new rows as they come.

mod follow;
mod line;

use async_trait::async_trait;
use threadkeep_app::settings::{Feature, Settings};
use threadkeep_app::{Fault, opening};
use threadkeep_state_logs::{self as store, LevelMatch, LogError, LogQuery, LogRow, LogStore, Order};

use super::resolve::resolve;
use crate::args::{Level, LogsArgs};
use crate::command::{Answered, Context, ForHomes, Run};
use crate::output::color::{DIM, paint};
use crate::output::{Answer, Screen};

/// Default number of rows.
const ROWS: u32 = 100;

/// The command.
pub(super) struct Logs<'a>(pub(super) &'a LogsArgs);

/// Rows, the oldest first.
struct Rows {
    rows: Vec<LogRow>,
    compact: bool,
    /// Reason for people why there are none.
    none: Option<String>,
}

#[async_trait(?Send)]
impl Run for Logs<'_> {
    fn feature(&self) -> Option<Feature> {
        Some(Feature::Logs)
    }

    fn for_homes(&self) -> ForHomes {
        if self.0.follow { ForHomes::One } else { ForHomes::Each }
    }

    /// Shows the newest rows. With `--follow`, prints rows as they come, and the answer is empty.
    async fn run(&self, context: &Context<'_>) -> Answered {
        let compact = self.0.compact;
        let query = self.query(context).await?;
        let store = opening::logs(&context.dirs).await?;
        if self.0.follow {
            follow::follow(&store, query, compact, context.screen).await?;
            store.close().await?;
            return Ok(Box::new(Rows { rows: Vec::new(), compact, none: None }));
        }
        let mut rows = store.query(&query).await?;
        rows.reverse();
        let none = if rows.is_empty() { Some(why_none(&store, &context.settings).await?) } else { None };
        store.close().await?;
        Ok(Box::new(Rows { rows, compact, none }))
    }
}

impl Logs<'_> {
    /// Returns the query for the newest rows.
    async fn query(&self, context: &Context<'_>) -> Result<LogQuery, Fault> {
        let args = self.0;
        if args.from.zip(args.to).is_some_and(|(from, to)| from >= to) {
            return Err(Fault::new("--to must be later than --from", "give the earlier time with --from"));
        }
        let threads = resolve(&context.dirs, &args.threads, context.screen).await?;
        let threads = threads.into_iter().collect::<Result<Vec<_>, _>>()?;
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
}

/// Says why there are no rows, and what to do about it.
async fn why_none(store: &LogStore, settings: &Settings) -> Result<String, LogError> {
    let is_empty = store.last_id().await? == 0;
    let (why, remedy) = match (is_empty, settings.logs.enabled) {
        (true, true) => ("Nothing has been logged yet.", "Commands that change something leave a row."),
        (true, false) => ("Nothing has been logged.", "`logs.enabled` is false in the settings."),
        (false, _) => ("No row matches.", "Leave out a filter to see more."),
    };
    Ok(format!("{why}\n{}\n", paint(DIM, remedy)))
}

impl Answer for Rows {
    fn json(&self) -> serde_json::Value {
        self.rows.iter().map(line::value).collect::<Vec<_>>().into()
    }

    fn text(&self, screen: &Screen) -> String {
        self.rows.iter().map(|row| line::line(row, self.compact, screen)).collect()
    }

    fn aside(&self, _screen: &Screen) -> String {
        self.none.clone().unwrap_or_default()
    }

    /// Renders each row as its own document.
    fn rendered(&self, screen: &Screen) -> String {
        if screen.json { self.rows.iter().map(line::json).collect() } else { self.text(screen) }
    }
}

impl From<Level> for store::Level {
    fn from(level: Level) -> Self {
        match level {
            Level::Error => Self::Error,
            Level::Warn => Self::Warn,
            Level::Info => Self::Info,
            Level::Debug => Self::Debug,
            Level::Trace => Self::Trace,
        }
    }
}

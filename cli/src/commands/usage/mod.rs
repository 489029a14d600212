//! `usage`: the tokens that threads used.

mod groups;
mod json;
mod page;
mod text;

use std::path::PathBuf;

use async_trait::async_trait;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use threadkeep_app::history::{self, Extent, Work};
use threadkeep_app::opening::{Access, Index};
use threadkeep_app::refresh::prepare;
use threadkeep_app::when::day;
use threadkeep_app::{Fault, Observer as _, agents};
use threadkeep_sessions::Environment;

use self::groups::{Groups, Period};
use crate::args::{By, UsageArgs};
use crate::command::{Answered, Context, Run};
use crate::commands::threads::time_of;
use crate::output::ids::Ids;

/// The command.
pub(super) struct Usage<'a>(pub(super) &'a UsageArgs);

/// Tokens, added up.
struct Report {
    groups: Groups,
    period: Period,
    /// Agents whose usage it is; empty for all.
    agents: Vec<String>,
    /// Agents on this machine that have no row because they were not added.
    not_added: Vec<&'static str>,
    ids: Ids,
    extent: Extent,
    /// Page that was written.
    page: Option<PathBuf>,
}

#[async_trait(?Send)]
impl Run for Usage<'_> {
    async fn run(&self, context: &Context<'_>) -> Answered {
        let Context { dirs, screen, .. } = context;
        let period = self.period()?;
        agents::check_names(&self.0.agent)?;
        agents::note_not_added(dirs, &self.0.agent, *screen)?;
        if let Some(path) = &self.0.html {
            page::check(path)?;
        }
        let home = dirs.agent_home()?;
        let index = Index::for_reading(dirs, *screen).await?;
        let refreshes = !self.0.no_refresh || index.access == Access::Temporary;
        let refreshed = prepare(&index, &home, refreshes, *screen).await?;
        if let Some(reason) = refreshed.incomplete {
            screen.note(&reason.append("; usage may be missing"));
        }
        let work = if refreshes { Work::All } else { Work::None };
        let history = history::prepare(&index, dirs, &home, work, *screen).await?;
        let threads = index.state.threads();
        let groups = Groups::read(&history.store, threads, self.0.by, period, &self.0.agent).await?;
        let ids: Vec<_> = groups.rows.iter().filter_map(|row| Some(row.thread.as_ref()?.0)).collect();
        let ids = Ids::of(threads, &ids).await?;
        let page = match &self.0.html {
            Some(path) => {
                let agents = &self.0.agent;
                Some(page::write(path, &history.store, threads, self.0.by, period, agents).await?)
            }
            None => None,
        };
        let not_added = if self.0.by == By::Agent && self.0.agent.is_empty() {
            let environment = Environment::of_process().unwrap_or_default();
            agents::not_added(dirs, agents::on_this_machine(&environment))?
        } else {
            Vec::new()
        };
        history.store.close().await?;
        index.close().await?;
        if let Some(note) = history.extent.note() {
            screen.note(&note);
        }
        Ok(Box::new(Report {
            groups,
            period,
            agents: self.0.agent.clone(),
            not_added,
            ids,
            extent: history.extent,
            page,
        }))
    }
}

impl Usage<'_> {
    fn period(&self) -> Result<Period, Fault> {
        let now = Zoned::now();
        let date = |name: &str, text: &Option<String>| {
            text.as_ref().map(|text| day_of(name, text, &now)).transpose()
        };
        let period =
            Period { since: date("--since", &self.0.since)?, until: date("--until", &self.0.until)? };
        match period {
            Period { since: Some(since), until: Some(until) } if until < since => {
                let problem = format!("--until ({until}) is before --since ({since})");
                Err(Fault::new(problem, "give the earlier day with --since"))
            }
            period => Ok(period),
        }
    }
}

/// Returns the day (UTC) that is meant. A date is that day itself.
fn day_of(name: &str, text: &str, now: &Zoned) -> Result<Date, Fault> {
    if let Some(date) = day(text, now) {
        return Ok(date);
    }
    let at: Timestamp = time_of(name, text, now)?;
    Ok(at.to_zoned(TimeZone::UTC).date())
}

/// Returns the word for a key.
fn word(by: By) -> &'static str {
    match by {
        By::Day => "day",
        By::Week => "week",
        By::Month => "month",
        By::Model => "model",
        By::Agent => "agent",
        By::Folder => "folder",
        By::Thread => "thread",
    }
}

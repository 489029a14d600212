//! A page with charts of the usage: one file, without scripts, that needs no network.

mod chart;
mod frame;
mod words;

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use jiff::{Span, Zoned};
use threadkeep_app::dirs::absolute;
use threadkeep_app::text::{count, counted};
use threadkeep_app::{Fault, pages};
use threadkeep_history::HistoryStore;
use threadkeep_state::ThreadStore;

use self::frame::{Section, page};
use self::words::escaped;
use super::groups::{Amount, Group, Groups, Period, monday, week};
use crate::args::By;

/// Most bars next to each other. A longer time is shown by week or by month.
const BARS: usize = 100;
/// Most rows of a table.
const ROWS: usize = 25;

/// Checks that a page may be written to a file.
pub(super) fn check(path: &Path) -> Result<(), Fault> {
    pages::check(path, frame::GENERATOR)
}

/// Writes the page, and returns its path from the root.
pub(super) async fn write(
    path: &Path,
    history: &HistoryStore,
    threads: &ThreadStore,
    by: By,
    period: Period,
    agents: &[String],
) -> Result<PathBuf, Fault> {
    let read = async |by| Groups::read(history, threads, by, period, agents).await;
    let days = match by {
        By::Week | By::Month => read(by).await?,
        _ => bucketed(read(By::Day).await?, read(By::Week).await?, read(By::Month).await?),
    };
    let mut sections = vec![Section::of_time(&days)];
    for (heading, by) in [("By model", By::Model), ("By folder", By::Folder), ("By thread", By::Thread)] {
        sections.push(Section::of_groups(heading, &cut(read(by).await?)));
    }
    let about = about(&days, period);
    pages::write(path, &page("Token usage", &about, &days.total, &sections), frame::GENERATOR)?;
    Ok(absolute(path))
}

/// Returns the groups of time that make few enough bars, with those in which nothing was used.
fn bucketed(days: Groups, weeks: Groups, months: Groups) -> Groups {
    let groups = [days, weeks].into_iter().map(filled).find(|groups| groups.rows.len() <= BARS);
    groups.unwrap_or_else(|| filled(months))
}

/// Adds the days, weeks or months between two others.
fn filled(groups: Groups) -> Groups {
    let next = |day: Date| match groups.by {
        By::Day => day.tomorrow(),
        By::Week => day.checked_add(Span::new().weeks(1)),
        _ => day.checked_add(Span::new().months(1)),
    };
    let mut rows: Vec<Group> = Vec::with_capacity(groups.rows.len());
    for group in groups.rows {
        while let (Some(last), Some(first)) = (rows.last().and_then(|last| last.first_day), group.first_day)
            && let Ok(day) = next(last)
            && day < first
            // A wrong date makes no endless page.
            && rows.len() < 10 * BARS
        {
            let label = match groups.by {
                By::Week => week(monday(day)),
                By::Month => day.strftime("%Y-%m").to_string(),
                _ => day.to_string(),
            };
            let key = Some(label.clone());
            rows.push(Group { label, key, thread: None, first_day: Some(day), amount: Amount::default() });
        }
        rows.push(group);
    }
    Groups { rows, ..groups }
}

/// Makes one row of all that are too many.
fn cut(mut groups: Groups) -> Groups {
    if groups.rows.len() > ROWS + 1 {
        let rest = groups.rows.split_off(ROWS);
        let mut amount = Amount::default();
        rest.iter().for_each(|group| amount.add(group.amount));
        let label = format!("{} more", count(rest.len() as u64));
        groups.rows.push(Group { label, key: None, thread: None, first_day: None, amount });
    }
    groups
}

fn about(days: &Groups, period: Period) -> String {
    let first = period.since.or_else(|| days.rows.first()?.first_day);
    let last = period.until.or_else(|| days.rows.last()?.first_day);
    let span = match (first, last) {
        (Some(first), Some(last)) if first != last => format!("{first} to {last} (UTC)"),
        (Some(day), _) | (_, Some(day)) => format!("{day} (UTC)"),
        (None, None) => "no usage".to_owned(),
    };
    let requests = counted(days.total.requests, "request");
    escaped(&format!("{span} · {requests} · made on {}", Zoned::now().date()))
}

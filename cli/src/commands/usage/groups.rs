//! Usage by day, week, month, model, agent, folder or thread.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;
use threadkeep_app::Fault;
use threadkeep_app::label::caption_label;
use threadkeep_history::{HistoryStore, Purpose, TokenUsage, UsageQuery, UsageRow};
use threadkeep_state::{ThreadCaption, ThreadStore};
use uuid::Uuid;

use crate::args::By;

/// Label of usage whose rollout names no model.
const NO_MODEL: &str = "(no model)";
/// Label of threads whose folder is not known.
const NO_FOLDER: &str = "(no folder)";
/// Label of all threads that the index does not have.
const NOT_INDEXED: &str = "(not in the index)";

/// Days that are asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Period {
    /// The first day.
    pub(super) since: Option<Date>,
    /// The last day.
    pub(super) until: Option<Date>,
}

/// Tokens and requests of the conversations, and apart from them those of other purposes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Amount {
    pub(super) tokens: TokenUsage,
    pub(super) requests: u64,
    /// Of sub-agents without a thread of their own.
    pub(super) subagents: Part,
    /// Of requests that the agents hide.
    pub(super) hidden: Part,
}

/// Tokens and requests of one purpose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) tokens: TokenUsage,
    pub(super) requests: u64,
}

/// Usage of one group.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// Key for people. It may have control characters.
    pub(super) label: String,
    /// Key for programs: nothing if it is not known.
    pub(super) key: Option<String>,
    /// The thread, if the groups are threads.
    pub(super) thread: Option<(Uuid, ThreadCaption)>,
    /// Monday of a week, first day of a month, or the day.
    pub(super) first_day: Option<Date>,
    pub(super) amount: Amount,
}

/// Usage by one key.
#[derive(Clone, Debug)]
pub(super) struct Groups {
    pub(super) by: By,
    /// Days, weeks and months in their order, and others by their tokens, the most first.
    pub(super) rows: Vec<Group>,
    pub(super) total: Amount,
}

/// Facts about threads, as far as a key needs them.
enum Known {
    /// Agents or folders.
    Texts(HashMap<Uuid, String>),
    Captions(HashMap<Uuid, ThreadCaption>),
    Nothing,
}

impl Amount {
    pub(super) fn add(&mut self, other: Amount) {
        self.tokens += other.tokens;
        self.requests += other.requests;
        self.subagents.add(other.subagents);
        self.hidden.add(other.hidden);
    }

    fn of(row: &UsageRow) -> Amount {
        let (tokens, requests) = (row.tokens, row.requests);
        let part = Part { tokens, requests };
        match row.purpose {
            Purpose::Conversation => Amount { tokens, requests, ..Amount::default() },
            Purpose::Subagent => Amount { subagents: part, ..Amount::default() },
            _ => Amount { hidden: part, ..Amount::default() },
        }
    }
}

impl Part {
    fn add(&mut self, other: Part) {
        self.tokens += other.tokens;
        self.requests += other.requests;
    }
}

impl Groups {
    /// Adds up the usage of some agents, or of all without any.
    pub(super) async fn read(
        history: &HistoryStore,
        threads: &ThreadStore,
        by: By,
        period: Period,
        agents: &[String],
    ) -> Result<Groups, Fault> {
        let mut rows = history
            .usage(&UsageQuery {
                since: period.since,
                until: period.until,
                by_day: matches!(by, By::Day | By::Week | By::Month),
                by_model: by == By::Model,
                by_thread: !agents.is_empty() || matches!(by, By::Agent | By::Folder | By::Thread),
                ..UsageQuery::default()
            })
            .await?;
        let mut ids: Vec<Uuid> = rows.iter().filter_map(|row| row.thread_id).collect();
        if !agents.is_empty() {
            let agent_of = threads.agents_of(&ids).await?;
            let is_wanted = |id: &Uuid| agent_of.get(id).is_some_and(|agent| agents.contains(agent));
            ids.retain(is_wanted);
            rows.retain(|row| row.thread_id.as_ref().is_some_and(is_wanted));
        }
        let known = match by {
            By::Agent => Known::Texts(threads.agents_of(&ids).await?),
            By::Folder => Known::Texts(threads.folders_of(&ids).await?),
            By::Thread => Known::Captions(threads.captions(&ids).await?),
            _ => Known::Nothing,
        };
        Ok(Groups::of(by, &rows, &known))
    }

    /// Adds up rows. Each is in one group, so that the totals are equal for every key.
    fn of(by: By, rows: &[UsageRow], known: &Known) -> Groups {
        let mut groups: BTreeMap<(Option<Date>, Option<String>), Group> = BTreeMap::new();
        let mut total = Amount::default();
        for row in rows {
            let amount = Amount::of(row);
            total.add(amount);
            let group = group(by, row, known);
            let place = groups.entry((group.first_day, group.key.clone())).or_insert(group);
            place.amount.add(amount);
        }
        let mut rows: Vec<Group> = groups.into_values().collect();
        if rows.iter().any(|group| group.first_day.is_none()) {
            rows.sort_by_key(|group| std::cmp::Reverse(group.amount.tokens.total));
        }
        Groups { by, rows, total }
    }
}

impl Known {
    fn text(&self, thread: Option<Uuid>) -> Option<&String> {
        let Known::Texts(texts) = self else { return None };
        texts.get(&thread?)
    }

    fn caption(&self, thread: Option<Uuid>) -> Option<(Uuid, &ThreadCaption)> {
        let (Known::Captions(captions), Some(id)) = (self, thread) else { return None };
        captions.get(&id).map(|caption| (id, caption))
    }
}

/// Returns the empty group of a row.
fn group(by: By, row: &UsageRow, known: &Known) -> Group {
    let named = |key: Option<String>, label: &str| Group {
        label: key.clone().unwrap_or_else(|| label.to_owned()),
        key,
        thread: None,
        first_day: None,
        amount: Amount::default(),
    };
    let of_time =
        |first_day: Option<Date>, label: Option<String>| Group { first_day, ..named(label, "(no day)") };
    match by {
        By::Day => of_time(row.day, row.day.map(|day| day.to_string())),
        By::Week => of_time(row.day.map(monday), row.day.map(week)),
        By::Month => {
            of_time(row.day.map(Date::first_of_month), row.day.map(|day| day.strftime("%Y-%m").to_string()))
        }
        By::Model => named(row.model.clone(), NO_MODEL),
        By::Agent => named(known.text(row.thread_id).cloned(), NOT_INDEXED),
        By::Folder => named(known.text(row.thread_id).cloned(), NO_FOLDER),
        By::Thread => match known.caption(row.thread_id) {
            Some((id, caption)) => Group {
                label: caption_label(caption),
                thread: Some((id, caption.clone())),
                ..named(Some(id.to_string()), "")
            },
            None => named(None, NOT_INDEXED),
        },
    }
}

/// Returns the Monday of a day's week.
pub(super) fn monday(day: Date) -> Date {
    let back = day.weekday().to_monday_zero_offset();
    day.checked_sub(jiff::Span::new().days(back)).unwrap_or(day)
}

/// Returns the ISO week of a day: `2026-W48`.
pub(super) fn week(day: Date) -> String {
    let week = day.iso_week_date();
    format!("{}-W{:02}", week.year(), week.week())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn weeks_are_those_of_the_iso_calendar() {
        assert_eq!(week(date(2027, 1, 3)), "2026-W53");
        assert_eq!(monday(date(2027, 1, 3)), date(2026, 12, 28));
        assert_eq!(week(date(2026, 12, 28)), "2026-W53");
        assert_eq!(week(date(2024, 12, 30)), "2025-W01");
    }
}

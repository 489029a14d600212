//! Shared code of the tests: an agent home, a history of it, and rollouts.

use std::fmt::Write as _;
use std::ops::Deref;

use threadkeep_backfill::Ending;
use threadkeep_history::{
    HistoryReport, HistoryStore, Hit, OpenOptions, SearchQuery, TurnsQuery, UsageQuery,
};
use uuid::Uuid;

use crate::homes::Homes;

pub(crate) type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// An agent home and a SQLite home, both of this test alone.
pub(crate) struct Fixture {
    homes: Homes,
    pub(crate) history: HistoryStore,
}

impl Deref for Fixture {
    type Target = Homes;

    fn deref(&self) -> &Homes {
        &self.homes
    }
}

impl Fixture {
    /// A home without a rollout.
    pub(crate) fn new() -> Result<Fixture> {
        Ok(Fixture::opened(Homes::new()?))
    }

    /// A copy of a home that comes with the project.
    pub(crate) fn of(example: &str) -> Result<Fixture> {
        Ok(Fixture::opened(Homes::of(example)?))
    }

    fn opened(homes: Homes) -> Fixture {
        let history = HistoryStore::new(&homes.sqlite_home(), &OpenOptions::new());
        Fixture { homes, history }
    }

    /// Makes a pass, which has to go through.
    pub(crate) async fn index(&self) -> Result<HistoryReport> {
        let report = self.history.ports(&self.home()?).await?.engine().run(|_| ()).await?;
        assert_eq!(report.ending, Ending::Complete);
        Ok(report)
    }

    /// All passages that a query finds, page by page.
    pub(crate) async fn hits(&self, query: &SearchQuery) -> Result<Vec<Hit>> {
        let (mut query, mut hits) = (query.clone(), Vec::new());
        loop {
            let page = self.history.search(&query).await?;
            hits.extend(page.threads.into_iter().flat_map(|found| found.hits));
            match page.more {
                Some(more) => query.after = Some(more),
                None => return Ok(hits),
            }
        }
    }

    /// The number of passages with these words.
    pub(crate) async fn count(&self, text: &str) -> Result<usize> {
        Ok(self.hits(&SearchQuery::new(text)).await?.len())
    }

    /// Everything that the history shows, apart from numbers of rows.
    pub(crate) async fn content(&self, threads: &[Uuid]) -> Result<String> {
        self.with(self.history.clone()).content(threads).await
    }

    /// The same home with another history.
    pub(crate) fn with(&self, history: HistoryStore) -> Home<'_> {
        Home { fixture: self, history }
    }

    /// The same, with a history that is made again if it is damaged.
    pub(crate) fn recovering(self) -> Fixture {
        let history = HistoryStore::new(&self.sqlite_home(), &OpenOptions::new().recover(|_, _| ()));
        Fixture { history, ..self }
    }

    /// Opens the database without the store.
    pub(crate) fn raw(&self) -> Result<rusqlite::Connection> {
        Ok(rusqlite::Connection::open(self.history.database().path())?)
    }
}

/// A home, and a history of it.
pub(crate) struct Home<'a> {
    fixture: &'a Fixture,
    history: HistoryStore,
}

impl Home<'_> {
    pub(crate) async fn content(&self, threads: &[Uuid]) -> Result<String> {
        let mut content = String::new();
        for thread in threads {
            let all = TurnsQuery { limit: 10_000, ..TurnsQuery::default() };
            let turns = self.history.turns(&self.fixture.home()?, *thread, &all).await?;
            writeln!(content, "{thread}: {turns:?}")?;
            writeln!(content, "{:?}", self.history.figures(*thread).await?)?;
        }
        let by = UsageQuery { by_day: true, by_model: true, by_thread: true, ..UsageQuery::default() };
        writeln!(content, "{:?}", self.history.usage(&by).await?)?;
        Ok(content)
    }
}

/// A thread's id, which grows with its number.
pub(crate) fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x01a2_036c_de71_77f1_a9e3_0000_0000_0000 + number)
}

/// Path of a thread's rollout.
pub(crate) fn rollout_path(thread: Uuid) -> String {
    format!("sessions/2026/11/22/rollout-2026-11-22T13-23-16-{thread}.jsonl")
}

/// A line of a rollout.
pub(crate) fn line(kind: &str, payload: &serde_json::Value) -> String {
    let line = serde_json::json!({"timestamp": "2026-11-22T13:23:16.000Z", "type": kind, "payload": payload});
    format!("{line}\n")
}

/// The first line of a thread's rollout.
pub(crate) fn header(thread: Uuid) -> String {
    line("session_meta", &serde_json::json!({"id": thread, "timestamp": "2026-11-22T13:23:16.213Z"}))
}

/// The lines of a turn in which the user and the agent say something, and tokens are used.
pub(crate) fn turn(id: &str, user: &str, agent: &str, total: u64) -> String {
    let event = |payload| line("event_msg", &payload);
    let usage = |tokens: u64| serde_json::json!({"input_tokens": tokens, "total_tokens": tokens});
    let info = serde_json::json!({"total_token_usage": usage(total)});
    event(serde_json::json!({"type": "task_started", "turn_id": id}))
        + &event(serde_json::json!({"type": "user_message", "message": user}))
        + &event(serde_json::json!({"type": "agent_message", "message": agent}))
        + &event(serde_json::json!({"type": "token_count", "info": info}))
        + &event(serde_json::json!({"type": "task_complete", "turn_id": id}))
}

/// A rollout of one turn.
pub(crate) fn session(thread: Uuid, user: &str) -> String {
    header(thread) + &turn("turn", user, "It is done", 10)
}

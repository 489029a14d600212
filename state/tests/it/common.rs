//! Shared parts of the tests: writable homes, an index over them, and direct access to its
//! database.

use std::ops::Deref;
use std::sync::Arc;

use jiff::Timestamp;
use sqlx::{Connection as _, SqliteConnection};
use threadkeep_backfill::{Backfill, Ending};
use threadkeep_memories::{ClaimRequest, Eligibility, StageOneJobs as _, StageOneOutput, Term};
use threadkeep_state::backfill::{
    BackfillPorts, BackfillProgress, BackfillReport, HomeSource, IndexOptions, ThreadIndex,
};
use threadkeep_state::{
    ListThreads, OpenOptions, Shelf, StateOptions, StateRuntime, Thread, ThreadMetadata, ThreadUpsert,
};
use uuid::Uuid;

use crate::homes::Homes;

pub(crate) type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// An agent home and a SQLite home, both of this test alone.
pub(crate) struct Fixture {
    homes: Homes,
    pub(crate) state: StateRuntime,
}

impl Deref for Fixture {
    type Target = Homes;

    fn deref(&self) -> &Homes {
        &self.homes
    }
}

impl Fixture {
    /// A home without a rollout.
    pub(crate) async fn empty() -> Result<Fixture> {
        Fixture::opened(Homes::new()?).await
    }

    /// A copy of the bundled home, not indexed yet.
    pub(crate) async fn bundled() -> Result<Fixture> {
        Fixture::opened(Homes::of("home")?).await
    }

    /// A copy of a home of version 0.171, not indexed yet.
    pub(crate) async fn of_0_171() -> Result<Fixture> {
        Fixture::opened(Homes::of("home-0.171")?).await
    }

    /// A copy of a home and of its databases, which are closed.
    pub(crate) async fn copied(&self) -> Result<Fixture> {
        Fixture::opened(self.homes.copied()?).await
    }

    async fn opened(homes: Homes) -> Result<Fixture> {
        let state = StateRuntime::open(&StateOptions::new(homes.sqlite_home())).await?;
        Ok(Fixture { homes, state })
    }

    /// Opens the same databases again.
    pub(crate) async fn reopened(self) -> Result<Fixture> {
        let state = StateRuntime::open(&StateOptions::new(self.sqlite_home())).await?;
        Ok(Fixture { state, ..self })
    }

    /// Opens the same databases in another run, which makes lost and damaged ones again.
    pub(crate) async fn recovered(self) -> Result<Fixture> {
        self.state.clone().close().await?;
        let options = StateOptions::new(self.sqlite_home());
        let open = OpenOptions::new().recover(|_, _| ());
        Ok(Fixture { state: StateRuntime::open(&options.open_options(open)).await?, ..self })
    }

    pub(crate) fn ports(&self, options: IndexOptions) -> Result<BackfillPorts> {
        Ok(self.state.backfill_ports(&self.home()?, options)?)
    }

    pub(crate) fn engine(
        &self,
        options: IndexOptions,
    ) -> Result<Backfill<HomeSource, ThreadIndex, BackfillProgress>> {
        let BackfillPorts { source, index, progress, .. } = self.ports(options)?;
        Ok(Backfill::new(Arc::new(source), Arc::new(index), Arc::new(progress)))
    }

    /// Makes a pass, which has to go through.
    pub(crate) async fn index(&self) -> Result<BackfillReport> {
        self.index_with(IndexOptions::default()).await
    }

    pub(crate) async fn index_with(&self, options: IndexOptions) -> Result<BackfillReport> {
        let report = self.engine(options)?.run(|_| ()).await?;
        assert_eq!(report.ending, Ending::Complete);
        Ok(report)
    }

    /// Makes a pass of the history, which has to go through.
    pub(crate) async fn index_history(&self) -> Result {
        let report =
            self.state.history_ports(self.state.history(), &self.home()?).await?.engine().run(|_| ()).await?;
        assert_eq!(report.ending, Ending::Complete);
        Ok(())
    }

    /// Every listed thread, current and archived, the oldest first.
    pub(crate) async fn threads(&self) -> Result<Vec<Thread>> {
        let mut threads = Vec::new();
        for shelf in [Shelf::Current, Shelf::Archived] {
            let query = ListThreads { shelf, all: true, limit: Some(1_000), ..ListThreads::default() };
            threads.extend(self.state.threads().list(&query).await?.threads);
        }
        threads.sort_by_key(|thread| (thread.created_at, thread.id));
        Ok(threads)
    }

    /// Runs SQL behind the index's back, with foreign keys off, as the `sqlite3` tool has them.
    pub(crate) async fn sql(&self, sql: impl sqlx::SqlSafeStr) -> Result {
        let mut conn = self.raw().await?;
        sqlx::query("PRAGMA foreign_keys = OFF").execute(&mut conn).await?;
        sqlx::query(sql).execute(&mut conn).await?;
        Ok(conn.close().await?)
    }

    pub(crate) async fn raw(&self) -> Result<SqliteConnection> {
        let file = self.sqlite_home().join("state_5.sqlite");
        Ok(SqliteConnection::connect(&format!("sqlite:{}", file.display())).await?)
    }
}

/// An id that sorts like its number.
pub(crate) fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x01a2_036c_0000_7000_8000_0000_0000_0000 + number)
}

/// Where a thread's rollout lies.
pub(crate) fn rollout_path(id: Uuid) -> String {
    format!("sessions/2026/11/22/rollout-2026-11-22T13-00-00-{id}.jsonl")
}

/// The lines of a small session: its head, and the user's first message.
pub(crate) fn session(id: Uuid, message: &str) -> String {
    let message = serde_json::Value::from(message);
    format!(
        r#"{{"timestamp":"2026-11-22T13:00:00.100Z","type":"session_meta","payload":{{"id":"{id}","timestamp":"2026-11-22T13:00:00.000Z","cwd":"/tmp/project","originator":"test","cli_version":"1.0.0","source":"cli","model_provider":"mock"}}}}
{{"timestamp":"2026-11-22T13:00:01.000Z","type":"event_msg","payload":{{"type":"user_message","message":{message}}}}}
"#
    )
}

/// A thread without a rollout, for tests of the store alone.
pub(crate) fn thread(number: u128, created_ms: i64) -> Result<ThreadUpsert> {
    let mut metadata = ThreadMetadata::new(id(number));
    metadata.created_at = Some(Timestamp::from_millisecond(created_ms)?);
    metadata.title = Some(format!("Thread {number}"));
    Ok(ThreadUpsert::new(metadata, &rollout_path(id(number)), false, "mock"))
}

/// Stores a memory of a thread, as a worker does, whatever the thread's source and age.
pub(crate) async fn remember(state: &StateRuntime, thread: Uuid, words: &str) -> Result {
    let now = Timestamp::MAX - std::time::Duration::from_secs(7_200);
    let mut rules = Eligibility::default();
    (rules.max_age, rules.include_exec, rules.max_running) =
        (std::time::Duration::from_secs(1 << 38), true, 1_000);
    let term = Term { now, expires_at: now + std::time::Duration::from_secs(3_600) };
    let request = ClaimRequest { owner: "a worker".to_owned(), term, limit: 1_000, rules };
    let memories = state.memories();
    for claim in memories.claim(&request).await? {
        if claim.thread.id == thread {
            let (rollout_summary, raw_memory) = (words.to_owned(), words.to_owned());
            let output = StageOneOutput { rollout_summary, raw_memory, slug: None };
            memories.succeed(&claim.lease, &output, now).await?;
        } else {
            memories.release(&claim.lease).await?;
        }
    }
    Ok(())
}

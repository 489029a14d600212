//! A store, a workspace and a clock.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tempfile::TempDir;
use threadkeep_memories::consolidation::{
    Consolidation, ConsolidationError, ConsolidationOptions, ConsolidationReport,
};
use threadkeep_memories::in_memory::{InMemoryStore, InMemoryThread, ManualClock, ScriptedAgent};
use threadkeep_memories::{
    AgentError, ClaimRequest, ConsolidationAgent, ConsolidationTask, Eligibility, Redactor, StageOneJobs,
    StageOneOutput, Term, ThreadFacts,
};
use uuid::Uuid;

pub(crate) type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;
pub(crate) type Ran = std::result::Result<ConsolidationReport, ConsolidationError>;

/// Takes the word `hunter2` out.
pub(crate) struct NoHunter;

impl Redactor for NoHunter {
    fn redact(&self, text: &str) -> String {
        text.replace("hunter2", "[redacted]")
    }
}

pub(crate) struct Fixture {
    folder: TempDir,
    pub(crate) store: InMemoryStore,
    pub(crate) clock: ManualClock,
}

pub(crate) fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0000 + number)
}

impl Fixture {
    pub(crate) fn new() -> Result<Self> {
        let clock = ManualClock::at("2026-11-28T12:00:00Z".parse()?);
        Ok(Self { folder: tempfile::tempdir()?, store: InMemoryStore::default(), clock })
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("memories")
    }

    pub(crate) fn options(&self) -> ConsolidationOptions {
        let mut options = ConsolidationOptions::new("test");
        options.clock = Arc::new(self.clock.clone());
        options
    }

    /// Makes a thread, or changes it, and stores its memory.
    pub(crate) async fn remember(&self, number: u128, words: &str) -> Result {
        let now = threadkeep_memories::Clock::now(&self.clock);
        self.clock.advance(Duration::from_secs(1));
        let facts = ThreadFacts {
            id: id(number),
            title: Some(format!("thread {number}")),
            cwd: Some("/project".into()),
            git_branch: None,
            rollout_path: format!("sessions/{number}.jsonl"),
            updated_at: now,
        };
        self.store.put_thread(InMemoryThread::new(facts));
        let mut rules = Eligibility::default();
        rules.min_idle = Duration::ZERO;
        let term = Term { now, expires_at: now + Duration::from_secs(60) };
        let request = ClaimRequest { owner: "test".into(), term, limit: 1, rules };
        let claims = StageOneJobs::claim(&self.store, &request).await?;
        let output =
            StageOneOutput { rollout_summary: words.into(), raw_memory: format!("- {words}"), slug: None };
        StageOneJobs::succeed(&self.store, &claims[0].lease, &output, now).await?;
        Ok(())
    }

    pub(crate) fn engine(
        &self,
        agent: impl ConsolidationAgent,
        options: ConsolidationOptions,
    ) -> Consolidation {
        let store = Arc::new(self.store.clone());
        let lock = Arc::clone(&store);
        Consolidation::new(store, lock, Arc::new(agent), Arc::new(NoHunter), self.root(), options)
    }

    /// Runs with an agent that is a function, whatever the cool-down.
    pub(crate) async fn run(
        &self,
        work: impl Fn(&Path, &ConsolidationTask<'_>) -> std::result::Result<(), AgentError>
        + Send
        + Sync
        + 'static,
    ) -> Ran {
        let mut options = self.options();
        options.force = true;
        self.engine(ScriptedAgent::new(work), options).run(std::future::pending(), |_| {}).await
    }

    pub(crate) fn read(&self, path: &str) -> Result<String> {
        Ok(fs::read_to_string(self.root().join(path))?)
    }

    pub(crate) fn write(&self, path: &str, text: &str) -> Result {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().ok_or("a folder")?)?;
        Ok(fs::write(path, text)?)
    }

    /// Returns every file of the workspace but those of git and of ours.
    pub(crate) fn files(&self) -> Result<BTreeMap<String, String>> {
        files_of(&self.root())
    }
}

pub(crate) fn files_of(root: &Path) -> Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name == ".git" || name.starts_with(".threadkeep") {
                continue;
            }
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else {
                let path = entry.path().strip_prefix(root)?.to_string_lossy().into_owned();
                files.insert(path, fs::read_to_string(entry.path())?);
            }
        }
    }
    Ok(files)
}

/// Agent's work: a summary with these words.
pub(crate) fn summary(
    words: &str,
) -> impl Fn(&Path, &ConsolidationTask<'_>) -> std::result::Result<(), AgentError> + use<> {
    let words = words.to_owned();
    move |root, _| write(root, "memory_summary.md", &words)
}

pub(crate) fn write(root: &Path, path: &str, text: &str) -> std::result::Result<(), AgentError> {
    fs::write(root.join(path), text).map_err(|error| AgentError::Failed { reason: error.to_string() })
}

/// Agent's work that must not happen.
pub(crate) fn no_agent(_: &Path, _: &ConsolidationTask<'_>) -> std::result::Result<(), AgentError> {
    Err(AgentError::Failed { reason: "the agent must not run".into() })
}

/// Time of the suite, for assertions.
pub(crate) fn hours(from: Timestamp, hours: u64) -> Timestamp {
    from + Duration::from_secs(hours * 3_600)
}

//! Consolidations that are killed at every step, on a real index and a real workspace.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use threadkeep_app::memories::Redact;
use threadkeep_memories::consolidation::{Consolidation, ConsolidationOptions, ConsolidationReport, Ending};
use threadkeep_memories::{
    ClaimRequest, ConsolidationLock, Eligibility, StageOneJobs, StageOneOutput, Term, Workspace,
};
use threadkeep_memory_runners::DigestAgent;
use threadkeep_state::{StateOptions, StateRuntime, ThreadMetadata, ThreadUpsert, lease_owner};
use uuid::Uuid;

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

const NAME: &str = "memories_killed::a_kill_at_any_step_loses_no_edit_and_no_baseline";
const FOLDER: &str = "THREADKEEP_TEST_CONSOLIDATES";
const STEP: &str = "THREADKEEP_TEST_STEP";
/// Steps of a run that has something to do.
const STEPS: usize = 7;

fn root(folder: &Path) -> PathBuf {
    folder.join("memories")
}

async fn state(folder: &Path) -> Result<StateRuntime> {
    Ok(StateRuntime::open(&StateOptions::new(folder.join("sqlite"))).await?)
}

/// Stores a memory of a new thread.
async fn remember(state: &StateRuntime, number: u128) -> Result {
    let now = Timestamp::now();
    let id = Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0000 + number);
    let mut metadata = ThreadMetadata::new(id);
    metadata.created_at = Some(now - Duration::from_secs(86_400));
    metadata.updated_at = metadata.created_at;
    metadata.source = Some("cli".to_owned());
    metadata.cwd = Some("/project".to_owned());
    metadata.title = Some(format!("thread {number}"));
    let path = format!("sessions/2026/11/22/rollout-2026-11-22T13-00-00-{id}.jsonl");
    state.threads().upsert(&[ThreadUpsert::new(metadata, &path, false, "mock")]).await?;
    let term = Term { now, expires_at: now + Duration::from_secs(3_600) };
    let request = ClaimRequest { owner: lease_owner(), term, limit: 1, rules: Eligibility::default() };
    let memories = state.memories();
    for claim in StageOneJobs::claim(&memories, &request).await? {
        let raw_memory = format!("- fact {number} of the project");
        let output = StageOneOutput { rollout_summary: raw_memory.clone(), raw_memory, slug: None };
        StageOneJobs::succeed(&memories, &claim.lease, &output, now).await?;
    }
    Ok(())
}

/// Consolidates, and dies at the start of a step.
async fn consolidate(folder: &Path, dies_at: Option<usize>) -> Result<ConsolidationReport> {
    let state = state(folder).await?;
    let store = Arc::new(state.memories());
    let mut options = ConsolidationOptions::new(lease_owner());
    options.force = true;
    let agent = Arc::new(DigestAgent::default());
    let engine = Consolidation::new(store.clone(), store, agent, Arc::new(Redact), root(folder), options);
    let mut step = 0;
    let report = engine
        .run(std::future::pending(), |_| {
            if Some(step) == dies_at {
                std::process::abort();
            }
            step += 1;
        })
        .await?;
    state.close().await?;
    Ok(report)
}

#[tokio::test]
async fn a_kill_at_any_step_loses_no_edit_and_no_baseline() -> Result {
    if let (Some(folder), Ok(step)) = (std::env::var_os(FOLDER), std::env::var(STEP)) {
        return consolidate(Path::new(&folder), Some(step.parse()?)).await.map(drop);
    }
    let temporary = tempfile::tempdir()?;
    let folder = temporary.path();
    fs::create_dir(folder.join("sqlite"))?;
    let opened = state(folder).await?;
    remember(&opened, 0).await?;
    opened.close().await?;
    assert_eq!(consolidate(folder, None).await?.ending, Ending::Consolidated);
    for step in 0..=STEPS {
        let opened = state(folder).await?;
        remember(&opened, 1 + step as u128).await?;
        opened.close().await?;
        let note = format!("note {step}\n");
        fs::write(root(folder).join("mine.md"), &note)?;
        let child = Command::new(std::env::current_exe()?)
            .args(["--exact", NAME, "--nocapture", "--test-threads=1"])
            .env(FOLDER, folder)
            .env(STEP, step.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()?;
        assert_eq!(child.success(), step == STEPS, "the child dies at step {step}");

        let workspace = Workspace::open(&root(folder))?;
        assert!(workspace.diff().is_ok(), "step {step}: there is a baseline");
        assert_eq!(fs::read_to_string(root(folder).join("mine.md"))?, note, "step {step}");
        // The dead owner's lock is taken over at once.
        let report = consolidate(folder, None).await?;
        let expected = if step == STEPS { Ending::Unchanged } else { Ending::Consolidated };
        assert_eq!(report.ending, expected, "step {step}");
        let summary = fs::read_to_string(root(folder).join("memory_summary.md"))?;
        assert!(summary.contains(&format!("fact {}", step + 1)), "step {step}: {summary}");
        assert_eq!(fs::read_to_string(root(folder).join("mine.md"))?, note);
        assert!(Workspace::open(&root(folder))?.diff()?.is_empty(), "step {step}");
    }
    let opened = state(folder).await?;
    assert_eq!(ConsolidationLock::state(&opened.memories()).await?.holder, None);
    Ok(())
}

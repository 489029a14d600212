//! Secrets that a library's caller hands over reach no database.

use jiff::Timestamp;
use threadkeep_memories::StageOneOutputs as _;
use threadkeep_state::{ThreadMetadata, ThreadUpsert};
use threadkeep_state_goals::{GoalUpdate, NewGoal};

use crate::common::{Fixture, Result, id, remember, rollout_path};

#[tokio::test]
async fn no_store_keeps_a_secret_that_it_is_given() -> Result {
    let fixture = Fixture::empty().await?;
    let (key, now) = (format!("sk-proj-{}", "a1B2".repeat(12)), Timestamp::UNIX_EPOCH);
    let words = format!("call it with {key} please");
    let mut metadata = ThreadMetadata::new(id(1));
    metadata.source = Some("cli".to_owned());
    metadata.title = Some(words.clone());
    metadata.first_user_message = Some(words.clone());
    metadata.git_origin_url = Some(format!("https://me:{key}@example.com/repo.git"));
    let state = &fixture.state;
    state.threads().upsert(&[ThreadUpsert::new(metadata, &rollout_path(id(1)), false, "mock")]).await?;
    state.threads().rename(id(1), Some(&words), jiff::Timestamp::now()).await?;
    remember(state, id(1), &words).await?;
    state.thread_goals().insert(id(1), NewGoal::new(&words), now).await?;
    let update = GoalUpdate { objective: Some(words.clone()), ..GoalUpdate::default() };
    let goal = state.thread_goals().update(id(1), update, now).await?;

    let clean = "call it with [redacted:openai-key] please";
    let thread = state.threads().get(id(1)).await?.ok_or("a thread")?;
    let memory = state.memories().get(id(1)).await?.ok_or("a memory")?;
    for text in [thread.title, thread.first_user_message, thread.name] {
        assert_eq!(text.as_deref(), Some(clean));
    }
    assert_eq!(thread.git_origin_url.as_deref(), Some("https://example.com/repo.git"));
    for text in [memory.output.rollout_summary, memory.output.raw_memory, goal.objective] {
        assert_eq!(text, clean);
    }
    let folder = fixture.sqlite_home();
    fixture.state.close().await?;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let content = std::fs::read(&path)?;
        assert!(!content.windows(key.len()).any(|bytes| bytes == key.as_bytes()), "{}", path.display());
    }
    Ok(())
}

//! An index of many threads.

use std::path::Path;

use jiff::Timestamp;
use threadkeep_state::{StateOptions, StateRuntime, ThreadMetadata, ThreadUpsert};
use uuid::Uuid;

use crate::common::Result;

/// Indexes threads as a heavy user has them: a few folders, sources, providers, short titles.
pub(crate) async fn index(folder: &Path, threads: usize) -> Result<StateRuntime> {
    let state = StateRuntime::open(&StateOptions::new(folder)).await?;
    let mut random = fastrand::Rng::with_seed(1);
    let mut batch = Vec::new();
    for n in 0..threads {
        let ms = 1_780_000_000_000_i64 + n as i64 * 600;
        let id = Uuid::from_u128(0x01a2_036c_0000_7000_8000_0000_0000_0000 + n as u128);
        let mut metadata = ThreadMetadata::new(id);
        metadata.created_at = Some(Timestamp::from_millisecond(ms)?);
        metadata.updated_at = Some(Timestamp::from_millisecond(ms + random.i64(0..86_400_000))?);
        metadata.cwd = Some(format!("/home/user/project-{}", n % 20));
        metadata.source = Some(if n % 3 == 0 { "exec" } else { "cli" }.to_owned());
        metadata.model_provider = Some(if n % 5 == 0 { "azure" } else { "openai" }.to_owned());
        let topic = ["the parser", "a flaky test", "the release notes", "an index"][n % 4];
        let rare = if n == threads / 2 { ", a needle in the haystack" } else { "" };
        let text = format!("Please have a look at {topic}{rare} and say what you would do about it ({n})");
        metadata.title = Some(text.clone());
        metadata.first_user_message = Some(text);
        metadata.git_branch = Some("main".to_owned());
        let path = format!("sessions/2026/11/22/rollout-2026-11-22T13-00-00-{id}.jsonl");
        batch.push(ThreadUpsert::new(metadata, &path, false, "openai"));
        if batch.len() == 500 || n + 1 == threads {
            state.threads().upsert(&batch).await?;
            batch.clear();
        }
    }
    Ok(state)
}

//! Secrets in rollouts and in rows of every database, and none in any text of the report.

use std::path::Path;

use fastrand::Rng;
use jiff::Timestamp;
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};
use threadkeep_app::dirs::{Dirs, Given};
use threadkeep_app::opening::Index;
use threadkeep_app::refresh::{self, PassOptions};

use crate::fixture::{Fixture, Result};

fn key(random: &mut Rng, hidden: &mut Vec<String>) -> String {
    let secret: String = std::iter::repeat_with(|| random.alphanumeric()).take(40).collect();
    hidden.push(secret.clone());
    format!("sk-proj-aZ7{secret}")
}

/// Writes a rollout with a secret in every text that the index keeps.
fn rollout(fixture: &Fixture, number: usize, secret: &mut impl FnMut() -> String) -> Result {
    let id = format!("01a20371-0000-7000-8000-{number:012x}");
    let meta = serde_json::json!({
        "id": id, "timestamp": "2026-11-22T13:23:16.213Z", "cwd": format!("/srv/{}", secret()),
        "originator": secret(), "cli_version": secret(), "source": secret(), "model_provider": secret(),
        "git": { "branch": secret(), "repository_url": format!("https://u:{}@example.org/x", secret()) },
    });
    let message = serde_json::json!({ "type": "user_message", "message": format!("use {}", secret()) });
    let line = |kind: &str, payload: &serde_json::Value| serde_json::json!({ "timestamp": "2026-11-22T13:23:16.240Z", "type": kind, "payload": payload });
    let text =
        format!("{}\n{}\n{{broken {}\n", line("session_meta", &meta), line("event_msg", &message), secret());
    let name = format!("sessions/2026/11/22/rollout-2026-11-22T13-23-16-{id}.jsonl");
    fixture.write(&name, text)?;
    Ok(())
}

/// Puts secrets into rows that only other programs would write.
async fn rows(sqlite_home: &Path, home: &Path, secret: &mut impl FnMut() -> String) -> Result {
    let open = |path: std::path::PathBuf| {
        sqlx::sqlite::SqliteConnectOptions::new().filename(path).create_if_missing(true)
    };
    let mut index = open(sqlite_home.join("state_5.sqlite")).connect().await?;
    let reason = secret();
    let owner = secret();
    index
        .execute(sqlx::AssertSqlSafe(format!(
            "UPDATE memory_consolidation SET failed_step = 'agent', reason = '{reason}', retry_at_ms = 1; \
             UPDATE backfill_progress SET lease_owner = '{owner}', lease_expires_ms = 1"
        )))
        .await?;
    index.close().await?;
    let mut agents = open(home.join("state_5.sqlite")).connect().await?;
    agents
        .execute(sqlx::AssertSqlSafe(format!(
            "CREATE TABLE threads (rollout_path TEXT); INSERT INTO threads VALUES ('/srv/{}/sessions/x.jsonl')",
            secret()
        )))
        .await?;
    agents.close().await?;
    Ok(())
}

#[test]
fn no_secret_of_a_rollout_or_row_reaches_the_report() -> Result {
    for seed in 0..6 {
        let mut fixture = Fixture::new()?;
        let (mut random, mut hidden) = (Rng::with_seed(seed), Vec::new());
        let mut secret = || key(&mut random, &mut hidden);
        for number in 0..4 {
            rollout(&fixture, number, &mut secret)?;
        }
        let dirs = Dirs::find(&Given { home: Some(fixture.home()), sqlite_home: None })?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let index = Index::for_writing(&dirs).await?;
            refresh::run(&index.state, &dirs.agent_home()?, PassOptions::default(), &()).await?;
            index.close().await?;
            rows(&dirs.sqlite_home, &dirs.home, &mut secret).await
        })?;
        // A part of the home itself, and a file that cannot be read.
        rollout(&fixture, 9, &mut secret)?;
        fixture.options.full = seed % 2 == 1;
        let report = fixture.report()?;
        let texts = format!("{}\n{:?}", report.document(), report.checks);
        for secret in &hidden {
            assert!(!texts.contains(secret), "seed {seed}: {secret} is in the report");
        }
        assert!(texts.contains("1 of 1 rollouts"), "the agent's index was not read");
        assert!(report.generated_at <= Timestamp::now());
    }
    Ok(())
}

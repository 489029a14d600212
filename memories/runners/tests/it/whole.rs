//! Both phases with a model behind HTTP and a program as the agent.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use serde_json::json;
use threadkeep_memories::consolidation::{Consolidation, ConsolidationError, ConsolidationOptions, Ending};
use threadkeep_memories::extraction::{Extraction, ExtractionOptions, JobOutcome};
use threadkeep_memories::in_memory::{InMemoryStore, InMemoryTexts, InMemoryThread, ManualClock};
use threadkeep_memories::{ConsolidationLock as _, Redactor, Step, ThreadFacts};
use threadkeep_memory_runners::{CommandAgent, ResponsesModel, ResponsesSettings};

use crate::http::{Reply, Server};
use crate::kit::{thread, user};

/// Takes the word `hunter2` out.
struct NoHunter;

impl Redactor for NoHunter {
    fn redact(&self, text: &str) -> String {
        text.replace("hunter2", "[redacted]")
    }
}

/// Writes a summary of what it was given, with a secret, and fails if there is a file `fail`.
const AGENT: &str = r#"#!/bin/sh
set -e
if [ -e fail ]; then echo "no credit left for hunter2" >&2; exit 3; fi
test "$1" = "$PWD"
grep -q memory_summary.md "$2"
{ echo '# Memory, by hunter2'; grep '^+- ' phase2_workspace_diff.md; } > memory_summary.md
"#;

fn answer(raw_memory: &str) -> Reply {
    let text =
        json!({ "rollout_summary": "It was done.", "raw_memory": raw_memory, "rollout_slug": "build" });
    let content = json!([{ "type": "output_text", "text": text.to_string() }]);
    let output = json!([{ "type": "message", "role": "assistant", "content": content }]);
    Reply::of(200, &json!({ "status": "completed", "output": output }))
}

#[tokio::test]
async fn threads_become_a_memory_by_a_server_and_a_program()
-> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let busy = Reply::Whole(429, vec![("Retry-After", "0".to_owned())], "{}".to_owned());
    let server = Server::new(vec![busy, answer("- Use make, not hunter2."), answer("- Tests need docker.")]);
    let (store, texts) = (InMemoryStore::default(), InMemoryTexts::default());
    let clock = ManualClock::at("2026-11-28T12:00:00Z".parse()?);
    for number in [1, 2] {
        let facts = ThreadFacts { updated_at: "2026-11-27T12:00:00Z".parse()?, ..thread(number) };
        texts.put(facts.id, vec![user(&format!("Please build {number}, the password is hunter2"))]);
        store.put_thread(InMemoryThread::new(facts));
    }
    let store = Arc::new(store);

    let mut options = ExtractionOptions::new("test");
    (options.concurrency, options.clock) = (1, Arc::new(clock.clone()));
    let model = ResponsesModel::new(ResponsesSettings::new(&server.url, "a-model"))?;
    let engine =
        Extraction::new(store.clone(), Arc::new(texts), Arc::new(model), Arc::new(NoHunter), options);
    let reports = engine.run(std::future::pending(), |_| {}).await?;
    assert!(reports.iter().all(|report| report.outcome == JobOutcome::Remembered), "{reports:?}");
    for request in server.requests() {
        let body = request.body.to_string();
        assert!(body.contains("the password is [redacted]") && !body.contains("hunter2"), "{body}");
    }

    let folder = tempfile::tempdir()?;
    let script = folder.path().join("agent.sh");
    fs::write(&script, AGENT)?;
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755))?;
    let command = vec![script.display().to_string(), "{root}".to_owned(), "{prompt_file}".to_owned()];
    let agent = Arc::new(CommandAgent::new(command, Arc::new(NoHunter))?);
    let mut options = ConsolidationOptions::new("test");
    (options.force, options.clock) = (true, Arc::new(clock.clone()));
    let root = folder.path().join("memories");
    let engine = Consolidation::new(store.clone(), store.clone(), agent, Arc::new(NoHunter), &root, options);
    let report = engine.run(std::future::pending(), |_| {}).await?;
    assert_eq!((report.ending, report.memories), (Ending::Consolidated, 2));
    let summary = fs::read_to_string(root.join("memory_summary.md"))?;
    assert!(summary.starts_with("# Memory, by [redacted]\n"), "{summary}");
    for fact in ["+- Use make, not [redacted].", "+- Tests need docker."] {
        assert!(summary.contains(fact), "{summary}");
    }

    fs::write(root.join("fail"), "")?;
    let failed = engine.run(std::future::pending(), |_| {}).await;
    let Err(ConsolidationError::Step { step: Step::Agent, reason, .. }) = failed else {
        return Err(format!("{failed:?}").into());
    };
    assert!(reason.contains("no credit left for [redacted]"), "{reason}");
    assert_eq!(store.state().await?.failure, Some(("agent".to_owned(), reason)));
    assert_eq!(fs::read_to_string(root.join("memory_summary.md"))?, summary);
    Ok(())
}

//! The documents of April 2025 are read like the lines of the next version.

use std::fs;

use threadkeep_rollout::{AgentHome, BadReason, Lines, RunOutcome};

use crate::{Result, extract};

const NAME: &str = "sessions/rollout-2025-04-20-5d6f1b0a-1111-4222-8333-444455556666.json";

#[test]
fn a_document_has_a_session_and_messages() -> Result {
    let folder = tempfile::tempdir()?;
    let home = AgentHome::open(folder.path())?;
    fs::create_dir(folder.path().join("sessions"))?;
    let document = serde_json::json!({
        "session": {
            "timestamp": "2025-04-20T09:00:00.000Z",
            "id": "5d6f1b0a-1111-4222-8333-444455556666",
            "instructions": "two\nlines"
        },
        "items": [
            {"role": "user", "content": [{"type": "input_text", "text": "Plant the\nfirst tree"}], "type": "message"},
            {"role": "assistant", "content": [{"type": "output_text", "text": "done"}], "type": "message"}
        ]
    });
    fs::write(folder.path().join(NAME), serde_json::to_string_pretty(&document)?)?;
    // Neither is a rollout.
    fs::write(folder.path().join("sessions/notes.json"), "{}")?;
    fs::write(folder.path().join("sessions/rollout-2025-04-20.json"), "{}")?;
    let found = home.discover();
    assert_eq!((found.files.len(), found.problems.len()), (1, 0));
    let read = extract(&home, &found.files[0])?;
    let metadata = &read.metadata;
    assert_eq!((read.lines, read.skipped.count), (3, 0));
    assert_eq!(metadata.thread_id.to_string(), "5d6f1b0a-1111-4222-8333-444455556666");
    assert_eq!(metadata.title.as_deref(), Some("Plant the\nfirst tree"));
    assert_eq!(metadata.created_at, Some("2025-04-20T09:00:00Z".parse()?));
    assert_eq!(metadata.run_outcome, RunOutcome::Unknown);

    // A document that is torn is no error: its lines are bad, and its name still has the id.
    let bytes = fs::read(folder.path().join(NAME))?;
    fs::write(folder.path().join(NAME), &bytes[..bytes.len() / 2])?;
    let read = extract(&home, &found.files[0])?;
    assert_eq!(read.metadata.thread_id, metadata.thread_id);
    assert!(read.skipped.count > 0 && read.metadata.title.is_none());
    let mut lines = Lines::open(&home.absolute(NAME), false)?;
    assert!(matches!(lines.next_line()?, Some(Err(bad)) if bad.reason == BadReason::NotJson));
    Ok(())
}

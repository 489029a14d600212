//! Every line of a rollout comes through, typed or as it is written.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;
use threadkeep_rollout::{BadLine, Fact, Line, Lines, ToolCall, TurnItemKind, TurnStatus};

use crate::{NAME, Result, extract_bytes, rollouts};

/// Writes `bytes` to a file in a folder that lives as long as the first of the two.
pub(crate) fn file_of(bytes: &[u8]) -> Result<(TempDir, PathBuf)> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join(NAME);
    std::fs::write(&path, bytes)?;
    Ok((folder, path))
}

/// Reads a file to its end: each line as `take` has it, and each bad one.
pub(crate) fn read<T>(mut lines: Lines, take: impl Fn(Line<'_>) -> T) -> Result<(Vec<T>, Vec<BadLine>)> {
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    while let Some(line) = lines.next_line()? {
        match line {
            Ok(line) => good.push(take(line)),
            Err(line) => bad.push(line),
        }
    }
    assert!(lines.next_line()?.is_none(), "the end stays the end");
    assert_eq!(lines.skipped().count, bad.len() as u64);
    assert!(bad.starts_with(&lines.skipped().first));
    Ok((good, bad))
}

pub(crate) fn read_bytes<T>(
    bytes: impl AsRef<[u8]>,
    take: impl Fn(Line<'_>) -> T,
) -> Result<(Vec<T>, Vec<BadLine>)> {
    let (_folder, path) = file_of(bytes.as_ref())?;
    read(Lines::open(&path, false)?, take)
}

/// Meaning of a line, in a word or two.
fn short(fact: &Fact<'_>) -> String {
    match fact {
        Fact::SessionMeta(_) => "session".to_owned(),
        Fact::TurnContext(_) => "context".to_owned(),
        Fact::TurnStarted { .. } => "turn started".to_owned(),
        Fact::TurnEnded { status, .. } => format!("turn {status:?}"),
        Fact::TurnFailed { .. } => "turn failed".to_owned(),
        Fact::TurnItem { item, .. } => match &item.kind {
            TurnItemKind::AgentMessage { .. } => "item: agent".to_owned(),
            TurnItemKind::FileChange { .. } => "item: change".to_owned(),
            TurnItemKind::CollabAgentToolCall { .. } => "item: agents".to_owned(),
            TurnItemKind::CommandExecution { .. } => "item: command".to_owned(),
            TurnItemKind::Reasoning { .. } => "item: reasoning".to_owned(),
            kind => format!("item: {kind:?}").chars().take(24).collect(),
        },
        Fact::TokenCount { total, .. } => {
            if total.is_some() {
                "tokens".to_owned()
            } else {
                "tokens: none".to_owned()
            }
        }
        Fact::UserMessage { .. } => "item: user".to_owned(),
        Fact::ToolCall(ToolCall::Made { .. }) => "response: call".to_owned(),
        Fact::ToolCall(ToolCall::Answered { .. }) => "response: answer".to_owned(),
        Fact::ModelHears(_) => "response: user".to_owned(),
        Fact::TokenUsage { .. } => "tokens of a request".to_owned(),
        Fact::SettingsApplied(_) => "settings".to_owned(),
        Fact::ModelItem => "response".to_owned(),
        Fact::Compacted { .. } => "compacted".to_owned(),
        _ => "other".to_owned(),
    }
}

fn types(line: &Line<'_>) -> String {
    format!("{}/{}", line.line_type.as_deref().unwrap_or("-"), line.payload_type().as_deref().unwrap_or("-"))
}

#[test]
fn no_line_of_a_real_rollout_is_lost() -> Result {
    for (file, bytes) in rollouts()? {
        let got = read_bytes(&bytes, |line| {
            (line.offset, line.line_number, line.json.to_owned(), line.payload.to_owned(), line.timestamp)
        })?;
        assert_eq!(got.1, [], "{}", file.path);
        let mut wanted = std::str::from_utf8(&bytes)?.lines().zip(1..);
        let mut offset = 0;
        for (at, number, json, payload, time) in got.0 {
            let (line, wanted_number) = wanted.next().ok_or("there are more lines than there are")?;
            assert_eq!((at, number, json.as_str()), (offset, wanted_number, line));
            offset += line.len() as u64 + 1;
            let whole: Value = serde_json::from_str(line)?;
            assert_eq!(serde_json::from_str::<Value>(&payload)?, whole["payload"]);
            let written = whole["timestamp"].as_str().and_then(|text| text.parse().ok());
            assert!(written.is_some() && time == written);
        }
        assert_eq!((wanted.next(), offset), (None, bytes.len() as u64), "{}", file.path);
    }
    Ok(())
}

#[test]
fn the_kinds_of_every_rollout() -> Result {
    let mut all = String::new();
    for (file, bytes) in rollouts()? {
        let mut kinds = BTreeMap::<String, u64>::new();
        for kind in read_bytes(&bytes, |line| format!("{} = {}", types(&line), short(&line.fact())))?.0 {
            *kinds.entry(kind).or_default() += 1;
        }
        writeln!(all, "{}", file.path.rsplit('/').next().unwrap_or_default())?;
        for (kind, count) in kinds {
            writeln!(all, "  {count:2} {kind}")?;
        }
    }
    insta::assert_snapshot!(all);
    Ok(())
}

/// Lines and extraction agree.
#[test]
fn lines_and_metadata_say_the_same() -> Result {
    for (file, bytes) in rollouts()? {
        let metadata = extract_bytes(&bytes)?.metadata;
        let (_folder, path) = file_of(&bytes)?;
        let (mut session, mut turn, mut said) = (None, None, None);
        let (mut counted, mut requests, mut before_restart) = (0, 0, 0);
        let mut lines = Lines::open(&path, false)?;
        while let Some(line) = lines.next_line()? {
            match line.map_err(|bad| bad.to_string())?.fact() {
                Fact::SessionMeta(meta) => session = session.or(Some(meta)),
                Fact::TurnContext(context) => turn = Some(context),
                Fact::TokenCount { total: Some(total), .. } => {
                    before_restart += if total < counted { counted } else { 0 };
                    counted = total;
                }
                Fact::TokenUsage { usage, .. } => requests += usage.unwrap_or(0),
                Fact::UserMessage { message, .. } => said = said.or(Some(message.text)),
                _ => {}
            }
        }
        let session = session.ok_or_else(|| file.path.clone())?;
        assert_eq!((before_restart + counted).max(requests), metadata.tokens_used());
        assert_eq!((session.id, session.cli_version), (Some(metadata.thread_id), metadata.cli_version));
        assert_eq!((session.git_sha, session.git_origin_url), (metadata.git_sha, metadata.git_origin_url));
        assert_eq!(turn.and_then(|turn| turn.model), metadata.model);
        assert_eq!(said.is_some(), metadata.title.is_some(), "{}", file.path);
    }
    Ok(())
}

#[test]
fn the_oldest_shapes_come_through() -> Result {
    let file = concat!(
        r#"{"id":"01a2036e-72f3-74e0-aaf8-16e5fd86f01a","timestamp":"2025-05-01T10:00:00.000Z","instructions":null,"git":{"branch":"b"}}"#,
        "\n",
        r#"{"record_type":"state"}"#,
        "\n",
        r#"{"type":"message","role":"user","content":[{"type":"input_text","text":"<environment_context>\n…"}]}"#,
        "\n",
        r#"{"type":"message","role":"user","content":[{"type":"input_text","text":"Hello"}]}"#,
        "\n",
        r#"{"type":"function_call","name":"shell","arguments":"{}","call_id":"c1"}"#,
        "\n",
        r#"{"type":"function_call_output","call_id":"c1","output":"ok"}"#,
        "\n",
        r#"{"role":"assistant","type":"message","content":[{"type":"output_text","text":"Hi"}]}"#,
        "\n",
        r#"{"type":"event_msg","payload":{"type":"turn_aborted","turn_id":"t"}}"#,
        "\n",
        r#"{"type":"event_msg","payload":{"type":"error","message":"no"}}"#,
        "\n",
        r#"{"type":"session_meta","payload":5}"#,
        "\n",
        r#"{"type":5,"payload":{"x":1}}"#,
        "\n{}\n",
    );
    let (good, bad) = read_bytes(file, |line| {
        assert!(line.line_type.is_some() || line.payload == line.json || line.line_number == 11);
        format!("{} = {}", types(&line), short(&line.fact()))
    })?;
    assert_eq!(bad, []);
    insta::assert_snapshot!(good.join("\n"), @r"
    -/- = session
    -/- = other
    -/message = response
    -/message = item: user
    -/function_call = response: call
    -/function_call_output = response: answer
    -/message = item: agent
    event_msg/turn_aborted = turn Interrupted
    event_msg/error = turn failed
    session_meta/- = other
    -/- = other
    -/- = other
    ");
    let first = read_bytes(file, |line| match line.fact() {
        Fact::SessionMeta(meta) => meta.git_branch,
        Fact::TurnEnded { turn_id, status: TurnStatus::Interrupted, .. } => turn_id,
        Fact::UserMessage { message, .. } => Some(message.text),
        Fact::TurnItem { item, .. } => match item.kind {
            TurnItemKind::AgentMessage { text, .. } => Some(text),
            _ => None,
        },
        _ => None,
    })?;
    let said: Vec<_> = first.0.into_iter().flatten().collect();
    assert_eq!(said, ["b", "Hello", "Hi", "t"]);
    Ok(())
}

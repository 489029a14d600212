//! The bundled home gives the rows that the agent itself makes of it, or better ones.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;
use threadkeep_state::{Thread, TreeQuery};

use crate::common::{Fixture, Result};

/// Where our row says more, or makes up less, than the agent's own: (end of the path, field, ours).
///
/// `None` stands for NULL: the file says nothing. Versions 0.47 and 0.99 wrote policies in shapes
/// of their own, which are kept as they are.
const BETTER: &[(&str, &str, Option<&str>)] = &[
    // Killed before its only request was counted.
    ("fb7e-75a0-97dd-df8c39897d78.jsonl", "tokens_used", Some("9920")),
    // The counter began again when the thread was resumed.
    ("2e88-7042-9271-7b3c9ce3f36d.jsonl", "tokens_used", Some("29322")),
    ("a3a8-7c33-961b-db9759fa464d.jsonl", "sandbox_policy", None),
    ("a3a8-7c33-961b-db9759fa464d.jsonl", "approval_mode", None),
    (
        "0f2e-7540-b9be-c443cc774f5e.jsonl",
        "sandbox_policy",
        Some(
            r#"{"type":"workspace-write","network_access":false,"exclude_tmpdir_env_var":false,"exclude_slash_tmp":false}"#,
        ),
    ),
    ("28ae-7562-8d6e-73e4f5f7c07b.jsonl", "sandbox_policy", Some(r#"{"type":"read-only"}"#)),
    ("2e88-7042-9271-7b3c9ce3f36d.jsonl", "sandbox_policy", Some(r#"{"mode":"read-only"}"#)),
    ("2e88-7042-9271-7b3c9ce3f36d.jsonl", "model", Some("mock-model")),
    ("2e88-7042-9271-7b3c9ce3f36d.jsonl", "approval_mode", Some("never")),
    (
        "2f5f-74c3-8d7d-a394e1189432.jsonl",
        "sandbox_policy",
        Some(
            r#"{"mode":"workspace-write","network_access":false,"exclude_tmpdir_env_var":false,"exclude_slash_tmp":false}"#,
        ),
    ),
    ("2f5f-74c3-8d7d-a394e1189432.jsonl", "model", Some("mock-model")),
    ("2f5f-74c3-8d7d-a394e1189432.jsonl", "approval_mode", Some("never")),
];

/// The same for version 0.171.
const BETTER_0_171: &[(&str, &str, Option<&str>)] = &[
    // The tokens of its source, which its file does not repeat.
    ("9d37-7423-a046-e24442514814.jsonl", "tokens_used", Some("10142")),
    // The request during which it was killed counts too.
    ("362c-79f3-aa83-955eb971f5b2.jsonl", "tokens_used", Some("31447")),
];

/// A field as `expected.json` has it.
fn field(thread: &Thread, name: &str) -> Value {
    match name {
        "id" => thread.id.to_string().into(),
        "created_at_ms" => thread.created_at.as_millisecond().into(),
        "cwd" => thread.cwd.clone().into(),
        "source" => thread.source.clone().into(),
        "thread_source" => thread.thread_source.clone().into(),
        "model_provider" => thread.model_provider.clone().into(),
        "model" => thread.model.clone().into(),
        "reasoning_effort" => thread.reasoning_effort.clone().into(),
        "cli_version" => thread.cli_version.clone().into(),
        "title" => thread.title.clone().into(),
        "first_user_message" => thread.first_user_message.clone().into(),
        "preview" => thread.title.clone().into(),
        "sandbox_policy" => thread.sandbox_policy.clone().into(),
        "approval_mode" => thread.approval_mode.clone().into(),
        "tokens_used" => (thread.own_tokens.unwrap_or(0) + thread.inherited_tokens.unwrap_or(0)).into(),
        "git_sha" => thread.git_sha.clone().into(),
        "git_branch" => thread.git_branch.clone().into(),
        "git_origin_url" => thread.git_origin_url.clone().into(),
        "archived" => i64::from(thread.archived).into(),
        "agent_nickname" => thread.agent_nickname.clone().into(),
        "agent_role" => thread.agent_role.clone().into(),
        "agent_path" => thread.agent_path.clone().into(),
        "memory_mode" => thread.memory_mode.clone().into(),
        other => panic!("expected.json has a field `{other}` that this test does not know"),
    }
}

fn expected() -> Result<Value> {
    Ok(serde_json::from_str(include_str!("expected.json"))?)
}

fn expected_0_171() -> Result<Value> {
    Ok(serde_json::from_str(include_str!("expected-0.171.json"))?)
}

/// Compares the index with rows of the agent.
async fn compare(fixture: &Fixture, expected: &Value, better_rows: &[(&str, &str, Option<&str>)]) -> Result {
    let threads = fixture.threads().await?;
    let threads: BTreeMap<&str, &Thread> = threads.iter().map(|t| (t.rollout_path.as_str(), t)).collect();
    let files = expected["threads"].as_object().ok_or("the rows are an object")?;
    assert_eq!(threads.keys().collect::<Vec<_>>(), files.keys().collect::<Vec<_>>());

    let mut wrong = Vec::new();
    let mut better = 0;
    for (path, fields) in files {
        for (name, peer) in fields.as_object().ok_or("a row is an object")? {
            if name == "last_line_timestamp" {
                continue;
            }
            let ours = field(threads[path.as_str()], name);
            let exception = better_rows.iter().find(|(end, field, _)| path.ends_with(end) && field == name);
            better += usize::from(exception.is_some());
            let value = |ours: &str| ours.parse::<i64>().map_or_else(|_| ours.into(), Value::from);
            let wanted =
                exception.map_or_else(|| peer.clone(), |(_, _, ours)| ours.map_or(Value::Null, value));
            if ours != wanted {
                wrong.push(format!("{path} {name}\n  ours     {ours}\n  expected {wanted}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(better, better_rows.len(), "every exception is one of a file that is there");
    Ok(())
}

#[tokio::test]
async fn rollouts_of_0_171_have_the_expected_rows() -> Result {
    let fixture = Fixture::of_0_171().await?;
    let report = fixture.index().await?;
    assert_eq!((report.indexed, report.failed, report.lines_skipped), (16, 0, 0));
    assert_eq!(report.problems, vec![]);
    compare(&fixture, &expected_0_171()?, BETTER_0_171).await
}

#[tokio::test]
async fn names_forks_and_kinds_of_0_171() -> Result {
    let fixture = Fixture::of_0_171().await?;
    fixture.index().await?;
    let said = |thread: &Thread| {
        let kind = thread.kind.as_str();
        let fork = thread.forked_from_id.map(|id| id.to_string()[9..18].to_owned());
        let tokens = (thread.own_tokens, thread.inherited_tokens);
        let label = thread.name.clone().or(thread.title.clone());
        format!("{kind} {label:?} {fork:?} {tokens:?} {:?}", thread.run_outcome)
    };
    let said: Vec<String> = fixture.threads().await?.iter().map(said).collect();
    insta::assert_snapshot!(said.join("\n"), @r#"
    user Some("This one fails at the provider") None (None, Some(0)) Failed
    user Some("Use two helpers to look at the code") None (Some(53602), Some(0)) Completed
    subagent Some("Look at the README and report.") None (Some(7755), Some(0)) Completed
    subagent Some("Look at lib.rs and report.") None (Some(7754), Some(0)) Completed
    user Some("And this is what was said first") None (Some(10144), Some(0)) Completed
    user Some("Второе имя ✨") None (Some(10142), Some(0)) Completed
    user Some("Второе имя ✨") Some("9acc-7093") (Some(0), Some(10142)) Unknown
    user Some("Source of an attached fork") None (Some(10143), Some(0)) Completed
    fork Some("A side conversation, attached") Some("a3ed-77f3") (Some(10253), Some(10143)) Completed
    user Some("Other first words") None (Some(10143), Some(0)) Completed
    user Some("Words after the picture") None (Some(20685), Some(0)) Completed
    user Some("Talk first, review afterwards") None (Some(10200), Some(0)) Completed
    review Some("Review the current code changes (staged, unstaged, and untracked files) and provide prioritized findings.") None (Some(4386), Some(0)) Completed
    user Some("Killed and then taken up again") None (Some(31447), Some(0)) Completed
    "#);
    Ok(())
}

#[tokio::test]
async fn lifecycles_of_0_171() -> Result {
    let fixture = Fixture::of_0_171().await?;
    fixture.index().await?;
    let expected = expected_0_171()?;
    let wanted: Vec<Vec<String>> = serde_json::from_value(expected["spawn_edges"].clone())?;
    for edge in wanted {
        let [parent, child, status] = &edge[..] else { return Err("an edge has three parts".into()) };
        let query = TreeQuery { root: Some(parent.parse()?), ..TreeQuery::default() };
        let tree = fixture.state.graph().tree(query).await?;
        let agent = tree.iter().find(|agent| agent.thread_id.to_string() == *child).ok_or("the child")?;
        assert_eq!(agent.lifecycle.as_str(), status, "{child}");
    }
    Ok(())
}

#[tokio::test]
async fn every_bundled_rollout_has_the_expected_row() -> Result {
    let fixture = Fixture::bundled().await?;
    let report = fixture.index().await?;
    assert_eq!((report.indexed, report.failed, report.lines_skipped), (16, 0, 0));

    compare(&fixture, &expected()?, BETTER).await
}

#[tokio::test]
async fn a_thread_was_updated_when_its_last_line_was_written() -> Result {
    let fixture = Fixture::bundled().await?;
    fixture.index().await?;
    let expected = expected()?;
    for thread in fixture.threads().await? {
        let last = &expected["threads"][&thread.rollout_path]["last_line_timestamp"];
        let last: Timestamp = last.as_str().ok_or("a time")?.parse()?;
        assert_eq!(thread.updated_at, last, "{}", thread.rollout_path);
        assert!(thread.updated_at >= thread.created_at);
    }
    Ok(())
}

#[tokio::test]
async fn spawn_edges_come_from_the_rollouts() -> Result {
    let fixture = Fixture::bundled().await?;
    fixture.index().await?;
    let mut found: Vec<(String, String)> = fixture
        .threads()
        .await?
        .iter()
        .filter_map(|thread| Some((thread.parent_thread_id?.to_string(), thread.id.to_string())))
        .collect();
    found.sort();
    let expected = expected()?;
    let mut wanted: Vec<(String, String)> = expected["spawn_edges"]
        .as_array()
        .ok_or("expected.json has edges")?
        .iter()
        .map(|edge| {
            let id = |end: &str| edge[end].as_str().unwrap_or_default().to_owned();
            (id("parent"), id("child"))
        })
        .collect();
    wanted.sort();
    assert_eq!(found, wanted);
    Ok(())
}

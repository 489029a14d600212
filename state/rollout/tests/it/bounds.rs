//! Bounds of the texts that are kept of a rollout.

use serde_json::json;
use threadkeep_rollout::{MAX_FIRST_USER_MESSAGE, MAX_JSON, MAX_NAME, MAX_PATH, MAX_TITLE};

use crate::rules::{meta, metadata, said};
use crate::{ID, Result, extract_bytes};

#[test]
fn long_words_are_bounded() -> Result {
    let got = said(json!({"type": "user_message", "message": "日".repeat(675_773)}))?;
    let length = |text: Option<String>| text.map_or(0, |text| text.chars().count());
    assert!(got.title.as_ref().is_some_and(|title| title.ends_with('…')));
    assert_eq!(length(got.title), MAX_TITLE);
    assert_eq!(length(got.first_user_message), MAX_FIRST_USER_MESSAGE);
    Ok(())
}

#[test]
fn every_text_is_bounded() -> Result {
    let long = "\\é\"".repeat(20_000);
    // Deeper than any parser that recurses goes, and larger than what is kept.
    let deep = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
    let deep = format!("{{ \"a\": {deep}, \"type\": \"deep\" }}");
    let text = serde_json::to_string(&long)?;
    let at = "2026-11-22T10:00:00.000Z";
    let url = format!("https://{}@host/{}", "s3cr3t".repeat(1_000), "x".repeat(MAX_PATH));
    let git = json!({"commit_hash": long, "branch": long, "repository_url": url});
    let mut meta = format!(
        r#"{{"timestamp":"{at}","type":"session_meta","payload":{{"id":"{ID}","source":{deep},"git":{git}"#
    );
    for key in [
        "cwd",
        "agent_path",
        "thread_source",
        "model_provider",
        "cli_version",
        "agent_nickname",
        "agent_role",
        "memory_mode",
        "originator",
    ] {
        meta += &format!(r#","{key}":{text}"#);
    }
    meta += "}}\n";
    let turn = |more: &str| {
        format!(
            r#"{{"timestamp":"{at}","type":"turn_context","payload":{{"model":{text},"effort":{text},"approval_policy":{text},"sandbox_policy":{deep}{more}}}}}"#
        )
    };
    let extraction = extract_bytes(meta.clone() + &turn("") + "\n")?;
    let got = extraction.metadata;
    let cut = |max: usize| Some(format!("{}…", long.chars().take(max - 1).collect::<String>()));
    let names = [
        got.thread_source,
        got.model_provider,
        got.cli_version,
        got.agent_nickname,
        got.agent_role,
        got.memory_mode,
        got.model,
        got.reasoning_effort,
        got.approval_mode,
        got.git_sha,
        got.git_branch,
    ];
    assert_eq!(names, std::array::from_fn(|_| cut(MAX_NAME)));
    assert_eq!([got.cwd, got.agent_path], [cut(MAX_PATH), cut(MAX_PATH)]);
    assert_eq!((got.source.as_deref(), got.sandbox_policy), (Some(r#"{"type":"deep"}"#), got.source.clone()));
    let url = got.git_origin_url.ok_or("there is one")?;
    assert!(url.starts_with("https://host/xxx") && url.ends_with("x…"), "{url}");
    assert_eq!(url.chars().count(), MAX_PATH);
    let checkpoint = serde_json::to_string(&extraction.checkpoint)?;
    assert!(checkpoint.len() < 64 * 1024, "{}", checkpoint.len());
    // A profile that does not say its type leaves the word to the policy.
    let profile = format!(r#","permission_profile":[{}0]"#, "0,".repeat(MAX_JSON / 2));
    let got = extract_bytes(meta.clone() + &turn(&profile))?.metadata;
    assert_eq!(got.sandbox_policy.as_deref(), Some(r#"{"type":"deep"}"#));
    // A value of the maximum length stays as it is; white space does not count.
    let object = format!(r#"{{"a":"{}"}}"#, "x".repeat(MAX_JSON - 8));
    let spaced = object.replace(':', &format!(":{}", " ".repeat(100)));
    let got = extract_bytes(meta + &turn(&format!(r#","permission_profile":{spaced}"#)))?.metadata;
    assert_eq!(got.sandbox_policy, Some(object));
    Ok(())
}

#[test]
fn no_part_is_kept_of_a_remote_that_is_too_long_to_be_looked_at() -> Result {
    let url = format!("https://{}@host/x", "s3cr3t".repeat(10_000));
    let got = metadata(&[meta(ID, json!({"git": {"repository_url": url, "branch": "main"}}))])?;
    assert_eq!((got.git_origin_url, got.git_branch.as_deref()), (None, Some("main")));
    Ok(())
}

#[test]
fn the_oldest_files_directory_is_bounded() -> Result {
    let text = format!("<environment_context><cwd>/{}</cwd></environment_context>", "x".repeat(MAX_PATH));
    let said = json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]});
    let got = metadata(&[meta(ID, json!({})), format!("{said}\n")])?;
    assert_eq!(got.cwd.map(|cwd| (cwd.chars().count(), cwd.ends_with('…'))), Some((MAX_PATH, true)));
    Ok(())
}

//! Items: calls and their results, and secrets in rollouts.

use threadkeep_rollout::{MAX_ITEM_TEXT, TurnItemKind};
use threadkeep_sessions::{Draft, Outcome, ThreadIds, to_rollout};

/// Returns the item of a call that was answered.
fn call(name: &str, arguments: &str, succeeded: Option<bool>) -> TurnItemKind {
    let mut draft = Draft::new("s");
    draft.call(None, "c", name, arguments);
    draft.result(None, "c", "Error: file exists", succeeded);
    draft.finish().turns.remove(0).items.remove(0).kind
}

/// Returns the hunks of a change; `None` if the call is no change.
fn diff(name: &str, arguments: &str) -> Option<String> {
    match call(name, arguments, None) {
        TurnItemKind::FileChange { changes, .. } => Some(changes.into_iter().map(|edit| edit.diff).collect()),
        _ => None,
    }
}

#[test]
fn edits_of_every_form_are_changes() {
    let one = Some("@@\n-a\n+b\n".to_owned());
    assert_eq!(diff("replace", r#"{"file_path":"a.rs","old_string":"a","new_string":"b"}"#), one);
    assert_eq!(diff("developer__edit", r#"{"path":"a.rs","before":"a","after":"b"}"#), one);
    let two = r#"{"path":"a.rs","edits":[{"oldText":"a","newText":"b"},{"before":"c","after":"d"}]}"#;
    assert_eq!(diff("edit", two).as_deref(), Some("@@\n-a\n+b\n@@\n-c\n+d\n"));
}

#[test]
fn calls_that_are_no_known_edit_keep_their_arguments() {
    for (name, arguments) in [
        ("edit", r#"{"path":"a.rs","edits":[{"startLine":1,"endLine":3,"newText":"…"}]}"#),
        ("edit", r#"{"path":"a.rs","edits":[{"oldText":"a","newText":"b"},{"startLine":1}]}"#),
        ("edit", r#"{"path":"a.rs","edits":[]}"#),
        ("log", r#"{"path":".","after":"2026-01-01","before":"2026-02-01"}"#),
    ] {
        let kind = call(name, arguments, None);
        assert!(
            matches!(&kind, TurnItemKind::ToolCall { arguments: kept, .. } if kept == arguments),
            "{kind:?}"
        );
    }
}

#[test]
fn an_edit_keeps_its_output_unless_it_succeeded() {
    for (succeeded, kept) in [(None, true), (Some(false), true), (Some(true), false)] {
        let kind = call("write_file", r#"{"path":"a","content":"b"}"#, succeeded);
        let is_kept = matches!(&kind, TurnItemKind::FileChange { output: Some(_), .. });
        assert_eq!(is_kept, kept, "{kind:?}");
    }
}

fn written(draft: Draft) -> String {
    String::from_utf8_lossy(&to_rollout(&draft.finish(), &ThreadIds::new("pi", []))).into_owned()
}

#[test]
fn half_a_secret_at_a_cut_is_in_no_rollout() {
    let cut = "postgres://app:S3cretPassw";
    let long = |rest: &str| "x".repeat(MAX_ITEM_TEXT - cut.len()) + cut + rest;
    let text = long("ord@db");
    let mut draft = Draft::new("s");
    draft.prompt(None, None, &text, 0);
    draft.answer(None, None, &text);
    draft.reasoning(None, None, &text);
    draft.call(None, "c", "shell", &format!(r#"{{"command":"{text}"}}"#));
    draft.result(None, "c", &text, Some(true));
    draft.call(None, "e", "write", &format!(r#"{{"path":"a","content":"{text}"}}"#));
    draft.call(None, "t", "other", &text);
    draft.end(Outcome::Failed, Some(&text));
    let rollout = written(draft);
    assert!(!rollout.contains("S3cret"));
    assert_eq!(rollout.matches("x…").count(), 8, "each is cut");
    let mut draft = Draft::new("s");
    draft.answer(None, None, &long(""));
    assert!(written(draft).contains(&long("")), "a text that has room stays whole");
}

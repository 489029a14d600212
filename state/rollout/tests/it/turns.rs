//! Turns of every version, and their pages.

use std::fmt::Write;

use serde_json::json;
use threadkeep_rollout::{
    BadReason, Chain, ItemsView, Turn, TurnItem, TurnItemKind, TurnPage, TurnPlace, TurnQuery, TurnStatus,
    list_turns,
};

use crate::{NAME, Result, bundled};

fn query(newest_first: bool, limit: usize, after: Option<TurnPlace>, view: ItemsView) -> TurnQuery {
    let mut query = TurnQuery::default();
    (query.newest_first, query.limit, query.after, query.view) = (newest_first, limit, after, view);
    query
}

fn turns_of(bytes: &[u8], query: &TurnQuery) -> Result<TurnPage> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join(NAME);
    std::fs::write(&path, bytes)?;
    Ok(list_turns(&Chain::of_file(&path, false), query)?)
}

/// A turn in short: enough to see at a glance whether it is right.
fn short(turn: &Turn) -> String {
    let items = turn.items.iter().map(|item| match &item.kind {
        TurnItemKind::UserMessage { text, .. } => {
            format!("user: {}", text.chars().take(24).collect::<String>())
        }
        TurnItemKind::AgentMessage { text, .. } => {
            format!("agent: {}", text.chars().take(24).collect::<String>())
        }
        TurnItemKind::Reasoning { .. } => "reasoning".to_owned(),
        TurnItemKind::CommandExecution { command, exit_code, .. } => {
            format!("ran: {} = {exit_code:?}", command.last().map_or("", String::as_str))
        }
        TurnItemKind::FileChange { changes, .. } => {
            format!("changed: {}", changes.iter().map(|edit| &*edit.path).collect::<Vec<_>>().join(", "))
        }
        TurnItemKind::CollabAgentToolCall { tool, agents, .. } => format!("agents: {tool} {}", agents.len()),
        TurnItemKind::ToolCall { name, output, .. } => format!("called: {name} = {}", output.is_some()),
        TurnItemKind::ContextCompaction => "compaction".to_owned(),
        TurnItemKind::EnteredReview { target } => format!("review of: {target:?}"),
        TurnItemKind::ExitedReview { review } => format!("reviewed: {review:?}"),
        TurnItemKind::Other { item_type, .. } => format!("other: {item_type}"),
        other => format!("{other:?}"),
    });
    let id = turn.id.get(..13).unwrap_or(&turn.id);
    let times = (turn.started_at.is_some(), turn.completed_at.is_some(), turn.duration_ms);
    format!("  {id} {:?} {times:?}\n    {}\n", turn.status, items.collect::<Vec<_>>().join("\n    "))
}

#[test]
fn the_turns_of_every_version() -> Result {
    let home = bundled()?;
    let mut all = String::new();
    for file in &home.discover().files {
        let page = list_turns(
            &Chain::of_file(&home.absolute(&file.path), false),
            &query(false, 100, None, ItemsView::Full),
        )?;
        assert!(!page.more && page.skipped.is_empty());
        let version = crate::extract(&home, file)?.metadata.cli_version.unwrap_or_default();
        write!(
            all,
            "{} {version}\n{}",
            &file.path[file.path.len() - 18..],
            page.turns.iter().map(short).collect::<String>()
        )?;
    }
    insta::assert_snapshot!(all);
    Ok(())
}

/// Words of the user or the agent.
fn words(item: &TurnItem) -> Option<String> {
    match &item.kind {
        TurnItemKind::UserMessage { text, .. } | TurnItemKind::AgentMessage { text, .. } => {
            Some(text.clone())
        }
        _ => None,
    }
}

#[test]
fn a_summary_is_the_users_words_and_the_agents_last() -> Result {
    let home = bundled()?;
    let files = home.discover().files;
    let file = files.iter().find(|file| file.path.contains("6c3d-7fb3")).ok_or("the thread with helpers")?;
    let read =
        |view| list_turns(&Chain::of_file(&home.absolute(&file.path), false), &query(false, 9, None, view));
    let (full, summary, none) = (read(ItemsView::Full)?, read(ItemsView::Summary)?, read(ItemsView::None)?);
    let (full, summary, none) = (&full.turns[0], &summary.turns[0], &none.turns[0]);
    assert_eq!(
        (summary.items.len(), summary.items.len() as u64 + summary.omitted_items),
        (2, full.items.len() as u64)
    );
    let texts = |turn: &Turn| turn.items.iter().filter_map(words).collect::<Vec<_>>();
    let (all, kept) = (texts(full), texts(summary));
    assert_eq!(kept.iter().collect::<Vec<_>>(), [&all[0], &all[all.len() - 1]]);
    assert_eq!((none.items.len(), none.omitted_items), (0, full.items.len() as u64));
    Ok(())
}

#[test]
fn pages_meet_without_gap_or_overlap_both_ways() -> Result {
    let mut text = String::new();
    for turn in 0..7 {
        let message =
            json!({"type": "event_msg", "payload": {"type": "user_message", "message": format!("m{turn}")}});
        writeln!(text, "{message}")?;
    }
    for limit in 1..9 {
        for newest_first in [false, true] {
            let (mut got, mut after) = (Vec::new(), None);
            loop {
                let page = turns_of(text.as_bytes(), &query(newest_first, limit, after, ItemsView::Summary))?;
                got.extend(page.turns.iter().filter_map(|turn| words(&turn.items[0])));
                after = page.turns.last().map(Turn::place);
                if !page.more {
                    break;
                }
            }
            let mut wanted: Vec<_> = (0..7).map(|turn| format!("m{turn}")).collect();
            if newest_first {
                wanted.reverse();
            }
            assert_eq!(got, wanted, "limit {limit}");
        }
    }
    Ok(())
}

#[test]
fn how_a_turn_ends() -> Result {
    let event = |payload: serde_json::Value| {
        json!({"timestamp": "2026-11-22T10:00:00.000Z", "type": "event_msg", "payload": payload}).to_string()
            + "\n"
    };
    let start = |id: &str| event(json!({"type": "task_started", "turn_id": id}));
    let end = |id: &str| event(json!({"type": "task_complete", "turn_id": id}));
    let said = |what: &str, text: &str| event(json!({"type": what, "message": text}));
    let status = |lines: &[String]| -> Result<Vec<TurnStatus>> {
        let page = turns_of(lines.concat().as_bytes(), &TurnQuery::default())?;
        Ok(page.turns.iter().map(|turn| turn.status).collect())
    };
    use TurnStatus::{Completed, Failed, InProgress, Interrupted};
    assert_eq!(status(&[start("a"), end("a"), start("b")])?, [Completed, InProgress]);
    assert_eq!(status(&[start("a"), start("b"), end("a"), end("b")])?, [Interrupted, Completed]);
    assert_eq!(status(&[start("a"), start("b"), end("a")])?, [Interrupted, InProgress]);
    assert_eq!(status(&[start("a"), said("error", "no"), end("a")])?, [Failed]);
    let aborted = event(json!({"type": "turn_aborted", "turn_id": "a", "reason": "interrupted"}));
    assert_eq!(status(&[start("a"), said("agent_message", "half"), aborted])?, [Interrupted]);
    // Versions that mark nothing.
    let (user, agent) = (said("user_message", "u"), said("agent_message", "a"));
    let aborted = event(json!({"type": "turn_aborted", "reason": "interrupted"}));
    assert_eq!(
        status(&[user.clone(), agent, user.clone(), aborted, user])?,
        [Completed, Interrupted, InProgress]
    );
    Ok(())
}

#[test]
fn words_that_only_the_model_heard_are_the_users() -> Result {
    let event =
        |payload: serde_json::Value| json!({"type": "event_msg", "payload": payload}).to_string() + "\n";
    let heard = |text: &str| {
        let content = json!([{"type": "input_text", "text": text}]);
        let message = json!({"type": "message", "role": "user", "content": content});
        json!({"type": "response_item", "payload": message}).to_string() + "\n"
    };
    let mark = |kind: &str, turn: &str| event(json!({"type": kind, "turn_id": turn}));
    let item = |kind: &str, text: &str| {
        let content = json!([{"type": "Text", "text": text}]);
        event(json!({"type": "item_completed", "item": {"type": kind, "content": content}}))
    };
    let lines = [
        mark("task_started", "a"),
        heard("<environment_context>"),
        heard("alone"),
        item("AgentMessage", "done"),
        mark("task_complete", "a"),
        mark("task_started", "b"),
        heard("twice"),
        item("UserMessage", "twice"),
        heard("more"),
        mark("task_started", "c"),
        heard("at the end"),
    ];
    let page = turns_of(lines.concat().as_bytes(), &query(false, 9, None, ItemsView::Full))?;
    let said = page.turns.iter().map(|turn| turn.items.iter().filter_map(words).collect());
    let wanted = [vec!["alone", "done"], vec!["twice"], vec!["at the end"]];
    assert_eq!(said.collect::<Vec<Vec<_>>>(), wanted);
    Ok(())
}

#[test]
fn the_oldest_files_have_turns() -> Result {
    let part = |text: &str| json!([{"type": "input_text", "text": text}]);
    let lines = [
        json!({"id": crate::ID, "timestamp": "2025-05-07T17:24:21.123Z"}),
        json!({"type": "message", "role": "user", "content": part("<environment_context>…")}),
        json!({"type": "message", "role": "user", "content": part("fix it")}),
        json!({"type": "function_call", "name": "shell", "arguments": "{}", "call_id": "c"}),
        json!({"type": "function_call_output", "call_id": "c", "output": "ok"}),
        json!({"type": "message", "role": "assistant", "content": part("done")}),
        json!("torn"),
    ];
    let text = lines.map(|line| format!("{line}\n")).concat();
    let page = turns_of(text.as_bytes(), &query(false, 9, None, ItemsView::Full))?;
    insta::assert_snapshot!(page.turns.iter().map(short).collect::<String>(), @r"
    turn-1 Completed (false, false, None)
      user: fix it
      called: shell = true
      agent: done
    ");
    assert_eq!(page.skipped.first.first().map(|bad| bad.reason), Some(BadReason::NotJson));
    Ok(())
}

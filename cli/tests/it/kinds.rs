//! `threads`: whose threads are listed, and the filters.

use serde_json::json;

use super::fixture::{Fixture, Result};
use super::written::{Rollout, id, spawned_by};

/// A conversation with two sub-agents, a review and an empty session.
fn family() -> Result<Fixture> {
    let fixture = Fixture::empty()?;
    Rollout { tokens: 12_000, ..Rollout::default() }.write(&fixture)?;
    for (n, nickname) in [(2, "Newton"), (3, "Hopper")] {
        let source = spawned_by(1, nickname);
        Rollout { n, source, said: Some("Look around"), tokens: 1_500, ..Rollout::default() }
            .write(&fixture)?;
    }
    let source = json!({ "subagent": "review" });
    Rollout { n: 4, source, said: Some("Review it"), ..Rollout::default() }.write(&fixture)?;
    Rollout { n: 5, said: None, ..Rollout::default() }.write(&fixture)?;
    Rollout {
        n: 6,
        source: json!("exec"),
        said: Some("Run it"),
        at: "2026-10-02T09:00",
        ..Rollout::default()
    }
    .write(&fixture)?;
    Ok(fixture)
}

/// Ids of the threads that are listed, by their last digit.
fn listed(fixture: &Fixture, arguments: &[&str]) -> Result<Vec<u32>> {
    let page = fixture.json(&[&["threads"], arguments].concat())?;
    let threads = page["threads"].as_array().ok_or("an array")?;
    let number = |id: &str| u32::from_str_radix(&id[id.len() - 4..], 16);
    Ok(threads
        .iter()
        .map(|thread| number(thread["id"].as_str().unwrap_or_default()))
        .collect::<std::result::Result<_, _>>()?)
}

#[test]
fn the_users_own_threads_are_listed_and_the_others_counted() -> Result {
    let fixture = family()?;
    insta::assert_snapshot!(fixture.run(&["threads"])?.all(), @r"
    exit 0
    --- stdout
    ID             UPDATED  THREAD                               SPAWNED    FOLDER
    01a21000-0006  2 Oct    Run it                                          /srv/code
    01a21000-0001  1 Oct    Say hello                            +2 agents  /srv/code
    2 of 2 · 2 sub-agents, 1 review, 1 empty: --all lists them
    ");
    insta::assert_snapshot!(fixture.run(&["threads", "--tokens", "--limit", "1", "--asc"])?.all(), @r"
    exit 0
    --- stdout
    ID             UPDATED  THREAD                            TOKENS  SPAWNED       FOLDER
    01a21000-0001  1 Oct    Say hello                         12k     +2 agents 3k  /srv/code
    1 of 2 · 2 sub-agents, 1 review, 1 empty: --all lists them
    next: threadkeep threads --tokens --limit 1 --asc --cursor v2uaff08d250c.1790848805000.01a21000000170008000000000000001
    ");
    let page = fixture.json(&["threads", "--asc"])?;
    assert_eq!(page["others"], json!({ "subagent": 2, "review": 1, "empty": 1 }));
    assert_eq!(page["threads"][0]["agents"], json!({ "count": 2, "own_tokens": 3_000 }));
    Ok(())
}

#[test]
fn sources_are_words_that_a_person_knows() -> Result {
    let fixture = family()?;
    assert_eq!(listed(&fixture, &[])?, [6, 1]);
    assert_eq!(listed(&fixture, &["--all"])?, [6, 4, 3, 2, 1, 5]);
    assert_eq!(listed(&fixture, &["--source", "subagent"])?, [3, 2]);
    assert_eq!(listed(&fixture, &["--source", "review", "--source", "empty"])?, [4, 5]);
    assert_eq!(listed(&fixture, &["--source", "!exec"])?, [1]);
    assert_eq!(listed(&fixture, &["--source", "exec"])?, [6]);
    assert_eq!(listed(&fixture, &["--all", "--source", "!subagent", "--source", "!empty"])?, [6, 4, 1]);
    insta::assert_snapshot!(fixture.run(&["threads", "--source", "subagents"])?.all(), @r"
    exit 2
    --- stderr
    error: no thread has the source `subagents`
      hint: the sources are user, subagent, review, guardian, memory, fork, empty, cli, exec, vscode, mcp; '!WORD' leaves one out
    ");
    insta::assert_snapshot!(fixture.run(&["threads", "--source", "memory"])?.all(), @r"
    exit 0
    --- stdout
    No current thread matches --source memory.
    without --source: 2 threads.
    ");
    Ok(())
}

#[test]
fn times_models_and_branches_narrow_the_list() -> Result {
    let fixture = Fixture::empty()?;
    let git = |branch: &str| json!({ "git": { "branch": branch } });
    Rollout { n: 1, at: "2026-10-01T10:00", meta: git("main"), ..Rollout::default() }.write(&fixture)?;
    Rollout { n: 2, at: "2026-10-02T10:00", model: "model-two", ..Rollout::default() }.write(&fixture)?;
    Rollout { n: 3, at: "2026-10-03T10:00", meta: git("fix/it"), ..Rollout::default() }.write(&fixture)?;
    assert_eq!(listed(&fixture, &["--since", "2026-10-02"])?, [3, 2]);
    assert_eq!(listed(&fixture, &["--until", "2026-10-02"])?, [2, 1]);
    assert_eq!(listed(&fixture, &["--since", "2026-10-02T11:00", "--until", "2026-10-03T09:00"])?, [0; 0]);
    assert_eq!(listed(&fixture, &["--since", "9999w"])?, [3, 2, 1]);
    assert_eq!(listed(&fixture, &["--until", "yesterday"])?, [3, 2, 1]);
    assert_eq!(listed(&fixture, &["--since", "today"])?, [0; 0]);
    assert_eq!(listed(&fixture, &["--model", "model-two"])?, [2]);
    assert_eq!(listed(&fixture, &["--branch", "fix/it"])?, [3]);
    insta::assert_snapshot!(fixture.run(&["threads", "--since", "soon"])?.all(), @r"
    exit 2
    --- stderr
    error: --since: `soon` is not a time
      hint: a time is like 2026-11-22T13:23:16Z, 2026-11-22, yesterday, 1795353796 (Unix seconds), or 15m, 2h, 3d, 2w (ago)
    ");
    insta::assert_snapshot!(fixture.run(&["threads", "--branch", "main", "--model", "model-two"])?.all(), @r"
    exit 0
    --- stdout
    No current thread of yours matches --model model-two --branch main.
    without --model: 1 thread; without --branch: 1 thread.
    ");
    let both = fixture.run(&["threads", "--search", "hello", "--model", "none"])?.stdout;
    assert!(both.contains("--search looks at name, title, "), "{both}");
    // A span moves on between two pages, and the cursor still holds.
    let page = fixture.json(&["threads", "--since", "9999w", "--limit", "1"])?;
    let cursor = page["next_cursor"].as_str().ok_or("there is more")?;
    assert_eq!(listed(&fixture, &["--since", "9999w", "--cursor", cursor])?, [2, 1]);
    insta::assert_snapshot!(fixture.run(&["threads", "--model", "model-two", "--cursor", cursor])?.stderr.replace(cursor, "[cursor]"), @r"
    error: the cursor `[cursor]` belongs to a list with other filters or another sort key
      hint: repeat the options of that list, or leave out --cursor for the first page
    ");
    Ok(())
}

#[test]
fn archived_missing_and_deleted_threads_have_their_lists() -> Result {
    let fixture = Fixture::empty()?;
    for n in 1..=4 {
        Rollout { n, ..Rollout::default() }.write(&fixture)?;
    }
    fixture.json(&["backfill"])?;
    fixture.json(&["threads", "archive", &id(1)])?;
    fixture.json(&["threads", "delete", &id(2), "--yes"])?;
    std::fs::remove_file(fixture.rollout(&format!("{}.jsonl", id(3)))?)?;
    assert_eq!(listed(&fixture, &[])?, [4]);
    assert_eq!(listed(&fixture, &["--archived"])?, [1]);
    assert_eq!(listed(&fixture, &["--any"])?, [4, 1]);
    assert_eq!(listed(&fixture, &["--missing"])?, [3]);
    assert_eq!(fixture.json(&["threads"])?["missing"], 1);
    insta::assert_snapshot!(fixture.run(&["threads"])?.all(), @r"
    exit 0
    --- stdout
    ID             UPDATED  THREAD                            FOLDER              MODEL         SOURCE
    01a21000-0004  1 Oct    Say hello                         /srv/code           model-one     cli
    1 thread left out, because its rollout is missing: --missing shows more
    ");
    assert_eq!(
        fixture.run(&["threads", "--missing", "--search", "x"])?.stdout,
        "\
        No thread without its rollout has \"x\" in its name, title, first message, sub-agent names, folder, branch or model.\n\
        without --search: 1 thread.\n"
    );
    let deleted = fixture.json(&["threads", "--deleted"])?;
    assert_eq!(deleted["deleted"][0]["thread_id"], id(2));
    insta::assert_snapshot!(fixture.run(&["threads", "--deleted"])?.all(), @r"
    exit 0
    --- stdout
    ID                                    DELETED
    01a21000-0002-7000-8000-000000000002  just now
    1 of 1 · `threadkeep threads restore ID` brings one back
    ");
    insta::assert_snapshot!(fixture.run(&["threads", "--deleted", "--search", "x"])?.all(), @r"
    exit 2
    --- stderr
    error: `--deleted` cannot be used with `--search`
      hint: leave out one of them
    ");
    fixture.json(&["threads", "delete", "--missing", "--yes"])?;
    assert_eq!(fixture.run(&["threads", "--missing"])?.stdout, "No rollout is missing.\n");
    let pipe = fixture.command(&["threads", "--deleted"]).env_remove("COLUMNS").output()?;
    let times = String::from_utf8(pipe.stdout)?;
    assert!(times.lines().skip(1).all(|line| line.contains("\t20") && line.ends_with('Z')), "{times}");
    Ok(())
}

/// Appends an event to a rollout.
fn append(rollout: &std::path::Path, payload: &serde_json::Value) -> Result {
    let line = json!({ "timestamp": "2026-10-01T10:00:30.000Z", "type": "event_msg", "payload": payload });
    let text = std::fs::read_to_string(rollout)?;
    Ok(std::fs::write(rollout, format!("{text}{line}\n"))?)
}

#[test]
fn forks_agents_and_goals_of_the_agent_are_marked() -> Result {
    let fixture = Fixture::empty()?;
    let first = Rollout::default().write(&fixture)?;
    let goal = json!({ "objective": "Ship it", "status": "active", "createdAt": 1, "updatedAt": 2 });
    append(&first, &json!({ "type": "thread_goal_updated", "goal": goal }))?;
    let meta = json!({ "forked_from_id": id(1), "history_base":
        { "thread_id": id(1), "end_ordinal_exclusive": 0, "end_byte_offset": 0 } });
    Rollout { n: 2, said: Some("Try it otherwise"), meta, ..Rollout::default() }.write(&fixture)?;
    let source = json!({ "subagent": { "thread_spawn": { "parent_thread_id": id(1), "depth": 1,
        "agent_nickname": "Hopper", "agent_path": "/root/look" } } });
    let agent = Rollout { n: 3, source, said: None, ..Rollout::default() }.write(&fixture)?;
    append(&agent, &json!({ "type": "task_started", "turn_id": "t1" }))?;
    append(&agent, &json!({ "type": "task_complete", "turn_id": "t1", "last_agent_message": "done" }))?;
    insta::assert_snapshot!(fixture.run(&["threads", "--all"])?.all(), @r"
    exit 0
    --- stdout
    ID             UPDATED  THREAD                                  GOAL              SPAWNED   SOURCE
    01a21000-0003  1 Oct    Hopper (/root/look)                                                 subagent
    01a21000-0001  1 Oct    Say hello                               active (agent's)  +1 agent  cli
    01a21000-0002  1 Oct    fork: Try it otherwise                                              cli
    ");
    let narrow = |arguments: &[&str]| -> Result<String> {
        fixture.say(fixture.command(arguments).env("COLUMNS", "80").output()?).map(|said| said.stdout)
    };
    insta::assert_snapshot!(narrow(&["threads", "--all"])?, @r"
    ID             UPDATED  THREAD                                          SOURCE
    01a21000-0003  1 Oct    Hopper (/root/look)                             subagent
    01a21000-0001  1 Oct    Say hello                                       cli
    01a21000-0002  1 Oct    fork: Try it otherwise                          cli
    ");
    insta::assert_snapshot!(narrow(&["threads", "tree"])?, @r"
    ID                THREAD               NICKNAME  LIFE  LAST RUN   UPDATED
    01a21000-0001     Say hello                      open  completed  1 Oct
    ├─ 01a21000-0002  Try it otherwise     fork      open  completed  1 Oct
    └─ 01a21000-0003  Hopper (/root/look)  Hopper    open  completed  1 Oct
    ");
    let status = fixture.run(&["status"])?.stdout;
    assert!(status.contains("threads        2 current, 0 archived, 1 sub-agent\n"), "{status}");
    assert_eq!(fixture.json(&["status"])?["others"], json!({ "subagent": 1 }));
    Ok(())
}

#[test]
fn a_sub_agent_is_named_by_its_path() -> Result {
    let fixture = Fixture::empty()?;
    let agents =
        [(3, 1, "/root/look"), (4, 2, "/root/look"), (5, 1, "/root/find"), (6, 5, "/root/find/deep")];
    for n in 1..=2 {
        Rollout { n, ..Rollout::default() }.write(&fixture)?;
    }
    for (n, parent, path) in agents {
        let source = json!({ "subagent": { "thread_spawn": { "parent_thread_id": id(parent), "depth": 1,
            "agent_path": path } } });
        Rollout { n, source, ..Rollout::default() }.write(&fixture)?;
    }
    let shown = |typed: &str| -> Result<String> {
        Ok(fixture.json(&["threads", "show", typed])?["thread"]["id"].as_str().ok_or("an id")?.to_owned())
    };
    fixture.json(&["backfill"])?;
    for typed in ["/root/find", "find"] {
        assert_eq!(shown(typed)?, id(5), "{typed}");
    }
    for typed in ["/root/find/deep", "find/deep", "deep", &(id(1) + "/deep"), "01a21000-0001/root/find/deep"]
    {
        assert_eq!(shown(typed)?, id(6), "{typed}");
    }
    for typed in [&(id(2) + "/root/look"), "01a21000-0002/look"] {
        assert_eq!(shown(typed)?, id(4), "{typed}");
    }
    insta::assert_snapshot!(fixture.run(&["threads", "show", "/root/look"])?.all(), @r"
    exit 2
    --- stderr
    error: `/root/look` is the agent path of several threads
      hint: type the first digits of the id:
        01a21000-0003-7000-8000-000000000003  Say hello
        01a21000-0004-7000-8000-000000000004  Say hello
    ");
    for typed in ["ook", "01a21000-0002/find", "01a21000-0009/look"] {
        assert_eq!(fixture.run(&["threads", "show", typed])?.code, Some(2), "{typed}");
    }
    Ok(())
}

#[test]
fn files_that_cannot_be_read_are_counted_below_the_list() -> Result {
    let fixture = Fixture::empty()?;
    Rollout::default().write(&fixture)?;
    let broken = Rollout { n: 2, ..Rollout::default() }.write(&fixture)?;
    std::fs::write(&broken, "")?;
    let list = fixture.run(&["threads"])?.stdout;
    assert!(list.contains("1 file with problems; `threadkeep backfill` shows which"), "{list}");
    assert_eq!(fixture.json(&["threads"])?["unreadable"], 1);
    // So are damaged ones, and what an index run found earlier.
    let noise = Rollout { n: 3, ..Rollout::default() }.write(&fixture)?;
    std::fs::write(&noise, "no JSON\nat all\n")?;
    let shrunk = Rollout { n: 4, ..Rollout::default() }.write(&fixture)?;
    let gone = Rollout { n: 5, ..Rollout::default() }.write(&fixture)?;
    fixture.json(&["threads"])?;
    std::fs::write(&shrunk, "")?;
    std::fs::remove_file(&gone)?;
    fixture.json(&["threads"])?;
    let list = fixture.run(&["threads", "--no-refresh"])?.stdout;
    let footer = "1 thread left out, because its rollout is missing: --missing shows more\n\
                  3 files with problems; `threadkeep backfill` shows which\n";
    assert!(list.ends_with(footer), "{list}");
    let empty = fixture.run(&["threads", "--search", "nothing"])?;
    assert_eq!(empty.all().matches("3 files with problems").count(), 1, "{}", empty.all());
    Ok(())
}

#[test]
fn a_sheet_counts_sub_agents_as_the_list_does() -> Result {
    let fixture = family()?;
    let (source, meta) = (json!({ "subagent": "review" }), json!({ "parent_thread_id": id(1) }));
    Rollout { n: 7, source, meta, tokens: 500, ..Rollout::default() }.write(&fixture)?;
    let listed = fixture.json(&["threads", "--asc"])?["threads"][0]["agents"].clone();
    assert_eq!(listed, json!({ "count": 2, "own_tokens": 3_500 }));
    assert_eq!(fixture.json(&["threads", "show", &id(1)])?["tokens_with_sub_agents"], 15_500);
    let sheet = fixture.run(&["threads", "show", &id(1)])?.stdout;
    assert!(sheet.contains("15,500 with 2 sub-agents"), "{sheet}");
    Ok(())
}

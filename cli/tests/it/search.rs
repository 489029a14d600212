//! `search`: answers for people, pipes and programs, and the parts that it did not search.

use std::fs;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::fixture::{Fixture, Result};
use super::written::{Rollout, id};

/// Returns the threads that a search finds, the best first.
fn found(fixture: &Fixture, arguments: &[&str]) -> Result<Vec<String>> {
    let found = fixture.json(&[&["search"], arguments].concat())?;
    let threads = found["threads"].as_array().ok_or("an array")?;
    Ok(threads.iter().filter_map(|thread| thread["id"].as_str().map(str::to_owned)).collect())
}

/// Three threads about kettles: one current, one archived by hand, and one sub-agent.
fn kettles() -> Result<Fixture> {
    let fixture = Fixture::empty()?;
    let rollout = |n, said| Rollout { n, said: Some(said), at: "2019-10-01T10:00", ..Rollout::default() };
    rollout(1, "Descale the kettle, and the kettlebells").write(&fixture)?;
    rollout(2, "Sell the old kettle").write(&fixture)?;
    let source = json!({ "subagent": { "thread_spawn": { "parent_thread_id": id(1), "depth": 1 } } });
    Rollout { source, ..rollout(3, "Count kettles") }.write(&fixture)?;
    fixture.json(&["threads", "archive", &id(2)])?;
    Ok(fixture)
}

#[test]
fn a_command_and_its_output_are_told_apart() -> Result {
    let fixture = Fixture::empty()?;
    let path = Rollout { ends: false, ..Rollout::default() }.write(&fixture)?;
    let item = json!({ "type": "CommandExecution", "id": "c1", "command": ["cargo", "test", "kettle"],
        "status": "completed", "exit_code": 0, "aggregated_output": "running 3 tests\nall is well\n" });
    let payload = json!({ "type": "item_completed", "turn_id": "t1", "item": item });
    let line = json!({ "timestamp": "2026-10-01T10:01:00Z", "type": "event_msg", "payload": payload });
    fs::write(&path, fs::read_to_string(&path)? + &line.to_string() + "\n")?;
    // A phrase still goes over both.
    let found = fixture.json(&["search", "kettle running"])?;
    let snippet = &found["threads"][0]["hits"][0]["snippet"];
    assert_eq!(snippet["text"], "cargo test kettle → running 3 tests all is well", "{found}");
    Ok(())
}

#[test]
fn hits_are_grouped_by_thread_and_fit_any_width() -> Result {
    let fixture = Fixture::bundled()?;
    let at = |columns: &str, words: &[&str]| -> Result<String> {
        let output = fixture.command(&[&["search"], words].concat()).env("COLUMNS", columns).output()?;
        let said = fixture.say(output)?;
        assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""), "{}", said.all());
        Ok(said.stdout)
    };
    insta::assert_snapshot!(at("80", &["changelog", "--limit", "1"])?, @r"
    01a20371-2f5f  Add a changelog to the widget  /tmp/project/widget
      turn 1  22 Nov 2019  user   Add a changelog to the widget
      turn 1  22 Nov 2019  agent  Done: Add a changelog to the widget
      turn 1  22 Nov 2019  tool   cat CHANGELOG.md
      3 more in this thread
    1 of 2 threads: --limit N shows more
    read: `threadkeep threads read 01a20371-2f5f --turn 1`
    ");
    insta::assert_snapshot!(at("120", &["changelog", "widget", "--said", "user"])?, @r"
    01a20371-2f5f  Add a changelog to the widget  /tmp/project/widget
      turn 1  22 Nov 2019  user  Add a changelog to the widget

    01a2036c-e047  Add a changelog to the widget  /tmp/project/widget
      turn 1  22 Nov 2019  user  Add a changelog to the widget
    2 threads
    read: `threadkeep threads read 01a20371-2f5f --turn 1`
    ");
    for columns in ["40", "80", "120"] {
        for line in at(columns, &["review", "untracked"])?.lines().filter(|line| !line.starts_with("read:")) {
            assert!(line.chars().count() <= columns.parse()?, "{columns}: {line}");
        }
    }
    Ok(())
}

#[test]
fn a_pipe_gets_one_hit_a_line() -> Result {
    let fixture = kettles()?;
    let output = fixture.command(&["search", "kettle", "--all"]).env_remove("COLUMNS").output()?;
    let said = fixture.say(output)?;
    insta::assert_snapshot!(said.all().replace('\t', " | "), @r"
    exit 0
    --- stdout
    ID | SAID AT | FOLDER | THREAD | TURN | BY | TEXT
    01a21000-0003-7000-8000-000000000003 | 2019-10-01T10:00:01.000Z | /srv/code | Count kettles | 1 | user | Count kettles
    01a21000-0001-7000-8000-000000000001 | 2019-10-01T10:00:01.000Z | /srv/code | Descale the kettle, and the kettlebells | 1 | user | Descale the kettle, and the kettlebells
    --- stderr
    2 threads · 1 archived: --any searches them
    read: `threadkeep threads read 01a21000-0003 --turn 1`
    ");
    Ok(())
}

#[test]
fn a_program_gets_marks_as_ranges_of_characters() -> Result {
    let fixture = Fixture::empty()?;
    Rollout { said: Some("🫖 Der Käse, und das Käsebrot"), ..Rollout::default() }.write(&fixture)?;
    let found = fixture.json(&["search", "käse"])?;
    let hit = &found["threads"][0]["hits"][0];
    assert_eq!(
        (&hit["turn_number"], &hit["turn_id"], &hit["said"]),
        (&json!(1), &json!("t1"), &json!("user"))
    );
    assert_eq!(hit["at"], "2026-10-01T10:00:01.000Z");
    let snippet = &hit["snippet"];
    let text: Vec<char> = snippet["text"].as_str().ok_or("a text")?.chars().collect();
    let marks = snippet["marks"].as_array().ok_or("an array")?;
    let marked = marks.iter().map(|mark| -> Option<String> {
        let (from, to) = (mark[0].as_u64()? as usize, mark[1].as_u64()? as usize);
        Some(text.get(from..to)?.iter().collect())
    });
    assert_eq!(marked.collect::<Option<Vec<_>>>(), Some(vec!["Käse".to_owned(), "Käsebrot".to_owned()]));
    assert_eq!(found["history"]["complete"], true);
    Ok(())
}

#[test]
fn words_phrases_and_whole_words_are_found_as_typed() -> Result {
    let fixture = kettles()?;
    assert_eq!(found(&fixture, &["kettle", "descale"])?, [id(1)], "in any order");
    assert_eq!(found(&fixture, &["the kettle"])?, [id(1)], "an argument with a space is a phrase");
    assert_eq!(found(&fixture, &["\"the kettle\""])?, [id(1)]);
    assert!(found(&fixture, &["kettle the"])?.is_empty());
    assert_eq!(found(&fixture, &["kettleb"])?, [id(1)], "a word may go on");
    assert!(found(&fixture, &["kettleb", "-w"])?.is_empty());
    assert!(found(&fixture, &["kettle", "--said", "agent"])?.is_empty());
    assert_eq!(found(&fixture, &["kettle", "--said", "agent", "--said", "user"])?, [id(1)]);
    assert!(found(&fixture, &["kettle", "--since", "2019-10-02"])?.is_empty());
    assert_eq!(found(&fixture, &["kettle", "--since", "2019-10-01"])?, [id(1)]);
    Ok(())
}

#[test]
fn threads_are_chosen_as_in_a_list() -> Result {
    let fixture = kettles()?;
    assert_eq!(found(&fixture, &["kettle", "--archived"])?, [id(2)]);
    assert_eq!(found(&fixture, &["kettle", "--any", "--all"])?.len(), 3);
    assert_eq!(found(&fixture, &["kettles", "--source", "subagent"])?, [id(3)]);
    assert_eq!(found(&fixture, &["kettle", "--cwd", "/srv/code"])?, [id(1)]);
    assert!(found(&fixture, &["kettle", "--cwd", "/srv"])?.is_empty());
    assert_eq!(found(&fixture, &["kettle", "--cwd", "/srv", "--recursive"])?, [id(1)]);
    assert_eq!(found(&fixture, &["kettle", "--model", "model-one"])?, [id(1)]);
    assert!(found(&fixture, &["kettle", "--model", "model-two"])?.is_empty());
    Ok(())
}

#[test]
fn an_empty_result_says_what_was_not_searched() -> Result {
    let fixture = kettles()?;
    let said = |arguments: &[&str]| fixture.run(&[&["search"], arguments].concat()).map(|said| said.all());
    insta::assert_snapshot!(said(&["sell", "kettle"])?, @r"
    exit 0
    --- stdout
    No message in current threads of yours has all of sell kettle; 3 rollouts searched.
    1 archived: --any searches them
    ");
    insta::assert_snapshot!(said(&["kettles", "--cwd", "/srv/other", "--since", "2019-10-03"])?, @r"
    exit 0
    --- stdout
    No message in current threads of yours has kettles with --cwd /srv/other --since 2019-10-03; 3 rollouts searched.
    ");
    insta::assert_snapshot!(said(&["descale", "--cwd", "/srv/other", "--said", "user"])?, @r"
    exit 0
    --- stdout
    No message in current threads of yours has descale with --cwd /srv/other --said user; 3 rollouts searched.
    without --cwd /srv/other: 1 thread
    ");
    insta::assert_snapshot!(said(&["descale", "--said", "agent", "--said", "tool"])?, @r"
    exit 0
    --- stdout
    No message in current threads of yours has descale with --said agent --said tool; 3 rollouts searched.
    without --said agent --said tool: 1 thread
    ");
    insta::assert_snapshot!(said(&["kettleb", "-w", "--archived"])?, @r"
    exit 0
    --- stdout
    No message in archived threads of yours has kettleb with -w; 3 rollouts searched.
    ");
    insta::assert_snapshot!(said(&["--", "--"])?, @r"
    exit 2
    --- stderr
    error: `--` has no letter and no digit to search for
      hint: type at least one word; signs alone are not indexed
    ");
    Ok(())
}

#[test]
fn many_threads_are_counted_and_the_rest_is_named() -> Result {
    let fixture = Fixture::of_many(60)?;
    let said = fixture.run(&["search", "done", "--limit", "2", "-q"])?;
    assert_eq!(said.stdout.lines().filter(|line| line.starts_with("01a2")).count(), 2, "{}", said.all());
    let said = fixture.run(&["search", "done", "--limit", "2"])?;
    assert!(
        said.stdout.contains("2 of ") && said.stdout.contains("threads: --limit N shows more"),
        "{}",
        said.all()
    );
    let found = fixture.json(&["search", "done", "--limit", "1000"])?;
    let threads = found["threads"].as_array().ok_or("an array")?;
    assert_eq!(found["total"], threads.len());
    assert!(threads.len() > 20, "{}", threads.len());
    assert!(threads.iter().all(|thread| thread["hits"].as_array().is_some_and(|hits| hits.len() <= 3)));
    let changelog = fixture.json(&["search", "changelog", "--limit", "1"])?;
    let best = &changelog["threads"][0];
    assert_eq!((best["hits"].as_array().map(Vec::len), &best["more_hits"]), (Some(3), &json!(3)));
    Ok(())
}

#[test]
fn a_deleted_thread_is_never_found_again() -> Result {
    let fixture = kettles()?;
    assert_eq!(found(&fixture, &["kettle"])?, [id(1)]);
    let deleted = fixture.json(&["threads", "delete", &id(1), "--yes"])?;
    assert_eq!(deleted["pending"], json!([]));
    for arguments in [&["descale", "--any", "--all"][..], &["descale", "--no-refresh"], &["descale"]] {
        assert!(found(&fixture, arguments)?.is_empty(), "{arguments:?}");
    }
    let bytes = fs::read(fixture.sqlite_home().join("history_1.sqlite"))?;
    assert!(!String::from_utf8_lossy(&bytes).contains("descale"), "the words are erased");
    fixture.json(&["threads", "restore", &id(1)])?;
    assert_eq!(found(&fixture, &["descale"])?, [id(1)]);
    Ok(())
}

#[test]
fn text_of_threads_cannot_command_the_terminal() -> Result {
    let fixture = Fixture::empty()?;
    Rollout {
        said: Some("kettle \u{1b}[2J\u{9b}31m \u{202e}and sk-proj-abcdefghijklmnopqrstuvwxyz0123456789AB"),
        ..Rollout::default()
    }
    .write(&fixture)?;
    for arguments in [
        &["search", "kettle"][..],
        &["--json", "search", "kettle"],
        &["--color", "never", "search", "kettle"],
    ] {
        let said = fixture.run(arguments)?;
        assert!(said.stdout.contains("kettle"), "{}", said.all());
        assert!(!said.stdout.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{:?}", said.stdout);
        assert!(!said.stdout.contains("abcdefghijklmnop"), "{}", said.stdout);
    }
    Ok(())
}

#[test]
fn a_history_in_part_says_so_and_nothing_waits_for_the_rest() -> Result {
    let fixture = Fixture::of_many(40)?;
    fixture.json(&["threads"])?;
    let said = fixture.run(&["search", "widget", "--no-refresh"])?;
    insta::assert_snapshot!(said.all(), @r"
    exit 0
    --- stdout
    Nothing is indexed yet.
    --- stderr
    note: 0 % of the history is indexed (0 of 40 rollouts); `threadkeep backfill` indexes the rest
    ");
    let found = fixture.json(&["search", "widget"])?;
    assert_eq!((&found["history"]["indexed"], &found["history"]["files"]), (&json!(40), &json!(40)));
    Ok(())
}

#[test]
fn searches_at_once_and_killed_ones_leave_a_whole_history() -> Result {
    let fixture = Fixture::of_many(200)?;
    fixture.json(&["--sqlite-home", "fresh", "backfill"])?;
    let search = |home: &str| fixture.json(&["--sqlite-home", home, "search", "widget", "--limit", "1000"]);
    let fresh = search("fresh")?;
    let usage = |home: &str| fixture.json(&["--sqlite-home", home, "usage"]);
    let used = usage("fresh")?;
    fixture.json(&["--sqlite-home", "killed", "threads"])?;
    let began = Instant::now();
    fixture.json(&["--sqlite-home", "timed", "search", "widget"])?;
    let whole = u64::try_from(began.elapsed().as_micros())?;
    let mut random = fastrand::Rng::with_seed(20_261_129);
    let mut killed = 0;
    for _ in 0..8 {
        let arguments = ["--sqlite-home", "killed", "search", "widget"];
        let mut child = fixture.command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        // Where the kill falls is chance, and no result depends on it.
        thread::sleep(Duration::from_micros(random.u64(0..whole)));
        child.kill()?;
        killed += usize::from(child.wait()?.code().is_none());
    }
    assert!(killed > 0, "no search was cut short");
    fixture.json(&["--sqlite-home", "killed", "backfill"])?;
    let children: Vec<_> = (0..2)
        .map(|_| {
            let mut command = fixture.command(&["--json", "--sqlite-home", "shared", "search", "widget"]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()
        })
        .collect();
    for child in children {
        let said = fixture.say(child?.wait_with_output()?)?;
        assert_eq!(said.code, Some(0), "{}", said.all());
        let found: Value = serde_json::from_str(&said.stdout)?;
        assert!(found["history"]["indexed"].as_u64().is_some(), "{found}");
    }
    fixture.json(&["--sqlite-home", "shared", "backfill"])?;
    for home in ["killed", "shared"] {
        assert_eq!(search(home)?, fresh, "{home}");
        assert_eq!(usage(home)?, used, "{home}");
    }
    Ok(())
}

//! Goals: set, followed and ended from the command line, and shown next to their threads.

use std::fs;

use super::fixture::{Fixture, Result, contents};

const ID: &str = "01a2036c-de71-77f1-a9e3-3c28701bba61";
/// A thread without a rollout.
const UNKNOWN: &str = "01a2ffff-de71-77f1-a9e3-3c28701bba61";

/// What a command says, without what is new each time: ids of goals, and times.
fn said(fixture: &Fixture, arguments: &[&str]) -> Result<String> {
    let mut said = fixture.run(arguments)?;
    for line in said.stdout.clone().lines() {
        if ["goal ", "created ", "updated "].iter().any(|label| line.starts_with(label)) {
            said.stdout = said.stdout.replace(&format!("{line}\n"), "");
        }
    }
    Ok(said.all())
}

#[test]
fn a_goal_is_set_used_up_and_raised() -> Result {
    let fixture = Fixture::bundled()?;
    insta::assert_snapshot!(said(&fixture, &["goals", "list"])?, @r"
    exit 0
    --- stdout
    No thread has a goal.
    `threadkeep goals set ID OBJECTIVE` sets one.
    ");
    insta::assert_snapshot!(said(&fixture, &["goals", "get", ID])?, @r"
    exit 0
    --- stdout
    01a2036c-de71-77f1-a9e3-3c28701bba61 has no goal
    ");
    insta::assert_snapshot!(said(&fixture, &["goals", "set", "01a2036c-de71", "Tidy the widget", "--budget", "50_000"])?, @r"
    exit 0
    --- stdout
    01a2036c-de71-77f1-a9e3-3c28701bba61 has a new goal: active 0/50k
    ");
    insta::assert_snapshot!(said(&fixture, &["goals", "account", ID, "--tokens", "12000", "--seconds", "90"])?, @r"
    exit 0
    --- stdout
    used for the goal of 01a2036c-de71-77f1-a9e3-3c28701bba61: active 12k/50k
    ");
    insta::assert_snapshot!(said(&fixture, &["goals", "get", "01a2036c-de71"])?, @r"
    exit 0
    --- stdout
    thread       01a2036c-de71-77f1-a9e3-3c28701bba61
    objective    Tidy the widget
    status       active
    tokens used  12,000 of 50,000
    time used    1 min 30 s
    ");
    insta::assert_snapshot!(said(&fixture, &["goals", "account", ID, "--tokens", "38000"])?, @r"
    exit 0
    --- stdout
    used for the goal of 01a2036c-de71-77f1-a9e3-3c28701bba61: budget limited 50k/50k
    ");
    insta::assert_snapshot!(said(&fixture, &["goals", "resume", ID])?, @r"
    exit 2
    --- stderr
    error: the budget of this goal is used up: 50,000 of 50,000 tokens; it is still budget limited
      hint: raise it with `threadkeep goals set 01a2036c-de71-77f1-a9e3-3c28701bba61 --budget N --status active`
    ");
    insta::assert_snapshot!(said(&fixture, &["goals", "set", ID, "--budget", "none"])?, @r"
    exit 0
    --- stdout
    the goal of 01a2036c-de71-77f1-a9e3-3c28701bba61 was changed: budget limited 50k; `threadkeep goals resume 01a2036c-de71-77f1-a9e3-3c28701bba61` continues it
    ");
    insta::assert_snapshot!(said(&fixture, &["goals", "resume", ID])?, @r"
    exit 0
    --- stdout
    the goal of 01a2036c-de71-77f1-a9e3-3c28701bba61 was budget limited and is active again
    ");
    insta::assert_snapshot!(said(&fixture, &["goals", "complete", ID])?, @r"
    exit 0
    --- stdout
    the goal of 01a2036c-de71-77f1-a9e3-3c28701bba61 is complete
    ");
    insta::assert_snapshot!(said(&fixture, &["goals", "list"])?.replace("just now", "[when]  "), @r"
    exit 0
    --- stdout
    THREAD         UPDATED   OBJECTIVE        STATUS    TOKENS  TIME
    01a2036c-de71  [when]    Tidy the widget  complete  50k     1 min 30 s
    ");
    insta::assert_snapshot!(said(&fixture, &["goals", "clear", ID])?, @r"
    exit 0
    --- stdout
    the goal of 01a2036c-de71-77f1-a9e3-3c28701bba61 was cleared
    ");
    insta::assert_snapshot!(said(&fixture, &["goals", "clear", ID])?, @r"
    exit 0
    --- stdout
    01a2036c-de71-77f1-a9e3-3c28701bba61 has no goal; nothing to do
    ");
    Ok(())
}

#[test]
fn a_goal_can_be_paused_and_goes_on() -> Result {
    let fixture = Fixture::bundled()?;
    insta::assert_snapshot!(said(&fixture, &["goals", "pause", ID])?, @r"
    exit 2
    --- stderr
    error: thread 01a2036c-de71-77f1-a9e3-3c28701bba61 has no goal
      hint: set one with `threadkeep goals set 01a2036c-de71-77f1-a9e3-3c28701bba61 OBJECTIVE`
    ");
    fixture.json(&["goals", "set", ID, "Tidy the widget"])?;
    insta::assert_snapshot!(said(&fixture, &["goals", "pause", ID])?, @r"
    exit 0
    --- stdout
    the goal of 01a2036c-de71-77f1-a9e3-3c28701bba61 is paused; `threadkeep goals resume 01a2036c-de71-77f1-a9e3-3c28701bba61` continues it
    ");
    insta::assert_snapshot!(said(&fixture, &["goals", "pause", ID])?, @r"
    exit 0
    --- stdout
    the goal of 01a2036c-de71-77f1-a9e3-3c28701bba61 is paused, not active; nothing to do
    ");
    insta::assert_snapshot!(said(&fixture, &["goals", "resume", ID])?, @r"
    exit 0
    --- stdout
    the goal of 01a2036c-de71-77f1-a9e3-3c28701bba61 was paused and is active again
    ");
    insta::assert_snapshot!(said(&fixture, &["goals", "resume", ID])?, @r"
    exit 0
    --- stdout
    the goal of 01a2036c-de71-77f1-a9e3-3c28701bba61 is active already; nothing to do
    ");
    assert_eq!(fixture.json(&["goals", "list", "--status", "active"])?["goals"][0]["thread_id"], ID);
    assert_eq!(
        fixture.json(&["goals", "list", "--status", "paused"])?["goals"].as_array().map(Vec::len),
        Some(0)
    );
    Ok(())
}

#[test]
fn what_does_not_count_is_said() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["goals", "set", ID, "Tidy the widget"])?;
    assert_eq!(fixture.json(&["goals", "account", ID, "--tokens", "5"])?["counted"], true);
    fixture.json(&["goals", "complete", ID])?;
    insta::assert_snapshot!(said(&fixture, &["goals", "account", ID, "--tokens", "5"])?, @r"
    exit 0
    --- stdout
    not recorded: the goal of 01a2036c-de71-77f1-a9e3-3c28701bba61 is complete; `--mode active-or-complete` records it anyway
    ");
    let account = fixture.json(&["goals", "account", ID, "--tokens", "5"])?;
    assert_eq!((&account["counted"], &account["goal"]["tokens_used"]), (&false.into(), &5.into()));
    let late = ["goals", "account", ID, "--tokens", "5", "--mode", "active-or-complete"];
    assert_eq!(fixture.json(&late)?["goal"]["tokens_used"], 10);
    Ok(())
}

#[test]
fn a_list_says_when_there_are_more() -> Result {
    let fixture = Fixture::bundled()?;
    for n in 0..3 {
        fixture.json(&["goals", "set", &format!("01a2ffff-de7{n}-77f1-a9e3-3c28701bba61"), "x"])?;
    }
    assert_eq!(fixture.json(&["goals", "list"])?["more"], false);
    let page = fixture.json(&["goals", "list", "--limit", "2"])?;
    assert_eq!((&page["more"], page["goals"].as_array().map(Vec::len)), (&true.into(), Some(2)));
    let text = fixture.run(&["goals", "list", "--limit", "2"])?.stdout;
    assert!(text.ends_with("2 shown · more: --limit N\n"), "{text}");
    assert!(
        text.contains("01a2ffff-de71-77f1-a9e3-3c28701bba61"),
        "an id that no index can complete is whole: {text}"
    );
    Ok(())
}

#[test]
fn deleting_a_thread_deletes_its_goal() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["goals", "set", ID, "Tidy the widget"])?;
    let deleted = fixture.json(&["threads", "delete", ID, "--yes"])?;
    assert_eq!((&deleted["deleted"], &deleted["pending"]), (&true.into(), &serde_json::json!([])));
    assert!(fixture.json(&["goals", "get", ID])?["goal"].is_null());
    fixture.json(&["backfill", "--include-deleted"])?;
    assert!(fixture.json(&["threads", "show", ID])?["thread"]["goal"].is_null());
    Ok(())
}

#[test]
fn a_goal_that_cannot_be_deleted_yet_is_said_and_deleted_later() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["goals", "set", ID, "Tidy the widget"])?;
    let file = fixture.sqlite_home().join("goals_1.sqlite");
    let ours = fs::read(&file)?;
    fs::write(&file, "of another program")?;
    let said = fixture.run(&["threads", "delete", ID, "--yes"])?;
    assert_eq!(said.code, Some(0), "{}", said.all());
    insta::assert_snapshot!(said.stderr, @"note: the goal of 01a2036c-de71-77f1-a9e3-3c28701bba61 could not be deleted yet; a later command will do it: cannot open [tmp]/home/threadkeep/goals_1.sqlite: it is not Threadkeep's goals database: the file is not a SQLite database");
    fs::write(&file, ours)?;
    assert_eq!(fixture.json(&["goals", "get", ID])?["goal"]["objective"], "Tidy the widget");
    fixture.json(&["backfill"])?;
    assert!(fixture.json(&["goals", "get", ID])?["goal"].is_null());
    Ok(())
}

#[test]
fn the_status_counts_goals() -> Result {
    let fixture = Fixture::bundled()?;
    assert!(fixture.json(&["status"])?["goals"].is_null());
    fixture.json(&["goals", "set", ID, "Tidy the widget"])?;
    fixture.json(&["goals", "set", UNKNOWN, "Another", "--status", "blocked"])?;
    assert_eq!(fixture.json(&["status"])?["goals"], serde_json::json!({ "active": 1, "blocked": 1 }));
    let text = fixture.run(&["status"])?.stdout;
    assert!(text.contains("1 active, 1 blocked\n"), "{text}");
    Ok(())
}

#[test]
fn a_new_goal_takes_the_place_of_the_old_one_whose_updates_are_refused() -> Result {
    let fixture = Fixture::bundled()?;
    let old = fixture.json(&["goals", "set", ID, "The old one", "--budget", "10"])?["goal"].clone();
    let changed = fixture.json(&["goals", "set", ID, "The old one, said better"])?["goal"].clone();
    assert_eq!((&changed["goal_id"], &changed["token_budget"]), (&old["goal_id"], &old["token_budget"]));
    fixture.json(&["goals", "account", ID, "--tokens", "5"])?;
    let new = fixture.json(&["goals", "set", ID, "The new one", "--new"])?["goal"].clone();
    assert_ne!(new["goal_id"], old["goal_id"]);
    assert_eq!((&new["tokens_used"], &new["token_budget"]), (&0.into(), &serde_json::Value::Null));
    let id = old["goal_id"].as_str().ok_or("a goal has an id")?;
    let (now, then) = (new["goal_id"].as_str().ok_or("a goal has an id")?, id);
    for arguments in [
        &["goals", "account", ID, "--tokens", "5", "--goal-id", id][..],
        &["goals", "set", ID, "x", "--goal-id", id],
    ] {
        let said = fixture.run(arguments)?.all().replace(now, "[new]").replace(then, "[old]");
        insta::allow_duplicates! {
            insta::assert_snapshot!(said, @r"
            exit 2
            --- stderr
            error: the goal of 01a2036c-de71-77f1-a9e3-3c28701bba61 is no longer [old] but [new]; nothing was changed
              hint: leave out --goal-id to change the new one
            ");
        }
    }
    assert_eq!(fixture.json(&["goals", "get", ID])?["goal"], new, "nothing was changed");
    Ok(())
}

#[test]
fn what_makes_no_sense_is_refused() -> Result {
    let fixture = Fixture::bundled()?;
    insta::assert_snapshot!(said(&fixture, &["goals", "set", ID, "--budget", "5"])?, @r"
    exit 2
    --- stderr
    error: thread 01a2036c-de71-77f1-a9e3-3c28701bba61 has no goal
      hint: set one with `threadkeep goals set 01a2036c-de71-77f1-a9e3-3c28701bba61 OBJECTIVE`
    ");
    insta::assert_snapshot!(said(&fixture, &["goals", "set", ID, "x", "--budget", "0"])?, @r"
    exit 2
    --- stderr
    error: invalid value '0' for '--budget <N>': a budget is a number of tokens from 1, or `none`

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(said(&fixture, &["goals", "set", ID, "  "])?, @r"
    exit 2
    --- stderr
    error: the objective is empty
      hint: say in a few words what the thread should achieve
    ");
    insta::assert_snapshot!(said(&fixture, &["goals", "get", "01a2fff"])?, @r"
    exit 2
    --- stderr
    error: no thread id begins with `01a2fff`
      hint: `threadkeep threads` lists the threads that exist
    ");
    fixture.json(&["goals", "set", ID, "x"])?;
    insta::assert_snapshot!(said(&fixture, &["goals", "account", ID, "--tokens", "-1"])?, @r"
    exit 2
    --- stderr
    error: usage cannot be negative; nothing was changed
      hint: begin a new goal with `threadkeep goals set ID OBJECTIVE --new`
    ");
    Ok(())
}

#[test]
fn a_thread_need_not_be_indexed_nor_the_home_be_there() -> Result {
    let fixture = Fixture::empty()?;
    let arguments = ["--sqlite-home", "state", "goals"];
    let set = fixture.json(&[&arguments[..], &["set", UNKNOWN, "A goal of its own"]].concat())?;
    let get = fixture.json(&[&arguments[..], &["get", UNKNOWN]].concat())?;
    assert_eq!((&set, &set["thread_id"]), (&get, &UNKNOWN.into()));
    Ok(())
}

#[test]
fn a_list_shows_goals_only_where_there_are_any() -> Result {
    let fixture = Fixture::bundled()?;
    let list =
        |fixture: &Fixture| fixture.run(&["threads", "--limit", "3", "-q", "--sort", "created", "--asc"]);
    assert!(!list(&fixture)?.stdout.contains("GOAL"));
    fixture.json(&["goals", "set", ID, "Tidy the widget", "--budget", "50000"])?;
    fixture.json(&["goals", "account", ID, "--tokens", "12000"])?;
    insta::assert_snapshot!(list(&fixture)?.all(), @r"
    exit 0
    --- stdout
    ID             CREATED      THREAD                            GOAL            FOLDER
    01a2036c-de71  22 Nov 2019  Please list the files here        active 12k/50k  /tmp/project/plain
    01a2036c-e047  22 Nov 2019  Add a changelog to the widget                     /tmp/project/widget
    01a2036c-e9ec  22 Nov 2019  Привет! 请列出文件 🚀 — naïve c…                  …/данные ünï 日本
    ");
    let show = fixture.run(&["threads", "show", ID])?.stdout;
    let section: Vec<&str> = show.lines().skip_while(|line| *line != "goal").collect();
    insta::assert_snapshot!(section.join("\n"), @r"
    goal
    objective      Tidy the widget
    status         active
    tokens used    12,000 of 50,000
    time used      0 s

    where
    folder         /tmp/project/plain

    how
    model          mock-model (provider mock)
    tokens         40,633
    source         exec
    started for    user
    approval       never
    sandbox        managed, restricted: read /; network restricted
    memories       enabled
    agent version  0.169.0
    ");
    let page = fixture.json(&["threads"])?;
    let goals: Vec<_> =
        page["threads"].as_array().ok_or("an array")?.iter().map(|thread| &thread["goal"]).collect();
    assert_eq!(goals.iter().filter(|goal| !goal.is_null()).count(), 1);
    assert_eq!(fixture.json(&["threads", "show", ID])?["thread"]["goal"]["tokens_used"], 12_000);
    Ok(())
}

#[test]
fn setting_a_goal_does_not_touch_the_thread() -> Result {
    let fixture = Fixture::bundled()?;
    let thread = |fixture: &Fixture| -> Result<serde_json::Value> {
        let mut thread = fixture.json(&["threads", "show", ID])?["thread"].clone();
        thread["goal"] = serde_json::Value::Null;
        Ok(thread)
    };
    let (before, row) = (thread(&fixture)?, fs::read(fixture.database())?);
    fixture.json(&["goals", "set", ID, "Tidy the widget"])?;
    fixture.json(&["goals", "account", ID, "--tokens", "12000"])?;
    assert_eq!(fs::read(fixture.database())?, row, "the index was written to");
    assert_eq!(thread(&fixture)?, before);
    Ok(())
}

#[test]
fn goals_can_be_switched_off() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["goals", "set", ID, "Tidy the widget"])?;
    fs::write(fixture.sqlite_home().join("config.toml"), "[features]\ngoals = false\n")?;
    for arguments in [&["goals", "list"][..], &["goals", "set", ID, "Another"]] {
        let said = said(&fixture, arguments)?;
        insta::allow_duplicates! {
            insta::assert_snapshot!(said, @r"
            exit 2
            --- stderr
            error: goals are switched off: features.goals is false in [tmp]/home/threadkeep/config.toml:2
              hint: set it to true to switch them on; nothing was deleted
            ");
        }
    }
    assert!(!fixture.run(&["threads"])?.stdout.contains("GOAL"));
    assert!(fixture.json(&["threads", "show", ID])?["thread"]["goal"].is_null());
    Ok(())
}

#[test]
fn goals_of_another_program_are_left_alone_and_threads_are_listed() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["backfill"])?;
    // A SQLite database without our mark, as the agent itself keeps under this name.
    let mut bytes = fs::read(fixture.database())?;
    bytes[68..72].copy_from_slice(&0_u32.to_be_bytes());
    let file = fixture.sqlite_home().join("goals_1.sqlite");
    fs::write(&file, &bytes)?;
    let before = contents(&fixture.sqlite_home())?;
    let list = fixture.run(&["threads", "--limit", "1"])?;
    assert_eq!(list.code, Some(0), "{}", list.all());
    insta::assert_snapshot!(list.stderr, @"note: goals are not shown: [tmp]/home/threadkeep/goals_1.sqlite is not Threadkeep's goals database: a SQLite database without an application id; nothing in it was changed; move it away, or choose another folder for the databases with --sqlite-home DIR");
    insta::assert_snapshot!(said(&fixture, &["goals", "list"])?, @r"
    exit 2
    --- stderr
    error: [tmp]/home/threadkeep/goals_1.sqlite is not Threadkeep's goals database: a SQLite database without an application id; nothing in it was changed
      hint: move it away, or choose another folder for the databases with --sqlite-home DIR
    ");
    insta::assert_snapshot!(said(&fixture, &["goals", "set", ID, "x"])?, @r"
    exit 2
    --- stderr
    error: [tmp]/home/threadkeep/goals_1.sqlite is not Threadkeep's goals database: a SQLite database without an application id; nothing in it was changed
      hint: move it away, or choose another folder for the databases with --sqlite-home DIR
    ");
    let after: Vec<_> =
        contents(&fixture.sqlite_home())?.into_iter().filter(|(path, _)| *path == file).collect();
    assert!(before.contains(&after[0]), "not a byte of it was changed");
    Ok(())
}

#[test]
fn a_deleted_thread_gets_no_goal_until_it_is_back() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["threads", "delete", "--yes", ID])?;
    insta::assert_snapshot!(said(&fixture, &["goals", "set", ID, "x"])?, @r"
    exit 2
    --- stderr
    error: thread 01a2036c-de71-77f1-a9e3-3c28701bba61 was deleted and cannot have a goal
      hint: `threadkeep backfill --include-deleted` restores deleted threads
    ");
    fixture.json(&["backfill", "--include-deleted"])?;
    fixture.json(&["goals", "set", ID, "x"])?;
    Ok(())
}

#[test]
fn what_is_to_be_done_next_is_told() -> Result {
    let fixture = Fixture::bundled()?;
    insta::assert_snapshot!(said(&fixture, &["goals", "set", ID, "Tidy", "--budget", "-5"])?, @r"
    exit 2
    --- stderr
    error: invalid value '-5' for '--budget <N>': a budget is a number of tokens from 1, or `none`

    For more information, try '--help'.
    ");
    fixture.json(&["goals", "set", ID, "Tidy", "--budget", "1000"])?;
    insta::assert_snapshot!(said(&fixture, &["goals", "account", "01a2036c-de71"])?, @r"
    exit 2
    --- stderr
    error: nothing to record: give --tokens, --seconds or both
      hint: type how much: `threadkeep goals account 01a2036c-de71 --tokens N --seconds N`
    ");
    fixture.json(&["goals", "account", ID, "--tokens", "0"])?;
    fixture.json(&["goals", "account", ID, "--tokens", "1000"])?;
    insta::assert_snapshot!(said(&fixture, &["goals", "set", ID, "--budget", "900"])?, @r"
    exit 0
    --- stdout
    the goal of 01a2036c-de71-77f1-a9e3-3c28701bba61 was changed: budget limited 1k/900; this budget is used up, too
    ");
    insta::assert_snapshot!(said(&fixture, &["goals", "set", ID, "--budget", "2000"])?, @r"
    exit 0
    --- stdout
    the goal of 01a2036c-de71-77f1-a9e3-3c28701bba61 was changed: budget limited 1k/2k; `threadkeep goals resume 01a2036c-de71-77f1-a9e3-3c28701bba61` continues it
    ");
    fixture.json(&["goals", "complete", ID])?;
    insta::assert_snapshot!(said(&fixture, &["goals", "resume", ID])?, @r"
    exit 0
    --- stdout
    the goal of 01a2036c-de71-77f1-a9e3-3c28701bba61 was complete and is active again; `threadkeep goals set 01a2036c-de71-77f1-a9e3-3c28701bba61 OBJECTIVE --new` begins another
    ");
    insta::assert_snapshot!(said(&fixture, &["goals", "set", ID, "--budget", "3000"])?, @r"
    exit 0
    --- stdout
    the goal of 01a2036c-de71-77f1-a9e3-3c28701bba61 was changed: active 1k/3k
    ");
    Ok(())
}

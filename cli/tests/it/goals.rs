//! Goals: set, followed and ended from the command line, and shown next to their threads.

use super::fixture::{Fixture, Result};

pub(crate) const ID: &str = "01a2036c-de71-77f1-a9e3-3c28701bba61";
/// A thread without a rollout.
pub(crate) const UNKNOWN: &str = "01a2ffff-de71-77f1-a9e3-3c28701bba61";

/// Returns the output of a command, without ids of goals and times.
pub(crate) fn said(fixture: &Fixture, arguments: &[&str]) -> Result<String> {
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
    thread 01a2036c-de71-77f1-a9e3-3c28701bba61 has no goal
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
    no goal was set here for thread 01a2036c-de71-77f1-a9e3-3c28701bba61; nothing to do
    ");
    Ok(())
}

#[test]
fn a_goal_can_be_paused_and_goes_on() -> Result {
    let fixture = Fixture::bundled()?;
    insta::assert_snapshot!(said(&fixture, &["goals", "pause", ID])?, @r"
    exit 2
    --- stderr
    error: no goal was set here for thread 01a2036c-de71-77f1-a9e3-3c28701bba61
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
        let id = format!("01a2ffff-de7{n}-77f1-a9e3-3c28701bba61");
        fixture.json(&["goals", "set", &id, "x", "--force"])?;
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
    error: no goal was set here for thread 01a2036c-de71-77f1-a9e3-3c28701bba61
      hint: set one with `threadkeep goals set 01a2036c-de71-77f1-a9e3-3c28701bba61 OBJECTIVE`
    ");
    insta::assert_snapshot!(said(&fixture, &["goals", "set", ID, "x", "--budget", "0"])?, @r"
    exit 2
    --- stderr
    error: `0` is no value for `--budget`
      hint: a budget is a number of tokens from 1, such as 50k or 1.5M, or `none`
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
    error: no thread has an id that begins or ends with `01a2fff`
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
    let set = fixture.json(&[&arguments[..], &["set", UNKNOWN, "A goal of its own", "--force"]].concat())?;
    let get = fixture.json(&[&arguments[..], &["get", UNKNOWN]].concat())?;
    assert_eq!((&set["goal"], &set["thread_id"]), (&get["goal"], &UNKNOWN.into()));
    Ok(())
}

#[test]
fn what_is_to_be_done_next_is_told() -> Result {
    let fixture = Fixture::bundled()?;
    insta::assert_snapshot!(said(&fixture, &["goals", "set", ID, "Tidy", "--budget", "-5"])?, @r"
    exit 2
    --- stderr
    error: `-5` is no value for `--budget`
      hint: a budget is a number of tokens from 1, such as 50k or 1.5M, or `none`
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

//! Related threads that are deleted, go missing, lose a part, or have a goal.

use std::fs;

use serde_json::json;

use super::{Rollout, family, id, root};
use crate::fixture::Result;

#[test]
fn a_deletion_names_what_builds_on_the_thread_and_what_remains() -> Result {
    let fixture = family()?;
    insta::assert_snapshot!(fixture.run(&["threads", "delete", &id(1), "--yes"])?.all(), @r"
    exit 0
    --- stdout
    01a21000-0001-7000-8000-0000000001ab is deleted from the index
      Plan the greenhouse
    1 fork builds on it and will be kept:
      01a21000-0004-7000-8000-0000000004ab  Build it of glass
    The thread it spawned is kept, without a parent
    Its 2 rollouts stay, and `threadkeep threads restore 01a21000-0001-7000-8000-0000000001ab` restores the thread
    rollout: sessions/2019/11/20/rollout-2019-11-20T10-00-00-01a21000-0001-7000-8000-0000000001ab.jsonl
    rollout: sessions/2019/11/21/rollout-2019-11-21T10-00-00-01a21000-0001-7000-8000-0000000001ab_01a21000-0002-7000-8000-0000000002ab.jsonl
    ");
    insta::assert_snapshot!(fixture.run(&["threads", "restore", &id(1)[..13]])?.all(), @r"
    exit 0
    --- stdout
    01a21000-0001-7000-8000-0000000001ab is restored
      Plan the greenhouse
    ");
    insta::assert_snapshot!(fixture.run(&["threads", "restore", &id(1), &id(9)])?.all(), @r"
    exit 2
    --- stdout
    01a21000-0001-7000-8000-0000000001ab is not deleted; nothing to do
      Plan the greenhouse
    --- stderr
    error: no thread 01a21000-0009-7000-8000-0000000009ab in the index
      hint: `threadkeep threads` lists the threads that exist
    ");
    assert_eq!(fixture.json(&["threads", "tree"])?["agents"].as_array().map(Vec::len), Some(3));
    Ok(())
}

#[test]
fn threads_whose_rollouts_are_gone_are_forgotten_together() -> Result {
    let fixture = family()?;
    insta::assert_snapshot!(fixture.run(&["threads", "delete", "--missing"])?.all(), @r"
    exit 0
    --- stdout
    no thread's rollout is missing; nothing to do
    ");
    fixture.json(&["backfill"])?;
    for thread in [3, 4] {
        fs::remove_file(fixture.rollout(&format!("{}.jsonl", id(thread)))?)?;
    }
    insta::assert_snapshot!(fixture.run(&["threads", "delete", "--missing"])?.all(), @r"
    exit 2
    --- stderr
    error: nothing was deleted: it needs a confirmation, and stdin is not a terminal
      hint: pass --yes to delete without asking
    ");
    fixture.json(&["backfill"])?;
    insta::assert_snapshot!(fixture.run(&["threads", "delete", &id(4), "--yes"])?.all(), @r"
    exit 0
    --- stdout
    01a21000-0004-7000-8000-0000000004ab is deleted from the index
      Build it of glass
    Its rollout is no longer in the home: it cannot be restored
    ");
    insta::assert_snapshot!(fixture.run(&["threads", "delete", "--missing", "--yes"])?.all(), @r"
    exit 0
    --- stdout
    1 missing thread deleted from the index
    ");
    assert_eq!(fixture.json(&["status"])?["inventory"]["missing"], 0);
    Ok(())
}

#[test]
fn the_goal_of_an_agent_is_shown_next_to_ours() -> Result {
    let fixture = family()?;
    let goal = json!({ "type": "thread_goal_updated", "threadId": id(5), "goal": {
        "threadId": id(5), "objective": "Repaint every gate", "status": "budgetLimited", "tokenBudget": 180_000,
        "tokensUsed": 4_200, "timeUsedSeconds": 60, "createdAt": 1_574_429_000, "updatedAt": 1_574_429_060,
    } });
    Rollout { events: vec![goal], ..root(5, 19, "Paint") }.write(&fixture)?;
    fixture.json(&["backfill"])?;
    insta::assert_snapshot!(fixture.run(&["goals", "get", &id(5)])?.all(), @r"
    exit 0
    --- stdout
    thread       01a21000-0005-7000-8000-0000000005ab

    the agent's goal, as last set by the agent
    objective    Repaint every gate
    status       budget limited
    tokens used  4,200 of 180,000
    set          2019-11-22 13:24:20
    ");
    fixture.json(&["goals", "set", &id(5), "Tidy up", "--budget", "1.5M"])?;
    assert_eq!(fixture.json(&["goals", "get", &id(5)])?["goal"]["token_budget"], 1_500_000);
    let list = fixture.json(&["goals", "list"])?;
    assert_eq!(list["agent_goals"][0]["agent_goal"]["objective"], "Repaint every gate");
    insta::assert_snapshot!(fixture.run(&["goals", "list"])?.stdout.replace("just now", "[when]  "), @r"
    THREAD         UPDATED      OBJECTIVE           STATUS          TOKENS     SET BY
    01a21000-0005  [when]       Tidy up             active          0/1.5M
    01a21000-0005  22 Nov 2019  Repaint every gate  budget limited  4.2k/180k  the agent
    ");
    let sheet = fixture.run(&["threads", "show", &id(5)])?.stdout;
    assert!(sheet.contains("as last set by the agent\nobjective") && sheet.contains("Tidy up"), "{sheet}");
    insta::assert_snapshot!(fixture.run(&["goals", "set", &id(9), "x"])?.all(), @r"
    exit 2
    --- stderr
    error: no thread 01a21000-0009-7000-8000-0000000009ab in the index
      hint: `threadkeep threads` lists the threads that exist; `threadkeep goals set 01a21000-0009-7000-8000-0000000009ab OBJECTIVE --force` sets it all the same
    ");
    Ok(())
}

#[test]
fn a_healthy_home_of_parts_and_forks_has_no_problems() -> Result {
    let fixture = family()?;
    let said = fixture.run(&["backfill"])?;
    assert_eq!(said.code, Some(0), "{}", said.all());
    assert_eq!(fixture.run(&["audit"])?.code, Some(0));
    // An agent goes on: the index is behind, and not wrong.
    let path = fixture.home().join(root(3, 20, "").path());
    let grown = fs::read_to_string(&path)?
        + "{\"timestamp\":\"2019-11-20T11:00:00.000Z\",\"type\":\"event_msg\",\"payload\":{\"type\":\"task_started\",\"turn_id\":\"t9\"}}\n";
    fs::write(&path, grown)?;
    root(6, 19, "New").write(&fixture)?;
    insta::assert_snapshot!(fixture.run(&["audit"])?.all(), @r"
    exit 0
    --- stdout
    the index is not wrong
    the index is behind in 2 rollouts since its last run; `threadkeep backfill` updates it (-v shows each)
    5 files and 3 threads compared
    ");
    assert_eq!(fixture.json(&["audit"])?["behind"], 2);
    Ok(())
}

#[test]
fn a_rollout_that_lost_its_words_or_its_base_is_told() -> Result {
    let fixture = family()?;
    fixture.json(&["backfill"])?;
    fs::write(fixture.home().join(root(3, 20, "").path()), "")?;
    fs::remove_file(fixture.home().join(root(1, 20, "").path()))?;
    let said = fixture.run(&["backfill"])?;
    assert_eq!(said.code, Some(1));
    let problems = said.stdout.split("files with problems\n").nth(1).unwrap_or_default().to_owned();
    insta::assert_snapshot!(problems, @r"
    sessions/2019/11/20/rollout-2019-11-20T10-00-00-01a21000-0003-7000-8000-0000000003ab.jsonl
      the file is empty; it will be read once its agent writes to it; is empty, and had 1.2 kB when last indexed: restore it from a backup
    sessions/2019/11/21/rollout-2019…7000-8000-0000000001ab_01a21000-0002-7000-8000-0000000002ab.jsonl
      the file 01a21000-0001-7000-8000-0000000001ab that it builds on is missing; restore it: until then only the rest of this history is shown
    sessions/2019/11/22/rollout-2019-11-22T10-00-00-01a21000-0004-7000-8000-0000000004ab.jsonl
      the file 01a21000-0001-7000-8000-0000000001ab that it builds on is missing; restore it: until then only the rest of this history is shown
    ");
    let shown = fixture.json(&["threads", "show", "01a21000-0004"])?;
    assert_eq!(shown["problems"][0]["kind"], "incomplete");
    let shown = fixture.run(&["threads", "show", "01a21000-0004"])?.stdout;
    assert!(
        shown.contains("problem        the file 01a21000-0001-7000-8000-0000000001ab that it builds on"),
        "{shown}"
    );
    Ok(())
}

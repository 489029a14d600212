//! A user's changes to a thread stay, whatever is indexed.

use std::fs;

use super::fixture::{Fixture, Result, contents};

const ID: &str = "01a2036c-de71-77f1-a9e3-3c28701bba61";

#[test]
fn a_sheet_shows_everything() -> Result {
    let fixture = Fixture::bundled()?;
    insta::assert_snapshot!(fixture.run(&["threads", "show", "01a2036c-de71"])?.all(), @r"
    exit 0
    --- stdout
    id             01a2036c-de71-77f1-a9e3-3c28701bba61
    title          Please list the files here
    created        2019-11-22 13:23:16
    updated        2019-11-22 13:23:26
    last run       completed
    archived       no
    rollout        [tmp]/home/sessions/2026/11/22/rollout-2026-11-22T13-23-16-01a2036c-de71-77f1-a9e3-3c28701bba61.jsonl
    go on with     codex resume 01a2036c-de71-77f1-a9e3-3c28701bba61

    where
    folder         /tmp/project/plain

    how
    model          mock-model (provider mock)
    tokens         40,633
    source         exec
    kind           user
    approval       never
    sandbox        managed, restricted: read /; network restricted
    memories       enabled
    agent version  0.169.0
    ");
    Ok(())
}

#[test]
fn a_rename_outlives_every_index_run_and_can_be_taken_back() -> Result {
    let fixture = Fixture::bundled()?;
    let names = format!(
        "{{\"id\":\"{ID}\",\"thread_name\":\"from the agent\",\"updated_at\":\"2019-11-23T00:00:00Z\"}}\n"
    );
    fs::write(fixture.home().join("session_index.jsonl"), names)?;
    let name = |fixture: &Fixture| -> Result<String> {
        let said = fixture.run(&["threads", "show", ID])?.stdout;
        Ok(said.lines().find(|line| line.starts_with("name")).unwrap_or("none").to_owned())
    };
    assert_eq!(name(&fixture)?, "name           from the agent (from session_index.jsonl)");
    insta::assert_snapshot!(fixture.run(&["threads", "rename", ID, "my own"])?.all(), @r#"
    exit 0
    --- stdout
    01a2036c-de71-77f1-a9e3-3c28701bba61 is now called "my own"
    "#);
    fixture.json(&["backfill", "--force"])?;
    assert_eq!(name(&fixture)?, "name           my own (given here)");
    insta::assert_snapshot!(fixture.run(&["threads", "rename", ID, "--clear"])?.all(), @r#"
    exit 0
    --- stdout
    the name "my own" was removed from 01a2036c-de71-77f1-a9e3-3c28701bba61; it is now called "from the agent" (from session_index.jsonl)
    "#);
    assert_eq!(name(&fixture)?, "name           from the agent (from session_index.jsonl)");
    insta::assert_snapshot!(fixture.run(&["threads", "rename", ID, "--clear"])?.all(), @r#"
    exit 0
    --- stdout
    01a2036c-de71-77f1-a9e3-3c28701bba61 has no name that was given here; nothing to do: it is called "from the agent" (from session_index.jsonl)
    "#);
    let other = "01a2036c-e9ec";
    insta::assert_snapshot!(fixture.run(&["threads", "rename", other, "--clear"])?.all(), @r"
    exit 0
    --- stdout
    01a2036c-e9ec-7373-9860-e686387705da has no name that was given here; nothing to do
    ");
    fixture.json(&["threads", "rename", other, " my own "])?;
    insta::assert_snapshot!(fixture.run(&["threads", "rename", other, "--clear"])?.all(), @r#"
    exit 0
    --- stdout
    the name "my own" was removed from 01a2036c-e9ec-7373-9860-e686387705da
    "#);
    Ok(())
}

#[test]
fn an_archived_thread_stays_archived_until_it_is_brought_back() -> Result {
    let fixture = Fixture::bundled()?;
    let archived = |fixture: &Fixture| -> Result<usize> {
        Ok(fixture.json(&["threads", "--archived"])?["threads"].as_array().ok_or("an array")?.len())
    };
    assert_eq!(archived(&fixture)?, 1);
    insta::assert_snapshot!(fixture.run(&["threads", "archive", "01a2036c-de71"])?.all(), @r"
    exit 0
    --- stdout
    01a2036c-de71-77f1-a9e3-3c28701bba61 is archived; `threadkeep threads unarchive 01a2036c-de71-77f1-a9e3-3c28701bba61` moves it back to the list
      Please list the files here
    ");
    insta::assert_snapshot!(fixture.run(&["threads", "archive", "01a2036c-de71"])?.all(), @r"
    exit 0
    --- stdout
    01a2036c-de71-77f1-a9e3-3c28701bba61 is archived already; nothing to do
      Please list the files here
    ");
    fixture.json(&["backfill", "--force"])?;
    assert_eq!(archived(&fixture)?, 2);
    insta::assert_snapshot!(fixture.run(&["threads", "unarchive", "01a2036c-de71"])?.all(), @r"
    exit 0
    --- stdout
    01a2036c-de71-77f1-a9e3-3c28701bba61 is in the list again
      Please list the files here
    ");
    assert_eq!(archived(&fixture)?, 1);
    insta::assert_snapshot!(fixture.run(&["threads", "unarchive", "01a2036c-de71"])?.all(), @r"
    exit 0
    --- stdout
    01a2036c-de71-77f1-a9e3-3c28701bba61 is not archived; nothing to do
      Please list the files here
    ");
    insta::assert_snapshot!(fixture.run(&["threads", "archive", "01a2036e-72f3"])?.all(), @r"
    exit 0
    --- stdout
    01a2036e-72f3-74e0-aaf8-16e5fd86f01a was archived already, by the folder of its rollout; now it is also marked here
      This session will be archived
    ");
    Ok(())
}

#[test]
fn a_deleted_thread_comes_back_only_when_it_is_asked_for() -> Result {
    let fixture = Fixture::bundled()?;
    let rollouts = contents(&fixture.home())?;
    insta::assert_snapshot!(fixture.run(&["threads", "delete", ID])?.all(), @r"
    exit 2
    --- stderr
    error: not deleted: it needs a confirmation, and stdin is not a terminal
      hint: pass --yes to delete without asking
    ");
    insta::assert_snapshot!(fixture.run(&["threads", "delete", ID, "--yes"])?.all(), @r"
    exit 0
    --- stdout
    01a2036c-de71-77f1-a9e3-3c28701bba61 is deleted from the index
      Please list the files here
    Deleted with it: its logs
    Its rollout stays, and `threadkeep threads restore 01a2036c-de71-77f1-a9e3-3c28701bba61` restores the thread without these
    rollout: sessions/2026/11/22/rollout-2026-11-22T13-23-16-01a2036c-de71-77f1-a9e3-3c28701bba61.jsonl
    ");
    let listed = |fixture: &Fixture| -> Result<bool> {
        Ok(fixture.run(&["--json", "threads"])?.stdout.contains(&format!("\"id\":\"{ID}\"")))
    };
    for again in [&["backfill"][..], &["backfill", "--force"]] {
        assert_eq!(fixture.json(again)?["deleted"], 1);
        assert!(!listed(&fixture)?);
    }
    assert_eq!(fixture.run(&["audit"])?.code, Some(0));
    fixture.json(&["backfill", "--include-deleted"])?;
    assert!(listed(&fixture)?);
    fs::remove_dir_all(fixture.sqlite_home())?;
    assert_eq!(contents(&fixture.home())?, rollouts, "a rollout was changed");
    Ok(())
}

#[test]
fn memories_can_be_forbidden() -> Result {
    let fixture = Fixture::bundled()?;
    insta::assert_snapshot!(fixture.run(&["threads", "memory", ID, "disabled"])?.all(), @r"
    exit 0
    --- stdout
    memories from 01a2036c-de71-77f1-a9e3-3c28701bba61 are disabled
      Please list the files here
    ");
    fixture.json(&["backfill", "--force"])?;
    assert_eq!(fixture.json(&["threads", "show", ID])?["thread"]["memory_mode"], "disabled");
    Ok(())
}

#[test]
fn quiet_edits_say_nothing() -> Result {
    let fixture = Fixture::bundled()?;
    assert_eq!(fixture.run(&["-q", "threads", "archive", ID])?.all(), "exit 0");
    assert_eq!(fixture.run(&["-q", "backfill"])?.all(), "exit 0");
    Ok(())
}

#[test]
fn a_name_with_an_escape_in_it_is_refused() -> Result {
    let fixture = Fixture::bundled()?;
    insta::assert_snapshot!(fixture.run(&["threads", "rename", ID, "a\u{1b}[31mname"])?.all(), @r"
    exit 2
    --- stderr
    error: the name contains a control character, U+001B; nothing was changed
      hint: a name is one line of plain text: type it without line breaks, tabs and escapes
    ");
    assert!(fixture.json(&["threads", "show", ID])?["thread"]["name"].is_null());
    Ok(())
}

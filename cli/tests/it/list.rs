//! `threads`: what people see.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use jiff::Timestamp;
use threadkeep_backfill::{Acquired, Finish, Progress as _, Term};

use super::fixture::{Fixture, Result};

#[test]
fn a_fresh_home_is_indexed_and_listed() -> Result {
    let fixture = Fixture::bundled()?;
    insta::assert_snapshot!(fixture.run(&["threads", "--limit", "4"])?.all(), @r"
    exit 0
    --- stdout
    ID             UPDATED      THREAD                            FOLDER                BRANCH
    01a20371-2e88  22 Nov 2019  Please list the files here        /tmp/project/plain
    01a20371-2f5f  22 Nov 2019  Add a changelog to the widget     /tmp/project/widget   feature/rollouts
    01a20371-28ae  22 Nov 2019  Start something with a lot of c…  /tmp/project/widget   feature/rollouts
    01a20371-0f2e  22 Nov 2019  Which commit are we on?           …/project/detached
    4 of 13 · 2 sub-agents: --all lists them
    next: threadkeep threads --limit 4 --cursor v2udff08d250c.1574429271025.01a203710f2e7540b9bec443cc774f5e
    ");
    Ok(())
}

#[test]
fn a_list_fits_narrow_and_wide_terminals() -> Result {
    let fixture = Fixture::bundled()?;
    let at = |columns: &str| -> Result<String> {
        let output = fixture.command(&["threads", "--limit", "3", "-q"]).env("COLUMNS", columns).output()?;
        Ok(fixture.say(output)?.stdout)
    };
    insta::assert_snapshot!(at("60")?, @r"
    ID             UPDATED      THREAD
    01a20371-2e88  22 Nov 2019  Please list the files here
    01a20371-2f5f  22 Nov 2019  Add a changelog to the widget
    01a20371-28ae  22 Nov 2019  Start something with a lot of c…
    ");
    insta::assert_snapshot!(at("140")?, @r"
    ID             UPDATED      THREAD                               FOLDER                        BRANCH            MODEL             SOURCE
    01a20371-2e88  22 Nov 2019  Please list the files here           /tmp/project/plain                              mock-model        exec
    01a20371-2f5f  22 Nov 2019  Add a changelog to the widget        /tmp/project/widget           feature/rollouts  mock-model        exec
    01a20371-28ae  22 Nov 2019  Start something with a lot of cont…  /tmp/project/widget           feature/rollouts  mock-model        exec
    ");
    Ok(())
}

#[test]
fn pages_follow_each_other_by_the_command_that_is_shown() -> Result {
    let fixture = Fixture::bundled()?;
    let all = fixture.json(&["threads"])?;
    let all: Vec<_> =
        all["threads"].as_array().ok_or("an array")?.iter().map(|thread| thread["id"].clone()).collect();
    assert_eq!(all.len(), 13);
    let (mut seen, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let mut arguments = vec!["threads", "--limit", "4"];
        arguments.extend(cursor.as_deref().into_iter().flat_map(|cursor| ["--cursor", cursor]));
        let page = fixture.json(&arguments)?;
        seen.extend(page["threads"].as_array().ok_or("an array")?.iter().map(|thread| thread["id"].clone()));
        let shown = fixture.run(&arguments)?.stdout;
        match page["next_cursor"].as_str() {
            Some(next) => {
                assert!(
                    shown.contains(&format!("next: threadkeep threads --limit 4 --cursor {next}")),
                    "{shown}"
                );
                cursor = Some(next.to_owned());
            }
            None => break,
        }
    }
    assert_eq!(seen, all);
    Ok(())
}

#[test]
fn short_ids_can_be_typed_back() -> Result {
    let fixture = Fixture::bundled()?;
    let list = fixture.run(&["threads", "-q"])?.stdout;
    for line in list.lines().skip(1) {
        let id = line.split(' ').next().ok_or("a line begins with an id")?;
        let said = fixture.run(&["threads", "show", id, "--no-refresh"])?;
        assert_eq!(said.code, Some(0), "{}", said.all());
    }
    Ok(())
}

#[test]
fn filters_narrow_the_list() -> Result {
    let fixture = Fixture::bundled()?;
    let count = |arguments: &[&str]| -> Result<usize> {
        let page = fixture.json(&[&["threads"], arguments].concat())?;
        Ok(page["threads"].as_array().ok_or("an array")?.len())
    };
    assert_eq!(count(&["--archived"])?, 1);
    assert_eq!(count(&["--source", "subagent"])?, 2);
    assert_eq!(count(&["--provider", "nobody"])?, 0);
    assert_eq!(count(&["--search", "CHANGELOG"])?, 2);
    assert_eq!(count(&["--cwd", "/tmp/project/detached/../detached/"])?, 1);
    assert_eq!(count(&["--cwd", "."])?, 0);
    let page = |arguments: &[&str]| {
        fixture.json(&[&["threads", "--sort", "created", "--limit", "1"], arguments].concat())
    };
    assert!(
        page(&[])?["threads"][0]["created_at_ms"].as_i64()
            > page(&["--asc"])?["threads"][0]["created_at_ms"].as_i64()
    );
    Ok(())
}

#[test]
fn an_empty_list_says_why() -> Result {
    let fixture = Fixture::bundled()?;
    let empty = Fixture::empty()?;
    fs::create_dir_all(empty.home().join("sessions"))?;
    insta::assert_snapshot!(empty.run(&["threads"])?.all(), @r"
    exit 0
    --- stdout
    No rollouts in [tmp]/home/sessions.
    They appear once an agent has worked there; --home DIR looks at another home.
    ");
    insta::assert_snapshot!(empty.run(&["threads", "--archived"])?.all(), @r"
    exit 0
    --- stdout
    No rollouts in [tmp]/home/sessions.
    They appear once an agent has worked there; --home DIR looks at another home.
    ");
    insta::assert_snapshot!(fixture.run(&["threads", "--no-refresh"])?.all(), @r"
    exit 0
    --- stdout
    Nothing is indexed yet.
    `threadkeep backfill` indexes the home's rollouts.
    ");
    insta::assert_snapshot!(fixture.run(&["threads", "--search", "no such words"])?.all(), @r#"
    exit 0
    --- stdout
    No current thread of yours has "no such words" in its name, title, first message, sub-agent names, folder, branch or model.
    without --search: 13 threads.
    "#);
    Ok(())
}

#[test]
fn what_a_terminal_would_obey_is_made_visible() -> Result {
    let fixture = Fixture::bundled()?;
    let rollout = fixture.rollout("01a2036c-de71-77f1-a9e3-3c28701bba61.jsonl")?;
    let text = fs::read_to_string(&rollout)?;
    let hostile =
        text.replace("Please list the files here", r"\u001b]0;owned\u0007Please\u202e \u009b31mlist");
    assert_ne!(text, hostile);
    fs::write(&rollout, hostile)?;
    for arguments in [&["threads"][..], &["threads", "show", "01a2036c-de71"], &["--json", "threads"]] {
        let said = fixture.run(arguments)?;
        assert!(said.stdout.contains("owned"), "{}", said.all());
        let obeyed = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(!said.stdout.contains(obeyed), "{:?}", said.stdout);
    }
    Ok(())
}

#[test]
fn colours_are_for_those_who_want_them() -> Result {
    let fixture = Fixture::bundled()?;
    let coloured = |arguments: &[&str], variable: &str| -> Result<bool> {
        let output = fixture.command(&[&["threads"], arguments].concat()).env(variable, "1").output()?;
        Ok(fixture.say(output)?.stdout.contains('\u{1b}'))
    };
    assert!(!coloured(&[], "NOTHING")?);
    assert!(coloured(&[], "CLICOLOR_FORCE")?);
    assert!(coloured(&["--color", "always"], "NO_COLOR")?);
    assert!(!coloured(&["--color", "never"], "CLICOLOR_FORCE")?);
    Ok(())
}

#[test]
fn a_reader_that_goes_away_is_no_error() -> Result {
    let fixture = Fixture::bundled()?;
    let mut child = fixture.command(&["threads"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    drop(child.stdout.take());
    let said = fixture.say(child.wait_with_output()?)?;
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
    Ok(())
}

#[test]
fn ids_that_collide_are_printed_whole_enough_at_any_width() -> Result {
    let fixture = Fixture::of_many(12)?;
    fixture.json(&["backfill"])?;
    for columns in ["40", "60", "80", "120"] {
        let output = fixture.command(&["threads", "-q", "--all"]).env("COLUMNS", columns).output()?;
        let list = fixture.say(output)?.stdout;
        assert_eq!(list.lines().count(), 13);
        for line in list.lines().skip(1) {
            let id = line.split(' ').next().ok_or("a line begins with an id")?;
            let said = fixture.run(&["threads", "show", id, "--no-refresh"])?;
            assert_eq!(said.code, Some(0), "{columns}: {line}\n{}", said.all());
        }
    }
    Ok(())
}

#[test]
fn a_page_that_catches_up_with_everything_offers_no_more() -> Result {
    let fixture = Fixture::bundled()?;
    let page = fixture.json(&["threads", "--limit", "4"])?;
    let next = page["next_cursor"].as_str().ok_or("there is more")?;
    let page = fixture.json(&["threads", "--limit", "4", "--cursor", next])?;
    let back = page["backwards_cursor"].as_str().ok_or("a page has one")?;
    let all = fixture.run(&["threads", "--limit", "9", "--cursor", back])?.stdout;
    let threads = all.lines().filter(|line| line.starts_with("01a2"));
    assert!(threads.count() == 4 && !all.contains("next: "), "{all}");
    let some = fixture.run(&["threads", "--limit", "3", "--cursor", back])?.stdout;
    assert!(some.contains("next: "), "{some}");
    Ok(())
}

#[tokio::test]
async fn an_index_that_is_not_whole_says_so_without_a_refresh() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["backfill"])?;
    assert_eq!(fixture.run(&["threads", "--no-refresh", "-q"])?.stderr, "");
    let progress = fixture.state().await?.backfill_progress();
    let now = Timestamp::now();
    let term = Term { now, expires_at: now + Duration::from_secs(600) };
    let Acquired::Granted { lease, .. } = progress.acquire("someone", term).await? else {
        return Err("the lease was free".into());
    };
    progress.finish(&lease, Finish::Interrupted, now).await?;
    let note = "indexing the home is not finished: `threadkeep backfill` finishes it";
    let said = fixture.run(&["threads", "--no-refresh", "--limit", "1"])?;
    assert_eq!(said.stderr, format!("note: {note}; the list may be incomplete\n"));
    let said = fixture.run(&["--json", "-q", "threads", "--no-refresh"])?;
    assert_eq!(serde_json::from_str::<serde_json::Value>(&said.stdout)?["incomplete"], note);
    Ok(())
}

#[test]
fn a_program_gets_whole_ids_and_texts_and_no_messages() -> Result {
    let fixture = Fixture::bundled()?;
    let output = fixture.command(&["threads", "--limit", "2"]).env_remove("COLUMNS").output()?;
    let said = fixture.say(output)?;
    let lines: Vec<Vec<&str>> = said.stdout.lines().map(|line| line.split('\t').collect()).collect();
    let titles =
        ["ID", "UPDATED", "THREAD", "GOAL", "SPAWNED", "FOLDER", "BRANCH", "MODEL", "SOURCE", "LAST RUN"];
    assert_eq!(lines[0], titles);
    assert_eq!(lines[1][..2], ["01a20371-2e88-7042-9271-7b3c9ce3f36d", "2019-11-22T13:29:36.824Z"]);
    assert!(lines.len() == 3 && lines.iter().all(|line| line.len() == titles.len()), "{}", said.all());
    assert!(!said.stdout.contains('…') && said.stderr.contains("2 of 13"), "{}", said.all());
    let empty = fixture.command(&["threads", "--search", "no such words"]).env_remove("COLUMNS").output()?;
    let empty = fixture.say(empty)?;
    assert!(empty.stdout.is_empty() && empty.stderr.starts_with("No current thread"), "{}", empty.all());
    Ok(())
}

#[test]
fn the_part_of_an_id_that_is_enough_stands_out() -> Result {
    let fixture = Fixture::bundled()?;
    let said = fixture.run(&["threads", "--color", "always", "-q"])?.stdout;
    for line in said.lines().skip(1) {
        // The beginning in one colour, the rest in another.
        let parts: Vec<&str> = line.split('\u{1b}').collect();
        let enough = parts[1].split_once('m').ok_or("a style")?.1;
        let shown = fixture.json(&["threads", "show", enough, "--no-refresh"])?;
        assert!(shown["thread"]["id"].as_str().is_some_and(|id| id.starts_with(enough)), "{line:?}");
        let less = fixture.run(&["threads", "show", &enough[..enough.len() - 1], "--no-refresh"])?;
        assert_eq!(less.code, Some(2), "{line:?}: {}", less.all());
    }
    Ok(())
}

#[test]
fn columns_stand_at_the_same_place_on_every_page() -> Result {
    let fixture = Fixture::bundled()?;
    let titles = |arguments: &[&str]| -> Result<String> {
        let mut command = fixture.command(&[&["threads", "--limit", "4"], arguments].concat());
        let said = fixture.say(command.env("COLUMNS", "160").output()?)?;
        Ok(said.stdout.lines().next().unwrap_or_default().to_owned())
    };
    let page = fixture.json(&["threads", "--limit", "4"])?;
    let next = page["next_cursor"].as_str().ok_or("there is more")?;
    let (one, two) = (titles(&[])?, titles(&["--cursor", next])?);
    for title in ["THREAD", "FOLDER", "BRANCH", "MODEL", "SOURCE"] {
        assert_eq!(one.find(title), two.find(title), "{one}\n{two}");
    }
    Ok(())
}

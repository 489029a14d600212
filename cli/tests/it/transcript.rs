//! `threads read`, `threads export` and `threads open`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use serde_json::json;
use sqlx::SqliteConnection;
use threadkeep_history::HISTORY_DB;
use threadkeep_sqlite::{Database, DbError, Durability, OpenOptions};

use super::fixture::{Fixture, Result};
use super::written::{Rollout, id};

/// A thread with a command, an edit and sub-agents around it.
const CHANGELOG: &str = "01a2036c-e047";
const HELPERS: &str = "01a2036e-6c3d-7fb3-9eef-e29a46cef274";
const ARCHIVED: &str = "01a2036e-72f3-74e0-aaf8-16e5fd86f01a";

#[test]
fn a_conversation_is_read_turn_by_turn() -> Result {
    let fixture = Fixture::bundled()?;
    insta::assert_snapshot!(fixture.run(&["threads", "read", CHANGELOG])?.all(), @r"
    exit 0
    --- stdout
    Add a changelog to the widget
    01a2036c-e047-73b0-a0b8-5c88d8d44d72 · /tmp/project/widget · feature/rollouts
    mock-model (mock) · 2019-11-22 13:23:16

    ── Turn 1 · 2019-11-22 13:23:16 · 644 ms ───────────────────────────────────────────────────────────

    › Add a changelog to the widget

      **Thinking about it**

      Looking at the request.
      $ ls  exit 0 · 0 ms
        README.md
        lib.rs
      ± added CHANGELOG.md  +1
        +added by the mock
      $ cat CHANGELOG.md  exit 0 · 0 ms
        added by the mock

      Done: Add a changelog to the widget
    ");
    let said = fixture.run(&["threads", "read", "01a2036f-6413", "--last", "1"])?;
    assert!(said.stdout.contains("Turn 2") && !said.stdout.contains("Turn 1"), "{}", said.all());
    assert!(said.stdout.ends_with("1 of 2 turns\n"), "{}", said.all());
    insta::assert_snapshot!(fixture.run(&["threads", "read", "01a2036f-6413", "--turn", "3"])?.all(), @r"
    exit 2
    --- stderr
    error: there is no turn 3: the conversation has 2 turns
      hint: `threadkeep threads read 01a2036f-6413-7a42-9188-cf5cab60fdc1` shows all of them
    ");
    assert_eq!(fixture.run(&["threads", "read", "nothing"])?.code, Some(2));
    assert_eq!(fixture.run(&["threads", "read", CHANGELOG, "--turn", "0"])?.code, Some(2));
    Ok(())
}

#[test]
fn programs_get_one_document() -> Result {
    let fixture = Fixture::bundled()?;
    let document = fixture.json(&["threads", "read", HELPERS])?;
    assert_eq!((&document["thread_id"], &document["turns_total"]), (&json!(HELPERS), &json!(1)));
    let turn = &document["turns"][0];
    assert_eq!(
        (&turn["number"], &turn["status"], &turn["inherited"]),
        (&json!(1), &json!("completed"), &json!(false))
    );
    assert_eq!(turn["items"][2]["type"], "sub_agents");
    let same = fixture.run(&["threads", "read", HELPERS, "--format", "json"])?;
    assert_eq!(serde_json::from_str::<serde_json::Value>(&same.stdout)?, document);
    assert_eq!(fixture.run(&["--json", "threads", "read", HELPERS, "--format", "text"])?.code, Some(2));
    let other = fixture.path().join("other");
    fs::create_dir_all(other.join("sessions"))?;
    let homes = ["--home", "other", "--home", "home", "--json", "threads", "read", HELPERS];
    assert_eq!(serde_json::from_str::<serde_json::Value>(&fixture.run(&homes)?.stdout)?, document);
    Ok(())
}

#[test]
fn a_reader_that_goes_away_is_no_error() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.run(&["backfill"])?;
    let mut child = fixture.command(&["threads", "read", CHANGELOG]).stdout(Stdio::piped()).spawn()?;
    drop(child.stdout.take());
    assert_eq!(child.wait()?.code(), Some(0));
    // No pager without a terminal.
    let said =
        fixture.say(fixture.command(&["threads", "read", CHANGELOG]).env("PAGER", "false").output()?)?;
    assert!(said.stdout.contains("Turn 1"), "{}", said.all());
    Ok(())
}

#[test]
fn an_export_is_a_file_of_the_user_alone() -> Result {
    let fixture = Fixture::bundled()?;
    let key = format!("sk-proj-{}", "a1B2c3D4".repeat(6));
    let words = format!("Use {key} <script>alert(1)</script>");
    Rollout { n: 7, said: Some(&words), ..Rollout::default() }.write(&fixture)?;
    for (name, mark) in [("a.md", "# Use \\[redacted"), ("a.html", "<!doctype html>")] {
        let path = fixture.path().join(name);
        let export = ["threads", "export", &id(7), "--output", name];
        let said = fixture.run(&export)?;
        assert!(
            said.code == Some(0) && said.stdout.starts_with(&format!("wrote {name} (")),
            "{}",
            said.all()
        );
        let text = fs::read_to_string(&path)?;
        assert!(text.contains(mark), "{text}");
        assert!(!text.contains("a1B2c3D4") && !text.contains("<script"), "{text}");
        assert_eq!(fs::metadata(&path)?.permissions().mode() & 0o777, 0o600);
        // Never over another file.
        fs::write(&path, "mine")?;
        let said = fixture.run(&export)?;
        assert_eq!((said.code, fs::read_to_string(&path)?.as_str()), (Some(2), "mine"), "{}", said.all());
        let forced = fixture.json(&[&export[..], &["--force", "--unredacted"]].concat())?;
        assert_eq!((&forced["path"], &forced["redacted"]), (&json!(name), &json!(false)));
        assert!(fs::read_to_string(&path)?.contains("a1B2c3D4"));
        assert_eq!(fs::metadata(&path)?.permissions().mode() & 0o777, 0o600);
    }
    // Never in the place of anything but a file.
    let socket = fixture.path().join("socket.md");
    let _listener = std::os::unix::net::UnixListener::bind(&socket)?;
    for command in [
        &["threads", "export", &id(7), "--force", "--output", "socket.md"][..],
        &["usage", "--html", "socket.md"],
    ] {
        let said = fixture.run(command)?;
        assert_eq!(said.code, Some(2), "{}", said.all());
        assert!(said.stderr.contains("not a regular file"), "{}", said.all());
        assert!(!socket.is_file(), "the socket is still there");
    }
    // Nothing half written stays.
    assert_eq!(fixture.run(&["threads", "export", &id(7), "--output", "no/folder.md"])?.code, Some(2));
    let left = fs::read_dir(fixture.path())?.filter_map(std::result::Result::ok);
    assert!(left.map(|entry| entry.file_name()).all(|name| !name.to_string_lossy().contains(".partial")));
    let printed = fixture.run(&["threads", "export", &id(7)])?.stdout;
    assert_eq!(fixture.json(&["threads", "export", &id(7)])?["content"], printed.as_str());
    assert!(printed.starts_with("# Use ") && !printed.contains("a1B2c3D4"));
    Ok(())
}

#[test]
fn the_command_that_continues_a_conversation() -> Result {
    let fixture = Fixture::bundled()?;
    let folder = fixture.path().join("it's here");
    fs::create_dir(&folder)?;
    let cwd = folder.to_str().ok_or("a temporary folder has a name")?;
    Rollout { n: 7, cwd, ..Rollout::default() }.write(&fixture)?;
    let all = [
        fixture.run(&["threads", "open", &id(7)])?,
        fixture.run(&["threads", "open", HELPERS])?,
        fixture.run(&["threads", "open", ARCHIVED])?,
        fixture.run(&["--home", "home", "threads", "open", &id(7), "--run"])?,
    ];
    insta::assert_snapshot!(all.map(|said| said.all()).join("\n"), @r"
    exit 0
    --- stdout
    cd '[tmp]/it'\''s here' && codex resume 01a21000-0007-7000-8000-000000000007
    exit 0
    --- stdout
    codex resume 01a2036e-6c3d-7fb3-9eef-e29a46cef274
    --- stderr
    note: the thread's folder /tmp/project/widget is gone; the agent starts in the current one
    exit 0
    --- stdout
    codex unarchive 01a2036e-72f3-74e0-aaf8-16e5fd86f01a && codex resume 01a2036e-72f3-74e0-aaf8-16e5fd86f01a
    --- stderr
    note: the thread's folder /tmp/project/detached is gone; the agent starts in the current one
    exit 2
    --- stderr
    error: the agent needs a terminal
      hint: leave out --run to print the command
    ");
    // From another home than the agent's own.
    let mut elsewhere = fixture.command(&["--home", "home", "threads", "open", &id(7)]);
    let said = fixture.say(elsewhere.env_remove("CODEX_HOME").output()?)?;
    assert_eq!(
        said.stdout,
        format!("cd '[tmp]/it'\\''s here' && CODEX_HOME=[tmp]/home codex resume {}\n", id(7))
    );
    // A shell understands it.
    let echo = said
        .stdout
        .replace("[tmp]", fixture.path().to_str().unwrap_or_default())
        .replace("codex resume", "pwd #");
    let shell = std::process::Command::new("sh").args(["-c", &echo]).output()?;
    assert_eq!(String::from_utf8(shell.stdout)?.trim_end(), cwd);
    let document = fixture.json(&["threads", "open", &id(7)])?;
    assert_eq!((&document["folder_exists"], &document["unarchives"]), (&json!(true), &json!(false)));
    // What `show` names, `open` prints.
    let show = fixture.run(&["threads", "show", ARCHIVED])?.stdout;
    assert!(show.contains(&format!("codex unarchive {ARCHIVED}")), "{show}");
    Ok(())
}

#[test]
fn a_rollout_that_is_gone_is_named() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.run(&["backfill"])?;
    fs::remove_file(fixture.rollout("e29a46cef274.jsonl")?)?;
    for words in [&["read", HELPERS][..], &["export", HELPERS], &["open", HELPERS]] {
        let said = fixture.run(&[&["threads"], words].concat())?;
        assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""), "{words:?}");
        assert!(said.stderr.contains("the rollout of this thread is missing"), "{}", said.all());
    }
    Ok(())
}

#[tokio::test]
async fn selected_turns_are_read_by_their_bytes_alone() -> Result {
    let fixture = Fixture::empty()?;
    let path = Rollout { said: Some("the first words"), ..Rollout::default() }.write(&fixture)?;
    let mut lines: Vec<String> = fs::read_to_string(&path)?.lines().map(str::to_owned).collect();
    let turn = lines[1..].to_vec();
    for (id, words) in [("t2", "the second words"), ("t3", "the third words")] {
        let renamed = |line: &String| line.replace("t1", id).replace("the first words", words);
        lines.extend(turn.iter().map(renamed));
    }
    let read = |selection: &[&str]| -> Result<Vec<String>> {
        let of = |format: &str| {
            let read = ["threads", "read", &id(1), "--no-refresh", "--format", format];
            let read = [&read[..], selection].concat();
            let said = fixture.run(&read)?;
            assert_eq!(said.code, Some(0), "{}", said.all());
            Ok(said.stdout)
        };
        ["text", "markdown", "json"].into_iter().map(of).collect()
    };
    for (selection, kept) in [(["--turn", "2"], 1..2), (["--last", "1"], 2..3), (["--last", "2"], 1..3)] {
        fs::write(&path, lines.join("\n") + "\n")?;
        fixture.run(&["threads"])?;
        let wanted = read(&selection)?;
        fixture.json(&["backfill"])?;
        // Destroys all other turns. The history gets the new file's fingerprint, and so takes it
        // for the file that it has read.
        let mut number = 0;
        let spoiled = lines.iter().map(|line| {
            let is_kept = number == 0 || kept.contains(&((number - 1) / turn.len()));
            number += 1;
            if is_kept { line.clone() } else { "x".repeat(line.len()) }
        });
        fs::write(&path, spoiled.collect::<Vec<_>>().join("\n") + "\n")?;
        let other = fixture.path().join("other");
        fixture.json(&["--sqlite-home", "other", "backfill"])?;
        let other = Database::open(&HISTORY_DB, &other, &OpenOptions::new()).await?;
        let fingerprint = sqlx::query_scalar("SELECT fingerprint FROM history_files");
        let fingerprint: String = other.read(async |conn| fingerprint.fetch_one(conn).await).await?;
        other.close().await?;
        let own = Database::open(&HISTORY_DB, &fixture.sqlite_home(), &OpenOptions::new()).await?;
        let take = sqlx::query("UPDATE history_files SET fingerprint = ?1").bind(fingerprint);
        let take = async |conn: &mut SqliteConnection| Ok(take.execute(conn).await?);
        own.write::<_, DbError>(Durability::Usual, take).await?;
        own.close().await?;
        assert_eq!(read(&selection)?, wanted, "{selection:?}");
        // A rollout that has changed is read itself.
        fs::write(&path, lines.join("\n").replace("words", "sentence") + "\n")?;
        let changed = read(&selection)?;
        assert!(changed.iter().all(|text| text.contains("sentence")), "{changed:?}");
    }
    Ok(())
}

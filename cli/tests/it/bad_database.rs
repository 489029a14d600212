//! Databases that are newer or of another program are refused untouched. Damaged ones are made
//! again.

use std::fs;
use std::process::Stdio;

use jiff::{SignedDuration, Timestamp};
use threadkeep_rollout::ThreadMetadata;
use threadkeep_sqlite::{Database, DbSpec, MigrationFile, OpenOptions};
use threadkeep_state::{STATE_DB, ThreadUpsert};
use uuid::Uuid;

use super::fixture::{Fixture, Result, contents};

/// A database of ours, with some bytes of it changed.
fn damaged(change: impl FnOnce(&mut Vec<u8>)) -> Result<Fixture> {
    let fixture = Fixture::bundled()?;
    fixture.json(&["threads"])?;
    let mut bytes = fs::read(fixture.database())?;
    change(&mut bytes);
    fs::write(fixture.database(), bytes)?;
    Ok(fixture)
}

/// Runs everything that could be tempted to write, and then `status`; nothing may have changed.
fn is_refused_untouched(fixture: &Fixture) -> Result<String> {
    let before = contents(&fixture.sqlite_home())?;
    let refused = fixture.run(&["threads"])?;
    for arguments in [
        &["backfill"][..],
        &["backfill", "--force"],
        &["audit", "--repair"],
        &["threads", "--no-refresh"],
        &["threads", "archive", "01a2036c-de71"],
        &["threads", "delete", "01a2036c-de71", "--yes"],
    ] {
        let said = fixture.run(arguments)?;
        assert_eq!(said.all(), refused.all(), "{arguments:?}");
    }
    let status = fixture.run(&["status"])?;
    assert_eq!(status.code, Some(1), "{}", status.all());
    let mut after = contents(&fixture.sqlite_home())?;
    if !refused.stderr.contains("is not Threadkeep's") {
        // What was refused is logged, but for databases of other programs, whose folder this may
        // be.
        after.retain(|(path, _)| !path.to_string_lossy().contains("logs_2.sqlite"));
    }
    assert!(after == before, "a byte was changed");
    let line = status.stdout.lines().find(|line| line.starts_with("state")).unwrap_or_default().to_owned();
    Ok(format!("{}\n--- status\n{line}", refused.all()))
}

#[test]
fn a_database_of_another_program() -> Result {
    let fixture = damaged(|bytes| bytes[68..72].copy_from_slice(&7_u32.to_be_bytes()))?;
    insta::assert_snapshot!(is_refused_untouched(&fixture)?, @r"
    exit 2
    --- stderr
    error: [tmp]/home/threadkeep/state_5.sqlite is not Threadkeep's state database: a SQLite database with application id 0x00000007; nothing in it was changed
      hint: move it away, or choose another folder for the databases with --sqlite-home DIR
    --- status
    state        a file of another program: a SQLite database with application id 0x00000007; choose another --sqlite-home
    ");
    let fixture = damaged(|bytes| *bytes = b"not a database at all".to_vec())?;
    insta::assert_snapshot!(is_refused_untouched(&fixture)?, @r"
    exit 2
    --- stderr
    error: [tmp]/home/threadkeep/state_5.sqlite is not Threadkeep's state database: the file is not a SQLite database; nothing in it was changed
      hint: move it away, or choose another folder for the databases with --sqlite-home DIR
    --- status
    state        a file of another program: the file is not a SQLite database; choose another --sqlite-home
    ");
    Ok(())
}

#[tokio::test]
async fn a_newer_schema() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["threads"])?;
    let future = MigrationFile::new("0007_future", "PRAGMA user_version = 7");
    let migrations = [STATE_DB.migrations, &[future]].concat().leak();
    let mut spec = STATE_DB;
    spec.migrations = migrations;
    let spec: &DbSpec = Box::leak(Box::new(spec));
    Database::open(spec, &fixture.sqlite_home(), &OpenOptions::new()).await?.close().await?;
    insta::assert_snapshot!(is_refused_untouched(&fixture)?, @r"
    exit 2
    --- stderr
    error: [tmp]/home/threadkeep/state_5.sqlite needs a threadkeep that knows schema version 7; this one knows 6
      hint: update threadkeep; the database was not changed
    --- status
    state        newer than this threadkeep; update threadkeep
    ");
    Ok(())
}

/// Zeros the first page of the table `rollouts`: no look at the file shows that, only a statement
/// that reads the table.
fn zero_rollouts(bytes: &mut [u8]) {
    // How a row of `sqlite_schema` lies in the file: type, name, table, and then the number of the
    // page.
    let row = b"tablerolloutsrollouts";
    let at = bytes.windows(row.len()).position(|window| window == row).expect("the table is in the schema");
    let page = usize::from(bytes[at + row.len()]);
    bytes[(page - 1) * 4_096..page * 4_096].fill(0);
}

/// A kind of damage to the bytes of a database.
pub(crate) type Damage = (&'static str, fn(&mut Vec<u8>));

pub(crate) const DAMAGES: [Damage; 10] = [
    ("cut within its header", |bytes| bytes.truncate(50)),
    ("cut to half", |bytes| bytes.truncate(bytes.len() / 2)),
    ("emptied", Vec::clear),
    ("its whole first page", |bytes| bytes[..4_096].fill(0xa5)),
    ("a byte of its application id", |bytes| bytes[69] ^= 4),
    ("a byte of its floor", |bytes| bytes[62] = 9),
    ("the sign of its floor", |bytes| bytes[60] = 0xe5),
    ("its first pages", |bytes| bytes[100..8_000].fill(0xa5)),
    ("the page of a table", |bytes| zero_rollouts(bytes)),
    ("a byte of a text", |bytes| {
        let at = bytes.windows(6).position(|window| window == b"Please").expect("a title");
        bytes[at + 2] |= 128;
    }),
];

#[test]
fn a_damaged_database_is_made_again_with_every_decision() -> Result {
    for (kind, damage) in DAMAGES {
        let fixture = Fixture::bundled()?;
        fixture.json(&["threads"])?;
        fixture.run(&["threads", "rename", "01a2036c-de71", "kept name"])?;
        fixture.run(&["threads", "archive", "01a20371-2e88"])?;
        fixture.run(&["threads", "delete", "01a20371-2f5f", "--yes"])?;
        let before = fixture.json(&["threads", "--any"])?;
        let mut bytes = fs::read(fixture.database())?;
        damage(&mut bytes);
        fs::write(fixture.database(), &bytes)?;

        let unchanged = contents(&fixture.sqlite_home())?;
        let status = fixture.run(&["status"])?;
        assert_eq!(status.code, Some(1), "{kind}: {}", status.all());
        assert!(contents(&fixture.sqlite_home())? == unchanged, "{kind}: status changed a byte");

        let listed = fixture.run(&["threads", "--any", "--json"])?;
        assert_eq!(listed.code, Some(0), "{kind}: {}", listed.all());
        let after: serde_json::Value = serde_json::from_str(&listed.stdout)?;
        assert_eq!(after["threads"], before["threads"], "{kind}");
        let note = "decisions of yours; the damaged file is now [tmp]/home/threadkeep/damaged-";
        let said = if kind == "emptied" { "state_5.sqlite was empty: made again" } else { note };
        assert!(listed.stderr.contains(said), "{kind}: {}", listed.all());
        assert_eq!(fixture.run(&["audit"])?.code, Some(0), "{kind}");
        let deleted = fixture.run(&["threads", "delete", "01a2036c-de71", "--yes"])?;
        let has_note = deleted.stderr.contains("damaged databases may still have its words");
        assert_eq!(has_note, kind != "emptied", "{kind}: {}", deleted.all());
        let again = fixture.run(&["threads"])?;
        assert!(!again.stderr.contains("made again"), "{kind}: {}", again.all());
    }
    Ok(())
}

#[test]
fn a_list_does_without_a_damaged_index_that_a_process_uses() -> Result {
    let fixture = Fixture::bundled()?;
    let whole = fixture.json(&["threads"])?;
    // A connection that is open: its lock says that the file must not be moved.
    let options = OpenOptions::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let held = runtime.block_on(Database::open(&STATE_DB, &fixture.sqlite_home(), &options))?;
    let mut bytes = fs::read(fixture.database())?;
    bytes[100..8_000].fill(0xa5);
    fs::write(fixture.database(), &bytes)?;
    let listed = fixture.run(&["threads", "--json"])?;
    assert_eq!(listed.code, Some(0), "{}", listed.all());
    assert!(listed.stderr.contains("indexing into a temporary folder"), "{}", listed.all());
    let listed: serde_json::Value = serde_json::from_str(&listed.stdout)?;
    assert_eq!(listed["threads"], whole["threads"]);
    let refused = fixture.run(&["threads", "rename", "@1", "a name"])?;
    assert!(refused.stderr.contains("is damaged"), "{}", refused.all());
    assert!(fs::read(fixture.database())? == bytes, "not a byte is changed");
    drop(held);
    Ok(())
}

/// Returns a path that was said, as it is.
fn untold(fixture: &Fixture, path: &str) -> String {
    path.replace("[tmp]", &fixture.path().to_string_lossy())
}

#[test]
fn repair_checks_every_database_and_makes_the_damaged_one_again() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.run(&["goals", "set", "01a2036c-de71", "reach it"])?;
    let sound = fixture.run(&["repair"])?;
    assert_eq!((sound.code, sound.stdout.matches("sound").count()), (Some(0), 3), "{}", sound.all());
    let goals = fixture.sqlite_home().join("goals_1.sqlite");
    let mut bytes = fs::read(&goals)?;
    bytes[4_096..8_192].fill(0xa5);
    fs::write(&goals, &bytes)?;
    let other = fixture.run(&["repair", "logs"])?;
    assert_eq!(other.stdout, "logs     sound\n");
    let repaired = fixture.json(&["repair", "goals"])?;
    let goals = &repaired["databases"][0];
    assert_eq!((&goals["result"], &goals["decisions"]), (&"made_again".into(), &1.into()), "{repaired}");
    let moved = goals["moved_to"].as_str().ok_or("it was moved")?;
    assert!(fs::read(untold(&fixture, moved))? == bytes, "not a byte is lost");
    let listed = fixture.run(&["goals", "list"])?;
    assert!(listed.stdout.contains("reach it"), "{}", listed.all());
    Ok(())
}

#[test]
fn four_repairs_at_once_make_a_database_again_once() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["threads"])?;
    fixture.run(&["threads", "rename", "01a2036c-de71", "kept name"])?;
    for _ in 0..3 {
        let mut bytes = fs::read(fixture.database())?;
        zero_rollouts(&mut bytes);
        fs::write(fixture.database(), bytes)?;
        let repair = || fixture.command(&["repair"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let children = [repair()?, repair()?, repair()?, repair()?];
        let mut made = 0;
        for child in children {
            let said = fixture.say(child.wait_with_output()?)?;
            assert_eq!(said.code, Some(0), "{}", said.all());
            made += said.stdout.matches("made again").count();
        }
        assert_eq!(made, 1, "the others see a sound database");
        let shown = fixture.run(&["threads", "show", "01a2036c-de71"])?;
        assert!(shown.stdout.contains("kept name"), "{}", shown.all());
    }
    Ok(())
}

#[test]
fn commands_at_once_on_a_damaged_header_all_answer() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["threads"])?;
    fixture.run(&["threads", "rename", "01a2036c-de71", "kept name"])?;
    for byte in [0, 1, 2, 3].repeat(2) {
        let mut bytes = fs::read(fixture.database())?;
        bytes[68 + byte] ^= 5;
        fs::write(fixture.database(), bytes)?;
        let show = || {
            let mut command = fixture.command(&["threads", "show", "01a2036c-de71"]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()
        };
        for child in [show()?, show()?, show()?] {
            let said = fixture.say(child.wait_with_output()?)?;
            assert!(said.code == Some(0) && said.stdout.contains("kept name"), "{}", said.all());
        }
    }
    Ok(())
}

#[tokio::test]
async fn damage_to_a_large_index_that_shows_in_use_stops_no_command() -> Result {
    let fixture = Fixture::bundled()?;
    let before = fixture.json(&["threads"])?;
    let state = fixture.state().await?;
    let threads = (0..2_000_u128).map(|number| {
        let mut thread = ThreadMetadata::new(Uuid::from_u128(number));
        thread.first_user_message = Some("x".repeat(4_000));
        thread.created_at = Some(Timestamp::MAX - SignedDuration::from_hours(24 * 366));
        ThreadUpsert::new(thread, "sessions/none.jsonl", false, "mock")
    });
    state.threads().upsert(&threads.collect::<Vec<_>>()).await?;
    state.close().await?;
    // The disk changes it, and it keeps its length and its time.
    let (mut bytes, time) = (fs::read(fixture.database())?, fs::metadata(fixture.database())?.modified()?);
    let length = bytes.len();
    assert!(length > 8 << 20, "only the content of a small database is part of its seal: {length}");
    bytes[length / 10..length / 10 * 9].fill(0xa5);
    fs::write(fixture.database(), bytes)?;
    fs::File::options().write(true).open(fixture.database())?.set_modified(time)?;
    let listed = fixture.run(&["threads", "--json"])?;
    assert_eq!(listed.code, Some(0), "{}", listed.all());
    assert!(listed.stderr.contains("made again"), "{}", listed.all());
    let listed: serde_json::Value = serde_json::from_str(&listed.stdout)?;
    assert_eq!(listed["threads"], before["threads"]);
    Ok(())
}

#[test]
fn snapshots_are_taken_once_a_day_and_on_request() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.run(&["backfill"])?;
    let names = contents(&fixture.sqlite_home())?;
    let is_snapshot = |path: &std::path::Path| path.to_string_lossy().contains(".snapshot-");
    assert!(!names.iter().any(|(path, _)| is_snapshot(path)), "all of it can be made again");
    fixture.run(&["threads", "rename", "01a2036c-de71", "a name"])?;
    let count = |label: &str| -> Result<usize> {
        let names = contents(&fixture.sqlite_home())?.into_iter().map(|(path, _)| path);
        Ok(names.filter(|path| path.to_string_lossy().contains(&format!("{label}.sqlite.snapshot-"))).count())
    };
    assert_eq!((count("state_5")?, count("logs_2")?), (1, 0));
    let taken = fixture.json(&["snapshot"])?;
    let paths = taken["snapshots"].as_array().ok_or("a list")?.iter();
    for path in paths.map(|taken| taken["path"].as_str()) {
        let path = untold(&fixture, path.ok_or("it was taken")?);
        assert!(fs::metadata(path)?.len() > 0);
    }
    assert_eq!(count("logs_2")?, 1);
    fs::write(fixture.sqlite_home().join("config.toml"), "[snapshots]\ndaily = false\n")?;
    for snapshot in contents(&fixture.sqlite_home())? {
        if snapshot.0.to_string_lossy().contains(".snapshot-") {
            fs::remove_file(fixture.sqlite_home().join(snapshot.0))?;
        }
    }
    fixture.run(&["backfill"])?;
    assert_eq!(count("state_5")?, 0, "they are switched off");
    Ok(())
}

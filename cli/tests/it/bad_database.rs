//! Databases that are damaged, newer, or of another program are refused untouched.

use std::fs;
use std::path::Path;

use super::fixture::{Fixture, Result, Said, contents};

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

#[test]
fn a_newer_schema() -> Result {
    let fixture = damaged(|bytes| bytes[60..64].copy_from_slice(&99_u32.to_be_bytes()))?;
    insta::assert_snapshot!(is_refused_untouched(&fixture)?, @r"
    exit 2
    --- stderr
    error: [tmp]/home/threadkeep/state_5.sqlite needs a threadkeep that knows schema version 99; this one knows 2
      hint: update threadkeep; the database was not changed
    --- status
    state        newer than this threadkeep; update threadkeep
    ");
    Ok(())
}

/// The commands that a hint says, run as they are by a shell that knows the binary.
#[cfg(unix)]
fn follow_hint(fixture: &Fixture, said: &Said) -> Result {
    let rest = said.stderr.split("rollouts again: ").nth(1).ok_or("a hint")?;
    let command = rest.split(" (names you gave").next().ok_or("a command")?;
    let command = command.replace("[tmp]", fixture.path().to_str().ok_or("a temporary folder has a name")?);
    let binary = Path::new(env!("CARGO_BIN_EXE_threadkeep")).parent().ok_or("the binary is in a folder")?;
    let mut shell = fixture.command_of(Path::new("/bin/sh"), &["-c", &command]);
    shell.env("PATH", format!("{}:/usr/bin:/bin", binary.display()));
    let done = fixture.say(shell.output()?)?;
    assert_eq!(done.code, Some(0), "{command}: {}", done.all());
    Ok(())
}

#[cfg(unix)]
#[test]
fn a_damaged_file_can_be_rebuilt_as_the_hint_says() -> Result {
    let fixture = damaged(|bytes| bytes.truncate(50))?;
    let refused = is_refused_untouched(&fixture)?;
    let at = refused.find("damaged-").ok_or("a folder")? + "damaged-".len();
    let refused = refused.replace(&refused[at..at + "2026-11-22".len()], "[date]");
    insta::assert_snapshot!(refused, @r"
    exit 2
    --- stderr
    error: [tmp]/home/threadkeep/state_5.sqlite is damaged: it ends after 50 bytes, within its header
      hint: move it aside with its -wal and -shm, then index the rollouts again: mkdir [tmp]/home/threadkeep/damaged-[date]-1 && mv [tmp]/home/threadkeep/state_5.sqlite [tmp]/home/threadkeep/damaged-[date]-1 && { mv [tmp]/home/threadkeep/state_5.sqlite-wal [tmp]/home/threadkeep/state_5.sqlite-shm [tmp]/home/threadkeep/state_5.sqlite-journal [tmp]/home/threadkeep/damaged-[date]-1 2>/dev/null; threadkeep backfill; } (names you gave and marks you set are in the damaged file alone)
    --- status
    state        damaged: it ends after 50 bytes, within its header
    ");
    follow_hint(&fixture, &fixture.run(&["threads"])?)?;
    assert_eq!(fixture.run(&["audit"])?.code, Some(0));
    // A second time on the same day, another folder is free.
    fs::write(fixture.database(), &fs::read(fixture.database())?[..50])?;
    follow_hint(&fixture, &fixture.run(&["threads"])?)?;
    assert_eq!(fixture.run(&["audit"])?.code, Some(0));
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

#[cfg(unix)]
#[test]
fn damage_that_shows_only_in_use_is_reported_and_repaired_alike() -> Result {
    let fixture = damaged(|bytes| zero_rollouts(bytes))?;
    let homes = ["--home", "home", "--sqlite-home", "it's here"];
    fs::rename(fixture.sqlite_home(), fixture.path().join("it's here"))?;
    let run = |rest: &[&str]| {
        let mut command = fixture.command(&[&homes, rest].concat());
        fixture.say(command.env_remove("CODEX_HOME").output()?)
    };
    let file = "[tmp]/it's here/state_5.sqlite";
    for arguments in [&["threads"][..], &["threads", "--json"], &["backfill"]] {
        let said = run(arguments)?;
        assert_eq!(said.code, Some(2), "{arguments:?}: {}", said.all());
        assert!(said.stderr.contains(&format!("{file} is damaged: ")), "{arguments:?}: {}", said.all());
        assert!(
            said.stderr.contains("2>/dev/null; threadkeep --home [tmp]/home --sqlite-home "),
            "{}",
            said.all()
        );
    }
    assert!(run(&["status"])?.stdout.contains("remedy  "));
    fs::write(fixture.path().join("it's here/state_5.sqlite.lock.kept"), "")?;
    follow_hint(&fixture, &run(&["threads"])?)?;
    let listed = run(&["threads"])?;
    assert_eq!((listed.code, listed.stderr.as_str()), (Some(0), ""), "{}", listed.all());
    assert_eq!(run(&["audit"])?.code, Some(0));
    assert!(fixture.path().join("it's here/state_5.sqlite.lock.kept").exists(), "no more than that is moved");
    Ok(())
}

#[test]
fn a_file_that_is_damaged_inside() -> Result {
    let fixture = damaged(|bytes| bytes[100..8_000].fill(0xa5))?;
    let said = fixture.run(&["threads"])?;
    assert_eq!(said.code, Some(2), "{}", said.all());
    assert!(
        said.stderr.contains("is damaged") && said.stderr.contains("hint: move it aside"),
        "{}",
        said.all()
    );
    assert!(!said.stderr.contains("error returned from database"), "{}", said.all());
    let status = fixture.run(&["status"])?;
    assert_eq!(status.code, Some(1));
    assert!(!status.stdout.contains("error returned from database"), "{}", status.all());
    assert!(status.stdout.contains("remedy  "), "{}", status.all());
    Ok(())
}

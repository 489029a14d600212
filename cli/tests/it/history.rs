//! A history that is locked, damaged, read-only or behind: what works goes on, and a note says why.

use std::fs;
use std::path::Path;

use serde_json::json;
use threadkeep_history::HISTORY_DB;
use threadkeep_sqlite::{Database, Durability, OpenOptions};

use super::fixture::{Fixture, Result, contents};
use super::written::{Rollout, id};

fn indexed() -> Result<Fixture> {
    let fixture = Fixture::empty()?;
    Rollout { said: Some("Polish the samovar"), ..Rollout::default() }.write(&fixture)?;
    fixture.json(&["backfill"])?;
    Ok(fixture)
}

fn path(fixture: &Fixture) -> std::path::PathBuf {
    fixture.sqlite_home().join(HISTORY_DB.file_name)
}

#[test]
fn a_damaged_history_is_made_again() -> Result {
    let fixture = indexed()?;
    let mut bytes = fs::read(path(&fixture))?;
    let middle = bytes.len() / 2;
    bytes[4_096..middle].fill(0x5a);
    fs::write(path(&fixture), bytes)?;
    let said = fixture.run(&["search", "samovar"])?;
    assert_eq!(said.code, Some(0), "{}", said.all());
    assert!(said.stdout.contains("Polish the samovar"), "{}", said.all());
    assert!(said.stderr.contains("history"), "a note says that it was made again: {}", said.all());
    let usage = fixture.json(&["usage"])?;
    assert_eq!(usage["total"]["total"], 100);
    Ok(())
}

#[test]
fn a_lost_history_does_not_bring_deleted_threads_back() -> Result {
    type Lose = fn(&std::path::Path) -> std::io::Result<()>;
    let lose: [Lose; 2] = [|path| fs::remove_file(path), |path| fs::write(path, [0; 8_192])];
    for (lose, snapshot) in lose.into_iter().flat_map(|lose| [(lose, false), (lose, true)]) {
        let fixture = indexed()?;
        Rollout { n: 2, said: Some("Sell the kantele"), ..Rollout::default() }.write(&fixture)?;
        fixture.json(&["backfill"])?;
        if snapshot {
            fixture.json(&["snapshot"])?;
        }
        let id = id(1).to_string();
        fixture.json(&["threads", "delete", &id, "--yes"])?;
        for command in [&["search", "samovar"][..], &["usage"], &["backfill"], &["usage"]] {
            lose(&path(&fixture))?;
            let said = fixture.run(command)?;
            assert_eq!(said.code, Some(0), "{}", said.all());
            for (file, content) in contents(&fixture.sqlite_home())? {
                let text = String::from_utf8_lossy(&content);
                assert!(!text.contains("samovar"), "{command:?} in {}", file.display());
            }
        }
        assert_eq!(fixture.json(&["search", "samovar"])?["total"], 0);
        assert_eq!(fixture.json(&["search", "kantele"])?["total"], 1);
        assert_eq!(fixture.json(&["usage"])?["total"]["total"], 100);
        fixture.json(&["threads", "restore", &id])?;
        assert_eq!(fixture.json(&["search", "samovar"])?["total"], 1);
        assert_eq!(fixture.json(&["usage"])?["total"]["total"], 200);
    }
    Ok(())
}

#[test]
fn a_list_needs_no_history_and_show_goes_without() -> Result {
    let fixture = indexed()?;
    fs::write(path(&fixture), "not a database, and no file of ours")?;
    let before = fs::read(path(&fixture))?;
    assert_eq!(fixture.json(&["threads"])?["threads"][0]["id"], json!(id(1)));
    let shown = fixture.run(&["threads", "show", "@1"])?;
    assert_eq!(shown.code, Some(0), "{}", shown.all());
    assert!(shown.stderr.starts_with("note: turns are not shown: "), "{}", shown.all());
    let searched = fixture.run(&["search", "samovar"])?;
    assert_eq!((searched.code, searched.stdout.as_str()), (Some(2), ""), "{}", searched.all());
    let backfill = fixture.run(&["backfill"])?;
    assert_eq!(backfill.code, Some(1), "{}", backfill.all());
    assert!(backfill.stderr.contains("the history was not brought up to date: "), "{}", backfill.all());
    assert_eq!(fs::read(path(&fixture))?, before, "the file of another program is left alone");
    Ok(())
}

#[tokio::test]
async fn a_locked_history_is_read_as_it_is() -> Result {
    let fixture = indexed()?;
    Rollout { n: 2, said: Some("Sell the samovar"), ..Rollout::default() }.write(&fixture)?;
    let db = Database::open(&HISTORY_DB, &fixture.sqlite_home(), &OpenOptions::new()).await?;
    let mut said = None;
    let locked = db.write(Durability::Usual, async |_| {
        said = Some(fixture.run(&["search", "samovar"]));
        Ok::<_, threadkeep_sqlite::WriteError<threadkeep_sqlite::DbError>>(())
    });
    locked.await?;
    let said = said.ok_or("it ran")??;
    assert_eq!(said.code, Some(0), "{}", said.all());
    assert!(said.stdout.contains("Polish the") && !said.stdout.contains("Sell the"), "{}", said.all());
    assert!(said.stderr.contains("has locked"), "{}", said.all());
    assert!(said.stderr.contains("50 % of the history is indexed (1 of 2 rollouts)"), "{}", said.all());
    db.close().await?;
    assert!(fixture.run(&["search", "samovar"])?.stdout.contains("Sell the"));
    Ok(())
}

#[test]
fn show_has_turns_and_tokens_as_they_are_indexed() -> Result {
    let fixture = Fixture::bundled()?;
    let before = fixture.json(&["threads", "show", "01a2036c-de71"])?;
    assert_eq!(before["history"], json!(null), "it waits for no history");
    fixture.json(&["backfill"])?;
    let after = fixture.json(&["threads", "show", "01a2036c-de71"])?;
    let history = &after["history"];
    assert_eq!((&history["own_turns"], &history["inherited_turns"]), (&json!(2), &json!(0)));
    assert_eq!(history["tokens"]["total"], after["thread"]["own_tokens"]);
    let sheet = fixture.run(&["threads", "show", "01a2036c-de71"])?.stdout;
    insta::assert_snapshot!(sheet.lines().skip_while(|line| *line != "how").take(5).collect::<Vec<_>>().join("\n"), @r"
    how
    model          mock-model (provider mock)
    tokens         40,633
    turns          2
    used           input 40,433 (20,215 cached), output 200 (28 reasoning), in 4 requests
    ");
    Ok(())
}

#[test]
fn show_has_the_tokens_of_a_file_that_was_replaced() -> Result {
    let fixture = Fixture::empty()?;
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/home-0.171");
    let status = std::process::Command::new("cp").arg("-r").arg(home).arg(fixture.home()).status()?;
    assert!(status.success());
    fixture.json(&["backfill"])?;
    let sheet = fixture.run(&["threads", "show", "01a2210d-b132"])?.stdout;
    assert!(sheet.contains("\ntokens         10,143; 20,285 with its other files\n"), "{sheet}");
    assert!(sheet.contains("input 20,185 (10,092 cached), output 100"), "{sheet}");
    Ok(())
}

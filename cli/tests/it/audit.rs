//! `audit`: finds every difference, and `--repair` repairs it.

use std::fs;

use threadkeep_state::{ThreadMetadata, ThreadUpsert};
use uuid::Uuid;

use super::fixture::{Fixture, Result};

const ID: &str = "01a2036c-de71-77f1-a9e3-3c28701bba61";

/// Makes the index say something else than the rollouts: another title, a thread that is not there,
/// a thread that is missing.
async fn tamper(fixture: &Fixture) -> Result {
    let state = fixture.state().await?;
    let id: Uuid = ID.parse()?;
    let thread = state.threads().get(id).await?.ok_or("the thread is indexed")?;
    let mut metadata = ThreadMetadata::new(id);
    metadata.created_at = Some(thread.created_at);
    metadata.updated_at = Some(thread.updated_at);
    metadata.cwd = thread.cwd.clone();
    metadata.title = Some("A title\nthat nobody wrote".to_owned());
    metadata.first_user_message = thread.first_user_message.clone();
    metadata.own_tokens = Some(7);
    let changed = ThreadUpsert::new(metadata, &thread.rollout_path, false, "mock");
    let ghost = ThreadMetadata::new(Uuid::from_u128(0x01a2_0300_0000_7000_8000_0000_0000_0009));
    let ghost = ThreadUpsert::new(ghost, "sessions/rollout-ghost.jsonl", false, "mock");
    state.threads().upsert(&[changed, ghost]).await?;
    state.close().await?;
    let template = fixture.rollout("01a2036c-e9ec-7373-9860-e686387705da.jsonl")?;
    let new = "01a20300-0000-7000-8000-00000000000a";
    let text = fs::read_to_string(&template)?.replace("01a2036c-e9ec-7373-9860-e686387705da", new);
    fs::write(fixture.home().join(format!("sessions/rollout-2019-11-22T10-00-00-{new}.jsonl")), text)?;
    Ok(())
}

#[tokio::test]
async fn every_difference_is_found_shown_and_repaired() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["backfill"])?;
    insta::assert_snapshot!(fixture.run(&["audit"])?.all(), @r"
    exit 0
    --- stdout
    index and rollouts agree
    16 files and 16 threads compared
    ");
    tamper(&fixture).await?;
    fixture.json(&["threads", "rename", ID, "my own", "-q"])?;
    let found = fixture.run(&["audit"])?;
    insta::assert_snapshot!(found.all(), @r#"
    exit 1
    --- stdout
    01a2036c-de71-77f1-a9e3-3c28701bba61
      sessions/2026/11/22/rollout-2026-11-22T13-23-16-01a2036c-de71-77f1-a9e3-3c28701bba61.jsonl
      source            index    nothing
                        rollout  exec
      thread_source     index    nothing
                        rollout  user
      model             index    nothing
                        rollout  mock-model
      cli_version       index    nothing
                        rollout  0.169.0
      originator        index    nothing
                        rollout  codex_exec
      history_mode      index    nothing
                        rollout  paginated
      title             index    A title that nobody wrote
                        rollout  nothing
      sandbox_policy    index    nothing
                        rollout  {"type":"managed","file_system":{"type":"restricted","entri…
      approval_mode     index    nothing
                        rollout  never
      own_tokens        index    7
                        rollout  40633
      inherited_tokens  index    nothing
                        rollout  0
      run_outcome       index    unknown
                        rollout  completed
    01a20300-0000-7000-8000-000000000009
      sessions/rollout-ghost.jsonl
      listed, but its rollout is missing

    index and rollouts differ in 13 places; `threadkeep audit --repair` repairs the index
    the index is behind in 1 rollout since its last run; `threadkeep backfill` updates it (-v shows each)
    17 files and 17 threads compared
    "#);
    assert_eq!(fixture.run(&["audit"])?.all(), found.all(), "an audit without --repair changes nothing");

    let repaired = fixture.run(&["audit", "--repair"])?;
    insta::assert_snapshot!(repaired.all(), @r"
    exit 0
    --- stdout
    14 differences repaired; index and rollouts agree
    17 files and 17 threads compared
    ");
    assert_eq!(fixture.run(&["audit"])?.code, Some(0));
    let thread = &fixture.json(&["threads", "show", ID])?["thread"];
    assert_eq!((&thread["title"], &thread["name"]), (&"Please list the files here".into(), &"my own".into()));
    Ok(())
}

#[tokio::test]
async fn programs_get_every_difference_in_full() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["backfill"])?;
    tamper(&fixture).await?;
    let said = fixture.run(&["--json", "audit"])?;
    assert_eq!(said.code, Some(1));
    let document: serde_json::Value = serde_json::from_str(&said.stdout)?;
    assert_eq!(document["agrees"], false);
    let title = document["differences"]
        .as_array()
        .and_then(|differences| differences.iter().find(|difference| difference["field"] == "title"))
        .ok_or("the title differs")?;
    assert_eq!(title["index"], "A title\nthat nobody wrote");
    // The title is the whole first message, which is stored once.
    assert!(title["rollout"].is_null());
    Ok(())
}

#[test]
fn without_an_index_there_is_nothing_to_audit() -> Result {
    let fixture = Fixture::bundled()?;
    insta::assert_snapshot!(fixture.run(&["audit"])?.all(), @r"
    exit 2
    --- stderr
    error: there is no index in [tmp]/home/threadkeep
      hint: `threadkeep backfill` creates it from the rollouts
    ");
    assert!(!fixture.sqlite_home().exists());
    Ok(())
}

#[tokio::test]
async fn what_is_only_not_indexed_yet_is_one_line() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.state().await?.close().await?;
    insta::assert_snapshot!(fixture.run(&["audit"])?.all(), @r"
    exit 0
    --- stdout
    the index is not wrong
    the index is behind in 16 rollouts since its last run; `threadkeep backfill` updates it (-v shows each)
    16 files and 0 threads compared
    ");
    let each = fixture.run(&["-v", "audit"])?.stdout;
    assert_eq!(each.matches("  not in the index\n").count(), 16, "{each}");
    let said = fixture.run(&["--json", "audit"])?;
    let document: serde_json::Value = serde_json::from_str(&said.stdout)?;
    assert_eq!(document["differences"].as_array().ok_or("an array")?.len(), 16);
    Ok(())
}

#[test]
fn what_could_not_be_read_is_no_agreement() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["backfill"])?;
    fs::write(fixture.rollout("01a2036c-e9ec-7373-9860-e686387705da.jsonl")?, "")?;
    fixture.run(&["backfill"])?;
    insta::assert_snapshot!(fixture.run(&["audit"])?.all(), @r"
    exit 1
    --- stdout
    files with problems
      sessions/2026/11/22/rollout-2026-11-22T13-23-19-01a2036c-e9ec-7373-9860-e686387705da.jsonl
        is empty, and had 39.1 kB when last indexed: restore it from a backup

    no difference was found, as far as the rollouts can be read
    rollouts have lost lines: see above
    16 files and 16 threads compared
    ");
    let said = fixture.run(&["--json", "audit"])?;
    let document: serde_json::Value = serde_json::from_str(&said.stdout)?;
    assert_eq!((said.code, &document["agrees"]), (Some(1), &false.into()));
    Ok(())
}

#[tokio::test]
async fn a_home_without_folders_is_named() -> Result {
    let fixture = Fixture::empty()?;
    fs::create_dir(fixture.home())?;
    fixture.state().await?.close().await?;
    insta::assert_snapshot!(fixture.run(&["audit"])?.all(), @r"
    exit 1
    --- stdout
    files with problems
      the home itself
        has neither sessions nor archived_sessions

    no difference was found, as far as the rollouts can be read
    not everything could be read: see above
    0 files and 0 threads compared
    ");
    let said = fixture.run(&["--json", "audit"])?;
    let document: serde_json::Value = serde_json::from_str(&said.stdout)?;
    assert_eq!(document["problems"][0]["path"], ".");
    Ok(())
}

#[cfg(unix)]
#[test]
fn a_link_in_a_circle_hides_nothing() -> Result {
    let fixture = Fixture::bundled()?;
    std::os::unix::fs::symlink("../sessions", fixture.home().join("sessions/loop"))?;
    let said = fixture.run(&["backfill"])?;
    assert_eq!(said.code, Some(0), "{}", said.all());
    insta::assert_snapshot!(fixture.run(&["audit"])?.all(), @r"
    exit 0
    --- stdout
    files with problems
      sessions/loop
        is a link to a folder that contains it, and was not followed

    index and rollouts agree
    16 files and 16 threads compared
    ");
    assert_eq!(fixture.json(&["audit"])?["problems"][0]["kind"], "link");
    assert_eq!(fixture.run(&["threads"])?.stderr, "");
    Ok(())
}

//! The user's edits of a thread stay, whatever is indexed.

use jiff::Timestamp;
use threadkeep_state::backfill::IndexOptions;
use threadkeep_state::{MemoryMode, StateError};

use crate::common::{Fixture, Result, id, rollout_path, session};

async fn one_thread() -> Result<Fixture> {
    let fixture = Fixture::empty().await?;
    fixture.write(&rollout_path(id(1)), session(id(1), "hello"))?;
    fixture.index().await?;
    Ok(fixture)
}

#[tokio::test]
async fn a_re_index_overwrites_nothing_of_the_user() -> Result {
    let fixture = one_thread().await?;
    let threads = fixture.state.threads();
    let now: Timestamp = "2026-11-23T00:00:00Z".parse()?;
    threads.rename(id(1), Some("  Mine  "), jiff::Timestamp::now()).await?;
    threads.archive(id(1), now).await?;
    threads.set_memory_mode(id(1), MemoryMode::Disabled).await?;

    fixture.write("session_index.jsonl", format!("{{\"id\":\"{}\",\"thread_name\":\"Theirs\"}}\n", id(1)))?;
    fixture.append(&rollout_path(id(1)), "{\"timestamp\":\"2026-11-22T14:00:00Z\",\"type\":\"event_msg\",\"payload\":{\"type\":\"agent_message\"}}\n")?;
    fixture.index().await?;
    fixture.engine(IndexOptions::default())?.with(|it| it.force = true).run(|_| ()).await?;

    let thread = threads.get(id(1)).await?.ok_or("the thread")?;
    assert_eq!(thread.updated_at, "2026-11-22T14:00:00Z".parse()?, "it was read again");
    assert_eq!(thread.name.as_deref(), Some("Mine"));
    assert_eq!((thread.archived, thread.archived_at), (true, Some(now)));
    assert_eq!(thread.memory_mode, "disabled");

    threads.rename(id(1), None, jiff::Timestamp::now()).await?;
    threads.unarchive(id(1), jiff::Timestamp::now()).await?;
    let thread = threads.get(id(1)).await?.ok_or("the thread")?;
    assert_eq!((thread.name.as_deref(), thread.archived, thread.archived_at), (Some("Theirs"), false, None));
    Ok(())
}

#[tokio::test]
async fn a_thread_of_the_archive_folder_can_be_brought_back() -> Result {
    let fixture = Fixture::bundled().await?;
    fixture.index().await?;
    let archived =
        fixture.threads().await?.into_iter().find(|thread| thread.archived).ok_or("an archived thread")?;
    assert_eq!(archived.archived_at, None, "the folder does not say when");
    fixture.state.threads().unarchive(archived.id, jiff::Timestamp::now()).await?;
    fixture.engine(IndexOptions::default())?.with(|it| it.force = true).run(|_| ()).await?;
    let thread = fixture.state.threads().get(archived.id).await?.ok_or("the thread")?;
    assert!(!thread.archived, "the user's word counts");
    Ok(())
}

#[tokio::test]
async fn a_name_is_short_and_not_empty() -> Result {
    let fixture = one_thread().await?;
    for name in ["", " \t", &"é".repeat(201)] {
        let error = fixture
            .state
            .threads()
            .rename(id(1), Some(name), jiff::Timestamp::now())
            .await
            .expect_err("a bad name");
        assert_eq!(error.to_string(), "a thread's name has 1 to 200 characters");
    }
    fixture.state.threads().rename(id(1), Some(&"é".repeat(200)), jiff::Timestamp::now()).await?;
    Ok(())
}

#[tokio::test]
async fn a_deleted_thread_stays_deleted_until_it_is_asked_for() -> Result {
    let fixture = one_thread().await?;
    let threads = fixture.state.threads();
    threads.rename(id(1), Some("Mine"), jiff::Timestamp::now()).await?;
    fixture.write("session_index.jsonl", format!("{{\"id\":\"{}\",\"thread_name\":\"Theirs\"}}\n", id(1)))?;
    fixture.index().await?;
    fixture.state.delete_thread(id(1), Timestamp::now()).await?;
    let again = fixture.state.delete_thread(id(1), Timestamp::now()).await;
    assert!(matches!(again, Err(StateError::NotFound { .. })));
    assert!(fixture.path(&rollout_path(id(1))).exists(), "the rollout is not touched");

    let report = fixture.index().await?;
    assert_eq!((report.indexed, report.excluded, report.bytes), (0, 1, 0), "it is not even read");
    fixture.append(
        &rollout_path(id(1)),
        "{\"timestamp\":\"2026-11-22T14:00:00Z\",\"type\":\"x\",\"payload\":{}}\n",
    )?;
    fixture.index().await?;
    fixture.engine(IndexOptions::default())?.with(|it| it.force = true).run(|_| ()).await?;
    assert_eq!(threads.get(id(1)).await?, None);
    let inventory = fixture.state.inventory().await?;
    assert_eq!((inventory.current, inventory.deleted, inventory.files_with_problems), (0, 1, 0));

    fixture.index_with(IndexOptions { include_deleted: true }).await?;
    let thread = threads.get(id(1)).await?.ok_or("the thread is back")?;
    assert_eq!(thread.name.as_deref(), Some("Theirs"), "what the user had said of it is gone");
    assert_eq!(fixture.index().await?.unchanged, 2);
    Ok(())
}

#[tokio::test]
async fn a_deleted_thread_s_renamed_file_is_known_by_what_it_says() -> Result {
    let fixture = one_thread().await?;
    fixture.rename(&rollout_path(id(1)), "sessions/2026/11/22/rollout-copy.jsonl")?;
    fixture.index().await?;
    fixture.state.delete_thread(id(1), Timestamp::now()).await?;
    let report = fixture.index().await?;
    assert_eq!((report.indexed, report.excluded), (0, 1));
    assert_eq!(fixture.state.inventory().await?.files_with_problems, 0);
    fixture.index_with(IndexOptions { include_deleted: true }).await?;
    assert!(fixture.state.threads().get(id(1)).await?.is_some());
    Ok(())
}

#[tokio::test]
async fn a_file_that_is_named_after_a_deleted_thread_by_mistake_stays() -> Result {
    let fixture = one_thread().await?;
    fixture.write(&rollout_path(id(2)).replace("13-00-00", "14-00-00"), session(id(3), "another"))?;
    fixture.write(&rollout_path(id(2)), session(id(2), "the one"))?;
    fixture.index().await?;
    fixture.state.delete_thread(id(2), Timestamp::now()).await?;
    let report = fixture.index().await?;
    assert_eq!((report.excluded, report.unchanged, report.vanished), (1, 2, 0));
    assert!(fixture.state.threads().get(id(3)).await?.is_some());
    Ok(())
}

#[tokio::test]
async fn secrets_in_titles_and_names_reach_no_page() -> Result {
    let fixture = Fixture::empty().await?;
    let key = format!("sk-proj-{}", "a1B2".repeat(12));
    fixture.write(&rollout_path(id(1)), session(id(1), &format!("use {key} please")))?;
    fixture
        .write("session_index.jsonl", format!("{{\"id\":\"{}\",\"thread_name\":\"with {key}\"}}\n", id(1)))?;
    fixture.index().await?;
    let threads = fixture.state.threads();
    let thread = threads.get(id(1)).await?.ok_or("the thread")?;
    assert_eq!(thread.title.as_deref(), Some("use [redacted:openai-key] please"));
    assert_eq!(thread.name.as_deref(), Some("with [redacted:openai-key]"));
    threads.rename(id(1), Some(&format!("mine: {key}")), jiff::Timestamp::now()).await?;
    let thread = threads.get(id(1)).await?.ok_or("the thread")?;
    assert_eq!(thread.name.as_deref(), Some("mine: [redacted:openai-key]"));
    assert!(fixture.state.audit(&fixture.home()?, |_, _| ()).await?.differences.is_empty());
    let folder = fixture.sqlite_home();
    fixture.state.close().await?;
    for entry in std::fs::read_dir(folder)? {
        let bytes = std::fs::read(entry?.path())?;
        assert!(!bytes.windows(key.len()).any(|window| window == key.as_bytes()));
    }
    Ok(())
}

#[tokio::test]
async fn the_last_second_there_is_can_be_read_back() -> Result {
    let fixture = one_thread().await?;
    fixture.sql("UPDATE threads SET updated_at_ms = 253402207200999").await?;
    let thread = fixture.state.threads().get(id(1)).await?.ok_or("the thread")?;
    assert_eq!(thread.updated_at.as_millisecond(), 253_402_207_200_999);
    Ok(())
}

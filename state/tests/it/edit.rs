//! What the user says of a thread stays, whatever is indexed.

use jiff::Timestamp;
use threadkeep_state::backfill::IndexOptions;
use threadkeep_state::{MemoryMode, StateError};

use crate::common::{Lab, Result, id, rollout_path, session};

async fn one_thread() -> Result<Lab> {
    let lab = Lab::empty().await?;
    lab.write(&rollout_path(id(1)), session(id(1), "hello"))?;
    lab.index().await?;
    Ok(lab)
}

#[tokio::test]
async fn a_re_index_overwrites_nothing_of_the_user() -> Result {
    let lab = one_thread().await?;
    let threads = lab.state.threads();
    let now: Timestamp = "2026-11-23T00:00:00Z".parse()?;
    threads.rename(id(1), Some("  Mine  ")).await?;
    threads.archive(id(1), now).await?;
    threads.set_memory_mode(id(1), MemoryMode::Disabled).await?;

    lab.write("session_index.jsonl", format!("{{\"id\":\"{}\",\"thread_name\":\"Theirs\"}}\n", id(1)))?;
    lab.append(&rollout_path(id(1)), "{\"timestamp\":\"2026-11-22T14:00:00Z\",\"type\":\"event_msg\",\"payload\":{\"type\":\"agent_message\"}}\n")?;
    lab.index().await?;
    lab.engine(IndexOptions::default())?.force(true).run(|_| ()).await?;

    let thread = threads.get(id(1)).await?.ok_or("the thread")?;
    assert_eq!(thread.updated_at, "2026-11-22T14:00:00Z".parse()?, "it was read again");
    assert_eq!(thread.name.as_deref(), Some("Mine"));
    assert_eq!((thread.archived, thread.archived_at), (true, Some(now)));
    assert_eq!(thread.memory_mode, "disabled");

    threads.rename(id(1), None).await?;
    threads.unarchive(id(1)).await?;
    let thread = threads.get(id(1)).await?.ok_or("the thread")?;
    assert_eq!((thread.name.as_deref(), thread.archived, thread.archived_at), (Some("Theirs"), false, None));
    Ok(())
}

#[tokio::test]
async fn a_thread_of_the_archive_folder_can_be_brought_back() -> Result {
    let lab = Lab::bundled().await?;
    lab.index().await?;
    let archived =
        lab.threads().await?.into_iter().find(|thread| thread.archived).ok_or("an archived thread")?;
    assert_eq!(archived.archived_at, None, "the folder does not say when");
    lab.state.threads().unarchive(archived.id).await?;
    lab.engine(IndexOptions::default())?.force(true).run(|_| ()).await?;
    let thread = lab.state.threads().get(archived.id).await?.ok_or("the thread")?;
    assert!(!thread.archived, "the user's word counts");
    Ok(())
}

#[tokio::test]
async fn a_name_is_short_and_not_empty() -> Result {
    let lab = one_thread().await?;
    for name in ["", " \t", &"é".repeat(201)] {
        let error = lab.state.threads().rename(id(1), Some(name)).await.expect_err("a bad name");
        assert_eq!(error.to_string(), "a thread's name has from 1 to 200 characters");
    }
    lab.state.threads().rename(id(1), Some(&"é".repeat(200))).await?;
    Ok(())
}

#[tokio::test]
async fn a_deleted_thread_stays_deleted_until_it_is_asked_for() -> Result {
    let lab = one_thread().await?;
    let threads = lab.state.threads();
    threads.rename(id(1), Some("Mine")).await?;
    threads.delete(id(1), Timestamp::now()).await?;
    assert!(matches!(threads.delete(id(1), Timestamp::now()).await, Err(StateError::NotFound { .. })));
    assert!(lab.path(&rollout_path(id(1))).exists(), "the rollout is not touched");

    assert_eq!(lab.index().await?.indexed, 0);
    lab.append(
        &rollout_path(id(1)),
        "{\"timestamp\":\"2026-11-22T14:00:00Z\",\"type\":\"x\",\"payload\":{}}\n",
    )?;
    lab.index().await?;
    lab.engine(IndexOptions::default())?.force(true).run(|_| ()).await?;
    assert_eq!(threads.get(id(1)).await?, None);
    let inventory = lab.state.inventory().await?;
    assert_eq!((inventory.current, inventory.deleted, inventory.files_with_problems), (0, 1, 0));

    lab.index_with(IndexOptions { include_deleted: true }).await?;
    let thread = threads.get(id(1)).await?.ok_or("the thread is back")?;
    assert_eq!(thread.name, None, "what the user had said of it is gone");
    assert_eq!(lab.index().await?.unchanged, 1);
    Ok(())
}

#[tokio::test]
async fn nothing_of_a_deleted_thread_is_left_in_any_page() -> Result {
    let lab = Lab::empty().await?;
    let (words, name) = ("ZEBRAQUUX is what they said", "QUAGGAFLOX");
    // Long enough for a checkpoint, which holds words of the conversation too.
    let filler = "{\"timestamp\":\"2026-11-22T13:00:02Z\",\"type\":\"x\",\"payload\":{}}\n".repeat(10_000);
    for number in [1, 2] {
        let text = if number == 1 { words } else { "something else" };
        lab.write(&rollout_path(id(number)), session(id(number), text) + &filler)?;
    }
    lab.index().await?;
    lab.state.threads().rename(id(1), Some(name)).await?;
    lab.state.threads().delete(id(1), Timestamp::now()).await?;
    // Also what an index run sees of it again is not kept.
    lab.engine(IndexOptions::default())?.force(true).run(|_| ()).await?;

    let sqlite_home = lab.sqlite_home();
    lab.state.close().await?;
    for entry in std::fs::read_dir(sqlite_home)? {
        let path = entry?.path();
        let bytes = std::fs::read(&path)?;
        for marker in ["ZEBRAQUUX", name] {
            let found =
                bytes.windows(marker.len()).any(|window| window.eq_ignore_ascii_case(marker.as_bytes()));
            assert!(!found, "{} still has {marker}", path.display());
        }
    }
    Ok(())
}

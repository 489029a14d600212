//! Nothing of a deleted thread is left in any file.

use threadkeep_memories::StageOneOutputs;
use threadkeep_state::backfill::IndexOptions;
use threadkeep_state::{StateOptions, StateRuntime};

use super::{logged, no_residue, no_residue_in, now, only_the_second_is_left, two_threads};
use crate::common::{Result, id, rollout_path, session};

#[tokio::test]
async fn nothing_of_a_deleted_thread_is_left_in_any_page_of_any_database() -> Result {
    let fixture = two_threads().await?;
    assert_eq!(fixture.state.delete_thread(id(1), now()).await?, []);
    only_the_second_is_left(&fixture.state).await?;
    // Also what index runs see of it again is not kept.
    fixture.index().await?;
    fixture.engine(Default::default())?.with(|it| it.force = true).run(|_| ()).await?;
    fixture.append("session_index.jsonl", "\n")?;
    fixture.index().await?;
    fixture.index_history().await?;
    let folder = fixture.sqlite_home();
    fixture.state.close().await?;
    no_residue(&folder)
}

#[tokio::test]
async fn children_of_a_deleted_thread_are_roots_until_it_is_restored() -> Result {
    let fixture = two_threads().await?;
    let (parent, child) = (id(1), id(3));
    let named = format!("\"parent_thread_id\":\"{parent}\",\"source\":");
    fixture.write(&rollout_path(child), session(child, "work").replace("\"source\":", &named))?;
    fixture.index().await?;
    let (threads, graph) = (fixture.state.threads(), fixture.state.graph());
    let before = threads.get(child).await?.ok_or("the child")?;
    assert_eq!(before.parent_thread_id, Some(parent));

    fixture.state.delete_thread(parent, now()).await?;
    for forced in [false, true] {
        fixture.engine(Default::default())?.with(|it| it.force = forced).run(|_| ()).await?;
        assert_eq!(
            threads.get(child).await?.as_ref(),
            Some(&before),
            "its own row says what its rollout says"
        );
        assert!(graph.ancestors(child).await?.is_empty());
        assert!(graph.roots(None, 10).await?.contains(&child));
        assert!(fixture.state.audit(&fixture.home()?, |_, _| ()).await?.differences.is_empty());
    }
    fixture.index_with(IndexOptions { include_deleted: true }).await?;
    assert_eq!(graph.ancestors(child).await?[0].thread_id, parent);
    assert!(fixture.state.audit(&fixture.home()?, |_, _| ()).await?.differences.is_empty());
    Ok(())
}

#[tokio::test]
async fn snapshots_that_upgrades_have_left_lose_it_too() -> Result {
    let fixture = two_threads().await?;
    let (folder, copies) = (fixture.sqlite_home(), tempfile::tempdir()?);
    fixture.state.snapshot(copies.path()).await?;
    for file in ["state_5.sqlite", "goals_1.sqlite", "history_1.sqlite", "logs_2.sqlite"] {
        std::fs::rename(copies.path().join(file), folder.join(format!("{file}.before-v2")))?;
    }
    let is_snapshot = |name: &str| name.contains(".before-v");
    assert!(no_residue_in(&folder, is_snapshot).is_err(), "it is looked for where it is");
    assert_eq!(fixture.state.delete_thread(id(1), now()).await?, []);
    fixture.state.close().await?;
    no_residue(&folder)?;
    for file in ["state_5.sqlite", "goals_1.sqlite", "history_1.sqlite", "logs_2.sqlite"] {
        std::fs::rename(folder.join(format!("{file}.before-v2")), copies.path().join(file))?;
    }
    // They are still whole: a program of that version opens them.
    only_the_second_is_left(&StateRuntime::open(&StateOptions::new(copies.path())).await?).await
}

#[tokio::test]
async fn archiving_deletes_nothing() -> Result {
    let fixture = two_threads().await?;
    for number in [1, 2] {
        fixture.state.threads().archive(id(number), now()).await?;
        assert!(fixture.state.thread_goals().get(id(number)).await?.is_some());
        assert!(StageOneOutputs::get(&fixture.state.memories(), id(number)).await?.is_some());
        assert_eq!(logged(&fixture.state, id(number)).await?, 1);
    }
    Ok(())
}

#[tokio::test]
async fn a_history_that_is_made_again_has_nothing_of_a_deleted_thread() -> Result {
    let fixture = two_threads().await?;
    assert_eq!(fixture.state.delete_thread(id(1), now()).await?, []);
    fixture.state.history().close().await?;
    std::fs::remove_file(fixture.sqlite_home().join("history_1.sqlite"))?;
    fixture.index_history().await?;
    only_the_second_is_left(&fixture.state).await?;
    no_residue(&fixture.sqlite_home())?;
    fixture.state.restore_thread(id(1), now()).await?;
    fixture.index_history().await?;
    assert!(fixture.state.history().figures(id(1)).await?.is_some());
    Ok(())
}

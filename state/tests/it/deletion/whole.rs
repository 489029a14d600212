//! Nothing of a deleted thread is left in any file.

use threadkeep_sqlite::{Database, DbSpec, Durability};
use threadkeep_state::backfill::IndexOptions;
use threadkeep_state::{OpenOptions, STATE_DB};

use super::{MARKER, logged, no_residue, no_residue_in, now, only_the_second_is_left, two_threads};
use crate::common::{Result, id, rollout_path, session};

#[tokio::test]
async fn nothing_of_a_deleted_thread_is_left_in_any_page_of_any_database() -> Result {
    let lab = two_threads().await?;
    assert_eq!(lab.state.delete_thread(id(1), now()).await?, []);
    only_the_second_is_left(&lab.state).await?;
    // Also what index runs see of it again is not kept.
    lab.index().await?;
    lab.engine(Default::default())?.force(true).run(|_| ()).await?;
    lab.append("session_index.jsonl", "\n")?;
    lab.index().await?;
    let folder = lab.sqlite_home();
    lab.state.close().await?;
    no_residue(&folder)
}

#[tokio::test]
async fn those_that_a_deleted_thread_spawned_name_it_no_more_until_it_is_back() -> Result {
    let lab = two_threads().await?;
    let parent = id(1);
    // Nobody has to write an id as we do.
    let spelled = parent.to_string().to_uppercase();
    let spawned =
        format!("{{\"subagent\":{{\"thread_spawn\":{{\"parent_thread_id\":\"{spelled}\",\"depth\":1}}}}}}");
    let child = session(id(3), "work").replace("\"source\":\"cli\"", &format!("\"source\":{spawned}"));
    assert!(child.contains(&spelled), "the child's rollout names its parent");
    let child = child.replace("\"source\":", &format!("\"parent_thread_id\":\"{parent}\",\"source\":"));
    lab.write(&rollout_path(id(3)), child)?;
    lab.index().await?;
    let threads = lab.state.threads();
    let before = threads.get(id(3)).await?.ok_or("the child")?;
    assert_eq!(before.parent_thread_id, Some(parent));

    lab.state.delete_thread(parent, now()).await?;
    for forced in [false, true] {
        lab.engine(Default::default())?.force(forced).run(|_| ()).await?;
        let after = threads.get(id(3)).await?.ok_or("the child")?;
        assert_eq!(after.parent_thread_id, None);
        let source = after.source.ok_or("a source")?;
        assert_eq!(source, before.source.as_deref().ok_or("a source")?.replace(&spelled, "deleted"));
        assert!(lab.state.audit(&lab.home()?, |_, _| ()).await?.differences.is_empty());
    }
    lab.index_with(IndexOptions { include_deleted: true }).await?;
    assert_eq!(threads.get(id(3)).await?, Some(before));
    assert!(lab.state.audit(&lab.home()?, |_, _| ()).await?.differences.is_empty());

    lab.state.delete_thread(parent, now()).await?;
    let folder = lab.sqlite_home();
    lab.state.close().await?;
    no_residue(&folder)
}

#[tokio::test]
async fn the_snapshots_that_upgrades_have_left_forget_it_too() -> Result {
    for version in 1..STATE_DB.migrations.len() {
        let lab = two_threads().await?;
        let folder = lab.sqlite_home();
        lab.state.clone().close().await?;
        // The index of then, with both threads.
        std::fs::remove_file(folder.join("state_5.sqlite"))?;
        let DbSpec { label, file_name, kind, application_id, migrations, .. } = STATE_DB;
        let first =
            Box::leak(Box::new(DbSpec::new(label, file_name, kind, application_id, &migrations[..version])));
        let old = Database::open(first, &folder, &OpenOptions::new()).await?;
        let mut tx = old.begin(Durability::Usual).await?;
        for (id, words) in [(id(1), MARKER), (id(2), "innocent")] {
            sqlx::query(
                "INSERT INTO threads (id, rollout_path, created_at_ms, updated_at_ms, model_provider, title, tokens_used, \
                   rollout_archived, user_name) VALUES (?1, ?2, 0, 0, 'mock', ?3, 0, 0, ?3)",
            )
            .bind(id.to_string())
            .bind(rollout_path(id))
            .bind(words)
            .execute(tx.conn())
            .await?;
        }
        tx.commit().await?;
        old.close().await?;

        let lab = lab.reopened().await?;
        assert!(
            no_residue_in(&folder, |name| name.contains(".before-v")).is_err(),
            "it is looked for where it is"
        );
        assert_eq!(lab.state.delete_thread(id(1), now()).await?, []);
        lab.state.close().await?;
        no_residue(&folder)?;
        let snapshot = folder.join(format!("state_5.sqlite.before-v{}", STATE_DB.migrations.len()));
        let restored = tempfile::tempdir()?;
        std::fs::copy(&snapshot, restored.path().join(file_name))?;
        let old = Database::open(first, restored.path(), &OpenOptions::new()).await?;
        let mut reader = old.reader().await?;
        let names: Vec<String> =
            sqlx::query_scalar("SELECT user_name FROM threads").fetch_all(reader.conn()).await?;
        assert_eq!(names, ["innocent"], "the program of version {version} still reads it");
    }
    Ok(())
}

#[tokio::test]
async fn archiving_deletes_nothing() -> Result {
    let lab = two_threads().await?;
    for number in [1, 2] {
        lab.state.threads().archive(id(number), now()).await?;
        assert!(lab.state.thread_goals().get(id(number)).await?.is_some());
        assert!(lab.state.thread_memories().get(id(number)).await?.is_some());
        assert_eq!(logged(&lab.state, id(number)).await?, 1);
    }
    Ok(())
}

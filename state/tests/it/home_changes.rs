//! A home lives: files come, grow, move, are copied, break and go. The index follows at the next
//! pass.

use threadkeep_backfill::Progress as _;
use threadkeep_state::HomeProblem;
use uuid::Uuid;

use crate::common::{Fixture, Result, id, rollout_path, session};

async fn paths(fixture: &Fixture) -> Result<Vec<String>> {
    Ok(fixture.threads().await?.into_iter().map(|thread| thread.rollout_path).collect())
}

#[tokio::test]
async fn a_copy_gives_one_thread_and_one_problem() -> Result {
    let fixture = Fixture::empty().await?;
    let original = rollout_path(id(1));
    fixture.write(&original, session(id(1), "hello"))?;
    fixture.index().await?;
    let copy = original.replace("sessions/2026/11/22/", "sessions/2026/11/21/");
    fixture.write(&copy, session(id(1), "hello"))?;
    let report = fixture.index().await?;
    assert_eq!(report.duplicates, 1);
    assert_eq!(fixture.threads().await?.len(), 1);
    let problems = fixture.state.file_problems(10).await?;
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].path, original);
    assert_eq!(problems[0].problem, HomeProblem::Duplicate { of: copy.clone() }, "of the lower path");
    let again = fixture.index().await?;
    assert_eq!((again.indexed, again.unchanged, again.duplicates), (0, 1, 1), "settled, and still said");
    Ok(())
}

#[tokio::test]
async fn which_copy_wins_does_not_depend_on_the_order() -> Result {
    let (small, large) = (rollout_path(id(1)), rollout_path(id(1)).replace("/22/", "/23/"));
    let longer =
        session(id(1), "hello") + "{\"timestamp\":\"2026-11-22T15:00:00Z\",\"type\":\"x\",\"payload\":{}}\n";
    for order in [[&small, &large], [&large, &small]] {
        let fixture = Fixture::empty().await?;
        for path in order {
            let text = if *path == large { longer.clone() } else { session(id(1), "hello") };
            fixture.write(path, text)?;
            fixture.index().await?;
        }
        assert_eq!(paths(&fixture).await?, std::slice::from_ref(&large), "the longer history has the row");
        assert_eq!(fixture.state.file_problems(10).await?.len(), 1);
    }
    let fixture = Fixture::empty().await?;
    fixture.write(&small, session(id(1), "hello"))?;
    fixture.write(&large, &longer)?;
    fixture.index().await?;
    assert_eq!(paths(&fixture).await?, [large], "also in one batch");
    Ok(())
}

#[tokio::test]
async fn a_copy_takes_the_place_of_what_vanished() -> Result {
    let fixture = Fixture::empty().await?;
    let (one, other) = (rollout_path(id(1)), rollout_path(id(1)).replace("/22/", "/23/"));
    fixture.write(&one, session(id(1), "hello"))?;
    fixture.write(&other, session(id(1), "hello"))?;
    fixture.index().await?;
    let winner = paths(&fixture).await?.pop().ok_or("a winner")?;
    let heir = if winner == one { other } else { one };
    fixture.state.threads().rename(id(1), Some("Mine"), jiff::Timestamp::now()).await?;
    std::fs::remove_file(fixture.path(&winner))?;
    fixture.index().await?;
    let threads = fixture.threads().await?;
    assert_eq!((threads.len(), threads[0].rollout_path.as_str()), (1, heir.as_str()));
    assert_eq!(threads[0].name.as_deref(), Some("Mine"));
    assert_eq!(fixture.state.file_problems(10).await?, []);
    Ok(())
}

#[tokio::test]
async fn a_thread_whose_file_moves_stays_the_same_thread() -> Result {
    let fixture = Fixture::empty().await?;
    let from = rollout_path(id(1));
    fixture.write(&from, session(id(1), "hello"))?;
    fixture.index().await?;
    fixture.state.threads().rename(id(1), Some("Mine"), jiff::Timestamp::now()).await?;
    let to = format!("archived_sessions/{}", from.rsplit('/').next().unwrap_or_default());
    fixture.rename(&from, &to)?;
    let report = fixture.index().await?;
    assert_eq!((report.indexed, report.duplicates, report.vanished, report.rows_gone), (1, 0, 1, 0));
    let threads = fixture.threads().await?;
    assert_eq!(threads.len(), 1);
    assert_eq!((threads[0].archived, threads[0].rollout_path.as_str()), (true, to.as_str()));
    assert_eq!((threads[0].name.as_deref(), threads[0].missing_since), (Some("Mine"), None));
    assert_eq!(fixture.state.inventory().await?.files, 1);
    Ok(())
}

#[tokio::test]
async fn a_thread_whose_file_vanishes_leaves_the_lists_and_comes_back_with_it() -> Result {
    let fixture = Fixture::empty().await?;
    let path = rollout_path(id(1));
    fixture.write(&path, session(id(1), "hello"))?;
    fixture.index().await?;
    fixture.state.threads().rename(id(1), Some("Mine"), jiff::Timestamp::now()).await?;
    std::fs::remove_file(fixture.path(&path))?;
    let report = fixture.index().await?;
    assert_eq!((report.vanished, report.rows_gone), (1, 1));
    assert_eq!(fixture.threads().await?, []);
    let thread = fixture.state.threads().get(id(1)).await?.ok_or("the row stays, for what the user said")?;
    assert!(thread.missing_since.is_some());

    fixture.write(&path, session(id(1), "hello"))?;
    fixture.index().await?;
    let threads = fixture.threads().await?;
    assert_eq!((threads[0].name.as_deref(), threads[0].missing_since), (Some("Mine"), None));
    Ok(())
}

#[tokio::test]
async fn a_file_that_becomes_another_thread_leaves_its_old_one_without_a_rollout() -> Result {
    let fixture = Fixture::empty().await?;
    let path = "sessions/rollout-strange.jsonl";
    fixture.write(path, session(id(1), "hello"))?;
    fixture.index().await?;
    fixture.write(path, session(id(2), "hello again"))?;
    fixture.index().await?;
    let ids: Vec<Uuid> = fixture.threads().await?.into_iter().map(|thread| thread.id).collect();
    assert_eq!(ids, [id(2)]);
    Ok(())
}

#[tokio::test]
async fn a_large_rollout_is_read_on_from_where_it_ended() -> Result {
    let fixture = Fixture::empty().await?;
    let path = rollout_path(id(1));
    let filler = "{\"timestamp\":\"2026-11-22T13:00:02Z\",\"type\":\"response_item\",\"payload\":{\"type\":\"message\",\"text\":\"x\"}}\n";
    fixture.write(&path, session(id(1), "hello") + &filler.repeat(10_000))?;
    fixture.index().await?;
    let mut conn = fixture.raw().await?;
    let saved: i64 =
        sqlx::query_scalar("SELECT count(*) FROM rollout_checkpoints").fetch_one(&mut conn).await?;
    assert_eq!(saved, 1, "a file of this size is worth a checkpoint");

    fixture.append(&path, "{\"timestamp\":\"2026-11-22T14:00:00Z\",\"type\":\"event_msg\",\"payload\":{\"type\":\"token_count\",\"info\":{\"total_token_usage\":{\"total_tokens\":42}}}}\n")?;
    let report = fixture.index().await?;
    assert_eq!(report.indexed, 1);
    let thread = fixture.state.threads().get(id(1)).await?.ok_or("the thread")?;
    assert_eq!((thread.own_tokens, thread.title.as_deref()), (Some(42), Some("hello")));
    let audit = fixture.state.audit(&fixture.home()?, |_, _| ()).await?;
    assert_eq!(audit.differences, [], "as if it had been read from its start");

    // Written again and shorter: the checkpoint is of another file.
    fixture.write(&path, session(id(1), "something else"))?;
    fixture.index().await?;
    let thread = fixture.state.threads().get(id(1)).await?.ok_or("the thread")?;
    assert_eq!((thread.own_tokens, thread.title.as_deref()), (None, Some("something else")));
    Ok(())
}

#[tokio::test]
async fn names_come_from_the_session_index_before_and_after_the_threads() -> Result {
    let fixture = Fixture::empty().await?;
    let name = |number, name: &str| {
        format!(
            "{{\"id\":\"{}\",\"thread_name\":\"{name}\",\"updated_at\":\"2026-11-22T13:00:00Z\"}}\n",
            id(number)
        )
    };
    let names = async || -> Result<Vec<Option<String>>> {
        Ok(fixture.threads().await?.into_iter().map(|thread| thread.name).collect())
    };
    fixture.write("session_index.jsonl", name(1, "first") + &name(2, "second"))?;
    fixture.index().await?;
    fixture.write(&rollout_path(id(1)), session(id(1), "hello"))?;
    fixture.index().await?;
    assert_eq!(names().await?, [Some("first".to_owned())], "named before it was indexed");

    fixture.append("session_index.jsonl", &name(1, "renamed"))?;
    fixture.write(&rollout_path(id(2)), session(id(2), "hello"))?;
    fixture.index().await?;
    assert_eq!(names().await?, [Some("renamed".to_owned()), Some("second".to_owned())], "the last line wins");

    std::fs::remove_file(fixture.path("session_index.jsonl"))?;
    fixture.index().await?;
    assert_eq!(names().await?, [None, None]);
    Ok(())
}

#[tokio::test]
async fn a_home_that_changes_its_default_provider_is_indexed_anew() -> Result {
    let fixture = Fixture::empty().await?;
    let without = session(id(1), "hello").replace(",\"model_provider\":\"mock\"", "");
    fixture.write(&rollout_path(id(1)), without)?;
    fixture.index().await?;
    assert_eq!(fixture.threads().await?[0].model_provider, "openai");
    fixture.write("config.toml", "model_provider = \"azure\"\n")?;
    fixture.index().await?;
    assert_eq!(fixture.threads().await?[0].model_provider, "azure");
    Ok(())
}

#[tokio::test]
async fn a_row_that_somebody_deleted_heals() -> Result {
    let fixture = Fixture::bundled().await?;
    fixture.index().await?;
    let before = fixture.threads().await?;
    fixture.sql("DELETE FROM threads WHERE first_user_message LIKE '%changelog%'").await?;
    assert!(fixture.threads().await?.len() < before.len());
    fixture.index().await?;
    assert_eq!(fixture.threads().await?, before);
    Ok(())
}

#[tokio::test]
async fn a_winner_that_shrinks_gives_way_to_its_copy() -> Result {
    let fixture = Fixture::empty().await?;
    let (one, other) = (rollout_path(id(1)), rollout_path(id(1)).replace("/22/", "/23/"));
    let later =
        |time: &str| format!("{{\"timestamp\":\"2026-11-22T{time}Z\",\"type\":\"x\",\"payload\":{{}}}}\n");
    fixture.write(&one, session(id(1), "hello") + &later("15:00:00"))?;
    fixture.write(&other, session(id(1), "hello") + &later("14:00:00"))?;
    fixture.index().await?;
    assert_eq!(paths(&fixture).await?, std::slice::from_ref(&one));
    fixture.write(&one, session(id(1), "hello"))?;
    fixture.index().await?;
    assert_eq!(paths(&fixture).await?, [other], "now the copy has the longer history");
    assert_eq!(fixture.state.audit(&fixture.home()?, |_, _| ()).await?.differences, []);
    Ok(())
}

#[tokio::test]
async fn a_home_that_is_not_mounted_loses_no_thread() -> Result {
    let fixture = Fixture::bundled().await?;
    fixture.index().await?;
    let before = fixture.threads().await?;
    let engine = fixture.engine(threadkeep_state::backfill::IndexOptions::default())?;
    let aside = fixture.sqlite_home().join("aside");

    // The folder that it is mounted on is there, and empty.
    std::fs::rename(fixture.path(""), &aside)?;
    std::fs::create_dir(fixture.path(""))?;
    let report = engine.run(|_| ()).await?;
    assert_eq!((report.vanished, report.problems.len()), (0, 1), "{:?}", report.problems);
    assert_eq!(fixture.threads().await?, before);

    // Not even that.
    std::fs::remove_dir(fixture.path(""))?;
    assert!(engine.run(|_| ()).await.is_err());
    assert_eq!(fixture.threads().await?, before);

    std::fs::rename(&aside, fixture.path(""))?;
    assert_eq!(engine.run(|_| ()).await?.unchanged, 16);
    Ok(())
}

#[tokio::test]
async fn a_progress_row_that_somebody_deleted_heals() -> Result {
    let fixture = Fixture::bundled().await?;
    fixture.index().await?;
    fixture.sql("DELETE FROM backfill_progress").await?;
    assert_eq!(fixture.state.backfill_progress().state().await?.lease, None);
    assert_eq!(fixture.index().await?.unchanged, 16);
    Ok(())
}

#[tokio::test]
async fn a_lease_beyond_all_time_is_none() -> Result {
    let fixture = Fixture::bundled().await?;
    for expires in ["9223372036854775807", "9000000000000"] {
        fixture.sql(sqlx::AssertSqlSafe(format!(
            "UPDATE backfill_progress SET status = 'running', lease_owner = 'pid 1 on elsewhere, run 1', lease_expires_ms = {expires}"
        )))
        .await?;
        fixture.state.backfill_progress().state().await?;
        fixture.index().await?;
    }
    assert_eq!(fixture.threads().await?.len(), 16);
    Ok(())
}

#[tokio::test]
async fn an_id_from_beyond_all_time_is_listed() -> Result {
    let fixture = Fixture::empty().await?;
    let line = "{\"type\":\"session_meta\",\"payload\":{\"id\":\"ffffffff-ffff-7fff-bfff-ffffffffffff\"}}\n";
    fixture.write("sessions/strange.jsonl", line)?;
    fixture.index().await?;
    assert_eq!(fixture.threads().await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn figures_leave_out_the_file_of_names_and_agree_with_what_is_hidden() -> Result {
    let fixture = Fixture::empty().await?;
    for number in 1..=3 {
        fixture.write(&rollout_path(id(number)), session(id(number), "hello"))?;
    }
    // Its only line cannot be read, which hides no thread.
    fixture.write("session_index.jsonl", "no JSON\n")?;
    fixture.index().await?;
    std::fs::remove_file(fixture.path(&rollout_path(id(1))))?;
    fixture.write(&rollout_path(id(4)), "")?;
    fixture.index().await?;
    let inventory = fixture.state.inventory().await?;
    assert_eq!((inventory.current, inventory.missing, inventory.files), (2, 1, 3));
    assert_eq!((inventory.files_with_problems, inventory.unreadable), (2, 1));
    let hidden = fixture.state.hidden().await?;
    assert_eq!((hidden.missing, hidden.unreadable), (1, 1));
    Ok(())
}

//! A home lives: files come, grow, move, are copied, break and go. The index follows at the next pass.

use threadkeep_backfill::Progress as _;
use threadkeep_state::HomeProblem;
use uuid::Uuid;

use crate::common::{Lab, Result, id, rollout_path, session};

async fn paths(lab: &Lab) -> Result<Vec<String>> {
    Ok(lab.threads().await?.into_iter().map(|thread| thread.rollout_path).collect())
}

#[tokio::test]
async fn a_copy_gives_one_thread_and_one_problem() -> Result {
    let lab = Lab::empty().await?;
    let original = rollout_path(id(1));
    lab.write(&original, session(id(1), "hello"))?;
    lab.index().await?;
    let copy = original.replace("sessions/2026/11/22/", "sessions/2026/11/21/");
    lab.write(&copy, session(id(1), "hello"))?;
    let report = lab.index().await?;
    assert_eq!(report.duplicates, 1);
    assert_eq!(lab.threads().await?.len(), 1);
    let problems = lab.state.file_problems(10).await?;
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].path, original);
    assert_eq!(problems[0].problem, HomeProblem::Duplicate { of: copy.clone() }, "of the lower path");
    let again = lab.index().await?;
    assert_eq!((again.indexed, again.unchanged, again.duplicates), (0, 1, 1), "settled, and still said");
    Ok(())
}

#[tokio::test]
async fn which_copy_wins_does_not_depend_on_the_order() -> Result {
    let (small, large) = (rollout_path(id(1)), rollout_path(id(1)).replace("/22/", "/23/"));
    let longer =
        session(id(1), "hello") + "{\"timestamp\":\"2026-11-22T15:00:00Z\",\"type\":\"x\",\"payload\":{}}\n";
    for order in [[&small, &large], [&large, &small]] {
        let lab = Lab::empty().await?;
        for path in order {
            let text = if *path == large { longer.clone() } else { session(id(1), "hello") };
            lab.write(path, text)?;
            lab.index().await?;
        }
        assert_eq!(paths(&lab).await?, std::slice::from_ref(&large), "the longer history has the row");
        assert_eq!(lab.state.file_problems(10).await?.len(), 1);
    }
    let lab = Lab::empty().await?;
    lab.write(&small, session(id(1), "hello"))?;
    lab.write(&large, &longer)?;
    lab.index().await?;
    assert_eq!(paths(&lab).await?, [large], "also in one batch");
    Ok(())
}

#[tokio::test]
async fn a_copy_takes_the_place_of_what_vanished() -> Result {
    let lab = Lab::empty().await?;
    let (one, other) = (rollout_path(id(1)), rollout_path(id(1)).replace("/22/", "/23/"));
    lab.write(&one, session(id(1), "hello"))?;
    lab.write(&other, session(id(1), "hello"))?;
    lab.index().await?;
    let winner = paths(&lab).await?.pop().ok_or("a winner")?;
    let heir = if winner == one { other } else { one };
    lab.state.threads().rename(id(1), Some("Mine")).await?;
    std::fs::remove_file(lab.path(&winner))?;
    lab.index().await?;
    let threads = lab.threads().await?;
    assert_eq!((threads.len(), threads[0].rollout_path.as_str()), (1, heir.as_str()));
    assert_eq!(threads[0].name.as_deref(), Some("Mine"));
    assert_eq!(lab.state.file_problems(10).await?, []);
    Ok(())
}

#[tokio::test]
async fn a_thread_whose_file_moves_stays_the_same_thread() -> Result {
    let lab = Lab::empty().await?;
    let from = rollout_path(id(1));
    lab.write(&from, session(id(1), "hello"))?;
    lab.index().await?;
    lab.state.threads().rename(id(1), Some("Mine")).await?;
    let to = format!("archived_sessions/{}", from.rsplit('/').next().unwrap_or_default());
    lab.rename(&from, &to)?;
    let report = lab.index().await?;
    assert_eq!((report.indexed, report.duplicates, report.vanished, report.rows_gone), (1, 0, 1, 0));
    let threads = lab.threads().await?;
    assert_eq!(threads.len(), 1);
    assert_eq!((threads[0].archived, threads[0].rollout_path.as_str()), (true, to.as_str()));
    assert_eq!((threads[0].name.as_deref(), threads[0].missing_since), (Some("Mine"), None));
    assert_eq!(lab.state.inventory().await?.files, 1);
    Ok(())
}

#[tokio::test]
async fn a_thread_whose_file_vanishes_leaves_the_lists_and_comes_back_with_it() -> Result {
    let lab = Lab::empty().await?;
    let path = rollout_path(id(1));
    lab.write(&path, session(id(1), "hello"))?;
    lab.index().await?;
    lab.state.threads().rename(id(1), Some("Mine")).await?;
    std::fs::remove_file(lab.path(&path))?;
    let report = lab.index().await?;
    assert_eq!((report.vanished, report.rows_gone), (1, 1));
    assert_eq!(lab.threads().await?, []);
    let thread = lab.state.threads().get(id(1)).await?.ok_or("the row stays, for what the user said")?;
    assert!(thread.missing_since.is_some());

    lab.write(&path, session(id(1), "hello"))?;
    lab.index().await?;
    let threads = lab.threads().await?;
    assert_eq!((threads[0].name.as_deref(), threads[0].missing_since), (Some("Mine"), None));
    Ok(())
}

#[tokio::test]
async fn a_file_that_becomes_another_thread_leaves_its_old_one_without_a_rollout() -> Result {
    let lab = Lab::empty().await?;
    let path = "sessions/rollout-strange.jsonl";
    lab.write(path, session(id(1), "hello"))?;
    lab.index().await?;
    lab.write(path, session(id(2), "hello again"))?;
    lab.index().await?;
    let ids: Vec<Uuid> = lab.threads().await?.into_iter().map(|thread| thread.id).collect();
    assert_eq!(ids, [id(2)]);
    Ok(())
}

#[tokio::test]
async fn a_large_rollout_is_read_on_from_where_it_ended() -> Result {
    let lab = Lab::empty().await?;
    let path = rollout_path(id(1));
    let filler = "{\"timestamp\":\"2026-11-22T13:00:02Z\",\"type\":\"response_item\",\"payload\":{\"type\":\"message\",\"text\":\"x\"}}\n";
    lab.write(&path, session(id(1), "hello") + &filler.repeat(10_000))?;
    lab.index().await?;
    let mut conn = lab.raw().await?;
    let saved: i64 =
        sqlx::query_scalar("SELECT count(*) FROM rollout_checkpoints").fetch_one(&mut conn).await?;
    assert_eq!(saved, 1, "a file of this size is worth a checkpoint");

    lab.append(&path, "{\"timestamp\":\"2026-11-22T14:00:00Z\",\"type\":\"event_msg\",\"payload\":{\"type\":\"token_count\",\"info\":{\"total_token_usage\":{\"total_tokens\":42}}}}\n")?;
    let report = lab.index().await?;
    assert_eq!(report.indexed, 1);
    let thread = lab.state.threads().get(id(1)).await?.ok_or("the thread")?;
    assert_eq!((thread.tokens_used, thread.title.as_deref()), (42, Some("hello")));
    let audit = lab.state.audit(&lab.home()?, |_, _| ()).await?;
    assert_eq!(audit.differences, [], "as if it had been read from its start");

    // Written anew and shorter: the checkpoint is of another file.
    lab.write(&path, session(id(1), "something else"))?;
    lab.index().await?;
    let thread = lab.state.threads().get(id(1)).await?.ok_or("the thread")?;
    assert_eq!((thread.tokens_used, thread.title.as_deref()), (0, Some("something else")));
    Ok(())
}

#[tokio::test]
async fn damaged_files_are_indexed_as_far_as_they_can_be_and_reported() -> Result {
    let lab = Lab::empty().await?;
    lab.write(&rollout_path(id(1)), session(id(1), "torn") + "{\"timestamp\":\"2026-11-22T13:0")?;
    let mut bytes = session(id(2), "not UTF-8").into_bytes();
    bytes.extend(b"{\"timestamp\":\"2026-11-22T13:00:03Z\",\"type\":\"event_msg\",\"payload\":{\"type\":\"x\",\"t\":\"\xff\"}}\n");
    lab.write(&rollout_path(id(2)), bytes)?;
    lab.write("sessions/rollout-2026-13-99.jsonl", session(id(3), "malformed name"))?;
    lab.write(&rollout_path(id(4)), "")?;
    lab.write("sessions/notes.jsonl", "{\"not\":\"a rollout\"}\n")?;
    let report = lab.index().await?;
    assert_eq!((report.indexed, report.failed, report.lines_skipped), (3, 2, 2));

    let said: Vec<String> = lab
        .state
        .file_problems(10)
        .await?
        .into_iter()
        .map(|file| format!("{} {}: {}", file.problem.code(), file.path, file.problem))
        .collect();
    insta::assert_snapshot!(said.join("\n"), @r"
lines_skipped sessions/2026/11/22/rollout-2026-11-22T13-00-00-01a2036c-0000-7000-8000-000000000001.jsonl: 1 line skipped, at byte 371: torn: the file ends in the middle of the line
lines_skipped sessions/2026/11/22/rollout-2026-11-22T13-00-00-01a2036c-0000-7000-8000-000000000002.jsonl: 1 line skipped, at byte 376: not UTF-8
empty sessions/2026/11/22/rollout-2026-11-22T13-00-00-01a2036c-0000-7000-8000-000000000004.jsonl: the file is empty
no_thread sessions/notes.jsonl: no thread id: neither a session_meta line nor a name like rollout-YYYY-MM-DDThh-mm-ss-<uuid>.jsonl
");
    assert_eq!(lab.threads().await?.len(), 3);
    assert!(
        report.problems.iter().any(|problem| problem.key.ends_with("rollout-2026-13-99.jsonl")),
        "its name"
    );
    let again = lab.index().await?;
    assert_eq!((again.indexed, again.unchanged, again.failed), (0, 3, 0), "read again only when it changes");
    assert_eq!(again.known_failures, 2, "but said again");
    Ok(())
}

#[tokio::test]
async fn names_come_from_the_session_index_before_and_after_the_threads() -> Result {
    let lab = Lab::empty().await?;
    let name = |number, name: &str| {
        format!(
            "{{\"id\":\"{}\",\"thread_name\":\"{name}\",\"updated_at\":\"2026-11-22T13:00:00Z\"}}\n",
            id(number)
        )
    };
    let names = async || -> Result<Vec<Option<String>>> {
        Ok(lab.threads().await?.into_iter().map(|thread| thread.name).collect())
    };
    lab.write("session_index.jsonl", name(1, "first") + &name(2, "second"))?;
    lab.index().await?;
    lab.write(&rollout_path(id(1)), session(id(1), "hello"))?;
    lab.index().await?;
    assert_eq!(names().await?, [Some("first".to_owned())], "named before it was indexed");

    lab.append("session_index.jsonl", &name(1, "renamed"))?;
    lab.write(&rollout_path(id(2)), session(id(2), "hello"))?;
    lab.index().await?;
    assert_eq!(names().await?, [Some("renamed".to_owned()), Some("second".to_owned())], "the last line wins");

    std::fs::remove_file(lab.path("session_index.jsonl"))?;
    lab.index().await?;
    assert_eq!(names().await?, [None, None]);
    Ok(())
}

#[tokio::test]
async fn a_home_that_changes_its_default_provider_is_indexed_anew() -> Result {
    let lab = Lab::empty().await?;
    let without = session(id(1), "hello").replace(",\"model_provider\":\"mock\"", "");
    lab.write(&rollout_path(id(1)), without)?;
    lab.index().await?;
    assert_eq!(lab.threads().await?[0].model_provider, "openai");
    lab.write("config.toml", "model_provider = \"azure\"\n")?;
    lab.index().await?;
    assert_eq!(lab.threads().await?[0].model_provider, "azure");
    Ok(())
}

#[tokio::test]
async fn a_row_that_somebody_deleted_heals() -> Result {
    let lab = Lab::bundled().await?;
    lab.index().await?;
    let before = lab.threads().await?;
    lab.sql("DELETE FROM threads WHERE title LIKE '%changelog%'").await?;
    assert!(lab.threads().await?.len() < before.len());
    lab.index().await?;
    assert_eq!(lab.threads().await?, before);
    Ok(())
}

#[tokio::test]
async fn a_winner_that_shrinks_gives_way_to_its_copy() -> Result {
    let lab = Lab::empty().await?;
    let (one, other) = (rollout_path(id(1)), rollout_path(id(1)).replace("/22/", "/23/"));
    let later =
        |time: &str| format!("{{\"timestamp\":\"2026-11-22T{time}Z\",\"type\":\"x\",\"payload\":{{}}}}\n");
    lab.write(&one, session(id(1), "hello") + &later("15:00:00"))?;
    lab.write(&other, session(id(1), "hello") + &later("14:00:00"))?;
    lab.index().await?;
    assert_eq!(paths(&lab).await?, std::slice::from_ref(&one));
    lab.write(&one, session(id(1), "hello"))?;
    lab.index().await?;
    assert_eq!(paths(&lab).await?, [other], "now the copy has the longer history");
    assert_eq!(lab.state.audit(&lab.home()?, |_, _| ()).await?.differences, []);
    Ok(())
}

#[tokio::test]
async fn a_home_that_is_not_mounted_loses_no_thread() -> Result {
    let lab = Lab::bundled().await?;
    lab.index().await?;
    let before = lab.threads().await?;
    let engine = lab.engine(threadkeep_state::backfill::IndexOptions::default())?;
    let aside = lab.sqlite_home().join("aside");

    // The folder that it is mounted on is there, and empty.
    std::fs::rename(lab.path(""), &aside)?;
    std::fs::create_dir(lab.path(""))?;
    let report = engine.run(|_| ()).await?;
    assert_eq!((report.vanished, report.problems.len()), (0, 1), "{:?}", report.problems);
    assert_eq!(lab.threads().await?, before);

    // Not even that.
    std::fs::remove_dir(lab.path(""))?;
    assert!(engine.run(|_| ()).await.is_err());
    assert_eq!(lab.threads().await?, before);

    std::fs::rename(&aside, lab.path(""))?;
    assert_eq!(engine.run(|_| ()).await?.unchanged, 16);
    Ok(())
}

#[tokio::test]
async fn bad_lines_of_the_session_index_are_reported() -> Result {
    let lab = Lab::empty().await?;
    let good = format!("{{\"id\":\"{}\",\"thread_name\":\"first\"}}\n", id(1));
    lab.write("session_index.jsonl", format!("garbage\n{good}"))?;
    lab.write(&rollout_path(id(1)), session(id(1), "hello"))?;
    let report = lab.index().await?;
    assert_eq!(report.lines_skipped, 1);
    assert_eq!(lab.threads().await?[0].name.as_deref(), Some("first"));
    let problems = lab.state.file_problems(10).await?;
    assert_eq!(problems[0].path, "session_index.jsonl");
    assert_eq!(problems[0].problem.to_string(), "1 line skipped, at byte 0: not a JSON object");
    Ok(())
}

#[tokio::test]
async fn a_progress_row_that_somebody_deleted_heals() -> Result {
    let lab = Lab::bundled().await?;
    lab.index().await?;
    lab.sql("DELETE FROM backfill_progress").await?;
    assert_eq!(lab.state.backfill_progress().state().await?.lease, None);
    assert_eq!(lab.index().await?.unchanged, 16);
    Ok(())
}

#[tokio::test]
async fn a_lease_beyond_all_time_is_none() -> Result {
    let lab = Lab::bundled().await?;
    for expires in ["9223372036854775807", "9000000000000"] {
        lab.sql(sqlx::AssertSqlSafe(format!(
            "UPDATE backfill_progress SET status = 'running', lease_owner = 'pid 1 on elsewhere, run 1', lease_expires_ms = {expires}"
        )))
        .await?;
        lab.state.backfill_progress().state().await?;
        lab.index().await?;
    }
    assert_eq!(lab.threads().await?.len(), 16);
    Ok(())
}

#[tokio::test]
async fn an_id_from_beyond_all_time_is_listed() -> Result {
    let lab = Lab::empty().await?;
    let line = "{\"type\":\"session_meta\",\"payload\":{\"id\":\"ffffffff-ffff-7fff-bfff-ffffffffffff\"}}\n";
    lab.write("sessions/strange.jsonl", line)?;
    lab.index().await?;
    assert_eq!(lab.threads().await?.len(), 1);
    Ok(())
}

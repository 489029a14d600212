//! Damaged, shrunk and unreadable files: the rest is indexed, and the problem is named.

use threadkeep_state::HomeProblem;
use threadkeep_state::backfill::IndexOptions;

use crate::common::{Fixture, Result, id, rollout_path, session};

#[tokio::test]
async fn a_file_that_shrinks_or_empties_is_a_problem_until_it_grows() -> Result {
    let fixture = Fixture::empty().await?;
    let path = rollout_path(id(1));
    let whole = session(id(1), "hello") + &session(id(1), "and more");
    fixture.write(&path, whole.clone())?;
    fixture.index().await?;
    let problems = async || -> Result<Vec<HomeProblem>> {
        fixture.index().await?;
        let problems = fixture.state.file_problems(10).await?;
        Ok(problems.into_iter().map(|problem| problem.problem).collect())
    };
    assert_eq!(problems().await?, []);
    let (was, half) = (whole.len() as u64, session(id(1), "hello"));
    let shrunk = |is: usize| vec![HomeProblem::Shrunk { was, is: is as u64 }];
    fixture.write(&path, half.clone())?;
    assert_eq!(problems().await?, shrunk(half.len()));
    assert_eq!(problems().await?, shrunk(half.len()), "it is still short");
    let force = async || -> Result {
        fixture.engine(IndexOptions::default())?.with(|it| it.force = true).run(|_| ()).await?;
        Ok(())
    };
    force().await?;
    assert_eq!(problems().await?, shrunk(half.len()), "it is still known how long it was");
    fixture.write(&path, String::new())?;
    force().await?;
    assert_eq!(problems().await?, shrunk(0));
    fixture.write(&path, whole)?;
    assert_eq!(problems().await?, []);
    Ok(())
}

#[tokio::test]
async fn a_thread_whose_file_is_overwritten_keeps_its_row() -> Result {
    let whole = session(id(1), "hello") + &session(id(1), "and more");
    let header = whole.lines().next().unwrap_or_default();
    let garbage = "garbage\n".repeat(whole.len());
    for damaged in [
        garbage.clone(),
        "\0".repeat(whole.len()) + "x\n",
        "garbage\n".to_owned(),
        format!("{header}\n{garbage}"),
        format!("{header}\n"),
    ] {
        let fixture = Fixture::empty().await?;
        let path = rollout_path(id(1));
        fixture.write(&path, whole.clone())?;
        fixture.index().await?;
        let before = fixture.threads().await?;
        fixture.write(&path, damaged.clone())?;
        for force in [false, false, true] {
            let engine = fixture.engine(IndexOptions::default())?;
            let report = engine.with(|it| it.force = force).run(|_| ()).await?;
            assert_eq!(report.failed + report.known_failures, 1, "{damaged:.20}");
            assert_eq!(fixture.threads().await?, before, "{damaged:.20}");
        }
        let problems = fixture.state.file_problems(10).await?;
        assert_eq!(problems.len(), 1, "{problems:?}");
        fixture.write(&path, whole.clone())?;
        fixture.index().await?;
        assert_eq!(fixture.threads().await?, before);
        assert_eq!(fixture.state.file_problems(10).await?, []);
    }
    Ok(())
}

#[tokio::test]
async fn damaged_files_are_indexed_as_far_as_they_can_be_and_reported() -> Result {
    let fixture = Fixture::empty().await?;
    fixture.write(&rollout_path(id(1)), session(id(1), "torn") + "{\"timestamp\":\"2026-11-22T13:0")?;
    let mut bytes = session(id(2), "not UTF-8").into_bytes();
    bytes.extend(b"{\"timestamp\":\"2026-11-22T13:00:03Z\",\"type\":\"event_msg\",\"payload\":{\"type\":\"x\",\"t\":\"\xff\"}}\n");
    fixture.write(&rollout_path(id(2)), bytes)?;
    fixture.write("sessions/rollout-2026-13-99.jsonl", session(id(3), "malformed name"))?;
    fixture.write(&rollout_path(id(4)), "")?;
    fixture.write("sessions/notes.jsonl", "{\"not\":\"a rollout\"}\n")?;
    let report = fixture.index().await?;
    assert_eq!((report.indexed, report.failed, report.lines_skipped), (3, 2, 2));

    let said: Vec<String> = fixture
        .state
        .file_problems(10)
        .await?
        .into_iter()
        .map(|file| format!("{} {}: {}", file.problem.code(), file.path, file.problem))
        .collect();
    insta::assert_snapshot!(said.join("\n"), @r"
lines_skipped sessions/2026/11/22/rollout-2026-11-22T13-00-00-01a2036c-0000-7000-8000-000000000001.jsonl: 1 line skipped, line 3 (byte 371): torn: the file ends in the middle of the line
lines_skipped sessions/2026/11/22/rollout-2026-11-22T13-00-00-01a2036c-0000-7000-8000-000000000002.jsonl: 1 line skipped, line 3 (byte 376): not UTF-8
empty sessions/2026/11/22/rollout-2026-11-22T13-00-00-01a2036c-0000-7000-8000-000000000004.jsonl: the file is empty
no_thread sessions/notes.jsonl: no thread id: neither a session_meta line nor a name like rollout-YYYY-MM-DDThh-mm-ss-<uuid>.jsonl
");
    assert_eq!(fixture.threads().await?.len(), 3);
    assert!(
        report.problems.iter().any(|problem| problem.key.ends_with("rollout-2026-13-99.jsonl")),
        "its name"
    );
    let again = fixture.index().await?;
    assert_eq!((again.indexed, again.unchanged, again.failed), (0, 3, 0), "read again only when it changes");
    assert_eq!(again.known_failures, 2, "but said again");
    Ok(())
}

#[tokio::test]
async fn bad_lines_of_the_session_index_are_reported() -> Result {
    let fixture = Fixture::empty().await?;
    let good = format!("{{\"id\":\"{}\",\"thread_name\":\"first\"}}\n", id(1));
    fixture.write("session_index.jsonl", format!("garbage\n{good}"))?;
    fixture.write(&rollout_path(id(1)), session(id(1), "hello"))?;
    let report = fixture.index().await?;
    assert_eq!(report.lines_skipped, 1);
    assert_eq!(fixture.threads().await?[0].name.as_deref(), Some("first"));
    let problems = fixture.state.file_problems(10).await?;
    assert_eq!(problems[0].path, "session_index.jsonl");
    assert_eq!(problems[0].problem.to_string(), "1 line skipped, line 1 (byte 0): not a JSON object");
    Ok(())
}

//! The audit names every field that differs, and the repair restores it from the rollouts.

use jiff::Timestamp;
use threadkeep_rollout::ThreadKind;
use threadkeep_state::HomeProblem;
use threadkeep_state::audit::{AuditReport, DifferenceKind};

use crate::common::{Fixture, Result, id, rollout_path, session};

async fn audit(fixture: &Fixture) -> Result<AuditReport> {
    Ok(fixture.state.audit(&fixture.home()?, |_, _| ()).await?)
}

fn said(report: &AuditReport) -> String {
    let differences = report.differences.iter().map(|difference| {
        let id = difference.thread_id.to_string();
        let id = &id[..13];
        match &difference.kind {
            DifferenceKind::Field { field, index, rollout } => {
                format!("{id} {field}: index {index:?}, rollout {rollout:?}")
            }
            other => format!("{id} {other:?}"),
        }
    });
    let mut lines: Vec<String> = differences.collect();
    lines.sort();
    lines.join("\n")
}

#[tokio::test]
async fn a_fresh_index_differs_in_nothing() -> Result {
    let fixture = Fixture::bundled().await?;
    fixture.index().await?;
    let report = audit(&fixture).await?;
    assert_eq!((report.files, report.threads), (16, 16));
    assert_eq!((report.differences, report.problems), (vec![], vec![]));
    Ok(())
}

#[tokio::test]
async fn every_field_that_differs_is_named_and_mended() -> Result {
    let fixture = Fixture::bundled().await?;
    fixture.index().await?;
    fixture
        .state
        .threads()
        .rename("01a2036f-a3a8-7c33-961b-db9759fa464d".parse()?, Some("Mine"), jiff::Timestamp::now())
        .await?;
    fixture.sql("UPDATE threads SET title = 'wrong', own_tokens = 7, git_sha = NULL, approval_mode = 'made up' WHERE id LIKE '01a2036f-a3a8%'").await?;
    fixture.sql("DELETE FROM threads WHERE id LIKE '01a2036f-6413%'").await?;
    fixture.sql("UPDATE threads SET missing_since_ms = 1 WHERE id LIKE '01a2036f-6f1a%'").await?;
    fixture.sql("UPDATE threads SET session_name = 'nobody said so' WHERE id LIKE '01a2036f-755a%'").await?;
    fixture.sql("INSERT INTO threads (id, rollout_path, created_at_ms, updated_at_ms, model_provider, own_tokens, rollout_archived, run_outcome) \
             VALUES ('ffffffff-0000-7000-8000-000000000000', 'sessions/nowhere.jsonl', 1, 1, 'mock', 0, 0, 'unknown')").await?;
    let report = audit(&fixture).await?;
    insta::assert_snapshot!(said(&report), @r#"
01a2036f-6413 NotIndexed
01a2036f-6f1a NotIndexed
01a2036f-755a session_name: index Some("nobody said so"), rollout None
01a2036f-a3a8 approval_mode: index Some("made up"), rollout None
01a2036f-a3a8 git_sha: index None, rollout Some("dc41654d7358e4cfb8b3e2009e1dfff12816a72e")
01a2036f-a3a8 own_tokens: index Some("7"), rollout None
01a2036f-a3a8 title: index Some("wrong"), rollout None
ffffffff-0000 NoRollout
"#);

    let mended = fixture.state.prepare_repair(&report, Timestamp::now()).await?;
    assert_eq!(mended, report.differences.len());
    fixture.index().await?;
    assert_eq!(said(&audit(&fixture).await?), "");
    let thread = fixture
        .state
        .threads()
        .get("01a2036f-a3a8-7c33-961b-db9759fa464d".parse()?)
        .await?
        .ok_or("the thread")?;
    assert_eq!(thread.name.as_deref(), Some("Mine"), "what the user said is kept");
    Ok(())
}

#[tokio::test]
async fn what_was_not_indexed_yet_differs() -> Result {
    let fixture = Fixture::empty().await?;
    fixture.write(&rollout_path(id(1)), session(id(1), "hello"))?;
    fixture.index().await?;
    fixture.write(&rollout_path(id(2)), session(id(2), "hello"))?;
    fixture.append(
        &rollout_path(id(1)),
        "{\"timestamp\":\"2026-11-22T14:00:00Z\",\"type\":\"x\",\"payload\":{}}\n",
    )?;
    let report = audit(&fixture).await?;
    let kinds: Vec<&DifferenceKind> = report.differences.iter().map(|difference| &difference.kind).collect();
    assert!(matches!(
        kinds[..],
        [DifferenceKind::Field { field: "updated_at_ms", .. }, DifferenceKind::NotIndexed]
    ));
    Ok(())
}

#[tokio::test]
async fn copies_and_deleted_threads_are_no_differences() -> Result {
    let fixture = Fixture::empty().await?;
    for number in [1, 2] {
        fixture.write(&rollout_path(id(number)), session(id(number), "hello"))?;
    }
    fixture.write(&rollout_path(id(1)).replace("/22/", "/23/"), session(id(1), "hello"))?;
    fixture.index().await?;
    fixture.state.delete_thread(id(2), Timestamp::now()).await?;
    let report = audit(&fixture).await?;
    assert_eq!(said(&report), "");
    assert_eq!(report.problems.len(), 1, "the copy");
    Ok(())
}

#[tokio::test]
async fn a_rollout_that_lost_lines_is_named_and_keeps_its_thread() -> Result {
    let fixture = Fixture::empty().await?;
    let (path, whole) = (rollout_path(id(1)), session(id(1), "hello"));
    let header = format!("{}\n", whole.lines().next().ok_or("a header")?);
    fixture.write(&path, &whole)?;
    fixture.index().await?;
    let before = fixture.threads().await?;
    for left in [header.as_str(), ""] {
        fixture.write(&path, left)?;
        for _ in 0..2 {
            let report = audit(&fixture).await?;
            assert_eq!(said(&report), "");
            let problem = HomeProblem::Shrunk { was: whole.len() as u64, is: left.len() as u64 };
            let problems: Vec<_> = report.problems.iter().map(|file| &file.problem).collect();
            assert_eq!(problems, [&problem], "{:?}", fixture.state.file_problems(9).await?);
            fixture.state.prepare_repair(&report, Timestamp::now()).await?;
            fixture.index().await?;
            assert_eq!(fixture.threads().await?, before);
        }
    }

    // A repair does not forget how long the file was.
    fixture.sql("UPDATE threads SET cwd = '/elsewhere'").await?;
    let longer = whole.clone() + &session(id(1), "and more");
    fixture.write(&path, longer)?;
    fixture.index().await?;
    fixture.sql("UPDATE threads SET cwd = '/elsewhere'").await?;
    let wrong = audit(&fixture).await?;
    assert_eq!(wrong.wrong(), 1);
    fixture.write(&path, &header)?;
    fixture.state.prepare_repair(&wrong, Timestamp::now()).await?;
    fixture.index().await?;
    assert_eq!(fixture.threads().await?[0].first_user_message, before[0].first_user_message);
    assert_eq!(said(&audit(&fixture).await?), "");
    Ok(())
}

#[tokio::test]
async fn an_agent_that_goes_on_with_a_cut_rollout_is_believed() -> Result {
    let fixture = Fixture::empty().await?;
    let (path, whole) = (rollout_path(id(1)), session(id(1), "hello"));
    fixture.write(&path, whole.clone() + &whole)?;
    fixture.index().await?;
    fixture.write(&path, &whole)?;
    fixture.index().await?;
    let rolled_back = "{\"timestamp\":\"2026-11-22T11:00:00Z\",\"type\":\"event_msg\",\"payload\":\
        {\"type\":\"thread_rolled_back\",\"num_turns\":9}}\n";
    fixture.append(&path, rolled_back)?;
    fixture.index().await?;
    assert_eq!(fixture.threads().await?[0].kind, ThreadKind::Empty);
    let report = audit(&fixture).await?;
    assert_eq!((said(&report), report.problems.len()), (String::new(), 1));
    Ok(())
}

//! What became of each file, as a row of the table `rollouts`.

use serde::Serialize;
use sqlx::SqliteConnection;
use threadkeep_backfill::{CommitError, Item};

use super::commit::backend;
use super::index::NamesContent;
use super::settle::{Lot, Read};
use super::source::HomeItem;
use crate::home_problem::HomeProblem;

/// One row. Its fields are named like the columns: they are bound as one JSON array of objects.
#[derive(Debug, Serialize)]
pub(super) struct Outcome<'a> {
    path: &'a str,
    fingerprint: &'a str,
    outcome: &'static str,
    thread_id: Option<&'a str>,
    problem: Option<String>,
    detail: Option<String>,
    lines: u64,
    lines_skipped: u64,
}

impl<'a> Outcome<'a> {
    /// Of a rollout that was read.
    pub(super) fn of(file: &Read<'a>, lot: &Lot) -> Outcome<'a> {
        let id = file.thread.upsert.columns.id.as_str();
        let (outcome, thread_id, problem) = match lot {
            Lot::Indexed => ("indexed", Some(id), HomeProblem::of_skipped(&file.thread.skipped)),
            Lot::Duplicate { of } => ("duplicate", Some(id), Some(HomeProblem::Duplicate { of: of.clone() })),
            Lot::Deleted => ("deleted", Some(id), None),
        };
        Outcome {
            path: &file.item.key,
            fingerprint: &file.item.fingerprint,
            outcome,
            thread_id,
            problem: problem.as_ref().map(|problem| problem.code().to_owned()),
            detail: problem.as_ref().and_then(HomeProblem::detail),
            lines: file.thread.lines,
            lines_skipped: file.thread.skipped.count,
        }
    }

    /// Of the file that names threads.
    pub(super) fn of_names(item: &'a Item<HomeItem>, names: &NamesContent) -> Outcome<'a> {
        let problem = HomeProblem::of_skipped(&names.skipped);
        Outcome {
            path: &item.key,
            fingerprint: &item.fingerprint,
            outcome: "indexed",
            thread_id: None,
            problem: problem.as_ref().map(|problem| problem.code().to_owned()),
            detail: problem.as_ref().and_then(HomeProblem::detail),
            lines: names.names.len() as u64,
            lines_skipped: names.skipped.count,
        }
    }

    /// Of a file that could not be read.
    pub(super) fn of_failure(item: &'a Item<HomeItem>, problem: &HomeProblem) -> Outcome<'a> {
        Outcome {
            path: &item.key,
            fingerprint: &item.fingerprint,
            outcome: "failed",
            thread_id: None,
            problem: Some(problem.code().to_owned()),
            detail: problem.detail(),
            lines: 0,
            lines_skipped: 0,
        }
    }
}

pub(super) async fn store_outcomes(
    conn: &mut SqliteConnection,
    outcomes: &[Outcome<'_>],
) -> Result<(), CommitError> {
    if outcomes.is_empty() {
        return Ok(());
    }
    // A file that cannot be read keeps the thread it had.
    sqlx::query(
        "INSERT INTO rollouts (path, fingerprint, outcome, thread_id, problem, detail, lines, lines_skipped) \
         SELECT value ->> 'path', value ->> 'fingerprint', value ->> 'outcome', value ->> 'thread_id', \
           value ->> 'problem', value ->> 'detail', value ->> 'lines', value ->> 'lines_skipped' \
         FROM jsonb_each(?1) WHERE true \
         ON CONFLICT (path) DO UPDATE SET fingerprint = excluded.fingerprint, outcome = excluded.outcome, \
           thread_id = coalesce(excluded.thread_id, thread_id), problem = excluded.problem, \
           detail = excluded.detail, \
           lines = excluded.lines, lines_skipped = excluded.lines_skipped",
    )
    .bind(serde_json::to_string(outcomes).map_err(backend)?)
    .execute(conn)
    .await
    .map_err(backend)?;
    Ok(())
}

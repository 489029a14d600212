//! The outcome of each file, as a row of the table `rollouts`.

use sqlx::{AssertSqlSafe, SqliteConnection};
use threadkeep_backfill::Item;
use threadkeep_sqlite::{MOST_ROWS, value_columns, values_of};

use super::assign::{Assignment, FileRead};
use super::content::NamesContent;
use super::source::HomeItem;
use crate::home_problem::HomeProblem;

/// One row: path, fingerprint, outcome, thread, problem, detail, lines, skipped lines.
#[derive(Debug)]
pub(super) struct Outcome<'a>(
    &'a str,
    &'a str,
    &'static str,
    Option<String>,
    Option<String>,
    Option<String>,
    u64,
    u64,
);

impl<'a> Outcome<'a> {
    /// Makes the outcome of a rollout that was read.
    pub(super) fn of_rollout(file: &FileRead<'a>, assignment: &Assignment) -> Outcome<'a> {
        let (outcome, problem) = match assignment {
            Assignment::Indexed => ("indexed", HomeProblem::of_skipped(&file.thread.skipped)),
            Assignment::Duplicate { of } => ("duplicate", Some(HomeProblem::Duplicate { of: of.clone() })),
            Assignment::Deleted => ("deleted", None),
        };
        let id = file.thread.upsert.columns.id.clone();
        let lines = (file.thread.lines, file.thread.skipped.count);
        Self::new(file.item, outcome, Some(id), problem.as_ref(), lines)
    }

    /// Makes the outcome of the file that names threads.
    pub(super) fn of_names(item: &'a Item<HomeItem>, names: &NamesContent) -> Outcome<'a> {
        let problem = HomeProblem::of_skipped(&names.skipped);
        let lines = (names.names.len() as u64, names.skipped.count);
        Self::new(item, "indexed", None, problem.as_ref(), lines)
    }

    /// Makes the outcome of a file that could not be read.
    pub(super) fn of_failure(item: &'a Item<HomeItem>, problem: &HomeProblem) -> Outcome<'a> {
        Self::new(item, "failed", None, Some(problem), (0, 0))
    }

    fn new(
        item: &'a Item<HomeItem>,
        outcome: &'static str,
        thread_id: Option<String>,
        problem: Option<&HomeProblem>,
        (lines, skipped): (u64, u64),
    ) -> Outcome<'a> {
        let code = problem.map(|problem| problem.code().to_owned());
        let detail = problem.and_then(HomeProblem::detail);
        Outcome(&item.key, &item.fingerprint, outcome, thread_id, code, detail, lines, skipped)
    }
}

/// Stores outcomes. A file that cannot be read keeps the thread it had.
pub(super) async fn store_outcomes(
    conn: &mut SqliteConnection,
    outcomes: Vec<Outcome<'_>>,
) -> Result<(), sqlx::Error> {
    let mut rows = outcomes.into_iter();
    while rows.len() > 0 {
        let mut query = sqlx::query(AssertSqlSafe(store_sql(rows.len().min(MOST_ROWS))));
        for Outcome(path, fingerprint, outcome, thread_id, problem, detail, lines, skipped) in
            rows.by_ref().take(MOST_ROWS)
        {
            query =
                query.bind(path).bind(fingerprint).bind(outcome).bind(thread_id).bind(problem).bind(detail);
            query = query.bind(i64::try_from(lines).unwrap_or(i64::MAX));
            query = query.bind(i64::try_from(skipped).unwrap_or(i64::MAX));
        }
        query.execute(&mut *conn).await?;
    }
    Ok(())
}

/// Makes the statement that stores so many outcomes.
pub(crate) fn store_sql(rows: usize) -> String {
    format!(
        "INSERT INTO rollouts (path, fingerprint, outcome, thread_id, problem, detail, lines, lines_skipped) \
         SELECT {} FROM ({}) WHERE column1 IS NOT NULL \
         ON CONFLICT (path) DO UPDATE SET fingerprint = excluded.fingerprint, outcome = excluded.outcome, \
           thread_id = coalesce(excluded.thread_id, thread_id), problem = excluded.problem, \
           detail = excluded.detail, lines = excluded.lines, lines_skipped = excluded.lines_skipped",
        value_columns(8),
        values_of(rows, 8)
    )
}

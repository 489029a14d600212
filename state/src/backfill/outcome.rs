//! The outcome of each file, as a row of the table `rollouts`.

use sqlx::{AssertSqlSafe, SqliteConnection};
use threadkeep_backfill::Item;
use threadkeep_sqlite::{MOST_ROWS, value_columns, values_of};

use super::assign::{Assignment, FileRead};
use super::content::NamesContent;
use super::source::HomeItem;
use crate::home_problem::HomeProblem;
use crate::threads::name_of;

/// One row of the table.
#[derive(Debug)]
pub(super) struct Outcome<'a> {
    path: &'a str,
    fingerprint: &'a str,
    outcome: &'static str,
    /// The thread's id, if the file's name does not have it.
    other_thread_id: Option<String>,
    problem: Option<String>,
    detail: Option<String>,
    lines: u64,
    lines_skipped: u64,
    base: Option<String>,
}

impl<'a> Outcome<'a> {
    /// Makes the outcome of a rollout that was read.
    pub(super) fn of_rollout(file: &FileRead<'a>, assignment: &Assignment) -> Outcome<'a> {
        let (outcome, problem) = match assignment {
            Assignment::Indexed => ("indexed", file.thread.problem.clone()),
            Assignment::Part { .. } => ("duplicate", None),
            Assignment::Duplicate { of } => ("duplicate", Some(HomeProblem::Duplicate { of: of.clone() })),
            Assignment::Deleted => ("deleted", None),
        };
        let id = file.thread.upsert.columns.id.clone();
        let lines = (file.thread.lines, file.thread.lines_skipped);
        let made = Self::new(file.item, outcome, Some(id), problem.as_ref(), lines);
        let base = file.thread.base.clone();
        match assignment {
            Assignment::Part { of } => Outcome { detail: Some(of.clone()), base, ..made },
            _ => Outcome { base, ..made },
        }
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
        (lines, lines_skipped): (u64, u64),
    ) -> Outcome<'a> {
        Outcome {
            path: &item.key,
            fingerprint: &item.fingerprint,
            outcome,
            other_thread_id: thread_id.filter(|id| !is_in_name(&item.key, id)),
            problem: problem.map(|problem| problem.code().to_owned()),
            detail: problem.and_then(HomeProblem::detail),
            lines,
            lines_skipped,
            base: None,
        }
    }
}

/// Returns true if the table finds the thread's id in the file's name.
fn is_in_name(path: &str, id: &str) -> bool {
    const START: &str = "/rollout-";
    const TIME: &str = "YYYY-MM-DDThh-mm-ss-";
    let after = path.find(START).and_then(|at| path.get(at + START.len() + TIME.len()..));
    name_of(path).is_some() && after.is_some_and(|after| after.starts_with(id))
}

/// Stores outcomes. A file that cannot be read keeps the thread it had.
pub(super) async fn store_outcomes(
    conn: &mut SqliteConnection,
    outcomes: Vec<Outcome<'_>>,
) -> Result<(), sqlx::Error> {
    let mut rows = outcomes.into_iter();
    while rows.len() > 0 {
        let mut query = sqlx::query(AssertSqlSafe(store_sql(rows.len().min(MOST_ROWS))));
        for row in rows.by_ref().take(MOST_ROWS) {
            query = query.bind(row.path).bind(row.fingerprint).bind(row.outcome).bind(row.other_thread_id);
            query = query.bind(row.problem).bind(row.detail);
            query = query.bind(i64::try_from(row.lines).unwrap_or(i64::MAX));
            query = query.bind(i64::try_from(row.lines_skipped).unwrap_or(i64::MAX)).bind(row.base);
        }
        query.execute(&mut *conn).await?;
    }
    Ok(())
}

/// Makes the statement that stores so many outcomes.
pub(crate) fn store_sql(rows: usize) -> String {
    format!(
        "INSERT INTO rollouts (path, fingerprint, outcome, other_thread_id, problem, detail, lines, lines_skipped, base) \
         SELECT {} FROM ({}) WHERE column1 IS NOT NULL \
         ON CONFLICT (path) DO UPDATE SET fingerprint = excluded.fingerprint, outcome = excluded.outcome, \
           other_thread_id = coalesce(excluded.other_thread_id, other_thread_id), problem = excluded.problem, \
           detail = excluded.detail, lines = excluded.lines, lines_skipped = excluded.lines_skipped, \
           base = excluded.base",
        value_columns(9),
        values_of(rows, 9)
    )
}

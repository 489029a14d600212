//! Goals for people: a table of many, a sheet of one.

use std::collections::HashSet;

use threadkeep_state_goals::Goal;
use uuid::Uuid;

use super::goal_text::{progress, status, style};
use super::threads_table::short_ids;
use crate::output::Screen;
use crate::output::color::{BOLD, CYAN, DIM, paint};
use crate::output::sheet::Sheet;
use crate::output::table::{Cell, Column, table};
use crate::output::text::{count, one_line};
use crate::output::time::{Clock, took};

/// A table of goals, or why there are none.
pub(super) fn list(
    goals: &[Goal],
    indexed: &HashSet<Uuid>,
    more: bool,
    filtered: bool,
    screen: &Screen,
) -> String {
    if goals.is_empty() {
        let (what, remedy) = if filtered {
            ("No goal has that status.", "Leave out --status to see all.")
        } else {
            ("No thread has a goal.", "`threadkeep goals set ID OBJECTIVE` gives it one.")
        };
        return format!("{what}\n{}\n", paint(DIM, &screen.typable(remedy)));
    }
    let clock = Clock::system();
    let ids = short_ids(goals.iter().map(|goal| goal.thread_id));
    let row = |(goal, short): (&Goal, String)| {
        // What is printed is meant to be typed back, and only the index can complete an id.
        let id = if indexed.contains(&goal.thread_id) { short } else { goal.thread_id.to_string() };
        vec![
            id.into(),
            clock.short(goal.updated_at).into(),
            one_line(&goal.objective).into(),
            Cell::styled(style(goal.status), status(goal.status)),
            progress(goal).into(),
            if goal.seconds_used > 0 { seconds(goal.seconds_used) } else { String::new() }.into(),
        ]
    };
    let rows: Vec<Vec<Cell>> = goals.iter().zip(ids).map(row).collect();
    let mut text = table(&COLUMNS, &rows, screen.width);
    if more && !screen.quiet {
        let line = format!("{} shown · more: --limit N", count(goals.len() as u64));
        text.push_str(&format!("{}\n", paint(DIM, &line)));
    }
    text
}

const COLUMNS: [Column; 6] = [
    // Whatever is printed of an id is meant to be typed back: it is never cut.
    Column::new("THREAD", usize::MAX, usize::MAX, 0, CYAN),
    Column::new("UPDATED", 12, 12, 3, DIM),
    Column { floor: 10, ..Column::new("OBJECTIVE", 24, usize::MAX, 0, BOLD) },
    Column::new("STATUS", 14, 14, 1, DIM),
    Column::new("TOKENS", 11, 11, 2, DIM),
    Column::new("TIME", 12, 12, 4, DIM),
];

/// Everything there is to say of one goal.
pub(super) fn sheet(goal: &Goal, screen: &Screen) -> String {
    let mut sheet = Sheet::default();
    sheet.row("thread", goal.thread_id.to_string());
    sheet.row("goal", goal.goal_id.to_string());
    add(&mut sheet, goal);
    let clock = Clock::system();
    sheet.row("created", clock.full(goal.created_at));
    sheet.row("updated", clock.full(goal.updated_at));
    sheet.render(screen)
}

/// Adds what a goal is and how far, to its own sheet or to its thread's.
pub(super) fn add(sheet: &mut Sheet, goal: &Goal) {
    sheet.row("objective", one_line(&goal.objective));
    sheet.row("status", paint(style(goal.status), &status(goal.status)));
    let used = count(u64::try_from(goal.tokens_used).unwrap_or(0));
    sheet.row(
        "tokens used",
        match goal.token_budget {
            Some(budget) => format!("{used} of {}", count(u64::try_from(budget).unwrap_or(0))),
            None => format!("{used}, no budget"),
        },
    );
    sheet.row("time used", seconds(goal.seconds_used));
}

fn seconds(seconds: i64) -> String {
    match u64::try_from(seconds).unwrap_or(0) {
        whole @ 0..60 => format!("{whole} s"),
        whole @ 60..3_600 => took(std::time::Duration::from_secs(whole)),
        whole => format!("{} h {} min", count(whole / 3_600), whole % 3_600 / 60),
    }
}

//! Goals for people: a table of many, a sheet of one.

use threadkeep_app::text::{count, one_line};
use threadkeep_app::time::{Clock, elapsed};
use threadkeep_app::{Message, command};
use threadkeep_state::{AgentGoal, Thread};
use threadkeep_state_goals::Goal;
use uuid::Uuid;

use super::text::{goal_progress, progress, status, style, words};
use crate::output::Screen;
use crate::output::color::{BOLD, DIM, paint};
use crate::output::ids::Ids;
use crate::output::sheet::Sheet;
use crate::output::table::{Cell, Column, table};

/// Says why there are no goals, and what to do about it.
pub(super) fn why_empty(filtered: bool, screen: &Screen) -> String {
    let (why, remedy) = if filtered {
        ("No goal has that status.", Message::from("Leave out --status to see all."))
    } else {
        ("No thread has a goal.", (command("goals set ID OBJECTIVE"), " sets one.").into())
    };
    format!("{why}\n{}\n", paint(DIM, &screen.render(remedy)))
}

/// Renders a table of goals: the user's, and the agents' own.
pub(super) fn list(goals: &[Goal], agents: &[Thread], ids: &Ids, screen: &Screen) -> String {
    if goals.is_empty() && agents.is_empty() {
        return String::new();
    }
    let clock = Clock::system();
    let time = |time| screen.time(time, &clock);
    let row = |goal: &Goal| {
        vec![
            ids.cell("", goal.thread_id, screen),
            time(goal.updated_at).into(),
            one_line(&goal.objective).into(),
            Cell::styled(style(goal.status), status(goal.status)),
            progress(goal).into(),
            if goal.seconds_used > 0 { seconds(goal.seconds_used) } else { String::new() }.into(),
            Cell::default(),
        ]
    };
    let row_of_agent = |thread: &Thread| {
        let goal = thread.agent_goal.as_ref()?;
        let at = goal.updated_at.map(time).unwrap_or_default();
        let tokens = goal_progress(goal.tokens_used.unwrap_or(0), goal.token_budget);
        let status = goal.status.as_deref().map(words).unwrap_or_default();
        let cells = [at, one_line(&goal.objective), status, tokens, String::new(), "the agent".to_owned()];
        let id = ids.cell("", thread.id, screen);
        Some([id].into_iter().chain(cells.map(Cell::from)).collect())
    };
    let rows: Vec<Vec<Cell>> = goals.iter().map(row).chain(agents.iter().filter_map(row_of_agent)).collect();
    table(&COLUMNS, &rows, screen.width)
}

const COLUMNS: [Column; 7] = [
    // A printed id is meant to be typed: it is never cut.
    Column::new("THREAD", usize::MAX, usize::MAX, 0, DIM),
    Column::new("UPDATED", 12, 12, 3, DIM),
    Column { floor: 10, ..Column::new("OBJECTIVE", 24, usize::MAX, 0, BOLD) },
    Column::new("STATUS", 14, 14, 1, DIM),
    Column::new("TOKENS", 11, 11, 2, DIM),
    Column::new("TIME", 12, 12, 4, DIM),
    Column::new("SET BY", 9, 9, 1, DIM),
];

/// Renders everything about a thread's goal, and about the agent's own.
pub(super) fn sheet(
    thread: Uuid,
    goal: Option<&Goal>,
    agent_goal: Option<&AgentGoal>,
    screen: &Screen,
) -> String {
    let mut sheet = Sheet::default();
    sheet.whole("thread", thread.to_string());
    if let Some(goal) = goal {
        sheet.whole("goal", goal.goal_id.to_string());
        add(&mut sheet, goal);
        let clock = Clock::system();
        sheet.row("created", clock.full(goal.created_at));
        sheet.row("updated", clock.full(goal.updated_at));
    }
    if let Some(goal) = agent_goal {
        sheet.heading("the agent's goal, as last set by the agent");
        add_agent(&mut sheet, goal);
    }
    sheet.render(screen)
}

/// Adds a goal and its progress to its own sheet or to its thread's.
pub(crate) fn add(sheet: &mut Sheet, goal: &Goal) {
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

/// Adds the goal that an agent pursues, as its rollout last set it.
pub(crate) fn add_agent(sheet: &mut Sheet, goal: &AgentGoal) {
    let number = |tokens: i64| count(tokens.unsigned_abs());
    sheet.row("objective", one_line(&goal.objective));
    sheet.maybe("status", goal.status.as_deref().map(words));
    let tokens = match (goal.tokens_used, goal.token_budget) {
        (Some(used), Some(budget)) => Some(format!("{} of {}", number(used), number(budget))),
        (Some(used), None) => Some(number(used)),
        (None, Some(budget)) => Some(format!("at most {}", number(budget))),
        (None, None) => None,
    };
    sheet.maybe("tokens used", tokens);
    sheet.maybe("set", goal.updated_at.map(|at| Clock::system().full(at)));
}

fn seconds(seconds: i64) -> String {
    match u64::try_from(seconds).unwrap_or(0) {
        whole @ 0..60 => format!("{whole} s"),
        whole @ 60..3_600 => elapsed(std::time::Duration::from_secs(whole)),
        whole => format!("{} h {} min", count(whole / 3_600), whole % 3_600 / 60),
    }
}

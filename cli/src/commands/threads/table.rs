//! The table that `threads` shows to people.

use threadkeep_app::label::{kind_of_source, thread_label, tilde};
use threadkeep_app::text::{count, one_line, short};
use threadkeep_app::time::Clock;
use threadkeep_state::{AgentTotals, RunOutcome, SortKey, Thread, ThreadKind};

use super::drawing;
use super::list::{HomePage, List, sorted_by, time_of};
use crate::commands::goals;
use crate::output::Screen;
use crate::output::color::{BOLD, DIM};
use crate::output::table::{Cell, Column, table};

/// Place of the column of homes, and of tokens without it.
const HOME: usize = 1;
const TOKENS: usize = 4;
/// Place of the column of agents, without that of homes.
const AGENT: usize = 3;

impl List {
    /// Renders the page.
    pub(super) fn table(&self, screen: &Screen) -> String {
        if self.order.is_empty() {
            return String::new();
        }
        let clock = Clock::system();
        let rows: Vec<Vec<Cell>> = self
            .order
            .iter()
            .map(|(home, thread)| {
                let home = &self.homes[*home];
                self.row(home, &home.page.threads[*thread], &clock, screen)
            })
            .collect();
        table(&self.columns(), &rows, screen.width)
    }

    fn row(&self, home: &HomePage, thread: &Thread, clock: &Clock, screen: &Screen) -> Vec<Cell> {
        let user_home = std::env::home_dir();
        let folder = |path: &str| one_line(&tilde(path, user_home.as_deref()));
        let field = |field: &Option<String>| Cell::from(field.as_deref().map(one_line).unwrap_or_default());
        let agents = home.agents.get(&thread.id).copied().unwrap_or_default();
        let mut cells = vec![
            home.ids.cell("", thread.id, screen),
            screen.time(time_of(thread, sorted_by(&self.query)), clock).into(),
            label(thread, home.gone.contains_key(&thread.id)),
            goal(home, thread),
            self.agents(agents).into(),
            thread.cwd.as_deref().map(folder).unwrap_or_default().into(),
            field(&thread.git_branch),
            field(&thread.model),
            source(thread).into(),
            last_run(thread.run_outcome),
        ];
        if self.shows_tokens {
            let tokens = thread.own_tokens.map(|tokens| self.tokens(tokens, screen));
            cells.insert(TOKENS, tokens.unwrap_or_default().into());
        }
        if self.shows_agents {
            cells.insert(AGENT, thread.agent().to_owned().into());
        }
        if self.homes.len() > 1 {
            cells.insert(HOME, folder(&home.home.to_string_lossy()).into());
        }
        cells
    }

    fn columns(&self) -> Vec<Column> {
        let time = if sorted_by(&self.query) == SortKey::Created { "CREATED" } else { "UPDATED" };
        let fixed = |title, min, max, rank| Column { fixed: true, ..Column::new(title, min, max, rank, DIM) };
        let mut columns = vec![
            // A printed id is meant to be typed: it is never cut.
            Column::new("ID", usize::MAX, usize::MAX, 0, DIM),
            Column::new(time, 12, 12, 1, DIM),
            Column { floor: 10, style: BOLD, ..fixed("THREAD", 32, 80, 0) },
            Column::new("GOAL", 14, 24, 2, DIM),
            Column::new("SPAWNED", if self.shows_tokens { 14 } else { 9 }, 18, 3, DIM),
            Column { path: true, ..fixed("FOLDER", 18, 28, 4) },
            fixed("BRANCH", 10, 16, 5),
            fixed("MODEL", 12, 16, 6),
            // A list of all kinds has to say which is which.
            if self.chooses_kinds() { Column::new("SOURCE", 8, 9, 1, DIM) } else { fixed("SOURCE", 6, 9, 7) },
            Column::new("LAST RUN", 11, 11, 8, DIM),
        ];
        if self.shows_tokens {
            columns.insert(TOKENS, Column::new("TOKENS", 6, 12, 1, DIM));
        }
        if self.shows_agents {
            columns.insert(AGENT, Column::new("AGENT", 10, 16, 2, DIM));
        }
        if self.homes.len() > 1 {
            columns.insert(HOME, Column { path: true, ..Column::new("HOME", 8, 20, 1, DIM) });
        }
        columns
    }

    /// Renders `+3 agents`, with the tokens of all below the thread if they are asked for.
    fn agents(&self, totals: AgentTotals) -> String {
        let plural = if totals.agents == 1 { "" } else { "s" };
        let agents = (totals.agents > 0).then(|| format!("+{} agent{plural}", count(totals.agents)));
        let tokens = totals.own_tokens.filter(|_| self.shows_tokens).map(short);
        agents.into_iter().chain(tokens).collect::<Vec<_>>().join(" ")
    }

    fn tokens(&self, tokens: i64, screen: &Screen) -> String {
        if screen.is_plain() { tokens.to_string() } else { short(tokens) }
    }
}

/// Renders the label, with marks if the agent has deleted the session, and if the thread continues
/// another.
fn label(thread: &Thread, is_gone: bool) -> Cell {
    // A sub-agent that begins with its parent's history is below its parent anyway.
    let is_fork = thread.forked_from_id.is_some() && thread.kind != ThreadKind::Subagent;
    let marks = [(is_gone, "gone: "), (is_fork, "fork: ")];
    let marks: String = marks.into_iter().filter_map(|(is_so, mark)| is_so.then_some(mark)).collect();
    if marks.is_empty() {
        return thread_label(thread).into();
    }
    let length = marks.len();
    Cell::from(marks + &thread_label(thread)).with_head(length, DIM)
}

/// Renders the goal that was set here, or else the agent's own.
fn goal(home: &HomePage, thread: &Thread) -> Cell {
    if let Some(goal) = home.goals.get(&thread.id) {
        return Cell::styled(goals::style(goal.status), goals::summary(goal));
    }
    let agent = thread.agent_goal.as_ref();
    let status = agent.map(|goal| one_line(goal.status.as_deref().unwrap_or("active")));
    Cell::from(status.map(|status| format!("{status} (agent's)")).unwrap_or_default())
}

/// Renders the kind of another's thread, or the source of the user's own.
fn source(thread: &Thread) -> String {
    match thread.kind {
        ThreadKind::User => thread.source.as_deref().map(kind_of_source).unwrap_or_default(),
        kind => kind.as_str().to_owned(),
    }
}

/// Renders how the last run ended, unless that is well.
fn last_run(outcome: RunOutcome) -> Cell {
    match outcome {
        RunOutcome::Running | RunOutcome::Failed | RunOutcome::Interrupted => {
            Cell::styled(drawing::style(outcome), outcome.as_str())
        }
        _ => Cell::default(),
    }
}

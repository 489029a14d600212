//! The tree that `threads tree` shows to people: a table whose first column is drawn.

use std::collections::HashMap;

use anstyle::Style;
use threadkeep_app::Message;
use threadkeep_app::text::{count, short};
use threadkeep_app::time::Clock;
use threadkeep_state::{Agent, AgentTotals, Lifecycle, RunOutcome};
use uuid::Uuid;

use super::footer::typed_with;
use crate::output::Screen;
use crate::output::color::{BOLD, CYAN, DIM, GREEN, RED, YELLOW, paint};
use crate::output::ids::Ids;
use crate::output::table::{Cell, Column, table};
use threadkeep_app::label::{NO_LABEL, agent_label, agent_names};

/// Children of one thread that are shown without `--verbose`.
const CHILDREN_SHOWN: usize = 20;
/// Place of the column of tokens, before that of the tokens of all threads below.
const TOKENS: usize = 3;
/// Place of the column of agents.
const AGENT: usize = 2;

/// Part of the agent graph.
pub(super) struct Tree {
    /// Threads, each followed by its sub-agents and forks.
    pub(super) agents: Vec<Agent>,
    pub(super) ids: Ids,
    /// Agent of each indexed thread, if they are those of several agents.
    pub(super) agent_of: Option<HashMap<Uuid, String>>,
    /// Tokens, if they are shown.
    pub(super) tokens: Option<Tokens>,
    /// Steps down that are shown; there may be agents one step below that.
    pub(super) depth: u32,
    /// Last of the threads at the top, if there are older ones.
    pub(super) next: Option<Uuid>,
    /// True if it continues an earlier tree.
    pub(super) is_rest: bool,
    /// Reason why it may not be complete.
    pub(super) incomplete: Option<Message>,
}

/// Tokens that threads used.
pub(super) struct Tokens {
    /// Own tokens of each indexed thread, if they are known.
    pub(super) own: HashMap<Uuid, Option<i64>>,
    /// Figures about the threads below a thread. Threads without any have no entry.
    pub(super) below: HashMap<Uuid, AgentTotals>,
}

impl Tokens {
    /// Returns the own tokens of a thread.
    pub(super) fn own(&self, agent: &Agent) -> Option<i64> {
        self.own.get(&agent.thread_id).copied().flatten()
    }
}

impl Tree {
    /// Draws the tree.
    pub(super) fn draw(&self, screen: &Screen) -> String {
        if self.agents.is_empty() {
            return String::new();
        }
        let clock = Clock::system();
        let columns = self.columns();
        let depths: Vec<u32> = self.agents.iter().map(|agent| agent.depth).collect();
        let lines = lines(&depths, self.depth, screen.most(CHILDREN_SHOWN));
        let row = |(branch, line): (String, &Line)| match line.content {
            Content::Agent(n) => self.row(&self.agents[n], &branch, &clock, screen),
            Content::More(more) => {
                let is_deeper = line.depth > self.depth;
                let how = if is_deeper { format!("--depth {}", line.depth) } else { "-v".to_owned() };
                let text = format!("{} more: {how} shows them", count(more));
                let mut row = if screen.is_plain() {
                    vec![Cell::default(), Cell::styled(DIM, format!("{branch}… {text}"))]
                } else {
                    vec![Cell::from(branch + "…"), Cell::styled(DIM, text)]
                };
                row.resize(columns.len(), Cell::default());
                row
            }
        };
        let rows: Vec<Vec<Cell>> = branches(&lines).into_iter().zip(&lines).map(row).collect();
        table(&columns, &rows, screen.width)
    }

    /// Returns the command for more, or the reason for an empty tree.
    pub(super) fn footer(&self) -> String {
        let next = |next: Uuid| {
            let next = typed_with("--before", &next.to_string(), std::env::args_os().skip(1));
            paint(DIM, &format!("next: {next}")) + "\n"
        };
        if self.agents.is_empty() { self.why_empty() } else { self.next.map(next).unwrap_or_default() }
    }

    fn columns(&self) -> Vec<Column> {
        let mut columns = vec![
            // A printed id is meant to be typed: it is never cut.
            Column::new("ID", usize::MAX, usize::MAX, 0, DIM),
            Column { floor: 10, ..Column::new("THREAD", 24, usize::MAX, 0, BOLD) },
            Column::new("NICKNAME", 10, 24, 1, DIM),
            Column::new("LIFE", 6, 6, 2, DIM),
            Column::new("LAST RUN", 11, 11, 3, DIM),
            Column::new("UPDATED", 12, 12, 4, DIM),
        ];
        if self.tokens.is_some() {
            columns.insert(TOKENS, Column::new("TOKENS", 6, 12, 1, DIM));
            columns.insert(TOKENS + 1, Column::new("BELOW", 6, 12, 1, DIM));
        }
        if self.agent_of.is_some() {
            columns.insert(AGENT, Column::new("AGENT", 10, 16, 2, DIM));
        }
        columns
    }

    fn row(&self, agent: &Agent, branch: &str, clock: &Clock, screen: &Screen) -> Vec<Cell> {
        let life = match agent.lifecycle {
            Lifecycle::Open => Cell::styled(Style::new(), "open"),
            Lifecycle::Closed => Cell::styled(DIM, "closed"),
        };
        // A program finds whole ids in the first column.
        let (branch, before_label) = if screen.is_plain() { ("", branch) } else { (branch, "") };
        let mut cells = vec![
            self.ids.cell(branch, agent.thread_id, screen),
            match agent_label(agent) {
                label if label != NO_LABEL => format!("{before_label}{label}").into(),
                label if is_indexed(agent) => Cell::styled(DIM, format!("{before_label}{label}")),
                _ => Cell::styled(DIM, format!("{before_label}(not indexed)")),
            },
            if agent.is_fork() && agent.depth > 0 { "fork".to_owned() } else { agent_names(agent) }.into(),
            life,
            Cell::styled(style(agent.outcome), agent.outcome.as_str()),
            agent.last_line_at.map(|time| screen.time(time, clock)).unwrap_or_default().into(),
        ];
        if let Some(tokens) = &self.tokens {
            let below = tokens.below.get(&agent.thread_id).and_then(|totals| totals.own_tokens);
            for number in [below, tokens.own(agent)] {
                let shown = |number: i64| {
                    if screen.is_plain() { number.to_string() } else { short(number) }
                };
                cells.insert(TOKENS, number.map(shown).unwrap_or_default().into());
            }
        }
        if let Some(agent_of) = &self.agent_of {
            cells.insert(AGENT, agent_of.get(&agent.thread_id).cloned().unwrap_or_default().into());
        }
        cells
    }

    fn why_empty(&self) -> String {
        if self.is_rest {
            return "No older thread has sub-agents or forks.\n".to_owned();
        }
        let remedy =
            paint(DIM, "A thread appears here once its agent has spawned another, or it was forked.");
        format!("No thread has sub-agents or forks.\n{remedy}\n")
    }
}

/// Returns true if the index has the thread: it then knows the time of its last line.
fn is_indexed(agent: &Agent) -> bool {
    agent.last_line_at.is_some()
}

/// Renders the outcome of a run, in colour.
pub(super) fn outcome(outcome: RunOutcome) -> String {
    paint(style(outcome), outcome.as_str())
}

pub(super) fn style(outcome: RunOutcome) -> Style {
    match outcome {
        RunOutcome::Running => CYAN,
        RunOutcome::Completed => GREEN,
        RunOutcome::Failed => RED,
        RunOutcome::Interrupted => YELLOW,
        _ => DIM,
    }
}

/// Line of the drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Line {
    depth: u32,
    content: Content,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    /// Agent with this number.
    Agent(usize),
    /// Number of siblings that are left out, with their sub-agents.
    More(u64),
}

/// Selects the lines of a tree, each thread followed by its sub-agents: nothing below a depth, and
/// only the first children of one thread.
fn lines(depths: &[u32], deepest: u32, most: usize) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    // Siblings so far, at each depth on the way to the current thread.
    let mut siblings: Vec<usize> = Vec::new();
    let mut left_out = None;
    for (n, depth) in depths.iter().copied().enumerate() {
        if left_out.is_some_and(|above| depth > above) {
            continue;
        }
        siblings.resize(depth as usize + 1, 0);
        siblings[depth as usize] += 1;
        let is_shown = depth <= deepest && (depth == 0 || siblings[depth as usize] <= most);
        left_out = (!is_shown).then_some(depth);
        match lines.last_mut() {
            _ if is_shown => lines.push(Line { depth, content: Content::Agent(n) }),
            Some(Line { depth: last, content: Content::More(more) }) if *last == depth => *more += 1,
            _ => lines.push(Line { depth, content: Content::More(1) }),
        }
    }
    lines
}

/// Returns the branch before each line: `│  └─ `.
fn branches(lines: &[Line]) -> Vec<String> {
    // From the last line up: true for each depth at which a later sibling follows.
    let mut later: Vec<bool> = Vec::new();
    let mut branches: Vec<String> = lines
        .iter()
        .rev()
        .map(|line| {
            let depth = line.depth as usize;
            later.resize(depth + 1, false);
            let bars = later[..depth].iter().skip(1).map(|later| if *later { "│  " } else { "   " });
            let mut branch: String = bars.collect();
            if depth > 0 {
                branch.push_str(if later[depth] { "├─ " } else { "└─ " });
            }
            later[depth] = true;
            branch
        })
        .collect();
    branches.reverse();
    branches
}

#[cfg(test)]
#[path = "../../../tests/unit/commands_threads_drawing.rs"]
mod tests;

//! The tree that `threads tree` shows to people: a table whose first column is drawn.

use anstyle::Style;
use threadkeep_state::{Agent, Lifecycle, RunOutcome};

use super::threads_table::short_ids;
use super::threads_tree::Tree;
use crate::output::Screen;
use crate::output::color::{BOLD, CYAN, DIM, GREEN, RED, YELLOW, paint};
use crate::output::table::{Cell, Column, table};
use crate::output::text::{count, one_line};
use crate::output::time::Clock;

/// How many children of one thread are shown to people who did not ask for all.
const CHILDREN_SHOWN: usize = 20;

/// Draws what was read.
pub(super) fn draw(tree: &Tree, screen: &Screen) -> String {
    if tree.agents.is_empty() {
        return if screen.quiet { String::new() } else { why_empty(tree) };
    }
    let clock = Clock::system();
    let short = short_ids(tree.agents.iter().map(|agent| agent.thread_id));
    // Only those of indexed threads may be shortened, and what is printed is meant to be typed back.
    let ids = tree.agents.iter().zip(short);
    let ids: Vec<String> = ids
        .map(|(agent, short)| if is_indexed(agent) { short } else { agent.thread_id.to_string() })
        .collect();
    let depths: Vec<u32> = tree.agents.iter().map(|agent| agent.depth).collect();
    let lines = lines(&depths, tree.depth, if screen.verbose { usize::MAX } else { CHILDREN_SHOWN });
    let rows: Vec<Vec<Cell>> = branches(&lines)
        .into_iter()
        .zip(&lines)
        .map(|(branch, line)| match line.what {
            What::Agent(n) => row(&tree.agents[n], branch + &ids[n], &clock),
            What::More(more) => {
                let how =
                    if line.depth > tree.depth { format!("--depth {}", line.depth) } else { "-v".to_owned() };
                let text = format!("{} more: {how} shows them", count(more));
                let mut row = vec![Cell::from(branch + "…"), Cell::styled(DIM, text)];
                row.resize(COLUMNS.len(), Cell::default());
                row
            }
        })
        .collect();
    let mut text = table(&COLUMNS, &rows, screen.width);
    if let Some(next) = tree.next.filter(|_| !screen.quiet) {
        text.push_str(&format!(
            "{}\n",
            paint(DIM, &format!("next: threadkeep threads tree --before {next}"))
        ));
    }
    text
}

const COLUMNS: [Column; 5] = [
    // Whatever is printed of an id is meant to be typed back: it is never cut.
    Column::new("ID", usize::MAX, usize::MAX, 0, CYAN),
    Column { floor: 10, ..Column::new("THREAD", 24, usize::MAX, 0, BOLD) },
    Column::new("LIFE", 6, 6, 1, DIM),
    Column::new("LAST RUN", 11, 11, 2, DIM),
    Column::new("UPDATED", 12, 12, 3, DIM),
];

fn row(agent: &Agent, id: String, clock: &Clock) -> Vec<Cell> {
    let life = match agent.lifecycle {
        Lifecycle::Open => Cell::styled(Style::new(), "open"),
        Lifecycle::Closed => Cell::styled(DIM, "closed"),
    };
    vec![
        id.into(),
        match agent.name.as_deref().map(one_line).filter(|name| !name.is_empty()) {
            Some(name) => name.into(),
            None if is_indexed(agent) => Cell::styled(DIM, "(nothing said yet)"),
            None => Cell::styled(DIM, "(not indexed)"),
        },
        life,
        Cell::styled(style(agent.outcome), agent.outcome.as_str()),
        agent.last_line_at.map(|at| clock.short(at)).unwrap_or_default().into(),
    ]
}

/// Whether the index knows the thread: then it knows when its last line was written.
fn is_indexed(agent: &Agent) -> bool {
    agent.last_line_at.is_some()
}

/// How a run ended, in colour.
pub(super) fn outcome(outcome: RunOutcome) -> String {
    paint(style(outcome), outcome.as_str())
}

fn style(outcome: RunOutcome) -> Style {
    match outcome {
        RunOutcome::Running => CYAN,
        RunOutcome::Completed => GREEN,
        RunOutcome::Failed => RED,
        RunOutcome::Interrupted => YELLOW,
        _ => DIM,
    }
}

/// One line of the drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Line {
    depth: u32,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// The agent of this number.
    Agent(usize),
    /// So many siblings that are left out, with all below them.
    More(u64),
}

/// What is drawn of a tree, each thread followed by what is below it: nothing below a depth, and of the children of one
/// thread the first ones.
fn lines(depths: &[u32], deepest: u32, most: usize) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    // The siblings so far, at each depth on the way to the current thread.
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
            _ if is_shown => lines.push(Line { depth, what: What::Agent(n) }),
            Some(Line { depth: last, what: What::More(more) }) if *last == depth => *more += 1,
            _ => lines.push(Line { depth, what: What::More(1) }),
        }
    }
    lines
}

/// What is drawn before each line: `│  └─ `.
fn branches(lines: &[Line]) -> Vec<String> {
    // From the last line up: whether, at each depth, there is a later sibling of whoever is above.
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

fn why_empty(tree: &Tree) -> String {
    if tree.is_rest {
        return "No older thread has spawned another.\n".to_owned();
    }
    let remedy = paint(DIM, "They appear here once an agent has spawned others.");
    format!("No thread has spawned another.\n{remedy}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(depths: &[u32], deepest: u32, most: usize) -> String {
        let lines = lines(depths, deepest, most);
        let what = |line: &Line| match line.what {
            What::Agent(n) => n.to_string(),
            What::More(more) => format!("… {more} more"),
        };
        let texts = branches(&lines).into_iter().zip(&lines).map(|(branch, line)| branch + &what(line));
        texts.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn branches_lead_to_later_siblings_and_nowhere_else() {
        insta::assert_snapshot!(drawn(&[0, 1, 2, 3, 2, 1, 2, 0, 1], 9, 9), @r"
        0
        ├─ 1
        │  ├─ 2
        │  │  └─ 3
        │  └─ 4
        └─ 5
           └─ 6
        7
        └─ 8
        ");
    }

    #[test]
    fn what_is_too_deep_or_too_many_is_counted() {
        insta::assert_snapshot!(drawn(&[0, 1, 2, 2, 3, 2, 3, 1, 1, 2, 1, 0], 2, 2), @r"
        0
        ├─ 1
        │  ├─ 2
        │  ├─ 3
        │  │  └─ … 1 more
        │  └─ … 1 more
        ├─ 7
        └─ … 2 more
        11
        ");
        insta::assert_snapshot!(drawn(&[0, 1, 2, 2, 1, 2], 1, 9), @r"
        0
        ├─ 1
        │  └─ … 2 more
        └─ 4
           └─ … 1 more
        ");
    }
}

//! The table of usage, with bars.

use threadkeep_app::label::tilde;
use threadkeep_app::text::{count, counted, fit, fit_path, one_line, pad, short, width};
use threadkeep_app::{Command, command};

use super::groups::{Amount, Group, Part};
use super::{Report, word};
use crate::args::By;
use crate::output::Screen;
use crate::output::color::{BOLD, CYAN, DIM, paint};
use crate::output::table::{Cell, Column, table};

/// Groups other than times that are shown without `--verbose`.
const SHOWN: usize = 20;
/// Columns between two others.
const GAP: usize = 2;
/// Width of labels, at most; a bar is wider than the least, and no wider than the most.
const LABEL: usize = 44;
const LEAST_LABEL: usize = 12;
const LEAST_BAR: usize = 8;
const MOST_BAR: usize = 40;
/// Titles of the numbers. A title in brackets is a part of the number before.
const TITLES: [&str; 7] = ["INPUT", "(CACHED)", "OUTPUT", "(REASONING)", "TOTAL", "SUB-AGENTS", "HIDDEN"];

/// Places of some numbers in a line.
const CACHED: usize = 1;
const REASONING: usize = 3;
const TOTAL: usize = 4;
/// Places of the numbers that are in no other. The sheet has them if there are any.
const OTHERS: [usize; 2] = [5, 6];

/// Columns of a table that has little room.
struct Layout {
    columns: Vec<NumberColumn>,
    /// Width of the labels.
    label: usize,
    /// Width of the bars; 0 if there is no room for any.
    bar: usize,
}

/// A column of numbers.
struct NumberColumn {
    number: usize,
    room: usize,
    written: fn(i64) -> String,
}

impl Layout {
    /// Returns the columns that fit: with whole numbers, else with short ones, else without the
    /// parts of others.
    fn of(lines: &[Line], width_of_screen: usize) -> Layout {
        let whole: fn(i64) -> String = |number| count(number.unsigned_abs());
        let of_label = lines.iter().map(|line| width(&line.label)).max().unwrap_or(0).min(LABEL);
        let make = |numbers: &[usize], written: fn(i64) -> String| -> Vec<NumberColumn> {
            let column = |number: usize| {
                let column = NumberColumn { number, room: 0, written };
                let widths = lines.iter().map(|line| width(&column.cell(line)));
                let room = widths.max().unwrap_or(0).max(width(TITLES[number]));
                NumberColumn { room, ..column }
            };
            numbers.iter().copied().map(column).collect()
        };
        let used = |columns: &[NumberColumn]| columns.iter().map(|column| column.room + GAP).sum::<usize>();
        let fits = |columns: &Vec<NumberColumn>| used(columns) + of_label.min(LEAST_LABEL) <= width_of_screen;
        let is_used = |number: &usize| lines.iter().any(|line| line.numbers[*number] > 0);
        let others: Vec<usize> = OTHERS.into_iter().filter(is_used).collect();
        let all = [&[0, CACHED, 2, REASONING, TOTAL], &others[..]].concat();
        let few = [&[0, 2, TOTAL], &others[..]].concat();
        let columns = [make(&all, whole), make(&all, short), make(&few, short)].into_iter().find(fits);
        let columns = columns.unwrap_or_else(|| make(&few[..3], short));
        let left = width_of_screen.saturating_sub(used(&columns));
        let label = of_label.min(left.max(LEAST_LABEL));
        let bar = left.saturating_sub(label + GAP).min(MOST_BAR);
        Layout { columns, label, bar: if bar < LEAST_BAR { 0 } else { bar } }
    }
}

impl NumberColumn {
    /// Renders the number of a line, or that the agents' files have none.
    fn cell(&self, line: &Line) -> String {
        match line.numbers[self.number] {
            0 if OTHERS.contains(&self.number) => "-".to_owned(),
            number => (self.written)(number),
        }
    }
}

/// A line of the table.
struct Line {
    label: String,
    numbers: [i64; TITLES.len()],
}

impl Report {
    pub(super) fn render(&self, screen: &Screen) -> String {
        match self.groups.rows.is_empty() {
            true => String::new(),
            false if screen.is_plain() => self.rows(screen),
            false => self.sheet(screen),
        }
    }

    /// Renders lines for a program, without a total. No column depends on the content.
    fn rows(&self, screen: &Screen) -> String {
        let title = match self.groups.by {
            By::Day => "DAY",
            By::Week => "WEEK",
            By::Month => "MONTH",
            By::Model => "MODEL",
            By::Agent => "AGENT",
            By::Folder => "FOLDER",
            By::Thread => "ID",
        };
        let is_thread = self.groups.by == By::Thread;
        let mut titles = vec![title, "INPUT", "CACHED", "OUTPUT", "REASONING", "TOTAL", "REQUESTS"];
        titles.extend(is_thread.then_some("THREAD"));
        titles.extend(OTHERS.map(|number| TITLES[number]));
        let columns: Vec<Column> =
            titles.into_iter().map(|title| Column::new(title, usize::MAX, usize::MAX, 0, DIM)).collect();
        let row = |group: &Group| {
            let key = if is_thread { group.key.clone().unwrap_or_default() } else { one_line(&group.label) };
            let numbers = numbers(&group.amount).map(|number| number.to_string());
            let mut cells: Vec<Cell> = vec![key.into()];
            cells.extend(numbers[..=TOTAL].iter().cloned().map(Cell::from));
            cells.push(group.amount.requests.to_string().into());
            cells.extend(is_thread.then(|| Cell::from(one_line(&group.label))));
            let known = |number: usize| Some(numbers[number].clone()).filter(|number| number != "0");
            cells.extend(OTHERS.map(|number| Cell::from(known(number).unwrap_or_default())));
            cells
        };
        table(&columns, &self.groups.rows.iter().map(row).collect::<Vec<_>>(), screen.width)
    }

    fn sheet(&self, screen: &Screen) -> String {
        let mut lines = self.lines(screen);
        let largest = lines.iter().map(|line| line.numbers[TOTAL]).max().unwrap_or(0);
        lines.push(Line { label: "total".to_owned(), numbers: numbers(&self.groups.total) });
        let Layout { columns, label, bar } = Layout::of(&lines, screen.width);
        let mut text = pad(&word(self.groups.by).to_uppercase(), label, false);
        for column in &columns {
            text.push_str(&pad(TITLES[column.number], column.room + GAP, true));
        }
        text = paint(DIM, &text) + "\n";
        for (n, line) in lines.iter().enumerate() {
            let is_sum = n + 1 == lines.len();
            let cut = if self.groups.by == By::Folder { fit_path } else { fit };
            let name = pad(&cut(&line.label, label), label, false);
            text.push_str(&if is_sum { paint(BOLD, &name) } else { name });
            for column in &columns {
                let number = column.cell(line);
                let number = pad(&number, column.room + GAP, true);
                text.push_str(&match column.number {
                    CACHED | REASONING => paint(DIM, &number),
                    TOTAL => paint(BOLD, &number),
                    _ if is_sum => paint(BOLD, &number),
                    _ => number,
                });
            }
            let drawn = if is_sum { String::new() } else { drawn(line.numbers[TOTAL], largest, bar) };
            if !drawn.is_empty() {
                text.push_str(&format!("{}{}", " ".repeat(GAP), paint(CYAN, &drawn)));
            }
            text.push('\n');
        }
        text
    }

    /// Returns the lines of the groups. What is not shown is one line, so that the sums are right.
    fn lines(&self, screen: &Screen) -> Vec<Line> {
        let groups = &self.groups;
        let is_time = matches!(groups.by, By::Day | By::Week | By::Month);
        let most = if is_time { usize::MAX } else { screen.most(SHOWN) };
        let user_home = std::env::home_dir();
        let line = |group: &Group| {
            let label = match (groups.by, &group.thread) {
                (By::Folder, _) => tilde(&group.label, user_home.as_deref()),
                (_, Some((id, _))) => format!("{}  {}", self.ids.short(*id), group.label),
                _ => group.label.clone(),
            };
            let label = if group.thread.is_some() {
                threadkeep_app::text::clean(&label).into_owned()
            } else {
                one_line(&label)
            };
            Line { label, numbers: numbers(&group.amount) }
        };
        // One more is as short as the line that would stand for it.
        let most = if groups.rows.len() == most.saturating_add(1) { most + 1 } else { most };
        let mut lines: Vec<Line> = groups.rows.iter().take(most).map(line).collect();
        if groups.rows.len() > most {
            let mut rest = Amount::default();
            groups.rows[most..].iter().for_each(|group| rest.add(group.amount));
            let label = format!("{} more (-v)", count((groups.rows.len() - most) as u64));
            lines.push(Line { label, numbers: numbers(&rest) });
        }
        lines
    }

    /// Returns a line about each of the tokens that are in no other number.
    fn about_others(&self) -> impl Iterator<Item = String> {
        let Amount { subagents, hidden, .. } = self.groups.total;
        let others = [
            (subagents, "used by sub-agents without a thread of their own"),
            (hidden, "hidden (titles, compaction and the like), as far as the agents' files have them"),
        ];
        let others = others.into_iter().filter(|(part, _)| part.requests > 0);
        let number = |part: Part| count(part.tokens.total.unsigned_abs());
        others.map(move |(part, words)| format!("{} tokens {words}; in no other number", number(part)))
    }

    pub(super) fn footer(&self, screen: &Screen) -> String {
        let mut lines = Vec::new();
        if self.groups.rows.is_empty() {
            let when = match (self.period.since, self.period.until) {
                (None, None) => "",
                _ => " on these days",
            };
            let by = if self.agents.is_empty() {
                String::new()
            } else {
                format!(" by {}", self.agents.join(", "))
            };
            lines.push(format!("No tokens were used{by}{when}."));
        } else {
            let requests = counted(self.groups.total.requests, "request");
            let days = "days are in UTC";
            lines.push(format!("{requests}; cached is part of input, and reasoning part of output; {days}"));
            lines.extend(self.about_others());
        }
        if !self.not_added.is_empty() {
            let add = self.not_added.iter().fold(command("agents add"), Command::arg);
            lines.push(screen.render(("not added: ", add, " shows them, too")));
        }
        lines.extend(self.page.as_ref().map(|page| format!("page: {}", page.display())));
        let lines = lines.iter().flat_map(|line| screen.lines(line));
        lines.map(|line| paint(DIM, &line) + "\n").collect()
    }
}

/// Returns the numbers of a line, in the order of [`TITLES`].
fn numbers(amount: &Amount) -> [i64; TITLES.len()] {
    let Amount { tokens, subagents, hidden, .. } = amount;
    let [input, cached, output] = [tokens.input, tokens.cached_input, tokens.output];
    let [subagents, hidden] = [subagents, hidden].map(|part| part.tokens.total);
    [input, cached, output, tokens.reasoning, tokens.total, subagents, hidden]
}

/// Draws a bar to the eighth of a column. What is not nothing is seen.
fn drawn(number: i64, largest: i64, room: usize) -> String {
    const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    if number <= 0 || largest <= 0 || room == 0 {
        return String::new();
    }
    let eighths = (number as f64 / largest as f64 * (room * 8) as f64).round() as usize;
    let eighths = eighths.clamp(1, room * 8);
    "█".repeat(eighths / 8) + PARTS[eighths % 8]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_scaled_to_the_column() {
        assert_eq!(drawn(100, 100, 4), "████");
        assert_eq!(drawn(50, 100, 4), "██");
        assert_eq!(drawn(9, 64, 8), "█▏");
        assert_eq!(drawn(1, 1_000_000, 8), "▏");
        assert_eq!(drawn(0, 100, 8), "");
    }
}

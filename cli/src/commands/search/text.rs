//! Found threads for people, and what they should know about the search.

use threadkeep_app::label::{thread_label, tilde};
use threadkeep_app::text::{count, counted, fit, one_line, pad, width};
use threadkeep_app::time::Clock;
use threadkeep_app::{Message, command};
use threadkeep_history::{Hit, ShownHit};
use threadkeep_state::Shelf;

use super::snippet::Shown;
use super::{Match, Results};
use crate::commands::threads::of_kind;
use crate::output::Screen;
use crate::output::color::{BOLD, DIM, paint};
use crate::output::json::at;
use crate::output::table::{Cell, Column, table};

/// Lines of a snippet.
const LINES: usize = 2;
/// Place of the column of agents for a program.
const AGENT: usize = 3;
/// Columns of the words that were not found.
const WORDS: usize = 60;
/// The least room for a snippet.
const LEAST_ROOM: usize = 24;

impl Results {
    /// Renders the threads: each with its hits below it, or for a program one hit a line.
    pub(super) fn render(&self, screen: &Screen) -> String {
        if self.threads.is_empty() {
            return String::new();
        }
        if screen.is_plain() { self.rows(screen) } else { self.groups(screen) }
    }

    fn groups(&self, screen: &Screen) -> String {
        const COLUMNS: [Column; 4] = [
            Column::new("", usize::MAX, usize::MAX, 0, DIM),
            Column { floor: 10, ..Column::new("", 32, 80, 0, BOLD) },
            Column::new("", 10, 16, 3, DIM),
            Column { path: true, ..Column::new("", 18, 40, 4, DIM) },
        ];
        let head = |found: &Match| {
            vec![
                self.ids.cell("", found.thread.id, screen),
                thread_label(&found.thread).into(),
                if self.shows_agents { found.thread.agent() } else { "" }.to_owned().into(),
                folder(found).into(),
            ]
        };
        let heads: Vec<Vec<Cell>> = self.threads.iter().map(head).collect();
        let heads = table(&COLUMNS, &heads, screen.width);
        let clock = Clock::system();
        let mut text = String::new();
        // The first line has the titles of the columns.
        for (n, (found, head)) in self.threads.iter().zip(heads.lines().skip(1)).enumerate() {
            if n > 0 {
                text.push('\n');
            }
            text.push_str(head);
            text.push('\n');
            text.push_str(&hits(found, &clock, screen));
        }
        text
    }

    fn rows(&self, screen: &Screen) -> String {
        let mut titles = vec!["ID", "SAID AT", "FOLDER", "THREAD", "TURN", "BY", "TEXT"];
        titles.splice(AGENT..AGENT, self.shows_agents.then_some("AGENT"));
        let columns: Vec<Column> =
            titles.into_iter().map(|title| Column::new(title, usize::MAX, usize::MAX, 0, DIM)).collect();
        let rows = self.threads.iter().flat_map(|found| {
            found.hits.iter().map(move |(hit, shown)| {
                let mut cells: Vec<Cell> = vec![
                    self.ids.cell("", found.thread.id, screen),
                    at(shown.at).unwrap_or_default().into(),
                    folder(found).into(),
                    thread_label(&found.thread).into(),
                    shown.turn_number.map(|number| number.to_string()).unwrap_or_default().into(),
                    hit.said.as_str().to_owned().into(),
                    shown
                        .snippet
                        .as_ref()
                        .map(|snippet| Shown::new(snippet).line())
                        .unwrap_or_default()
                        .into(),
                ];
                let agent = || found.thread.agent().to_owned().into();
                cells.splice(AGENT..AGENT, self.shows_agents.then(agent));
                cells
            })
        });
        table(&columns, &rows.collect::<Vec<_>>(), screen.width)
    }

    /// Renders what is said below the threads.
    pub(super) fn footer(&self, screen: &Screen) -> String {
        let mut lines: Vec<String> = Vec::new();
        let left_out = self.left_out();
        if self.threads.is_empty() {
            lines.extend(screen.lines(&self.nothing()));
            lines.extend(left_out.iter().flat_map(|line| screen.lines(line)).map(|line| paint(DIM, &line)));
        } else {
            let (shown, total) = (self.threads.len() as u64, count(self.total));
            let is_all = shown == self.total && !self.has_more;
            let mut first = vec![match (is_all, self.has_more) {
                (true, _) => counted(shown, "thread"),
                (false, true) => format!("{} of {total} threads or more: --limit N shows more", count(shown)),
                (false, false) => format!("{} of {total} threads: --limit N shows more", count(shown)),
            }];
            first.extend(left_out);
            let mut said: Vec<String> = Vec::new();
            for part in first {
                match said.last_mut() {
                    Some(last) if width(last) + 3 + width(&part) <= screen.width => {
                        last.push_str(" · ");
                        last.push_str(&part);
                    }
                    _ => said.push(part),
                }
            }
            said.extend(self.read().map(|read| screen.render(read)));
            lines.extend(said.iter().map(|line| paint(DIM, line)));
        }
        lines.into_iter().map(|line| line + "\n").collect()
    }

    /// Returns the command that reads the best hit.
    fn read(&self) -> Option<Message> {
        let best = self.threads.first()?;
        let turn = best.hits.iter().find_map(|(_, shown)| shown.turn_number)?;
        let read = command("threads read").arg(self.ids.short(best.thread.id)).append("--turn").arg(turn);
        Some(("read: ", read).into())
    }

    /// Says that nothing was found, and what was searched.
    fn nothing(&self) -> String {
        let shelf = match self.list.shelf {
            Shelf::Archived => "archived threads",
            Shelf::Any => "threads",
            _ => "current threads",
        };
        let own = if self.chooses_kinds() { "" } else { " of yours" };
        let text = fit(&one_line(&self.query.text), WORDS).into_owned();
        let said = if text.contains(' ') && text.matches('"').count() != 2 { "all of " } else { "" };
        let searched = match self.extent.indexed {
            0 => return "Nothing is indexed yet.".to_owned(),
            indexed => counted(indexed, "rollout"),
        };
        let options = &self.left_out.options;
        let options = if options.is_empty() { String::new() } else { format!(" with {}", options.join(" ")) };
        format!("No message in {shelf}{own} has {said}{text}{options}; {searched} searched.")
    }

    fn chooses_kinds(&self) -> bool {
        self.list.all || self.list.names_sources()
    }

    /// Says which threads match and are not shown.
    fn left_out(&self) -> Vec<String> {
        let left_out = &self.left_out;
        let mut said = Vec::new();
        let kinds: Vec<String> =
            left_out.kinds.iter().map(|(kind, number)| of_kind(*kind, *number)).collect();
        if !kinds.is_empty() {
            said.push(format!("{}: --all searches them", kinds.join(", ")));
        }
        match (left_out.other_shelf, self.list.shelf) {
            (0, _) => {}
            (number, Shelf::Archived) => {
                said.push(format!("{} current: leave out --archived", count(number)));
            }
            (number, _) => said.push(format!("{} archived: --any searches them", count(number))),
        }
        if left_out.missing > 0 {
            let threads = counted(left_out.missing, "thread");
            said.push(format!("{threads} without a rollout, of which nothing can be shown"));
        }
        let without = left_out.without.iter();
        said.extend(
            without.map(|(typed, number)| format!("without {typed}: {}", counted(*number, "thread"))),
        );
        said
    }
}

fn folder(found: &Match) -> String {
    let user_home = std::env::home_dir();
    found.thread.cwd.as_deref().map(|cwd| one_line(&tilde(cwd, user_home.as_deref()))).unwrap_or_default()
}

/// Renders the hits of a thread, with their snippets under each other.
fn hits(found: &Match, clock: &Clock, screen: &Screen) -> String {
    let label = |(hit, shown): &(Hit, ShownHit)| {
        let turn = shown.turn_number.map(|number| format!("turn {number}")).unwrap_or_default();
        [turn, shown.at.map(|at| clock.short(at)).unwrap_or_default(), hit.said.as_str().to_owned()]
    };
    let labels: Vec<[String; 3]> = found.hits.iter().map(label).collect();
    let rooms = [0, 1, 2].map(|n| labels.iter().map(|label| width(&label[n])).max().unwrap_or(0));
    let indent = 2 + rooms.iter().map(|room| room + 2).sum::<usize>();
    // On a narrow terminal, snippets stand below their labels.
    let is_narrow = screen.width < indent + LEAST_ROOM;
    let indent = if is_narrow { 4 } else { indent };
    let room = screen.width.saturating_sub(indent).max(LEAST_ROOM);
    let mut text = String::new();
    for (label, (_, shown)) in labels.iter().zip(&found.hits) {
        let label: String = label.iter().zip(rooms).map(|(part, room)| pad(part, room + 2, false)).collect();
        let lines = match &shown.snippet {
            Some(snippet) if screen.verbose => Shown::new(snippet).lines(room, usize::MAX),
            Some(snippet) => Shown::new(snippet).lines(room, LINES),
            None => vec![paint(DIM, "(its rollout has changed or is gone)")],
        };
        if is_narrow {
            text.push_str(&format!("  {}\n", paint(DIM, label.trim_end())));
        }
        for (n, line) in lines.iter().enumerate() {
            let is_labelled = n == 0 && !is_narrow;
            let before = if is_labelled { paint(DIM, &label) } else { " ".repeat(indent - 2) };
            text.push_str(&format!("  {before}{line}\n"));
        }
    }
    if found.more > 0 {
        let more = format!("  {} more in this thread", count(found.more));
        text.push_str(&paint(DIM, &more));
        text.push('\n');
    }
    text
}

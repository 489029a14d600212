//! The table that `threads` shows to people, and the reason for an empty one.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::PathBuf;

use threadkeep_app::text::{count, counted, one_line, shell_os_word, shell_word, width};
use threadkeep_app::time::Clock;
use threadkeep_app::{Message, command};
use threadkeep_state::{Cursor, Inventory, ListThreads, Shelf, SortKey, Thread, ThreadPage};
use threadkeep_state_goals::Goal;
use uuid::Uuid;

use crate::commands::goals;
use crate::output::Screen;
use crate::output::color::{BOLD, CYAN, DIM, paint};
use crate::output::table::{Cell, Column, table};
use threadkeep_app::label::{kind_of_source, short_ids, thread_label, tilde};

/// A page of threads, and the facts about it.
pub(super) struct List {
    pub(super) page: ThreadPage,
    /// Goals of the threads that have one.
    pub(super) goals: HashMap<Uuid, Goal>,
    pub(super) query: ListThreads,
    /// All that is indexed; counted for people alone.
    pub(super) inventory: Inventory,
    pub(super) home: PathBuf,
    /// Reason why the list may not be complete.
    pub(super) incomplete: Option<Message>,
    /// True if the index was brought up to date, as far as the home could be read.
    pub(super) refreshed: bool,
}

/// Column of the goal.
const GOAL: usize = 3;

impl List {
    /// Renders the page.
    pub(super) fn render(&self, screen: &Screen) -> String {
        let threads = &self.page.threads;
        if threads.is_empty() {
            return if screen.quiet { String::new() } else { self.why_empty(screen) };
        }
        let (clock, user_home) = (Clock::system(), std::env::home_dir());
        let row = |(thread, id): (&Thread, String)| {
            let time = match self.sorted_by() {
                SortKey::Created => thread.created_at,
                SortKey::Updated => thread.updated_at,
            };
            let folder = thread.cwd.as_deref().map(|cwd| tilde(cwd, user_home.as_deref()));
            let field = |field: &Option<String>| field.as_deref().map(one_line).unwrap_or_default();
            let mut cells = [
                id,
                clock.short(time),
                thread_label(thread),
                String::new(),
                folder.as_deref().map(one_line).unwrap_or_default(),
                field(&thread.git_branch),
                field(&thread.model),
                thread.source.as_deref().map(kind_of_source).unwrap_or_default(),
            ]
            .map(Cell::from);
            if let Some(goal) = self.goals.get(&thread.id) {
                cells[GOAL] = Cell::styled(goals::style(goal.status), goals::summary(goal));
            }
            cells.to_vec()
        };
        let ids = short_ids(threads.iter().map(|thread| thread.id));
        let rows: Vec<Vec<Cell>> = threads.iter().zip(ids).map(row).collect();
        let mut text = table(&self.columns(), &rows, screen.width);
        // A page that is not full is the last one; its cursor serves to ask again later.
        let is_full = self.query.limit.is_none_or(|limit| threads.len() as u64 >= u64::from(limit));
        if let Some(next) = self.page.next_cursor.as_ref().filter(|_| is_full && !screen.quiet) {
            text.push_str(&self.footer(&next_command(next, std::env::args_os().skip(1)), screen.width));
        }
        text
    }

    fn sorted_by(&self) -> SortKey {
        let of_cursor = self.query.cursor.as_ref().map(Cursor::sort_key);
        of_cursor.or(self.query.sort).unwrap_or_default()
    }

    fn columns(&self) -> [Column; 8] {
        let time = if self.sorted_by() == SortKey::Created { "CREATED" } else { "UPDATED" };
        [
            // A printed id is meant to be typed: it is never cut.
            Column::new("ID", usize::MAX, usize::MAX, 0, CYAN),
            Column::new(time, 12, 12, 1, DIM),
            Column { floor: 10, ..Column::new("THREAD", 32, usize::MAX, 0, BOLD) },
            Column::new("GOAL", 14, 24, 2, DIM),
            Column { path: true, ..Column::new("FOLDER", 18, 32, 3, DIM) },
            Column::new("BRANCH", 10, 20, 4, DIM),
            Column::new("MODEL", 12, 20, 5, DIM),
            Column::new("SOURCE", 6, 10, 6, DIM),
        ]
    }

    /// Says how many are shown, and the command for more: on one line if it fits.
    fn footer(&self, next: &str, room: usize) -> String {
        let shown = self.page.threads.len() as u64;
        let list = if self.query.shelf == Shelf::Archived {
            self.inventory.archived
        } else {
            self.inventory.current
        };
        let shown = if self.filters().is_empty() && self.query.cursor.is_none() {
            format!("{} of {}", count(shown), count(list))
        } else {
            format!("{} shown", count(shown))
        };
        let line = format!("{shown} · next: {next}");
        if width(&line) <= room {
            return paint(DIM, &line) + "\n";
        }
        paint(DIM, &shown) + "\n" + &paint(DIM, &format!("next: {next}")) + "\n"
    }

    /// Says why the list is empty, and what to do about it.
    fn why_empty(&self, screen: &Screen) -> String {
        let Inventory { current, archived, files, missing, .. } = self.inventory;
        let backfill = |does: &str| Message::from((command("backfill"), does.to_owned()));
        let (why, remedy): (Message, Message) = if self.query.cursor.is_some() {
            ("Nothing lies beyond this cursor.".into(), "Leave out --cursor to see the first page.".into())
        } else if files == 0 && !self.refreshed {
            ("Nothing is indexed yet.".into(), backfill(" indexes the home's rollouts."))
        } else if files == 0 && self.incomplete.is_some() {
            ("No rollouts could be read.".into(), backfill(" shows which places could not be read."))
        } else if files == 0 && current + archived == 0 {
            (
                format!("No rollouts in {}.", self.home.join("sessions").display()).into(),
                "They appear once an agent has worked there; --home DIR looks at another home.".into(),
            )
        } else if !self.filters().is_empty() {
            let remedy = match (self.query.shelf == Shelf::Archived, archived, current) {
                (false, 1.., _) => "Leave out a filter, or search the archive with --archived.",
                (true, _, 1..) => "Leave out a filter, or search the current threads without --archived.",
                _ => "Leave out a filter to see more.",
            };
            (self.no_match(), remedy.into())
        } else if self.query.shelf == Shelf::Archived {
            (
                "No thread is archived.".into(),
                format!("{} current: leave out --archived to see them.", counted(current, "thread")).into(),
            )
        } else if missing > 0 {
            let rollouts = format!("The rollouts of {} are missing.", counted(missing, "thread"));
            ("No current threads.".into(), rollouts.into())
        } else if archived > 0 {
            (
                "No current threads.".into(),
                format!("{} archived: --archived shows them.", counted(archived, "thread")).into(),
            )
        } else {
            let files = counted(files, "file");
            ("No threads.".into(), backfill(&format!(" shows what happened to {files}.")))
        };
        format!("{}\n{}\n", screen.render(why), paint(DIM, &screen.render(remedy)))
    }

    /// Says that no thread has the text that was searched, or matches the filters.
    fn no_match(&self) -> Message {
        let kind = if self.query.shelf == Shelf::Archived { "archived" } else { "current" };
        match (self.filters().as_slice(), &self.query.search) {
            ([_], Some(text)) => format!(
                "No {kind} thread has \"{text}\" in its name, title, first message, agent, folder, branch or model."
            )
            .into(),
            (filters, _) => format!("No {kind} thread matches {}.", filters.join(" ")).into(),
        }
    }

    /// Returns the filters as they can be typed.
    fn filters(&self) -> Vec<String> {
        let query = &self.query;
        let sources = query.sources.iter().map(|source| ("--source", source.to_string()));
        let folders = query.folders.iter().flatten().map(|folder| ("--cwd", folder.clone()));
        let texts = [("--provider", &query.provider), ("--search", &query.search)];
        let texts = texts.into_iter().filter_map(|(name, text)| Some((name, text.clone()?)));
        let filters = sources.chain(folders).chain(texts);
        filters.map(|(name, value)| format!("{name} {}", shell_word(&value))).collect()
    }
}

/// Returns the command that was typed, with another cursor.
fn next_command(cursor: &Cursor, typed: impl Iterator<Item = OsString>) -> String {
    let mut words = vec!["threadkeep".to_owned()];
    let mut typed = typed;
    while let Some(word) = typed.next() {
        if word == "--cursor" {
            typed.next();
        } else if !word.as_encoded_bytes().starts_with(b"--cursor=") {
            words.push(shell_os_word(&word));
        }
    }
    format!("{} --cursor {cursor}", words.join(" "))
}

#[cfg(test)]
#[path = "../../../tests/unit/commands_threads_table.rs"]
mod tests;

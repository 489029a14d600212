//! Footer of a list: its numbers, what it leaves out, and the command for more; and the reason for
//! an empty list.

use std::ffi::OsString;
use std::path::Path;

use threadkeep_app::dirs::path_word;
use threadkeep_app::text::{count, counted, shell_os_word, width};
use threadkeep_app::{Message, command};
use threadkeep_state::{Inventory, Shelf, ThreadKind};

use super::list::{HomePage, List};
use crate::output::Screen;
use crate::output::color::{DIM, paint};

impl List {
    /// Renders what is said below the table.
    pub(super) fn footer(&self, screen: &Screen) -> String {
        if let ([home], true) = (&self.homes[..], self.order.is_empty()) {
            return self.why_empty(home, screen);
        }
        if self.order.is_empty() {
            let empty = screen.lines(&screen.render(self.no_match()));
            let hidden = self.hidden(screen);
            let hidden = hidden.iter().flat_map(|line| screen.lines(line)).map(|line| paint(DIM, &line));
            return empty.into_iter().chain(hidden).map(|line| line + "\n").collect();
        }
        let mut lines = Vec::new();
        let next = self.next();
        let left_out = self.left_out();
        let shown = self.order.len() as u64;
        let is_whole = next.is_none() && self.query.cursor.is_none();
        if next.is_some() || left_out.is_some() {
            let total = self.homes.iter().map(|home| self.total(home)).sum::<Option<u64>>();
            lines.push(match total.filter(|_| self.query.cursor.is_none()) {
                Some(total) => format!("{} of {}", count(shown), count(total)),
                None if is_whole => format!("{0} of {0}", count(shown)),
                None => format!("{} shown", count(shown)),
            });
        }
        for said in [left_out, next].into_iter().flatten() {
            match lines.last_mut() {
                Some(last) if width(last) + 3 + width(&said) <= screen.width => {
                    last.push_str(" · ");
                    last.push_str(&said);
                }
                _ => lines.push(said),
            }
        }
        lines.extend(self.hidden(screen).iter().flat_map(|line| screen.lines(line)));
        lines.into_iter().map(|line| paint(DIM, &line) + "\n").collect()
    }

    /// Returns the command for more threads.
    fn next(&self) -> Option<String> {
        let typed = || std::env::args_os().skip(1);
        match &self.homes[..] {
            [home] => {
                // A page that is not full is the last one; its cursor serves to ask again later.
                let is_full =
                    self.query.limit.is_none_or(|limit| self.order.len() as u64 >= u64::from(limit));
                let next = home.page.next_cursor.as_ref().filter(|_| is_full)?;
                Some(format!("next: {}", typed_with("--cursor", &next.to_string(), typed())))
            }
            homes => {
                let read: usize = homes.iter().map(|home| home.page.threads.len()).sum();
                let more = homes.iter().any(|home| home.page.next_cursor.is_some());
                (more || read > self.order.len()).then(|| "more: --limit N".to_owned())
            }
        }
    }

    /// Says how many threads are left out for their kind.
    fn left_out(&self) -> Option<String> {
        if self.chooses_kinds() {
            return None;
        }
        let kinds = ThreadKind::ALL.into_iter().filter(|kind| *kind != ThreadKind::User);
        let others = kinds.filter_map(|kind| {
            let number: u64 = self.homes.iter().map(|home| home.counts.of(kind)).sum();
            (number > 0).then(|| of_kind(kind, number))
        });
        let others = others.collect::<Vec<_>>().join(", ");
        (!others.is_empty()).then(|| format!("{others}: --all lists them"))
    }

    pub(super) fn chooses_kinds(&self) -> bool {
        self.query.all || self.query.shelf == Shelf::Missing || self.query.names_sources()
    }

    /// Returns the number of threads that the list has on all its pages; `None` if they are too
    /// many to be counted.
    fn total(&self, home: &HomePage) -> Option<u64> {
        let counts = Some(&home.counts).filter(|counts| !counts.is_cut)?;
        Some(if self.chooses_kinds() { counts.total() } else { counts.of(ThreadKind::User) })
    }

    /// Says how many threads cannot be listed because of their rollouts.
    fn hidden(&self, screen: &Screen) -> Vec<String> {
        let sum = |number: fn(&HomePage) -> u64| self.homes.iter().map(number).sum::<u64>();
        let (missing, unreadable) = (sum(|home| home.missing), sum(|home| home.hidden.unreadable));
        let mut lines = Vec::new();
        if missing > 0 {
            let rollouts = if missing == 1 { "its rollout is" } else { "their rollouts are" };
            lines.push(format!(
                "{} left out, because {rollouts} missing: --missing shows more",
                counted(missing, "thread")
            ));
        }
        lines.extend(unreadable_files(unreadable).map(|message| screen.render(message)));
        if self.query.shelf == Shelf::Missing && !self.order.is_empty() {
            lines.push("A thread is listed again once its rollout is back.".to_owned());
        }
        lines
    }

    /// Says why the list is empty, and what to do about it.
    fn why_empty(&self, home: &HomePage, screen: &Screen) -> String {
        let Inventory { current, archived, files, missing, .. } = home.inventory;
        let backfill = |does: &str| Message::from((command("backfill"), does.to_owned()));
        let is_new = files == 0 && current + archived + missing == 0;
        let (why, remedy): (Message, Message) = if self.query.cursor.is_some() {
            ("Nothing lies beyond this cursor.".into(), "Leave out --cursor to see the first page.".into())
        } else if files == 0 && !home.refreshed.passed {
            ("Nothing is indexed yet.".into(), backfill(" indexes the home's rollouts."))
        } else if files == 0 && home.refreshed.incomplete.is_some() {
            ("No rollouts could be read.".into(), backfill(" shows which places could not be read."))
        } else if is_new && home.counts.total() == 0 {
            (
                format!("No rollouts in {}.", home.home.join("sessions").display()).into(),
                "They appear once an agent has worked there; --home DIR looks at another home.".into(),
            )
        } else {
            let files = || {
                let files = counted(files, "file");
                let is_lost = current + archived + missing == 0 && home.counts.total() == 0;
                is_lost.then(|| backfill(&format!(" shows what happened to {files}.")))
            };
            (self.no_match(), self.remedy(home).map(Message::from).or_else(files).unwrap_or_default())
        };
        let unreadable = unreadable_files(home.hidden.unreadable);
        let mut text = screen.lines(&screen.render(why)).join("\n") + "\n";
        let remedy = Some(remedy).filter(|remedy| *remedy != Message::default());
        for message in [remedy, unreadable].into_iter().flatten() {
            for line in screen.lines(&screen.render(message)) {
                text.push_str(&format!("{}\n", paint(DIM, &line)));
            }
        }
        text
    }

    /// Says that no thread has the text that was searched, or matches the filters.
    fn no_match(&self) -> Message {
        let kind = match self.query.shelf {
            Shelf::Current => "current thread",
            Shelf::Archived => "archived thread",
            Shelf::Any => "thread",
            Shelf::Missing => "thread without its rollout",
        };
        let own = if self.chooses_kinds() { "" } else { " of yours" };
        let typed: Vec<&str> = self.filters.iter().map(|filter| filter.typed.as_str()).collect();
        match (typed.as_slice(), &self.query.search, self.query.shelf) {
            ([], _, Shelf::Current) => "No current threads.".into(),
            ([], _, Shelf::Archived) => "No thread is archived.".into(),
            ([], _, Shelf::Any) => "No threads.".into(),
            ([], _, Shelf::Missing) => "No rollout is missing.".into(),
            ([_], Some(text), _) => format!(
                "No {kind}{own} has \"{text}\" in its name, title, first message, sub-agent names, folder, branch or model."
            )
            .into(),
            (typed, search, _) => {
                let fields = "name, title, first message, sub-agent names, folder, branch and model";
                let searched = search.as_ref().map(|_| format!(" --search looks at {fields}."));
                format!("No {kind}{own} matches {}.{}", typed.join(" "), searched.unwrap_or_default()).into()
            }
        }
    }

    /// Says where matching threads are.
    fn remedy(&self, home: &HomePage) -> Option<String> {
        let mut elsewhere = Vec::new();
        elsewhere.extend(self.left_out());
        let other = home.elsewhere.other_shelf;
        match self.query.shelf {
            _ if other == 0 => {}
            Shelf::Current => elsewhere.push(format!("{} archived: --archived lists them", count(other))),
            Shelf::Archived => elsewhere.push(format!("{} current: leave out --archived", count(other))),
            Shelf::Missing | Shelf::Any => {}
        }
        if home.missing > 0 {
            elsewhere.push(format!("{} without a rollout: --missing lists them", count(home.missing)));
        }
        let without = self.filters.iter().zip(&home.elsewhere.without).filter(|(_, number)| **number > 0);
        elsewhere.extend(
            without
                .map(|(filter, number)| format!("without {}: {}", filter.name, counted(*number, "thread"))),
        );
        if elsewhere.is_empty() {
            return (!self.filters.is_empty()).then(|| "Leave out a filter to see more.".to_owned());
        }
        Some(elsewhere.join("; ") + ".")
    }
}

/// Says how many files are left out or are shown in part.
fn unreadable_files(number: u64) -> Option<Message> {
    let said = format!("{} with problems; ", counted(number, "file"));
    (number > 0).then(|| (said, command("backfill"), " shows which").into())
}

/// Renders a number of threads of a kind: `23 sub-agents`.
pub(in crate::commands) fn of_kind(kind: ThreadKind, number: u64) -> String {
    match kind {
        ThreadKind::Subagent => counted(number, "sub-agent"),
        ThreadKind::Review => counted(number, "review"),
        ThreadKind::Guardian => counted(number, "approval review"),
        ThreadKind::Memory => counted(number, "memory run"),
        ThreadKind::Fork => counted(number, "attached fork"),
        ThreadKind::Empty => format!("{} empty", count(number)),
        _ => counted(number, "thread"),
    }
}

/// Returns the command that was typed, with another value of an option at its end. Folders that
/// were named from the current one are named from the root.
pub(super) fn typed_with(option: &str, value: &str, typed: impl Iterator<Item = OsString>) -> String {
    let mut words = vec!["threadkeep".to_owned()];
    let mut typed = typed;
    let mut is_folder = false;
    while let Some(word) = typed.next() {
        if word == option {
            typed.next();
        } else if !word.as_encoded_bytes().starts_with(format!("{option}=").as_bytes()) {
            let is_relative = word.as_encoded_bytes().starts_with(b".");
            words.push(match word.to_str().and_then(|word| word.split_once('=')) {
                Some((name, folder)) if FOLDERS.contains(&name) && folder.starts_with('.') => {
                    format!("{name}={}", path_word(Path::new(folder)))
                }
                _ if is_folder && is_relative => path_word(Path::new(&word)),
                _ => shell_os_word(&word),
            });
            is_folder = FOLDERS.iter().any(|name| word == *name);
        }
    }
    format!("{} {option} {value}", words.join(" "))
}

/// Options with a folder.
const FOLDERS: [&str; 4] = ["--cwd", "--repo", "--home", "--sqlite-home"];

#[cfg(test)]
#[path = "../../../tests/unit/commands_threads_footer.rs"]
mod tests;

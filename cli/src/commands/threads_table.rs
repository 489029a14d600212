//! The table that `threads` shows to people, and what stands in its place when there is nothing to show.

use std::ffi::OsString;
use std::path::Path;

use serde_json::Value;
use threadkeep_redact::redact;
use threadkeep_state::{Cursor, Inventory, SortKey, Thread};
use uuid::Uuid;

use super::goal_text;
use super::threads_list::List;
use crate::output::Screen;
use crate::output::color::{BOLD, CYAN, DIM, paint};
use crate::output::table::{Cell, Column, table};
use crate::output::text::{clean, count, one_line, shell_os_word, shell_word, things, width};
use crate::output::time::Clock;

/// The characters of an id that are shown at least: the time in it, to the millisecond.
const SHORT_ID: usize = 13;

/// The place of the goal in a row.
const GOAL: usize = 3;

/// Renders a page.
pub(super) fn render(list: &List, screen: &Screen) -> String {
    if list.page.threads.is_empty() {
        return if screen.quiet { String::new() } else { screen.typable(&list.why_empty()) };
    }
    let clock = Clock::system();
    let ids = short_ids(list.page.threads.iter().map(|thread| thread.id));
    let user_home = std::env::home_dir();
    let rows: Vec<Vec<Cell>> = list
        .page
        .threads
        .iter()
        .zip(ids)
        .map(|(thread, id)| {
            let time = match list.sorted_by() {
                SortKey::Created => thread.created_at,
                SortKey::Updated => thread.updated_at,
            };
            let folder = thread.cwd.as_deref().map(|cwd| tilde(cwd, user_home.as_deref()));
            let field = |field: &Option<String>| field.as_deref().map(one_line).unwrap_or_default();
            let mut cells = [
                id,
                clock.short(time),
                what(thread),
                String::new(),
                folder.as_deref().map(one_line).unwrap_or_default(),
                field(&thread.git_branch),
                field(&thread.model),
                thread.source.as_deref().map(kind_of_source).unwrap_or_default(),
            ]
            .map(Cell::from);
            if let Some(goal) = list.goals.get(&thread.id) {
                cells[GOAL] = Cell::styled(goal_text::style(goal.status), goal_text::summary(goal));
            }
            cells.to_vec()
        })
        .collect();
    let mut text = table(&list.columns(), &rows, screen.width);
    // A page that was not filled has everything; its cursor only serves to ask again later.
    let is_full = list.query.limit.is_none_or(|limit| list.page.threads.len() as u64 >= u64::from(limit));
    if let Some(next) = list.page.next_cursor.as_ref().filter(|_| is_full && !screen.quiet) {
        text.push_str(&list.footer(&next_command(next, std::env::args_os().skip(1)), screen.width));
    }
    text
}

impl List {
    fn sorted_by(&self) -> SortKey {
        let of_cursor = self.query.cursor.as_ref().map(Cursor::sort_key);
        of_cursor.or(self.query.sort).unwrap_or_default()
    }

    fn columns(&self) -> [Column; 8] {
        let time = if self.sorted_by() == SortKey::Created { "CREATED" } else { "UPDATED" };
        [
            // Whatever is printed of an id is meant to be typed back: it is never cut.
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

    /// How many that were, and what to type for more: on one line if it fits.
    fn footer(&self, next: &str, room: usize) -> String {
        let shown = self.page.threads.len() as u64;
        let list = if self.query.archived { self.inventory.archived } else { self.inventory.current };
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

    /// Why there is nothing to see, and what to do about it.
    fn why_empty(&self) -> String {
        let Inventory { current, archived, files, missing, .. } = self.inventory;
        let filters = self.filters();
        let lines = if self.query.cursor.is_some() {
            [
                "Nothing lies beyond this cursor.".to_owned(),
                "Leave out --cursor to see the first page.".to_owned(),
            ]
        } else if files == 0 && !self.refreshed {
            [
                "Nothing is indexed yet.".to_owned(),
                "`threadkeep backfill` indexes the home's rollouts.".to_owned(),
            ]
        } else if files == 0 && self.incomplete.is_some() {
            [
                "No rollouts could be seen.".to_owned(),
                "`threadkeep backfill` says which places could not be looked into.".to_owned(),
            ]
        } else if files == 0 && current + archived == 0 {
            [
                format!("No rollouts in {}.", clean(&self.home.join("sessions").display().to_string())),
                "They appear once an agent has worked there; --home DIR looks at another home.".to_owned(),
            ]
        } else if !filters.is_empty() {
            [
                format!("No thread matches {}.", clean(&redact(&filters.join(" ")))),
                match (self.query.archived, archived, current) {
                    (false, 1.., _) => "Leave out a filter, or look among the archived ones with --archived.",
                    (true, _, 1..) => {
                        "Leave out a filter, or look among the current ones without --archived."
                    }
                    _ => "Leave out a filter to see more.",
                }
                .to_owned(),
            ]
        } else if self.query.archived {
            [
                "No thread is archived.".to_owned(),
                format!("{} current: leave out --archived to see them.", things(current, "thread")),
            ]
        } else if archived > 0 {
            [
                "No current threads.".to_owned(),
                format!("{} archived: see them with --archived.", things(archived, "thread")),
            ]
        } else if missing > 0 {
            [
                "No current threads.".to_owned(),
                format!("The rollouts of {} are missing.", things(missing, "thread")),
            ]
        } else {
            [
                "No threads.".to_owned(),
                format!("`threadkeep backfill` says what became of {}.", things(files, "file")),
            ]
        };
        let [what, remedy] = lines;
        format!("{what}\n{}\n", paint(DIM, &remedy))
    }

    /// The filters as they can be typed.
    fn filters(&self) -> Vec<String> {
        let query = &self.query;
        [
            ("--source", &query.source),
            ("--provider", &query.provider),
            ("--cwd", &query.cwd),
            ("--search", &query.search),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some(format!("{name} {}", shell_word(value.as_deref()?))))
        .collect()
    }
}

/// The beginning of each id that tells it from the others of a page: the short one, and more only where that collides.
pub(super) fn short_ids(ids: impl Iterator<Item = Uuid>) -> Vec<String> {
    let ids: Vec<String> = ids.map(|id| id.hyphenated().to_string()).collect();
    let mut sorted: Vec<&String> = ids.iter().collect();
    sorted.sort_unstable();
    sorted.dedup();
    let common = |one: &str, other: &str| one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    let short = |id: &String| {
        // The ones most alike are next to each other.
        let at = sorted.partition_point(|other| *other < id);
        let neighbours = [at.checked_sub(1), at.checked_add(1)].into_iter().flatten();
        let alike = neighbours.filter_map(|at| sorted.get(at)).map(|other| common(id, other)).max();
        id[..alike.map_or(SHORT_ID, |alike| SHORT_ID.max(alike + 1)).min(id.len())].to_owned()
    };
    ids.iter().map(short).collect()
}

/// What a thread is called.
pub(super) fn what(thread: &Thread) -> String {
    [&thread.name, &thread.title, &thread.preview, &thread.first_user_message]
        .into_iter()
        .flatten()
        .map(|text| one_line(text))
        .find(|text| !text.is_empty())
        .unwrap_or_else(|| "(nothing said yet)".to_owned())
}

/// A path with the user's home as `~`.
fn tilde(path: &str, user_home: Option<&Path>) -> String {
    let inside = user_home
        .filter(|home| home.parent().is_some())
        .and_then(|home| Path::new(path).strip_prefix(home).ok());
    match inside {
        Some(rest) if rest.as_os_str().is_empty() => "~".to_owned(),
        Some(rest) => format!("~/{}", rest.display()),
        None => path.to_owned(),
    }
}

/// The word of a source: `subagent` for `{"subagent":…}`.
pub(super) fn kind_of_source(source: &str) -> String {
    let object = serde_json::from_str::<serde_json::Map<String, Value>>(source).ok();
    let kind = object.and_then(|object| object.into_iter().next()).map(|(kind, _)| kind);
    one_line(&kind.unwrap_or_else(|| source.to_owned()))
}

/// The command that was typed, with another cursor.
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
mod tests {
    use super::*;

    #[test]
    fn only_ids_that_collide_get_longer() {
        let id = |n: u128| Uuid::from_u128(0x01a2_036c_de71_7000_8000_0000_0000_0000 + n);
        let other = Uuid::from_u128(0x01a2_036c_ffff_7000_8000_0000_0000_0000);
        let shorter = id(0x0fff << 64);
        let ids = [id(0x1), other, id(0x2), shorter, id(0x10)];
        assert_eq!(
            short_ids(ids.into_iter()),
            [
                "01a2036c-de71-7000-8000-000000000001",
                "01a2036c-ffff",
                "01a2036c-de71-7000-8000-000000000002",
                "01a2036c-de71-7f",
                "01a2036c-de71-7000-8000-00000000001",
            ]
        );
        assert_eq!(short_ids([other].into_iter()), ["01a2036c-ffff"]);
    }

    #[test]
    fn home_is_a_tilde() {
        let home = Some(Path::new("/home/ada"));
        assert_eq!(tilde("/home/ada", home), "~");
        assert_eq!(tilde("/home/ada/work", home), "~/work");
        assert_eq!(tilde("/home/adalbert", home), "/home/adalbert");
        assert_eq!(tilde("/srv", Some(Path::new("/"))), "/srv");
    }

    #[test]
    fn the_next_command_is_the_one_that_was_typed() -> anyhow::Result<()> {
        let cursor: Cursor = "v1udf.1795353796213.01a2036cde7177f1a9e33c28701bba61".parse()?;
        let typed =
            ["threads", "--cursor", "old", "--search", "two words", "--cursor=older"].map(OsString::from);
        let next = next_command(&cursor, typed.into_iter());
        assert_eq!(next, format!("threadkeep threads --search 'two words' --cursor {cursor}"));
        Ok(())
    }

    #[test]
    fn a_source_is_one_word() {
        assert_eq!(kind_of_source("exec"), "exec");
        assert_eq!(kind_of_source(r#"{"subagent":{"thread_spawn":{}}}"#), "subagent");
    }
}

//! `threads`: a page of threads as a table, and where the next one begins.

use std::collections::HashSet;
use std::path::{Component, Path, PathBuf};

use serde_json::{Value, json};
use threadkeep_state::{
    Cursor, DEFAULT_PAGE, Inventory, ListThreads, SortDirection, SortKey, Thread, ThreadPage,
};

use crate::args::{ListArgs, Sort};
use crate::homes::Homes;
use crate::index::{Access, Index};
use crate::output::color::{BOLD, CYAN, DIM, paint};
use crate::output::table::{Column, table};
use crate::output::text::{clean, count, one_line, shell_word, things, width};
use crate::output::time::Clock;
use crate::output::{Answer, Screen, json};
use crate::pass;

/// The threads of a page for people: about what fits on a screen.
const PAGE_FOR_PEOPLE: u32 = 20;
/// The characters of an id that are shown at least: the time in it, to the millisecond.
const SHORT_ID: usize = 13;

/// A page, and what is needed to speak about it.
pub(super) struct List {
    page: ThreadPage,
    query: ListThreads,
    inventory: Inventory,
    home: PathBuf,
    /// Why it may not be all.
    incomplete: Option<String>,
}

pub(super) async fn list(homes: &Homes, args: &ListArgs, screen: &Screen) -> anyhow::Result<List> {
    let query = query(args, screen)?;
    let home = homes.agent_home()?;
    let index = Index::for_reading(homes, screen).await?;
    let mut incomplete = None;
    if !args.no_refresh || index.access == Access::Temporary {
        incomplete = pass::refresh(&index, &home, screen).await?;
    }
    if let Some(reason) = &incomplete {
        screen.note(&format!("{reason}; the list may be incomplete"));
    }
    let page = index.state.threads().list(&query).await?;
    let inventory = index.state.inventory().await?;
    index.close().await?;
    Ok(List { page, query, inventory, home: homes.home.clone(), incomplete })
}

fn query(args: &ListArgs, screen: &Screen) -> anyhow::Result<ListThreads> {
    let limit = args.limit.unwrap_or(if screen.json { DEFAULT_PAGE } else { PAGE_FOR_PEOPLE });
    Ok(ListThreads {
        sort: args.sort.map(|sort| match sort {
            Sort::Created => SortKey::Created,
            Sort::Updated => SortKey::Updated,
        }),
        direction: if args.asc { SortDirection::Ascending } else { SortDirection::Descending },
        limit: Some(limit),
        cursor: args.cursor.as_deref().map(str::parse::<Cursor>).transpose()?,
        archived: args.archived,
        source: args.source.clone(),
        provider: args.provider.clone(),
        cwd: args.cwd.as_deref().map(absolute).transpose()?,
        search: args.search.clone(),
    })
}

/// The folder as an agent writes it down: absolute, without `.`, `..` and a slash at its end.
fn absolute(folder: &Path) -> anyhow::Result<String> {
    let mut path = PathBuf::new();
    for component in std::path::absolute(folder)?.components() {
        match component {
            Component::ParentDir => {
                path.pop();
            }
            Component::CurDir => {}
            other => path.push(other),
        }
    }
    Ok(path.to_string_lossy().into_owned())
}

impl Answer for List {
    fn json(&self) -> Value {
        let mut document = json!({
            "threads": self.page.threads.iter().map(json::thread).collect::<Vec<_>>(),
            "next_cursor": self.page.next_cursor.as_ref().map(ToString::to_string),
            "backwards_cursor": self.page.backwards_cursor.as_ref().map(ToString::to_string),
        });
        // Only where it is so: a complete list is the rule.
        if let Some(reason) = &self.incomplete {
            document["incomplete"] = reason.as_str().into();
        }
        document
    }

    fn text(&self, screen: &Screen) -> String {
        if self.page.threads.is_empty() {
            return if screen.quiet { String::new() } else { self.why_empty() };
        }
        let clock = Clock::system();
        let ids = short_ids(&self.page.threads);
        let user_home = std::env::home_dir();
        let rows: Vec<Vec<String>> = self
            .page
            .threads
            .iter()
            .zip(ids)
            .map(|(thread, id)| {
                let time = match self.sorted_by() {
                    SortKey::Created => thread.created_at,
                    SortKey::Updated => thread.updated_at,
                };
                let folder = thread.cwd.as_deref().map(|cwd| tilde(cwd, user_home.as_deref()));
                let field = |field: &Option<String>| field.as_deref().map(one_line).unwrap_or_default();
                vec![
                    id,
                    clock.short(time),
                    what(thread),
                    folder.as_deref().map(one_line).unwrap_or_default(),
                    field(&thread.git_branch),
                    field(&thread.model),
                    thread.source.as_deref().map(kind_of_source).unwrap_or_default(),
                ]
            })
            .collect();
        let mut text = table(&self.columns(), &rows, screen.width);
        if let Some(next) = self.page.next_cursor.as_ref().filter(|_| !screen.quiet) {
            text.push_str(&self.footer(&next_command(next, std::env::args().skip(1)), screen.width));
        }
        text
    }
}

impl List {
    fn sorted_by(&self) -> SortKey {
        // A cursor knows its own; it prints it as its third character.
        let of_cursor = self.query.cursor.as_ref().map(|cursor| cursor.to_string().starts_with("v1c"));
        match (of_cursor, self.query.sort) {
            (Some(true), _) | (None, Some(SortKey::Created)) => SortKey::Created,
            _ => SortKey::Updated,
        }
    }

    fn columns(&self) -> [Column; 7] {
        let time = if self.sorted_by() == SortKey::Created { "CREATED" } else { "UPDATED" };
        let column = |title, min, max, rank, style| Column { title, min, max, rank, path: false, style };
        [
            column("ID", SHORT_ID, 36, 0, CYAN),
            column(time, 12, 12, 0, DIM),
            column("THREAD", 32, usize::MAX, 0, BOLD),
            Column { path: true, ..column("FOLDER", 18, 32, 1, DIM) },
            column("BRANCH", 10, 20, 2, DIM),
            column("MODEL", 12, 20, 3, DIM),
            column("SOURCE", 6, 10, 4, DIM),
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
        } else if files == 0 && current + archived == 0 {
            [
                format!("No rollouts in {}.", clean(&self.home.join("sessions").display().to_string())),
                "They appear once an agent has worked there; --home DIR looks at another home.".to_owned(),
            ]
        } else if !filters.is_empty() {
            [
                format!("No thread matches {}.", clean(&filters.join(" "))),
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
                format!("The rollouts of {} are gone.", things(missing, "thread")),
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

/// The beginnings of the ids that tell the threads of a page apart.
fn short_ids(threads: &[Thread]) -> Vec<String> {
    let ids: Vec<String> = threads.iter().map(|thread| thread.id.hyphenated().to_string()).collect();
    let all: HashSet<&String> = ids.iter().collect();
    let is_unique = |end: usize| ids.iter().map(|id| &id[..end]).collect::<HashSet<_>>().len() == all.len();
    let longest = ids.iter().map(String::len).max().unwrap_or(SHORT_ID);
    let end = (SHORT_ID..=longest).find(|end| is_unique(*end)).unwrap_or(longest);
    ids.iter().map(|id| id[..end].to_owned()).collect()
}

/// What a thread is called.
fn what(thread: &Thread) -> String {
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
fn kind_of_source(source: &str) -> String {
    let object = serde_json::from_str::<serde_json::Map<String, Value>>(source).ok();
    let kind = object.and_then(|object| object.into_iter().next()).map(|(kind, _)| kind);
    one_line(&kind.unwrap_or_else(|| source.to_owned()))
}

/// The command that was typed, with another cursor.
fn next_command(cursor: &Cursor, typed: impl Iterator<Item = String>) -> String {
    let mut words = vec!["threadkeep".to_owned()];
    let mut typed = typed;
    while let Some(word) = typed.next() {
        if word == "--cursor" {
            typed.next();
        } else if !word.starts_with("--cursor=") {
            words.push(shell_word(&clean(&word)).into_owned());
        }
    }
    format!("{} --cursor {cursor}", words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_what_an_agent_writes_down() -> anyhow::Result<()> {
        let here = std::env::current_dir()?.to_string_lossy().into_owned();
        assert_eq!(absolute(Path::new("."))?, here);
        assert_eq!(absolute(Path::new("./a/../b/"))?, format!("{here}/b"));
        assert_eq!(absolute(Path::new("/srv/work/"))?, "/srv/work");
        Ok(())
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
            ["threads", "--cursor", "old", "--search", "two words", "--cursor=older"].map(str::to_owned);
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

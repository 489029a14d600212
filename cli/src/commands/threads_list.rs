//! `threads`: a page of threads as a table, and where the next one begins.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use serde_json::{Value, json};
use threadkeep_state::{Cursor, DEFAULT_PAGE, Inventory, ListThreads, SortDirection, SortKey, ThreadPage};
use threadkeep_state_goals::Goal;
use uuid::Uuid;

use super::{goal_store, threads_table};
use crate::args::{ListArgs, Sort};
use crate::config::Settings;
use crate::exit::fault;
use crate::homes::Homes;
use crate::index::{Access, Index};
use crate::output::{Answer, Screen, json};
use crate::pass::{self, Refreshed};

/// The threads of a page for people: about what fits on a screen.
const PAGE_FOR_PEOPLE: u32 = 20;

/// A page, and what is needed to speak about it.
pub(super) struct List {
    pub(super) page: ThreadPage,
    /// The goals of those threads that have one.
    pub(super) goals: HashMap<Uuid, Goal>,
    pub(super) query: ListThreads,
    /// How much there is in all; counted for people alone.
    pub(super) inventory: Inventory,
    pub(super) home: PathBuf,
    /// Why it may not be all.
    pub(super) incomplete: Option<String>,
    /// Whether the index was brought up to date, as far as the home could be seen.
    pub(super) refreshed: bool,
}

pub(super) async fn list(
    homes: &Homes,
    args: &ListArgs,
    settings: &Settings,
    screen: &Screen,
) -> anyhow::Result<List> {
    let query = query(args, screen)?;
    let home = homes.agent_home()?;
    let index = Index::for_reading(homes, screen).await?;
    let refresh = !args.no_refresh || index.access == Access::Temporary;
    let refreshed = if refresh {
        pass::refresh(&index, &home, screen).await?
    } else {
        Refreshed { incomplete: pass::unfinished(&index).await?, ..Refreshed::default() }
    };
    let page = index.state.threads().list(&query).await?;
    if !refresh && page.threads.is_empty() && index.state.inventory().await?.files == 0 {
        // What would be said next is that an index run makes the list, and broken settings would stop it.
        home.config()?;
    }
    let inventory = if screen.json { Inventory::default() } else { index.state.inventory().await? };
    // That nothing is indexed at all is what a list without threads says itself.
    let is_said = !refresh && !screen.json && inventory.files == 0 && page.threads.is_empty();
    if let Some(reason) = refreshed.incomplete.as_ref().filter(|_| !is_said) {
        screen.note(&format!("{reason}; the list may be incomplete"));
    }
    let wants_failures = screen.verbose || page.threads.is_empty();
    if let Some(failures) = refreshed.failures().filter(|_| wants_failures) {
        screen.note(&failures);
    }
    index.close().await?;
    let ids: Vec<Uuid> = page.threads.iter().map(|thread| thread.id).collect();
    let goals = goal_store::of_threads(homes, &ids, settings, screen).await;
    Ok(List {
        page,
        goals,
        query,
        inventory,
        home: homes.home.clone(),
        refreshed: refreshed.passed,
        incomplete: refreshed.incomplete,
    })
}

fn query(args: &ListArgs, screen: &Screen) -> anyhow::Result<ListThreads> {
    let limit = args.limit.unwrap_or(if screen.json { DEFAULT_PAGE } else { PAGE_FOR_PEOPLE });
    let cursor = args.cursor.as_deref().map(str::parse::<Cursor>).transpose()?;
    if let Some(cursor) = cursor.as_ref().filter(|_| args.asc)
        && !cursor.continues(SortDirection::Ascending)
    {
        return Err(fault(
            format!("the cursor `{cursor}` belongs to a list with the newest first"),
            "leave out --asc: a cursor knows its own order",
        ));
    }
    Ok(ListThreads {
        sort: args.sort.map(|sort| match sort {
            Sort::Created => SortKey::Created,
            Sort::Updated => SortKey::Updated,
        }),
        direction: if args.asc { SortDirection::Ascending } else { SortDirection::Descending },
        limit: Some(limit),
        cursor,
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
        let threads = self.page.threads.iter();
        let mut document = json!({
            "threads": threads
                .map(|thread| json::thread(thread, self.goals.get(&thread.id)))
                .collect::<Vec<_>>(),
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
        threads_table::render(self, screen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_what_an_agent_writes_down() -> anyhow::Result<()> {
        let here = std::env::current_dir()?.to_string_lossy().into_owned();
        assert_eq!(absolute(Path::new("."))?, here);
        assert_eq!(absolute(Path::new("./a/../b/"))?, format!("{here}/b"));
        assert_eq!(absolute(Path::new("/srv/code/"))?, "/srv/code");
        Ok(())
    }
}

//! `threads`: a page of threads, and the cursor of the next one.

use std::path::{Component, Path, PathBuf};

use async_trait::async_trait;
use serde_json::{Value, json};
use threadkeep_app::message::typed;
use threadkeep_app::opening::{Access, Index};
use threadkeep_app::refresh::prepare;
use threadkeep_app::{Fault, Observer};
use threadkeep_state::{self as state, Cursor, DEFAULT_PAGE, Inventory, Shelf, SortDirection, SortKey};
use uuid::Uuid;

use super::table::List;
use crate::args::{ListArgs, Sort};
use crate::command::{Answered, Context, Run};
use crate::commands::goals::of_threads;
use crate::output::{Answer, Screen, json};

/// Threads on a page for people: about a screenful.
const PAGE_FOR_PEOPLE: u32 = 20;

/// The command.
pub(super) struct ListThreads<'a>(pub(super) &'a ListArgs);

#[async_trait(?Send)]
impl Run for ListThreads<'_> {
    async fn run(&self, context: &Context<'_>) -> Answered {
        let Context { dirs, screen, .. } = context;
        let query = query(self.0, screen)?;
        let home = dirs.agent_home()?;
        let index = Index::for_reading(dirs, *screen).await?;
        let refreshes = !self.0.no_refresh || index.access == Access::Temporary;
        let refreshed = prepare(&index, &home, refreshes, *screen).await?;
        let page = index.state.threads().list(&query).await?;
        if !refreshes && page.threads.is_empty() && index.state.inventory().await?.files == 0 {
            // The answer will say that an index run makes the list; broken settings would stop that
            // run.
            home.config()?;
        }
        let inventory = if screen.json { Inventory::default() } else { index.state.inventory().await? };
        // A list without threads says itself that nothing is indexed.
        let is_said = !refreshes && !screen.json && inventory.files == 0 && page.threads.is_empty();
        if let Some(reason) = refreshed.incomplete.clone().filter(|_| !is_said) {
            screen.note(&reason.append("; the list may be incomplete"));
        }
        let wants_failures = screen.verbose || page.threads.is_empty();
        if let Some(failures) = refreshed.failures().filter(|_| wants_failures) {
            screen.note(&failures);
        }
        index.close().await?;
        let ids: Vec<Uuid> = page.threads.iter().map(|thread| thread.id).collect();
        let goals = of_threads(context, &ids).await;
        Ok(Box::new(List {
            page,
            goals,
            query,
            inventory,
            home: dirs.home.clone(),
            refreshed: refreshed.passed,
            incomplete: refreshed.incomplete,
        }))
    }
}

fn query(args: &ListArgs, screen: &Screen) -> Result<state::ListThreads, Fault> {
    let limit = args.limit.unwrap_or(if screen.json { DEFAULT_PAGE } else { PAGE_FOR_PEOPLE });
    let cursor = args.cursor.as_deref().map(str::parse::<Cursor>).transpose()?;
    if let Some(cursor) = cursor.as_ref().filter(|_| args.asc)
        && !cursor.continues(SortDirection::Ascending)
    {
        return Err(Fault::new(
            ("the cursor ", typed(&cursor.to_string()), " belongs to a list with the newest first"),
            "leave out --asc: a cursor knows its own order",
        ));
    }
    Ok(state::ListThreads {
        sort: args.sort.map(|sort| match sort {
            Sort::Created => SortKey::Created,
            Sort::Updated => SortKey::Updated,
        }),
        direction: if args.asc { SortDirection::Ascending } else { SortDirection::Descending },
        limit: Some(limit),
        cursor,
        shelf: if args.archived { Shelf::Archived } else { Shelf::Current },
        all: args.all,
        sources: args.source.clone(),
        provider: args.provider.clone(),
        folders: args.cwd.as_deref().map(absolute).transpose()?.map(|folder| vec![folder]),
        search: args.search.clone(),
        ..state::ListThreads::default()
    })
}

/// Returns the folder as an agent writes it down: absolute, without `.`, `..` and a slash at its
/// end.
fn absolute(folder: &Path) -> Result<String, Fault> {
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
        // Only if it is incomplete, which is rare.
        if let Some(reason) = &self.incomplete {
            document["incomplete"] = reason.to_string().into();
        }
        document
    }

    fn text(&self, screen: &Screen) -> String {
        self.render(screen)
    }
}

#[cfg(test)]
#[path = "../../../tests/unit/commands_threads_list.rs"]
mod tests;

//! From the options of the list to a query of the index.

use std::path::Path;

use jiff::{Timestamp, Zoned};
use threadkeep_app::message::typed;
use threadkeep_app::text::shell_word;
use threadkeep_app::when::{day, when};
use threadkeep_app::{Fault, agents, command, folders};
use threadkeep_state::{
    self as state, Cursor, DEFAULT_PAGE, Shelf, SortDirection, SortKey, ThreadKind, ThreadStore,
};

use crate::args::{ListArgs, Sort, WhichArgs};
use crate::output::Screen;

/// Threads on a page for people: about a screenful.
const PAGE_FOR_PEOPLE: u32 = 20;
/// Words of rollouts that a person knows, next to the kinds of threads.
pub(in crate::commands) const SOURCES: [&str; 4] = ["cli", "exec", "vscode", "mcp"];

/// A filter as it was typed, its options, and how to leave it out.
pub(in crate::commands) struct Filter {
    pub(in crate::commands) typed: String,
    pub(in crate::commands) name: &'static str,
    pub(in crate::commands) remove: fn(&mut state::ListThreads),
}

/// Makes the query, except for what only an index knows.
pub(super) fn query(args: &ListArgs, screen: &Screen) -> Result<state::ListThreads, Fault> {
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
    let now = Zoned::now();
    let time =
        |name: &str, text: &Option<String>| text.as_ref().map(|text| time_of(name, text, &now)).transpose();
    let of_which = which(&args.which);
    // A date is a whole day.
    let end = |text: &String| Some(day(text, &now)?.tomorrow().ok()?.to_string());
    Ok(state::ListThreads {
        sort: args.sort.map(|sort| match sort {
            Sort::Created => SortKey::Created,
            Sort::Updated => SortKey::Updated,
        }),
        direction: if args.asc { SortDirection::Ascending } else { SortDirection::Descending },
        limit: Some(limit),
        cursor,
        shelf: if args.missing { Shelf::Missing } else { of_which.shelf },
        since: time("--since", &args.since)?,
        until: time("--until", &args.until.as_ref().map(|text| end(text).unwrap_or_else(|| text.clone())))?,
        search: args.search.clone(),
        ..of_which
    })
}

/// Makes the query of the filters that a list and a search share, except for what only an index
/// knows.
pub(in crate::commands) fn which(args: &WhichArgs) -> state::ListThreads {
    state::ListThreads {
        shelf: match args {
            WhichArgs { archived: true, .. } => Shelf::Archived,
            WhichArgs { any: true, .. } => Shelf::Any,
            _ => Shelf::Current,
        },
        all: args.all,
        sources: args.source.clone(),
        agents: args.agent.clone(),
        providers: args.provider.iter().cloned().collect(),
        model: args.model.clone(),
        branch: args.branch.clone(),
        ..state::ListThreads::default()
    }
}

/// Reads the time of an option.
pub(in crate::commands) fn time_of(name: &str, text: &str, now: &Zoned) -> Result<Timestamp, Fault> {
    when(text, now).map_err(|why| bad_time(name, text, why))
}

fn bad_time(name: &str, text: &str, why: String) -> Fault {
    Fault::new((format!("{name}: "), typed(text), " is not a time"), why)
}

/// Adds what depends on the index: the folders that are meant, and whether a source exists.
pub(in crate::commands) async fn narrow(
    query: &mut state::ListThreads,
    args: &WhichArgs,
    threads: &ThreadStore,
) -> Result<(), Fault> {
    let is_known = |word: &str| word.parse::<ThreadKind>().is_ok() || SOURCES.contains(&word);
    if let Some(unknown) = query.sources.iter().find(|source| !is_known(&source.word)) {
        let mut words = threads.source_words().await?;
        if !words.contains(&unknown.word) {
            words.retain(|word| !is_known(word));
            let kinds = ThreadKind::ALL.map(ThreadKind::as_str);
            let known = kinds.into_iter().chain(SOURCES).chain(words.iter().map(String::as_str));
            let known = known.collect::<Vec<_>>().join(", ");
            let hint = format!("the sources are {known}; '!WORD' leaves one out");
            return Err(Fault::new(("no thread has the source ", typed(&unknown.word)), hint));
        }
    }
    agents::check_names(&query.agents)?;
    query.folders = match (&args.repo, &args.cwd) {
        (Some(repo), _) => {
            let (all, remotes) = (threads.folders().await?, threads.remotes().await?);
            let found = folders::of_repository(repo, &all, &remotes);
            Some(found.ok_or_else(|| {
                let hint = (command("threads --cwd DIR --recursive"), " lists the threads of any folder");
                if folders::is_name(repo) {
                    let why = "no thread worked in a git repository with the name ";
                    return Fault::new((why, typed(&place(repo))), hint);
                }
                Fault::new((typed(&place(repo)), " is not in a git repository"), hint)
            })?)
        }
        (None, Some(cwd)) => Some(folders::matching(cwd, args.recursive, &threads.folders().await?)),
        (None, None) => None,
    };
    Ok(())
}

/// Returns a repository as it can be typed anywhere: by its name, or with its folder from the root.
fn place(repo: &Path) -> String {
    if folders::is_name(repo) { repo.to_string_lossy().into_owned() } else { folders::place(repo) }
}

/// Returns the filters as they can be typed.
pub(super) fn filters(args: &ListArgs) -> Vec<Filter> {
    let mut filters = which_filters(&args.which);
    let gone = || Filter { typed: "--gone".to_owned(), name: "--gone", remove: |query| query.ids = None };
    filters.extend(args.gone.then(gone));
    filters.extend(
        [
            filter("--since", args.since.iter().cloned(), |query| query.since = None),
            filter("--until", args.until.iter().cloned(), |query| query.until = None),
            filter("--search", args.search.iter().cloned(), |query| query.search = None),
        ]
        .into_iter()
        .flatten(),
    );
    filters
}

/// Returns the filters that a list and a search share.
pub(in crate::commands) fn which_filters(args: &WhichArgs) -> Vec<Filter> {
    let one = |value: &Option<String>| value.clone().into_iter();
    [
        filter("--source", args.source.iter().map(ToString::to_string), |query| query.sources.clear()),
        filter("--agent", args.agent.iter().cloned(), |query| query.agents.clear()),
        filter("--provider", one(&args.provider), |query| query.providers.clear()),
        filter("--model", one(&args.model), |query| query.model = None),
        filter("--branch", one(&args.branch), |query| query.branch = None),
        filter("--cwd", args.cwd.iter().map(|cwd| folders::place(cwd)), |query| query.folders = None),
        filter("--repo", args.repo.iter().map(|repo| place(repo)), |query| query.folders = None),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn filter(
    name: &'static str,
    values: impl Iterator<Item = String>,
    remove: fn(&mut state::ListThreads),
) -> Option<Filter> {
    let typed: Vec<String> = values.map(|value| format!("{name} {}", shell_word(&value))).collect();
    (!typed.is_empty()).then(|| Filter { typed: typed.join(" "), name, remove })
}

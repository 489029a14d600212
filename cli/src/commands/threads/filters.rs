//! From the options of the list to a query of the index.

use std::path::Path;

use jiff::Zoned;
use threadkeep_app::message::typed;
use threadkeep_app::text::shell_word;
use threadkeep_app::when::{day, when};
use threadkeep_app::{Fault, command, folders};
use threadkeep_state::{
    self as state, Cursor, DEFAULT_PAGE, Shelf, SortDirection, SortKey, ThreadKind, ThreadStore,
};

use crate::args::{ListArgs, Sort};
use crate::output::Screen;

/// Threads on a page for people: about a screenful.
const PAGE_FOR_PEOPLE: u32 = 20;
/// Words of rollouts that a person knows, next to the kinds of threads.
pub(in crate::commands) const SOURCES: [&str; 4] = ["cli", "exec", "vscode", "mcp"];

/// A filter as it was typed, its options, and how to leave it out.
pub(super) struct Filter {
    pub(super) typed: String,
    pub(super) name: &'static str,
    pub(super) remove: fn(&mut state::ListThreads),
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
    let time = |name: &str, text: &Option<String>| {
        let read = |text: &String| when(text, &now).map_err(|why| bad_time(name, text, why));
        text.as_ref().map(read).transpose()
    };
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
        shelf: match args {
            ListArgs { archived: true, .. } => Shelf::Archived,
            ListArgs { any: true, .. } => Shelf::Any,
            ListArgs { missing: true, .. } => Shelf::Missing,
            _ => Shelf::Current,
        },
        all: args.all,
        sources: args.source.clone(),
        providers: args.provider.iter().cloned().collect(),
        ids: None,
        without_ids: Vec::new(),
        model: args.model.clone(),
        branch: args.branch.clone(),
        since: time("--since", &args.since)?,
        until: time("--until", &args.until.as_ref().map(|text| end(text).unwrap_or_else(|| text.clone())))?,
        search: args.search.clone(),
        folders: None,
    })
}

fn bad_time(name: &str, text: &str, why: String) -> Fault {
    Fault::new((format!("{name}: "), typed(text), " is not a time"), why)
}

/// Adds what depends on the index: the folders that are meant, and whether a source exists.
pub(super) async fn narrow(
    query: &mut state::ListThreads,
    args: &ListArgs,
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
    let sources = args.source.iter().map(ToString::to_string).collect();
    let one = |value: &Option<String>| value.iter().cloned().collect();
    type Row = (&'static str, Vec<String>, fn(&mut state::ListThreads));
    let rows: [Row; 9] = [
        ("--source", sources, |query| query.sources.clear()),
        ("--provider", one(&args.provider), |query| query.providers.clear()),
        ("--model", one(&args.model), |query| query.model = None),
        ("--branch", one(&args.branch), |query| query.branch = None),
        ("--cwd", args.cwd.iter().map(|cwd| folders::place(cwd)).collect(), |query| query.folders = None),
        ("--repo", args.repo.iter().map(|repo| place(repo)).collect(), |query| query.folders = None),
        ("--since", one(&args.since), |query| query.since = None),
        ("--until", one(&args.until), |query| query.until = None),
        ("--search", one(&args.search), |query| query.search = None),
    ];
    let filter = |(name, values, remove): Row| {
        let typed = values.iter().map(|value| format!("{name} {}", shell_word(value)));
        let typed = typed.collect::<Vec<_>>().join(" ");
        (!typed.is_empty()).then_some(Filter { typed, name, remove })
    };
    rows.into_iter().filter_map(filter).collect()
}

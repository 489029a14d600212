//! `thread/list`.

use std::collections::BTreeMap;
use std::rc::Rc;

use threadkeep_state::{Cursor, ListThreads, Shelf, SortDirection, SortKey, SourceFilter, Thread};
use uuid::Uuid;

use super::cursors::{Given, ListCursor};
use super::{Answer, opened, threads_of};
use crate::caller::Caller;
use crate::indexing::coverage::Wanted;
use crate::params;
use crate::protocol::error::RpcError;
use crate::protocol::list::{Folders, SortKey as Key, SourceKind, ThreadListParams, ThreadListResponse};
use crate::protocol::order::SortDirection as Direction;
use crate::server::{Opened, Server};

/// Most ids that a list can be limited to.
const MOST_IDS: usize = 100;

/// Lists a page of threads. Waits while the index may lack one of them.
pub(crate) async fn list(
    server: &Rc<Server>,
    _: &Caller,
    params: ThreadListParams,
) -> Answer<ThreadListResponse> {
    let asked = asked(params)?;
    let opened = opened(server).await?;
    let query = asked.query(&opened).await?;
    let Listed { threads, next_cursor, backwards_cursor, incomplete } =
        listed(server, &opened, &query).await?;
    let data = threads_of(&opened, threads).await?;
    Ok(ThreadListResponse { data, read_states: BTreeMap::new(), next_cursor, backwards_cursor, incomplete })
}

/// Page of a list, with its cursors as texts.
pub(super) struct Listed {
    pub(super) threads: Vec<Thread>,
    pub(super) next_cursor: Option<String>,
    pub(super) backwards_cursor: Option<String>,
    /// Reason why threads may be missing in the index.
    pub(super) incomplete: Option<String>,
}

/// Reads a page once the index has all that can belong on it.
pub(super) async fn listed(server: &Server, opened: &Opened, query: &ListThreads) -> Answer<Listed> {
    let mut coverage = server.coverage();
    let sort = query.sort.or(query.cursor.as_ref().map(Cursor::sort_key)).unwrap_or_default();
    let wanted = Wanted { sort, direction: query.direction, cursor: query.cursor.as_ref() };
    loop {
        let present = coverage.borrow_and_update().clone();
        let page = opened.state().threads().list(query).await?;
        // The sender lives as long as the server.
        if present.has(&wanted, &page) || coverage.changed().await.is_err() {
            return Ok(Listed {
                threads: page.threads,
                next_cursor: page.next_cursor.map(|cursor| cursor.to_string()),
                backwards_cursor: page.backwards_cursor.map(|cursor| cursor.to_string()),
                incomplete: present.incomplete(),
            });
        }
    }
}

/// Query that a client asks for.
pub(super) struct Asked {
    /// Query, without the place of a foreign cursor.
    query: ListThreads,
    foreign: Option<ListCursor>,
}

impl Asked {
    /// Returns the query with its place in the list.
    pub(super) async fn query(self, opened: &Opened) -> Answer<ListThreads> {
        let Asked { mut query, foreign } = self;
        if let Some(foreign) = foreign {
            query.cursor = Some(foreign.resolved(opened, &query).await?);
        }
        Ok(query)
    }
}

/// Reads parameters. Needs neither the home nor the index.
pub(super) fn asked(params: ThreadListParams) -> Answer<Asked> {
    let (cursor, foreign) = match params.cursor.as_deref().map(Given::read).transpose()? {
        Some(Given::Own(cursor)) => (Some(cursor), None),
        Some(Given::Agent(foreign)) => (None, Some(foreign)),
        None => (None, None),
    };
    let sort = match params.sort_key {
        Some(Key::CreatedAt) => Some(SortKey::Created),
        Some(Key::UpdatedAt | Key::RecencyAt) => Some(SortKey::Updated),
        Some(Key::SectionPosition) => {
            let reason = "section-position sorting requires a section filter";
            return Err(RpcError::invalid_request(reason));
        }
        // That of the cursor wins.
        None => cursor.is_none().then_some(SortKey::Created),
    };
    let ids = |field: &str, name: &str, ids: Option<Vec<String>>| {
        let Some(ids) = ids else { return Ok(None) };
        if ids.len() > MOST_IDS {
            return Err(RpcError::invalid_params(
                field,
                format!("{field} accepts at most {MOST_IDS} entries"),
            ));
        }
        let parse = |id: &String| {
            params::uuid(id).map_err(|reason| {
                RpcError::invalid_params(field, format!("invalid {name} thread id: {reason}"))
            })
        };
        ids.iter().map(parse).collect::<Answer<Vec<Uuid>>>().map(Some)
    };
    let query = ListThreads {
        sort,
        cursor,
        ids: ids("includedThreadIds", "included", params.included_thread_ids)?,
        without_ids: ids("excludedThreadIds", "excluded", params.excluded_thread_ids)?.unwrap_or_default(),
        limit: Some(params::limit(params.limit)),
        direction: match params.sort_direction {
            Some(Direction::Asc) => SortDirection::Ascending,
            Some(Direction::Desc) | None => SortDirection::Descending,
        },
        shelf: if params.archived == Some(true) { Shelf::Archived } else { Shelf::Current },
        providers: params.model_providers.unwrap_or_default(),
        sources: sources_of(params.source_kinds.as_deref().unwrap_or_default()),
        folders: params.cwd.map(|folders| match folders {
            Folders::One(folder) => vec![folder],
            Folders::Several(folders) => folders,
        }),
        search: params.search_term.filter(|term| !term.trim().is_empty()),
        ..ListThreads::default()
    };
    Ok(Asked { query, foreign })
}

/// Returns the filters for some sources; none are the interactive ones.
fn sources_of(kinds: &[SourceKind]) -> Vec<SourceFilter> {
    let kinds = if kinds.is_empty() { &[SourceKind::Cli, SourceKind::VsCode][..] } else { kinds };
    let words = kinds.iter().flat_map(|kind| -> &[&str] {
        const SUB_AGENT: &str = "subagent";
        const REVIEW: &str = "review";
        match kind {
            SourceKind::Cli => &["cli"],
            SourceKind::VsCode => &["vscode"],
            SourceKind::Exec => &["exec"],
            SourceKind::AppServer => &["mcp", "appServer"],
            SourceKind::SubAgent => &[SUB_AGENT, REVIEW, "guardian", "memory"],
            SourceKind::SubAgentReview => &[REVIEW],
            // The index counts both as agents of the thread that they work for.
            SourceKind::SubAgentCompact | SourceKind::SubAgentThreadSpawn => &[SUB_AGENT],
            SourceKind::SubAgentOther => &["guardian", "memory"],
            SourceKind::Unknown => &["unknown", ""],
        }
    });
    words.map(|word| SourceFilter::from(*word)).collect()
}

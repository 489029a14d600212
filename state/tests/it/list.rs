//! Lists: no thread is skipped or repeated, whatever happens between two pages.

use std::collections::BTreeSet;

use proptest::prelude::*;
use threadkeep_rollout::ThreadMetadata;
use threadkeep_state::{
    Cursor, HOME_AGENT, ListThreads, Shelf, SortDirection, SortKey, SourceFilter, StateError, Thread,
    ThreadKind, ThreadUpsert,
};
use uuid::Uuid;

use crate::common::{Fixture, Result, id, thread};

async fn page(fixture: &Fixture, query: &ListThreads) -> Result<(Vec<Uuid>, Option<Cursor>, Option<Cursor>)> {
    let page = fixture.state.threads().list(query).await?;
    Ok((page.threads.iter().map(|thread| thread.id).collect(), page.next_cursor, page.backwards_cursor))
}

fn first(limit: u32, sort: SortKey, direction: SortDirection) -> ListThreads {
    ListThreads { limit: Some(limit), sort: Some(sort), direction, ..ListThreads::default() }
}

/// Follows a query to the end of its list.
async fn follow(fixture: &Fixture, mut query: ListThreads) -> Result<Vec<Uuid>> {
    let mut all = Vec::new();
    loop {
        let (ids, next, _) = page(fixture, &query).await?;
        if ids.is_empty() {
            return Ok(all);
        }
        all.extend(ids);
        match next {
            Some(next) => query.cursor = Some(next),
            None => return Ok(all),
        }
    }
}

#[tokio::test]
async fn pages_are_in_order_also_within_one_millisecond() -> Result {
    let fixture = Fixture::empty().await?;
    for number in [3, 1, 2, 5, 4] {
        fixture.state.threads().upsert(&[thread(number, 1_000)?]).await?;
    }
    fixture.state.threads().upsert(&[thread(9, 999)?]).await?;
    for sort in [SortKey::Created, SortKey::Updated] {
        let ascending = follow(&fixture, first(2, sort, SortDirection::Ascending)).await?;
        assert_eq!(ascending, [9, 1, 2, 3, 4, 5].map(id));
        let descending = follow(&fixture, first(2, sort, SortDirection::Descending)).await?;
        assert_eq!(descending, [5, 4, 3, 2, 1, 9].map(id));
    }
    Ok(())
}

#[tokio::test]
async fn a_full_last_page_is_known_to_be_the_last() -> Result {
    let fixture = Fixture::empty().await?;
    fixture.state.threads().upsert(&[thread(1, 1)?, thread(2, 2)?]).await?;
    let (ids, next, _) = page(&fixture, &first(2, SortKey::Created, SortDirection::Ascending)).await?;
    assert_eq!((ids.len(), next), (2, None));
    Ok(())
}

#[tokio::test]
async fn a_cursor_needs_its_own_sort_key_and_nothing_else() -> Result {
    let fixture = Fixture::empty().await?;
    fixture.state.threads().upsert(&[thread(1, 1)?, thread(2, 2)?]).await?;
    let (_, next, _) = page(&fixture, &first(1, SortKey::Created, SortDirection::Ascending)).await?;
    let alone = ListThreads { cursor: next.clone(), ..ListThreads::default() };
    assert_eq!(page(&fixture, &alone).await?.0, [id(2)], "the cursor knows its sort key and its direction");
    let wrong = ListThreads { sort: Some(SortKey::Updated), ..alone };
    let error = fixture.state.threads().list(&wrong).await.expect_err("another sort key");
    assert!(matches!(error, StateError::CursorMismatch { .. }), "{error}");
    Ok(())
}

#[tokio::test]
async fn a_page_has_a_sensible_size() -> Result {
    let fixture = Fixture::empty().await?;
    for limit in [0, 1_001] {
        let query = ListThreads { limit: Some(limit), ..ListThreads::default() };
        let error = fixture.state.threads().list(&query).await.expect_err("a bad limit");
        assert_eq!(error.to_string(), format!("a page has 1 to 1000 threads, not {limit}"));
    }
    Ok(())
}

/// A thread of the bundled home.
fn one() -> Uuid {
    Uuid::from_u128(0x01a2_036c_de71_77f1_a9e3_3c28_701b_ba61)
}

fn sources(word: &str) -> Vec<SourceFilter> {
    vec![word.into()]
}

#[tokio::test]
async fn filters_agree_with_looking_at_every_thread() -> Result {
    let fixture = Fixture::bundled().await?;
    fixture.index().await?;
    let all = fixture.threads().await?;
    type Case = (fn(&mut ListThreads), fn(&Thread) -> bool);
    let cases: [Case; 14] = [
        (|q| q.agents = vec!["codex".into()], |t| t.kind == ThreadKind::User),
        (|q| q.agents = vec!["claude".into(), "pi".into()], |_| false),
        (|q| q.sources = sources("exec"), |t| t.source.as_deref() == Some("exec")),
        (|q| q.sources = sources("subagent"), |t| t.kind == ThreadKind::Subagent),
        (
            |q| q.sources = sources("!exec"),
            |t| t.kind == ThreadKind::User && t.source.as_deref() != Some("exec"),
        ),
        (|q| q.all = true, |_| true),
        (|q| (q.all, q.sources) = (true, sources("subagent")), |t| t.kind == ThreadKind::Subagent),
        (|q| (q.all, q.sources) = (true, sources("!subagent")), |t| t.kind != ThreadKind::Subagent),
        (
            |q| q.providers = vec!["mock".into(), "openai".into()],
            |t| t.kind == ThreadKind::User && t.model_provider == "mock",
        ),
        (|q| q.providers = vec!["openai".into()], |_| false),
        (|q| (q.all, q.ids) = (true, Some(vec![one(), id(1)])), |t| t.id == one()),
        (|q| (q.all, q.without_ids) = (true, vec![one()]), |t| t.id != one()),
        (
            |q| q.folders = Some(vec!["/tmp/project/widget".into()]),
            |t| t.kind == ThreadKind::User && t.cwd.as_deref() == Some("/tmp/project/widget"),
        ),
        (
            |q| (q.folders, q.sources) = (Some(vec!["/tmp/project/widget".into()]), sources("subagent")),
            |t| t.agent_nickname.is_some(),
        ),
    ];
    for (filter, holds) in cases {
        let mut query = ListThreads { limit: Some(3), ..ListThreads::default() };
        filter(&mut query);
        let listed: BTreeSet<Uuid> = follow(&fixture, query.clone()).await?.into_iter().collect();
        let wanted = all.iter().filter(|t| !t.archived && holds(t)).map(|t| t.id).collect();
        assert_eq!(listed, wanted, "{query:?}");
    }
    let archived =
        follow(&fixture, ListThreads { shelf: Shelf::Archived, all: true, ..ListThreads::default() }).await?;
    assert_eq!(archived, all.iter().filter(|t| t.archived).map(|t| t.id).collect::<Vec<_>>());
    Ok(())
}

/// Events between two pages.
#[derive(Clone, Debug)]
enum Event {
    Insert { ms: i64 },
    Delete { nth: usize },
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => (0_i64..4).prop_map(|ms| Event::Insert { ms }),
        1 => (0_usize..40).prop_map(|nth| Event::Delete { nth }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// A client lists page by page while threads come (many in one millisecond) and go. It sees
    /// every thread that was there all the time exactly once, and none twice. Then it catches up,
    /// again and again, from the cursors it holds, and ends up knowing exactly what is newer than
    /// its first page's first thread.
    #[test]
    fn no_thread_is_skipped_or_repeated(
        initial in proptest::collection::vec(0_i64..4, 0..30),
        events in proptest::collection::vec(proptest::collection::vec(event(), 0..4), 0..12),
        limit in 1_u32..6,
        ascending in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime
            .block_on(list_while_things_happen(initial, events, limit, ascending))
            .map_err(|error| TestCaseError::fail(error.to_string()))?;
    }
}

async fn list_while_things_happen(
    initial: Vec<i64>,
    events: Vec<Vec<Event>>,
    limit: u32,
    ascending: bool,
) -> Result {
    let fixture = Fixture::empty().await?;
    let store = fixture.state.threads();
    let mut next_number = 0_u128;
    let mut live: Vec<(i64, Uuid)> = Vec::new();
    let mut insert = |ms: i64| {
        // Ids that do not grow with time, so that they fall between others of the same millisecond.
        next_number += 1;
        let number = next_number * 7_919 % 1_000;
        (ms, number)
    };
    for ms in initial {
        let (ms, number) = insert(ms);
        store.upsert(&[thread(number, ms)?]).await?;
        live.push((ms, id(number)));
    }
    let always: BTreeSet<(i64, Uuid)> = live.iter().copied().collect();
    let mut removed: BTreeSet<Uuid> = BTreeSet::new();

    let direction = if ascending { SortDirection::Ascending } else { SortDirection::Descending };
    let mut query = first(limit, SortKey::Created, direction);
    let mut seen: Vec<Uuid> = Vec::new();
    let mut backwards = None;
    let mut events = events.into_iter();
    loop {
        let (ids, next, back) = page(&fixture, &query).await?;
        backwards = backwards.or(back);
        seen.extend(ids);
        for event in events.next().unwrap_or_default() {
            match event {
                Event::Insert { ms } => {
                    let (ms, number) = insert(ms);
                    store.upsert(&[thread(number, ms)?]).await?;
                    live.push((ms, id(number)));
                }
                Event::Delete { nth } if !live.is_empty() => {
                    let (_, gone) = live.remove(nth % live.len());
                    fixture.state.delete_thread(gone, jiff::Timestamp::UNIX_EPOCH).await?;
                    removed.insert(gone);
                }
                Event::Delete { .. } => {}
            }
        }
        match next {
            Some(next) => query.cursor = Some(next),
            None => break,
        }
    }
    let once: BTreeSet<Uuid> = seen.iter().copied().collect();
    assert_eq!(once.len(), seen.len(), "a thread was repeated");
    for (_, thread) in &always {
        assert!(once.contains(thread) || removed.contains(thread), "{thread} was skipped");
    }

    // Catching up: what lies before the first page's first thread, in the order of the list.
    let Some(mut cursor) = backwards else { return Ok(()) };
    let anchor = seen[0];
    let mut caught: Vec<Uuid> = Vec::new();
    for round in 0..3_i64 {
        loop {
            let query =
                ListThreads { cursor: Some(cursor.clone()), limit: Some(limit), ..ListThreads::default() };
            let (ids, next, _) = page(&fixture, &query).await?;
            caught.extend(ids);
            match next {
                Some(next) => cursor = next,
                None => break,
            }
        }
        // Something comes after the client has caught up: it finds that too, with the cursor it
        // holds.
        let ms = if ascending { -1 - round } else { 10 + round };
        let (ms, number) = insert(ms);
        store.upsert(&[thread(number, ms)?]).await?;
        live.push((ms, id(number)));
    }
    let last = live.pop().map(|(_, id)| id);
    let unique: BTreeSet<Uuid> = caught.iter().copied().collect();
    assert_eq!(unique.len(), caught.len(), "a thread was caught twice");
    let key_of_anchor = always.iter().chain(&live).find(|(_, id)| *id == anchor).copied();
    if let Some(anchor) = key_of_anchor {
        let wanted: BTreeSet<Uuid> = live
            .iter()
            .filter(|key| if ascending { **key < anchor } else { **key > anchor })
            .map(|(_, id)| *id)
            .collect();
        assert_eq!(unique, wanted, "what is beyond the first page's first thread");
    }
    assert!(last.is_some_and(|last| !unique.contains(&last)), "the last one came after the last look");
    Ok(())
}

#[tokio::test]
async fn a_client_that_catches_up_always_holds_a_cursor() -> Result {
    let fixture = Fixture::empty().await?;
    fixture.state.threads().upsert(&[thread(1, 1)?]).await?;
    let (_, _, back) = page(&fixture, &first(5, SortKey::Created, SortDirection::Descending)).await?;
    let mut cursor = back.ok_or("a page with a thread has one")?;
    assert!(cursor.continues(SortDirection::Descending) && !cursor.continues(SortDirection::Ascending));
    for number in 2..6 {
        // Twice nothing, then something.
        for expected in [vec![], vec![], vec![id(number)]] {
            if !expected.is_empty() {
                fixture.state.threads().upsert(&[thread(number, number as i64)?]).await?;
            }
            let query = ListThreads { cursor: Some(cursor.clone()), ..ListThreads::default() };
            let (ids, next, back) = page(&fixture, &query).await?;
            assert_eq!((ids.is_empty(), next.is_none()), (expected.is_empty(), expected.is_empty()));
            assert_eq!(ids, expected);
            cursor = next.or(back).ok_or("every answer has one")?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn threads_of_a_mirror_have_their_agents_name() -> Result {
    let fixture = Fixture::bundled().await?;
    fixture.index().await?;
    let mirrored = |agent: &str, n: u128| {
        ThreadUpsert::new(
            ThreadMetadata::new(id(n)),
            &format!("agents/{agent}/rollout.jsonl"),
            false,
            "openai",
        )
    };
    fixture.state.threads().upsert(&[mirrored("claude", 201), mirrored("pi", 202)]).await?;
    for (agent, wanted) in [("claude", vec![id(201)]), ("pi", vec![id(202)]), ("gemini", vec![])] {
        let query = ListThreads { agents: vec![agent.to_owned()], ..ListThreads::default() };
        let threads = fixture.state.threads().list(&query).await?.threads;
        assert!(threads.iter().all(|thread| thread.agent() == agent));
        assert_eq!(threads.iter().map(|thread| thread.id).collect::<Vec<_>>(), wanted);
    }
    let home = ListThreads { agents: vec![HOME_AGENT.to_owned()], ..ListThreads::default() };
    let threads = fixture.state.threads().list(&home).await?.threads;
    assert!(!threads.is_empty() && threads.iter().all(|thread| thread.agent() == HOME_AGENT));
    Ok(())
}

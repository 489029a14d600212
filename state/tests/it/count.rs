//! Numbers of threads, of their agents, and of the characters that distinguish ids.

use threadkeep_state::{ListThreads, Shelf, SourceFilter, ThreadKind};

use crate::common::{Fixture, Result};

const PARENT: &str = "01a2036e-6c3d-7fb3-9eef-e29a46cef274";

#[tokio::test]
async fn a_list_is_counted_by_kind_on_all_its_pages() -> Result {
    let fixture = Fixture::bundled().await?;
    fixture.index().await?;
    let threads = fixture.state.threads();
    let source = |text: &str| SourceFilter::from(text);
    let queries = [
        (ListThreads::default(), 13, 0),
        (ListThreads { all: true, limit: Some(1), ..ListThreads::default() }, 13, 2),
        (ListThreads { shelf: Shelf::Any, all: true, ..ListThreads::default() }, 14, 2),
        (ListThreads { sources: vec![source("subagent")], ..ListThreads::default() }, 0, 2),
        (ListThreads { all: true, sources: vec![source("!subagent")], ..ListThreads::default() }, 13, 0),
        (ListThreads { all: true, search: Some("changelog".into()), ..ListThreads::default() }, 2, 0),
        (ListThreads { folders: Some(Vec::new()), ..ListThreads::default() }, 0, 0),
    ];
    for (query, own, agents) in queries {
        let counts = threads.count(&query).await?;
        assert_eq!(
            (counts.of(ThreadKind::User), counts.of(ThreadKind::Subagent)),
            (own, agents),
            "{query:?}"
        );
        let whole = threads.list(&ListThreads { limit: Some(1_000), ..query }).await?;
        assert_eq!((counts.total(), counts.is_cut), (whole.threads.len() as u64, false));
    }
    Ok(())
}

#[tokio::test]
async fn agents_are_summed_up_below_their_thread() -> Result {
    let fixture = Fixture::bundled().await?;
    fixture.index().await?;
    let parent = PARENT.parse()?;
    let children = fixture.state.graph().children(parent).await?;
    let ids: Vec<_> = children.iter().map(|agent| agent.thread_id).collect();
    let tokens = fixture.state.threads().get_many(&ids).await?;
    let totals = fixture.state.graph().totals(&[parent, ids[0]]).await?;
    assert_eq!(totals.len(), 1, "a thread without agents is left out");
    assert_eq!(totals[&parent].agents, 2);
    let sum = tokens.iter().filter_map(|thread| thread.own_tokens).sum::<i64>();
    assert_eq!(totals[&parent].own_tokens, Some(sum));

    let most = format!("UPDATE threads SET own_tokens = {} WHERE parent_thread_id = '{parent}'", i64::MAX);
    fixture.sql(sqlx::AssertSqlSafe(most)).await?;
    let totals = fixture.state.graph().totals(&[parent]).await?;
    assert_eq!(totals[&parent].own_tokens, Some(i64::MAX), "the sum has an end");
    Ok(())
}

#[tokio::test]
async fn a_unique_prefix_finds_its_thread_and_less_does_not() -> Result {
    let fixture = Fixture::bundled().await?;
    fixture.index().await?;
    let threads = fixture.state.threads();
    let page = threads.list(&ListThreads { all: true, shelf: Shelf::Any, ..ListThreads::default() }).await?;
    let ids: Vec<_> = page.threads.iter().map(|thread| thread.id).collect();
    let prefixes = threads.unique_prefixes(&ids).await?;
    for id in ids {
        let (text, enough) = (id.to_string(), prefixes[&id]);
        assert_eq!(threads.resolve(&text[..enough]).await?, id);
        assert!(threads.resolve(&text[..enough - 1]).await.is_err(), "{text} {enough}");
    }
    Ok(())
}

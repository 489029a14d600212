//! The agent graph as a tree: forks and agents in their order, and its pages.

use jiff::Timestamp;
use threadkeep_state::{GraphError, ThreadMetadata, ThreadUpsert, TreeQuery};

use crate::common::{Fixture, Result, id, rollout_path};
use crate::graph::{grown, now, numbers};

/// Indexes threads by number, each with the thread that it was forked from.
async fn forked(fixture: &Fixture, forks: &[(u128, Option<u128>)]) -> Result {
    let upsert = |(number, source): &(u128, Option<u128>)| {
        let mut metadata = ThreadMetadata::new(id(*number));
        metadata.forked_from_id = source.map(id);
        ThreadUpsert::new(metadata, &rollout_path(id(*number)), false, "mock")
    };
    fixture.state.threads().upsert(&forks.iter().map(upsert).collect::<Vec<_>>()).await?;
    Ok(())
}

#[tokio::test]
async fn forks_hang_below_their_sources_and_agents_below_their_parents() -> Result {
    let fixture = grown(&[(1, 2), (2, 3)]).await?;
    // 4 is a fork, 5 a fork of it, 3 an agent that began with its parent's history, and 7 a fork of
    // a thread that is not indexed.
    let forks = [(1, None), (2, None), (3, Some(2)), (4, Some(2)), (5, Some(4)), (7, Some(99)), (8, None)];
    forked(&fixture, &forks).await?;
    forked(&fixture, &[(9, Some(8))]).await?;
    let tree = async |query| -> Result<Vec<(u128, u32, bool)>> {
        let tree = fixture.state.graph().tree(query).await?.into_iter();
        Ok(tree.map(|agent| (numbers([agent.thread_id])[0], agent.depth, agent.is_fork())).collect())
    };
    let below_one = [(1, 0, false), (2, 1, false), (3, 2, false), (4, 2, true), (5, 3, true)];
    let all = tree(TreeQuery::default()).await?;
    assert_eq!(all[..2], [(8, 0, false), (9, 1, true)], "the newest first");
    assert_eq!(all[2..], below_one);
    let page = tree(TreeQuery { before: Some(id(8)), roots: 1, ..TreeQuery::default() }).await?;
    assert_eq!(page, below_one);
    let alone = tree(TreeQuery { root: Some(id(7)), ..TreeQuery::default() }).await?;
    assert_eq!(alone, [(7, 0, true)]);
    // Closing goes down to agents, and to no fork.
    let closed = fixture.state.graph().close_subtree(id(1), now()).await?;
    assert_eq!(numbers(closed), [1, 2, 3]);
    Ok(())
}

#[tokio::test]
async fn roots_are_sorted_by_their_last_update_and_siblings_by_their_start() -> Result {
    let fixture = Fixture::empty().await?;
    // Ids of other agents' sessions say nothing about time. Of each thread: start and update.
    let threads = [(1, None, 5, 50), (2, Some(1), 9, 9), (3, Some(1), 7, 70), (4, None, 4, 40)];
    let threads = threads.into_iter().chain([(5, Some(4), 8, 8), (6, None, 6, 50), (7, Some(6), 6, 6)]);
    let at = |seconds| Timestamp::from_second(seconds);
    let upserts = threads.map(|(number, source, began, updated): (u128, Option<u128>, i64, i64)| {
        let mut metadata = ThreadMetadata::new(id(number));
        metadata.forked_from_id = source.map(id);
        (metadata.created_at, metadata.updated_at) = (Some(at(began)?), Some(at(updated)?));
        Ok(ThreadUpsert::new(metadata, &rollout_path(id(number)), false, "mock"))
    });
    fixture.state.threads().upsert(&upserts.collect::<Result<Vec<_>>>()?).await?;
    let graph = fixture.state.graph();
    graph.upsert_edge(id(98), id(99), at(45)?).await?;
    let tree = async |query| -> Result<Vec<u128>> {
        Ok(numbers(graph.tree(query).await?.into_iter().map(|agent| agent.thread_id)))
    };
    assert_eq!(tree(TreeQuery::default()).await?, [6, 7, 1, 3, 2, 98, 99, 4, 5]);
    let mut pages = Vec::new();
    let mut before = None;
    while let Some(last) = graph.roots(before, 1).await?.pop() {
        (before, pages) = (Some(last), [pages, vec![last]].concat());
    }
    assert_eq!(numbers(pages), [6, 1, 98, 4]);
    let after = async |last| tree(TreeQuery { before: Some(id(last)), ..TreeQuery::default() }).await;
    assert_eq!((after(98).await?, after(4).await?), (vec![4, 5], vec![]));
    let unknown = graph.tree(TreeQuery { before: Some(id(97)), ..TreeQuery::default() }).await;
    assert!(matches!(unknown, Err(GraphError::NotFound(missing)) if missing == id(97)), "{unknown:?}");
    Ok(())
}

#[tokio::test]
async fn threads_that_name_each_other_as_sources_are_drawn_once() -> Result {
    let fixture = Fixture::empty().await?;
    forked(&fixture, &[(1, Some(2)), (2, Some(1)), (3, Some(1))]).await?;
    let tree = fixture.state.graph().tree(TreeQuery { root: Some(id(1)), ..TreeQuery::default() }).await?;
    assert_eq!(numbers(tree.into_iter().map(|agent| agent.thread_id)), [1, 2, 3]);
    Ok(())
}

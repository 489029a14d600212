//! The agent graph: edges, lifecycles, and closing and opening whole subtrees.

use std::collections::BTreeSet;

use jiff::Timestamp;
use threadkeep_state::{AgentGraph, Descendants, GraphError, Lifecycle, TreeQuery};
use uuid::Uuid;

use crate::common::{Fixture, Result, id, rollout_path, session};

pub(crate) fn now() -> Timestamp {
    Timestamp::UNIX_EPOCH
}

/// Edges from parents to children, by number.
pub(crate) async fn grown(edges: &[(u128, u128)]) -> Result<Fixture> {
    let fixture = Fixture::empty().await?;
    for (parent, child) in edges {
        fixture.state.graph().upsert_edge(id(*parent), id(*child), now()).await?;
    }
    Ok(fixture)
}

/// The numbers of ids.
pub(crate) fn numbers(ids: impl IntoIterator<Item = Uuid>) -> Vec<u128> {
    ids.into_iter().map(|of| of.as_u128() - id(0).as_u128()).collect()
}

async fn open_below(graph: &AgentGraph, root: u128) -> Result<BTreeSet<u128>> {
    let query = Descendants { lifecycle: Some(Lifecycle::Open), ..Descendants::default() };
    Ok(numbers(graph.descendants(id(root), query).await?.into_iter().map(|agent| agent.thread_id))
        .into_iter()
        .collect())
}

#[tokio::test]
async fn children_descendants_ancestors_and_roots() -> Result {
    let fixture = grown(&[(1, 2), (2, 3), (1, 4), (3, 5), (7, 8)]).await?;
    let graph = fixture.state.graph();
    let ids = |agents: Vec<threadkeep_state::Agent>| numbers(agents.into_iter().map(|agent| agent.thread_id));
    assert_eq!(ids(graph.children(id(1)).await?), [2, 4]);
    assert_eq!(ids(graph.descendants(id(1), Descendants::default()).await?), [2, 4, 3, 5]);
    let shallow = Descendants { max_depth: 2, ..Descendants::default() };
    assert_eq!(ids(graph.descendants(id(1), shallow).await?), [2, 4, 3]);
    assert_eq!(ids(graph.ancestors(id(5)).await?), [3, 2, 1]);
    let roots = graph.roots_of(&[id(5), id(2), id(1), id(99)]).await?;
    assert_eq!(roots, [(5, 1), (2, 1), (1, 1), (99, 99)].map(|(of, root)| (id(of), id(root))).into());
    assert_eq!(numbers(graph.roots(None, 10).await?), [7, 1]);
    assert_eq!(numbers(graph.roots(Some(id(7)), 10).await?), [1]);
    assert_eq!(ids(graph.tree(TreeQuery::default()).await?), [7, 8, 1, 2, 3, 5, 4]);
    assert_eq!(ids(graph.tree(TreeQuery { root: Some(id(2)), ..TreeQuery::default() }).await?), [2, 3, 5]);
    let unknown = graph.tree(TreeQuery { root: Some(id(99)), ..TreeQuery::default() }).await;
    assert!(matches!(unknown, Err(GraphError::NotFound { .. })), "{unknown:?}");
    assert_eq!(ids(graph.children(id(99)).await?), []);
    Ok(())
}

#[tokio::test]
async fn descendants_are_found_by_lifecycle_also_below_closed_ones() -> Result {
    let fixture = grown(&[(1, 2), (2, 3)]).await?;
    let graph = fixture.state.graph();
    assert!(graph.set_lifecycle(id(2), Lifecycle::Closed, now()).await?);
    assert!(!graph.set_lifecycle(id(2), Lifecycle::Closed, now()).await?, "it is so already");
    assert_eq!(open_below(graph, 1).await?, BTreeSet::from([3]));
    let closed = Descendants { lifecycle: Some(Lifecycle::Closed), ..Descendants::default() };
    assert_eq!(graph.descendants(id(1), closed).await?[0].thread_id, id(2));
    assert!(graph.set_lifecycle(id(2), Lifecycle::Open, now()).await?);
    assert_eq!(open_below(graph, 1).await?, BTreeSet::from([2, 3]));
    Ok(())
}

#[tokio::test]
async fn cycles_and_second_parents_are_refused_by_name() -> Result {
    let fixture = grown(&[(1, 2), (2, 3)]).await?;
    let graph = fixture.state.graph();
    for (parent, child) in [(3, 1), (2, 1), (1, 1)] {
        let error = graph.upsert_edge(id(parent), id(child), now()).await.expect_err("a cycle");
        assert!(matches!(error, GraphError::Cycle { .. }), "{error}");
        let said = error.to_string();
        assert!(said.contains(&id(parent).to_string()) && said.contains(&id(child).to_string()), "{said}");
    }
    let error = graph.upsert_edge(id(9), id(3), now()).await.expect_err("a second parent");
    let said = error.to_string();
    assert!([2, 3, 9].iter().all(|number| said.contains(&id(*number).to_string())), "{said}");
    graph.upsert_edge(id(2), id(3), now()).await?;
    assert!(graph.children(id(9)).await?.is_empty(), "nothing of what was refused is there");
    assert_eq!(numbers(graph.roots(None, 10).await?), [1]);
    Ok(())
}

#[tokio::test]
async fn resuming_opens_exactly_what_the_same_closing_had_closed() -> Result {
    //      1
    //    2   3
    //   4 5   6
    let fixture = grown(&[(1, 2), (1, 3), (2, 4), (2, 5), (3, 6)]).await?;
    let graph = fixture.state.graph();
    assert_eq!(numbers(graph.close_subtree(id(5), now()).await?), [5]);
    assert_eq!(numbers(graph.close_subtree(id(2), now()).await?), [2, 4]);
    assert_eq!(numbers(graph.close_subtree(id(1), now()).await?), [1, 3, 6]);
    assert_eq!(numbers(graph.close_subtree(id(1), now()).await?), [], "it is closed already");
    assert_eq!(open_below(graph, 1).await?, BTreeSet::new());

    assert_eq!(numbers(graph.resume_subtree(id(1), now()).await?), [1, 3, 6]);
    assert_eq!(open_below(graph, 1).await?, BTreeSet::from([3, 6]));
    assert_eq!(numbers(graph.resume_subtree(id(2), now()).await?), [2, 4]);
    assert_eq!(open_below(graph, 1).await?, BTreeSet::from([2, 3, 4, 6]));
    assert_eq!(numbers(graph.resume_subtree(id(5), now()).await?), [5]);
    assert_eq!(numbers(graph.resume_subtree(id(5), now()).await?), []);
    Ok(())
}

#[tokio::test]
async fn part_of_what_was_closed_can_be_opened() -> Result {
    let fixture = grown(&[(1, 2), (2, 3), (1, 4)]).await?;
    let graph = fixture.state.graph();
    graph.close_subtree(id(1), now()).await?;
    assert_eq!(numbers(graph.resume_subtree(id(2), now()).await?), [2, 3]);
    assert_eq!(numbers(graph.resume_subtree(id(1), now()).await?), [1, 4]);
    Ok(())
}

#[tokio::test]
async fn an_agent_that_is_spawned_after_the_closing_is_closed_with_it() -> Result {
    let fixture = grown(&[(1, 2)]).await?;
    let graph = fixture.state.graph();
    graph.close_subtree(id(1), now()).await?;
    graph.upsert_edge(id(2), id(3), now()).await?;
    assert_eq!(open_below(graph, 1).await?, BTreeSet::new(), "as if its rollout had named it");
    assert!(graph.set_lifecycle(id(3), Lifecycle::Open, now()).await?, "each is opened by itself");
    assert_eq!(open_below(graph, 1).await?, BTreeSet::from([3]));
    assert_eq!(numbers(graph.close_subtree(id(1), now()).await?), [3]);
    assert_eq!(numbers(graph.resume_subtree(id(1), now()).await?), [1, 2, 3]);
    Ok(())
}

#[tokio::test]
async fn a_thread_that_only_the_index_knows_can_be_closed() -> Result {
    let fixture = Fixture::empty().await?;
    fixture.write(&rollout_path(id(1)), session(id(1), "hello"))?;
    fixture.index().await?;
    let graph = fixture.state.graph();
    assert!(graph.roots(None, 10).await?.is_empty(), "a thread without agents is not in the graph");
    let tree = graph.tree(TreeQuery { root: Some(id(1)), ..TreeQuery::default() }).await?;
    assert_eq!((tree.len(), tree[0].name.as_deref(), tree[0].lifecycle), (1, Some("hello"), Lifecycle::Open));
    assert_eq!(numbers(graph.close_subtree(id(1), now()).await?), [1]);
    let error = graph.close_subtree(id(2), now()).await.expect_err("nobody knows it");
    assert!(matches!(error, GraphError::NotFound { .. }), "{error}");
    Ok(())
}

/// A session that another one spawned.
fn spawned(child: u128, parent: u128) -> String {
    let head = format!("\"id\":\"{}\",", id(child));
    session(id(child), "work").replace(&head, &format!("{head}\"parent_thread_id\":\"{}\",", id(parent)))
}

#[tokio::test]
async fn rollouts_tell_who_spawned_whom_whatever_their_order() -> Result {
    let fixture = Fixture::empty().await?;
    for (child, parent) in [(1, 9), (2, 1), (3, 2)] {
        fixture.write(&rollout_path(id(child)), spawned(child, parent))?;
    }
    fixture.index().await?;
    let graph = fixture.state.graph();
    let tree = graph.tree(TreeQuery::default()).await?;
    assert_eq!(numbers(tree.iter().map(|agent| agent.thread_id)), [9, 1, 2, 3]);
    assert_eq!(tree.iter().map(|agent| agent.depth).collect::<Vec<_>>(), [0, 1, 2, 3]);
    assert_eq!((tree[0].name.as_deref(), tree[1].name.as_deref()), (None, Some("work")));
    // An index run changes no user's decision.
    graph.close_subtree(id(1), now()).await?;
    fixture.engine(Default::default())?.with(|it| it.force = true).run(|_| ()).await?;
    assert_eq!(open_below(graph, 9).await?, BTreeSet::new());
    // Who is spawned below a closed agent and found later is closed with it, and opened with it.
    fixture.write(&rollout_path(id(4)), spawned(4, 3))?;
    fixture.index().await?;
    assert_eq!(open_below(graph, 9).await?, BTreeSet::new());
    assert_eq!(numbers(graph.resume_subtree(id(1), now()).await?), [1, 2, 3, 4]);
    Ok(())
}

/// A call of an agent, a minute after the hour.
fn agent_call(tool: &str, agent: u128, minute: u8) -> String {
    let item = serde_json::json!({"type": "CollabAgentToolCall", "tool": tool, "status": "completed",
        "receiver_thread_ids": [id(agent)]});
    let payload = serde_json::json!({"type": "item_completed", "item": item});
    let at = format!("2026-11-22T13:{minute:02}:00Z");
    format!("{}\n", serde_json::json!({"timestamp": at, "type": "event_msg", "payload": payload}))
}

#[tokio::test]
async fn what_an_agent_closed_follows_its_rollout() -> Result {
    let fixture = Fixture::empty().await?;
    let (parent, head) = (rollout_path(id(1)), session(id(1), "hello"));
    fixture.write(&parent, &head)?;
    fixture.write(&rollout_path(id(2)), spawned(2, 1))?;
    fixture.index().await?;
    let graph = fixture.state.graph();
    let open = async || -> Result<BTreeSet<u128>> {
        fixture.index().await?;
        open_below(graph, 1).await
    };
    let (closes, resumes) = (agent_call("close_agent", 2, 1), agent_call("resume_agent", 2, 2));
    fixture.append(&parent, &closes)?;
    assert_eq!(open().await?, BTreeSet::new());
    // What it spawned is closed by nothing, seen before the closing or after it.
    fixture.write(&rollout_path(id(3)), spawned(3, 2))?;
    assert_eq!(open().await?, BTreeSet::from([3]));
    fixture.append(&parent, &resumes)?;
    assert_eq!(open().await?, BTreeSet::from([2, 3]));
    fixture.append(&parent, &agent_call("close_agent", 2, 3))?;
    assert_eq!(open().await?, BTreeSet::from([3]));
    fixture.write(&parent, &head)?;
    assert_eq!(open().await?, BTreeSet::from([2, 3]), "the closing was taken back");

    // The user's decisions stay, whatever the agent does.
    let later: Timestamp = "2026-11-23T00:00:00Z".parse()?;
    fixture.append(&parent, &closes)?;
    fixture.index().await?;
    assert_eq!(numbers(graph.close_subtree(id(2), later).await?), [2, 3]);
    fixture.append(&parent, &resumes)?;
    assert_eq!(open().await?, BTreeSet::new());
    assert_eq!(numbers(graph.resume_subtree(id(2), later).await?), [2, 3]);
    fixture.write(&parent, head + &closes)?;
    assert_eq!(open().await?, BTreeSet::from([2, 3]), "the user opened it later");
    Ok(())
}

#[tokio::test]
async fn an_agent_below_a_thread_that_the_user_closed_stays_closed() -> Result {
    let fixture = Fixture::empty().await?;
    let parent = rollout_path(id(1));
    fixture.write(&parent, session(id(1), "hello") + &agent_call("close_agent", 2, 1))?;
    fixture.write(&rollout_path(id(2)), spawned(2, 1))?;
    fixture.index().await?;
    let graph = fixture.state.graph();
    assert_eq!(numbers(graph.close_subtree(id(1), now()).await?), [1]);
    fixture.append(&parent, &agent_call("resume_agent", 2, 2))?;
    fixture.index().await?;
    assert_eq!(open_below(graph, 1).await?, BTreeSet::new());
    assert_eq!(numbers(graph.resume_subtree(id(1), now()).await?), [1, 2]);
    Ok(())
}

#[tokio::test]
async fn rollouts_that_claim_a_cycle_or_another_parent_change_nothing() -> Result {
    let fixture = grown(&[(1, 2)]).await?;
    for (child, parent) in [(1, 2), (2, 7), (5, 6), (6, 5), (8, 8)] {
        fixture.write(&rollout_path(id(child)), spawned(child, parent))?;
    }
    fixture.index().await?;
    let graph = fixture.state.graph();
    let parent = async |child: u128| -> Result<Vec<u128>> {
        Ok(numbers(graph.ancestors(id(child)).await?.into_iter().map(|agent| agent.thread_id)))
    };
    assert_eq!(parent(1).await?, []);
    assert_eq!(parent(2).await?, [1], "what an agent said stays");
    assert!(parent(5).await?.len() + parent(6).await?.len() <= 1, "one of the two at most is a child");
    assert_eq!(parent(8).await?, []);
    Ok(())
}

#[tokio::test]
async fn a_deleted_thread_leaves_its_children_as_roots_and_what_it_closed_closed() -> Result {
    let fixture = Fixture::empty().await?;
    fixture.write(&rollout_path(id(1)), session(id(1), "hello"))?;
    for (child, parent) in [(2, 1), (3, 2)] {
        fixture.write(&rollout_path(id(child)), spawned(child, parent))?;
    }
    fixture.index().await?;
    let graph = fixture.state.graph();
    graph.close_subtree(id(1), now()).await?;
    fixture.state.delete_thread(id(1), now()).await?;
    fixture.engine(Default::default())?.with(|it| it.force = true).run(|_| ()).await?;
    for (parent, child) in [(1, 9), (9, 1)] {
        let error = graph.upsert_edge(id(parent), id(child), now()).await.expect_err("it is deleted");
        assert!(matches!(error, GraphError::Deleted(deleted) if deleted == id(1)), "{error}");
    }
    let tree = graph.tree(TreeQuery::default()).await?;
    assert_eq!(numbers(tree.iter().map(|agent| agent.thread_id)), [2, 3]);
    assert!(tree.iter().all(|agent| agent.lifecycle == Lifecycle::Closed));
    assert_eq!(numbers(graph.resume_subtree(id(2), now()).await?), [2]);
    Ok(())
}

#[tokio::test]
async fn two_programs_that_close_and_open_at_once_leave_one_of_the_two() -> Result {
    let edges: Vec<(u128, u128)> = (2..40).map(|child| (child / 2, child)).collect();
    let fixture = grown(&edges).await?;
    let graph = fixture.state.graph();
    for _ in 0..10 {
        tokio::try_join!(graph.close_subtree(id(1), now()), graph.resume_subtree(id(1), now()))?;
        let open = open_below(graph, 1).await?.len();
        assert!(open == 0 || open == 38, "{open} of 38 are open");
    }
    Ok(())
}

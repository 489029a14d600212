//! The agent graph: drawn, closed and opened again.

use jiff::Timestamp;
use serde_json::json;

use super::fixture::{Fixture, Result};

const PARENT: &str = "01a2036e-6c3d-7fb3-9eef-e29a46cef274";
const CHILD: &str = "01a2036e-6cdf-7391-8637-5d2cea6ff818";
/// A thread without a rollout.
const UNKNOWN: &str = "01a2ffff-de71-77f1-a9e3-3c28701bba61";

#[test]
fn spawned_threads_hang_below_their_parents() -> Result {
    let fixture = Fixture::bundled()?;
    insta::assert_snapshot!(fixture.run(&["threads", "tree"])?.all(), @r"
    exit 0
    --- stdout
    ID                THREAD                               NICKNAME  LIFE    LAST RUN     UPDATED
    01a2036e-6c3d     Use two helpers to look at the code            open    completed    22 Nov 2019
    ├─ 01a2036e-6cdf  Look at the README and report.       Boyle     open    completed    22 Nov 2019
    └─ 01a2036e-6d54  Look at lib.rs and report.           Harvey    closed  interrupted  22 Nov 2019
    ");
    let tree = fixture.json(&["threads", "tree"])?;
    insta::assert_snapshot!(tree["agents"][1], @r#"
    {"thread_id":"01a2036e-6cdf-7391-8637-5d2cea6ff818","parent_thread_id":"01a2036e-6c3d-7fb3-9eef-e29a46cef274","depth":1,"name":"Look at the README and report.","nickname":"Boyle","role":null,"path":null,"forked_from_id":null,"is_fork":false,"lifecycle":"open","closed_by":null,"outcome":"completed","updated_at":"2019-11-22T13:24:58.411Z","updated_at_ms":1574429098411}
    "#);
    Ok(())
}

#[test]
fn a_home_without_agents_says_so() -> Result {
    let fixture = Fixture::empty()?;
    std::fs::create_dir_all(fixture.home().join("sessions"))?;
    insta::assert_snapshot!(fixture.run(&["threads", "tree"])?.all(), @r"
    exit 0
    --- stdout
    No thread has sub-agents or forks.
    A thread appears here once its agent has spawned another, or it was forked.
    ");
    Ok(())
}

#[test]
fn closing_a_thread_closes_what_it_spawned_and_reopening_opens_exactly_that() -> Result {
    let fixture = Fixture::bundled()?;
    // Its agent has closed this one.
    fixture.json(&["threads", "reopen", "01a2036e-6d54"])?;
    insta::assert_snapshot!(fixture.run(&["threads", "close", "01a2036e-6cdf"])?.all(), @r"
    exit 0
    --- stdout
    1 thread closed; `threadkeep threads reopen 01a2036e-6cdf-7391-8637-5d2cea6ff818` reopens the same threads
      01a2036e-6cdf-7391-8637-5d2cea6ff818  Look at the README and report.
    ");
    insta::assert_snapshot!(fixture.run(&["threads", "close", PARENT])?.all(), @r"
    exit 0
    --- stdout
    2 threads closed; `threadkeep threads reopen 01a2036e-6c3d-7fb3-9eef-e29a46cef274` reopens the same threads
      01a2036e-6c3d-7fb3-9eef-e29a46cef274  Use two helpers to look at the code
      01a2036e-6d54-7dd2-bdfc-2550e7f389b9  Look at lib.rs and report.
    ");
    insta::assert_snapshot!(fixture.run(&["threads", "close", PARENT])?.all(), @r"
    exit 0
    --- stdout
    01a2036e-6c3d-7fb3-9eef-e29a46cef274 is closed already; nothing to do
      Use two helpers to look at the code
    ");
    insta::assert_snapshot!(fixture.run(&["threads", "tree", "01a2036e-6c3d"])?.all(), @r"
    exit 0
    --- stdout
    ID                THREAD                               NICKNAME  LIFE    LAST RUN     UPDATED
    01a2036e-6c3d     Use two helpers to look at the code            closed  completed    22 Nov 2019
    ├─ 01a2036e-6cdf  Look at the README and report.       Boyle     closed  completed    22 Nov 2019
    └─ 01a2036e-6d54  Look at lib.rs and report.           Harvey    closed  interrupted  22 Nov 2019
    ");
    let show = fixture.run(&["threads", "show", "01a2036e-6d54"])?.stdout;
    let section: Vec<&str> =
        show.lines().skip_while(|line| *line != "relatives").take_while(|line| !line.is_empty()).collect();
    insta::assert_snapshot!(section.join("\n"), @r"
    relatives
    lifecycle      closed, with 01a2036e-6c3d-7fb3-9eef-e29a46cef274
    parent         01a2036e-6c3d-7fb3-9eef-e29a46cef274
                   Use two helpers to look at the code
    ");
    insta::assert_snapshot!(fixture.run(&["threads", "reopen", PARENT])?.all(), @r"
    exit 0
    --- stdout
    2 threads reopened
      01a2036e-6c3d-7fb3-9eef-e29a46cef274  Use two helpers to look at the code
      01a2036e-6d54-7dd2-bdfc-2550e7f389b9  Look at lib.rs and report.
    ");
    let tree = fixture.json(&["threads", "tree", PARENT])?;
    let lives: Vec<_> =
        tree["agents"].as_array().ok_or("an array")?.iter().map(|agent| &agent["lifecycle"]).collect();
    assert_eq!(lives, ["open", "closed", "open"]);
    let reopened = json!({ "thread_id": CHILD, "reopened": [CHILD] });
    assert_eq!(fixture.json(&["threads", "reopen", CHILD])?["results"], json!([reopened]));
    insta::assert_snapshot!(fixture.run(&["threads", "reopen", CHILD])?.all(), @r"
    exit 0
    --- stdout
    01a2036e-6cdf-7391-8637-5d2cea6ff818 is open already; nothing to do
      Look at the README and report.
    ");
    Ok(())
}

#[test]
fn a_thread_without_children_can_be_closed_too() -> Result {
    let fixture = Fixture::bundled()?;
    let id = "01a2036c-de71-77f1-a9e3-3c28701bba61";
    let closed = fixture.json(&["threads", "close", id])?;
    assert_eq!((&closed["thread_id"], &closed["closed"]), (&json!(id), &json!([id])));
    assert_eq!(fixture.json(&["threads", "show", id])?["agent"]["lifecycle"], "closed");
    Ok(())
}

#[tokio::test]
async fn a_thread_that_only_the_graph_knows_is_drawn_and_can_be_typed_whole() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["backfill"])?;
    let state = fixture.state().await?;
    state.graph().upsert_edge(CHILD.parse()?, UNKNOWN.parse()?, Timestamp::now()).await?;
    state.close().await?;
    insta::assert_snapshot!(fixture.run(&["threads", "tree", PARENT])?.all(), @r"
    exit 0
    --- stdout
    ID                                          THREAD                     NICKNAME  LIFE    LAST RUN
    01a2036e-6c3d                               Use two helpers to look…             open    completed
    ├─ 01a2036e-6cdf                            Look at the README and r…  Boyle     open    completed
    │  └─ 01a2ffff-de71-77f1-a9e3-3c28701bba61  (not indexed)                        open    unknown
    └─ 01a2036e-6d54                            Look at lib.rs and repor…  Harvey    closed  interrupted
    ");
    insta::assert_snapshot!(fixture.run(&["threads", "tree", PARENT, "--depth", "1"])?.all(), @r"
    exit 0
    --- stdout
    ID                THREAD                               NICKNAME  LIFE    LAST RUN     UPDATED
    01a2036e-6c3d     Use two helpers to look at the code            open    completed    22 Nov 2019
    ├─ 01a2036e-6cdf  Look at the README and report.       Boyle     open    completed    22 Nov 2019
    │  └─ …           1 more: --depth 2 shows them
    └─ 01a2036e-6d54  Look at lib.rs and report.           Harvey    closed  interrupted  22 Nov 2019
    ");
    assert_eq!(fixture.json(&["threads", "tree", PARENT, "--depth", "1"])?["deeper"], 1);
    assert_eq!(fixture.json(&["threads", "tree", UNKNOWN])?["agents"][0]["thread_id"], UNKNOWN);
    assert_eq!(fixture.json(&["threads", "close", UNKNOWN])?["closed"], json!([UNKNOWN]));
    Ok(())
}

#[tokio::test]
async fn a_tree_goes_on_where_a_page_ends() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["backfill"])?;
    let state = fixture.state().await?;
    let other = "01a2036c-de71-77f1-a9e3-3c28701bba61";
    state.graph().upsert_edge(other.parse()?, UNKNOWN.parse()?, Timestamp::now()).await?;
    state.close().await?;
    let first = fixture.json(&["threads", "tree", "--limit", "1"])?;
    assert_eq!((&first["agents"][0]["thread_id"], &first["next_before"]), (&PARENT.into(), &PARENT.into()));
    let next = fixture.json(&["threads", "tree", "--limit", "1", "--before", PARENT])?;
    assert_eq!((&next["agents"][0]["thread_id"], &next["next_before"]), (&other.into(), &json!(null)));
    let text = fixture.run(&["threads", "tree", "--limit", "1"])?.stdout;
    assert!(
        text.ends_with(&format!("next: threadkeep threads tree --limit 1 --before {PARENT}\n")),
        "{text}"
    );
    Ok(())
}

#[test]
fn a_thread_that_nobody_knows_is_refused() -> Result {
    let fixture = Fixture::bundled()?;
    for command in ["tree", "close", "reopen"] {
        let said = fixture.run(&["threads", command, UNKNOWN])?.all();
        insta::allow_duplicates! {
            insta::assert_snapshot!(said, @r"
            exit 2
            --- stderr
            error: no thread 01a2ffff-de71-77f1-a9e3-3c28701bba61 in the index or the agent graph
              hint: `threadkeep threads` and `threadkeep threads tree` show the threads that exist
            ");
        }
    }
    let said = fixture.run(&["threads", "close", "01a2fff"])?;
    assert!(said.stderr.contains("no thread has an id that begins or ends with `01a2fff`"), "{}", said.all());
    Ok(())
}

#[test]
fn a_thread_without_agents_is_a_tree_of_one() -> Result {
    let fixture = Fixture::bundled()?;
    let tree = fixture.json(&["threads", "tree", "01a2036f-6413"])?;
    assert_eq!(tree["agents"].as_array().map(Vec::len), Some(1));
    assert!(fixture.run(&["threads", "tree", "01a2036f-6413"])?.stdout.contains("01a2036f-6413"));
    Ok(())
}

#[test]
fn a_parent_that_was_deleted_and_is_brought_back_has_its_children_again() -> Result {
    let fixture = Fixture::bundled()?;
    let before = fixture.json(&["threads", "tree"])?;
    fixture.json(&["threads", "delete", "--yes", "01a2036e-6c3d"])?;
    assert_eq!(
        fixture.json(&["threads", "tree"])?["agents"].as_array().map(Vec::len),
        Some(2),
        "each a root"
    );
    fixture.json(&["backfill", "--include-deleted"])?;
    assert_eq!(fixture.json(&["threads", "tree"])?, before);
    assert_eq!(fixture.run(&["audit"])?.code, Some(0));
    Ok(())
}

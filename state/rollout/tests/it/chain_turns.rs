//! The turns of a thread are those of its chain.

use serde_json::json;
use threadkeep_rollout::{
    BaseProblem, Chain, ItemsView, Turn, TurnItemKind, TurnPage, TurnQuery, TurnStatus, list_turns,
};
use uuid::Uuid;

use crate::Result;
use crate::written::{File, Home, id};

fn query(newest_first: bool, limit: usize) -> TurnQuery {
    let mut query = TurnQuery::default();
    (query.newest_first, query.limit) = (newest_first, limit);
    query
}

fn page(home: &Home, file_id: Uuid, query: &TurnQuery) -> Result<TurnPage> {
    let chain = Chain::resolve(&home.home, &home.file(file_id)?, |_| true)?;
    Ok(list_turns(&chain, query)?)
}

/// The user's words in a turn.
pub(crate) fn words(turn: &Turn) -> &str {
    match turn.items.first().map(|item| &item.kind) {
        Some(TurnItemKind::UserMessage { text, .. }) => text,
        _ => "",
    }
}

/// The words of all turns of a file's chain, with `<` before inherited ones.
fn all(home: &Home, file_id: Uuid) -> Result<String> {
    let page = page(home, file_id, &query(false, 99))?;
    let shown = page.turns.iter().map(|turn| [if turn.inherited { "<" } else { "" }, words(turn)].concat());
    Ok(shown.collect::<Vec<_>>().join(" "))
}

/// A thread in three files, the second of which goes back behind `b`.
fn thread(home: &Home) -> Result<[File; 3]> {
    let mut first = home.begin(id(1), None, 0, &json!({}))?;
    first.turn("a")?;
    let end = first.next;
    first.turn("b")?;
    let mut second = home.segment(&first, id(2), end)?;
    let end = second.turn("c")?;
    let mut third = home.segment(&second, id(3), end)?;
    third.turn("d")?;
    Ok([first, second, third])
}

#[test]
fn turns_go_on_from_file_to_file() -> Result {
    let home = Home::new()?;
    let [first, second, mut third] = thread(&home)?;
    assert_eq!(all(&home, id(1))?, "a b");
    assert_eq!(all(&home, id(3))?, "a c d");
    let turns = page(&home, id(3), &query(false, 99))?.turns;
    let files: Vec<_> = turns.iter().map(|turn| (turn.file.clone(), turn.file_id)).collect();
    let file = |file: &File| (format!("sessions/{}", file.name), Some(file.id()));
    assert_eq!(files, [file(&first), file(&second), file(&third)]);

    // A turn that begins in one file may end in the next.
    third.begin_turn("e")?;
    let end = third.next;
    let mut fourth = home.segment(&third, id(4), end)?;
    fourth.event(&json!({"type": "task_complete", "turn_id": null}))?;
    fourth.turn("f")?;
    assert_eq!(all(&home, id(4))?, "a c d e f");
    let turns = page(&home, id(4), &query(true, 2))?.turns;
    assert_eq!((turns[1].file_id, turns[1].status), (Some(id(3)), TurnStatus::Completed));
    Ok(())
}

#[test]
fn pages_of_a_chain_meet_without_gap_or_overlap() -> Result {
    let home = Home::new()?;
    let [.., mut third] = thread(&home)?;
    for more in ["e", "f", "g"] {
        third.turn(more)?;
    }
    third.event(&json!({"type": "thread_rolled_back", "num_turns": 2}))?;
    third.turn("h")?;
    for limit in 1..7 {
        for newest_first in [false, true] {
            let (mut got, mut query) = (String::new(), query(newest_first, limit));
            loop {
                let page = page(&home, id(3), &query)?;
                got.extend(page.turns.iter().map(words));
                query.after = page.turns.last().map(Turn::place);
                if !page.more {
                    break;
                }
            }
            assert_eq!(got, if newest_first { "hedca" } else { "acdeh" }, "limit {limit}");
        }
    }
    Ok(())
}

#[test]
fn turns_that_were_rolled_back_are_left_out() -> Result {
    let home = Home::new()?;
    let [.., mut third] = thread(&home)?;
    let roll_back =
        |file: &mut File, turns: u64| file.event(&json!({"type": "thread_rolled_back", "num_turns": turns}));
    // Two turns, one of them of the file before; then an open one; then more than there are.
    roll_back(&mut third, 2)?;
    assert_eq!(all(&home, id(3))?, "a");
    third.turn("e")?;
    third.begin_turn("f")?;
    roll_back(&mut third, 1)?;
    assert_eq!(all(&home, id(3))?, "a e");
    assert_eq!(all(&home, id(2))?, "a c", "a later file changes no earlier one");
    roll_back(&mut third, 9)?;
    third.turn("g")?;
    assert_eq!(all(&home, id(3))?, "g");
    Ok(())
}

#[test]
fn a_fork_marks_the_turns_that_it_inherits() -> Result {
    let home = Home::new()?;
    let [_, second, mut third] = thread(&home)?;
    third.begin_turn("running")?;
    let mut fork = home.fork(&third, id(5), third.next)?;
    fork.turn("x")?;
    assert_eq!(all(&home, id(5))?, "<a <c <d <running x");
    let turns = page(&home, id(5), &query(false, 99))?.turns;
    assert_eq!(turns[3].status, TurnStatus::Interrupted, "it goes on in its own thread alone");
    let mut deeper = home.fork(&fork, id(6), fork.next)?;
    deeper.turn("y")?;
    assert_eq!(all(&home, id(6))?, "<a <c <d <running <x y");

    // A thread that may not be shown is left out, with what it builds on.
    let chain = Chain::resolve(&home.home, &home.file(id(6))?, |thread| thread != id(1))?;
    let shown = list_turns(&chain, &query(false, 99))?;
    assert_eq!(shown.turns.iter().map(words).collect::<Vec<_>>(), ["x", "y"]);
    assert_eq!(shown.problem, Some(BaseProblem::Missing(id(3))));
    assert_eq!(chain.problem(), shown.problem);

    // Missing, cut and compressed bases.
    third.compress()?;
    assert_eq!(all(&home, id(6))?, "<a <c <d <running <x y");
    second.remove()?;
    let shown = page(&home, id(6), &query(false, 99))?;
    assert_eq!(shown.turns.iter().map(words).collect::<String>(), "drunningxy");
    assert_eq!(shown.problem, Some(BaseProblem::Missing(id(2))));
    fork.cut_to(40)?;
    let shown = page(&home, id(6), &query(false, 99))?;
    assert_eq!(shown.turns.iter().map(words).collect::<String>(), "y");
    assert_eq!(shown.problem, Some(BaseProblem::Cut(id(5))));
    Ok(())
}

#[test]
fn a_page_has_the_items_of_its_own_turns() -> Result {
    let home = Home::new()?;
    thread(&home)?;
    let mut query = query(true, 1);
    query.view = ItemsView::None;
    let page = page(&home, id(3), &query)?;
    assert_eq!((page.turns.len(), page.turns[0].items.len(), page.more), (1, 0, true));
    assert_eq!((page.turns[0].omitted_items, page.skipped.count), (1, 0));
    Ok(())
}

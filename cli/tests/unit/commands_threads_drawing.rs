//! Tests of `commands/threads/drawing.rs`, next to which its private items are in scope.

use super::*;

fn drawn(depths: &[u32], deepest: u32, most: usize) -> String {
    let lines = lines(depths, deepest, most);
    let content = |line: &Line| match line.content {
        Content::Agent(n) => n.to_string(),
        Content::More(more) => format!("… {more} more"),
    };
    let texts = branches(&lines).into_iter().zip(&lines).map(|(branch, line)| branch + &content(line));
    texts.collect::<Vec<_>>().join("\n")
}

#[test]
fn branches_lead_to_later_siblings_and_nowhere_else() {
    insta::assert_snapshot!(drawn(&[0, 1, 2, 3, 2, 1, 2, 0, 1], 9, 9), @r"
    0
    ├─ 1
    │  ├─ 2
    │  │  └─ 3
    │  └─ 4
    └─ 5
       └─ 6
    7
    └─ 8
    ");
}

#[test]
fn what_is_too_deep_or_too_many_is_counted() {
    insta::assert_snapshot!(drawn(&[0, 1, 2, 2, 3, 2, 3, 1, 1, 2, 1, 0], 2, 2), @r"
    0
    ├─ 1
    │  ├─ 2
    │  ├─ 3
    │  │  └─ … 1 more
    │  └─ … 1 more
    ├─ 7
    └─ … 2 more
    11
    ");
    insta::assert_snapshot!(drawn(&[0, 1, 2, 2, 1, 2], 1, 9), @r"
    0
    ├─ 1
    │  └─ … 2 more
    └─ 4
       └─ … 1 more
    ");
}

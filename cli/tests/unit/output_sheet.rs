//! Tests of `output/sheet.rs`, next to which its private items are in scope.

use super::*;
use crate::args::{Color, Global};

fn rendered(sheet: &Sheet, columns: usize) -> String {
    let mut screen = Screen::new(&Global { color: Color::Never, ..Global::default() });
    (screen.width, screen.is_terminal) = (columns, true);
    anstream::adapter::strip_str(&sheet.render(&screen)).to_string()
}

#[test]
fn values_hang_under_their_beginning_and_headings_have_something_under_them() {
    let mut sheet = Sheet::default();
    sheet.row("id", "01a2036c-de71-77f1-a9e3-3c28701bba61");
    sheet.line("title", Some("a title that goes on and on and on and on".to_owned()));
    sheet.heading("empty");
    sheet.heading("how");
    sheet.row("sandbox", "managed: read /a/long/path/without/any/space/in/it; network restricted");
    sheet.heading("empty at the end");
    insta::assert_snapshot!(rendered(&sheet, 40), @r"
    id
      01a2036c-de71-77f1-a9e3-3c28701bba61
    title    a title that goes on and on an…

    how
    sandbox  managed: read
             /a/long/path/without/any/space/
             in/it; network restricted
    ");
}

#[test]
fn ids_and_paths_are_never_broken() {
    let mut sheet = Sheet::default();
    sheet.whole("id", "01a2036c-de71-77f1-a9e3-3c28701bba61");
    sheet.whole("rollout", "/home/a user/sessions/2019/11/22/rollout-2019-11-22T10-00-00.jsonl");
    sheet.row("sandbox", "managed: read /; network restricted to a few hosts of the user's choice");
    insta::assert_snapshot!(rendered(&sheet, 60), @r"
    id       01a2036c-de71-77f1-a9e3-3c28701bba61
    rollout
    /home/a user/sessions/2019/11/22/rollout-2019-11-22T10-00-00.jsonl
    sandbox  managed: read /; network restricted to a few hosts
             of the user's choice
    ");
}

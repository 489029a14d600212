//! Tests of `output/table.rs`, next to which its private items are in scope.

use super::*;

const COLUMNS: &[Column] = &[
    column("ID", usize::MAX, usize::MAX, 0, usize::MAX),
    column("TITLE", 10, usize::MAX, 0, 4),
    Column { path: true, ..column("FOLDER", 6, 12, 2, 6) },
    column("MODEL", 5, 8, 3, 5),
    column("EMPTY", 5, 8, 4, 5),
];

const fn column(title: &'static str, min: usize, max: usize, rank: u8, floor: usize) -> Column {
    Column { title, min, max, rank, floor, path: false, fixed: false, style: Style::new() }
}

fn rendered(room: usize) -> String {
    let cells = |cells: [&str; 5]| cells.map(|text| Cell::from(text.to_owned())).to_vec();
    let rows = [
        cells(["ab12", "A title that is long", "~/a/long/folder", "gpt-5", ""]),
        cells(["cd34", "日本語", "~/b", "", ""]),
    ];
    anstream::adapter::strip_str(&table(COLUMNS, &rows, room)).to_string()
}

#[test]
fn columns_shrink_and_then_go() {
    insta::assert_snapshot!(rendered(60), @r"
    ID    TITLE                 FOLDER        MODEL
    ab12  A title that is long  …/folder      gpt-5
    cd34  日本語                ~/b
    ");
    insta::assert_snapshot!(rendered(40), @r"
    ID    TITLE          FOLDER        MODEL
    ab12  A title that…  …/folder      gpt-5
    cd34  日本語         ~/b
    ");
    insta::assert_snapshot!(rendered(26), @r"
    ID    TITLE       FOLDER
    ab12  A title t…  …/folder
    cd34  日本語      ~/b
    ");
    insta::assert_snapshot!(rendered(18), @r"
    ID    TITLE
    ab12  A title tha…
    cd34  日本語
    ");
}

#[test]
fn the_first_column_is_never_cut_and_the_last_to_go_goes_after_the_others_shrank() {
    let columns = [COLUMNS[0], column("WHEN", 6, 6, LAST_RANK, 6), column("TITLE", 10, usize::MAX, 0, 4)];
    let rows = [["0123456789", "now", "A title"].map(|text| Cell::from(text.to_owned())).to_vec()];
    let rendered = |room| anstream::adapter::strip_str(&table(&columns, &rows, room)).to_string();
    insta::assert_snapshot!(rendered(24), @r"
    ID          WHEN  TITLE
    0123456789  now   A tit…
    ");
    insta::assert_snapshot!(rendered(18), @r"
    ID          TITLE
    0123456789  A tit…
    ");
    insta::assert_snapshot!(rendered(8), @r"
    ID          TIT…
    0123456789  A t…
    ");
}

#[test]
fn no_line_is_wider_than_the_room() {
    for room in 10..80 {
        for line in rendered(room).lines() {
            assert!(width(line) <= room, "{room}: {line}");
        }
    }
}

#[test]
fn a_fixed_column_is_as_wide_whatever_is_in_it() {
    let columns =
        [Column { fixed: true, ..column("WHERE", 6, 12, 1, 6) }, column("TITLE", 10, usize::MAX, 0, 4)];
    let at = |place: &str| {
        let rows = [[place, "A title"].map(|text| Cell::from(text.to_owned())).to_vec()];
        let rendered = anstream::adapter::strip_str(&table(&columns, &rows, 60)).to_string();
        rendered.lines().next().map(|titles| titles.find("TITLE"))
    };
    assert_eq!(at("a"), at("a longer place"));
    assert_eq!(at(""), Some(Some(0)));
}

#[test]
fn for_a_program_nothing_is_cut_and_no_column_left_out() {
    insta::assert_snapshot!(rendered(UNLIMITED).replace('\t', "|"), @r"
    ID|TITLE|FOLDER|MODEL|EMPTY
    ab12|A title that is long|~/a/long/folder|gpt-5|
    cd34|日本語|~/b||
    ");
}

#[test]
fn a_cell_may_have_a_head_of_its_own() {
    let cell = Cell::styled(DIM, "0123").with_head(2, LINK);
    assert_eq!(cell.paint("0123", &COLUMNS[0]), paint(LINK, "01") + &paint(DIM, "23"));
    assert_eq!(cell.paint("0", &COLUMNS[0]), paint(DIM, "0"));
}

const LINK: Style = Style::new().bold();

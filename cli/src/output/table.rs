//! A table that fits: columns shrink down to what they need, then the least important ones go.

use anstyle::Style;

use super::color::{DIM, paint};
use super::text::{fit, fit_path, width};

const GAP: usize = 2;

/// A column and how it yields when there is little room.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub(crate) title: &'static str,
    /// The least it can do with.
    pub(crate) min: usize,
    /// The most it is given.
    pub(crate) max: usize,
    /// Its importance: of two, the lower one goes first. Columns of importance 0 stay.
    pub(crate) rank: u8,
    /// Whether it holds paths, which are cut at their front and not at their end.
    pub(crate) path: bool,
    pub(crate) style: Style,
}

/// Renders lines of cells under a line of titles. A column without any content is left out.
pub(crate) fn table(columns: &[Column], rows: &[Vec<String>], room: usize) -> String {
    let widths = arrange(columns, rows, room);
    let shown: Vec<usize> = (0..columns.len()).filter(|n| widths[*n] > 0).collect();
    let mut text = String::new();
    let mut line = |cells: &mut dyn FnMut(usize) -> (String, Style)| {
        let mut rendered = String::new();
        for (position, n) in shown.iter().enumerate() {
            let (cell, style) = cells(*n);
            let cell = if columns[*n].path { fit_path(&cell, widths[*n]) } else { fit(&cell, widths[*n]) };
            let last = position + 1 == shown.len();
            let room = if last { 0 } else { widths[*n] + GAP };
            let gap = " ".repeat(room.saturating_sub(width(&cell)));
            if !cell.is_empty() {
                rendered.push_str(&paint(style, &cell));
            }
            rendered.push_str(&gap);
        }
        text.push_str(rendered.trim_end());
        text.push('\n');
    };
    line(&mut |n| (columns[n].title.to_owned(), DIM));
    for row in rows {
        line(&mut |n| (row[n].clone(), columns[n].style));
    }
    text
}

/// The width of each column; 0 for one that is left out.
fn arrange(columns: &[Column], rows: &[Vec<String>], room: usize) -> Vec<usize> {
    let natural: Vec<usize> = columns
        .iter()
        .enumerate()
        .map(|(n, column)| {
            let widest = rows.iter().map(|row| width(&row[n])).max().unwrap_or(0);
            if widest == 0 { 0 } else { widest.max(width(column.title)).min(column.max) }
        })
        .collect();
    let mut widths: Vec<usize> =
        natural.iter().zip(columns).map(|(natural, column)| (*natural).min(column.min)).collect();
    let total = |widths: &[usize]| {
        let shown = widths.iter().filter(|width| **width > 0).count();
        widths.iter().sum::<usize>() + shown.saturating_sub(1) * GAP
    };
    while total(&widths) > room {
        let least = (0..columns.len())
            .filter(|n| widths[*n] > 0 && columns[*n].rank > 0)
            .max_by_key(|n| columns[*n].rank);
        let Some(least) = least else { break };
        widths[least] = 0;
    }
    // What is left goes to the narrow columns first: the widest takes the rest.
    let mut order: Vec<usize> = (0..columns.len()).filter(|n| widths[*n] > 0).collect();
    order.sort_by_key(|n| columns[*n].max);
    for n in order {
        let left = room.saturating_sub(total(&widths));
        widths[n] += left.min(natural[n].saturating_sub(widths[n]));
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[
        Column { title: "ID", min: 4, max: 4, rank: 0, path: false, style: Style::new() },
        Column { title: "TITLE", min: 10, max: usize::MAX, rank: 0, path: false, style: Style::new() },
        Column { title: "FOLDER", min: 6, max: 12, rank: 1, path: true, style: Style::new() },
        Column { title: "MODEL", min: 5, max: 8, rank: 2, path: false, style: Style::new() },
        Column { title: "EMPTY", min: 5, max: 8, rank: 3, path: false, style: Style::new() },
    ];

    fn rendered(room: usize) -> String {
        let cells = |cells: [&str; 5]| cells.map(str::to_owned).to_vec();
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
    fn no_line_is_wider_than_the_room() {
        for room in 16..80 {
            for line in rendered(room).lines() {
                assert!(width(line) <= room, "{room}: {line}");
            }
        }
    }
}

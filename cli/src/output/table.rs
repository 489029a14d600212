//! A table that fits: columns shrink down to what they can do with, and the least important ones
//! go.

use anstyle::Style;

use super::color::{DIM, paint};
use threadkeep_app::text::{fit, fit_path, width};

const GAP: usize = 2;
/// Rank of the columns that go last, after the others have shrunk to their floor.
const LAST_RANK: u8 = 1;

/// A column and how it yields when there is little room.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub(crate) title: &'static str,
    /// Least width.
    pub(crate) min: usize,
    /// Greatest width.
    pub(crate) max: usize,
    /// Order of removal: the highest rank goes first. Columns of rank 0 stay.
    pub(crate) rank: u8,
    /// Down to what it shrinks below `min` once only the columns of [`LAST_RANK`] could still go.
    pub(crate) floor: usize,
    /// True if it holds paths, which are cut at the front.
    pub(crate) path: bool,
    /// True if it is as wide on every page, whatever is in it.
    pub(crate) fixed: bool,
    pub(crate) style: Style,
}

impl Column {
    /// Creates a column that never shrinks below `min`, and whose cells are cut at their end.
    pub(crate) const fn new(title: &'static str, min: usize, max: usize, rank: u8, style: Style) -> Column {
        Column { title, min, max, rank, floor: min, path: false, fixed: false, style }
    }
}

/// Content of one column in one row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    text: String,
    /// Style, if it differs from the column's.
    style: Option<Style>,
    /// Length in bytes and style of the beginning, if it differs from the rest.
    head: Option<(usize, Style)>,
}

impl Cell {
    /// Creates a cell with a style of its own.
    pub(crate) fn styled(style: Style, text: impl Into<String>) -> Cell {
        Cell { text: text.into(), style: Some(style), head: None }
    }

    /// Gives the beginning a style of its own.
    pub(crate) fn with_head(self, bytes: usize, style: Style) -> Cell {
        Cell { head: Some((bytes, style)), ..self }
    }

    /// Renders the text, which may be cut, in its styles.
    fn paint(&self, text: &str, column: &Column) -> String {
        let style = self.style.unwrap_or(column.style);
        match self.head.and_then(|(bytes, head)| Some((text.split_at_checked(bytes)?, head))) {
            Some(((begins, ""), head)) => paint(head, begins),
            Some(((begins, rest), head)) => paint(head, begins) + &paint(style, rest),
            None if text.is_empty() => String::new(),
            None => paint(style, text),
        }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Cell {
        Cell { text, style: None, head: None }
    }
}

/// Room of a reader that is a program: nothing is cut or left out, and tabs separate the columns.
pub(crate) const UNLIMITED: usize = usize::MAX;

/// Renders lines of cells under a line of titles. A column without any content is left out.
pub(crate) fn table(columns: &[Column], rows: &[Vec<Cell>], room: usize) -> String {
    let titles: Vec<Cell> = columns.iter().map(|column| Cell::styled(DIM, column.title)).collect();
    let lines = std::iter::once(&titles).chain(rows);
    if room == UNLIMITED {
        let line = |cells: &Vec<Cell>| {
            let cells = cells.iter().zip(columns).map(|(cell, column)| cell.paint(&cell.text, column));
            cells.collect::<Vec<_>>().join("\t") + "\n"
        };
        return lines.map(line).collect();
    }
    let widths = arrange(columns, rows, room);
    let shown: Vec<usize> = (0..columns.len()).filter(|n| widths[*n] > 0).collect();
    let mut text = String::new();
    for cells in lines {
        let mut rendered = String::new();
        for (position, n) in shown.iter().enumerate() {
            let (cell, column) = (&cells[*n], &columns[*n]);
            let fitted =
                if column.path { fit_path(&cell.text, widths[*n]) } else { fit(&cell.text, widths[*n]) };
            let last = position + 1 == shown.len();
            let room = if last { 0 } else { widths[*n] + GAP };
            rendered.push_str(&cell.paint(&fitted, column));
            rendered.push_str(&" ".repeat(room.saturating_sub(width(&fitted))));
        }
        text.push_str(rendered.trim_end());
        text.push('\n');
    }
    text
}

/// Returns the width of each column; 0 for a column that is left out.
fn arrange(columns: &[Column], rows: &[Vec<Cell>], room: usize) -> Vec<usize> {
    let natural: Vec<usize> = columns
        .iter()
        .enumerate()
        .map(|(n, column)| {
            let widest = rows.iter().map(|row| width(&row[n].text)).max().unwrap_or(0);
            let wanted = if column.fixed { column.max } else { widest.max(width(column.title)) };
            if widest == 0 { 0 } else { wanted.min(column.max) }
        })
        .collect();
    let mut widths: Vec<usize> =
        natural.iter().zip(columns).map(|(natural, column)| (*natural).min(column.min)).collect();
    let total = |widths: &[usize]| {
        let shown = widths.iter().filter(|width| **width > 0).count();
        widths.iter().sum::<usize>() + shown.saturating_sub(1) * GAP
    };
    let drop_down_to = |widths: &mut Vec<usize>, rank: u8| {
        while total(widths) > room {
            let least = (0..columns.len())
                .filter(|n| widths[*n] > 0 && columns[*n].rank >= rank)
                .max_by_key(|n| columns[*n].rank);
            let Some(least) = least else { break };
            widths[least] = 0;
        }
    };
    drop_down_to(&mut widths, LAST_RANK + 1);
    if total(&widths) > room {
        // What is left over is given back below.
        widths.iter_mut().zip(columns).for_each(|(width, column)| *width = (*width).min(column.floor));
    }
    drop_down_to(&mut widths, LAST_RANK);
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
#[path = "../../tests/unit/output_table.rs"]
mod tests;

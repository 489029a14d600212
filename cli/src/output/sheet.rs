//! Labels and values under each other, for one thing with many properties.

use super::Screen;
use super::color::{BOLD, DIM, paint};
use threadkeep_app::text::{fit, pad, width, wrap};

/// The least room for values; on less the terminal may wrap.
const LEAST_ROOM: usize = 20;
/// Between a label and its value.
const GAP: usize = 2;

/// A sheet that is being filled in.
#[derive(Debug, Default)]
pub(crate) struct Sheet {
    rows: Vec<Row>,
}

#[derive(Debug)]
enum Row {
    Heading(String),
    Value(&'static str, String),
    /// A value that is never broken: an id or a path, which is copied.
    Whole(&'static str, String),
    /// A value of which only the beginning is wanted, if it is longer than a line.
    Line(&'static str, String),
}

impl Sheet {
    /// Begins a part, with an empty line before it if it is not the first. A part without a value
    /// is left out.
    pub(crate) fn heading(&mut self, text: impl Into<String>) {
        self.rows.push(Row::Heading(text.into()));
    }

    /// Adds a value; it must be fit to print.
    pub(crate) fn row(&mut self, label: &'static str, value: impl Into<String>) {
        self.rows.push(Row::Value(label, value.into()));
    }

    /// Adds a value that is never broken.
    pub(crate) fn whole(&mut self, label: &'static str, value: impl Into<String>) {
        self.rows.push(Row::Whole(label, value.into()));
    }

    /// Adds a value if there is one, and cuts it to a line.
    pub(crate) fn line(&mut self, label: &'static str, value: Option<String>) {
        self.rows.extend(value.map(|value| Row::Line(label, value)));
    }

    /// Adds a value if there is one.
    pub(crate) fn maybe(&mut self, label: &'static str, value: Option<impl Into<String>>) {
        if let Some(value) = value {
            self.row(label, value);
        }
    }

    /// Renders the sheet; on a terminal, long values are continued under their beginning.
    pub(crate) fn render(&self, screen: &Screen) -> String {
        let labels = self.rows.iter().map(|row| match row {
            Row::Value(label, _) | Row::Line(label, _) | Row::Whole(label, _) => width(label),
            Row::Heading(_) => 0,
        });
        let indent = labels.max().unwrap_or(0) + GAP;
        let room =
            if screen.is_terminal { screen.width.saturating_sub(indent).max(LEAST_ROOM) } else { usize::MAX };
        let mut text = String::new();
        for (n, row) in self.rows.iter().enumerate() {
            match row {
                Row::Heading(_) if matches!(self.rows.get(n + 1), None | Some(Row::Heading(_))) => {}
                Row::Heading(heading) => {
                    if !text.is_empty() {
                        text.push('\n');
                    }
                    text.push_str(&paint(BOLD, heading));
                    text.push('\n');
                }
                Row::Line(label, value) => {
                    let value = fit(value, screen.width.saturating_sub(indent).max(LEAST_ROOM));
                    text.push_str(&format!("{}{value}\n", paint(DIM, &pad(label, indent, false))));
                }
                // An id that fits on a line of its own can be copied from there.
                Row::Value(label, value)
                    if width(value) > room && width(value) + GAP <= screen.width && !value.contains(' ') =>
                {
                    text.push_str(&format!("{}\n{}{value}\n", paint(DIM, label), " ".repeat(GAP)));
                }
                // The terminal breaks it where it must, so that it can be copied in one piece.
                Row::Whole(label, value) if width(value) > room => {
                    let indent = if width(value) + GAP <= screen.width { GAP } else { 0 };
                    let label = if label.is_empty() { String::new() } else { paint(DIM, label) + "\n" };
                    text.push_str(&format!("{label}{}{value}\n", " ".repeat(indent)));
                }
                Row::Whole(label, value) => {
                    text.push_str(&format!("{}{value}\n", paint(DIM, &pad(label, indent, false))));
                }
                Row::Value(label, value) => {
                    let mut first = paint(DIM, &pad(label, indent, false));
                    for line in wrap(value, room) {
                        text.push_str(&first);
                        text.push_str(&line);
                        text.push('\n');
                        first = " ".repeat(indent);
                    }
                }
            }
        }
        text
    }
}

#[cfg(test)]
#[path = "../../tests/unit/output_sheet.rs"]
mod tests;

//! The report for people: notes, sections with aligned columns, and a line of counts.

use threadkeep_app::text::{clean, fit_middle, pad, width, wrap};
use threadkeep_doctor::{Check, Report, Section, Status, Value, build};

use super::symbols::Symbols;
use crate::output::Screen;
use crate::output::color::{BOLD, DIM, paint};

/// Columns of a check's short name, with the gap.
const LABEL: usize = 13;
/// Columns of a detail's name, with the gap.
const DETAIL: usize = 26;
/// Columns before a detail.
const INDENT: usize = 6;
/// Entries of a list that are shown unless all are wanted.
const ENTRIES: usize = 3;
/// Widest layout: longer lines are hard to read.
const WIDEST: usize = 100;

/// Form of the report.
#[derive(Clone, Copy)]
pub(super) struct View {
    pub(super) is_summary: bool,
    pub(super) is_whole: bool,
    pub(super) is_ascii: bool,
}

/// Renders the report.
pub(super) fn render(report: &Report, view: View, screen: &Screen) -> String {
    let page = Page { symbols: Symbols::new(view.is_ascii), view, width: room(screen), lines: Vec::new() };
    page.all(report).join("\n") + "\n"
}

fn room(screen: &Screen) -> usize {
    if screen.is_plain() { 80 } else { screen.width.min(WIDEST) }
}

struct Page {
    symbols: Symbols,
    view: View,
    width: usize,
    lines: Vec<String>,
}

impl Page {
    fn all(mut self, report: &Report) -> Vec<String> {
        let dot = self.symbols.dot;
        let title = format!("threadkeep doctor {}{dot}{}", build::VERSION, *build::PLATFORM);
        self.lines.push(paint(BOLD, &title));
        self.notes(report);
        let sections = [
            Section::Environment,
            Section::Configuration,
            Section::Updates,
            Section::Connectivity,
            Section::BackgroundServer,
        ];
        for section in sections {
            let checks: Vec<&Check> = report.checks.iter().filter(|check| check.section == section).collect();
            if !checks.is_empty() {
                self.lines.push(String::new());
                self.lines.push(paint(BOLD, section.title()));
                checks.iter().for_each(|check| self.check(check));
            }
        }
        self.counts(report);
        self.lines
    }

    fn notes(&mut self, report: &Report) {
        let notes = report.notes();
        if notes.is_empty() {
            return;
        }
        self.lines.push(String::new());
        self.lines.push(paint(BOLD, "Notes"));
        for (check, note) in notes {
            let mark = match check.finding.status {
                _ if note.is_update => self.symbols.of_update(),
                Status::Ok | Status::Idle => (self.symbols.dot.trim(), DIM),
                status => self.symbols.of(status),
            };
            self.line(mark, check.label, &note.text);
        }
        self.rule();
    }

    fn check(&mut self, check: &Check) {
        let finding = &check.finding;
        self.line(self.symbols.of(finding.status), check.label, &finding.summary);
        if let Some(remedy) = &finding.remediation {
            // A command is copied: it is never broken.
            let remedy = format!("{} {}", self.symbols.remedy, clean(remedy));
            self.lines.push(format!("{}{remedy}", " ".repeat(INDENT)));
        }
        if !self.view.is_summary {
            for (label, value) in &finding.details {
                self.detail(label, value);
            }
        }
    }

    /// Adds a line with a mark, a name, and a text that goes on under its beginning.
    fn line(&mut self, (mark, style): (&str, anstyle::Style), label: &str, text: &str) {
        let text = self.symbols.plain(&clean(text));
        let indent = 4 + LABEL;
        let mut lines = wrap(&text, self.width.saturating_sub(indent).max(20)).into_iter();
        let first = lines.next().unwrap_or_default();
        self.lines.push(format!("  {} {}{first}", paint(style, mark), pad(label, LABEL, false)));
        self.lines.extend(lines.map(|line| format!("{}{line}", " ".repeat(indent))));
    }

    fn detail(&mut self, label: &str, value: &Value) {
        let room = self.width.saturating_sub(INDENT + DETAIL).max(20);
        let values = match value {
            Value::Text(text) => wrapped(&self.symbols.plain(&clean(text)), room),
            Value::List(values) => self.list(values, room),
        };
        let mut label = paint(DIM, &pad(&self.symbols.plain(&clean(label)), DETAIL, false));
        for value in values {
            self.lines.push(format!("{}{label}{value}", " ".repeat(INDENT)).trim_end().to_owned());
            label = " ".repeat(DETAIL);
        }
    }

    /// Renders a list: short entries next to each other, long ones under each other.
    fn list(&self, values: &[String], room: usize) -> Vec<String> {
        let shown = if self.view.is_whole { values.len() } else { ENTRIES };
        let mut entries: Vec<String> =
            values.iter().take(shown).map(|value| self.symbols.plain(&clean(value))).collect();
        if values.len() > shown {
            entries.push(format!("{} more with --all", values.len() - shown));
        }
        let joined = entries.join(", ");
        if self.view.is_whole || width(&joined) <= room {
            return wrapped(&joined, room);
        }
        entries.into_iter().flat_map(|entry| wrapped(&entry, room)).collect()
    }

    fn rule(&mut self) {
        self.lines.push(paint(DIM, &self.symbols.rule.repeat(self.width.min(61))));
    }

    fn counts(&mut self, report: &Report) {
        let counts = report.counts();
        self.lines.push(String::new());
        self.rule();
        let parts = [
            (counts.ok, "ok"),
            (counts.idle, "idle"),
            (counts.notes, if counts.notes == 1 { "note" } else { "notes" }),
            (counts.warnings, "warn"),
            (counts.failures, "fail"),
        ];
        let parts = parts.map(|(number, word)| format!("{number} {word}")).join(self.symbols.dot);
        let (_, style) = self.symbols.of(report.overall());
        let overall = match report.overall() {
            Status::Fail => "something does not work",
            Status::Warning => "works, with warnings",
            _ => "healthy",
        };
        self.lines.push(format!("{parts}{}{}", self.symbols.dot, paint(style, overall)));
        let more = if self.view.is_summary {
            "without --summary: all details; --json: a redacted report"
        } else {
            "--summary: one line a check; --all: long lists; --json: a redacted report"
        };
        self.lines.push(paint(DIM, more));
    }
}

/// Breaks a text into lines. A word without spaces, such as a path, is shortened in its middle.
fn wrapped(text: &str, room: usize) -> Vec<String> {
    if !text.contains(' ') {
        return vec![fit_middle(text, room).into_owned()];
    }
    wrap(text, room)
}

//! A transcript for a terminal: styled, wrapped, and without anything that a terminal would obey
//! but the styles.

use std::borrow::Cow;

use anstyle::{AnsiColor, Style};
use threadkeep_app::text::{clean, count, counted, fit, one_line, width, wrap};
use threadkeep_app::time::Clock;
use threadkeep_rollout::TurnStatus;

use super::{Render, phrases};
use crate::fold::{Line, lines};
use crate::head::Head;
use crate::model::{Edit, Entry, State, Step, SubAgent, Turn};
use crate::turns::Reading;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const USER: Style = AnsiColor::Cyan.on_default().bold();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const WARNING: Style = AnsiColor::Yellow.on_default();
const HUNK: Style = AnsiColor::Cyan.on_default();

/// Columns of a tab.
const TAB: &str = "    ";
/// Least columns for words.
const LEAST: usize = 30;

/// Renderer for a terminal.
#[derive(Debug)]
pub struct Terminal {
    /// Columns of the terminal; longer lines of words are wrapped.
    pub width: usize,
    /// True if nothing is folded.
    pub full: bool,
    /// Clock that renders times.
    pub clock: Clock,
}

impl Render for Terminal {
    fn begin(&mut self, head: &Head) -> String {
        let mut page = Page::new(self.width);
        page.line("", BOLD, &fit(&head.short_label(), self.width));
        page.facts(&[Some(head.id.to_string()), head.cwd.clone(), head.branch.clone()]);
        let started = Some(self.clock.full(head.created_at));
        page.facts(&[head.agent(), head.full_model(), started]);
        if let Some(id) = head.forked_from {
            page.facts(&[Some(format!("forked from {id}"))]);
        }
        page.text
    }

    fn turn(&mut self, turn: &Turn) -> String {
        let mut page = Page::new(self.width);
        page.text.push('\n');
        self.heading(turn, &mut page);
        for item in &turn.items {
            self.entry(&item.entry, &mut page);
        }
        if let Some(error) = &turn.error {
            page.words("  ✗ ", BAD, error);
        }
        if let Some(omitted) = phrases::omitted(turn) {
            page.words("  ", DIM, &omitted);
        }
        page.text.truncate(page.text.trim_end_matches('\n').len() + 1);
        page.text
    }

    fn end(&mut self, reading: &Reading) -> String {
        let mut page = Page::new(self.width);
        if let Some(problem) = &reading.problem {
            page.text.push('\n');
            page.words("", WARNING, &phrases::problem(problem));
        }
        if reading.total == Some(0) {
            page.words("", DIM, "nothing was said yet");
        } else if let Some(total) = reading.total.filter(|total| *total > reading.shown) {
            page.text.push('\n');
            page.words("", DIM, &format!("{} of {}", count(reading.shown), counted(total, "turn")));
        }
        page.text
    }
}

impl Terminal {
    fn heading(&self, turn: &Turn, page: &mut Page) {
        let mut facts = Vec::new();
        facts.extend(turn.started_at.map(|at| self.clock.moment(at)));
        facts.extend(turn.duration_ms.map(phrases::duration));
        facts.extend(turn.inherited.then(|| "inherited".to_owned()));
        let facts = facts.iter().map(|fact| format!(" · {fact}")).collect::<String>();
        let label = format!("── Turn {}", count(turn.number));
        let status = phrases::status(turn).map(|status| format!(" · {status}")).unwrap_or_default();
        let style = if turn.status == TurnStatus::Failed { BAD } else { WARNING };
        let taken = width(&label) + width(&facts) + width(&status) + 1;
        let rule = "─".repeat(self.width.min(100).saturating_sub(taken));
        page.text.push_str(&format!(
            "{}{}{} {}\n",
            paint(BOLD, &label),
            paint(DIM, &facts),
            paint(style, &status),
            paint(DIM, &rule)
        ));
    }

    fn entry(&self, entry: &Entry, page: &mut Page) {
        if let Some(line) = phrases::line(entry) {
            return page.words("  • ", DIM, &line);
        }
        match entry {
            Entry::User { text, context, images } => {
                page.gap();
                if let Some(context) = context.as_ref().filter(|_| self.full) {
                    page.block("  ", DIM, context);
                }
                let images = phrases::images(*images);
                let words: Vec<&str> =
                    [Some(text.as_str()), images.as_deref()].into_iter().flatten().collect();
                page.prose("› ", USER, words.join("\n").trim_matches('\n'));
                page.gap();
            }
            Entry::Agent { text, .. } => {
                page.gap();
                page.prose("  ", Style::new(), text.trim_matches('\n'));
                page.gap();
            }
            Entry::Reasoning { text } => page.prose("  ", DIM, text.trim_matches('\n')),
            Entry::Command { command, cwd, state, exit_code, duration_ms, output } => {
                let result = phrases::result(*state, *exit_code, *duration_ms);
                page.command(command, &result, *state);
                if let Some(cwd) = cwd {
                    page.words("    ", DIM, &format!("in {cwd}"));
                }
                self.folded(output, page, |_| DIM);
            }
            Entry::Edits { state, files, error } => {
                files.iter().for_each(|edit| self.edit(edit, *state, page));
                self.folded(error.as_deref().unwrap_or_default(), page, |_| BAD);
            }
            Entry::Plan { explanation, steps } => {
                page.words("  • ", DIM, "plan");
                if let Some(explanation) = explanation {
                    page.prose("    ", Style::new(), explanation.trim());
                }
                steps.iter().for_each(|step| plan_step(step, page));
            }
            Entry::SubAgents { action, state, prompt, agents } => {
                let failed = if *state == State::Failed { " (failed)" } else { "" };
                page.words("  • ", DIM, &format!("{}{failed}", phrases::action(action, agents.len())));
                if let Some(prompt) = prompt {
                    page.prose("    › ", DIM, prompt.trim());
                }
                agents.iter().for_each(|agent| self.agent(agent, page));
            }
            Entry::Tool { name, state, duration_ms, arguments, output } => {
                let result = phrases::result(*state, None, *duration_ms);
                page.command_of("  ⚙ ", name, &result, *state);
                self.folded(arguments, page, |_| Style::new());
                self.folded(output, page, |_| DIM);
            }
            Entry::Review { text, .. } => {
                page.words("  • ", DIM, "review ended");
                page.prose("    ", Style::new(), text.as_deref().unwrap_or_default().trim());
            }
            _ => {}
        }
    }

    fn edit(&self, edit: &Edit, state: State, page: &mut Page) {
        let failed = if state == State::Failed { " (failed)" } else { "" };
        page.command_of("  ± ", &phrases::edited(edit), &format!("{}{failed}", phrases::change(edit)), state);
        self.folded(&edit.diff, page, |line| match line.as_bytes().first() {
            Some(b'+') => GOOD,
            Some(b'-') => BAD,
            Some(b'@') => HUNK,
            _ => DIM,
        });
    }

    fn agent(&self, agent: &SubAgent, page: &mut Page) {
        page.words("    ", DIM, &phrases::agent(agent));
        if let Some(message) = &agent.message {
            page.prose("      ", Style::new(), message.trim());
        }
    }

    fn folded(&self, text: &str, page: &mut Page, style: impl Fn(&str) -> Style) {
        for line in lines(text, self.full) {
            match line {
                Line::Text(text) => page.line("    ", style(&text), &text),
                Line::Hidden(said) => page.line("    ", WARNING, &said),
            }
        }
    }
}

fn plan_step(step: &Step, page: &mut Page) {
    let style = match step.status.as_str() {
        "completed" => DIM,
        "in_progress" => BOLD,
        _ => Style::new(),
    };
    page.words(&format!("    {} ", phrases::mark(&step.status)), style, &step.text);
}

fn paint(style: Style, text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("{style}{text}{style:#}") }
}

/// Text of a turn, line by line. Everything from a rollout goes through [`Page::line`].
struct Page {
    width: usize,
    text: String,
}

impl Page {
    fn new(width: usize) -> Page {
        Page { width, text: String::new() }
    }

    /// Adds an empty line, unless the last one is.
    fn gap(&mut self) {
        if !self.text.ends_with("\n\n") && !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    /// Adds a line as it is.
    fn line(&mut self, indent: &str, style: Style, line: &str) {
        let line = expanded(line);
        self.text.push_str(&format!("{indent}{}", paint(style, &line)));
        self.text.truncate(self.text.trim_end_matches(' ').len());
        self.text.push('\n');
    }

    /// Adds lines as they are.
    fn block(&mut self, indent: &str, style: Style, text: &str) {
        text.lines().for_each(|line| self.line(indent, style, line));
    }

    /// Adds a sentence in one paragraph, wrapped.
    fn words(&mut self, first: &str, style: Style, text: &str) {
        self.wrapped(first, style, &one_line(text));
    }

    /// Adds words with their own lines, wrapped outside of code. The first line begins with a mark.
    fn prose(&mut self, first: &str, style: Style, text: &str) {
        if text.is_empty() {
            return;
        }
        let (mut first, mut in_code) = (first.to_owned(), false);
        for line in text.lines() {
            let is_fence = line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~");
            if in_code || is_fence || line.starts_with(TAB) || line.starts_with('|') {
                self.line(&first, style, line);
            } else {
                self.wrapped(&first, style, &expanded(line));
            }
            in_code ^= is_fence;
            first = " ".repeat(width(&first));
        }
    }

    /// Adds a line that is wrapped between words, under its own indent.
    fn wrapped(&mut self, first: &str, style: Style, line: &str) {
        let words = line.trim_start();
        let indent = width(first) + (line.len() - words.len());
        let room = self.width.saturating_sub(indent).max(LEAST);
        let mut start = format!("{first}{}", " ".repeat(line.len() - words.len()));
        for part in wrap(words, room) {
            self.line(&start, style, &part);
            start = " ".repeat(indent);
        }
    }

    fn command(&mut self, command: &str, result: &str, state: State) {
        self.command_of("  $ ", command, result, state);
    }

    /// Adds lines that are never wrapped, and a result behind the last one.
    fn command_of(&mut self, first: &str, command: &str, result: &str, state: State) {
        let mut start = first.to_owned();
        for line in command.trim_end().lines() {
            self.line(&start, BOLD, line);
            start = " ".repeat(width(first));
        }
        if command.trim().is_empty() {
            self.line(first, BOLD, "");
        }
        if !result.is_empty() {
            self.text.truncate(self.text.trim_end_matches('\n').len());
            let style = if state == State::Failed { BAD } else { DIM };
            self.text.push_str(&format!("  {}\n", paint(style, &clean(result))));
        }
    }

    fn facts(&mut self, facts: &[Option<String>]) {
        let facts: Vec<String> = facts.iter().flatten().map(|fact| one_line(fact)).collect();
        if !facts.is_empty() {
            self.line("", DIM, &facts.join(" · "));
        }
    }
}

/// Expands tabs, and makes a line harmless.
fn expanded(line: &str) -> Cow<'_, str> {
    if line.contains('\t') {
        return Cow::Owned(clean(&line.replace('\t', TAB)).into_owned());
    }
    clean(line)
}

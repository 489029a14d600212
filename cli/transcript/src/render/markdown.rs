//! A transcript in Markdown.

use pulldown_cmark::{Event, Options, Parser};
use threadkeep_app::text::one_line;
use threadkeep_app::time::Clock;

use super::{Render, phrases};
use crate::fold::{Line, lines};
use crate::head::Head;
use crate::model::{Edit, Entry, State, Turn};
use crate::text::visible;
use crate::turns::Reading;

/// Renderer for a Markdown file.
#[derive(Debug)]
pub struct Markdown {
    /// True if nothing is folded.
    pub full: bool,
    /// Clock that renders times.
    pub clock: Clock,
}

impl Render for Markdown {
    fn begin(&mut self, head: &Head) -> String {
        let mut text = format!("# {}\n\n", escaped(&head.short_label()));
        let mut fact = |label: &str, value: Option<String>| {
            if let Some(value) = value {
                text.push_str(&format!("- {label}: {}\n", code(&one_line(&value))));
            }
        };
        fact("Thread", Some(head.id.to_string()));
        fact("Forked from", head.forked_from.map(|id| id.to_string()));
        fact("Agent", head.agent());
        fact("Folder", head.cwd.clone());
        fact("Branch", head.branch.clone());
        fact("Model", head.full_model());
        fact("Agent version", head.version.clone());
        fact("Started", Some(self.clock.moment(head.created_at)));
        fact("Last line", Some(self.clock.moment(head.updated_at)));
        if head.is_redacted {
            text.push_str("\nSecrets were removed where they were recognised.\n");
        }
        text
    }

    fn turn(&mut self, turn: &Turn) -> String {
        let mut facts = vec![format!("Turn {}", turn.number)];
        facts.extend(turn.started_at.map(|at| self.clock.moment(at)));
        facts.extend(turn.duration_ms.map(phrases::duration));
        facts.extend(turn.inherited.then(|| "inherited".to_owned()));
        facts.extend(phrases::status(turn).map(str::to_owned));
        let mut text = format!("\n## {}\n", facts.join(" · "));
        for item in &turn.items {
            self.entry(&item.entry, &mut text);
        }
        if let Some(error) = &turn.error {
            text.push_str(&format!("\n**Failed:** {}\n", escaped(&one_line(error))));
        }
        if let Some(omitted) = phrases::omitted(turn) {
            text.push_str(&format!("\n*{omitted}*\n"));
        }
        text
    }

    fn end(&mut self, reading: &Reading) -> String {
        let mut text = String::new();
        if reading.total == Some(0) {
            text.push_str("\n*Nothing was said yet.*\n");
        }
        if let Some(problem) = &reading.problem {
            text.push_str(&format!("\n---\n\n*{}*\n", phrases::problem(problem)));
        }
        text
    }
}

impl Markdown {
    fn entry(&self, entry: &Entry, out: &mut String) {
        if let Some(line) = phrases::line(entry) {
            return out.push_str(&format!("\n*{}*\n", escaped(&one_line(&line))));
        }
        match entry {
            Entry::User { text, context, images } => {
                out.push_str("\n**User**\n");
                if let Some(context) = context.as_ref().filter(|_| self.full) {
                    self.block("", context, out);
                }
                out.push('\n');
                quote(text, out);
                if let Some(images) = phrases::images(*images) {
                    quote(&images, out);
                }
            }
            Entry::Agent { text, .. } => {
                out.push_str("\n**Agent**\n\n");
                out.push_str(&prose(text));
            }
            Entry::Reasoning { text } => {
                out.push_str("\n*Reasoning*\n\n");
                quote(text, out);
            }
            Entry::Command { command, cwd, state, exit_code, duration_ms, output } => {
                let result = phrases::result(*state, *exit_code, *duration_ms);
                let place =
                    cwd.as_ref().map(|cwd| format!(" in {}", code(&one_line(cwd)))).unwrap_or_default();
                let result = if result.is_empty() { result } else { format!(" ({result})") };
                out.push_str(&format!("\nCommand{place}{result}:\n"));
                self.block("sh", command, out);
                if !output.trim().is_empty() {
                    self.block("", output, out);
                }
            }
            Entry::Edits { state, files, error } => {
                files.iter().for_each(|edit| self.edit(edit, *state, out));
                if let Some(error) = error {
                    self.block("", error, out);
                }
            }
            Entry::Plan { explanation, steps } => {
                out.push_str("\nPlan:\n\n");
                if let Some(explanation) = explanation {
                    out.push_str(&format!("{}\n", prose(explanation)));
                }
                for step in steps {
                    let mark = if step.status == "completed" { "x" } else { " " };
                    let now = if step.status == "in_progress" { " *(in progress)*" } else { "" };
                    out.push_str(&format!("- [{mark}] {}{now}\n", escaped(&one_line(&step.text))));
                }
            }
            Entry::SubAgents { action, state, prompt, agents } => {
                let failed = if *state == State::Failed { " (failed)" } else { "" };
                out.push_str(&format!("\n*{}{failed}*\n", phrases::action(action, agents.len())));
                if let Some(prompt) = prompt {
                    out.push('\n');
                    quote(prompt, out);
                }
                for agent in agents {
                    out.push_str(&format!("\n{}\n", escaped(&one_line(&phrases::agent(agent)))));
                    if let Some(message) = &agent.message {
                        out.push('\n');
                        quote(message, out);
                    }
                }
            }
            Entry::Tool { name, state, duration_ms, arguments, output } => {
                let result = phrases::result(*state, None, *duration_ms);
                let result = if result.is_empty() { result } else { format!(" ({result})") };
                out.push_str(&format!("\nTool {}{result}:\n", code(&one_line(name))));
                self.block("json", arguments, out);
                if !output.trim().is_empty() {
                    self.block("", output, out);
                }
            }
            Entry::Review { text, .. } => {
                out.push_str("\n*review ended*\n\n");
                out.push_str(&prose(text.as_deref().unwrap_or_default()));
            }
            _ => {}
        }
    }

    fn edit(&self, edit: &Edit, state: State, out: &mut String) {
        let failed = if state == State::Failed { "(failed)" } else { "" };
        let change = format!("{} {failed}", phrases::change(edit));
        let line = format!("{} {}", code(&one_line(&phrases::edited(edit))), change.trim());
        out.push_str(&format!("\n{}\n", line.trim_end()));
        if !edit.diff.trim().is_empty() {
            self.block("diff", &edit.diff, out);
        }
    }

    /// Adds a block of code, within a fence that no line of it ends.
    fn block(&self, language: &str, text: &str, out: &mut String) {
        let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
        let fence = "`".repeat(longest.max(2) + 1);
        out.push_str(&format!("\n{fence}{language}\n"));
        for line in lines(text, self.full) {
            let line = match line {
                Line::Text(line) => line,
                Line::Hidden(said) => said.into(),
            };
            out.push_str(&format!("{}\n", visible(&line)));
        }
        out.push_str(&format!("{fence}\n"));
    }
}

/// Quotes words: whatever a message leaves open ends with the quote.
fn quote(text: &str, out: &mut String) {
    for line in prose(text).trim_matches('\n').lines() {
        out.push_str(format!("> {line}").trim_end());
        out.push('\n');
    }
}

/// Returns Markdown in which HTML is text, and whose last block of code is closed.
fn prose(text: &str) -> String {
    let text = visible(text.trim_matches('\n'));
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut html = Vec::new();
    for (event, range) in Parser::new_ext(&text, options).into_offset_iter() {
        if matches!(event, Event::Html(_) | Event::InlineHtml(_)) {
            html.push(range);
        }
    }
    let (mut safe, mut from) = (String::with_capacity(text.len()), 0);
    for range in html {
        safe.push_str(&text[from..range.start]);
        safe.push_str(&text[range.clone()].replace('<', "&lt;"));
        from = range.end;
    }
    safe.push_str(&text[from..]);
    let fences = safe.lines().filter(|line| line.trim_start().starts_with("```")).count();
    if fences % 2 == 1 {
        safe.push_str("\n```");
    }
    safe.push('\n');
    safe
}

/// Returns a span of code.
fn code(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

/// Escapes what Markdown would obey in a line.
fn escaped(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    for c in line.chars() {
        if c == '<' {
            text.push_str("&lt;");
            continue;
        }
        if "\\`*_[]>#|~!&".contains(c) {
            text.push('\\');
        }
        text.push(c);
    }
    text
}

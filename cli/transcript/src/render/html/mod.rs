//! A transcript as one HTML page, which needs no network and runs no script.

mod code;
mod page;
mod prose;

use std::fmt::Write as _;

use threadkeep_app::text::{count, counted, one_line};
use threadkeep_app::time::Clock;
use threadkeep_rollout::TurnStatus;

use super::{Render, phrases};
use crate::head::Head;
use crate::model::{Edit, Entry, State, Step, SubAgent, Turn};
use crate::turns::{Listed, Reading};
use code::highlighted;
use page::{badge, element, escaped, is_long, moment};
use prose::prose;

const STYLE: &str = include_str!("style.css");
/// SHA-256 of the style, in Base64: a page allows this style and nothing else.
const STYLE_HASH: &str = "VEWki8TxF7+Jnnn/u+/H5m6Wy4kq6V2tk+jbG9A1lWc=";

/// Renderer for a page.
#[derive(Debug)]
pub struct Html {
    /// All turns, for the list at the top.
    pub turns: Vec<Listed>,
    /// Clock that renders times.
    pub clock: Clock,
}

impl Render for Html {
    fn begin(&mut self, head: &Head) -> String {
        let title = escaped(&head.short_label());
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{STYLE_HASH}'; base-uri 'none'; form-action 'none'"
        );
        let mut html = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <meta name=\"referrer\" content=\"no-referrer\">\n\
             <meta name=\"generator\" content=\"threadkeep {}\">\n\
             <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n",
            env!("CARGO_PKG_VERSION"),
        );
        self.list(&mut html);
        html.push_str("<main>\n<header class=\"head\">\n");
        html.push_str(&format!("<h1>{title}</h1>\n<dl>\n"));
        self.facts(head, &mut html);
        html.push_str("</dl>\n");
        if head.is_redacted {
            html.push_str("<p class=\"note\">Secrets were removed where they were recognised.</p>\n");
        }
        html.push_str("</header>\n");
        html
    }

    fn turn(&mut self, turn: &Turn) -> String {
        let mut html = format!("<section class=\"turn\" id=\"turn-{}\">\n<header>", turn.number);
        let _ = write!(html, "<h2><a href=\"#turn-{0}\">Turn {0}</a></h2>", turn.number);
        if let Some(at) = turn.started_at {
            html.push_str(&moment(at, &self.clock.moment(at)));
        }
        if let Some(ms) = turn.duration_ms {
            html.push_str(&element("span", "time", &phrases::duration(ms)));
        }
        if turn.inherited {
            html.push_str(&badge("inherited", "", "From the thread that this one was forked from"));
        }
        if let Some(status) = phrases::status(turn) {
            let kind = if turn.status == TurnStatus::Failed { "bad" } else { "warn" };
            html.push_str(&badge(status, kind, ""));
        }
        html.push_str("</header>\n");
        for item in &turn.items {
            entry(&item.entry, &mut html);
        }
        if let Some(error) = &turn.error {
            html.push_str(&element("p", "error", error));
        }
        if let Some(omitted) = phrases::omitted(turn) {
            html.push_str(&element("p", "event", &omitted));
        }
        html.push_str("</section>\n");
        html
    }

    fn end(&mut self, reading: &Reading) -> String {
        let mut html = String::new();
        if reading.total == Some(0) {
            html.push_str("<p class=\"event\">Nothing was said yet.</p>\n");
        }
        if let Some(problem) = &reading.problem {
            html.push_str(&element("p", "error", &phrases::problem(problem)));
        }
        html + "</main>\n</body>\n</html>\n"
    }
}

impl Html {
    /// Adds the list of turns.
    fn list(&self, html: &mut String) {
        if self.turns.is_empty() {
            return;
        }
        let turns = counted(self.turns.len() as u64, "turn");
        let _ = write!(html, "<nav aria-label=\"Turns\">\n<details open><summary>{turns}</summary>\n<ol>\n");
        for turn in &self.turns {
            let words = one_line(&turn.words);
            let words = if words.is_empty() { "…" } else { &words };
            let class = match turn.status {
                TurnStatus::Failed => " class=\"bad\"",
                TurnStatus::Interrupted | TurnStatus::InProgress => " class=\"warn\"",
                _ if turn.inherited => " class=\"inherited\"",
                _ => "",
            };
            let words = escaped(words);
            let _ = writeln!(
                html,
                "<li{class}><a href=\"#turn-{0}\"><b>{0}</b><span>{words}</span></a></li>",
                turn.number
            );
        }
        html.push_str("</ol>\n</details>\n</nav>\n");
    }

    fn facts(&self, head: &Head, html: &mut String) {
        let mut fact = |label: &str, value: Option<String>| {
            if let Some(value) = value {
                let _ = writeln!(html, "<div><dt>{label}</dt><dd>{}</dd></div>", escaped(&one_line(&value)));
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
    }
}

fn entry(entry: &Entry, html: &mut String) {
    if let Some(line) = phrases::line(entry) {
        return html.push_str(&element("p", "event", &line));
    }
    match entry {
        Entry::User { text, context, images } => {
            html.push_str("<div class=\"user\"><h3>User</h3>\n");
            if let Some(context) = context {
                folded("Context from the editor", "", &element("pre", "", context), false, html);
            }
            html.push_str(&prose(text, true));
            if let Some(images) = phrases::images(*images) {
                html.push_str(&element("p", "event", &images));
            }
            html.push_str("</div>\n");
        }
        Entry::Agent { text, .. } => {
            let _ = write!(html, "<div class=\"agent\"><h3>Agent</h3>\n{}</div>\n", prose(text, false));
        }
        Entry::Reasoning { text } => folded("Reasoning", "", &prose(text, false), false, html),
        Entry::Command { command, cwd, state, exit_code, duration_ms, output } => {
            run(command, cwd.as_deref(), *state, *exit_code, *duration_ms, output, html);
        }
        Entry::Edits { state, files, error } => {
            files.iter().for_each(|file| edit(file, *state, html));
            if let Some(error) = error.as_ref().filter(|error| !error.trim().is_empty()) {
                html.push_str(&element("pre", "error", error));
            }
        }
        Entry::Plan { explanation, steps } => plan(explanation.as_deref(), steps, html),
        Entry::SubAgents { action, state, prompt, agents } => {
            sub_agents(action, *state, prompt.as_deref(), agents, html);
        }
        Entry::Tool { name, state, duration_ms, arguments, output } => {
            let summary = format!("<code>{}</code>", escaped(name));
            let result = phrases::result(*state, None, *duration_ms);
            let arguments = format!("<pre><code>{}</code></pre>", highlighted(arguments, "json"));
            let output = if output.trim().is_empty() { String::new() } else { element("pre", "out", output) };
            folded_as(&summary, &result_badge(*state, &result), &(arguments + &output), false, html);
        }
        Entry::Review { text, .. } => {
            let text = prose(text.as_deref().unwrap_or_default(), false);
            let _ = write!(html, "<div class=\"agent\"><h3>Review</h3>\n{text}</div>\n");
        }
        _ => {}
    }
}

/// Adds a command with its output, which is folded if it is long.
fn run(
    command: &str,
    cwd: Option<&str>,
    state: State,
    exit_code: Option<i64>,
    duration_ms: Option<u64>,
    output: &str,
    html: &mut String,
) {
    let command = command.trim_end();
    let first = command.lines().next().unwrap_or_default();
    let result = result_badge(state, &phrases::result(state, exit_code, duration_ms));
    let summary = format!("<code><i>$</i> {}</code>", highlighted(first, "sh"));
    let mut content = String::new();
    if command.contains('\n') {
        let _ = write!(content, "<pre><code>{}</code></pre>", highlighted(command, "sh"));
    }
    if let Some(cwd) = cwd {
        content.push_str(&element("p", "event", &format!("in {cwd}")));
    }
    let output = output.trim_end_matches('\n');
    content.push_str(&element("pre", "out", if output.trim().is_empty() { "(no output)" } else { output }));
    folded_as(&summary, &result, &content, !is_long(output) && !command.contains('\n'), html);
}

fn edit(edit: &Edit, state: State, html: &mut String) {
    let mut numbers = String::new();
    if edit.added > 0 {
        let _ = write!(numbers, "<span class=\"add\">+{}</span> ", count(edit.added as u64));
    }
    if edit.removed > 0 {
        let _ = write!(numbers, "<span class=\"del\">−{}</span>", count(edit.removed as u64));
    }
    if state == State::Failed {
        numbers.push_str(&badge("failed", "bad", ""));
    }
    let summary = format!("<code>{}</code>", escaped(&phrases::edited(edit)));
    let lines = edit.diff.lines().map(|line| {
        let class = match line.as_bytes().first() {
            Some(b'+') => "add",
            Some(b'-') => "del",
            Some(b'@') => "hunk",
            _ => "same",
        };
        element("span", class, &format!("{line}\n"))
    });
    let diff: String = lines.collect();
    let content = if diff.is_empty() {
        String::new()
    } else {
        format!("<pre class=\"diff\"><code>{diff}</code></pre>")
    };
    folded_as(&summary, &numbers, &content, !is_long(&edit.diff), html);
}

fn plan(explanation: Option<&str>, steps: &[Step], html: &mut String) {
    html.push_str("<div class=\"plan\"><h3>Plan</h3>\n");
    html.push_str(&prose(explanation.unwrap_or_default(), false));
    html.push_str("<ul>\n");
    for step in steps {
        let class = match step.status.as_str() {
            "completed" => "done",
            "in_progress" => "now",
            _ => "open",
        };
        let mark = phrases::mark(&step.status);
        let _ = writeln!(html, "<li class=\"{class}\"><i>{mark}</i>{}</li>", escaped(&step.text));
    }
    html.push_str("</ul></div>\n");
}

fn sub_agents(action: &str, state: State, prompt: Option<&str>, agents: &[SubAgent], html: &mut String) {
    let failed = if state == State::Failed { badge("failed", "bad", "") } else { String::new() };
    let action = escaped(&phrases::action(action, agents.len()));
    let _ = writeln!(html, "<div class=\"agents\"><p class=\"event\">{action} {failed}</p>");
    if let Some(prompt) = prompt {
        let _ = writeln!(html, "<blockquote>{}</blockquote>", prose(prompt, true));
    }
    for agent in agents {
        html.push_str(&element("p", "who", &phrases::agent(agent)));
        if let Some(message) = &agent.message {
            let _ = writeln!(html, "<blockquote>{}</blockquote>", prose(message, false));
        }
    }
    html.push_str("</div>\n");
}

fn result_badge(state: State, result: &str) -> String {
    let kind = if state == State::Failed { "bad" } else { "" };
    if result.is_empty() { String::new() } else { badge(result, kind, "") }
}

/// Adds content under a summary of text.
fn folded(summary: &str, beside: &str, content: &str, open: bool, html: &mut String) {
    folded_as(&escaped(summary), beside, content, open, html);
}

/// Adds content under a summary of HTML.
fn folded_as(summary: &str, beside: &str, content: &str, open: bool, html: &mut String) {
    if content.is_empty() {
        let _ = writeln!(html, "<div class=\"step\"><p class=\"line\">{summary} {beside}</p></div>");
        return;
    }
    let open = if open { " open" } else { "" };
    let _ = write!(
        html,
        "<details class=\"step\"{open}><summary>{summary} {beside}</summary>\n{content}</details>\n"
    );
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use sha2::{Digest as _, Sha256};

    use super::{STYLE, STYLE_HASH};

    #[test]
    fn the_style_is_the_one_that_the_page_allows() {
        assert_eq!(STYLE_HASH, STANDARD.encode(Sha256::digest(STYLE)));
    }
}

//! Commands that failed, and what then worked.

use threadkeep_memories::MemoryItem;

use super::command_line::{CommandLine, without_shell};
use super::text::{code, one_line};

/// Most failures that are followed at the same time.
const MAX_FAILURES: usize = 64;
/// Most characters of a command.
const MAX_COMMAND: usize = 160;
/// Most characters of a reason.
const MAX_REASON: usize = 120;
/// Bytes of output that are searched for a reason, from the end.
const MAX_OUTPUT: usize = 4_000;

/// Command that failed.
#[derive(Debug)]
pub(crate) struct Failure<'a> {
    command: &'a str,
    line: CommandLine<'a>,
    exit_code: Option<i64>,
    output: &'a str,
    times: usize,
    then: Then<'a>,
}

/// Later fate of a command that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then<'a> {
    /// It never worked.
    Nothing,
    /// The same command worked later, so something else was repaired.
    Same,
    /// Another command line of the same program worked.
    Other(&'a str),
}

/// Finds the commands that failed, in the order of their first failure.
pub(crate) fn failures<'a>(items: impl Iterator<Item = &'a MemoryItem>) -> Vec<Failure<'a>> {
    let mut failures: Vec<Failure<'a>> = Vec::new();
    for item in items {
        let MemoryItem::Command { command, exit_code, failed, output } = item else { continue };
        if !failed && failures.iter().all(|failure| failure.then != Then::Nothing) {
            continue;
        }
        let Some(line) = CommandLine::of(command) else { continue };
        if !failed {
            for failure in failures.iter_mut().filter(|failure| failure.then == Then::Nothing) {
                if failure.command == command {
                    failure.then = Then::Same;
                } else if failure.line.is_retried_by(&line) {
                    failure.then = Then::Other(command);
                }
            }
        } else if let Some(known) = failures.iter_mut().find(|failure| failure.command == command) {
            known.times += 1;
            known.then = Then::Nothing;
            (known.exit_code, known.output) = (*exit_code, output);
        } else if failures.len() < MAX_FAILURES && !line.is_probe() {
            let (exit_code, then) = (*exit_code, Then::Nothing);
            failures.push(Failure { command, line, exit_code, output, times: 1, then });
        }
    }
    failures
}

impl Failure<'_> {
    /// Renders the failure and what followed.
    pub(crate) fn line(&self) -> String {
        let mut line = format!("{} failed", shown(self.command));
        if self.times > 1 {
            line += &format!(" {} times", self.times);
        }
        let exit_code = self.exit_code.map(|code| format!("exit {code}"));
        let reason = Some(self.reason()).filter(|reason| !reason.is_empty());
        match (exit_code, reason) {
            (Some(code), Some(reason)) => line += &format!(" ({code}: {reason})"),
            (Some(either), None) | (None, Some(either)) => line += &format!(" ({either})"),
            (None, None) => {}
        }
        match self.then {
            Then::Nothing => {}
            Then::Same => line += "; it worked later",
            Then::Other(other) => line += &format!("; {} worked", shown(other)),
        }
        line
    }

    /// Returns what is worth remembering: which command to type instead.
    pub(crate) fn lesson(&self) -> Option<String> {
        matches!(self.then, Then::Other(_)).then(|| self.line())
    }

    /// Finds the line of the output that says why, or the last one.
    fn reason(&self) -> String {
        const SIGNS: &[&str] = &["error", "not found", "no such", "denied", "cannot", "failed", "fatal"];
        let output = self.output.trim_end();
        let tail = &output[output.ceil_char_boundary(output.len().saturating_sub(MAX_OUTPUT))..];
        // In ASCII alone, so that the places stay.
        let lower = tail.to_ascii_lowercase();
        let found = SIGNS.iter().filter_map(|sign| lower.find(sign)).min().unwrap_or(tail.len());
        let start = tail[..found].rfind('\n').map_or(0, |newline| newline + 1);
        one_line(tail[start..].lines().next().unwrap_or_default(), MAX_REASON)
    }
}

fn shown(command: &str) -> String {
    code(without_shell(command.trim()), MAX_COMMAND)
}

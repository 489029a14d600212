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
/// Most lines of output that are searched for a reason, from the end.
const MAX_OUTPUT_LINES: usize = 40;

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
        let last: Vec<&str> = self.output.lines().rev().take(MAX_OUTPUT_LINES).collect();
        let says_why = |line: &&&str| {
            let line = line.get(..line.len().min(400)).unwrap_or(line).to_lowercase();
            SIGNS.iter().any(|sign| line.contains(sign))
        };
        let line =
            last.iter().rev().find(says_why).or_else(|| last.iter().find(|line| !line.trim().is_empty()));
        one_line(line.copied().unwrap_or_default(), MAX_REASON)
    }
}

fn shown(command: &str) -> String {
    code(without_shell(command.trim()), MAX_COMMAND)
}

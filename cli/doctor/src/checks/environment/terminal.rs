//! `terminal.env`: the terminal, its size, its streams and its colours.

use super::multiplexer;
use crate::check::Finding;
use crate::context::Context;
use crate::machine::Machine;

/// Variables of terminals that do not set `TERM_PROGRAM`, and their names.
const MARKS: &[(&str, &str)] = &[
    ("KITTY_WINDOW_ID", "kitty"),
    ("ALACRITTY_WINDOW_ID", "Alacritty"),
    ("WEZTERM_PANE", "WezTerm"),
    ("WT_SESSION", "Windows Terminal"),
    ("KONSOLE_VERSION", "Konsole"),
    ("TERMINATOR_UUID", "Terminator"),
    ("VTE_VERSION", "VTE"),
];

pub(super) fn check(context: &Context) -> Finding {
    let machine = &context.machine;
    let term = machine.shown("TERM");
    let name = name(machine);
    let summary = format!("{} · TERM={term}", name.as_deref().unwrap_or("unknown terminal"));
    let [stdin, stdout, stderr] = machine.terminals;
    let is_dumb = matches!(term.as_str(), "dumb" | "not set");
    let finding = if stdout && is_dumb && !cfg!(windows) {
        Finding::warning(format!("TERM is {term}, in a terminal"), "export TERM=xterm-256color")
    } else {
        Finding::ok(summary)
    };
    let size =
        machine.size.map_or_else(|| "unknown".to_owned(), |(columns, lines)| format!("{columns}x{lines}"));
    let yes = |is_terminal| if is_terminal { "yes" } else { "no" };
    finding
        .detail("terminal", name.as_deref().unwrap_or("unknown"))
        .detail("TERM", term)
        .detail("COLORTERM", machine.shown("COLORTERM"))
        .detail("size", size)
        .detail("stdin is a terminal", yes(stdin))
        .detail("stdout is a terminal", yes(stdout))
        .detail("stderr is a terminal", yes(stderr))
        .detail("colours", colors(machine))
        .details(multiplexer::details(context))
}

/// Returns name and version of the terminal.
fn name(machine: &Machine) -> Option<String> {
    let versioned = |name: &str, version: &str| {
        let name = machine.variable(name)?;
        Some(machine.variable(version).map_or_else(|| name.clone(), |version| format!("{name} {version}")))
    };
    // A multiplexer hides the terminal that it runs in; `LC_TERMINAL` comes through.
    let program = versioned("TERM_PROGRAM", "TERM_PROGRAM_VERSION");
    let program = program.filter(|name| !name.starts_with("tmux"));
    program.or_else(|| versioned("LC_TERMINAL", "LC_TERMINAL_VERSION")).or_else(|| {
        let mark = MARKS.iter().find(|(variable, _)| machine.variable(variable).is_some());
        mark.map(|(_, name)| (*name).to_owned())
    })
}

/// Returns the decision about colours, and its reason.
fn colors(machine: &Machine) -> String {
    let is_set = |name: &str| machine.variable(name).is_some_and(|value| value != "0");
    let (expected, reason) = if machine.variable("NO_COLOR").is_some() {
        (false, "NO_COLOR is set")
    } else if is_set("CLICOLOR_FORCE") {
        (true, "CLICOLOR_FORCE is set")
    } else if machine.variable("CLICOLOR").as_deref() == Some("0") {
        (false, "CLICOLOR is 0")
    } else if !machine.terminals[1] {
        (false, "stdout is not a terminal")
    } else if machine.variable("TERM").as_deref() == Some("dumb") {
        (false, "TERM is dumb")
    } else {
        (true, "stdout is a terminal")
    };
    let reason = if machine.has_color == expected { reason } else { "chosen by an option" };
    format!("{} ({reason})", if machine.has_color { "on" } else { "off" })
}

//! The terminal multiplexer, and the options of it that agents depend on.

use std::time::Duration;

use crate::check::Value;
use crate::context::Context;
use crate::program::{LIMIT, run};

/// Time limit of a question to a multiplexer's server. A stopped one never answers.
const SERVER_LIMIT: Duration = Duration::from_secs(1);

/// Options of tmux: keys with modifiers, sequences for the terminal behind it, and the clipboard.
const OPTIONS: [&str; 3] = ["extended-keys", "allow-passthrough", "set-clipboard"];
/// Values of these options.
const VALUES: &[&str] = &["on", "off", "always", "all", "external"];

/// Returns what is known of the multiplexer around this process.
pub(super) fn details(context: &Context) -> Vec<(String, Value)> {
    let machine = &context.machine;
    let detail = |label: &str, value: String| (label.to_owned(), Value::Text(value));
    if machine.variable("TMUX").is_some() {
        let mut details = vec![detail("multiplexer", tmux_version(context))];
        match tmux_options(context) {
            Ok(options) => {
                let options = OPTIONS.iter().zip(options);
                details.extend(options.map(|(name, value)| detail(&format!("tmux {name}"), value)));
            }
            Err(trouble) => details.push(detail("tmux options", trouble)),
        }
        return details;
    }
    let name = if machine.variable("ZELLIJ").is_some() {
        versioned(context, "zellij")
    } else if machine.variable("STY").is_some() {
        versioned(context, "screen")
    } else {
        "none".to_owned()
    };
    vec![detail("multiplexer", name)]
}

/// Returns tmux and its version, which the server puts into the environment.
fn tmux_version(context: &Context) -> String {
    let machine = &context.machine;
    let is_of_tmux = machine.variable("TERM_PROGRAM").as_deref() == Some("tmux");
    let version = machine.variable("TERM_PROGRAM_VERSION").filter(|_| is_of_tmux);
    version.map_or_else(|| "tmux of unknown version".to_owned(), |version| format!("tmux {version}"))
}

/// Asks tmux for its options as they are in this pane, all at once.
fn tmux_options(context: &Context) -> Result<[String; 3], String> {
    let machine = &context.machine;
    let tmux = machine.programs("tmux").into_iter().next().ok_or("tmux is not on PATH")?;
    let pane = machine.variable("TMUX_PANE");
    let mut arguments = Vec::new();
    for option in OPTIONS {
        if !arguments.is_empty() {
            arguments.push(";");
        }
        // Of the pane, inherited or not. An older tmux does not know every option.
        arguments.extend(["show-options", "-pAq"]);
        arguments.extend(pane.as_deref().into_iter().flat_map(|pane| ["-t", pane]));
        arguments.push(option);
    }
    let output =
        run(context, &tmux, &arguments, SERVER_LIMIT).map_err(|trouble| format!("tmux {trouble}"))?;
    let value = |option: &str| {
        // An inherited value has a star behind its name.
        let of = |line: &str| Some(line.strip_prefix(option)?.trim_start_matches('*').trim().to_owned());
        output
            .lines()
            .find_map(of)
            .filter(|value| VALUES.contains(&value.as_str()))
            .unwrap_or_else(|| "unknown".to_owned())
    };
    Ok(OPTIONS.map(value))
}

/// Returns a program's name with its version.
fn versioned(context: &Context, name: &str) -> String {
    let program = context.machine.programs(name).into_iter().next();
    let output = program.and_then(|program| run(context, &program, &["--version"], LIMIT).ok());
    let words = output.as_deref().unwrap_or_default().split_whitespace();
    let version = words
        .map(|word| word.trim_start_matches('v'))
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.') && is_word(word));
    version.map_or_else(|| format!("{name} of unknown version"), |version| format!("{name} {version}"))
}

/// Returns true for a short word, as versions are.
fn is_word(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c))
}

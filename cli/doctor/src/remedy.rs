//! Commands to type that are not ours: for package managers, editors and the agent.

use std::path::Path;

use threadkeep_app::dirs::path_word;
use threadkeep_app::text::shell_word;

use crate::context::Context;

/// Package managers, and how each installs a package.
const MANAGERS: &[(&str, &str)] = &[
    ("brew", "brew install"),
    ("apt-get", "sudo apt-get install"),
    ("dnf", "sudo dnf install"),
    ("pacman", "sudo pacman -S"),
    ("zypper", "sudo zypper install"),
    ("apk", "sudo apk add"),
];

/// Returns the command that installs a package, or opens the page of the program.
pub(crate) fn install(context: &Context, package: &str, page: &str) -> String {
    let is_there = |(name, _): &&(&str, &str)| !context.machine.programs(name).is_empty();
    match MANAGERS.iter().find(is_there) {
        Some((_, install)) => format!("{install} {package}"),
        None if cfg!(target_os = "macos") => format!("open {page}"),
        None => format!("xdg-open {page}"),
    }
}

/// Returns the command that opens a file in the user's editor, at a line if the editor can.
pub(crate) fn edit(context: &Context, path: &Path, line: Option<usize>) -> String {
    let chosen = ["VISUAL", "EDITOR"].into_iter().find_map(|name| context.machine.variable(name));
    let editor = chosen.as_deref().and_then(program_name).unwrap_or_else(|| "vi".to_owned());
    let (word, path) = (shell_word(&editor), path_word(path));
    let Some(line) = line else { return format!("{word} {path}") };
    match editor.as_str() {
        "vi" | "vim" | "nvim" | "nano" | "emacs" | "emacsclient" | "kak" | "micro" => {
            format!("{word} +{line} {path}")
        }
        "code" | "code-insiders" | "codium" | "cursor" => format!("{word} -g {path}:{line}"),
        "hx" | "helix" | "subl" | "zed" => format!("{word} {path}:{line}"),
        _ => format!("{word} {path}"),
    }
}

/// Returns the command that reads the value of a variable from the terminal, unseen, and sets it.
pub(crate) fn set_secret(variable: &str) -> String {
    let word = shell_word(variable);
    format!("read -rs {word} && export {word}")
}

/// Returns a command of the agent, for its home if that is not the default one.
pub(crate) fn agent(context: &Context, words: &str) -> String {
    if context.dirs.is_agents_own() {
        return format!("codex {words}");
    }
    format!("CODEX_HOME={} codex {words}", path_word(&context.dirs.home))
}

/// Returns the name of the program in a command such as `code --wait` or `'/opt/my ed' -w`.
/// Everything else of the command stays private.
pub(crate) fn program_name(command: &str) -> Option<String> {
    let command = command.trim();
    let quote = command.chars().next().filter(|first| matches!(first, '\'' | '"'));
    let program = match quote {
        Some(quote) => command[1..].split(quote).next()?,
        None => command.split_whitespace().next()?,
    };
    let name = program.rsplit(['/', '\\']).next()?;
    // `KEY=value program`: a variable may be a secret.
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "._+-".contains(c));
    is_name.then(|| name.to_owned())
}

//! `runtime.search`: the search program `rg`, which agents use.

use std::path::Path;

use crate::agent::bundled_search;
use crate::check::Finding;
use crate::context::Context;
use crate::program::{LIMIT, Trouble, run};
use crate::remedy;

pub(super) fn check(context: &Context) -> Finding {
    let machine = &context.machine;
    let bundled = bundled_search(context);
    let on_path = machine.programs("rg");
    let install = || remedy::install(context, "ripgrep", "https://github.com/BurntSushi/ripgrep");
    let (program, provider) = match (&bundled, on_path.first()) {
        (Some(bundled), _) => (bundled.as_path(), "bundled with codex"),
        (None, Some(first)) => (first.as_path(), "system"),
        (None, None) if machine.programs("codex").is_empty() => {
            return Finding::idle("no rg, and no agent on PATH that needs it").detail("rg", "not found");
        }
        (None, None) => {
            return Finding::warning("rg is neither bundled nor on PATH", install())
                .detail("rg", "not found");
        }
    };
    let finding = match run(context, program, &["--version"], LIMIT) {
        Ok(output) => match version(&output) {
            Some(version) => Finding::ok(format!("rg {version} ({provider})"))
                .detail("version", version)
                .detail("runs", "yes"),
            None => Finding::ok(format!("rg of unknown version ({provider})")).detail("runs", "yes"),
        },
        // A wrapper of the project is the user's choice, and nothing is known to be wrong.
        Err(trouble @ Trouble::InRepository) => {
            Finding::ok(format!("rg {trouble}")).detail("runs", "unknown")
        }
        Err(trouble) => {
            Finding::warning(format!("rg ({provider}) {trouble}"), remedy_of(context, program, install))
                .detail("runs", "no")
        }
    };
    let paths = on_path.iter().map(|path| path.display().to_string());
    finding
        .detail("rg", program.display().to_string())
        .detail("provider", provider)
        .list("rg on PATH", paths.collect())
}

/// Returns the remedy for a program that does not run: another one, if the user has none yet.
fn remedy_of(context: &Context, program: &Path, install: impl Fn() -> String) -> String {
    let others = context.machine.programs("rg").into_iter().any(|other| other != program);
    if others { format!("{} --version", threadkeep_app::dirs::path_word(program)) } else { install() }
}

/// Reads `ripgrep 14.1.0 (rev …)`.
fn version(output: &str) -> Option<String> {
    let line = output.lines().next()?.strip_prefix("ripgrep ")?;
    let version = line.split_whitespace().next()?;
    threadkeep_app::version::Version::parse(version).map(|_| version.to_owned())
}

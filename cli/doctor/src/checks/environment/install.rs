//! `runtime.install`: the installed copies of the program and the agent.

use std::path::{Path, PathBuf};

use threadkeep_app::dirs::path_word;

use crate::check::Finding;
use crate::context::Context;
use crate::installed::{Manager, cargo_bin};

pub(super) fn check(context: &Context) -> Finding {
    let machine = &context.machine;
    let running = &machine.executable;
    let (ours, agents) = (machine.programs("threadkeep"), machine.programs("codex"));
    let manager = Manager::of(context, running);
    let target = ours.first().cloned().or_else(|| of_cargo(context));
    let summary = match manager {
        Manager::None => "not managed by a package manager".to_owned(),
        Manager::CargoBuild => "built from source".to_owned(),
        manager => format!("managed by {}", manager.method()),
    };
    let other = target.as_deref().filter(|target| !is_same(target, running));
    let finding = match other {
        None => Finding::ok(summary),
        Some(_) => Finding::warning("an update would change another threadkeep", run_this(running)),
    };
    let shown =
        |path: Option<&Path>| path.map_or_else(|| "none".to_owned(), |path| path.display().to_string());
    let agent = agents.first().map_or("none on PATH", |agent| Manager::of(context, agent).method());
    finding
        .detail("managed by", manager.method())
        .detail("running", running.display().to_string())
        .detail("update target", shown(target.as_deref()))
        .list("threadkeep on PATH", texts(&ours))
        .list("codex on PATH", texts(&agents))
        .detail("codex managed by", agent)
}

/// Returns the copy that `cargo install` made or would replace.
fn of_cargo(context: &Context) -> Option<PathBuf> {
    let program = cargo_bin(context)?.join(format!("threadkeep{}", std::env::consts::EXE_SUFFIX));
    program.is_file().then_some(program)
}

fn is_same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    real(one) == real(other)
}

/// Returns the command after which the shell finds the running program first.
fn run_this(running: &Path) -> String {
    format!("PATH={}:\"$PATH\"", path_word(running.parent().unwrap_or(running)))
}

fn texts(paths: &[PathBuf]) -> Vec<String> {
    paths.iter().map(|path| path.display().to_string()).collect()
}

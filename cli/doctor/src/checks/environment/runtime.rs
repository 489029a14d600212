//! `runtime.provenance`: the running program.

use std::path::Path;

use crate::build;
use crate::check::Finding;
use crate::context::Context;

pub(super) fn check(context: &Context) -> Finding {
    let executable = &context.machine.executable;
    let method = method(context, executable);
    Finding::ok(format!("threadkeep {} ({} build) on {}", build::VERSION, build::KIND, *build::PLATFORM))
        .detail("version", build::VERSION)
        .detail("build", build::KIND)
        .detail("commit", build::COMMIT.unwrap_or("unknown"))
        .detail("platform", build::PLATFORM.as_str())
        .detail("executable", executable.display().to_string())
        .detail("install method", method)
}

/// Guesses from its place how a program was installed.
pub(super) fn method(context: &Context, executable: &Path) -> &'static str {
    let path = executable.to_string_lossy().replace('\\', "/");
    let cargo = context.machine.variable("CARGO_HOME").unwrap_or_else(|| "/.cargo".to_owned());
    let places = [
        ("/node_modules/", "npm"),
        ("/.bun/", "bun"),
        ("/Cellar/", "brew"),
        ("/homebrew/", "brew"),
        ("/linuxbrew/", "brew"),
        ("/target/debug/", "cargo build"),
        ("/target/release/", "cargo build"),
    ];
    if path.contains(&format!("{cargo}/bin/")) {
        return "cargo install";
    }
    places.iter().find(|(place, _)| path.contains(place)).map_or("none known", |(_, method)| method)
}

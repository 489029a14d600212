//! `runtime.provenance`: the running program.

use crate::build;
use crate::check::Finding;
use crate::context::Context;
use crate::installed::Manager;

pub(super) fn check(context: &Context) -> Finding {
    let executable = &context.machine.executable;
    let manager = Manager::of(context, executable);
    Finding::ok(format!("threadkeep {} ({} build) on {}", build::VERSION, build::KIND, *build::PLATFORM))
        .detail("version", build::VERSION)
        .detail("build", build::KIND)
        .detail("commit", build::COMMIT.filter(|commit| !commit.is_empty()).unwrap_or("unknown"))
        .detail("platform", build::PLATFORM.as_str())
        .detail("executable", executable.display().to_string())
        .detail("install method", manager.method())
}

//! Runs the checks side by side, each with a time limit and on a thread of its own.
//!
//! A check that panics or does not end in time is a finding like any other, and the rest go on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use threadkeep_app::command;
use tokio::task::JoinHandle;

use crate::check::{Check, Finding};
use crate::checks;
use crate::context::Context;
use crate::report::Report;
use crate::spec::Spec;

/// Runs all checks, or those with the ids of [`Options::only`](crate::Options::only).
///
/// A check that hangs keeps its thread. End the runtime with `shutdown_background`, so that it does
/// not keep the process alive.
pub async fn examine(context: Context) -> Report {
    let only = context.options.only.clone();
    let wanted = checks::all().filter(|spec| only.is_empty() || only.iter().any(|id| id == spec.id));
    run(wanted, context).await
}

async fn run(wanted: impl Iterator<Item = &'static Spec>, context: Context) -> Report {
    let context = Arc::new(context);
    let running: Vec<(&Spec, JoinHandle<(Finding, Duration)>)> =
        wanted.map(|spec| (spec, start(spec, Arc::clone(&context)))).collect();
    let started = Instant::now();
    let mut checks = Vec::with_capacity(running.len());
    for (spec, handle) in running {
        let limit = limit(spec, &context);
        let abort = handle.abort_handle();
        let left = limit.saturating_sub(started.elapsed());
        let (finding, duration) = match tokio::time::timeout(left, handle).await {
            Ok(Ok(done)) => done,
            Ok(Err(panic)) => {
                (broken(spec, &context, &format!("the check itself failed: {panic}")), started.elapsed())
            }
            Err(_) => {
                abort.abort();
                let late = format!("the check did not end within {} s", limit.as_secs_f32());
                (broken(spec, &context, &late), limit)
            }
        };
        checks.push(Check { id: spec.id, section: spec.section, label: spec.label, finding, duration });
    }
    Report::new(checks, &context)
}

/// Returns the time limit of a check. A full check of databases takes as long as it takes.
fn limit(spec: &Spec, context: &Context) -> Duration {
    if context.options.full && spec.id.starts_with("state.") { Duration::from_secs(3600) } else { spec.limit }
}

fn start(spec: &'static Spec, context: Arc<Context>) -> JoinHandle<(Finding, Duration)> {
    tokio::task::spawn_blocking(move || {
        let started = Instant::now();
        let finding = (spec.run)(&context);
        (finding, started.elapsed())
    })
}

/// Makes the finding of a check that has no result.
fn broken(spec: &Spec, context: &Context, what: &str) -> Finding {
    Finding::warning(what, context.ours(&command(&format!("doctor --only {}", spec.id))))
}

#[cfg(test)]
#[path = "../tests/unit/runner.rs"]
mod tests;

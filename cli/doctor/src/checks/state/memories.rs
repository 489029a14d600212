//! `state.memories`: memories, outcomes of their jobs, and the lock of their consolidation.

use threadkeep_app::Fault;
use threadkeep_app::memories::extraction;
use threadkeep_app::message::command;
use threadkeep_app::settings::Settings;
use threadkeep_app::text::counted;
use threadkeep_app::{messages, opening};
use threadkeep_memories::{
    ConsolidationLock as _, ConsolidationState, JobCounts, StageOneJobs as _, StageOneOutputs as _,
};
use threadkeep_state::STATE_DB;
use threadkeep_state::memories::stale_holder;

use super::{on_copy, unread, unreadable, wait};
use crate::check::{Finding, Fix};
use crate::context::Context;
use crate::facts::copied::Copied;

struct Found {
    memories: usize,
    jobs: JobCounts,
    consolidation: ConsolidationState,
}

pub(super) fn check(context: &Context) -> Finding {
    on_copy(context, |copied| {
        if !matches!(copied.facts.contents, Ok(Some(_))) {
            return unread(copied, &STATE_DB).unwrap_or_else(|| Finding::idle("no index yet"));
        }
        match wait(find(copied)) {
            Err(fault) => unreadable(context, copied, &fault),
            Ok(found) => judge(context, &found),
        }
    })
}

async fn find(copied: &Copied) -> Result<Found, Fault> {
    let boxed = |error: threadkeep_memories::BoxError| messages::of_boxed(&*error);
    let state = opening::stores_as_they_are(&copied.dirs).open_index().await?;
    let store = state.memories();
    let request = extraction(&Settings::default().memories, None).request(usize::MAX);
    let jobs = store.counts(&request).await.map_err(boxed)?;
    let consolidation = store.state().await.map_err(boxed)?;
    let memories = store.list().await.map_err(boxed)?.len();
    state.close().await?;
    Ok(Found { memories, jobs, consolidation })
}

fn judge(context: &Context, found: &Found) -> Finding {
    let Found { memories, jobs, consolidation } = found;
    let is_unused = *memories == 0 && jobs.running + jobs.succeeded + jobs.failed == 0;
    let finding = if is_unused {
        Finding::idle("none yet")
    } else {
        Finding::ok(match memories {
            1 => "1 memory".to_owned(),
            memories => format!("{memories} memories"),
        })
    };
    let holder = consolidation.holder.as_ref().map_or("free", |(owner, _)| owner);
    let finding = finding
        .detail("memories", memories.to_string())
        .detail("jobs running", jobs.running.to_string())
        .detail("jobs succeeded", jobs.succeeded.to_string())
        .detail("without output", jobs.succeeded_no_output.to_string())
        .detail("jobs failed", jobs.failed.to_string())
        .detail("lock", holder)
        .detail(
            "last consolidation",
            consolidation.last_success_at.map_or_else(|| "never".to_owned(), |at| at.to_string()),
        );
    if let Some(owner) = stale_holder(consolidation, context.now) {
        let summary = format!("the memory lock is stuck: {owner} no longer holds it");
        let stuck = Finding::warning(summary, context.ours(&command("doctor --fix --yes")));
        return finding.or_worse(Some(stuck.fix(Fix::MemoryLock)));
    }
    let status = || context.ours(&command("memories status"));
    if let Some((step, reason)) = &consolidation.failure {
        let summary = format!("the last consolidation failed ({step}): {reason}");
        return finding.or_worse(Some(Finding::warning(summary, status())));
    }
    if jobs.failed > 0 {
        return finding.note(format!(
            "{} failed; `{}` says why",
            counted(jobs.failed, "memory job"),
            status()
        ));
    }
    finding
}

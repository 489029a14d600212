//! `state.threads`: the index compared with the rollouts, by their names, sizes and times alone.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use threadkeep_app::Fault;
use threadkeep_app::message::command;
use threadkeep_app::opening;
use threadkeep_app::text::{self, count};
use threadkeep_backfill::{Backfill, Preview, ProblemKind};
use threadkeep_state::backfill::IndexOptions;
use threadkeep_state::{AgentRollouts, Census, HomeProblem, STATE_DB, agent_rollouts};

use super::{on_copy, unread, unreadable, wait};
use crate::check::{Finding, Fix, Value};
use crate::context::Context;
use crate::facts::Contents;
use crate::facts::copied::Copied;
use crate::mirror;

pub(super) fn check(context: &Context) -> Finding {
    on_copy(context, |copied| {
        let foreign = agents_own(context, copied).and_then(|found| elsewhere(&found));
        let finding = match &copied.facts.contents {
            Err(fault) => unreadable(context, copied, fault),
            Ok(None) => unread(copied, &STATE_DB).unwrap_or_else(|| {
                Finding::idle("no index yet").detail("created by", context.ours(&command("backfill")))
            }),
            Ok(Some(_)) if context.dirs.agent_home().is_err() => Finding::idle("no agent home"),
            // Which provider a rollout without one has, only the settings say.
            Ok(Some(_)) if context.agent().is_unknown() => {
                Finding::idle("not compared: config.toml cannot be read")
            }
            Ok(Some(contents)) => match wait(compare(context, copied)) {
                Err(fault) => unreadable(context, copied, &fault),
                Ok((preview, census)) => judge(context, contents, &preview, &census),
            },
        };
        finding.or_worse(foreign)
    })
}

async fn compare(context: &Context, copied: &Copied) -> Result<(Preview<HomeProblem>, Census), Fault> {
    // The mirror is where it was: only the databases are copied.
    let home = context.dirs.agent_home()?;
    let state = opening::stores_as_they_are(&copied.dirs).open_index().await?;
    let ports = state.backfill_ports(&home, IndexOptions::default())?;
    let (source, index, progress) = (ports.source, ports.index, ports.progress);
    let preview = Backfill::new(Arc::new(source), Arc::new(index), Arc::new(progress)).preview().await;
    let census = state.census().await?;
    state.close().await?;
    let preview = preview.map_err(|error| Fault::plain(&error))?;
    Ok((preview, census))
}

fn judge(context: &Context, contents: &Contents, preview: &Preview<HomeProblem>, census: &Census) -> Finding {
    let moved = moved(preview);
    let (new, gone) = (preview.new.len() - moved, preview.vanished.len() - moved);
    let unreadable = contents.inventory.unreadable;
    let behind = preview.new.len() + preview.changed.len() + preview.vanished.len();
    let problems = &preview.report.problems;
    let duplicates = problems.iter().filter(|problem| matches!(problem.kind, ProblemKind::Duplicate { .. }));
    let numbers = [
        ("rollouts", preview.report.scanned),
        ("current threads", contents.inventory.current),
        ("archived threads", contents.inventory.archived),
        ("missing from index", new as u64),
        ("stale in index", preview.changed.len() as u64),
        ("gone from disk", gone as u64),
        ("moved to or from archive", moved as u64),
        ("duplicates", duplicates.count() as u64),
        ("unreadable", unreadable),
        ("open but ended agents", census.ended_agents),
    ];
    let numbers = numbers.map(|(label, number)| (label.to_owned(), Value::Text(count(number))));
    let finding = Finding::ok(format!(
        "index and rollouts agree on {}",
        text::counted(contents.inventory.current, "current thread")
    ))
    .details(numbers)
    .list("sources", counted(&census.sources))
    .list("providers", counted(&census.providers));
    if unreadable > 0 {
        let summary = format!("{} cannot be read", text::counted(unreadable, "rollout"));
        return finding.or_worse(Some(Finding::warning(summary, context.ours(&command("backfill")))));
    }
    if behind > 0 {
        let summary = format!("the index is behind by {}", text::counted(behind as u64, "rollout"));
        let behind = Finding::warning(summary, context.ours(&command("backfill")));
        return finding.or_worse(Some(behind.fix(Fix::Index)));
    }
    if census.ended_agents > 0 {
        return finding.note(format!(
            "ended and still open: {}; `{}` shows them",
            text::counted(census.ended_agents, "sub-agent"),
            context.ours(&command("threads tree"))
        ));
    }
    finding
}

/// Counts the rollouts that moved between the session folders: gone here, and new there under the
/// same name.
fn moved(preview: &Preview<HomeProblem>) -> usize {
    let name = |key: &String| key.rsplit('/').next().unwrap_or_default().to_owned();
    let new: HashSet<String> = preview.new.iter().map(name).collect();
    preview.vanished.iter().filter(|key| new.contains(&name(key))).count()
}

fn counted(counts: &[(String, u64)]) -> Vec<String> {
    counts.iter().map(|(name, number)| format!("{name} {}", count(*number))).collect()
}

/// Reads where the agent's own index looks for its rollouts.
fn agents_own(context: &Context, copied: &Copied) -> Option<AgentRollouts> {
    let home = &context.dirs.home;
    let copy = copied.path_for("agents-own");
    // It has the name of ours, in another folder.
    mirror::copy_any(&home.join(STATE_DB.file_name), &copy)?;
    let real = home.canonicalize().unwrap_or_else(|_| home.clone());
    wait(agent_rollouts(&copy, &[home.as_path(), real.as_path()]))
}

/// Warns if the agent would write into another home.
fn elsewhere(found: &AgentRollouts) -> Option<Finding> {
    if found.outside == 0 {
        return None;
    }
    let place = found.other_home.as_deref().unwrap_or("another folder");
    let summary = format!(
        "the agent's own index names {} of {} rollouts in {place}: it would write there",
        count(found.outside),
        count(found.total)
    );
    Some(Finding::warning(summary, format!("ls -ld {}", threadkeep_app::dirs::path_word(Path::new(place)))))
}

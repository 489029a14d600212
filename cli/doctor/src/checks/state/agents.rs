//! `state.agents`: places of other agents whose sessions are shown.

use threadkeep_app::agents::{self, Place};
use threadkeep_app::message::command;
use threadkeep_app::text::{bytes, counted};
use threadkeep_app::version::Version;
use threadkeep_rollout::untouched;
use threadkeep_sessions::Environment;

use crate::check::Finding;
use crate::context::Context;

/// Files of a place that are named one by one.
const MOST_NAMED: usize = 10;

pub(super) fn check(context: &Context) -> Finding {
    if let Some(lost) = agents::lost_list(&context.dirs.sqlite_home) {
        return Finding::warning(lost.why, context.ours(&lost.command));
    }
    let environment = Environment::of_process().unwrap_or_default();
    let places = match agents::places(&context.dirs, &environment) {
        Ok(places) => places,
        Err(fault) => return Finding::warning(fault.to_string(), context.ours(&command("agents"))),
    };
    let places = places.into_iter().filter(|place| !place.is_home);
    let (added, others): (Vec<_>, Vec<_>) = places.partition(|place| place.is_included);
    let others = others.iter().filter(|place| place.exists);
    let others: Vec<&str> = others.map(|place| place.store.title()).collect();
    let mut finding = if added.is_empty() {
        Finding::idle("none was added")
    } else {
        Finding::ok(format!("sessions in {} are shown", counted(added.len() as u64, "place")))
    };
    if !others.is_empty() {
        finding = finding.detail("not added", others.join(", "));
    }
    for place in &added {
        finding = finding.detail(place.store.name(), described(place));
    }
    for place in &added {
        if let Err(error) = untouched::entries(&place.path) {
            let why = format!("{} cannot be listed: {error}", place.path.display());
            let remove = command("agents remove").arg(place.store.name()).arg(place.path.display());
            finding = finding.or_worse(Some(Finding::warning(why, context.ours(&remove))));
        }
        finding = finding.or_worse(newer(context, place));
        if let Some(first) = place.unread.first() {
            let number = counted(place.unread.len() as u64, "path");
            let title = place.store.title();
            let why =
                format!("{number} of {title} could not be read, such as {}: {}", first.path, first.reason);
            let list = command("agents --json");
            finding = finding.or_worse(Some(Finding::warning(why, context.ours(&list))));
            for unread in place.unread.iter().take(MOST_NAMED) {
                finding = finding.detail("not read", format!("{}: {}", unread.path, unread.reason));
            }
        }
        for (path, lines) in place.damaged_lines.iter().take(MOST_NAMED) {
            let lines = counted(*lines, "damaged line");
            finding = finding.detail("skipped", format!("{lines} in {}", path.display()));
        }
        if place.ending > 0 {
            let sessions = counted(place.ending, "session");
            let title = place.store.title();
            let keep = context.ours(&command("keep --ending"));
            let why = format!("{title} will delete {sessions} within a week");
            finding = finding.note(format!("{why}; what was read stays, and `{keep}` keeps the files"));
        }
    }
    finding
}

fn described(place: &Place) -> String {
    let sessions = counted(place.sessions.unwrap_or(0), "session");
    let gone =
        if place.gone > 0 { format!(", {} of them deleted by the agent", place.gone) } else { String::new() };
    let (path, size) = (place.path.display(), bytes(place.bytes));
    if !place.is_read {
        return format!("{path}: {sessions}, {size}, not read yet");
    }
    let version = match (newest(place), newest_format(place)) {
        (Some(named), _) => format!("written by {named}"),
        (None, Some(named)) => format!("in format {named}"),
        (None, None) => "of a version that they do not name".to_owned(),
    };
    let format = place.store.tested_format().map(|format| format!(" (format {format})"));
    let (tested, format) = (place.store.tested_version(), format.unwrap_or_default());
    format!("{path}: {sessions}{gone}, {size}, {version}; read up to {tested}{format}")
}

/// Returns the newest version that a session names. A word that is no version does not count.
fn newest(place: &Place) -> Option<&str> {
    let mut newest = place.versions.iter().rev().map(String::as_str);
    newest.find(|named| Version::parse(named).is_some())
}

/// Returns the newest format that a session names.
fn newest_format(place: &Place) -> Option<&str> {
    place.formats.last().map(String::as_str)
}

/// Returns the newest version of a place's sessions and the newest version that is read, if the
/// former is newer; else the same of their format.
fn beyond(place: &Place) -> Option<(String, String)> {
    let (tested, format) = (place.store.tested_version(), place.store.tested_format());
    let is_newer = |named: &str, tested: &str| Version::of_format(named) > Version::of_format(tested);
    if let Some(named) = newest(place).filter(|named| is_newer(named, tested)) {
        return Some((named.to_owned(), tested.to_owned()));
    }
    let (named, tested) =
        newest_format(place).zip(format).filter(|(named, tested)| is_newer(named, tested))?;
    Some((format!("in format {named}"), format!("format {tested}")))
}

/// Returns a warning if sessions are newer than any whose files were read.
fn newer(context: &Context, place: &Place) -> Option<Finding> {
    let title = place.store.title();
    let (named, tested) = beyond(place)?;
    let what = format!(
        "sessions of {title} {named} are read as those of {tested}: what is new in them may be missing; \
         update Threadkeep, and until then compare them"
    );
    let list = command("threads").arg("--agent").arg(place.store.name());
    Some(Finding::warning(what, context.ours(&list)))
}

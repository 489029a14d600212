//! `state.databases`: every database, whether it is whole, and who is using it.

use threadkeep_app::message::command;
use threadkeep_app::text::bytes;
use threadkeep_sqlite::file_system::{self, FileSystem};
use threadkeep_sqlite::{DbState, DbStatus, JournalMode, sqlite_version};

use super::on_copy;
use crate::check::{Finding, Fix};
use crate::context::Context;
use crate::facts::copied::{Copied, Place};
use crate::mirror::Absent;

pub(super) fn check(context: &Context) -> Finding {
    on_copy(context, |copied| {
        let present = copied.places.iter().filter(|place| place.size.is_some()).count();
        let summary = match present {
            0 => "none yet; the first command creates them".to_owned(),
            1 => "1 database, healthy".to_owned(),
            number => format!("{number} databases, healthy"),
        };
        let mut finding = Finding::ok(summary).detail("SQLite", sqlite_version());
        if let Some(place) = copied.places.first() {
            finding = finding.detail("file system", file_system::name_of(&place.paths.folder));
        }
        for (place, status) in copied.databases() {
            for (label, text) in describe(context, copied, place, status) {
                finding = finding.detail(label, text);
            }
        }
        copied
            .databases()
            .map(|(place, status)| judge(context, copied, place, status))
            .fold(finding, |finding, judged| finding.or_worse(Some(judged)))
    })
}

/// Renders the facts of one database, each a label and a text.
fn describe(context: &Context, copied: &Copied, place: &Place, status: &DbStatus) -> Vec<(String, String)> {
    let label = |what: &str| format!("{} {what}", place.label);
    let Some(size) = place.size else {
        return vec![(place.label.to_owned(), "not created yet".to_owned())];
    };
    let state = match &place.absent {
        Some(Absent::TooLarge(_)) => "not checked; --full does",
        Some(Absent::Unreadable(_)) => "not readable",
        Some(Absent::Changing) => "being written to",
        None if status.state == DbState::Current && context.options.full => "ok, checked whole",
        None if status.state == DbState::Current => "ok, checked",
        None => status.state.as_str(),
    };
    let log = place.log_size.filter(|log| *log > 0).map(|log| format!(" · log {}", bytes(log)));
    let access = if place.writable { "" } else { " · read-only" };
    let state = format!("{state} · {}{}{access}", bytes(size), log.unwrap_or_default());
    let mut schema = Vec::new();
    schema.extend(status.schema.as_ref().map(|schema| format!("version {}", schema.applied)));
    schema.extend(status.journal.map(|mode| mode.as_str().to_owned()));
    schema.extend(status.application_id.map(|id| format!("application {id:#010x}")));
    let decisions = copied.facts.decisions_of(place.label).map(|found| match found.different {
        0 => format!("{}, as in their file", found.in_database),
        different => format!("{}, and {different} not as in their file", found.in_database),
    });
    let mut facts = vec![(place.label.to_owned(), state), (label("schema"), schema.join(" · "))];
    facts.extend(decisions.map(|decisions| (label("decisions"), decisions)));
    if !status.snapshots.is_empty() {
        facts.push((label("snapshots"), status.snapshots.len().to_string()));
    }
    facts.extend(place.writer.as_ref().map(|writer| (label("writer"), writer.clone())));
    facts.retain(|(_, text)| !text.is_empty());
    facts
}

/// Judges one database.
fn judge(context: &Context, copied: &Copied, place: &Place, status: &DbStatus) -> Finding {
    let label = place.label;
    let ours = |words: &str| context.ours(&command(words));
    let repair = || ours(&format!("repair {label}"));
    match &place.absent {
        Some(Absent::TooLarge(size)) => {
            return Finding::ok("")
                .note(format!("{label} has {} and was not checked; --full checks it", bytes(*size)));
        }
        Some(Absent::Unreadable(why)) => {
            let file = threadkeep_app::dirs::path_word(&place.paths.database);
            return Finding::fail(format!("{label} cannot be read: {why}"), format!("ls -l {file}"));
        }
        Some(Absent::Changing) => {
            let writer = place.writer.as_deref().unwrap_or("another process");
            return Finding::warning(
                format!("{label} is in use: {writer} writes to it"),
                ours("doctor --only state.databases"),
            );
        }
        None => {}
    }
    if let Some(problem) = place.problems.first() {
        return Finding::fail(format!("{label} is damaged: {problem}"), repair()).fix(Fix::Database(label));
    }
    let finding = match &status.state {
        DbState::Corrupt(what) => {
            let what = copied.in_place(what, &context.dirs);
            Finding::fail(format!("{label} is damaged: {what}"), repair()).fix(Fix::Database(label))
        }
        DbState::Foreign(what) => Finding::fail(
            format!("{label} is a file of another program: {}", copied.in_place(what, &context.dirs)),
            ours("status"),
        )
        .note(format!("foreign database in the place of {}", file_name(place))),
        DbState::Newer => Finding::fail(format!("{label} needs a newer threadkeep"), ours("--version")),
        DbState::Development | DbState::Checksum => {
            Finding::fail(format!("{label} was made by another build of threadkeep"), ours("status"))
        }
        // A process that is writing has a journal.
        DbState::NeedsRecovery(_) if place.writer.is_some() => Finding::ok(""),
        DbState::NeedsRecovery(_) => {
            Finding::warning(format!("{label} was not closed cleanly"), repair()).fix(Fix::Database(label))
        }
        DbState::Unreadable(what) => Finding::fail(
            format!("{label} cannot be read: {}", copied.in_place(what, &context.dirs)),
            ours("status"),
        ),
        DbState::Pending => Finding::ok("").note(format!("{label} is upgraded by the next command")),
        _ => Finding::ok(""),
    };
    finding.or_worse(unsafe_journal(context, place, status)).or_worse(disagreement(context, copied, place))
}

/// Warns of a write-ahead log where it is unsafe.
fn unsafe_journal(context: &Context, place: &Place, status: &DbStatus) -> Option<Finding> {
    let FileSystem::Remote(name) = place.file_system else { return None };
    (status.journal == Some(JournalMode::Wal)).then(|| {
        Finding::warning(
            format!("{} has a write-ahead log on {name}, where it can be damaged", place.label),
            context.ours(&command("backfill")),
        )
    })
}

/// Warns if the user's decisions in the database differ from their file.
fn disagreement(context: &Context, copied: &Copied, place: &Place) -> Option<Finding> {
    let found = copied.facts.decisions_of(place.label)?;
    let repair = context.ours(&command(&format!("repair {}", place.label)));
    if found.different > 0 {
        let summary = format!("{}: {} decisions differ from their file", place.label, found.different);
        return Some(Finding::warning(summary, repair).fix(Fix::Database(place.label)));
    }
    (found.damaged_lines > 0).then(|| {
        let summary = format!("{}: {} lines of decisions are damaged", place.label, found.damaged_lines);
        Finding::warning(summary, repair).fix(Fix::Database(place.label))
    })
}

fn file_name(place: &Place) -> String {
    place.paths.database.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

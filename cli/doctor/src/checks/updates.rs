//! `updates.status`: the newest version that the agent knows of, compared with the installed one.

use std::io;

use jiff::Timestamp;
use serde_json::Value as Json;
use threadkeep_app::dirs::path_word;

use crate::agent;
use crate::check::Finding;
use crate::context::Context;
use crate::installed::Manager;
use crate::section::Section;
use crate::spec::{LOCAL, Spec};
use crate::untouched;
use crate::version::Version;

/// Longest file that is read, in bytes.
const LIMIT: u64 = 64 << 10;

pub(super) const CHECKS: &[Spec] =
    &[Spec { id: "updates.status", section: Section::Updates, label: "updates", limit: LOCAL, run: check }];

/// The agent's `version.json`.
struct Cache {
    latest: String,
    checked: Option<Timestamp>,
    dismissed: Option<String>,
}

fn check(context: &Context) -> Finding {
    let path = context.dirs.home.join("version.json");
    let cache = untouched::read(&path, LIMIT).map(|bytes| cache(&bytes));
    let program = context.machine.programs("codex").into_iter().next();
    let manager = program.as_deref().map(|program| Manager::of(context, program));
    let action = manager.and_then(Manager::update_of_agent);
    let current = agent::version(context);
    let finding = match &cache {
        Ok(Some(cache)) => {
            let current = current.as_ref().map(|current| current.version.as_str());
            compare(cache, current, action, context.now)
        }
        Ok(None) => {
            let remedy = format!("rm {}", path_word(&path));
            Finding::warning("the agent's record of its newest version is damaged", remedy)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Finding::idle("the agent has not looked for a newer version")
        }
        Err(error) => {
            let why = threadkeep_app::messages::of_io(error);
            Finding::warning(format!("version.json: {why}"), format!("ls -ld {}", path_word(&path)))
        }
    };
    let at_start = context.agent().value(&["check_for_update_on_startup"]).and_then(toml::Value::as_bool);
    let current = current.map_or_else(
        || "unknown".to_owned(),
        |current| format!("{} (by {})", current.version, current.source),
    );
    finding
        .detail("version cache", path.display().to_string())
        .detail("current", current)
        .detail("looked for at each start", if at_start.unwrap_or(true) { "yes" } else { "no" })
        .detail("update action", action.unwrap_or("none known"))
}

/// Reads the file; nothing if it is not of this form.
fn cache(bytes: &[u8]) -> Option<Cache> {
    let content: Json = serde_json::from_slice(bytes).ok()?;
    let text = |key: &str| content[key].as_str().map(|text| text.trim().to_owned());
    let version = |key: &str| text(key).filter(|text| Version::parse(text).is_some());
    let checked = text("last_checked_at").and_then(|at| at.parse().ok());
    Some(Cache { latest: version("latest_version")?, checked, dismissed: version("dismissed_version") })
}

fn compare(cache: &Cache, current: Option<&str>, action: Option<&str>, now: Timestamp) -> Finding {
    let Cache { latest, dismissed, .. } = cache;
    let is_newer = current.is_some_and(|current| Version::parse(latest) > Version::parse(current));
    let is_dismissed = dismissed.as_ref() == Some(latest);
    let finding = match current {
        None => Finding::ok(format!("codex {latest} is the newest known version")),
        Some(current) if is_newer => {
            let finding = Finding::ok(format!("codex {latest} is available, {current} is installed"));
            let how = action.map(|action| format!(": {action}")).unwrap_or_default();
            if is_dismissed { finding } else { finding.update(format!("codex {latest} is available{how}")) }
        }
        Some(current) => Finding::ok(format!("codex {current} is the newest known version")),
    };
    let age = cache.checked.map_or_else(|| "unknown".to_owned(), |at| age(at, now));
    finding
        .detail("latest", latest.clone())
        .detail("last looked for", age)
        .detail("dismissed", dismissed.clone().unwrap_or_else(|| "none".to_owned()))
}

fn age(at: Timestamp, now: Timestamp) -> String {
    let minutes = now.duration_since(at).as_secs() / 60;
    match minutes {
        _ if at > now => "in the future".to_owned(),
        0..=119 => format!("{minutes} min ago"),
        120..=2879 => format!("{} h ago", minutes / 60),
        _ => format!("{} days ago", minutes / 1440),
    }
}

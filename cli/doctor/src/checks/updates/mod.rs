//! `updates.status`: the newest version that the agent knows of, compared with the installed one.

mod newest;

use std::io;
use std::path::Path;

use jiff::Timestamp;
use serde_json::Value as Json;
use threadkeep_app::dirs::path_word;
use threadkeep_app::version::Version;
use threadkeep_rollout::untouched;

use crate::agent;
use crate::check::Finding;
use crate::context::Context;
use crate::installed::Manager;
use crate::section::Section;
use crate::spec::{NETWORK, Spec};

/// Longest file that is read, in bytes.
const LIMIT: u64 = 64 << 10;

pub(super) const CHECKS: &[Spec] =
    &[Spec::new(Section::Updates, "updates.status", "updates", check).within(NETWORK)];

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
    let asked = ask(context, manager);
    let of_cache = cache.as_ref().ok().and_then(Option::as_ref);
    let latest = match &asked {
        Asked::Yes(Ok(latest)) => Some(latest.as_str()),
        _ => of_cache.map(|cache| cache.latest.as_str()),
    };
    let finding = match latest {
        Some(latest) => {
            let dismissed = of_cache.and_then(|cache| cache.dismissed.as_deref());
            compare(latest, dismissed, current.as_ref().map(|current| current.version.as_str()), action)
        }
        None => Finding::idle("the agent has not looked for a newer version"),
    };
    let (asked, no_answer) = match asked {
        Asked::No(why) => (why.to_owned(), None),
        Asked::Yes(Ok(latest)) => (latest, None),
        Asked::Yes(Err(finding)) => ("no answer".to_owned(), Some(*finding)),
    };
    let age = of_cache.and_then(|cache| cache.checked).map(|at| age(at, context.now));
    let or_unknown = |text: Option<String>| text.unwrap_or_else(|| "unknown".to_owned());
    let dismissed = of_cache.and_then(|cache| cache.dismissed.clone());
    let at_start = context.agent().value(&["check_for_update_on_startup"]).and_then(toml::Value::as_bool);
    let current = current.map_or_else(
        || "unknown".to_owned(),
        |current| format!("{} (by {})", current.version, current.source),
    );
    finding
        .or_worse(of_file(&path, &cache))
        .or_worse(no_answer)
        .detail("version cache", path.display().to_string())
        .detail("latest in the cache", or_unknown(of_cache.map(|cache| cache.latest.clone())))
        .detail("last looked for", or_unknown(age))
        .detail("dismissed", dismissed.unwrap_or_else(|| "none".to_owned()))
        .detail("asked the network", asked)
        .detail("current", current)
        .detail("looked for at each start", if at_start.unwrap_or(true) { "yes" } else { "no" })
        .detail("update action", action.unwrap_or("none known"))
}

/// Result of asking the network.
enum Asked {
    /// It was not asked, for this reason.
    No(&'static str),
    /// The newest version, or the trouble.
    Yes(Result<String, Box<Finding>>),
}

fn ask(context: &Context, manager: Option<Manager>) -> Asked {
    match context.network() {
        _ if !context.options.network_updates => Asked::No("no: --network-updates asks"),
        None => Asked::No("no: offline"),
        Some(prober) => Asked::Yes(newest::ask(prober, manager)),
    }
}

/// Returns the trouble with the agent's file.
fn of_file(path: &Path, cache: &io::Result<Option<Cache>>) -> Option<Finding> {
    let word = path_word(path);
    match cache {
        Ok(Some(_)) => None,
        Ok(None) => {
            let what = "the agent's record of its newest version is damaged";
            Some(Finding::warning(what, format!("rm {word}")))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => {
            let why = threadkeep_app::messages::of_io(error);
            Some(Finding::warning(format!("version.json cannot be read: {why}"), format!("ls -ld {word}")))
        }
    }
}

/// Reads the file; nothing if it is not of this form.
fn cache(bytes: &[u8]) -> Option<Cache> {
    let content: Json = serde_json::from_slice(bytes).ok()?;
    let text = |key: &str| content[key].as_str().map(|text| text.trim().to_owned());
    let version = |key: &str| text(key).filter(|text| Version::parse(text).is_some());
    let checked = text("last_checked_at").and_then(|at| at.parse().ok());
    Some(Cache { latest: version("latest_version")?, checked, dismissed: version("dismissed_version") })
}

fn compare(latest: &str, dismissed: Option<&str>, current: Option<&str>, action: Option<&str>) -> Finding {
    let is_newer = current.is_some_and(|current| Version::parse(latest) > Version::parse(current));
    let is_dismissed = dismissed == Some(latest);
    match current {
        None => Finding::ok(format!("codex {latest} is the newest known version")),
        Some(current) if is_newer => {
            let finding = Finding::ok(format!("codex {latest} is available, {current} is installed"));
            let how = action.map(|action| format!(": {action}")).unwrap_or_default();
            if is_dismissed { finding } else { finding.update(format!("codex {latest} is available{how}")) }
        }
        Some(current) => Finding::ok(format!("codex {current} is the newest known version")),
    }
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

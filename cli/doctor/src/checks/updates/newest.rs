//! Asks a registry for the newest version of the agent.

use serde_json::Value as Json;
use threadkeep_app::version::Version;

use crate::check::Finding;
use crate::installed::Manager;
use crate::probe::{Prober, Target, status};

/// Registry of npm, whose versions the other installers take over.
const NPM: &str = "https://registry.npmjs.org/@openai/codex/latest";
/// Homebrew, which may be some days behind.
const BREW: &str = "https://formulae.brew.sh/api/cask/codex.json";

/// Returns the newest version that can be installed.
///
/// # Errors
///
/// The finding that there is no answer, or none with a version.
pub(super) fn ask(prober: &Prober, manager: Option<Manager>) -> Result<String, Box<Finding>> {
    let url = if manager == Some(Manager::Brew) { BREW } else { NPM };
    let failed =
        |why: String, remedy: String| Box::new(Finding::warning(format!("newest version: {why}"), remedy));
    let target =
        Target::parse(url).map_err(|failure| failed(failure.to_string(), format!("curl -sSI {url}")))?;
    let (probe, body) = prober.fetch(&target);
    let code = probe.status.map_err(|failure| failed(failure.to_string(), target.curl()))?;
    if code != 200 {
        return Err(failed(status::shown(code), target.curl()));
    }
    let answer: Json = serde_json::from_slice(&body).unwrap_or_default();
    let version = answer["version"].as_str().filter(|version| Version::parse(version).is_some());
    version.map(str::to_owned).ok_or_else(|| failed("the answer has none".to_owned(), target.curl()))
}

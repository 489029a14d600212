//! `feedback --upload`: sends the bundle to the Sentry project of the settings.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use threadkeep_app::feedback::{Bundle, Destination};
use threadkeep_app::settings::ConfigFile;
use threadkeep_app::text::clean;
use threadkeep_app::{Fault, Message};

use crate::output::Screen;

/// Time limit of the request.
const LIMIT: Duration = Duration::from_secs(8);

/// Time after which no answer is waited for, whatever the request does.
const PATIENCE: Duration = Duration::from_secs(9);

/// Place to send a bundle to.
pub(super) type Target = Destination;

/// Finds the place in the settings, which must be valid for that.
pub(super) fn target(config: &ConfigFile, screen: &Screen) -> Result<Target, Fault> {
    Destination::parse(&config.settings(screen)?.feedback.sentry_dsn)
}

/// Sends the bundle. The file stays, whatever the server answers.
pub(super) async fn send(target: Target, bundle: Bundle, path: &Path) -> Result<Value, Fault> {
    let host = target.host().to_owned();
    let sending = tokio::task::spawn_blocking(move || target.send(&bundle, LIMIT));
    let sent = match tokio::time::timeout(PATIENCE, sending).await {
        Ok(Ok(sent)) => sent,
        Ok(Err(panic)) => Err(Fault::plain(&panic)),
        Err(_) => Err(Fault::new(format!("{host} did not answer in time"), "try again later")),
    };
    let sent = sent.map_err(|mut fault| {
        let kept = Message::from(format!("; the bundle is kept in {}", clean(&path.to_string_lossy())));
        fault.hint = Some(fault.hint.take().unwrap_or_default().append(kept));
        fault
    })?;
    Ok(json!({ "host": sent.host, "status": sent.status, "event_id": sent.event_id.simple().to_string() }))
}

/// Renders the server's answer for people.
pub(super) fn sentence(sent: &Value) -> String {
    let text = |name: &str| sent[name].as_str().unwrap_or_default().to_owned();
    format!("sent to {} (HTTP {}), event {}\n", clean(&text("host")), sent["status"], text("event_id"))
}

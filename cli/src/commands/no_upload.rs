//! `feedback --upload` in a build that cannot send.

use std::path::Path;

use serde_json::Value;
use threadkeep_app::Fault;
use threadkeep_app::feedback::Bundle;
use threadkeep_app::settings::ConfigFile;

use crate::output::Screen;

/// Place to send a bundle to. There is none in a build without the feature.
pub(super) enum Target {}

impl Target {
    pub(super) fn host(&self) -> &str {
        match *self {}
    }
}

/// Refuses: this build cannot send.
pub(super) fn target(_: &ConfigFile, _: &Screen) -> Result<Target, Fault> {
    Err(Fault::new(
        "this build cannot upload",
        "build one with `cargo install --path cli --features sentry`, or leave out --upload and attach the file yourself",
    ))
}

pub(super) async fn send(target: Target, _: Bundle, _: &Path) -> Result<Value, Fault> {
    match target {}
}

/// Renders the server's answer for people.
pub(super) fn sentence(_: &Value) -> String {
    String::new()
}

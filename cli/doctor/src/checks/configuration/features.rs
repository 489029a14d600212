//! `config.features`: features that the settings switch on or off.

use threadkeep_app::settings::{ConfigFile, Origin};
use toml::Value;

use super::worst;
use crate::check::Finding;
use crate::context::Context;
use crate::remedy;

pub(super) fn check(context: &Context) -> Finding {
    let config = context.agent();
    let of_profile = config.profile().and_then(|profile| config.value(&["profiles", profile, "features"]));
    let tables = [config.value(&["features"]), of_profile];
    let mut features: Vec<(String, Option<bool>)> = Vec::new();
    // A profile has the last word.
    for (name, value) in tables.into_iter().flatten().filter_map(Value::as_table).flatten() {
        features.retain(|(known, _)| known != name);
        features.push((name.clone(), is_on(value)));
    }
    let unclear = features.iter().filter(|(_, is_on)| is_on.is_none()).map(|(name, _)| {
        let edit = remedy::edit(context, &config.path, None);
        Finding::warning(format!("feature {name} is neither true nor false"), edit)
    });
    let problems = worst(unclear.collect(), "problems");
    let count = |wanted| features.iter().filter(|(_, is_on)| *is_on == Some(wanted)).count();
    let (on, off) = (count(true), count(false));
    let overrides = features.iter().filter_map(|(name, is_on)| Some(format!("{name}={}", (*is_on)?)));
    let own = ConfigFile::read(&context.dirs.sqlite_home);
    let own = own.settings.iter().filter(|setting| setting.section == "features").map(|setting| {
        let origin = if setting.origin == Origin::Default { " (default)" } else { "" };
        format!("{}={}{origin}", setting.key, setting.value)
    });
    problems
        .unwrap_or_else(|| Finding::ok(summary(on, off)))
        .detail("enabled", on.to_string())
        .detail("disabled", off.to_string())
        .list("overrides", overrides.collect())
        .list("threadkeep features", own.collect())
}

fn summary(on: usize, off: usize) -> String {
    match (on, off) {
        (0, 0) => "the agent's defaults".to_owned(),
        _ => format!("{on} switched on · {off} switched off"),
    }
}

/// Reads `true`, `false`, or a table with `enabled`, which is on by default.
fn is_on(value: &Value) -> Option<bool> {
    match value {
        Value::Boolean(is_on) => Some(*is_on),
        Value::Table(table) => table.get("enabled").map_or(Some(true), Value::as_bool),
        _ => None,
    }
}

//! `sandbox.helpers`: what the agent may do unasked, and the programs that confine it.

use std::path::{Path, PathBuf};

use threadkeep_rollout::untouched;
use toml::Value;

use super::worst;
use crate::check::Finding;
use crate::context::Context;
use crate::remedy;

/// Values of `approval_policy`. It may be a table, too.
const POLICIES: &[&str] = &["untrusted", "on-failure", "on-request", "never"];
/// Values of `sandbox_mode`.
const MODES: &[&str] = &["read-only", "workspace-write", "danger-full-access"];

pub(super) fn check(context: &Context) -> Finding {
    let config = context.agent();
    let mut problems = Vec::new();
    let mut known = |key: &str, values: &[&'static str]| match config.setting(key) {
        None => None,
        Some(value) => {
            let known = values.iter().find(|known| **known == value).copied();
            if known.is_none() {
                let what = format!("{key} is none of {}", values.join(", "));
                problems.push(Finding::warning(what, remedy::edit(context, &config.path, None)));
            }
            Some(known.unwrap_or("unknown"))
        }
    };
    let policy = known("approval_policy", POLICIES);
    let mode = known("sandbox_mode", MODES);
    let is_granular = config.value(&["approval_policy"]).is_some_and(Value::is_table);
    let policy = policy.unwrap_or(if is_granular { "by kind of request" } else { "default" });
    let is_open = config.value(&["sandbox_workspace_write", "network_access"]).and_then(Value::as_bool);
    let network = match mode {
        None => "default",
        Some("danger-full-access") => "open",
        Some("workspace-write") if is_open == Some(true) => "open",
        Some("unknown") => "unknown",
        Some(_) => "restricted",
    };
    let roots = config.value(&["sandbox_workspace_write", "writable_roots"]).and_then(Value::as_array);
    let profile = config.text(&["default_permissions"]).unwrap_or("none");
    let mode = mode.unwrap_or("default");
    let helpers: Vec<String> = helpers(context).iter().map(|path| path.display().to_string()).collect();
    worst(problems, "problems")
        .unwrap_or_else(|| Finding::ok(format!("files {mode} · network {network} · approval {policy}")))
        .detail("approval policy", policy)
        .detail("file system", mode)
        .detail("network", network)
        .detail("writable folders", roots.map_or(0, Vec::len).to_string())
        .detail("permissions profile", profile)
        .list("helpers", helpers)
        .detail("user namespaces", namespaces())
}

/// Finds the programs that confine others. The agent makes links to itself when it starts.
fn helpers(context: &Context) -> Vec<PathBuf> {
    let mut found = Vec::new();
    if cfg!(target_os = "macos") {
        found.push(PathBuf::from("/usr/bin/sandbox-exec"));
    }
    if cfg!(target_os = "linux") {
        for name in ["codex-linux-sandbox", "bwrap"] {
            found.extend(context.machine.programs(name).into_iter().next());
        }
        let links = context.dirs.home.join("tmp/arg0-linux");
        let runs = untouched::entries(&links).unwrap_or_default().into_iter();
        let runs = runs.map(|run| links.join(run.name).join("codex-linux-sandbox"));
        found.extend(runs.filter(|link| link.exists()).max());
    }
    found.retain(|program| program.exists());
    found
}

/// Returns if the kernel lets a user confine programs.
fn namespaces() -> &'static str {
    if !cfg!(target_os = "linux") {
        return "not of this system";
    }
    let value = |path: &str| {
        let bytes = untouched::read(Path::new(path), 64).ok()?;
        String::from_utf8_lossy(&bytes).trim().parse::<u64>().ok()
    };
    if value("/proc/sys/user/max_user_namespaces") == Some(0)
        || value("/proc/sys/kernel/unprivileged_userns_clone") == Some(0)
    {
        "switched off"
    } else if value("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == Some(1) {
        "restricted by AppArmor"
    } else {
        "allowed"
    }
}

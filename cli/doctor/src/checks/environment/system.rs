//! `system.environment`: operating system, language and editor.

use std::path::Path;

use threadkeep_rollout::untouched;

use crate::check::Finding;
use crate::context::Context;
use crate::machine::Machine;
use crate::remedy::program_name;

/// Longest file that describes the system, in bytes.
const LIMIT: u64 = 64 << 10;

pub(super) fn check(context: &Context) -> Finding {
    let machine = &context.machine;
    let (os, locale) = (os(), locale(machine));
    let finding = match &locale {
        Some((name, value)) if !is_utf8(value) => {
            Finding::warning(format!("{name} is not a UTF-8 locale"), utf8_locale())
        }
        Some((_, value)) => Finding::ok(format!("{os} · {value}")),
        None => Finding::ok(os.clone()),
    };
    let locale = locale.map_or_else(|| "not set".to_owned(), |(name, value)| format!("{value} ({name})"));
    finding
        .detail("OS", os)
        .detail("kernel", kernel())
        .detail("architecture", std::env::consts::ARCH)
        .detail("locale", locale)
        .detail("VISUAL", editor(machine, "VISUAL"))
        .detail("EDITOR", editor(machine, "EDITOR"))
}

/// Returns the variable that sets the locale of characters, and its value.
fn locale(machine: &Machine) -> Option<(&'static str, String)> {
    ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| Some((name, machine.variable(name)?)))
}

fn is_utf8(locale: &str) -> bool {
    let charset = locale.split('@').next().unwrap_or(locale).to_ascii_lowercase();
    charset == "utf-8" || charset.ends_with(".utf-8") || charset.ends_with(".utf8")
}

fn utf8_locale() -> &'static str {
    if cfg!(target_os = "macos") { "export LC_ALL=en_US.UTF-8" } else { "export LC_ALL=C.UTF-8" }
}

/// Returns the program of an editor variable, and nothing else of it.
fn editor(machine: &Machine, variable: &str) -> String {
    match machine.variable(variable) {
        None => "not set".to_owned(),
        Some(command) => program_name(&command).unwrap_or_else(|| "set".to_owned()),
    }
}

/// Returns the name of the operating system with its version.
fn os() -> String {
    let text = |path: &str| {
        let bytes = untouched::read(Path::new(path), LIMIT).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    };
    if cfg!(target_os = "macos") {
        let list = text("/System/Library/CoreServices/SystemVersion.plist").unwrap_or_default();
        let after = list.split("<key>ProductVersion</key>").nth(1).unwrap_or_default();
        let version = after.split("<string>").nth(1).and_then(|rest| rest.split('<').next());
        return format!("macOS {}", version.unwrap_or_default()).trim().to_owned();
    }
    let release = ["/etc/os-release", "/usr/lib/os-release"].into_iter().find_map(text).unwrap_or_default();
    let value = |name: &str| {
        let line = release.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))?;
        Some(line.trim_matches(['"', '\'']).to_owned())
    };
    value("PRETTY_NAME").or_else(|| value("NAME")).unwrap_or_else(|| std::env::consts::OS.to_owned())
}

#[cfg(unix)]
fn kernel() -> String {
    let name = rustix::system::uname();
    format!("{} {}", name.sysname().to_string_lossy(), name.release().to_string_lossy())
}

#[cfg(not(unix))]
fn kernel() -> String {
    std::env::consts::OS.to_owned()
}

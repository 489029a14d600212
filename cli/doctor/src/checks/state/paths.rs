//! `state.paths`: the agent's home and the SQLite home.

use std::path::{Path, PathBuf};

use threadkeep_app::agents::on_this_machine;
use threadkeep_app::dirs::{Dirs, Given};
use threadkeep_app::message::command;
use threadkeep_app::settings::{ConfigFile, DeviceKeys};
use threadkeep_app::{Fault, device_keys};
use threadkeep_rollout::untouched;
use threadkeep_sessions::Environment;

use crate::check::{Finding, Fix};
use crate::context::Context;
use crate::remedy;

pub(super) fn check(context: &Context) -> Finding {
    let dirs = &context.dirs;
    let details = Finding::ok("both homes can be used")
        .detail("agent home", place(&dirs.home))
        .detail("SQLite home", place(&dirs.sqlite_home));
    let threads = || context.ours(&command("threads"));
    if let Err(fault) = dirs.agent_home() {
        return details.or_worse(Some(unusable(context, &fault)));
    }
    if let Err(fault) = dirs.check() {
        return details.or_worse(Some(Finding::fail(fault.to_string(), of_pair(dirs))));
    }
    if let Some(obstacle) = dirs.obstacle() {
        return details.or_worse(Some(Finding::warning(
            format!("the SQLite home cannot be written: {obstacle}"),
            format!("ls -ld {}", threadkeep_app::dirs::path_word(&dirs.sqlite_home)),
        )));
    }
    if !dirs.sqlite_home.exists() {
        return Finding { summary: "not used yet; the first command creates it".to_owned(), ..details }
            .detail("created by", threads());
    }
    let details = details.or_worse(keys(context));
    let open = open_to_others(&dirs.sqlite_home);
    if open.is_empty() {
        return details;
    }
    let words: Vec<String> = open.iter().map(|path| threadkeep_app::dirs::path_word(path)).collect();
    let finding = Finding::warning(
        format!("other users may read {} of Threadkeep's files", open.len()),
        format!("chmod go-rwx {}", words.join(" ")),
    );
    details.or_worse(Some(finding.fix(Fix::Permissions(open))))
}

/// Makes the finding of a folder of device keys that other users may open.
fn keys(context: &Context) -> Option<Finding> {
    let settings = ConfigFile::read(&context.dirs.sqlite_home);
    let folder = settings.settings.iter().find(|it| it.section == "device_keys" && it.key == "folder");
    let folder = folder.and_then(|setting| setting.value.as_str()).unwrap_or_default().to_owned();
    let settings = DeviceKeys { folder, ..DeviceKeys::default() };
    device_keys::exposed(&context.dirs, &settings)?;
    let folder = device_keys::folder(&context.dirs, &settings);
    let word = threadkeep_app::dirs::path_word(&folder);
    let finding =
        Finding::warning("other users may open the folder of device keys", format!("chmod go-rwx {word}"));
    // A folder that the user has chosen may have other files.
    let is_ours = folder.starts_with(&context.dirs.sqlite_home) && folder != context.dirs.sqlite_home;
    Some(if is_ours { finding.fix(Fix::Permissions(vec![folder])) } else { finding })
}

/// Makes the finding of an agent home that is missing or cannot be read.
fn unusable(context: &Context, fault: &Fault) -> Finding {
    let home = &context.dirs.home;
    let word = threadkeep_app::dirs::path_word(home);
    if home.symlink_metadata().is_ok() {
        return Finding::fail(fault.to_string(), format!("ls -ld {word}"));
    }
    let has_agent = context.dirs.is_agents_own() && !context.machine.programs("codex").is_empty();
    let environment = Environment::of_process().unwrap_or_default();
    let others: Vec<_> = on_this_machine(&environment).collect();
    // The agent creates its own home when it starts, and no other one.
    let remedy = if has_agent {
        remedy::agent(context, "login")
    } else if context.dirs.is_agents_own() && !others.is_empty() {
        // Their sessions need no home of Codex.
        context.ours(&command("agents add").append(&others.join(" ")))
    } else {
        make_home(home)
    };
    Finding::fail(format!("{fault}; --home DIR or CODEX_HOME names another one"), remedy)
}

/// Returns the remedy for homes that do not fit each other.
fn of_pair(dirs: &Dirs) -> String {
    if !dirs.sqlite_home.exists() {
        return make_home(&dirs.home);
    }
    // The SQLite home belongs to another home. A user who names both means it.
    let both = Given { home: Some(dirs.home.clone()), sqlite_home: Some(dirs.sqlite_home.clone()) };
    command("status").render(&both)
}

/// Returns the command that creates an agent home, or makes a folder one.
fn make_home(home: &Path) -> String {
    format!("mkdir -p {}", threadkeep_app::dirs::path_word(&home.join("sessions")))
}

/// Describes a folder.
fn place(folder: &Path) -> String {
    let what = match std::fs::metadata(folder) {
        Ok(found) if !found.is_dir() => " (not a folder)",
        Ok(_) => "",
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => " (missing)",
        Err(_) => " (not readable)",
    };
    format!("{}{what}", folder.display())
}

/// Finds the SQLite home and the files in it that other users may read or write.
#[cfg(unix)]
fn open_to_others(sqlite_home: &Path) -> Vec<PathBuf> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let me = rustix::process::geteuid().as_raw();
    let is_open = |path: &PathBuf| {
        let found = path.symlink_metadata();
        found.is_ok_and(|file| {
            !file.is_symlink() && file.uid() == me && file.permissions().mode() & 0o077 != 0
        })
    };
    let home = sqlite_home.to_path_buf();
    // In a folder that is closed to others, no file can be reached.
    if !is_open(&home) {
        return Vec::new();
    }
    let ours = |name: &str| threadkeep_state::DATABASES.iter().any(|spec| name.starts_with(spec.file_name));
    let entries = untouched::entries(sqlite_home).unwrap_or_default().into_iter();
    let files = entries.filter(|entry| ours(&entry.name.to_string_lossy()));
    let files: Vec<PathBuf> = files.map(|entry| sqlite_home.join(entry.name)).filter(is_open).collect();
    // A folder without databases is not ours to close.
    if files.is_empty() { files } else { std::iter::once(home).chain(files).collect() }
}

#[cfg(not(unix))]
fn open_to_others(_: &Path) -> Vec<PathBuf> {
    Vec::new()
}

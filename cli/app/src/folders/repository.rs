//! Folders of one git repository: its worktrees and their subfolders.

use std::collections::HashSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use super::spelling::{is_windows, on_disk};
use super::{matching, place, real};

/// Returns those of the folders, as threads name them, that belong to a repository, given by its
/// name or by a folder in it; `None` if no repository is known for that. `remotes` has pairs of a
/// thread's folder and remote.
///
/// A folder belongs to it by git's common directory, which all worktrees share. A folder that no
/// longer exists belongs to it by its remote. A folder that is in no repository belongs to none: a
/// thread that began elsewhere may have brought its remote there.
pub fn of_repository(typed: &Path, folders: &[String], remotes: &[(String, String)]) -> Option<Vec<String>> {
    let named = || of_name(&typed.to_string_lossy(), folders, remotes);
    // A word that is no repository's name may be a folder here.
    let is_folder = !is_name(typed) || fs::symlink_metadata(typed).is_ok();
    let folder = || is_folder.then(|| of_folder(typed, folders, remotes)).flatten();
    is_name(typed).then(named).flatten().or_else(folder)
}

/// Returns true if a word may be the name of a repository, such as `name` or `owner/name`.
pub fn is_name(typed: &Path) -> bool {
    let mut parts = typed.components();
    !is_windows(&typed.to_string_lossy()) && parts.all(|part| matches!(part, Component::Normal(_)))
}

/// Returns the folders of all repositories with a name: that of their remote, or that of the folder
/// with git's directory.
fn of_name(name: &str, folders: &[String], remotes: &[(String, String)]) -> Option<Vec<String>> {
    let ends = format!("/{}", name.trim_end_matches('/').to_lowercase());
    let is_named = |path: &str| format!("/{path}").to_lowercase().ends_with(&ends);
    let by_remote = remotes.iter().filter(|(folder, url)| may_belong(folder) && is_named(&remote_key(url)));
    let by_remote = by_remote.map(|(folder, _)| folder);
    let is_root = |folder: &&String| {
        let common = common_dir_of(folder);
        // That of a bare repository is the repository itself.
        common.is_some_and(|common| {
            let root = common.parent().filter(|_| common.ends_with(".git")).unwrap_or(&common);
            is_named(root.to_string_lossy().trim_end_matches(".git"))
                || origin(&common).is_some_and(|url| is_named(&remote_key(&url)))
        })
    };
    let mut named: Vec<&String> = by_remote.chain(folders.iter().filter(is_root)).collect();
    // A folder in a repository that is there knows more than its remote.
    named.sort_by_cached_key(|folder| common_dir_of(folder).is_none());
    let mut found = Vec::new();
    for folder in named {
        if !found.contains(folder) {
            let all = of_folder(Path::new(folder), folders, remotes);
            found.extend(all.unwrap_or_else(|| vec![folder.clone()]));
        }
    }
    found.sort();
    found.dedup();
    (!found.is_empty()).then_some(found)
}

/// Returns the folders of the repository to which a folder belongs.
fn of_folder(typed: &Path, folders: &[String], remotes: &[(String, String)]) -> Option<Vec<String>> {
    let typed_place = place(typed);
    if !may_belong(&typed_place) {
        return None;
    }
    let common = common_dir_of(&typed_place);
    let is_in = |folder: &String| common.is_some() && common_dir_of(folder) == common;
    let mut found: Vec<String> = folders.iter().filter(|folder| is_in(folder)).cloned().collect();
    // The remotes of the threads there, which may be older than the repository's own setting.
    let here = if found.is_empty() { matching(typed, false, folders) } else { found.clone() };
    let mut wanted: HashSet<String> =
        remotes.iter().filter(|(folder, _)| here.contains(folder)).map(|(_, url)| remote_key(url)).collect();
    wanted.extend(common.as_deref().and_then(origin).map(|url| remote_key(&url)));
    if common.is_none() && wanted.is_empty() {
        return None;
    }
    let is_known_by_remote =
        |folder: &str| if common.is_none() { may_belong(folder) } else { is_gone(folder) };
    let by_remote = remotes
        .iter()
        .filter(|(folder, url)| is_known_by_remote(folder) && wanted.contains(&remote_key(url)));
    found.extend(by_remote.map(|(folder, _)| folder.clone()));
    found.sort();
    found.dedup();
    Some(found)
}

fn is_gone(folder: &str) -> bool {
    !on_disk(folder).exists()
}

/// Returns false for a folder that is there, and in no repository.
fn may_belong(folder: &str) -> bool {
    is_gone(folder) || common_dir_of(folder).is_some()
}

/// Returns the directory that all worktrees share of the repository of a thread's folder.
fn common_dir_of(folder: &str) -> Option<PathBuf> {
    common_dir(&real(folder).unwrap_or_else(|| on_disk(folder)))
}

/// Returns the directory that all worktrees of a folder's repository share.
fn common_dir(folder: &Path) -> Option<PathBuf> {
    folder.ancestors().find_map(|folder| {
        let git = folder.join(".git");
        let git_dir = if fs::metadata(&git).ok()?.is_dir() {
            git
        } else {
            // A linked worktree has a file that names its directory.
            folder.join(fs::read_to_string(&git).ok()?.strip_prefix("gitdir:")?.trim())
        };
        let common = match fs::read_to_string(git_dir.join("commondir")) {
            Ok(common) => git_dir.join(common.trim()),
            Err(_) => git_dir,
        };
        fs::canonicalize(common).ok().filter(|common| common.join("HEAD").exists())
    })
}

/// Reads the address of the remote `origin` from a repository's settings.
fn origin(common: &Path) -> Option<String> {
    let config = fs::read_to_string(common.join("config")).ok()?;
    let mut lines = config.lines().map(str::trim).skip_while(|line| *line != r#"[remote "origin"]"#).skip(1);
    let url = lines.find_map(|line| match line.split_once('=') {
        Some((name, url)) if name.trim() == "url" => Some(Some(url.trim().to_owned())),
        _ if line.starts_with('[') => Some(None),
        _ => None,
    });
    url.flatten()
}

/// Returns a text that is equal for the addresses of one remote: `git@host:a/b.git` and
/// `https://host/a/b`.
fn remote_key(url: &str) -> String {
    let url = url.trim().trim_end_matches('/');
    let url = url.strip_suffix(".git").unwrap_or(url);
    let (has_scheme, rest) = url.split_once("://").map_or((false, url), |(_, rest)| (true, rest));
    let authority = rest.find('/').unwrap_or(rest.len());
    let rest = rest[..authority].rfind('@').map_or(rest, |at| &rest[at + 1..]);
    let Some((host, path)) = rest.split_once(['/', ':']) else { return rest.to_lowercase() };
    // After a scheme, what follows a colon is a port.
    let is_port = has_scheme && rest[host.len()..].starts_with(':');
    let path = if is_port { path.split_once('/').map_or("", |(_, path)| path) } else { path };
    format!("{}/{}", host.to_lowercase(), path.trim_start_matches('/'))
}

#[cfg(test)]
#[path = "../../tests/unit/folders_repository.rs"]
mod tests;

//! Spellings of paths and links, all of which lead to protected files.

use std::fs::{self, create_dir_all};
use std::os::unix::fs::symlink;

use super::*;

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

fn homes() -> Result<(tempfile::TempDir, Vec<Dirs>)> {
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name);
    for name in ["home/sessions/2026", "home/own", "own", "linked", "notes"] {
        create_dir_all(at(name))?;
    }
    let rollout = "rollout-2026-10-01T10-00-00-01a21000-0001-7000-8000-000000000001.jsonl";
    for name in [
        "home/config.toml",
        "home/auth.json",
        "home/own/logs.txt",
        "own/config.toml",
        "notes/a.md",
        "dotfile",
    ] {
        fs::write(at(name), "text")?;
    }
    fs::write(at("home/sessions/2026").join(rollout), "{}")?;
    fs::write(at("linked").join(rollout), "{}")?;
    fs::write(at("linked/other.jsonl"), "{}")?;
    fs::write(at("notes/state_5.sqlite"), [&DATABASE[..], b"more"].concat())?;
    symlink(at("linked"), at("home/archived_sessions"))?;
    symlink(at("home"), at("notes/home"))?;
    symlink(at("home/auth.json"), at("notes/auth.md"))?;
    symlink(at("notes/auth.md"), at("notes/again.md"))?;
    symlink(at("dotfile"), at("home/dotfile"))?;
    symlink(at("notes/state_5.sqlite"), at("notes/database.md"))?;
    symlink("nowhere", at("notes/dangling.md"))?;
    symlink("nowhere", at("home/dangling.md"))?;
    let dirs = |sqlite_home: &str| {
        let (home, sqlite_home) = (at("home"), at(sqlite_home));
        Dirs { home, sqlite_home, are_named: false }
    };
    let homes = vec![dirs("own"), dirs("home/own")];
    Ok((folder, homes))
}

#[test]
fn the_file_decides_and_not_the_spelling() -> Result {
    let (folder, homes) = homes()?;
    let of = |name: &str| check(&folder.path().join(name), &homes);
    type Kind = fn(PathBuf) -> Protected;
    let agents: Kind = Protected::AgentHome;
    let own: Kind = Protected::SqliteHome;
    let rollout = "rollout-2026-10-01T10-00-00-01a21000-0001-7000-8000-000000000001.jsonl";
    for (name, kind) in [
        ("home/config.toml", agents),
        ("home/./sessions/../auth.json", agents),
        ("notes/home/config.toml", agents),
        ("notes/auth.md", agents),
        ("notes/again.md", agents),
        ("home/dotfile", agents),
        ("home/dangling.md", agents),
        ("linked/other.jsonl", agents),
        (&format!("home/sessions/2026/{rollout}"), agents),
        (&format!("notes/home/archived_sessions/{rollout}"), agents),
        ("own/config.toml", own),
        ("notes/../own/config.toml", own),
        ("home/own/logs.txt", own),
        ("notes/home/own/logs.txt", own),
        ("notes/state_5.sqlite", Protected::Database),
        ("notes/database.md", Protected::Database),
    ] {
        assert_eq!(of(name), Err(kind(folder.path().join(name))), "{name}");
    }
    for name in ["notes/a.md", "notes/dangling.md", "dotfile", "notes/new.md", "home/new.md", "ownership"] {
        assert_eq!(of(name), Ok(()), "{name}");
    }
    Ok(())
}

#[test]
fn a_rollout_is_known_by_its_name_in_any_folder() -> Result {
    let (folder, _) = homes()?;
    let rollout = "linked/rollout-2026-10-01T10-00-00-01a21000-0001-7000-8000-000000000001.jsonl";
    let path = folder.path().join(rollout);
    assert_eq!(check(&path, &[]), Err(Protected::AgentHome(path.clone())));
    assert_eq!(check(&folder.path().join("linked/other.jsonl"), &[]), Ok(()));
    Ok(())
}

//! Tests of `memories/root.rs`, next to which its private items are in scope.

use std::fs;

use super::*;

/// Databases of two generations of an agent's memories.
const DATABASES: [&str; 2] = ["memories_1.sqlite", "memories_v2_1.sqlite"];

#[test]
fn the_agents_own_memories_are_left_alone() -> std::io::Result<()> {
    let folder = tempfile::tempdir()?;
    let home = folder.path().join("home");
    let dirs = Dirs { home: home.clone(), sqlite_home: folder.path().join("sqlite"), are_named: true };
    let usual = home.join("memories");
    fs::create_dir_all(&usual)?;
    assert_eq!(root(&dirs, None, None), Root { path: usual.clone(), agents_own: None });
    let ours = Root { path: folder.path().join("sqlite/memories"), agents_own: Some(usual.clone()) };
    fs::write(usual.join(".git"), "gitdir: elsewhere\n")?;
    let found = fs::metadata(&usual)?.permissions();
    assert_eq!(root(&dirs, None, None), ours, "its baseline is not ours");
    assert!(crate::memories::changes(&usual).is_err());
    assert_eq!(fs::metadata(&usual)?.permissions(), found, "nothing of the agent's changes");
    assert_eq!(root(&dirs, None, Some(usual.clone())).path, usual, "we used it before");
    fs::remove_file(usual.join(".git"))?;
    for name in DATABASES {
        fs::write(home.join(name), "")?;
        assert_eq!(root(&dirs, None, None), ours, "{name}");
        fs::remove_file(home.join(name))?;
    }
    crate::memories::open_root(&usual).map_err(|fault| std::io::Error::other(fault.message.to_string()))?;
    fs::write(home.join(DATABASES[0]), "")?;
    assert_eq!(root(&dirs, None, None).path, usual, "its baseline is ours");
    assert_eq!(root(&dirs, Some(Path::new("/given")), Some(usual)).path, Path::new("/given"));
    Ok(())
}

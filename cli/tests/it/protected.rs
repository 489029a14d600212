//! Files that `threads export --force` does not replace.

use std::fs;
use std::os::unix::fs::symlink;

use super::fixture::{Fixture, Result, contents};
use super::written::{Rollout, id};

#[test]
fn no_export_replaces_a_file_of_the_homes() -> Result {
    let fixture = Fixture::empty()?;
    let rollout = Rollout::default().write(&fixture)?;
    fs::write(fixture.home().join("config.toml"), "model = \"x\"\n")?;
    fs::write(fixture.home().join("auth.json"), "{}")?;
    fixture.json(&["goals", "set", &id(1), "an objective"])?;
    fixture.json(&["backfill"])?;
    fixture.json(&["--sqlite-home", "other", "backfill"])?;
    symlink(fixture.home(), fixture.path().join("link"))?;
    symlink(fixture.home().join("auth.json"), fixture.path().join("auth.md"))?;
    let rollout = rollout.strip_prefix(fixture.path())?.to_str().ok_or("a name")?;
    let (thread, before) = (id(1), contents(fixture.path())?);
    let is_log = |path: &std::path::Path| path.to_string_lossy().contains("logs_2.sqlite");
    for (name, why, hint) in [
        (rollout, "is a file of the agent", "outside of the agent's home"),
        ("home/config.toml", "is a file of the agent", "outside of the agent's home"),
        ("./home/../home/auth.json", "is a file of the agent", "outside of the agent's home"),
        ("link/auth.json", "is a file of the agent", "outside of the agent's home"),
        ("auth.md", "is a file of the agent", "outside of the agent's home"),
        ("home/threadkeep/state_5.sqlite", "is a file of Threadkeep itself", "outside of the SQLite home"),
        (
            "link/threadkeep/goals_1.sqlite.decisions",
            "is a file of Threadkeep itself",
            "outside of the SQLite",
        ),
        ("other/history_1.sqlite", "is a database", "another file"),
    ] {
        for force in [&["--force"][..], &[]] {
            let export = [&["threads", "export", &thread, "--no-refresh", "--output", name], force].concat();
            let said = fixture.run(&export)?;
            assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""), "{name}: {}", said.all());
            let wanted = format!("error: {name} {why}\n  hint: choose ");
            assert!(said.stderr.starts_with(&wanted) && said.stderr.contains(hint), "{}", said.all());
        }
    }
    let both = ["--home", "home", "--home", "link", "threads", "export", &thread, "--force", "--output"];
    let said = fixture.run(&[&both[..], &["home/threadkeep/state_5.sqlite"]].concat())?;
    assert_eq!(said.code, Some(2), "{}", said.all());
    for ((path, content), (_, now)) in before.iter().zip(contents(fixture.path())?) {
        assert!(is_log(path) || *content == now, "{} was changed", path.display());
    }
    // Other files of the user are replaced, and new ones are written.
    fs::write(fixture.path().join("mine.md"), "text")?;
    for name in ["mine.md", "new.md"] {
        let said = fixture.run(&["threads", "export", &id(1), "--force", "--output", name])?;
        assert_eq!(said.code, Some(0), "{}", said.all());
        assert!(fs::read_to_string(fixture.path().join(name))?.contains("Say hello"));
    }
    Ok(())
}

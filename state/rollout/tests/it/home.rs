//! The home itself: its settings and its threads' names.

use std::fs;

use threadkeep_rollout::{AgentHome, DEFAULT_MODEL_PROVIDER, HomeError, SESSION_INDEX};

use crate::{ID, NAME, Result, bundled};

#[test]
fn a_home_that_is_none_is_refused_with_its_path() -> Result {
    let folder = tempfile::tempdir()?;
    let missing = AgentHome::open(folder.path().join("x")).err().ok_or("there is no home")?;
    assert!(matches!(missing, HomeError::NotFound { .. }));
    assert_eq!((missing.path(), missing.code()), (&*folder.path().join("x"), "not_found"));
    assert_eq!(missing.to_string(), "no agent home found");
    let file = folder.path().join("file");
    fs::write(&file, "")?;
    assert!(matches!(AgentHome::open(&file), Err(HomeError::NotADirectory { .. })));
    assert!(matches!(AgentHome::open(file.join("x")), Err(HomeError::NotADirectory { .. })));
    Ok(())
}

#[test]
fn the_provider_comes_from_the_config() -> Result {
    assert_eq!(bundled()?.config()?.model_provider.as_deref(), Some("mock"));
    let folder = tempfile::tempdir()?;
    let home = AgentHome::open(folder.path())?;
    assert_eq!(home.config()?.model_provider, None);
    fs::write(folder.path().join("config.toml"), "model = 'x'\n[tui]\nx = 1\n")?;
    assert_eq!(home.config()?.model_provider, None);
    assert_eq!(home.config()?.default_model_provider(), DEFAULT_MODEL_PROVIDER);
    assert_eq!(bundled()?.config()?.default_model_provider(), "mock");
    Ok(())
}

#[test]
fn a_broken_config_is_placed_and_not_shown() -> Result {
    let folder = tempfile::tempdir()?;
    let home = AgentHome::open(folder.path())?;
    for (text, place) in [
        ("a = 1\nkey = s3cr3t\n", (2, 7)),
        ("a = 1\nmodel_provider = 5 # s3cr3t\n", (2, 18)),
        ("a = 'é' s3cr3t", (1, 9)),
    ] {
        fs::write(folder.path().join("config.toml"), text)?;
        let error = home.config().err().ok_or("it is broken")?;
        assert!(
            matches!(error, HomeError::BrokenConfig { line, column, .. } if (line, column) == place),
            "{error}"
        );
        assert!(!format!("{error} {error:?}").contains("s3cr3t"));
    }
    fs::write(folder.path().join("config.toml"), b"a = 1\n\xff")?;
    assert!(matches!(home.config(), Err(HomeError::BrokenConfig { line: 2, column: 1, .. })));
    Ok(())
}

#[test]
fn a_session_folder_is_no_home_and_names_the_home() -> Result {
    let folder = tempfile::tempdir()?;
    let day = folder.path().join("sessions/2026/11/22");
    fs::create_dir_all(&day)?;
    fs::create_dir_all(folder.path().join("archived_sessions"))?;
    fs::write(folder.path().join("archived_sessions").join(NAME), "")?;
    for inside in ["sessions", "sessions/2026", "sessions/2026/11/22", "archived_sessions"] {
        let error = AgentHome::open(folder.path().join(inside)).err().ok_or("it is inside")?;
        assert_eq!((error.path(), error.code()), (&*folder.path().join(inside), "inside_home"));
        assert!(matches!(error, HomeError::InsideHome { home, .. } if home == folder.path()));
    }
    assert!(AgentHome::open(folder.path())?.looks_like_home());
    // Other folders of that name: without rollouts, and with a home in it.
    let other = tempfile::tempdir()?;
    let sessions = other.path().join("sessions");
    fs::create_dir_all(sessions.join("notes"))?;
    assert!(!AgentHome::open(&sessions)?.looks_like_home());
    fs::create_dir_all(sessions.join("2026"))?;
    fs::write(sessions.join("config.toml"), "")?;
    assert!(AgentHome::open(&sessions)?.looks_like_home());
    Ok(())
}

#[test]
fn the_newest_name_wins() -> Result {
    let folder = tempfile::tempdir()?;
    let home = AgentHome::open(folder.path())?;
    assert!(home.thread_names()?.is_empty());
    let other = "01a20371-0f2e-7540-b9be-c443cc774f5e";
    let line_at = |id: &str, name: &str, at: &str| {
        format!("{{\"id\":\"{id}\",\"thread_name\":\"{name}\",\"updated_at\":\"{at}\"}}\n")
    };
    let line = |id: &str, name: &str| line_at(id, name, "x");
    let text =
        [line(ID, "one"), line(other, "gone"), "junk\n".to_owned(), line(ID, " two "), line(other, " ")]
            .concat();
    fs::write(folder.path().join(SESSION_INDEX), text + "{\"id\":\"01a2")?;
    let names = home.thread_names()?;
    assert_eq!(names.get(ID.parse()?).map(|name| &*name.name), Some("two"));
    assert_eq!((names.get(other.parse()?), names.len(), names.skipped().count), (None, 1, 2));

    // Lines with a time are ordered by it, also the removal of a name.
    let [early, late] = ["2026-11-20T10:00:00.000000001Z", "2026-11-20T10:00:00.000000002Z"];
    let text = [line_at(ID, "late", late), line_at(ID, "early", early), line_at(other, "", late)].concat();
    fs::write(folder.path().join(SESSION_INDEX), text + &line_at(other, "early", early))?;
    let names = home.thread_names()?;
    let name = names.get(ID.parse()?).ok_or("it has a name")?;
    assert_eq!((&*name.name, name.updated_at), ("late", Some(late.parse()?)));
    assert_eq!(names.iter().map(|(id, _)| id.to_string()).collect::<Vec<_>>(), [ID]);
    Ok(())
}

#[cfg(unix)]
#[test]
fn a_pipe_in_the_home_is_never_opened() -> Result {
    let folder = tempfile::tempdir()?;
    let home = AgentHome::open(folder.path())?;
    for name in ["config.toml", SESSION_INDEX] {
        let pipe = folder.path().join(name);
        if !std::process::Command::new("mkfifo").arg(&pipe).status()?.success() {
            return Err("mkfifo failed".into());
        }
        let read = home.clone();
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            sender.send(if name == SESSION_INDEX { read.thread_names().err() } else { read.config().err() })
        });
        // A reader that opened the pipe would wait for a writer, for ever.
        let error = receiver.recv_timeout(std::time::Duration::from_secs(10))?.ok_or("it is no file")?;
        assert!(matches!(&error, HomeError::NotAFile(path) if *path == pipe), "{error}");
        assert_eq!((error.code(), &*error.to_string()), ("not_a_file", "not a regular file"));
    }
    fs::remove_file(folder.path().join("config.toml"))?;
    fs::create_dir(folder.path().join("config.toml"))?;
    assert!(matches!(home.config(), Err(HomeError::NotAFile { .. })));
    Ok(())
}

//! Files found in a home, and reported problems.

use std::fs;
use std::path::Path;

use threadkeep_rollout::{AgentHome, Discovery, MIRROR, MIRROR_ARCHIVE, ProblemReason, RolloutFile};

use crate::{NAME, Result};

fn write(root: &Path, relative: &str) -> Result {
    let path = root.join(relative);
    fs::create_dir_all(path.parent().ok_or("a file has a folder")?)?;
    Ok(fs::write(path, "{}\n")?)
}

fn discover(root: &Path) -> Result<Discovery> {
    Ok(AgentHome::open(root)?.discover())
}

fn paths(found: &Discovery) -> Vec<&str> {
    found.files.iter().map(|file| file.path.as_str()).collect()
}

fn problems(found: &Discovery) -> Vec<(&str, &ProblemReason)> {
    found.problems.iter().map(|problem| (problem.path.as_str(), &problem.reason)).collect()
}

#[test]
fn rollouts_are_found_at_any_depth_and_nothing_else() -> Result {
    let home = tempfile::tempdir()?;
    for path in [
        &format!("sessions/2026/11/22/{NAME}"),
        &format!("sessions/{NAME}"),
        &format!("sessions/2026/11/22/{NAME}.zst"),
        &format!("archived_sessions/{NAME}"),
        &format!("sessions/.trash/{NAME}"),
        &format!("sessions/.{NAME}"),
        &format!("sessions/{NAME}.tmp"),
        &format!("sessions/{NAME}.zst.tmp"),
        &format!("memories/{NAME}"),
        "sessions/notes.txt",
        "sessions/2026/copy of a rollout.jsonl",
    ] {
        write(home.path(), path)?;
    }
    let found = discover(home.path())?;
    let wanted = [
        &format!("archived_sessions/{NAME}"),
        &format!("sessions/2026/11/22/{NAME}"),
        &format!("sessions/2026/11/22/{NAME}.zst"),
        "sessions/2026/copy of a rollout.jsonl",
        &format!("sessions/{NAME}"),
    ];
    assert_eq!(paths(&found), wanted);
    assert_eq!(
        found.files.iter().map(|file| file.archived).collect::<Vec<_>>(),
        [true, false, false, false, false]
    );
    assert_eq!(
        found.files.iter().map(|file| file.compressed).collect::<Vec<_>>(),
        [false, false, true, false, false]
    );
    assert_eq!(found.files.iter().filter(|file| file.name.is_none()).count(), 1);
    assert_eq!(problems(&found), [(wanted[3], &ProblemReason::MalformedName)]);
    Ok(())
}

#[test]
fn one_folder_is_enough_and_no_problem() -> Result {
    for folder in ["sessions", "archived_sessions"] {
        let home = tempfile::tempdir()?;
        fs::create_dir(home.path().join(folder))?;
        assert_eq!(discover(home.path())?, Discovery::default());
    }
    Ok(())
}

#[test]
fn a_file_where_a_folder_should_be_is_a_problem() -> Result {
    let home = tempfile::tempdir()?;
    write(home.path(), "sessions")?;
    let found = discover(home.path())?;
    assert!(matches!(found.problems[..], [ref problem] if problem.path == "sessions"));
    assert!(found.problems[0].reason.hides_files());
    Ok(())
}

#[test]
fn a_home_without_folders_is_never_taken_for_one_without_rollouts() -> Result {
    let home = tempfile::tempdir()?;
    let found = discover(home.path())?;
    assert_eq!((paths(&found), problems(&found)), (vec![], vec![("", &ProblemReason::NoSessions)]));
    insta::assert_snapshot!(found.problems[0], @"the home has neither sessions nor archived_sessions");
    assert!(found.problems[0].reason.hides_files());

    write(home.path(), &format!("sessions/{NAME}"))?;
    let open = AgentHome::open(home.path())?;
    assert_eq!(open.discover().problems, []);
    drop(home);
    let gone = open.discover();
    assert!(matches!(problems(&gone)[..], [("", ProblemReason::Unreadable(_))]), "{gone:?}");
    assert!(gone.problems[0].reason.hides_files());
    Ok(())
}

#[test]
fn a_changed_file_has_another_fingerprint() -> Result {
    let home = tempfile::tempdir()?;
    let path = format!("sessions/{NAME}");
    write(home.path(), &path)?;
    let first = discover(home.path())?;
    assert_eq!(first, discover(home.path())?);
    fs::write(home.path().join(&path), "{}\n{}\n")?;
    assert_ne!(first.files[0].fingerprint, discover(home.path())?.files[0].fingerprint);
    Ok(())
}

#[test]
fn a_listing_is_complete_or_says_that_it_is_not() -> Result {
    const FILES: usize = 1_000;
    let folder = tempfile::tempdir()?;
    let name = |number: usize| NAME.replace("5fd86f01a", &format!("{number:09}"));
    let current = |number: usize| format!("sessions/2026/{}/{}", number % 40, name(number));
    for number in 0..FILES {
        write(folder.path(), &current(number))?;
    }
    let archive = folder.path().join("archived_sessions");
    fs::create_dir(&archive)?;
    let home = AgentHome::open(folder.path())?;
    let mut incomplete = 0;
    std::thread::scope(|scope| {
        let moving = scope.spawn(|| -> std::io::Result<()> {
            (0..FILES).try_for_each(|at| fs::rename(folder.path().join(current(at)), archive.join(name(at))))
        });
        while !moving.is_finished() {
            let found = home.discover();
            let ids: std::collections::HashSet<_> = found.files.iter().map(RolloutFile::file_id).collect();
            let says_so = found.problems.iter().any(|problem| problem.reason == ProblemReason::Changing);
            incomplete += usize::from(ids.len() < FILES && !says_so);
        }
        moving.join().map_err(|_| "the mover panicked")?.map_err(|error| error.to_string())
    })?;
    assert_eq!(incomplete, 0);
    assert_eq!((home.discover().files.len(), home.discover().problems), (FILES, vec![]));
    Ok(())
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::symlink;
    use std::process::Command;

    use super::*;

    #[test]
    fn links_are_followed_within_the_home_and_never_out_of_it() -> Result {
        let (home, outside) = (tempfile::tempdir()?, tempfile::tempdir()?);
        let at = |relative: &str| home.path().join(relative);
        let name = |digit: char| NAME.replace("5fd86f01a", &format!("5fd86f01{digit}"));
        write(home.path(), &format!("sessions/2026/{NAME}"))?;
        write(home.path(), &format!("elsewhere/deep/{}", name('b')))?;
        write(home.path(), &format!("elsewhere/{}", name('c')))?;
        write(outside.path(), &format!("secret/{}", name('d')))?;
        // Followed: a folder and a file elsewhere in the home.
        symlink(at("elsewhere/deep"), at("sessions/deep"))?;
        symlink(at(&format!("elsewhere/{}", name('c'))), at(&format!("sessions/{}", name('c'))))?;
        // Seen already: the same again, and what lies in the sessions anyway.
        symlink(at("elsewhere/deep"), at("sessions/deep-again"))?;
        symlink(at(&format!("sessions/2026/{NAME}")), at(&format!("sessions/{NAME}")))?;
        symlink(at("sessions/2026"), at("archived_sessions"))?;
        // Round in a circle, nowhere, and out of the home.
        symlink(at("sessions"), at("sessions/2026/loop"))?;
        symlink(home.path(), at("sessions/up"))?;
        symlink(at("nowhere"), at(&format!("sessions/{}", name('e'))))?;
        symlink(outside.path(), at("sessions/out"))?;
        symlink(outside.path().join("secret").join(name('d')), at(&format!("sessions/{}", name('d'))))?;
        let found = discover(home.path())?;
        let wanted = [
            format!("sessions/2026/{NAME}"),
            format!("sessions/deep/{}", name('b')),
            format!("sessions/{}", name('c')),
        ];
        assert_eq!(paths(&found), wanted);
        let wanted = [
            ("sessions/2026/loop", &ProblemReason::LinkCircle),
            ("sessions/out", &ProblemReason::LeavesHome),
            (&format!("sessions/{}", name('d')), &ProblemReason::LeavesHome),
            (&format!("sessions/{}", name('e')), &ProblemReason::BrokenLink),
            ("sessions/up", &ProblemReason::LinkCircle),
        ];
        assert_eq!(problems(&found), wanted);
        Ok(())
    }

    #[test]
    fn a_home_that_is_a_link_is_a_home() -> Result {
        let folder = tempfile::tempdir()?;
        write(folder.path(), &format!("real/sessions/{NAME}"))?;
        write(folder.path(), &format!("real/more/{}", NAME.replace("f01a", "f01b")))?;
        symlink(folder.path().join("real"), folder.path().join("home"))?;
        symlink("../more", folder.path().join("real/sessions/more"))?;
        assert_eq!(discover(&folder.path().join("home"))?.files.len(), 2);
        Ok(())
    }

    #[test]
    fn a_linked_session_folder_is_listed_as_if_it_lay_in_the_home() -> Result {
        let (home, store) = (tempfile::tempdir()?, tempfile::tempdir()?);
        let at = |relative: &str| home.path().join(relative);
        let name = |digit: char| NAME.replace("5fd86f01a", &format!("5fd86f01{digit}"));
        write(store.path(), &format!("all/2026/11/22/{NAME}"))?;
        write(store.path(), &format!("old/{}", name('b')))?;
        write(store.path(), &format!("else/{}", name('c')))?;
        write(home.path(), &format!("extra/{}", name('d')))?;
        symlink(store.path().join("all"), at("sessions"))?;
        symlink(store.path().join("old"), at("archived_sessions"))?;
        // Inside: the same again, the home that leads here, a folder of the home, a strange one.
        symlink(store.path().join("all/2026"), store.path().join("all/again"))?;
        symlink(home.path(), store.path().join("all/home"))?;
        symlink(at("extra"), store.path().join("all/extra"))?;
        symlink(store.path().join("else"), store.path().join("all/out"))?;
        let found = discover(home.path())?;
        let archived = format!("archived_sessions/{}", name('b'));
        let current = [format!("sessions/2026/11/22/{NAME}"), format!("sessions/extra/{}", name('d'))];
        assert_eq!(paths(&found), [&archived, &current[0], &current[1]]);
        assert_eq!(
            problems(&found),
            [("sessions/home", &ProblemReason::LinkCircle), ("sessions/out", &ProblemReason::LeavesHome)]
        );
        let open = AgentHome::open(home.path())?;
        for file in &found.files {
            assert!(open.absolute(&file.path).is_file());
            let id = file.file_id().ok_or("its name has an id")?;
            assert_eq!(open.find_rollout(id)?.as_ref(), Some(file));
        }

        // Both links may lead to one place, and a link to a folder around the home is a circle.
        fs::remove_file(at("archived_sessions"))?;
        symlink(store.path().join("all"), at("archived_sessions"))?;
        assert_eq!(paths(&discover(home.path())?), [&*current[0], &current[1]]);
        fs::remove_file(at("archived_sessions"))?;
        symlink("/", at("archived_sessions"))?;
        assert_eq!(problems(&discover(home.path())?)[0], ("archived_sessions", &ProblemReason::LinkCircle));
        Ok(())
    }

    #[test]
    fn a_pipe_is_never_opened() -> Result {
        let home = tempfile::tempdir()?;
        fs::create_dir(home.path().join("sessions"))?;
        let pipe = home.path().join("sessions").join(NAME);
        if !Command::new("mkfifo").arg(&pipe).status()?.success() {
            return Err("mkfifo failed".into());
        }
        let found = discover(home.path())?;
        assert_eq!(problems(&found), [(format!("sessions/{NAME}").as_str(), &ProblemReason::NotAFile)]);
        assert!(found.files.is_empty());
        assert!(crate::extract_file(&pipe, None).is_err());
        Ok(())
    }

    #[test]
    fn a_name_that_is_not_utf8_is_reported() -> Result {
        use std::os::unix::ffi::OsStrExt;
        let home = tempfile::tempdir()?;
        fs::create_dir(home.path().join("sessions"))?;
        fs::write(home.path().join("sessions").join(std::ffi::OsStr::from_bytes(b"rollout-\xff.jsonl")), "")?;
        let found = discover(home.path())?;
        assert!(matches!(problems(&found)[..], [(_, ProblemReason::NameNotUtf8)]));
        Ok(())
    }
}

#[test]
fn a_mirror_counts_as_a_folder_of_the_home() -> Result {
    let folder = tempfile::tempdir()?;
    let (root, mirror) = (folder.path().join("home"), folder.path().join("mirror"));
    fs::create_dir_all(&root)?;
    let name = "rollout-2026-11-28T08-00-00-11111111-2222-4333-8444-555555555555.jsonl";
    let line = r#"{"type":"session_meta","payload":{"id":"11111111-2222-4333-8444-555555555555"}}"#;
    let home = AgentHome::open(&root)?.with_mirror(&mirror);
    // It need not exist.
    assert!(home.discover().files.is_empty());
    fs::create_dir_all(mirror.join("claude"))?;
    fs::write(mirror.join("claude").join(name), format!("{line}\n"))?;
    fs::write(mirror.join("claude.json"), "{}")?;
    let found = home.discover();
    assert_eq!(found.problems, []);
    let [file] = &found.files[..] else { return Err("one file".into()) };
    assert_eq!(file.path, format!("{MIRROR}/claude/{name}"));
    assert_eq!(home.absolute(&file.path), mirror.join("claude").join(name));
    assert_eq!(&home.rollout_at(&file.path)?, file);
    assert_eq!(home.find_rollout("11111111-2222-4333-8444-555555555555".parse()?)?.as_ref(), Some(file));
    // Sessions that their agent has put away.
    fs::create_dir_all(mirror.join("claude").join(MIRROR_ARCHIVE))?;
    fs::rename(mirror.join("claude").join(name), mirror.join("claude").join(MIRROR_ARCHIVE).join(name))?;
    assert!(home.discover().files[0].archived && !file.archived);
    // Without a mirror there is none of it, and a folder of that name is no session folder.
    assert!(AgentHome::open(&root)?.discover().files.is_empty());
    Ok(())
}

//! Rollouts found by their id, and the parts of their names.

use std::fs;
use std::path::Path;

use jiff::civil::date;
use threadkeep_rollout::{AgentHome, RolloutName};
use uuid::Uuid;

use crate::{ID, NAME, Result, bundled};

const SEGMENT: &str = "01a2210d-b2dd-7842-b314-bb493f78417b";

fn write(root: &Path, relative: &str) -> Result {
    let path = root.join(relative);
    fs::create_dir_all(path.parent().ok_or("a file has a folder")?)?;
    Ok(fs::write(path, "{}\n")?)
}

fn found(home: &AgentHome, id: &str) -> Result<Option<String>> {
    Ok(home.find_rollout(id.parse()?)?.map(|file| file.path))
}

#[test]
fn a_name_has_a_time_a_thread_and_perhaps_a_segment() -> Result {
    let thread: Uuid = ID.parse()?;
    let name = RolloutName::parse(NAME)?;
    assert_eq!((name.thread_id, name.segment_id, name.file_id()), (thread, None, thread));
    assert_eq!(name.to_string(), NAME);
    let segment = format!("{}_{SEGMENT}.jsonl", NAME.trim_end_matches(".jsonl"));
    for text in [segment.clone(), format!("{segment}.zst"), segment.replace(".jsonl", "")] {
        let name = RolloutName::parse(&text)?;
        assert_eq!((name.thread_id, name.segment_id), (thread, Some(SEGMENT.parse()?)));
        assert_eq!((name.file_id(), name.to_string()), (SEGMENT.parse()?, segment.clone()));
    }
    let oldest = RolloutName::parse(&format!("rollout-2025-04-20-{ID}.json"))?;
    assert_eq!((oldest.started, oldest.file_id()), (date(2025, 4, 20).at(0, 0, 0, 0), thread));
    for wrong in [
        format!("rollout-2025-04-20-{ID}.jsonl"),
        NAME.replace(".jsonl", ".json"),
        NAME.replace(".jsonl", "_.jsonl"),
        NAME.replace(".jsonl", &format!("-{SEGMENT}.jsonl")),
        segment.replace(".jsonl", &format!("_{SEGMENT}.jsonl")),
        segment.replace('b', "g"),
        NAME.replace("2026-11-22", "2026-11-31"),
        NAME.replace("-59-", "-5x-"),
    ] {
        assert!(RolloutName::parse(&wrong).is_err(), "{wrong}");
    }
    Ok(())
}

#[test]
fn every_bundled_rollout_is_found_by_its_id() -> Result {
    let home = bundled()?;
    for file in home.discover().files {
        let id = file.file_id().ok_or("its name has an id")?;
        assert_eq!(home.find_rollout(id)?, Some(file.clone()));
    }
    assert_eq!(home.find_rollout(Uuid::nil())?, None);
    Ok(())
}

#[test]
fn of_several_copies_the_best_is_found() -> Result {
    let folder = tempfile::tempdir()?;
    let home = AgentHome::open(folder.path())?;
    // From the worst to the best; each later one is preferred.
    for path in [
        format!("archived_sessions/{NAME}.zst"),
        format!("sessions/2026/11/22/{NAME}.zst"),
        format!("archived_sessions/{NAME}"),
        format!("sessions/2026/11/23/{NAME}"),
        format!("sessions/2026/11/22/{NAME}"),
    ] {
        write(folder.path(), &path)?;
        assert_eq!(found(&home, ID)?, Some(path));
    }
    Ok(())
}

#[test]
fn a_file_is_found_wherever_it_lies() -> Result {
    let folder = tempfile::tempdir()?;
    let home = AgentHome::open(folder.path())?;
    let segment = format!("rollout-2026-11-28T07-27-55-{ID}_{SEGMENT}.jsonl");
    // Far from the day that the id names, and an id without a time.
    let random = "5d6f1b0a-1111-4222-8333-444455556666";
    let unlucky = NAME.replace(ID, random);
    for path in [
        format!("sessions/2020/01/01/{NAME}"),
        format!("sessions/deep/er/{segment}"),
        format!("sessions/{unlucky}"),
        format!("sessions/rollout-2025-04-20-{}.json", random.replace("5d", "6d")),
    ] {
        write(folder.path(), &path)?;
    }
    assert_eq!(found(&home, ID)?, Some(format!("sessions/2020/01/01/{NAME}")));
    assert_eq!(found(&home, SEGMENT)?, Some(format!("sessions/deep/er/{segment}")));
    assert_eq!(found(&home, random)?, Some(format!("sessions/{unlucky}")));
    assert!(found(&home, &random.replace("5d", "6d"))?.is_some_and(|path| path.ends_with(".json")));
    drop(folder);
    assert!(home.find_rollout(ID.parse()?).is_err());
    Ok(())
}

#[cfg(unix)]
#[test]
fn a_day_that_is_a_link_is_followed_as_in_a_listing() -> Result {
    let (folder, outside) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let home = AgentHome::open(folder.path())?;
    write(outside.path(), NAME)?;
    fs::create_dir_all(folder.path().join("sessions/2026/11"))?;
    let day = folder.path().join("sessions/2026/11/22");
    std::os::unix::fs::symlink(outside.path(), &day)?;
    assert_eq!(found(&home, ID)?, None);
    fs::remove_file(&day)?;
    write(folder.path(), &format!("elsewhere/{NAME}"))?;
    std::os::unix::fs::symlink("../../../elsewhere", &day)?;
    assert_eq!(found(&home, ID)?, Some(format!("sessions/2026/11/22/{NAME}")));
    Ok(())
}

//! Tests of private folders.

use super::*;

#[test]
fn a_folder_goes_with_its_value() -> io::Result<()> {
    let place = tempfile::tempdir()?;
    let scratch = Scratch::new(place.path())?;
    let path = scratch.path().to_owned();
    assert!(path.is_dir());
    drop(scratch);
    assert!(!path.exists());
    Ok(())
}

#[test]
fn the_folder_of_a_killed_process_is_removed() -> io::Result<()> {
    let place = tempfile::tempdir()?;
    let abandoned = place.path().join("threadkeep-doctor-killed");
    fs::create_dir(&abandoned)?;
    fs::write(abandoned.join(LOCK), "")?;
    fs::write(abandoned.join("state_5.sqlite"), "a copy")?;
    let _next = Scratch::new(place.path())?;
    assert!(!abandoned.exists());
    Ok(())
}

#[test]
fn folders_in_use_and_other_folders_stay() -> io::Result<()> {
    let place = tempfile::tempdir()?;
    let running = Scratch::new(place.path())?;
    // A folder that has just been created, and one of another program.
    let others = ["threadkeep-doctor-new", "other"].map(|name| place.path().join(name));
    for other in &others {
        fs::create_dir(other)?;
    }
    fs::write(others[1].join(LOCK), "")?;
    let _next = Scratch::new(place.path())?;
    assert!(running.path().is_dir());
    assert!(others.iter().all(|other| other.is_dir()));
    Ok(())
}

#[cfg(unix)]
#[test]
fn a_link_to_a_folder_is_not_followed() -> io::Result<()> {
    let (place, other) = (tempfile::tempdir()?, tempfile::tempdir()?);
    fs::write(other.path().join(LOCK), "")?;
    std::os::unix::fs::symlink(other.path(), place.path().join("threadkeep-doctor-link"))?;
    let _next = Scratch::new(place.path())?;
    assert!(other.path().join(LOCK).exists());
    Ok(())
}

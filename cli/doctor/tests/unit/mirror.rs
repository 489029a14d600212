//! Tests of copies of databases.

use super::*;

#[test]
fn a_copy_is_made_in_the_next_place_if_the_first_has_no_room() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let (home, place) = (folder.path().join("home"), folder.path().join("place"));
    fs::create_dir(&home)?;
    fs::create_dir(&place)?;
    let state = DATABASES.iter().map(|spec| spec.file_name).next().unwrap_or_default();
    fs::write(home.join(state), "a database")?;
    let mirror = Mirror::take(&home, false, &[folder.path().join("missing"), place.clone()])?;
    assert!(mirror.path().starts_with(&place));
    assert_eq!(fs::read(mirror.path().join(state))?, b"a database");
    assert!(Mirror::take(&home, false, &[folder.path().join("missing")]).is_err());
    Ok(())
}

#[cfg(target_os = "linux")]
#[test]
fn no_room_for_a_copy_is_no_fault_of_the_database() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("file");
    fs::write(&file, "a database")?;
    assert!(matches!(copy_file(&file, Path::new("/dev/full")), Err(Trouble::Write(_))));
    assert!(matches!(copy_file(folder.path(), &file), Err(Trouble::Read(_))));
    Ok(())
}

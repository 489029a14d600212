//! The zip file: whole or not at all, the same bytes each time, and never in place of another file.

use std::io::Read as _;

use super::*;

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

fn entry(name: &'static str, bytes: &[u8]) -> Entry {
    Entry { name, bytes: bytes.to_vec(), about: String::new() }
}

#[test]
fn entries_come_back_and_the_bytes_repeat() -> Result {
    let folder = tempfile::tempdir()?;
    let entries = [entry("tags.json", b"{}\n"), entry("logs.jsonl", &b"a line\n".repeat(1_000))];
    let (one, two) = (folder.path().join("one.zip"), folder.path().join("two.zip"));
    let size = write(&one, &entries, false)?;
    write(&two, &entries, false)?;
    assert_eq!(fs::read(&one)?, fs::read(&two)?);
    assert_eq!(size, fs::metadata(&one)?.len());
    assert!(size < 1_000, "it is compressed");
    let mut zip = zip::ZipArchive::new(fs::File::open(&one)?)?;
    for entry in entries {
        let mut bytes = Vec::new();
        let mut file = zip.by_name(entry.name)?;
        assert_eq!(file.unix_mode().map(|mode| mode & 0o777), Some(0o600));
        file.read_to_end(&mut bytes)?;
        assert_eq!(bytes, entry.bytes);
    }
    assert_eq!(fs::read_dir(folder.path())?.count(), 2, "no partial file remains");
    Ok(())
}

#[cfg(unix)]
#[test]
fn only_the_user_may_read_it() -> Result {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("one.zip");
    write(&path, &[entry("tags.json", b"{}")], false)?;
    assert_eq!(fs::metadata(&path)?.permissions().mode() & 0o777, 0o600);
    Ok(())
}

#[test]
fn a_file_is_replaced_only_if_that_is_allowed() -> Result {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("one.zip");
    assert!(!check(&path)?);
    fs::write(&path, "mine")?;
    assert!(check(&path)?);
    let refused = write(&path, &[entry("tags.json", b"{}")], false).err().ok_or("it was replaced")?;
    assert_eq!(refused.to_string(), format!("{} exists", path.display()));
    assert_eq!(fs::read(&path)?, b"mine");
    write(&path, &[entry("tags.json", b"{}")], true)?;
    assert!(zip::ZipArchive::new(fs::File::open(&path)?).is_ok());
    Ok(())
}

#[test]
fn folders_and_bad_places_are_refused() -> Result {
    let folder = tempfile::tempdir()?;
    let refused = |path: &Path| check(path).err().map(|fault| fault.to_string());
    assert!(refused(folder.path()).is_some_and(|why| why.ends_with("it is not a file")));
    assert!(refused(&folder.path().join("none/one.zip")).is_some_and(|why| why.ends_with("is not a folder")));
    #[cfg(unix)]
    {
        let link = folder.path().join("link.zip");
        std::os::unix::fs::symlink(folder.path().join("elsewhere"), &link)?;
        assert!(refused(&link).is_some_and(|why| why.ends_with("it is not a file")));
    }
    Ok(())
}

#[test]
fn no_name_leaves_the_folder_of_the_reader() -> Result {
    let folder = tempfile::tempdir()?;
    for name in ["../up.txt", "/abs", "a\\b", "dir/", "", ".hidden", "two words", "Tags.json"] {
        let refused = write(&folder.path().join("one.zip"), &[entry(name, b"")], false);
        assert!(refused.is_err(), "{name:?}");
    }
    assert_eq!(fs::read_dir(folder.path())?.count(), 0, "nothing remains of a refused file");
    Ok(())
}

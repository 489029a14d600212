//! Copies that move to another vault.

use std::fs;
use std::path::Path;

use threadkeep_sessions::{Vault, store};

use crate::facts::Result;
use crate::mirror::Story;
use crate::vault::{Keeper, files};

fn take_over(new: &Vault, old: &Vault) -> Result<u64> {
    Ok(new.lock()?.ok_or("locked")?.take_over(&old.lock()?.ok_or("locked")?)?)
}

/// Returns the numbers of turns of a vault's copies.
fn turns(vault: &Vault) -> Result<Vec<usize>> {
    let store = store("claude").ok_or("known")?;
    let mut turns = Vec::new();
    for kept in vault.contents()?.kept {
        let (open, found) = vault.open(store, &kept)?;
        turns.push(open.read(&found)?.turns.len());
    }
    Ok(turns)
}

/// Keeps a session with so many turns.
fn keep(folder: &Path, turns: usize) -> Result<Keeper> {
    let mut story = Story::new(folder)?;
    (0..turns).for_each(|turn| story.add(&format!("prompt {turn}")));
    story.write(0)?;
    let keeper = Keeper::of(store("claude").ok_or("known")?, &story.place)?;
    keeper.keep()?;
    Ok(keeper)
}

#[cfg(target_os = "linux")]
#[test]
fn copies_move_to_another_file_system() -> Result {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let (folder, memory) = (tempfile::tempdir()?, Path::new("/dev/shm"));
    if !memory.is_dir() || fs::metadata(memory)?.dev() == fs::metadata(folder.path())?.dev() {
        return Ok(());
    }
    let (old, far) = (keep(folder.path(), 2)?, tempfile::tempdir_in(memory)?);
    let new = Vault::new(far.path().join("kept"));
    // What a killed move has left.
    let [kept] = &old.vault.contents()?.kept[..] else { return Err("one copy".into()) };
    let part = new.folder().join("claude").join(format!("{}.part/1", kept.thread_id));
    fs::create_dir_all(&part)?;
    fs::write(part.join("left"), "")?;
    drop(new.lock()?);
    assert!(!part.exists());
    assert_eq!(take_over(&new, &old.vault)?, 1);
    assert_eq!((turns(&new)?, turns(&old.vault)?), (vec![2], vec![]));
    for path in files(far.path())?.iter().filter(|path| path.starts_with(new.folder().join("claude"))) {
        assert_eq!(fs::metadata(path)?.permissions().mode() & 0o777, 0o600, "{}", path.display());
    }
    assert_eq!(take_over(&new, &old.vault)?, 0);
    Ok(())
}

#[test]
fn of_two_copies_the_later_one_or_the_one_with_more_stays() -> Result {
    for (first, second, stays) in [(1, 2, 2), (2, 2, 2), (3, 2, 3)] {
        for is_first_new in [false, true] {
            let folder = tempfile::tempdir()?;
            let one = keep(folder.path(), first)?;
            let other = keep(folder.path(), second)?;
            let kept_at = if first > second { &one } else { &other }.vault.contents()?.kept[0].kept_at;
            let [old, new] = if is_first_new { [&other, &one] } else { [&one, &other] };
            take_over(&new.vault, &old.vault)?;
            assert_eq!((turns(&new.vault)?, turns(&old.vault)?), (vec![stays], vec![]));
            assert_eq!(new.vault.contents()?.kept[0].kept_at, kept_at);
        }
    }
    Ok(())
}

#[test]
fn two_copies_stay_where_they_are_if_one_is_damaged() -> Result {
    for (damage, is_new_damaged) in
        [("kept.json", true), ("jsonl", true), ("kept.json", false), ("jsonl", false)]
    {
        let folder = tempfile::tempdir()?;
        // The damaged copy is the later one, with more turns.
        let (sound, damaged) = (keep(folder.path(), 1)?, keep(folder.path(), 2)?);
        let file =
            files(damaged.folder.path())?.into_iter().find(|path| path.to_string_lossy().ends_with(damage));
        fs::write(file.ok_or("a file")?, "{")?;
        let (old, new) = if is_new_damaged { (&sound, &damaged) } else { (&damaged, &sound) };
        assert_eq!(take_over(&new.vault, &old.vault)?, 0, "{damage}");
        assert_eq!(turns(&sound.vault)?, [1], "{damage}");
        assert_eq!(damaged.vault.contents()?.damaged.len(), 1, "{damage}");
    }
    Ok(())
}

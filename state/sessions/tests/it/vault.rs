//! Copies of sessions' files.

use std::cell::RefCell;
use std::fs::{self, File, FileTimes};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;
use threadkeep_rollout::untouched;
use threadkeep_sessions::{
    Kept, PieceKind, Restored, SessionStore, ThreadIds, Vault, VaultError, store, testing,
};

use crate::facts::{Result, homes};
use crate::place::Place;
use crate::shared::{Example, each};

/// A vault for the sessions of a place.
pub(crate) struct Keeper {
    pub(crate) folder: TempDir,
    pub(crate) vault: Vault,
    store: &'static dyn SessionStore,
    place: PathBuf,
}

impl Keeper {
    pub(crate) fn of(store: &'static dyn SessionStore, place: &Path) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        Ok(Self { vault: Vault::new(folder.path().join("kept")), folder, store, place: place.to_owned() })
    }

    /// Keeps all sessions of the place.
    pub(crate) fn keep(&self) -> Result<Vec<Kept>> {
        let (open, lock) = (self.store.open(&self.place)?, self.vault.lock()?.ok_or("locked")?);
        let ids = ThreadIds::new(self.store.name(), []);
        let keep = |found| lock.keep(self.store, &self.place, &open, found, ids.of(found.identity()));
        Ok(open.sessions().iter().map(keep).collect::<std::result::Result<_, _>>()?)
    }

    /// Reads all sessions of the place, as texts.
    pub(crate) fn texts(&self) -> Result<Vec<String>> {
        let open = self.store.open(&self.place)?;
        let read = |found| open.read(found).map(|session| format!("{session:?}"));
        Ok(open.sessions().iter().map(read).collect::<std::result::Result<_, _>>()?)
    }

    pub(crate) fn restore(&self, kept: &Kept) -> std::result::Result<Restored, VaultError> {
        self.vault.lock()?.expect("no other process has the vault").restore(self.store, kept)
    }

    /// Returns the bytes of all files of the vault.
    pub(crate) fn bytes(&self) -> Result<Vec<u8>> {
        let mut all = Vec::new();
        for path in files(self.folder.path())? {
            all.extend(fs::read(path)?);
        }
        Ok(all)
    }
}

pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let (mut found, mut open) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() { open.push(entry.path()) } else { found.push(entry.path()) }
        }
    }
    found.sort();
    Ok(found)
}

pub(crate) fn has(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|part| part == word.as_bytes())
}

/// A session of Copilot CLI, which has a folder of its own.
fn copilot() -> Result<(Place, PathBuf)> {
    let place = Place::new("copilot")?;
    let events = "{\"type\":\"session.start\",\"data\":{\"sessionId\":\"s\"},\"id\":\"1\"}\n\
                  {\"type\":\"user.message\",\"data\":{\"content\":\"Hello\"},\"id\":\"2\"}\n";
    place.write("session-state/s/events.jsonl", events)?;
    place.write("session-state/s/checkpoints/001 größe.md", "A summary")?;
    for left_out in ["inuse.7.lock", "session.db-shm", "logs/requests.log"] {
        place.write(format!("session-state/s/{left_out}"), "7")?;
    }
    let folder = place.path().join("session-state/s");
    Ok((place, folder))
}

#[test]
fn every_session_is_read_alone_from_its_copy() -> Result {
    let failed = RefCell::new(Vec::new());
    each(|example| {
        let vault = tempfile::tempdir()?;
        failed.borrow_mut().extend(testing::keeps(example.store, &example.place, vault.path()).err());
        Ok(())
    })?;
    let failed = failed.into_inner();
    if failed.is_empty() { Ok(()) } else { Err(failed.join("\n").into()) }
}

#[test]
fn restored_sessions_are_those_that_were_deleted() -> Result {
    each(|example| {
        let keeper = Keeper::of(example.store, &example.place)?;
        let (texts, kept) = (keeper.texts()?, keeper.keep()?);
        let is_own = |kind: PieceKind| kind == PieceKind::Own;
        let of_files = || kept.iter().filter(|kept| kept.files.iter().all(|it| it.kind != PieceKind::Rows));
        for file in of_files().flat_map(|kept| &kept.files).filter(|file| is_own(file.kind)) {
            fs::remove_file(example.place.join(&file.path))?;
        }
        let now = SystemTime::now() - Duration::from_secs(60);
        for kept in of_files() {
            let restored = keeper.restore(kept)?;
            // A file that another session needs, too, may be back already.
            let put_back = kept.files.iter().filter(|file| file.kind != PieceKind::Context).count();
            let there = restored.present.len() + restored.added_to.len() + restored.shared.len();
            assert_eq!(restored.written.len() + there, put_back, "{}", kept.native_id);
            for path in &restored.written {
                assert!(fs::metadata(path)?.modified()? > now, "{} has an old time", path.display());
            }
            let again = keeper.restore(kept)?;
            assert!(again.written.is_empty(), "{again:?}");
        }
        for kept in kept.iter().filter(|kept| of_files().all(|other| other != *kept)) {
            let refused = keeper.restore(kept);
            assert!(matches!(refused, Err(VaultError::Database { .. })), "{refused:?}");
        }
        testing::conforms(example.store, &example.place)?;
        if keeper.texts()? == texts { Ok(()) } else { Err("other sessions than before".into()) }
    })
}

#[test]
fn keeping_changes_nothing_and_is_private() -> Result {
    let home = homes("claude")?.remove(0);
    let example = Example::of(store("claude").ok_or("claude")?, &home)?;
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    for path in files(&example.place)? {
        untouched::open(&path)?.set_times(FileTimes::new().set_accessed(old).set_modified(old))?;
    }
    let keeper = Keeper::of(example.store, &example.place)?;
    let kept = keeper.keep()?;
    let open = example.store.open(&example.place)?;
    for (found, kept) in open.sessions().iter().zip(&kept) {
        assert!(kept.is_current(&example.place, found), "{} is kept again", kept.native_id);
    }
    for path in files(&example.place)? {
        let metadata = fs::metadata(&path)?;
        assert_eq!(metadata.modified()?, old);
        assert!(cfg!(not(target_os = "linux")) || metadata.accessed()? == old, "{}", path.display());
    }
    #[cfg(unix)]
    for path in files(keeper.vault.folder())?.iter().filter(|path| !path.ends_with("lock")) {
        use std::os::unix::fs::PermissionsExt as _;
        for (path, mode) in [(path.as_path(), 0o600), (path.parent().ok_or("a folder")?, 0o700)] {
            assert_eq!(fs::metadata(path)?.permissions().mode() & 0o777, mode, "{}", path.display());
        }
    }
    Ok(())
}

#[test]
fn a_folder_is_copied_without_locks_logs_and_links() -> Result {
    let (place, folder) = copilot()?;
    #[cfg(unix)]
    std::os::unix::fs::symlink("/etc/hosts", folder.join("link"))?;
    let keeper = Keeper::of(place.store, &place.path())?;
    let kept = keeper.keep()?.remove(0);
    let mut names: Vec<_> = kept.files.iter().filter_map(|file| file.path.file_name()).collect();
    names.sort();
    assert_eq!(names, ["001 größe.md", "events.jsonl"]);
    assert_eq!(keeper.vault.open(place.store, &kept)?.1.native_id, "s");
    assert!(keeper.vault.lock()?.ok_or("locked")?.remove(kept.thread_id)?);
    assert!(keeper.vault.contents()?.kept.is_empty() && folder.join("events.jsonl").exists());
    Ok(())
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_no_text_is_kept() -> Result {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let (place, folder) = copilot()?;
    let odd = folder.join(OsStr::from_bytes(b"files-\xff"));
    fs::write(&odd, "odd")?;
    let keeper = Keeper::of(place.store, &place.path())?;
    keeper.keep()?;
    fs::remove_dir_all(&folder)?;
    let kept = keeper.vault.contents()?.kept.remove(0);
    assert_eq!(keeper.restore(&kept)?.written.len(), 3);
    assert_eq!(fs::read_to_string(odd)?, "odd");
    Ok(())
}

#[test]
fn restoring_replaces_no_file() -> Result {
    let (place, folder) = copilot()?;
    let keeper = Keeper::of(place.store, &place.path())?;
    let kept = keeper.keep()?.remove(0);
    let (events, summary) = (folder.join("events.jsonl"), folder.join("checkpoints/001 größe.md"));
    fs::write(&events, "another session\n")?;
    fs::remove_file(&summary)?;
    let refused = keeper.restore(&kept);
    assert!(matches!(&refused, Err(VaultError::Exists { path }) if *path == events), "{refused:?}");
    assert_eq!(fs::read_to_string(&events)?, "another session\n");
    assert!(!summary.exists(), "nothing is put back beside it");
    // A kept file that was changed is not given to the agent.
    fs::remove_dir_all(&folder)?;
    let copied = keeper.vault.place(&kept).join("session-state/s/events.jsonl");
    fs::write(&copied, "changed")?;
    let refused = keeper.restore(&kept);
    assert!(matches!(&refused, Err(VaultError::Damaged { path }) if *path == copied), "{refused:?}");
    assert!(!folder.exists());
    Ok(())
}

#[test]
fn an_older_copy_stays_until_the_new_one_is_whole() -> Result {
    let (place, folder) = copilot()?;
    let keeper = Keeper::of(place.store, &place.path())?;
    let first = keeper.keep()?.remove(0);
    let open = place.open()?;
    let events = folder.join("events.jsonl");
    let whole = fs::read(&events)?;
    fs::write(&events, "{}\n")?;
    let lock = keeper.vault.lock()?.ok_or("locked")?;
    assert!(keeper.vault.lock()?.is_none(), "one process at a time");
    let failed = lock.keep(place.store, &place.path(), &open, &open.sessions()[0], first.thread_id);
    assert!(matches!(failed, Err(VaultError::NotWhole { .. })), "{failed:?}");
    drop(lock);
    assert_eq!(keeper.vault.contents()?.kept, std::slice::from_ref(&first));
    let (copy, found) = keeper.vault.open(place.store, &first)?;
    assert_eq!(copy.read(&found)?.first_prompt(), Some("Hello"));
    // A session that has grown is kept again, and the older copy goes.
    let more = "{\"type\":\"user.message\",\"data\":{\"content\":\"More\"},\"id\":\"3\"}\n";
    fs::write(&events, [&whole[..], more.as_bytes()].concat())?;
    assert!(!first.is_current(&place.path(), &place.open()?.sessions()[0]));
    let second = keeper.keep()?.remove(0);
    assert!(!keeper.vault.place(&first).exists() && keeper.vault.place(&second).exists());
    let (copy, found) = keeper.vault.open(place.store, &second)?;
    assert_eq!(copy.read(&found)?.turns.len(), 2);
    Ok(())
}

#[test]
fn leftovers_of_a_killed_process_go_and_damaged_copies_stay() -> Result {
    let (place, _) = copilot()?;
    let keeper = Keeper::of(place.store, &place.path())?;
    let kept = keeper.keep()?.remove(0);
    let folder = keeper.vault.place(&kept).parent().ok_or("a folder")?.to_owned();
    let begun = keeper.vault.folder().join("copilot/01a20400-0000-7000-8000-000000000001/1");
    for path in [folder.join("2/session-state"), begun.clone()] {
        fs::create_dir_all(&path)?;
        fs::write(path.join("part"), "part")?;
    }
    File::create(folder.join("kept.new"))?;
    let before = keeper.vault.contents()?.kept;
    drop(keeper.vault.lock()?);
    assert!(!folder.join("2").exists() && !folder.join("kept.new").exists() && !begun.exists());
    assert_eq!((keeper.vault.contents()?.kept, before), (vec![kept.clone()], vec![kept.clone()]));
    fs::write(folder.join("kept.json"), "{")?;
    drop(keeper.vault.lock()?);
    let contents = keeper.vault.contents()?;
    assert_eq!((contents.kept, contents.damaged), (Vec::new(), vec![folder]));
    assert!(keeper.vault.place(&kept).exists(), "the files are there to be saved by hand");
    Ok(())
}

#[test]
fn a_description_with_paths_that_lead_elsewhere_is_refused() -> Result {
    let (place, _) = copilot()?;
    let keeper = Keeper::of(place.store, &place.path())?;
    let kept = keeper.keep()?.remove(0);
    let path = keeper.vault.place(&kept).with_file_name("kept.json");
    let sound = fs::read_to_string(&path)?;
    let name = "session-state/s/events.jsonl";
    for (old, new) in [
        (name, "../../elsewhere"),
        (name, "/elsewhere"),
        (name, "."),
        ("\"copy\":\"1\"", "\"copy\":\".\""),
        ("\"copy\":\"1\"", "\"copy\":\"/\""),
    ] {
        fs::write(&path, sound.replace(old, new))?;
        let refused = keeper.restore(&kept);
        assert!(matches!(refused, Err(VaultError::BadDescription { .. })), "{new}: {refused:?}");
        let folder = path.parent().map(Path::to_owned);
        assert_eq!(keeper.vault.contents()?.damaged, Vec::from_iter(folder), "{new}");
    }
    fs::write(&path, sound)?;
    assert_eq!(keeper.vault.contents()?.kept, [kept]);
    Ok(())
}

#[test]
fn a_copy_that_has_more_is_not_replaced() -> Result {
    let (place, folder) = copilot()?;
    let keeper = Keeper::of(place.store, &place.path())?;
    let events = folder.join("events.jsonl");
    let less = fs::read_to_string(&events)?;
    let whole = format!("{less}{}\n", r#"{"type":"user.message","data":{"content":"More"},"id":"3"}"#);
    fs::write(&events, &whole)?;
    let first = keeper.keep()?.remove(0);
    fs::write(&events, less)?;
    let refused = keeper.keep();
    assert!(refused.is_err_and(|error| error.to_string().contains("has less than the copy")));
    assert_eq!(keeper.vault.contents()?.kept, std::slice::from_ref(&first));
    // A copy that lacks a file is damaged, and is made again.
    fs::write(&events, whole)?;
    fs::remove_file(keeper.vault.place(&first).join("session-state/s/events.jsonl"))?;
    assert!(!keeper.vault.is_whole(&first));
    let contents = keeper.vault.contents()?;
    assert_eq!((contents.kept.len(), contents.damaged.len()), (0, 1), "a copy is in one list");
    let second = keeper.keep()?.remove(0);
    assert!(keeper.vault.is_whole(&second) && keeper.vault.contents()?.damaged.is_empty());
    Ok(())
}

//! Looks for processes that are writing a thread, without disturbing them: it takes no lock.
//!
//! An agent holds a lock on `thread-writer-locks/<thread>.lock` while it writes a thread, and has
//! the rollout open. Both can be seen on Linux alone.

use std::path::Path;

use uuid::Uuid;

/// Returns true if a process holds the thread's lock.
#[cfg(target_os = "linux")]
pub(super) fn is_locked(root: &Path, thread_id: Uuid) -> bool {
    linux::is_locked(&root.join(format!("thread-writer-locks/{thread_id}.lock")))
}

/// Returns true if a process has the rollout open for writing.
#[cfg(target_os = "linux")]
pub(super) fn has_writer(rollout: &Path) -> bool {
    linux::is_being_written(rollout)
}

/// Returns false: this system does not show it.
#[cfg(not(target_os = "linux"))]
pub(super) fn is_locked(_root: &Path, _thread_id: Uuid) -> bool {
    false
}

/// Returns false: this system does not show it.
#[cfg(not(target_os = "linux"))]
pub(super) fn has_writer(_rollout: &Path) -> bool {
    false
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::{self, DirEntry};
    use std::os::linux::fs::MetadataExt;
    use std::path::Path;

    /// The most open files that are looked at; a busy machine has a tenth.
    const MAX_OPEN: usize = 100_000;
    /// Bits of an open file's flags that say whether it can be written.
    const ACCESS_MODE: u32 = 0o3;

    /// Returns true if a process holds an exclusive `flock`.
    pub(super) fn is_locked(path: &Path) -> bool {
        // Most threads have no lock, and then the list is not read.
        let Ok(file) = fs::metadata(path) else { return false };
        let Ok(locks) = fs::read_to_string("/proc/locks") else { return false };
        // The kernel writes a device as two numbers, and `stat` packs them into one.
        let device = file.st_dev();
        let major = (device >> 8) & 0xfff | (device >> 32) & !0xfff;
        let minor = device & 0xff | (device >> 12) & !0xff;
        let place = format!("{major:02x}:{minor:02x}:{}", file.st_ino());
        // `1: FLOCK  ADVISORY  WRITE 4711 08:01:1234 0 EOF`; a process that waits has `->` before.
        locks.lines().any(|line| {
            let words: Vec<_> = line.split_whitespace().collect();
            matches!(words[..], [_, "FLOCK", _, "WRITE", _, at, ..] if at == place)
        })
    }

    /// Returns true if a process of this user has the file open for writing.
    pub(super) fn is_being_written(path: &Path) -> bool {
        let (Ok(path), Ok(processes)) = (fs::canonicalize(path), fs::read_dir("/proc")) else {
            return false;
        };
        let numbered = |entry: &DirEntry| entry.file_name().as_encoded_bytes().iter().all(u8::is_ascii_digit);
        let processes = processes.flatten().filter(numbered);
        // The descriptors of another user's processes cannot be listed.
        let open = processes.filter_map(|process| {
            let files = fs::read_dir(process.path().join("fd")).ok()?.flatten();
            Some(files.map(move |file| (process.path(), file)))
        });
        open.flatten().take(MAX_OPEN).any(|(process, file)| {
            fs::read_link(file.path()).is_ok_and(|target| target == path)
                && fs::read_to_string(process.join("fdinfo").join(file.file_name()))
                    .is_ok_and(|info| is_writable(&info))
        })
    }

    /// Reads the access mode from the flags of an open file, which are octal.
    fn is_writable(info: &str) -> bool {
        let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
        flags
            .and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok())
            .is_some_and(|flags| flags & ACCESS_MODE != 0)
    }
}

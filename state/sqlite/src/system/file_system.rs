//! File systems, and which of them are unsafe for WAL.
//!
//! WAL needs memory that all processes with the file open share. A network or pass-through file
//! system cannot share memory between machines, and on several of them WAL corrupts databases.
//! Those get a rollback journal.

use std::path::Path;

/// Kind of a file system, as far as it matters to SQLite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileSystem {
    /// On a disk or in memory of this machine. Every type that is not known to be remote.
    Local,
    /// Shared over a network or passed through from another system, with its name.
    Remote(&'static str),
    /// Not known. Treated as local.
    Unknown,
}

impl FileSystem {
    /// Returns `local`, `unknown`, or the remote file system's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Remote(name) => name,
            Self::Unknown => "unknown",
        }
    }
}

/// The `f_type` values of Linux (`man 2 statfs`, `linux/magic.h`) of file systems where WAL is
/// unsafe.
///
/// FUSE is among them although some of its file systems are local: sshfs, s3fs and the like share
/// one number with those.
const REMOTE: &[(u32, &str)] = &[
    (0x6969, "nfs"),
    (0x517B, "smb"),
    (0xFF53_4D42, "cifs"),
    (0xFE53_4D42, "smb2"),
    (0x0102_1997, "9p"),
    (0x6573_5546, "fuse"),
    (0x786F_4256, "vboxsf"),
    (0xBACB_ACBC, "vmhgfs"),
    (0x5346_414F, "afs"),
    (0x6B41_4653, "kafs"),
    (0x7375_7245, "coda"),
    (0x00C3_6400, "ceph"),
    (0x0BD0_0BD0, "lustre"),
    (0x4750_4653, "gpfs"),
    (0x564C, "ncp"),
    (0x0116_1970, "gfs2"),
    (0x7461_636F, "ocfs2"),
    (0x2003_0528, "orangefs"),
    (0x1983_0326, "beegfs"),
    (0x5346_5342, "wslfs"),
];

/// The `f_type` values of common file systems on disks and in memory.
const LOCAL: &[(u32, &str)] = &[
    (0xEF53, "ext4"),
    (0x5846_5342, "xfs"),
    (0x9123_683E, "btrfs"),
    (0x2FC1_2FC1, "zfs"),
    (0xF2F5_2010, "f2fs"),
    (0xCA45_1A4E, "bcachefs"),
    (0x794C_7630, "overlay"),
    (0x0102_1994, "tmpfs"),
    (0x4D44, "vfat"),
    (0x2011_BAB0, "exfat"),
];

/// Sorts a Linux `statfs` type number. WSL's `drvfs` shows as 9p or as `wslfs`, and virtiofs as
/// FUSE.
#[must_use]
pub fn classify(f_type: u32) -> FileSystem {
    match REMOTE.iter().find(|(magic, _)| *magic == f_type) {
        Some((_, name)) => FileSystem::Remote(name),
        None => FileSystem::Local,
    }
}

/// Returns the file system of a folder. [`FileSystem::Unknown`] on systems other than Linux and
/// Android.
#[must_use]
pub fn of(folder: &Path) -> FileSystem {
    f_type(folder).map_or(FileSystem::Unknown, classify)
}

/// Returns the name of a folder's file system, such as `ext4` (which ext2 and ext3 share), or
/// [`FileSystem::as_str`] where it has none here.
#[must_use]
pub fn name_of(folder: &Path) -> &'static str {
    let known = |f_type| LOCAL.iter().find(|(magic, _)| *magic == f_type).map(|(_, name)| *name);
    f_type(folder).and_then(known).unwrap_or_else(|| of(folder).as_str())
}

/// Asks the system for the type number of a folder's file system.
fn f_type(folder: &Path) -> Option<u32> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if let Ok(answer) = rustix::fs::statfs(folder) {
        // The field's width and sign differ between targets; the number is 32 bits everywhere.
        return Some((answer.f_type as u64 & 0xFFFF_FFFF) as u32);
    }
    let _ = folder;
    None
}

/// Returns true if no space or no inode is left for this user at a path; false if unknown.
pub(crate) fn is_full(path: &Path) -> bool {
    /// Less than SQLite's smallest step of a log's index.
    #[cfg(unix)]
    const STEP: u64 = 32 * 1024;
    #[cfg(unix)]
    if let Some(folder) = path.parent()
        && let Ok(answer) = rustix::fs::statvfs(folder)
    {
        // Some file systems make files as they are needed, and say 0 of 0.
        let no_file = answer.f_files > 0 && answer.f_favail == 0;
        return no_file || answer.f_bavail.saturating_mul(answer.f_frsize) < STEP;
    }
    let _ = path;
    false
}

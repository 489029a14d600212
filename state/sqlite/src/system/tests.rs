//! Lines of `/proc/locks`, and names of file systems.

use super::holders::Lock;

#[test]
fn lines_of_proc_locks_are_read() {
    let lock = Lock::parse("12: POSIX  ADVISORY  WRITE 1234 fe:0a:5678 120 120");
    assert_eq!(lock, Some(Lock { file: "fe:0a:5678".to_owned(), process: 1234, writes: true }));
    let lock = Lock::parse("3: FLOCK  ADVISORY  READ  99 08:01:7 0 EOF");
    assert_eq!(lock, Some(Lock { file: "08:01:7".to_owned(), process: 99, writes: false }));
    for other in
        ["1: -> POSIX  ADVISORY  WRITE 5 08:01:7 0 EOF", "1: LEASE  ACTIVE  READ 5 08:01:7 0 EOF", "", "1:"]
    {
        assert_eq!(Lock::parse(other), None, "{other}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_file_system_of_shared_memory_has_a_name() {
    use crate::system::file_system::{FileSystem, name_of, of};
    let memory = std::path::Path::new("/dev/shm");
    if memory.is_dir() {
        assert_eq!((of(memory), name_of(memory)), (FileSystem::Local, "tmpfs"));
    }
    assert_eq!(name_of(std::path::Path::new("/no/such/folder")), "unknown");
}

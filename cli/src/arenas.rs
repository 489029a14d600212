//! Memory of a process that runs for long: glibc keeps what is freed in an arena for each thread,
//! and a server of few requests has many threads.

use std::env;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// Setting of glibc, which it reads when a process starts.
const VARIABLE: &str = "MALLOC_ARENA_MAX";
/// One arena for the main thread, and one for all others.
const ARENAS: &str = "2";

/// Starts this process again with few arenas, unless the user has chosen their number. Where that
/// is not possible, it goes on as it is, and takes more memory.
pub(crate) fn limit() {
    if env::var_os(VARIABLE).is_none()
        && let Ok(program) = env::current_exe()
    {
        let _ = Command::new(program).args(env::args_os().skip(1)).env(VARIABLE, ARENAS).exec();
    }
}

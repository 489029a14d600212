//! Standard streams that are pipes, read and written without a thread in between.

use std::fs;
use std::os::unix::fs::FileTypeExt as _;

use tokio::net::unix::pipe::{OpenOptions, Receiver, Sender};

const STDIN: &str = "/proc/self/fd/0";
const STDOUT: &str = "/proc/self/fd/1";

/// Opens stdin and stdout again if both are pipes. Not to wait for a pipe is a property of the open
/// file, which other processes may share; the new one is the server's alone.
pub(super) fn standard_streams() -> Option<(Receiver, Sender)> {
    let is_pipe = |path| fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_fifo());
    if !(is_pipe(STDIN) && is_pipe(STDOUT)) {
        return None;
    }
    let options = OpenOptions::new();
    Some((options.open_receiver(STDIN).ok()?, options.open_sender(STDOUT).ok()?))
}

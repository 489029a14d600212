//! Checks without printing that the reader of stdout is still there.

/// Returns false if stdout is a pipe whose reader has gone. Only a write or this call finds that
/// out.
#[cfg(unix)]
pub(crate) fn is_read() -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let stdout = std::io::stdout();
    // Errors are reported whether they are asked for or not.
    let mut asked = [PollFd::new(&stdout, PollFlags::empty())];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    let gone = PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL;
    poll(&mut asked, Some(&at_once)).is_err() || !asked[0].revents().intersects(gone)
}

#[cfg(not(unix))]
pub(crate) fn is_read() -> bool {
    true
}

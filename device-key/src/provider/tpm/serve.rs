//! The helper's side: one call, within its time.

use std::io::{self, Read, Write};
use std::sync::mpsc;
use std::thread;

use super::device;
use super::protocol::{MARK, Refusal, Reply, Request};

/// Serves one call as a [`TpmProvider`](super::TpmProvider)'s helper: reads it from `input` up to
/// its end, and writes the reply to `output`. The process should end after it.
///
/// After the call's time is over, a thread may still wait for the TPM, until the process ends.
///
/// # Errors
///
/// The input is no call, or cannot be read; the output cannot be written.
pub fn help(mut input: impl Read, mut output: impl Write) -> io::Result<()> {
    let mut text = String::new();
    input.read_to_string(&mut text)?;
    let Request { tcti, lock, timeout, call } = serde_json::from_str(&text)?;
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        // Without a receiver, the time is over.
        let _ = sender.send(device::serve(&tcti, &lock, call).unwrap_or_else(Reply::Refused));
    });
    let late = |_| Reply::Refused(Refusal::TimedOut(timeout));
    let reply = serde_json::to_string(&receiver.recv_timeout(timeout).unwrap_or_else(late))?;
    write!(output, "\n{MARK}{reply}\n")?;
    output.flush()
}

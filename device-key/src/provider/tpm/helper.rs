//! The helper process: started for each call, and ended when it takes too long.

use std::ffi::OsString;
use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::protocol::{Call, Reply, Request};
use crate::ProviderError;

/// Time beyond the limit in which the helper ends by itself.
const GRACE: Duration = Duration::from_secs(2);

/// A program that calls [`help`](super::help), and what each request has.
#[derive(Debug, Clone)]
pub(super) struct Helper {
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<OsString>,
    pub(super) tcti: String,
    pub(super) lock: PathBuf,
    pub(super) timeout: Duration,
}

impl Helper {
    /// Makes a call in a process of its own.
    pub(super) fn call(&self, call: Call) -> Result<Reply, ProviderError> {
        let Self { tcti, lock, timeout, .. } = self.clone();
        let request = Request { tcti, lock, timeout, call };
        let request = serde_json::to_vec(&request).expect("a request has texts and numbers");
        let mut child = self.start().map_err(|source| ProviderError::Io {
            action: "start",
            path: self.program.clone(),
            source,
        })?;
        let (mut stdin, mut stdout) = (child.stdin.take(), child.stdout.take());
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            // A helper that has ended reads no request and has no output.
            let _ = stdin.take().map(|mut stdin| stdin.write_all(&request));
            let mut output = String::new();
            let _ = stdout.take().map(|mut stdout| stdout.read_to_string(&mut output));
            let _ = sender.send(output);
        });
        let output = receiver.recv_timeout(timeout + GRACE);
        end(child, output.is_err());
        let no_answer = "the TPM's helper ended without an answer".to_owned();
        match output {
            Ok(output) => Reply::find(&output).ok_or(ProviderError::Other { reason: no_answer }),
            Err(_) => Err(ProviderError::TimedOut { after: timeout }),
        }
    }

    fn start(&self) -> io::Result<Child> {
        let mut command = Command::new(&self.program);
        // An inherited TSS2_LOG would print whole commands, and TSS2_LOGFILE write them to a file.
        command.args(&self.arguments).env_clear().env("TSS2_LOG", "all+NONE");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()
    }
}

/// Waits for a helper that has closed its output, and kills it if it is late. The kernel may keep
/// a process that waits for a device, so a thread waits for its end.
fn end(mut child: Child, is_late: bool) {
    if is_late {
        let _ = child.kill();
    }
    thread::spawn(move || child.wait());
}

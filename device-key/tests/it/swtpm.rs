//! A TPM in software, which is started, killed and started again.

use std::fs;
use std::io;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A running swtpm, which ends with this value.
pub(crate) struct Swtpm {
    state: TempDir,
    running: Child,
    port: u16,
}

impl Swtpm {
    /// Starts a new TPM.
    pub(crate) fn start() -> io::Result<Swtpm> {
        let state = tempfile::tempdir()?;
        let (running, port) = start(state.path())?;
        Ok(Swtpm { state, running, port })
    }

    /// Cuts the power, and starts the same TPM again, at another port.
    pub(crate) fn cut_power(&mut self) -> io::Result<()> {
        self.stop()?;
        (self.running, self.port) = start(self.state.path())?;
        Ok(())
    }

    /// Returns its name for libtss2.
    pub(crate) fn tcti(&self) -> String {
        format!("swtpm:host=127.0.0.1,port={}", self.port)
    }

    fn stop(&mut self) -> io::Result<()> {
        self.running.kill()?;
        self.running.wait().map(drop)
    }
}

impl Drop for Swtpm {
    fn drop(&mut self) {
        let _ = self.stop();
    }
}

/// Takes two free ports in a row, as libtss2 wants them: for commands, and for control.
pub(crate) fn two_ports() -> io::Result<[TcpListener; 2]> {
    loop {
        let first = TcpListener::bind("127.0.0.1:0")?;
        let next = first.local_addr()?.port().checked_add(1);
        if let Some(Ok(second)) = next.map(|port| TcpListener::bind(("127.0.0.1", port))) {
            return Ok([first, second]);
        }
    }
}

fn start(state: &Path) -> io::Result<(Child, u16)> {
    loop {
        let port = two_ports()?[0].local_addr()?.port();
        let ready = state.join("pid");
        for left_by_a_power_cut in [&state.join(".lock"), &ready] {
            let _ = fs::remove_file(left_by_a_power_cut);
        }
        let mut swtpm = Command::new("swtpm");
        swtpm.args(["socket", "--tpm2", "--flags", "not-need-init,startup-clear", "--tpmstate"]);
        swtpm.arg(format!("dir={}", state.display()));
        swtpm.arg("--server").arg(format!("type=tcp,port={port},bindaddr=127.0.0.1"));
        swtpm.arg("--ctrl").arg(format!("type=tcp,port={},bindaddr=127.0.0.1", port + 1));
        swtpm.arg("--pid").arg(format!("file={}", ready.display()));
        let mut running = swtpm.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        // Another program may have taken a port meanwhile; then it ends at once. Its file says that
        // it listens at both ports. A connection would not: a socket that tries one free port again
        // and again is given that port as its own at last, and is connected to itself.
        while running.try_wait()?.is_none() {
            if ready.exists() {
                return Ok((running, port));
            }
            std::thread::yield_now();
        }
    }
}

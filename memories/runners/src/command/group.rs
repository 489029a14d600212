//! A child process and its descendants, which end together.

use std::io;
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

#[cfg(unix)]
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::sync::oneshot;
use uuid::Uuid;

#[cfg(target_os = "linux")]
use super::proc::members;

/// Time that processes have to end themselves when the group is dropped, which blocks the thread.
const GRACE_IN_DROP: Duration = Duration::from_millis(500);
/// Variable by which the descendants are known.
const VARIABLE: &str = "THREADKEEP_AGENT_RUN";
/// Pause between two looks at the processes.
const PAUSE: Duration = Duration::from_millis(5);
/// Most rounds of SIGKILL: a process may fork between two looks.
const ROUNDS: usize = 200;

/// Child process with its descendants. Dropping it ends them all.
#[derive(Debug)]
pub(crate) struct Group {
    child: Child,
    /// True once the program has been reaped.
    has_ended: bool,
    /// Entry of the environment by which the descendants are known.
    variable: String,
}

impl Group {
    /// Starts a program in a process group of its own.
    pub(crate) fn spawn(command: &mut Command) -> io::Result<Self> {
        let run = Uuid::now_v7().to_string();
        command.env(VARIABLE, &run);
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        Ok(Self { child: command.spawn()?, has_ended: false, variable: format!("{VARIABLE}={run}") })
    }

    /// Lets the rest end itself, then ends it, and returns the exit code of the program. If the
    /// future is dropped, the group is dropped.
    pub(crate) async fn end(mut self, grace: Duration) -> io::Result<ExitStatus> {
        let deadline = Instant::now() + grace;
        self.terminate();
        while self.lives() && Instant::now() < deadline {
            tokio::time::sleep(PAUSE).await;
        }
        self.kill()
    }

    /// Kills the rest and reaps the program.
    fn kill(&mut self) -> io::Result<ExitStatus> {
        for _ in 0..ROUNDS {
            self.signal_kill();
            if !self.lives() {
                break;
            }
            thread::sleep(PAUSE);
        }
        let status = self.child.try_wait()?;
        self.has_ended = status.is_some();
        status.ok_or_else(|| io::Error::new(io::ErrorKind::TimedOut, "it cannot be ended"))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if self.has_ended {
            return;
        }
        let deadline = Instant::now() + GRACE_IN_DROP;
        self.terminate();
        while self.lives() && Instant::now() < deadline {
            thread::sleep(PAUSE);
        }
        let _ = self.kill();
    }
}

#[cfg(unix)]
impl Group {
    /// Returns a signal that comes when the program has ended. It stays a zombie until the
    /// group is ended: so its number is not given to another process, and no signal of ours
    /// can reach a stranger.
    pub(crate) fn exit(&self) -> io::Result<oneshot::Receiver<()>> {
        let (sender, exit) = oneshot::channel();
        let pid = self.id();
        let wait = move || {
            while has_ended(pid, WaitIdOptions::empty()) == Err(rustix::io::Errno::INTR) {}
            let _ = sender.send(());
        };
        thread::Builder::new().name("memory-agent-exit".to_owned()).spawn(wait)?;
        Ok(exit)
    }

    fn terminate(&self) {
        if self.lives() {
            self.signal(Signal::TERM);
        }
    }

    fn signal_kill(&self) {
        self.signal(Signal::KILL);
    }

    fn id(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Sends a signal to every known process. An error means that it is gone.
    fn signal(&self, signal: Signal) {
        let _ = kill_process_group(self.id(), signal);
        #[cfg(target_os = "linux")]
        for pid in members(self.id(), &self.variable) {
            let _ = rustix::process::kill_process(pid, signal);
        }
    }

    #[cfg(target_os = "linux")]
    fn lives(&self) -> bool {
        !members(self.id(), &self.variable).is_empty()
    }

    /// Returns true if the program itself lives. Its zombie hides the rest of the group.
    #[cfg(not(target_os = "linux"))]
    fn lives(&self) -> bool {
        has_ended(self.id(), WaitIdOptions::NOHANG) == Ok(false)
    }
}

#[cfg(unix)]
fn has_ended(pid: Pid, options: WaitIdOptions) -> rustix::io::Result<bool> {
    let options = options | WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    Ok(waitid(WaitId::Pid(pid), options)?.is_some())
}

#[cfg(not(unix))]
impl Group {
    /// Returns a signal that comes when the program has ended.
    pub(crate) fn exit(&self) -> io::Result<oneshot::Receiver<()>> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "programs are run on Unix only"))
    }

    fn terminate(&self) {}

    fn signal_kill(&mut self) {
        let _ = self.child.kill();
    }

    fn lives(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|status| status.is_none())
    }
}

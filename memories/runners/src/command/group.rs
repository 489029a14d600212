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
    /// `None` once it has ended.
    child: Option<Child>,
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
        Ok(Self { child: Some(command.spawn()?), variable: format!("{VARIABLE}={run}") })
    }

    /// Ends what is left, and returns the exit code of the program.
    pub(crate) fn end(mut self, grace: Duration) -> io::Result<ExitStatus> {
        let child = self.child.take().expect("only end and drop take the child");
        self.stop(child, grace)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(child) = self.child.take() {
            let _ = self.stop(child, GRACE_IN_DROP);
        }
    }
}

#[cfg(unix)]
impl Group {
    /// Returns a signal that comes when the program has ended. It stays a zombie until the
    /// group is ended: so its number is not given to another process, and no signal of ours
    /// can reach a stranger.
    pub(crate) fn exit(&self) -> io::Result<oneshot::Receiver<()>> {
        let (sender, exit) = oneshot::channel();
        let pid = self.child.as_ref().map(Pid::from_child);
        let wait = move || {
            if let Some(pid) = pid {
                while has_ended(pid, WaitIdOptions::empty()) == Err(rustix::io::Errno::INTR) {}
            }
            let _ = sender.send(());
        };
        thread::Builder::new().name("memory-agent-exit".to_owned()).spawn(wait)?;
        Ok(exit)
    }

    pub(super) fn stop(&self, mut child: Child, grace: Duration) -> io::Result<ExitStatus> {
        let group = Pid::from_child(&child);
        if self.lives(group) {
            self.signal(group, Signal::TERM);
            let deadline = Instant::now() + grace;
            while self.lives(group) && Instant::now() < deadline {
                thread::sleep(PAUSE);
            }
        }
        for round in 0..ROUNDS {
            self.signal(group, Signal::KILL);
            if !self.lives(group) {
                break;
            }
            if round > 0 {
                thread::sleep(PAUSE);
            }
        }
        child.wait()
    }

    /// Sends a signal to every known process. An error means that it is gone.
    fn signal(&self, group: Pid, signal: Signal) {
        let _ = kill_process_group(group, signal);
        #[cfg(target_os = "linux")]
        for pid in members(group, &self.variable) {
            let _ = rustix::process::kill_process(pid, signal);
        }
    }

    #[cfg(target_os = "linux")]
    fn lives(&self, group: Pid) -> bool {
        !members(group, &self.variable).is_empty()
    }

    /// Returns true if the program itself lives. Its zombie hides the rest of the group.
    #[cfg(not(target_os = "linux"))]
    fn lives(&self, group: Pid) -> bool {
        has_ended(group, WaitIdOptions::NOHANG) == Ok(false)
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

    fn stop(&self, mut child: Child, _grace: Duration) -> io::Result<ExitStatus> {
        child.kill()?;
        child.wait()
    }
}

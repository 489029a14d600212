//! Running outside programs: without input, within a time limit, and none of a repository.

use std::fmt;
use std::io::{self, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::context::Context;
use crate::repository::Repository;

/// Time limit of a program that prints its version.
pub(crate) const LIMIT: Duration = Duration::from_millis(1500);
/// Most bytes of output that are read.
const MOST_BYTES: u64 = 64 << 10;
/// Pause between two looks at the program.
const PAUSE: Duration = Duration::from_millis(2);
/// Time in which the rest of the output arrives when the program has ended.
const REST_OF_OUTPUT: Duration = Duration::from_millis(200);

/// Reason why a program gave no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It belongs to the repository at hand, which may be anybody's.
    InRepository,
    /// It could not be started.
    NotStarted(String),
    /// It took too long, and was ended.
    TimedOut(Duration),
    /// It failed.
    Failed,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InRepository => f.write_str("not run, as it lies in this repository"),
            Self::NotStarted(why) => write!(f, "cannot be run: {why}"),
            Self::TimedOut(limit) => write!(f, "did not answer within {} s", limit.as_secs_f32()),
            Self::Failed => f.write_str("fails"),
        }
    }
}

/// Runs a program with the environment of the context, and returns what it prints.
///
/// # Errors
///
/// Fails if it gives no answer in time, or lies in the repository around the current folder.
pub(crate) fn run(
    context: &Context,
    program: &Path,
    arguments: &[&str],
    limit: Duration,
) -> Result<String, Trouble> {
    if is_of_repository(context, program) {
        return Err(Trouble::InRepository);
    }
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    command.env_clear().envs(&context.machine.variables).env("LC_ALL", "C");
    // Away from the current folder, where settings of a repository could apply.
    command.current_dir(context.dirs.home.ancestors().last().unwrap_or(Path::new("/")));
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let child = command.spawn().map_err(|error| Trouble::NotStarted(threadkeep_app::messages::of_io(&error)));
    wait(child?, limit)
}

/// Returns true for a program of the repository around the current folder. A user who keeps the
/// whole home directory in a repository may still run the own programs.
fn is_of_repository(context: &Context, program: &Path) -> bool {
    let machine = &context.machine;
    let Some(repository) = Repository::find(&machine.cwd) else { return false };
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let root = real(&repository.root);
    let is_home = machine.user_home.as_deref().is_some_and(|home| real(home) == root);
    !is_home && (program.starts_with(&repository.root) || real(program).starts_with(&root))
}

fn wait(mut child: Child, limit: Duration) -> Result<String, Trouble> {
    let deadline = Instant::now() + limit;
    let (sender, output) = mpsc::channel();
    let stdout = child.stdout.take();
    // A thread of its own, because a pipe has no time limit.
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = stdout.map(|stdout| stdout.take(MOST_BYTES).read_to_end(&mut bytes));
        let _ = sender.send(bytes);
    });
    let mut is_late = false;
    while !is_late && !has_ended(&mut child).unwrap_or(true) {
        thread::sleep(PAUSE);
        is_late = Instant::now() >= deadline;
    }
    let bytes = if is_late { None } else { output.recv_timeout(REST_OF_OUTPUT).ok() };
    kill(&mut child);
    match (is_late, child.wait()) {
        (true, _) => Err(Trouble::TimedOut(limit)),
        (false, Ok(status)) if status.success() => {
            Ok(String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned())
        }
        (false, _) => Err(Trouble::Failed),
    }
}

/// Returns true if a program has ended. It stays a zombie, so that its number is not given to
/// another process before its group is killed.
#[cfg(unix)]
fn has_ended(child: &mut Child) -> io::Result<bool> {
    use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    Ok(waitid(WaitId::Pid(Pid::from_child(child)), options)?.is_some())
}

#[cfg(not(unix))]
fn has_ended(child: &mut Child) -> io::Result<bool> {
    Ok(child.try_wait()?.is_some())
}

/// Ends what is left of a program and its children. An error means that all have ended.
fn kill(child: &mut Child) {
    #[cfg(unix)]
    {
        use rustix::process::{Pid, Signal, kill_process_group};
        let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
    }
    let _ = child.kill();
}

//! An agent that is any program, run as a child process.

mod arguments;
mod environment;
mod group;
mod output;
#[cfg(target_os = "linux")]
mod proc;

use std::io;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use thiserror::Error;
use threadkeep_memories::{AgentError, ConsolidationAgent, ConsolidationTask, Redactor};
use tokio::sync::oneshot;

use self::arguments::filled;
use self::group::Group;
use self::output::{Capture, excerpt};

/// Time that processes have to end themselves, after the timeout or the agent's own end.
const GRACE: Duration = Duration::from_secs(3);
/// Time in which the rest of the output arrives when all known processes are gone.
const REST_OF_OUTPUT: Duration = Duration::from_secs(1);
/// Most bytes of output in a log row, and in an error.
const LOGGED: usize = 8_000;
const IN_ERROR: usize = 1_500;

/// A command that cannot be an agent.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CommandError {
    /// The list has no program.
    #[error("the agent's command is empty")]
    Empty,
    /// The program is a path that would depend on a working directory.
    #[error("the agent's program {program:?} is neither a name nor an absolute path")]
    Relative {
        /// The program.
        program: String,
    },
}

/// An agent that is any program.
///
/// The program runs without a shell, in the root, with stdin closed and a cleaned environment.
/// `{root}` and `{prompt_file}` stand for the paths of a task, in any argument. Exit code 0 is
/// success. Its output goes to the logs, without secrets: the last 8,000 bytes of it.
///
/// The program has a process group of its own. When it ends, takes too long or its future is
/// dropped, the processes of the group get SIGTERM and a moment later SIGKILL: 3 s, or 0.5 s if the
/// future is dropped, which blocks its thread for that time at most. On Linux that also
/// holds for processes that left the group, by a variable in their environment. Not covered are
/// processes that left the group and cleared their environment, work handed to another service
/// (systemd, docker), and the case that this process itself is killed. Outside of Unix only the
/// program itself is ended.
#[derive(Clone)]
pub struct CommandAgent {
    program: String,
    arguments: Vec<String>,
    variables: Vec<String>,
    timeout: Duration,
    redactor: Arc<dyn Redactor>,
}

impl std::fmt::Debug for CommandAgent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { program, variables, timeout, .. } = self;
        let mut agent = f.debug_struct("CommandAgent");
        agent.field("program", program).field("variables", variables).field("timeout", timeout);
        agent.finish_non_exhaustive()
    }
}

impl CommandAgent {
    /// Makes an agent of a program and its arguments. It may run for 30 minutes.
    ///
    /// # Errors
    ///
    /// [`CommandError::Empty`], [`CommandError::Relative`].
    pub fn new(command: Vec<String>, redactor: Arc<dyn Redactor>) -> Result<Self, CommandError> {
        let mut arguments = command.into_iter();
        let program = arguments.next().filter(|program| !program.is_empty()).ok_or(CommandError::Empty)?;
        if Path::new(&program).components().count() > 1 && !Path::new(&program).is_absolute() {
            return Err(CommandError::Relative { program });
        }
        let timeout = Duration::from_secs(30 * 60);
        Ok(Self { program, arguments: arguments.collect(), variables: Vec::new(), timeout, redactor })
    }

    /// Sets the time that the program may run.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Names variables of the environment that the program gets, next to `PATH`, `HOME`, `LANG`,
    /// `TERM` and the like: the key of an API, for example.
    #[must_use]
    pub fn with_variables(self, names: impl IntoIterator<Item = String>) -> Self {
        Self { variables: names.into_iter().collect(), ..self }
    }

    /// Starts the program. Its group ends when it is dropped.
    fn start(&self, task: &ConsolidationTask<'_>) -> io::Result<(Group, oneshot::Receiver<()>, Capture)> {
        let (reader, writer) = io::pipe()?;
        let mut command = Command::new(&self.program);
        command.args(self.arguments.iter().map(|argument| filled(argument, task.root, task.prompt_file)));
        command.current_dir(task.root).stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
        command.env_clear().envs(environment::kept(&self.variables));
        let group = Group::spawn(&mut command)?;
        // The command has the writing end. While it is open, the output has no end.
        drop(command);
        let capture = Capture::of(reader)?;
        let exit = group.exit()?;
        Ok((group, exit, capture))
    }

    /// Logs how the program ended, and returns the end of its output for an error.
    fn report(&self, output: &output::Tail, ending: &str) -> String {
        let text = self.redactor.redact(&output.text());
        let (bytes, logged) = (output.total(), excerpt(&text, LOGGED));
        // Not named `output`: logs leave payloads out, and know them by such names.
        tracing::info!(program = %self.program, bytes, said = %logged, "the memory agent {ending}");
        excerpt(&text, IN_ERROR)
    }
}

#[async_trait]
impl ConsolidationAgent for CommandAgent {
    async fn consolidate(&self, task: ConsolidationTask<'_>) -> Result<(), AgentError> {
        let start = |error: io::Error| AgentError::Start { reason: format!("`{}`: {error}", self.program) };
        let (group, exit, capture) = self.start(&task).map_err(start)?;
        let in_time = tokio::time::timeout(self.timeout, exit).await.is_ok();
        let status = group.end(GRACE).await;
        let output = capture.finish(REST_OF_OUTPUT).await;
        if !in_time {
            self.report(&output, "took too long");
            return Err(AgentError::TimedOut { after: self.timeout });
        }
        let failed = |reason: String| AgentError::Failed { reason };
        let status = status.map_err(|error| failed(format!("cannot read its exit code: {error}")))?;
        let ending = ending(status);
        let end = self.report(&output, &ending);
        match (status.success(), end.is_empty()) {
            (true, _) => Ok(()),
            (false, true) => Err(failed(ending)),
            (false, false) => Err(failed(format!("{ending}: {end}"))),
        }
    }
}

fn ending(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("was ended by signal {signal}");
    }
    match status.code() {
        Some(code) => format!("exited with {code}"),
        None => "ended".to_owned(),
    }
}

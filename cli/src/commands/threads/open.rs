//! `threads open`: the command that continues a conversation, printed or run.

use std::io::{self, IsTerminal as _};
use std::process::Command;

use async_trait::async_trait;
use serde_json::{Map, Value, json};
use threadkeep_app::message::private;
use threadkeep_app::{Fault, Message, Observer as _, agents, command, messages};
use threadkeep_state::Thread;

use super::conversation::find_thread;
use super::resume::Resume;
use crate::args::OpenArgs;
use crate::command::{Answered, Context, ForHomes, Run};
use crate::commands::homes;
use crate::output::{Answer, Screen};

/// The command.
pub(super) struct Open<'a>(pub(super) &'a OpenArgs);

/// The command line for the user.
struct Opened {
    resume: Resume,
}

#[async_trait(?Send)]
impl Run for Open<'_> {
    fn for_homes(&self) -> ForHomes {
        ForHomes::All
    }

    async fn run(&self, context: &Context<'_>) -> Answered {
        let OpenArgs { id, run, no_refresh } = self.0;
        let screen = context.screen;
        if *run && (screen.json || !io::stdin().is_terminal() || !screen.is_terminal) {
            let hint = "leave out --run to print the command";
            return Err(Fault::new("the agent needs a terminal", hint));
        }
        let find = async |context: &Context<'_>| {
            let (thread, dirs) = find_thread(context, id, *no_refresh).await?;
            let copy = agents::vault(&dirs.absolute().sqlite_home).get(thread.agent(), thread.id);
            let is_kept = copy.is_ok_and(|copy| copy.is_some_and(|copy| copy.is_restorable()));
            Ok((Resume::of(&thread, &dirs)?, thread, is_kept))
        };
        let (resume, thread, is_kept) = homes::one_of(context, find).await?;
        if thread.missing_since.is_some() {
            return Err(missing(&thread, is_kept));
        }
        if resume.commands.is_empty() {
            let read = command("threads read").arg(thread.id);
            let (deletes, it) = match resume.gone_since {
                Some(_) => ("has deleted this session and ", "it"),
                None => ("", "this session"),
            };
            let why = format!("{} {deletes}cannot continue {it}", thread.agent());
            if is_kept && resume.gone_since.is_some() {
                return Err(Fault::new(why, restores(&thread)).about(thread.id));
            }
            return Err(Fault::new(why, (read, " shows what was said")).about(thread.id));
        }
        if let Some(folder) = resume.folder.as_ref().filter(|_| resume.existing_folder().is_none()) {
            let gone = private(folder.clone());
            let note = ("the thread's folder ", gone, " is gone; the agent starts in the current one");
            screen.note(&note.into());
        }
        if let Some(place) = &resume.unnamed_place {
            let elsewhere = format!("no environment variable leads {} to ", thread.agent());
            let place = private(place.display().to_string());
            screen
                .note(&(elsewhere, place, ", where it has this session; it looks in its own folder").into());
        }
        if *run {
            return Err(run_agent(&resume));
        }
        Ok(Box::new(Opened { resume }))
    }
}

fn missing(thread: &Thread, is_kept: bool) -> Fault {
    let why = "the rollout of this thread is missing, so that no agent can continue it";
    let show = || (command("threads show").arg(thread.id), " shows where it should be").into();
    Fault::new(why, if is_kept { restores(thread) } else { show() }).about(thread.id)
}

fn restores(thread: &Thread) -> Message {
    (command("kept restore").arg(thread.id), " puts its kept files back").into()
}

/// Runs the agent in place of this process. Returns the reason why it does not run.
fn run_agent(resume: &Resume) -> Fault {
    let mut commands =
        resume.commands.iter().filter_map(|words| words.split_first()).map(|(program, words)| {
            let mut agent = Command::new(program);
            agent.args(words);
            agent.envs(resume.variable.iter().map(|(name, value)| (name, value)));
            if let Some(folder) = resume.existing_folder() {
                agent.current_dir(folder);
            }
            (agent, words.first().map_or_else(|| program.clone(), |verb| format!("{program} {verb}")))
        });
    let (mut last, _) = commands.next_back().expect("the agent has a command");
    for (mut before, name) in commands {
        match before.status() {
            Ok(status) if status.success() => {}
            Ok(status) => {
                let why = format!("`{name}` ended with {status}");
                return Fault::new(why, "leave out --run to see the commands");
            }
            Err(error) => return no_agent(&before, &error),
        }
    }
    #[cfg(unix)]
    let error = std::os::unix::process::CommandExt::exec(&mut last);
    #[cfg(not(unix))]
    let error = match last.status() {
        Ok(status) => {
            let program = last.get_program().to_string_lossy();
            return Fault::without_hint(format!("`{program}` ended with {status}"));
        }
        Err(error) => error,
    };
    no_agent(&last, &error)
}

fn no_agent(agent: &Command, error: &io::Error) -> Fault {
    let program = agent.get_program().to_string_lossy();
    let why = format!("cannot run `{program}`: {}", messages::of_io(error));
    Fault::new(why, "leave out --run to print the command").because(error)
}

impl Answer for Opened {
    fn json(&self) -> Value {
        let Resume { id, variable, folder, .. } = &self.resume;
        let home = variable.as_ref().filter(|(name, _)| *name == "CODEX_HOME").map(|(_, home)| home);
        let environment = variable.iter().map(|(name, value)| ((*name).to_owned(), json!(value)));
        json!({
            "thread_id": id,
            "command": self.resume.line(),
            "folder": folder,
            "folder_exists": self.resume.existing_folder().is_some(),
            "codex_home": home,
            "environment": environment.collect::<Map<_, _>>(),
            "unarchives": self.resume.unarchives(),
        })
    }

    fn text(&self, _screen: &Screen) -> String {
        self.resume.line() + "\n"
    }
}

//! `keep`: copies the files of sessions to the vault.

use std::path::PathBuf;

use async_trait::async_trait;
use serde_json::{Value, json};
use threadkeep_app::agents::{self, MirroredThreads, Plan, Planned, Wanted};
use threadkeep_app::dirs::Dirs;
use threadkeep_app::label::thread_label;
use threadkeep_app::opening::Index;
use threadkeep_app::text::{bytes, clean, count, counted, fit};
use threadkeep_app::{Fault, Message, Observer as _, command, refresh};
use threadkeep_rollout::AgentHome;
use threadkeep_sessions::Kept;
use threadkeep_state::ThreadStore;
use uuid::Uuid;

use crate::args::KeepArgs;
use crate::command::{Answered, Context, Run};
use crate::commands::resolve::Lookup;
use crate::commands::several::closed;
use crate::exit::Code;
use crate::output::ids::Ids;
use crate::output::{Answer, Screen};

/// Most sessions that a question names.
const NAMED: usize = 10;

/// The command.
pub(crate) struct Keep<'a>(pub(crate) &'a KeepArgs);

/// Outcomes by session.
struct Answers {
    folder: PathBuf,
    only_ending: bool,
    results: Vec<Outcome>,
}

enum Outcome {
    Kept(Kept),
    /// It was kept before, and has not changed since.
    Unchanged(Kept),
    /// The user answered no.
    Declined(Planned),
    Failed {
        typed: Option<String>,
        agent: Option<String>,
        thread_id: Option<Uuid>,
        fault: Fault,
    },
}

#[async_trait(?Send)]
impl Run for Keep<'_> {
    fn logged(&self) -> Option<&'static str> {
        Some("keep")
    }

    async fn run(&self, Context { dirs, screen, .. }: &Context<'_>) -> Answered {
        let home = dirs.agent_home()?;
        agents::check_names(&self.0.agent)?;
        if self.0.all {
            agents::check_all_added(&dirs.absolute().sqlite_home, &self.0.agent)?;
        }
        let index = Index::for_writing(dirs).await?;
        let answers = self.keep(&index, &home, dirs, screen).await;
        closed(index, answers.and_then(Answers::answer)).await
    }
}

impl Keep<'_> {
    async fn keep(
        &self,
        index: &Index,
        home: &AgentHome,
        dirs: &Dirs,
        screen: &Screen,
    ) -> Result<Answers, Fault> {
        let sqlite_home = index.state.sqlite_home();
        let folder = agents::vault(sqlite_home).folder().to_owned();
        let mut answers = Answers { folder, only_ending: self.0.ending, results: Vec::new() };
        // Which sessions there are is known from the mirror.
        let refreshed = refresh::refresh(index, home, screen).await?;
        if let Some(reason) = refreshed.incomplete {
            screen.note(&reason);
        }
        let plan = if self.0.ids.is_empty() {
            Plan::of_all(&index.state, dirs, &self.0.agent, self.0.ending).await?
        } else {
            Plan::of(sqlite_home, self.named(index, home, dirs, screen, &mut answers).await?)
        };
        answers.results.extend(plan.unchanged.iter().cloned().map(Outcome::Unchanged));
        answers.results.extend(plan.failed.iter().cloned().map(Outcome::of_session));
        answers.results.extend(plan.unread.iter().cloned().map(Outcome::of_agent));
        if !plan.sessions.is_empty() {
            if self.0.yes || may_copy(&plan, &answers, index.state.threads(), screen).await? {
                let ran = plan.run(&index.state, |planned, kept| match kept {
                    Ok(kept) => answers.results.push(Outcome::Kept(kept)),
                    Err(fault) => answers.results.push(Outcome::of_session((planned.wanted.clone(), fault))),
                });
                if let Err(fault) = ran.await {
                    answers.results.push(Outcome::of_rest(fault));
                }
            } else {
                answers.results.extend(plan.sessions.iter().cloned().map(Outcome::Declined));
            }
        }
        if answers.results.len() > 1 {
            answers.faults().for_each(|fault| screen.fault(fault));
        }
        Ok(answers)
    }

    /// Finds the sessions of the threads that were named, with their sub-agents.
    async fn named(
        &self,
        index: &Index,
        home: &AgentHome,
        dirs: &Dirs,
        screen: &Screen,
        answers: &mut Answers,
    ) -> Result<Vec<Wanted>, Fault> {
        let lookup = Lookup::new(index, home, screen);
        let mut mirrored = MirroredThreads::new(index.state.sqlite_home());
        let mut wanted = Vec::new();
        for (typed, word) in self.0.ids.iter().zip(lookup.fixed(&self.0.ids).await?) {
            let found = async {
                let thread = lookup.find(&word?).await?;
                agents::thread_sessions_to_keep(&index.state, dirs, &mut mirrored, &thread).await
            };
            match found.await {
                Ok(found) => wanted.extend(found),
                Err(fault) => {
                    let typed = Some(typed.clone());
                    answers.results.push(Outcome::Failed { typed, agent: None, thread_id: None, fault });
                }
            }
        }
        Ok(wanted)
    }
}

async fn may_copy(
    plan: &Plan,
    answers: &Answers,
    threads: &ThreadStore,
    screen: &Screen,
) -> Result<bool, Fault> {
    let named = named(plan, threads, screen).await?;
    let sum = |size: fn(&Planned) -> u64| plan.sessions.iter().map(size).sum::<u64>();
    let sessions = counted(plan.sessions.len() as u64, "session");
    let files = counted(sum(|planned| planned.files), "file");
    let size = bytes(sum(|planned| planned.bytes));
    let folder = answers.folder.display().to_string();
    let question = format!("{named}{sessions}: {files}, {size}\nCopy them to {}?", clean(&folder));
    screen.confirm(&question, &format!("nothing was kept of {sessions} with {size}"), "copy").await
}

/// Renders a line for each of the first sessions, and the number of the others.
async fn named(plan: &Plan, threads: &ThreadStore, screen: &Screen) -> Result<String, Fault> {
    let first: Vec<Uuid> = plan.sessions.iter().map(|it| it.wanted.thread_id).take(NAMED).collect();
    let (ids, known) = (Ids::of(threads, &first).await?, threads.get_many(&first).await?);
    let mut text = String::new();
    for id in first {
        let title = known.iter().find(|thread| thread.id == id).map(thread_label);
        let line = format!("{}  {}", ids.short(id), title.unwrap_or_default());
        text += &format!("{}\n", fit(line.trim_end(), screen.width));
    }
    match plan.sessions.len().saturating_sub(NAMED) {
        0 => Ok(text),
        more => Ok(format!("{text}and {} more\n", count(more as u64))),
    }
}

impl Outcome {
    /// Returns the failure of a session.
    fn of_session((wanted, fault): (Wanted, Fault)) -> Outcome {
        let Wanted { agent, thread_id, .. } = wanted;
        Outcome::Failed { typed: None, agent: Some(agent), thread_id: Some(thread_id), fault }
    }

    /// Returns the failure of an agent's sessions that were not read.
    fn of_agent((agent, fault): (String, Fault)) -> Outcome {
        Outcome::Failed { typed: None, agent: Some(agent), thread_id: None, fault }
    }

    /// Returns the failure of all sessions that were left.
    fn of_rest(fault: Fault) -> Outcome {
        Outcome::Failed { typed: None, agent: None, thread_id: None, fault }
    }
}

impl Answers {
    fn faults(&self) -> impl Iterator<Item = &Fault> {
        self.results.iter().filter_map(|outcome| match outcome {
            Outcome::Failed { fault, .. } => Some(fault),
            _ => None,
        })
    }

    fn kept(&self) -> impl Iterator<Item = &Kept> {
        self.results.iter().filter_map(|outcome| match outcome {
            Outcome::Kept(kept) => Some(kept),
            _ => None,
        })
    }

    fn number(&self, is_wanted: fn(&Outcome) -> bool) -> u64 {
        self.results.iter().filter(|outcome| is_wanted(outcome)).count() as u64
    }

    /// Says that copies of databases' rows cannot be given back, if there are any.
    fn of_databases(&self, screen: &Screen) -> String {
        let rows = self.number(|outcome| match outcome {
            Outcome::Kept(kept) | Outcome::Unchanged(kept) => !kept.is_restorable(),
            Outcome::Declined(_) | Outcome::Failed { .. } => false,
        });
        if rows == 0 {
            return String::new();
        }
        let (sessions, is) = (counted(rows, "session"), if rows == 1 { "is" } else { "are" });
        let why = format!("{sessions} {is} from a database, which is never written: ");
        let cannot: Message = (why, command("kept restore"), " cannot put the copies back, ").into();
        format!("{}\n", screen.render(cannot.append((command("threads read"), " reads what was said"))))
    }

    /// Returns the answer, or the fault of a single session.
    fn answer(mut self) -> Answered {
        match self.results.pop() {
            Some(Outcome::Failed { fault, .. }) if self.results.is_empty() => Err(fault),
            last => {
                self.results.extend(last);
                Ok(Box::new(self))
            }
        }
    }
}

/// Renders a copy for programs.
fn of_kept(kept: &Kept, outcome: &str) -> Value {
    json!({
        "thread_id": kept.thread_id,
        "agent": kept.agent,
        "native_id": kept.native_id,
        "outcome": outcome,
        "files": kept.files.len(),
        "bytes": kept.bytes(),
        "restorable": kept.is_restorable(),
    })
}

impl Answer for Answers {
    fn json(&self) -> Value {
        let result = |outcome: &Outcome| match outcome {
            Outcome::Kept(kept) => of_kept(kept, "kept"),
            Outcome::Unchanged(kept) => of_kept(kept, "unchanged"),
            Outcome::Declined(planned) => json!({
                "thread_id": planned.wanted.thread_id,
                "agent": planned.wanted.agent,
                "outcome": "declined",
                "files": planned.files,
                "bytes": planned.bytes,
            }),
            Outcome::Failed { typed, agent, thread_id, fault } => json!({
                "typed": typed,
                "thread_id": thread_id,
                "agent": agent,
                "outcome": "failed",
                "error": fault.message.to_string(),
            }),
        };
        let results: Vec<Value> = self.results.iter().map(result).collect();
        let mut document = match results.as_slice() {
            [only] => only.clone(),
            _ => json!({}),
        };
        document["folder"] = json!(self.folder.to_string_lossy());
        document["results"] = results.into();
        document
    }

    fn text(&self, screen: &Screen) -> String {
        if screen.quiet {
            return String::new();
        }
        if self.number(|outcome| matches!(outcome, Outcome::Declined(_))) > 0 {
            return "nothing was kept\n".to_owned();
        }
        let mut text = String::new();
        let (kept, size) = (self.kept().count() as u64, self.kept().map(Kept::bytes).sum());
        let files = self.kept().map(|kept| kept.files.len() as u64).sum();
        if kept > 0 {
            let (sessions, files) = (counted(kept, "session"), counted(files, "file"));
            text += &format!("{sessions} kept: {files}, {}\n", bytes(size));
        }
        let unchanged = self.number(|outcome| matches!(outcome, Outcome::Unchanged(_)));
        if unchanged > 0 {
            text += &format!("{} kept before, unchanged since\n", counted(unchanged, "session"));
        }
        text += &self.of_databases(screen);
        if self.results.is_empty() {
            text += if self.only_ending {
                "no session will be deleted within a week\n"
            } else {
                "no session to keep\n"
            };
        }
        text
    }

    fn aside(&self, screen: &Screen) -> String {
        if self.kept().next().is_none() {
            return String::new();
        }
        let next: Message = (command("kept"), " lists what is kept").into();
        format!("{}\n", screen.render(next))
    }

    fn done(&self) -> String {
        let failed = self.faults().count() as u64;
        let failed = if failed > 0 { format!(", {failed} failed") } else { String::new() };
        format!("kept {}{failed}", counted(self.kept().count() as u64, "session"))
    }

    fn changed(&self) -> bool {
        self.kept().next().is_some()
    }

    fn thread(&self) -> Option<Uuid> {
        match self.results.as_slice() {
            [Outcome::Kept(kept)] => Some(kept.thread_id),
            _ => None,
        }
    }

    fn code(&self) -> Code {
        if self.faults().next().is_some() { Code::CouldNotRun } else { Code::Fine }
    }
}

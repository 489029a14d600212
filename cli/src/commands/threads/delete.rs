//! `threads delete`: removes threads from every store. Rollouts in the home stay; the copy of
//! another agent's session is erased.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value, json};
use threadkeep_app::label::{agent_label, thread_label};
use threadkeep_app::opening::Index;
use threadkeep_app::text::{clean, counted, fit};
use threadkeep_app::{Fault, Message, Observer, agents, command};
use threadkeep_memories::StageOneOutputs as _;
use threadkeep_rollout::AgentHome;
use threadkeep_sessions::Mirrored;
use threadkeep_state::{
    Agent, DeletedNow, HOME_AGENT, MemoryMode, NameSource, PendingDeletion, Thread, TreeQuery,
};
use threadkeep_state_logs::LogQuery;
use uuid::Uuid;

use crate::command::{Answered, Context, Run};
use crate::commands::resolve::Lookup;
use crate::commands::several::{Several, closed, each};
use crate::output::{Answer, Screen, labelled};

/// Sentence while something could not be deleted yet, which a note has said.
const LATER: &str = "The rest will be deleted by a later command";
/// Forks that a question names one by one.
const FORKS_NAMED: usize = 10;

/// The command.
pub(super) struct Delete<'a> {
    pub(super) ids: &'a [String],
    pub(super) yes: bool,
}

/// A thread that was deleted, or was not, and what could not be deleted yet.
struct Deletion {
    doomed: Doomed,
    /// Nothing if the user answered no.
    pending: Option<Vec<PendingDeletion>>,
}

/// A thread that may be deleted, and what depends on it.
struct Doomed {
    thread: Thread,
    /// Number of threads that it spawned.
    children: u64,
    /// Threads that build on it.
    forks: Vec<Agent>,
    /// Its files that are in the home, relative to it.
    files: Vec<String>,
    /// Content that is deleted with it.
    lost: Vec<&'static str>,
    /// Session of another agent that it is a copy of.
    mirrored: Option<Mirrored>,
}

#[async_trait(?Send)]
impl Run for Delete<'_> {
    fn logged(&self) -> Option<&'static str> {
        Some("threads delete")
    }

    async fn run(&self, Context { dirs, screen, .. }: &Context<'_>) -> Answered {
        let home = dirs.agent_home()?;
        let index = Index::for_writing(dirs).await?;
        let lookup = Lookup::new(&index, &home, screen);
        let deletions = each(&lookup, self.ids, async |typed| {
            let doomed = Doomed::of(&index, &home, lookup.find(typed).await?).await?;
            let may_go =
                self.yes || doomed.may_go(screen).await.map_err(|fault| fault.about(doomed.thread.id))?;
            Ok(Deletion { doomed, pending: may_go.then(Vec::new) })
        });
        let deletions = match deletions.await {
            Ok(deletions) => delete(&index, deletions, screen).await,
            Err(fault) => Err(fault),
        };
        if let Some(note) = words_kept(&index.state.damaged_databases()) {
            screen.note(&note);
        }
        closed(index, deletions.and_then(Several::answer)).await
    }
}

/// Deletes the threads that may go, all at once: each store is cleaned once.
async fn delete(
    index: &Index,
    mut deletions: Several<Deletion>,
    screen: &Screen,
) -> Result<Several<Deletion>, Fault> {
    let may_go = |deletion: &&mut Deletion| deletion.pending.is_some();
    let ids: Vec<Uuid> = deletions.answers_mut().filter(may_go).map(|it| it.doomed.thread.id).collect();
    if ids.is_empty() {
        return Ok(deletions);
    }
    let deleted = agents::delete_threads(&index.state, &ids, Timestamp::now()).await;
    let DeletedNow { pending, .. } = deleted.map_err(|fault| match ids[..] {
        [only] => fault.about(only),
        _ => fault,
    })?;
    for note in left_to_do(&pending) {
        screen.note(&note);
    }
    // What earlier deletions have left is named once.
    let (own, mut earlier): (Vec<_>, Vec<_>) =
        pending.into_iter().partition(|left| ids.contains(&left.thread_id));
    for deletion in deletions.answers_mut().filter(may_go) {
        let id = deletion.doomed.thread.id;
        let left = own.iter().filter(|left| left.thread_id == id).cloned();
        deletion.pending = Some(left.chain(earlier.drain(..)).collect());
    }
    Ok(deletions)
}

impl Doomed {
    async fn of(index: &Index, home: &AgentHome, thread: Thread) -> Result<Doomed, Fault> {
        let query = TreeQuery { root: Some(thread.id), max_depth: 1, ..TreeQuery::default() };
        let below = index.state.graph().tree(query).await?.into_iter().skip(1);
        let (forks, children): (Vec<Agent>, Vec<Agent>) = below.partition(Agent::is_fork);
        let mut files = index.state.threads().files_of(thread.id).await?;
        let mirrored = if thread.agent() == HOME_AGENT {
            files.retain(|path| home.absolute(path).exists());
            None
        } else {
            // They go with it.
            files.clear();
            agents::session_of(index.state.sqlite_home(), thread.agent(), thread.id)?
        };
        let lost = lost(index, &thread).await;
        Ok(Doomed { thread, children: children.len() as u64, forks, files, lost, mirrored })
    }

    async fn may_go(&self, screen: &Screen) -> Result<bool, Fault> {
        let question = self.question(screen);
        screen.confirm(&question, "not deleted", "delete").await
    }

    /// Says what is lost and what stays, and ends with the question.
    fn question(&self, screen: &Screen) -> String {
        let room = screen.width.saturating_sub(2);
        let label = thread_label(&self.thread);
        let (forks, orphans, kept) = (self.building_on(room), orphans(self.children), self.kept(screen));
        let (id, label) = (self.thread.id, fit(&label, room));
        let lost = self.lost("These are deleted with it");
        format!("{id}\n  {label}\n{forks}{lost}{orphans}{kept}\nDelete it from the index?")
    }

    /// Names the content that is deleted with it: a line, if there is any.
    fn lost(&self, said: &str) -> String {
        if self.lost.is_empty() { String::new() } else { format!("{said}: {}\n", self.lost.join(", ")) }
    }

    /// Names the threads that build on it.
    fn building_on(&self, room: usize) -> String {
        if self.forks.is_empty() {
            return String::new();
        }
        let build = if self.forks.len() == 1 { "builds" } else { "build" };
        let mut text =
            format!("{} {build} on it and will be kept:\n", counted(self.forks.len() as u64, "fork"));
        for fork in self.forks.iter().take(FORKS_NAMED) {
            let line = format!("{}  {}", fork.thread_id, agent_label(fork));
            text.push_str(&format!("  {}\n", fit(&line, room)));
        }
        if self.forks.len() > FORKS_NAMED {
            text.push_str(&format!("  and {} more\n", self.forks.len() - FORKS_NAMED));
        }
        text
    }

    /// Says what is not lost, and how the thread is restored.
    fn kept(&self, screen: &Screen) -> String {
        let restore = screen.render(command("threads restore").arg(self.thread.id));
        let without = if self.lost.is_empty() { "" } else { " without these" };
        let agent = self.thread.agent();
        if agent != HOME_AGENT {
            let is_there = self.mirrored.as_ref().is_some_and(|session| session.gone_since.is_none());
            return if is_there {
                format!(
                    "Its copy here is erased; {restore} restores it{without} while {agent} has the session"
                )
            } else {
                format!(
                    "Its copy here is erased, and {agent} no longer has the session: it cannot be restored"
                )
            };
        }
        match self.files.len() {
            0 => "Its rollout is no longer in the home: it cannot be restored".to_owned(),
            1 => format!("Its rollout stays, and {restore} restores the thread{without}"),
            more => format!("Its {more} rollouts stay, and {restore} restores the thread{without}"),
        }
    }
}

/// Returns what is deleted with a thread. Content that cannot be looked at may exist.
async fn lost(index: &Index, thread: &Thread) -> Vec<&'static str> {
    let (state, id) = (&index.state, thread.id);
    let goal = state.thread_goals().get(id).await;
    let logs = LogQuery { threads: vec![id], limit: 1, ..LogQuery::default() };
    let logs = state.logs().query(&logs).await;
    let memory = state.memories().get(id).await;
    let copy = agents::vault(state.sqlite_home()).get(thread.agent(), id);
    let all = [
        (copy.is_ok_and(|copy| copy.is_none()), "its kept files"),
        (goal.is_ok_and(|goal| goal.is_none()), "its goal"),
        (logs.is_ok_and(|rows| rows.is_empty()), "its logs"),
        (memory.is_ok_and(|memory| memory.is_none()), "its memory"),
        (thread.name_from != Some(NameSource::User), "the name given here"),
        (thread.archived_at.is_none(), "the archive mark"),
        (thread.memory_mode != MemoryMode::Disabled.as_str(), "the memory mode"),
    ];
    all.into_iter().filter(|(is_missing, _)| !is_missing).map(|(_, content)| content).collect()
}

/// Says what could not be deleted yet, for this thread and earlier ones: one sentence a store and a
/// reason.
pub(in crate::commands) fn left_to_do(pending: &[PendingDeletion]) -> Vec<Message> {
    let mut left: BTreeMap<(&str, &str), Vec<Uuid>> = BTreeMap::new();
    for PendingDeletion { thread_id, participant, reason, .. } in pending {
        left.entry((participant, reason)).or_default().push(*thread_id);
    }
    let sentence = |((store, reason), ids): ((&str, &str), Vec<Uuid>)| {
        let (one, several) = match store {
            "goals" => ("the goal", "the goals"),
            "history" => ("the history", "the history"),
            "logs" => ("the logs", "the logs"),
            "state" => ("the traces in the files of the index", "the traces in the files of the index"),
            other => (other, other),
        };
        let whose = match ids.as_slice() {
            [id] => format!("{one} of {id}"),
            ids => format!("{several} of {}", counted(ids.len() as u64, "deleted thread")),
        };
        format!("{whose} could not be deleted yet; a later command will do it: {reason}").into()
    };
    left.into_iter().map(sentence).collect()
}

/// Says that damaged databases, which are never deleted, may still have words of a deleted thread.
pub(in crate::commands) fn words_kept(damaged: &[PathBuf]) -> Option<Message> {
    let folders: BTreeSet<_> = damaged.iter().filter_map(|path| path.parent()).collect();
    let folders: Vec<_> =
        folders.into_iter().map(|folder| clean(&folder.display().to_string()).into_owned()).collect();
    let names = folders.join(", ");
    let note = format!(
        "damaged databases may still have its words; delete them when you no longer need them: {names}"
    );
    (!folders.is_empty()).then(|| note.into())
}

/// Says what happens to the threads that it spawned: a line, if there are any.
fn orphans(children: u64) -> String {
    match children {
        0 => String::new(),
        1 => "The thread it spawned is kept, without a parent\n".to_owned(),
        more => format!("The {more} threads it spawned are kept, without a parent\n"),
    }
}

impl Answer for Deletion {
    fn json(&self) -> Value {
        let pending = self.pending.iter().flatten();
        json!({
            "thread_id": self.doomed.thread.id,
            "deleted": self.pending.is_some(),
            "rollout_path": self.doomed.thread.rollout_path,
            "files": self.doomed.files,
            "forks": self.doomed.forks.iter().map(|fork| fork.thread_id).collect::<Vec<_>>(),
            "pending": pending.map(json_of).collect::<Vec<_>>(),
        })
    }

    fn text(&self, screen: &Screen) -> String {
        match &self.pending {
            _ if screen.quiet => String::new(),
            Some(pending) => {
                // A note has said what could not be deleted yet.
                let lost = if pending.is_empty() {
                    self.doomed.lost("Deleted with it")
                } else {
                    format!("{LATER}\n")
                };
                let (id, kept) = (self.doomed.thread.id, self.doomed.kept(screen));
                let (forks, orphans) =
                    (self.doomed.building_on(screen.width - 2), orphans(self.doomed.children));
                let files = self.doomed.files.iter().map(|path| format!("rollout: {}\n", clean(path)));
                let files: String = files.collect();
                let deleted =
                    labelled(&format!("{id} is deleted from the index"), &self.doomed.thread, screen);
                format!("{deleted}{lost}{forks}{orphans}{kept}\n{files}")
            }
            None => "nothing was deleted\n".to_owned(),
        }
    }

    fn changed(&self) -> bool {
        self.pending.is_some()
    }

    fn done(&self) -> String {
        match &self.pending {
            None => "nothing was deleted".to_owned(),
            Some(left) if left.is_empty() => "deleted".to_owned(),
            Some(left) => {
                format!("deleted, {} left to do", counted(left.len() as u64, "deletion"))
            }
        }
    }
}

/// Renders work that is left, for programs.
pub(super) fn json_of(left: &PendingDeletion) -> Value {
    json!({ "thread_id": left.thread_id, "store": left.participant, "reason": left.reason })
}

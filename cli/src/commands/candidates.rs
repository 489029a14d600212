//! Threads that share a word, such as the id of a session in two agents.

use threadkeep_app::label::thread_label;
use threadkeep_app::text::fit;
use threadkeep_app::{Fault, Observer as _, agents, messages};
use threadkeep_state::Thread;
use uuid::Uuid;

use super::resolve::Lookup;

/// Columns of a label next to a candidate's id.
const LABEL_WIDTH: usize = 50;

impl Lookup<'_> {
    /// Notes other agents' sessions with the id that was typed, if it is the id of a thread. Their
    /// threads have other ids.
    pub(super) async fn note_namesakes(&self, typed: &str, thread: &Thread) -> Result<(), Fault> {
        if Uuid::try_parse(typed).ok() != Some(thread.id) {
            return Ok(());
        }
        let namesakes = agents::namesakes(thread.id);
        for other in self.index.state.threads().get_many(&namesakes).await? {
            let whose = format!(
                "this is a thread of {}; {} has a session of this id, too: ",
                thread.agent(),
                other.agent()
            );
            self.screen.note(&(whose, "thread ", other.id).into());
        }
        Ok(())
    }

    /// Returns the threads of sessions that have this id in their agents' stores.
    pub(super) fn of_sessions(&self, typed: &str) -> Result<Vec<Uuid>, Fault> {
        let threads = agents::threads_named(self.index.state.sqlite_home(), typed);
        Ok(threads.map_err(|error| Fault::plain(&error))?.into_iter().collect())
    }

    /// Returns the only one of these threads; `None` if there is none. `how` names the relation of
    /// the word to them, for the error.
    pub(super) async fn only(&self, typed: &str, how: &str, found: &[Uuid]) -> Result<Option<Uuid>, Fault> {
        match found {
            [] => Ok(None),
            [one] => Ok(Some(*one)),
            several => {
                let lines = self.candidate_lines(several).await?;
                Err(messages::several(typed, how, lines.into_iter()))
            }
        }
    }

    /// Renders threads to choose from, one a line, with the agent where there are several.
    pub(super) async fn candidate_lines(&self, ids: &[Uuid]) -> Result<Vec<String>, Fault> {
        let threads = self.index.state.threads().get_many(ids).await?;
        let are_several = threads.windows(2).any(|pair| pair[0].agent() != pair[1].agent());
        let line = |id: &Uuid| {
            let thread = threads.iter().find(|thread| thread.id == *id);
            let agent = thread.filter(|_| are_several).map(|thread| format!("{}  ", thread.agent()));
            let label = thread.map(thread_label).unwrap_or_default();
            format!("{id}  {}{}", agent.unwrap_or_default(), fit(&label, LABEL_WIDTH))
        };
        Ok(ids.iter().map(line).collect())
    }
}

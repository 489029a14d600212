//! A conversation that is read, turn by turn, for the commands that show or write one.

use std::ops::ControlFlow::{Break, Continue};

use threadkeep_app::dirs::Dirs;
use threadkeep_app::opening::{Access, Index};
use threadkeep_app::outcome::outcome_now;
use threadkeep_app::text::counted;
use threadkeep_app::{Fault, Message, command, history};
use threadkeep_history::HistoryTurns;
use threadkeep_rollout::{AgentHome, Chain, ExtractError};
use threadkeep_state::{RunOutcome, Thread};
use threadkeep_transcript::turns::{self, Selection};
use threadkeep_transcript::{Builder, Head, Render, Secrets};

use crate::command::Context;
use crate::commands::resolve::Lookup;

/// A thread, and the files of its conversation.
pub(super) struct Conversation {
    pub(super) thread: Thread,
    pub(super) chain: Chain,
    home: AgentHome,
    /// The selected turns, if the history has them.
    known: Option<HistoryTurns>,
    selection: Selection,
    secrets: Secrets,
    is_running: bool,
}

/// Finds a thread as it is now, and returns it with its home's directories.
pub(super) async fn find_thread(
    context: &Context<'_>,
    typed: &str,
    no_refresh: bool,
) -> Result<(Thread, Dirs), Fault> {
    let (thread, _) = find_turns(context, typed, no_refresh, Selection::All).await?;
    Ok((thread, context.dirs.clone()))
}

/// Finds a thread as it is now, and selected turns of it, if the history has them.
async fn find_turns(
    context: &Context<'_>,
    typed: &str,
    no_refresh: bool,
    selection: Selection,
) -> Result<(Thread, Option<HistoryTurns>), Fault> {
    let Context { dirs, screen, .. } = context;
    let home = dirs.agent_home()?;
    let index = if no_refresh {
        Index::existing(dirs, *screen).await?
    } else {
        Index::for_reading(dirs, *screen).await?
    };
    let refreshes = !no_refresh || index.access == Access::Temporary;
    let lookup = Lookup { refreshes, ..Lookup::new(&index, &home, screen) };
    let found = async {
        let words = lookup.fixed(&[typed.to_owned()]).await?;
        let word = words.into_iter().next().expect("one word has one meaning")?;
        let (thread, _) = lookup.find_current(&word).await?;
        let known = match selection.query() {
            Some(query) => history::turns(&index, dirs, &home, &thread, &query).await,
            None => None,
        };
        Ok::<_, Fault>((thread, known))
    };
    let found = found.await;
    index.close().await?;
    let (mut thread, known) = found?;
    thread.run_outcome = outcome_now(&home, &thread);
    Ok((thread, known))
}

impl Conversation {
    /// Finds a conversation, its files, and the turns that are wanted of it.
    pub(super) async fn find(
        context: &Context<'_>,
        typed: &str,
        no_refresh: bool,
        selection: Selection,
        secrets: Secrets,
    ) -> Result<Conversation, Fault> {
        let (thread, known) = find_turns(context, typed, no_refresh, selection).await?;
        let home = context.dirs.agent_home()?;
        let file =
            home.rollout_at(&thread.rollout_path).map_err(|error| unreadable(&thread, &error.into()))?;
        let chain = Chain::resolve(&home, &file, |_| true).map_err(|error| unreadable(&thread, &error))?;
        let is_running = thread.run_outcome == RunOutcome::Running;
        Ok(Conversation { thread, chain, home, known, selection, secrets, is_running })
    }

    /// Renders the turns one after the other, and gives each part to `write` until that returns
    /// false. Nothing is written if no turn is selected.
    pub(super) fn render(
        &self,
        renderer: &mut dyn Render,
        mut write: impl FnMut(&str) -> Result<bool, Fault>,
    ) -> Result<(), Fault> {
        let builder =
            Builder { secrets: self.secrets, cwd: self.thread.cwd.clone(), is_running: self.is_running };
        let mut begin = Some(renderer.begin(&Head::of(&self.thread, self.secrets)));
        let mut written = Ok(true);
        let take = |number, turn| {
            let text = begin.take().unwrap_or_default() + &renderer.turn(&builder.turn(number, turn));
            written = write(&text);
            if matches!(written, Ok(true)) { Continue(()) } else { Break(()) }
        };
        let reading = match &self.known {
            Some(known) => turns::read_known(&self.home, &self.chain, self.selection, known, take),
            None => turns::read(&self.chain, self.selection, take),
        };
        let reading = reading.map_err(|error| self.unreadable(&error))?;
        if let (Selection::One(number), 0) = (self.selection, reading.shown) {
            let total = counted(reading.total.unwrap_or(0), "turn");
            let show = command("threads read").arg(self.thread.id);
            return Err(Fault::new(
                format!("there is no turn {number}: the conversation has {total}"),
                (show, " shows all of them"),
            ));
        }
        if written? {
            write(&(begin.take().unwrap_or_default() + &renderer.end(&reading)))?;
        }
        Ok(())
    }

    /// Puts into words why the rollout cannot be read.
    pub(super) fn unreadable(&self, error: &ExtractError) -> Fault {
        unreadable(&self.thread, error)
    }
}

fn unreadable(thread: &Thread, error: &ExtractError) -> Fault {
    let is_missing = matches!(error, ExtractError::Io(io) if io.kind() == std::io::ErrorKind::NotFound);
    let why: Message = if is_missing {
        "the rollout of this thread is missing".into()
    } else {
        format!("cannot read the rollout of this thread: {error}").into()
    };
    let show = command("threads show").arg(thread.id);
    Fault::new(why, (show, " shows where it should be")).because(error).about(thread.id)
}

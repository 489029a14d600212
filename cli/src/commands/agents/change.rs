//! `agents add` and `agents remove`.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf, is_separator};
use std::slice;

use async_trait::async_trait;
use serde_json::{Value, json};
use threadkeep_app::agents::{self, Added, Forgotten, Included};
use threadkeep_app::dirs::{Dirs, real};
use threadkeep_app::opening::{self, Index};
use threadkeep_app::text::{clean, counted};
use threadkeep_app::{Fault, Message, Observer as _, command, recovered};
#[cfg(unix)]
use threadkeep_app_server::daemon::Place;
use threadkeep_sessions::store;

use super::unread;
use crate::command::{Answered, Context, Needs, Run};
use crate::commands::several::{Several, closed};
use crate::commands::threads::{left_to_do, words_kept};
use crate::output::{Answer, Screen};

/// Adds agents: the typed names, or one name and its folder.
pub(super) struct Add<'a>(pub(super) &'a [OsString]);

#[async_trait(?Send)]
impl Run for Add<'_> {
    fn logged(&self) -> Option<&'static str> {
        Some("agents add")
    }

    fn needs(&self) -> Needs {
        Needs::Dirs
    }

    async fn run(&self, context: &Context<'_>) -> Answered {
        let (names, dir) = match self.0 {
            [name, dir] if is_folder(dir) => (slice::from_ref(name), Some(Path::new(dir))),
            names => (names, None),
        };
        let names: Vec<_> = names.iter().map(|name| name.to_string_lossy().into_owned()).collect();
        agents::check_names(&names)?;
        let meant = names.iter().map(Ok).collect();
        let dirs = context.dirs.clone().for_agents(&context.screen.given);
        let one = async |name: &String| add(&dirs, name, dir, context.screen).await;
        let added = Several::of(&names, meant, context.screen, one).await;
        if added.changed()
            && let Some(note) = left_behind(&context.dirs, &dirs)?
        {
            context.screen.note(&note);
        }
        added.answer()
    }
}

/// Returns true if a word names a folder and no agent, as `./claude` does. Any other word may be
/// the misspelt name of an agent.
fn is_folder(word: &OsStr) -> bool {
    let has_separator = || word.to_string_lossy().contains(is_separator);
    !agents::is_name(word) && (has_separator() || Path::new(word).exists())
}

async fn add(dirs: &Dirs, name: &str, dir: Option<&Path>, screen: &Screen) -> Result<AddedAnswer, Fault> {
    let added = agents::add(dirs, name, dir).await?;
    if let Some(first) = added.unread.first() {
        let number = counted(added.unread.len() as u64, "path");
        let such = format!("{number} could not be read, such as {}: {}", first.path, first.reason);
        screen.note(&such.into());
    } else if added.sessions == 0
        && let Some(store) = store(name)
    {
        let watched = store.watched(&added.included.place);
        let watched: Vec<_> = watched.iter().map(|path| path.display().to_string()).collect();
        let looked = format!("no session of {} was found in {}", store.title(), watched.join(", "));
        screen.note(&looked.into());
    }
    if added.taken_over.is_some() {
        // This makes the databases of the copied decisions. None was lost, so that the notes about
        // them would be wrong.
        Index::for_writing(dirs).await?.close().await?;
        opening::recover(dirs).await;
        recovered::take();
    }
    Ok(AddedAnswer(added))
}

/// Returns a note about a server that goes on with the SQLite home from before the first agent.
#[cfg(unix)]
fn left_behind(before: &Dirs, now: &Dirs) -> Result<Option<Message>, Fault> {
    let (before, now) = (before.absolute(), now.absolute());
    if before.sqlite_home == now.sqlite_home || Place::new(&before, None).running()?.is_none() {
        return Ok(None);
    }
    let stop = command("--sqlite-home").arg(before.sqlite_home.display()).append("app-server stop");
    let start = command("app-server start");
    let why = "the server that is running does not show them, and refuses changes: ";
    Ok(Some((why, stop, " ends it, and ", start, " starts one that does").into()))
}

#[cfg(not(unix))]
fn left_behind(_: &Dirs, _: &Dirs) -> Result<Option<Message>, Fault> {
    Ok(None)
}

struct AddedAnswer(Added);

impl Answer for AddedAnswer {
    fn json(&self) -> Value {
        json!({
            "agent": self.0.included.agent,
            "place": self.0.included.place.to_string_lossy(),
            "is_new": self.0.is_new,
            "sessions": self.0.sessions,
            "unread": self.0.unread.iter().map(unread).collect::<Vec<_>>(),
            "taken_over_from": self.0.taken_over.as_ref().map(|path| path.to_string_lossy()),
        })
    }

    fn text(&self, _: &Screen) -> String {
        let Included { agent, place } = &self.0.included;
        let sessions = counted(self.0.sessions, "session");
        let again = if self.0.is_new { "" } else { ", as before" };
        format!("{} of {} in {}{again}\n", sessions, title(agent), clean(&place.to_string_lossy()))
    }

    fn aside(&self, screen: &Screen) -> String {
        let next = screen.render((command("threads"), " lists them with the others")) + "\n";
        let next = Some(next).filter(|_| self.0.sessions > 0);
        let taken = self.0.taken_over.as_ref().map(|old| {
            let old = clean(&old.to_string_lossy()).into_owned();
            format!(
                "Settings, names, marks, goals, keys and kept files were taken over from {old}; its databases stay.\n"
            )
        });
        taken.unwrap_or_default() + &next.unwrap_or_default()
    }

    fn changed(&self) -> bool {
        self.0.is_new
    }
}

fn title(agent: &str) -> &str {
    store(agent).map_or(agent, |store| store.title())
}

/// Takes an agent out.
pub(super) struct Remove<'a> {
    pub(super) name: &'a str,
    pub(super) dir: Option<&'a Path>,
    pub(super) forget: bool,
    pub(super) yes: bool,
}

#[async_trait(?Send)]
impl Run for Remove<'_> {
    fn logged(&self) -> Option<&'static str> {
        Some("agents remove")
    }

    fn needs(&self) -> Needs {
        Needs::Dirs
    }

    async fn run(&self, context: &Context<'_>) -> Answered {
        let sqlite_home = context.dirs.absolute().sqlite_home;
        let dir: Option<PathBuf> = self.dir.map(real);
        let agent = self.name.to_owned();
        if !self.forget {
            let places = agents::remove(&sqlite_home, self.name, dir.as_deref()).await?;
            let is_left = agents::included(&sqlite_home)?.iter().any(|left| left.agent == self.name);
            match self.dir {
                Some(dir) if places.is_empty() && is_left => {
                    let why = format!("{} is no added folder of {}", dir.display(), self.name);
                    let hint = (command("agents"), " lists them; one agent is removed at a time");
                    return Err(Fault::new(why, hint));
                }
                _ if places.is_empty() => {
                    // Fails if nothing was read, either.
                    agents::to_forget(&sqlite_home, self.name)?;
                    let forget = command("agents remove").arg(self.name).append("--forget");
                    let why = format!("{} was already removed", title(self.name));
                    return Err(Fault::new(why, (forget, " erases what was read of it")));
                }
                _ => {}
            }
            return Ok(Box::new(RemovedAnswer { agent, removed: Removed::Stopped { places, is_left } }));
        }
        let to_forget = agents::to_forget(&sqlite_home, self.name)?;
        if !self.yes && !may_forget(&to_forget, self.name, context.screen).await? {
            return Ok(Box::new(RemovedAnswer { agent, removed: Removed::Declined }));
        }
        let index = Index::for_writing(&context.dirs).await?;
        let forgotten = agents::forget(&index.state, self.name).await;
        let kept = words_kept(&index.state.damaged_databases());
        let forgotten = closed(index, forgotten).await?;
        for note in left_to_do(&forgotten.pending).into_iter().chain(kept) {
            context.screen.note(&note);
        }
        Ok(Box::new(RemovedAnswer { agent, removed: Removed::Forgotten(forgotten) }))
    }
}

async fn may_forget(to_forget: &Forgotten, agent: &str, screen: &Screen) -> Result<bool, Fault> {
    let question = format!(
        "{}: {}\nErase what was read of them, with their names, goals and kept files?",
        title(agent),
        numbers(to_forget)
    );
    screen.confirm(&question, "nothing was erased", "erase").await
}

/// Renders the numbers of sessions and copies: `3 sessions, 1 of which the agent had deleted
/// itself, and the kept files of 2 sessions`.
fn numbers(Forgotten { sessions, gone, copies, .. }: &Forgotten) -> String {
    let mut numbers = counted(*sessions, "session");
    if *gone > 0 {
        numbers += &format!(", {gone} of which the agent had deleted itself");
    }
    if !copies.is_empty() {
        numbers += &format!(", and the kept files of {}", counted(copies.len() as u64, "session"));
    }
    numbers
}

struct RemovedAnswer {
    agent: String,
    removed: Removed,
}

enum Removed {
    /// The user answered no.
    Declined,
    /// The agent is no longer read in these places; `is_left` if it is in others.
    Stopped { places: Vec<Included>, is_left: bool },
    /// Everything of the agent was erased.
    Forgotten(Forgotten),
}

impl Answer for RemovedAnswer {
    fn json(&self) -> Value {
        let (places, forgotten) = match &self.removed {
            Removed::Declined => (&[][..], None),
            Removed::Stopped { places, .. } => (&places[..], None),
            Removed::Forgotten(forgotten) => (&forgotten.places[..], Some(forgotten)),
        };
        json!({
            "agent": self.agent,
            "places": places.iter().map(|it| it.place.to_string_lossy()).collect::<Vec<_>>(),
            "forgotten": forgotten.map(|forgotten| forgotten.sessions),
            "forgotten_gone": forgotten.map(|forgotten| forgotten.gone),
            "forgotten_copies": forgotten.map(|forgotten| forgotten.copies.len()),
        })
    }

    fn text(&self, _: &Screen) -> String {
        let title = title(&self.agent);
        match &self.removed {
            Removed::Declined => "nothing was erased\n".to_owned(),
            Removed::Stopped { places, is_left: true } => {
                let places = places.iter().map(|it| clean(&it.place.to_string_lossy()).into_owned());
                let places = places.collect::<Vec<_>>().join(", ");
                format!("{title} in {places} is no longer read; its sessions stay here\n")
            }
            Removed::Stopped { .. } => format!("{title} is no longer read; its sessions stay here\n"),
            Removed::Forgotten(forgotten) => {
                format!("{title} is no longer read; erased here: {}\n", numbers(forgotten))
            }
        }
    }
}

//! Names of agents, as a user types them.

use std::ffi::OsStr;
use std::path::Path;

use threadkeep_sessions::{Environment, SessionStore, store, stores};
use threadkeep_state::HOME_AGENT;

use super::included::included;
use super::place::is_shown;
use crate::dirs::Dirs;
use crate::fault::Fault;
use crate::message::{Message, command, typed};
use crate::observer::Observer;
use crate::typo::nearest;

/// Returns true if the lists of a home may have threads of more than one agent.
pub fn are_several(dirs: &Dirs) -> bool {
    let folder = super::folder(&dirs.sqlite_home);
    let has_home = |name: &str| name == HOME_AGENT && !dirs.is_without_agent();
    names().filter(|name| has_home(name) || folder.join(name).is_dir()).count() > 1
}

/// Returns the names of all agents whose threads an index may have.
pub fn names() -> impl Iterator<Item = &'static str> {
    let others = stores().into_iter().map(SessionStore::name).filter(|name| *name != HOME_AGENT);
    std::iter::once(HOME_AGENT).chain(others)
}

/// Returns true for the name of an agent.
pub fn is_name(word: &OsStr) -> bool {
    names().any(|name| name == word)
}

/// Checks that agents have these names.
///
/// # Errors
///
/// Fails for the first name that no agent has.
pub fn check_names(typed: &[String]) -> Result<(), Fault> {
    let is_known = |word: &&String| names().any(|name| name == **word);
    typed.iter().find(|word| !is_known(word)).map_or(Ok(()), |word| Err(unknown(word)))
}

/// Checks that all sessions of these agents can be kept at once: the agents were added.
///
/// # Errors
///
/// Fails for the first other agent. Threads of the home are kept by their ids.
pub fn check_all_added(sqlite_home: &Path, names: &[String]) -> Result<(), Fault> {
    let added = included(sqlite_home)?;
    let is_added = |name: &String| added.iter().any(|known| known.agent == *name);
    match names.iter().find(|name| !is_added(name)) {
        None => Ok(()),
        Some(name) if name == HOME_AGENT => {
            let list: Message = (command("threads --agent").arg(name), " lists the ids").into();
            let hint = list.append((", and ", command("keep ID"), " keeps a thread"));
            Err(Fault::new(format!("threads of {name} are kept by their ids"), hint))
        }
        Some(name) => Err(never_added(name)),
    }
}

/// Returns the agents of which nothing is read and nothing was: they look as if they had no
/// sessions. The home's own is always read.
///
/// # Errors
///
/// As [`included`], and if the mirror cannot be read.
pub fn not_added<'a>(dirs: &Dirs, names: impl Iterator<Item = &'a str>) -> Result<Vec<&'a str>, Fault> {
    let sqlite_home = dirs.absolute().sqlite_home;
    let (added, mirror) = (included(&sqlite_home)?, super::mirror(&sqlite_home));
    let mut missing = Vec::new();
    let is_added = |name: &str| name == HOME_AGENT || added.iter().any(|known| known.agent == name);
    for name in names.filter(|name| !is_added(name)) {
        let sessions = mirror.sessions(name).map_err(|error| Fault::plain(&error))?;
        if !sessions.iter().any(is_shown) {
            missing.push(name);
        }
    }
    Ok(missing)
}

/// Notes which named agents were not added.
///
/// # Errors
///
/// As [`not_added`].
pub fn note_not_added(dirs: &Dirs, names: &[String], observer: &dyn Observer) -> Result<(), Fault> {
    for name in not_added(dirs, names.iter().map(String::as_str))? {
        let add = (command("agents add").arg(name), " shows its sessions");
        observer.note(&Message::from(format!("{name} is not added; ")).append(add));
    }
    Ok(())
}

/// Returns the agents that have a folder on this machine.
pub fn on_this_machine(environment: &Environment) -> impl Iterator<Item = &'static str> + use<'_> {
    let is_here =
        |store: &&'static dyn SessionStore| store.places(environment).iter().any(|place| place.exists());
    stores().into_iter().filter(is_here).map(SessionStore::name)
}

/// Returns the error about an agent that is not on the list.
pub fn never_added(agent: &str) -> Fault {
    let list = (command("agents"), " lists which agents were");
    match store(agent) {
        Some(_) if agent == HOME_AGENT => {
            Fault::new(format!("no other home of {agent} was added, and its own is always shown"), list)
        }
        Some(_) => Fault::new(format!("{agent} was not added"), list),
        None => unknown(agent),
    }
}

/// Returns the error for a name that no agent has.
pub(super) fn unknown(word: &str) -> Fault {
    let all = format!("the agents are {}", names().collect::<Vec<_>>().join(", "));
    let meant = meant(word).map(|name| format!("did you mean `{name}`? "));
    Fault::new(("no agent is called ", typed(word)), meant.unwrap_or_default() + &all)
}

/// Returns the agent that a word probably means, such as its title.
fn meant(word: &str) -> Option<&'static str> {
    let hyphened = |text: &str| text.to_lowercase().replace([' ', '_'], "-");
    let word = hyphened(word);
    let of_title =
        || stores().into_iter().find(|store| hyphened(store.title()) == word).map(SessionStore::name);
    let begins = |name: &&str| word.strip_prefix(name).is_some_and(|rest| rest.starts_with('-'));
    names()
        .find(|name| *name == word)
        .or_else(of_title)
        .or_else(|| names().find(begins))
        .or_else(|| nearest(&word, names()))
}

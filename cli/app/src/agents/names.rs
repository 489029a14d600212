//! Names of agents, as a user types them.

use std::ffi::OsStr;
use std::path::Path;

use threadkeep_sessions::{SessionStore, store, stores};
use threadkeep_state::HOME_AGENT;

use super::included::included;
use crate::dirs::Dirs;
use crate::fault::Fault;
use crate::message::{Message, command, typed};
use crate::typo::nearest;

/// Returns true if the lists of a home may have threads of more than one agent.
pub fn are_several(dirs: &Dirs) -> bool {
    let folder = super::folder(&dirs.sqlite_home);
    let has_home = |name: &str| name == HOME_AGENT && !dirs.is_without_agent();
    names().filter(|name| has_home(name) || folder.join(name).is_dir()).count() > 1
}

/// Returns the names of all agents whose threads an index may have.
fn names() -> impl Iterator<Item = &'static str> {
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

//! From a typed word to the kept session that is meant.

use threadkeep_app::dirs::Dirs;
use threadkeep_app::message::typed;
use threadkeep_app::{Fault, FaultKind, agents, command};
use threadkeep_sessions::Kept;
use uuid::Uuid;

use crate::commands::resolve::resolve;
use crate::output::Screen;

/// Finds a kept session: by the thread's id or the agent's, or as the index knows the thread.
pub(super) async fn find(dirs: &Dirs, word: &str, screen: &Screen) -> Result<Kept, Fault> {
    let contents = agents::vault(&dirs.absolute().sqlite_home).contents();
    let contents = contents.map_err(|error| Fault::plain(&error))?;
    let of_thread = |id: Uuid| contents.kept.iter().find(|kept| kept.thread_id == id);
    let by_id = Uuid::try_parse(word).ok().and_then(of_thread);
    let mut named = contents.kept.iter().filter(|kept| kept.native_id == word);
    if let Some(kept) = by_id.or_else(|| named.next().filter(|_| named.next().is_none())) {
        return Ok(kept.clone());
    }
    let words = [word.to_owned()];
    let found = resolve(dirs, &words, screen).await?.into_iter().next();
    let id = found.expect("one word has one meaning")?;
    of_thread(id).cloned().ok_or_else(|| {
        let why = ("no copy is kept of ", typed(word));
        Fault::new(why, (command("kept"), " lists what is kept")).of_kind(FaultKind::UnknownThread)
    })
}

//! Other agents whose sessions the user has added: which, where, and bringing their mirror up to
//! date.

mod add;
mod deleted;
mod erase;
mod included;
mod lock;
mod mirrored;
mod moved;
mod names;
mod place;
mod plan;
mod recover;
mod restore;
mod sync;
mod vault;
mod wanted;

pub use add::{Added, add};
pub use erase::{Forgotten, delete_threads, forget, to_forget};
pub(crate) use included::is_shared;
pub use included::{Included, LostList, include, included, list, lost_list, remove};
pub use mirrored::{GoneThreads, MirroredThreads, namesakes, session_of, threads_named};
pub use moved::check_unmoved;
pub use names::{
    are_several, check_all_added, check_names, is_name, names, never_added, not_added, note_not_added,
    on_this_machine,
};
pub use place::{Place, places};
pub use plan::{Plan, Planned};
pub use restore::{Restorer, main_files};
pub use sync::{sync, sync_place, watched};
pub use threadkeep_sessions::{MAX_DEPTH, each_file};
pub use vault::{kept, remove_kept, vault};
pub use wanted::{Wanted, sub_agents, thread_sessions_to_keep};

use std::path::{Path, PathBuf};

use threadkeep_sessions::Mirror;

/// Folder in the SQLite home with the mirror of their sessions.
const FOLDER: &str = "agents";

/// Returns the mirror of a SQLite home.
pub fn mirror(sqlite_home: &Path) -> Mirror {
    Mirror::new(folder(sqlite_home))
}

pub(crate) fn folder(sqlite_home: &Path) -> PathBuf {
    sqlite_home.join(FOLDER)
}

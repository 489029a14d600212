//! The thread store: reads and writes the table `threads`.

mod caption;
mod claim;
mod count;
mod cursor;
mod edit;
mod find;
mod git;
mod list;
mod live;
mod missing;
mod order;
mod query;
mod search;
mod shape;
mod statements;
#[cfg(test)]
mod tests;
mod touch;
mod upsert;

use std::sync::Arc;
use std::time::Duration;

use threadkeep_sqlite::Database;

pub use caption::ThreadCaption;
pub use count::ThreadCounts;
pub use cursor::{BadCursor, Cursor};
pub use edit::MAX_NAME_CHARS;
pub use find::LEAST_END;
pub use git::{GitUpdate, MAX_GIT_CHARS};
pub use list::{DEFAULT_PAGE, MAX_PAGE, ThreadPage};
pub use live::{LiveError, LiveThread};
pub use order::{SortDirection, SortKey};
pub use query::{ListThreads, Shelf, SourceFilter};
pub(crate) use statements::statements;
pub use touch::{MAX_TOUCHES, TOUCH_INTERVAL};
pub use upsert::ThreadUpsert;

#[cfg(feature = "backfill")]
pub(crate) use claim::name_of;
pub(crate) use claim::{Claim, are_parts};
use touch::Touches;
pub(crate) use upsert::IndexedColumns;
#[cfg(feature = "backfill")]
pub(crate) use upsert::upsert_all;

/// The threads of the index. Cheap to clone; all clones share one database.
#[derive(Clone, Debug)]
pub struct ThreadStore {
    db: Database,
    touches: Arc<Touches>,
}

impl ThreadStore {
    pub(crate) fn new(db: Database, touch_interval: Duration) -> ThreadStore {
        ThreadStore { touches: Arc::new(Touches::new(db.clone(), touch_interval)), db }
    }
}

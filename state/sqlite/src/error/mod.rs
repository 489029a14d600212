//! Errors: one type for opening, one for an open database, and their common face.

mod class;
mod db;
mod open;
mod store;

pub use class::{ErrorClass, Source};
pub(crate) use class::{is_hot_journal, lacks_log_index, message};
pub use db::DbError;
pub use open::OpenError;
pub use store::StoreError;

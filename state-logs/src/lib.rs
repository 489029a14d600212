//! What an agent logs, in one SQLite file, kept within bounds.
mod capture;
mod database;
mod error;
mod filter;
mod level;
mod options;
mod quiet;
mod store;
mod writer;

pub use capture::LogLayer;
pub use database::LOGS_DB;
pub use error::LogError;
pub use filter::{BadFilter, LogFilter};
pub use level::{BadLevel, Level};
#[doc(hidden)]
pub use options::Keep;
pub use options::LogOptions;
pub use store::{
    DEFAULT_LIMIT, LevelMatch, LogInventory, LogQuery, LogRow, LogSpan, LogStore, MAX_LIMIT, Order,
};
#[doc(hidden)]
pub use store::{NewRow, statements};
pub use writer::LogWriter;

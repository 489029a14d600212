//! From an event of `tracing` to a row: captured where it happens, made into a row where it is written.

mod body;
mod budget;
mod field;
mod layer;
mod row;
mod visit;

pub use layer::LogLayer;
pub(crate) use row::Record;

/// The most bytes of one text that are looked at, as a multiple of what is kept of a row.
///
/// Secrets are taken out of a text before it is cut, because half a key has lost its shape; so more of it is needed than
/// is kept. A text of megabytes is not copied all the same.
const LOOKED_AT: usize = 4;

/// What is left out at the end of a text that was not looked at whole: more than a secret is long.
const UNSURE_END: usize = 16 << 10;

//! From an event of `tracing` to a row: captured on the logging thread, made into a row on the
//! writer's thread.

mod body;
mod budget;
mod field;
mod layer;
pub(crate) mod row;
#[cfg(test)]
mod tests;
mod visit;

pub use layer::LogLayer;

/// Limit of the bytes that are copied of one text, as a multiple of a row's limit.
///
/// A text is redacted before it is cut, because half a key has lost its shape. So more of it is
/// copied than is kept, but not megabytes.
const LOOKED_AT: usize = 4;

/// Bytes to drop at the end of an incomplete text: longer than any secret.
const UNSURE_END: usize = 16 << 10;

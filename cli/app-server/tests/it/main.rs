//! The library against real homes, and the published schema against the types.

mod recorded;
mod schema;

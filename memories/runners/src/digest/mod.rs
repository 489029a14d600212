//! Digests: a model and an agent that need no network and always give the same result.

pub(crate) mod agent;
pub(crate) mod block;
mod command_line;
mod corrections;
mod entries;
pub(crate) mod model;
mod repairs;
mod session;
mod summary;
mod text;

//! A server in the background: one a home, on a Unix socket.
//!
//! A server holds a lock as long as it lives, so that a killed one leaves nothing to clean up. The
//! pid file only says who holds it.

mod place;
mod process;
mod serve;
mod start;
mod stop;

pub use place::{Place, Running};
pub use serve::serve;
pub use start::start;
pub use stop::stop;

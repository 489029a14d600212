//! A server for editors and desktop apps: threads, turns and goals over JSON-RPC.
//!
//! Clients talk newline-delimited JSON-RPC 2.0, over stdio ([`serve_stdio`]) or over the Unix
//! socket of a server in the background ([`daemon`]). Methods, names and errors are those of the
//! Codex app-server, as far as threads, turns and goals go, so that its clients work with this one.
//! The crate prints nothing and knows no command line.
//!
//! | module | contents |
//! |---|---|
//! | [`protocol`] | types of requests, answers and notifications |
//! | [`daemon`] | one server a home in the background: lock, pid file, socket |
//! | [`client`] | calls one method of such a server |
//! | [`schema`] | the published JSON Schema and TypeScript types |
//!
//! # Ready at once
//!
//! `initialize` needs neither the home nor the index. The index is then made of the newest rollouts
//! first. A page of a list waits only until nothing that is not indexed can belong on it. The
//! answer says `incomplete` until the rest is indexed.
//!
//! # Windows of a list
//!
//! A client shows the first page, goes on with `nextCursor`, and catches up with `backwardsCursor`:
//! it lists what has come since, with no full reload. No thread is skipped or repeated, whatever is
//! created or deleted meanwhile.
//!
//! # Changes
//!
//! Rollouts that change are indexed within a moment: the kernel says which. The places of added
//! agents are watched, too: their sessions become rollouts of a mirror, which is watched like the
//! home. Every client is notified of changed threads and goals, also if another process changed
//! them.
//!
//! # Locking
//!
//! A server in the background holds a lock on a file next to its socket. Any number of servers on
//! stdio may share a home, also with one in the background.
//!
//! # Performance
//!
//! One thread serves all clients; SQLite and the reading of rollouts have threads of their own. A
//! page of threads is one statement and one text: at 10,000 threads, 50 of them take 0.8 ms of
//! processor time over stdio, and 20 turns of a rollout of 100 MB take 1.6 ms. The server then has
//! 40 MiB, or 45 MiB if it has indexed the home itself. `docs/app-server.md` has the figures
//! with the load of the machine.
//!
//! Requests of a client run side by side, up to 64. A client that does not read stops its own
//! requests, once 4 MiB wait for it. After 1,024 notifications that it has not read, it only learns
//! that it must list again.
//!
//! # Compatibility
//!
//! Unknown fields of parameters are ignored. Fields of the Codex app-server that Threadkeep knows
//! nothing about are `null`.
//!
//! # File systems
//!
//! Where the kernel cannot watch a home, it is looked at every second: its folders, and the files
//! that changed lately. Of a place of another agent, it is all files, and less often if they are
//! many. The background server needs a file system with sockets and locks.

mod caller;
mod changes;
#[cfg(unix)]
pub mod client;
mod codec;
mod connection;
#[cfg(unix)]
pub mod daemon;
mod device_key_fault;
mod dispatch;
mod fault;
mod file_id;
mod indexing;
mod methods;
mod outgoing;
mod params;
pub mod protocol;
pub mod schema;
mod server;
mod start;
#[cfg(test)]
mod tests;
mod transport;

pub use codec::MAX_LINE;
pub use dispatch::METHODS;
pub use server::{Commands, Document, Options};
pub use transport::serve_stdio;

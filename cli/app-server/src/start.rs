//! Starts a server and its background tasks.

use std::rc::Rc;

use crate::server::{Options, Server};
use crate::{changes, indexing};

/// Starts a server: opens the index, brings it up to date, and keeps it so, in the background.
/// Returns at once. Its tasks run on the `LocalSet` around it.
pub(crate) fn start(options: Options) -> Rc<Server> {
    let server = Rc::new(Server::new(options));
    tokio::task::spawn_local(indexing::run(server.clone()));
    tokio::task::spawn_local(indexing::agents::run(server.clone()));
    tokio::task::spawn_local(indexing::history::run(server.clone()));
    tokio::task::spawn_local(changes::run(server.clone()));
    server
}

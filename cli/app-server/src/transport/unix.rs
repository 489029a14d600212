//! Clients on a Unix socket: only those of the same user.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::connection::serve;
use crate::server::Server;

/// Time that clients have to read the answers to their last requests.
const LAST_ANSWERS: Duration = Duration::from_secs(5);

/// Listens at a path that no other server uses. A socket that a killed one left is replaced.
pub(crate) fn listen(path: &Path) -> io::Result<UnixListener> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Serves clients until the server stops, and then finishes their requests.
pub(crate) async fn accept(server: &Rc<Server>, listener: UnixListener) {
    let (mut stopping, mut clients) = (server.stopping(), JoinSet::new());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopping.wait_for(|stopping| *stopping) => break,
            Some(_) = clients.join_next() => continue,
        };
        match accepted {
            Ok((client, _)) if is_same_user(&client) => {
                let server = server.clone();
                clients.spawn_local(async move {
                    let (input, output) = client.into_split();
                    serve(server, input, output).await;
                });
            }
            Ok(_) => tracing::warn!(target: "threadkeep", "a client of another user was refused"),
            // Too many open files: some will be closed.
            Err(error) => {
                tracing::warn!(target: "threadkeep", "a client could not be accepted: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(listener);
    // A client that does not read must not keep the server alive.
    let _ = timeout(LAST_ANSWERS, async { while clients.join_next().await.is_some() {} }).await;
}

fn is_same_user(client: &UnixStream) -> bool {
    client.peer_cred().is_ok_and(|peer| peer.uid() == rustix::process::geteuid().as_raw())
}

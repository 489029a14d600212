//! Clients on a Unix socket: only those of the same user.

use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;

use crate::connection::serve;
use crate::file_id::FileId;
use crate::server::Server;

/// Socket at a path. The path is removed with it.
pub(crate) struct Socket {
    listener: UnixListener,
    path: PathBuf,
    id: Option<FileId>,
}

impl Socket {
    /// Listens at a path. A socket that a killed server left there is replaced; anything else is
    /// not ours.
    ///
    /// # Errors
    ///
    /// Fails if another server listens there, or the path is not a socket.
    pub(crate) fn listen(path: &Path) -> io::Result<Socket> {
        match std::fs::symlink_metadata(path) {
            Ok(metadata) if !metadata.file_type().is_socket() => {
                return Err(io::Error::new(ErrorKind::AlreadyExists, "it is not a socket"));
            }
            Ok(_) if std::os::unix::net::UnixStream::connect(path).is_ok() => {
                return Err(io::Error::new(ErrorKind::AddrInUse, "another server listens there"));
            }
            Ok(_) => std::fs::remove_file(path)?,
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let listener = UnixListener::bind(path)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
        Ok(Socket { listener, path: path.to_owned(), id: id_of(path) })
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // What another server made there is not ours; and what is left disturbs no one.
        if self.id.is_some() && id_of(&self.path) == self.id {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn id_of(path: &Path) -> Option<FileId> {
    std::fs::symlink_metadata(path).ok().as_ref().map(FileId::of)
}

/// Serves clients until the server stops, and then finishes their requests.
pub(crate) async fn accept(server: &Rc<Server>, socket: Socket) {
    let mut clients = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = socket.listener.accept() => accepted,
            () = server.stopped() => break,
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
    drop(socket);
    while clients.join_next().await.is_some() {}
}

fn is_same_user(client: &UnixStream) -> bool {
    client.peer_cred().is_ok_and(|peer| peer.uid() == rustix::process::geteuid().as_raw())
}
